export type * from './definition.ts';
export type * from './evaluation/result.ts';
