import { attributionStatus } from './attribution-status.ts';
import { bulkSubmit } from './bulk-submit.ts';
import { bulkSubmitStatus } from './bulk-submit-status.ts';
import { careGaps } from './care-gaps.ts';
import { collectData } from './collect-data.ts';
import { compareAttributionList } from './compare-attribution.ts';
import { confirmAttributionList } from './confirm-attribution-list.ts';
import { cql } from './cql.ts';
import { dataRequirements } from './data-requirements.ts';
import { davinciDataExport } from './davinci-data-export.ts';
import { evaluate } from './evaluate.ts';
import { evaluateMeasure } from './evaluate-measure.ts';
import { exports } from './export.ts';
import { gapHistory } from './gap-history.ts';
import { importOperation } from './import.ts';
import { importRoster } from './import-roster.ts';
import { libraryEvaluate } from './library-evaluate.ts';
import { match } from './match.ts';
import { memberAdd } from './member-add.ts';
import { memberRemove } from './member-remove.ts';
import { merge } from './merge.ts';
import type { Operation } from './operation.ts';
import { packageArtifact } from './package.ts';
import { riskScore } from './risk-score.ts';
import { deqmSubmitData, submitData } from './submit-data.ts';
import { subscriptionEvents } from './subscription-events.ts';
import { subscriptionStatusOperation } from './subscription-status.ts';
import { unmerge } from './unmerge.ts';
import { websocketBindingToken } from './websocket-binding.ts';

/** All operations beside `$validate` (interactions). Routes, CapabilityStatement, OperationDefinitions and documentation are derived from this list. */
export const operations: readonly Operation[] = [
  careGaps,
  gapHistory,
  evaluate,
  evaluateMeasure,
  dataRequirements,
  collectData,
  submitData,
  deqmSubmitData,
  libraryEvaluate,
  cql,
  packageArtifact,
  riskScore,
  memberAdd,
  memberRemove,
  attributionStatus,
  confirmAttributionList,
  davinciDataExport,
  importRoster,
  compareAttributionList,
  match,
  merge,
  unmerge,
  subscriptionStatusOperation,
  subscriptionEvents,
  websocketBindingToken,
  importOperation,
  ...exports,
  bulkSubmit,
  bulkSubmitStatus,
];
