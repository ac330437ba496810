import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { Empty } from '../components/empty.tsx';
import { Failure } from '../components/failure.tsx';
import { Loading } from '../components/loading.tsx';
import { PageHeading } from '../components/page-heading.tsx';
import { aboutPatient } from '../components/worklist-columns.ts';
import { counted } from '../format.ts';
import { personName, resources } from '../names.ts';
import { usePatients } from '../queries.ts';
import classes from './patients.module.css';

const most = 50;

/** Finds a patient by name. What is searched for stays in the history entry: it survives a reload and is in no address. */
export function Patients() {
  const location = useLocation();
  const sought = textOf(location.state);
  const navigate = useNavigate();
  const [text, setText] = useState(sought);
  const search = useDebouncedCallback((q: string) => navigate('/patients', { replace: true, state: { q } }), 250);
  useEffect(() => setText(sought), [sought]);
  const { data, error, refetch } = usePatients(sought.trim(), most);
  const found = resources(data);
  return (
    <>
      <PageHeading title="Patients" />
      <search className={classes.search}>
        <TextInput
          type="search"
          label="Name"
          description="Any part of the given and family names"
          autoComplete="off"
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={text}
          onChange={({ currentTarget: { value } }) => {
            setText(value);
            void search(value);
          }}
        />
      </search>
      <p role="status" className={classes.total}>
        {data === undefined ? '\u00a0' : totalWords(data.total ?? found.length, found.length)}
      </p>
      {data === undefined && error === null && (
        <Loading what="patients" heights={Array.from({ length: 8 }, () => 52)} />
      )}
      {data === undefined && error !== null && (
        <Failure title="The patients could not be read" error={error} retry={refetch} />
      )}
      {data !== undefined && found.length === 0 && (
        <Empty title={sought.trim() === '' ? 'There are no patients yet' : 'Nobody of that name'}>
          <p>{sought.trim() === '' ? 'POST a Bundle to /fhir.' : 'Check the spelling, or search for fewer letters.'}</p>
        </Empty>
      )}
      {found.length > 0 && (
        <ul className={classes.list}>
          {found.map(({ id, name, birthDate = null, gender = null }) => (
            <li key={id}>
              <Link to={`/patients/${encodeURIComponent(id)}`}>{personName(name) ?? `Patient ${id}`}</Link>
              <span>{aboutPatient({ gender, birthDate })}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function totalWords(total: number, shown: number): string {
  return total > shown
    ? `The first ${shown} of ${counted(total, 'patient')}: narrow the name to see the rest`
    : counted(total, 'patient');
}

function textOf(state: unknown): string {
  return typeof state === 'object' && state !== null && 'q' in state && typeof state.q === 'string' ? state.q : '';
}
