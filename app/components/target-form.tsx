import { Button, Group, Modal, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTargetArrow } from '@tabler/icons-react';
import { type SubmitEvent, useState } from 'react';
import type { MeasureSummary } from '../api.ts';
import { useSetTarget } from '../queries.ts';

/** Sets or removes the rate that a contract or the practice asks for. */
export function TargetButton({ summary }: { readonly summary: MeasureSummary }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconTargetArrow size={16} aria-hidden="true" />} onClick={open}>
        {summary.target === null ? 'Set a target' : 'Change target'}
      </Button>
      <Modal opened={opened} onClose={close} title="Target" centered closeButtonProps={{ 'aria-label': 'Close' }}>
        <TargetForm summary={summary} done={close} />
      </Modal>
    </>
  );
}

function TargetForm({ summary, done }: { readonly summary: MeasureSummary; readonly done: () => void }) {
  const { measure, group, target, improvementNotation } = summary;
  const [text, setText] = useState(target === null ? '' : String(Number((target.rate * 100).toFixed(2))));
  const { mutate, isPending, error } = useSetTarget(measure.id, group.id);
  const wanted = Number(text.replace('%', '').replace(',', '.'));
  const wrong = text.trim() === '' || !(wanted >= 0 && wanted <= 100);
  const [tried, setTried] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!wrong) mutate(Math.round(wanted * 100) / 10_000, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} noValidate>
      <TextInput
        data-autofocus
        label={improvementNotation === 'decrease' ? 'At most, in percent' : 'At least, in percent'}
        description={target === null ? undefined : `Now from: ${target.source}`}
        inputMode="decimal"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        error={tried && wrong ? 'Give a number from 0 to 100' : undefined}
      />
      {error !== null && (
        <Text role="alert" c="var(--bad)" size="sm" mt="xs">
          {error.message}
        </Text>
      )}
      <Group mt="md" justify="space-between">
        {target === null ? (
          <span />
        ) : (
          <Button variant="subtle" color="gray" onClick={() => mutate(null, { onSuccess: done })}>
            Remove the target
          </Button>
        )}
        <Button type="submit" loading={isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}
