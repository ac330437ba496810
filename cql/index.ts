export * from './elm.ts';
export * from './errors.ts';
export type * from './evaluator.ts';
export type { LinkedLibrary } from './link.ts';
export { PatientRecord } from './record.ts';
export type * from './value-sets.ts';
export type * from './values.ts';
