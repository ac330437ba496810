import { Button, Group, NativeSelect, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMessagePlus } from '@tabler/icons-react';
import { type SubmitEvent, useState } from 'react';
import type { PatientGap, Remark } from '../api.ts';
import { day, moment } from '../format.ts';
import { useAddRemark } from '../queries.ts';
import { remarkWords } from '../words.ts';
import classes from './remarks.module.css';

/** What people said about a gap, and a form to say something. */
export function Remarks({ gap, patient }: { readonly gap: PatientGap; readonly patient: string }) {
  const [opened, { open, close }] = useDisclosure(false);
  const { remarks } = gap;
  return (
    <section className={classes.remarks} aria-label="Remarks">
      {remarks.length > 0 && (
        <>
          <h4>Remarks</h4>
          <ul>
            {remarks.map((remark) => (
              <li key={remark.id}>
                <p>{remarkText(remark)}</p>
                <p className={classes.by}>
                  {remark.author}, {remark.at.includes('T') ? moment(remark.at) : day(remark.at)}
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
      {opened ? (
        <RemarkForm gap={gap} patient={patient} done={close} />
      ) : (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconMessagePlus size={16} aria-hidden="true" />}
          onClick={open}
        >
          Add a remark
        </Button>
      )}
    </section>
  );
}

function remarkText({ code, text }: Remark): string {
  const coded = code === null ? [] : [remarkWords[code.code ?? ''] ?? code.display];
  return [...coded, ...text].join(': ') || 'No text';
}

interface FormProps {
  readonly gap: PatientGap;
  readonly patient: string;
  readonly done: () => void;
}

function RemarkForm({ gap, patient, done }: FormProps) {
  const [author, setAuthor] = useState(rememberedAuthor);
  const [code, setCode] = useState('');
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const { mutate, isPending, error } = useAddRemark(patient);
  const nothing = code === '' && text.trim() === '';
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (nothing || author.trim() === '') return;
    rememberAuthor(author.trim());
    const { reportId, group } = gap;
    mutate(
      { reportId, groupId: group.id, author: author.trim(), code: code === '' ? null : code, text: text.trim() },
      { onSuccess: done },
    );
  };
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="New remark">
      <NativeSelect
        autoFocus
        label="What there is to say"
        value={code}
        onChange={({ currentTarget }) => setCode(currentTarget.value)}
        data={[
          { value: '', label: 'In my own words' },
          ...Object.entries(remarkWords).map(([value, label]) => ({ value, label })),
        ]}
      />
      <Textarea
        label="Text"
        autosize
        minRows={2}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        error={tried && nothing ? 'Choose something, or write a text' : undefined}
      />
      <TextInput
        label="Your name"
        autoComplete="name"
        value={author}
        onChange={({ currentTarget }) => setAuthor(currentTarget.value)}
        error={tried && author.trim() === '' ? 'Say who you are: a remark has an author' : undefined}
      />
      <p className={classes.note}>
        A remark never closes a gap: only data in the chart does. It is sent along with the gap in every report.
      </p>
      {error !== null && (
        <Text role="alert" c="var(--bad)" size="sm">
          {error.message}
        </Text>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="subtle" color="gray" onClick={done}>
          Cancel
        </Button>
        <Button type="submit" loading={isPending}>
          Save the remark
        </Button>
      </Group>
    </form>
  );
}

const authorKey = 'gapless-author';

/** For as long as the tab is open: nobody should sign with the name of whoever sat here before. */
function rememberedAuthor(): string {
  try {
    return sessionStorage.getItem(authorKey) ?? '';
  } catch {
    return ''; // storage is switched off: asked each time
  }
}

function rememberAuthor(author: string): void {
  try {
    sessionStorage.setItem(authorKey, author);
  } catch {
    // storage is switched off: asked each time
  }
}
