export { NotADate } from './calendar.ts';
export { type NdjsonProgress, type NdjsonTarget, writeNdjson } from './ndjson.ts';
export type { DemoPatient } from './patients.ts';
export { NotAPracticeSize, type Practice, type PracticeOptions, practice, transactionBundle } from './practice.ts';
