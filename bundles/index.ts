export {
  type Attribution,
  attributedMember,
  attributionList,
  type ChangeType,
  changedMember,
  contractPeriodOf,
  endedMember,
  type ListStatus,
  listStatusOf,
  withListStatus,
} from './attribution/atr-group.ts';
export {
  type Addition,
  addition,
  type ListedMember,
  type MemberChange,
  removal,
} from './attribution/member-changes.ts';
export { careGapsBundle, careGapsBundleId, careGapsCompositionId } from './care-gaps/bundle.ts';
export { gapHistoryBundle, type RecordedTransition, type TransitionSource } from './care-gaps/history.ts';
export type { CareGapsSettings, Reporter, SubjectGaps } from './care-gaps/subject-gaps.ts';
export {
  type CollectedMeasure,
  type CollectedSettings,
  collectedBundle,
  dataExchangeReport,
} from './data-exchange/collected.ts';
export { type DataOfInterest, dataOfInterest } from './data-exchange/data-of-interest.ts';
export {
  type DataExchange,
  readDataExchange,
  type UpdateType,
  updateTypeExtension,
  updateTypes,
} from './data-exchange/update-type.ts';
export { dataRequirement } from './data-requirement.ts';
export { type DeqmVersion, deqmVersions } from './deqm-version.ts';
export { uuidOf } from './identity.ts';
export { evaluatedResources, measureReportBundle, returnParameters } from './measure-report/bundle.ts';
export { failedReport } from './measure-report/failed.ts';
export { individualReport, individualReportId } from './measure-report/individual.ts';
export { canonicalOf, type ReportSettings, type ReportWithResources } from './measure-report/report.ts';
export {
  isReportId,
  type ReportedSubject,
  type ReportIdParts,
  readReportId,
  reportIdOf,
  subjectDigest,
} from './measure-report/report-id.ts';
export { subjectListReport } from './measure-report/subject-list.ts';
export { summaryReport } from './measure-report/summary.ts';
export { referenceOf, resourceOf, unversioned } from './references.ts';
export {
  careGapRemarkCodes,
  careGapRemarkUrl,
  isCareGapRemark,
  remarkIn,
  remarkProblems,
  universalRemark,
} from './remarks/care-gap-remark.ts';
export {
  bundleWithRemarks,
  type CareGapRemark,
  remarksOn,
  withoutRemarks,
  withRemarks,
} from './remarks/with-remarks.ts';
export { supportedProfiles } from './supported-profiles.ts';
