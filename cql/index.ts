export { type ClockUse, clockUse } from './clock.ts';
export type { CodeSet } from './code-sets.ts';
export { type CodeStore, joinSections, splitSections } from './code-store.ts';
export { CompactValueSet, codeSet, compactValueSet } from './compact-value-set.ts';
export { createCompiler } from './compiled.ts';
export * from './elm.ts';
export * from './errors.ts';
export type * from './evaluator.ts';
export { type FunctionCall, withFunctionCalls } from './function-calls.ts';
export { createInterpreter } from './interpreter.ts';
export {
  CyclicInclude,
  identifiedAs,
  includedBy,
  type LibraryResolver,
  type LinkedLibrary,
  libraryKey,
  linkLibraries,
} from './link.ts';
export { codesFixedBy, matchesProfile } from './profiles.ts';
export { PatientRecord } from './record.ts';
export {
  type CodeRequirement,
  type DataRequirements,
  dataRequirements,
  type RetrieveRequirement,
  type ValueSetRequirement,
} from './requirements.ts';
export {
  createTranslator,
  type ModelInfoSource,
  type Translation,
  type TranslationRequest,
  type Translator,
  type TranslatorLimits,
} from './translate.ts';
export type * from './value-sets.ts';
export type * from './values.ts';
