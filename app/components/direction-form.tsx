import { Button, Group, Modal, NativeSelect, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowsUpDown } from '@tabler/icons-react';
import { type SubmitEvent, useState } from 'react';
import type { MeasureSummary } from '../api.ts';
import { useSetDirection } from '../queries.ts';
import { directionWords } from '../words.ts';

/** Says which direction of the rate is better, and lets an operator who knows better than the Measure say so. */
export function DirectionButton({ summary }: { readonly summary: MeasureSummary }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconArrowsUpDown size={16} aria-hidden="true" />}
        onClick={open}
      >
        Change direction
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title="Which direction is better"
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <DirectionForm summary={summary} done={close} />
      </Modal>
    </>
  );
}

function DirectionForm({ summary, done }: { readonly summary: MeasureSummary; readonly done: () => void }) {
  const { measure, group, direction, improvementNotation } = summary;
  const published = direction === null ? improvementNotation : direction.published;
  const [wanted, setWanted] = useState(direction === null ? null : improvementNotation);
  const [reason, setReason] = useState(direction?.reason ?? '');
  const [tried, setTried] = useState(false);
  const { mutate, isPending, error } = useSetDirection(measure.id, group.id);
  const missing = wanted !== null && reason.trim() === '';
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (missing) return;
    const given = wanted === null ? null : { improvementNotation: wanted, reason: reason.trim() };
    mutate(given, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} noValidate>
      <NativeSelect
        data-autofocus
        label="Direction"
        value={wanted ?? ''}
        onChange={({ currentTarget: { value } }) =>
          setWanted(value === 'increase' || value === 'decrease' ? value : null)
        }
        data={[
          { value: '', label: `As published: ${published === null ? 'not said' : directionWords[published]}` },
          { value: 'increase', label: directionWords.increase },
          { value: 'decrease', label: directionWords.decrease },
        ]}
      />
      <Textarea
        mt="sm"
        label="Why"
        description="Shown with the results. Reports say that the operator of this server gave the direction."
        autosize
        minRows={2}
        disabled={wanted === null}
        value={reason}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
        error={tried && missing ? 'Say why, for whoever reads the results' : undefined}
      />
      <Text size="sm" c="dimmed" mt="sm">
        All patients are evaluated again for this measure: an open gap may become a closed one, and the other way round.
      </Text>
      {error !== null && (
        <Text role="alert" c="var(--bad)" size="sm" mt="xs">
          {error.message}
        </Text>
      )}
      <Group mt="md" justify="flex-end">
        <Button type="submit" loading={isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}
