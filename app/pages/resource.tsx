import { useParams } from 'react-router';
import { Failure } from '../components/failure.tsx';
import { Loading } from '../components/loading.tsx';
import { PageHeading } from '../components/page-heading.tsx';
import { useResource } from '../queries.ts';
import { typeWords } from '../words.ts';
import classes from './resource.module.css';

/** A FHIR resource as it is stored: the end of the way from a rate to the chart. */
export function Resource() {
  const { type = '', id = '', version } = useParams();
  const reference = [type, id, ...(version === undefined ? [] : ['_history', version])].join('/');
  const { data, error, refetch } = useResource(reference);
  const subject = patientOf(data);
  const parents = [
    { to: '/', label: 'Measures' },
    ...(subject === null ? [] : [{ to: `/patients/${subject}`, label: 'The patient' }]),
  ];
  const words = typeWords(type);
  return (
    <>
      <PageHeading title={`${words.charAt(0).toUpperCase()}${words.slice(1)}`} parents={parents}>
        <p className={classes.lead}>
          <code>{reference}</code>, as it is stored. Its address for programs:{' '}
          <a href={`/fhir/${reference}`}>/fhir/{reference}</a>
        </p>
      </PageHeading>
      {data !== undefined && <pre className={classes.json}>{JSON.stringify(data, null, 2)}</pre>}
      {data === undefined && error === null && <Loading what="the resource" heights={[400]} />}
      {data === undefined && error !== null && (
        <Failure title="The resource could not be read" error={error} retry={refetch} />
      )}
    </>
  );
}

/** Id of the patient that a resource says it is about; null when it names none. */
function patientOf(resource: object | undefined): string | null {
  const { subject, patient, beneficiary } = (resource ?? {}) as Record<string, { reference?: unknown } | undefined>;
  const reference = subject?.reference ?? patient?.reference ?? beneficiary?.reference;
  return typeof reference === 'string' && reference.startsWith('Patient/') ? reference.slice('Patient/'.length) : null;
}
