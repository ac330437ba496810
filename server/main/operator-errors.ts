const names = new Set([
  'InvalidConfig',
  'EmbeddedPostgresFailed',
  'UnusableDatabase',
  'MigrationChanged',
  'UnreadableContent',
  'UnreadableSource',
  'UnusableAnswer',
]);

/** Errors that whoever starts Gapless can put right: the message says it all, and a stack would hide it. */
export function isOperatorError(error: Error): boolean {
  return names.has(error.name);
}
