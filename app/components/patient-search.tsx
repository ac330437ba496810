import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type SubmitEvent, useState } from 'react';
import { useNavigate } from 'react-router';

/** Leads to the patients with a name. The name travels in the history entry and never in an address. */
export function PatientSearch({ className }: { readonly className?: string | undefined }) {
  const [text, setText] = useState('');
  const navigate = useNavigate();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void navigate('/patients', { state: { q: text.trim() } });
    setText('');
  };
  return (
    <search className={className}>
      <form onSubmit={submit}>
        <TextInput
          type="search"
          aria-label="Find a patient by name"
          placeholder="Find a patient"
          autoComplete="off"
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </form>
    </search>
  );
}
