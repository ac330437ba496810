import { Skeleton, VisuallyHidden } from '@mantine/core';

/** Blocks of about the height that the content will have, so that nothing jumps. */
export function Loading({ what, heights }: { readonly what: string; readonly heights: readonly number[] }) {
  return (
    <div aria-busy="true">
      <VisuallyHidden role="status">Loading {what}</VisuallyHidden>
      {heights.map((height, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks have nothing else to be known by
        <Skeleton key={index} height={height} mb="md" radius="md" />
      ))}
    </div>
  );
}
