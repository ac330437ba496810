import { dataExchangeProfile } from './data-exchange/collected.ts';
import { deqmNames } from './deqm-version.ts';

/** Profiles of DEQM that the server's resources conform to, by resource type: universal first, then US 5.0.0. */
export const supportedProfiles: Readonly<Record<string, readonly string[]>> = (() => {
  const names = [deqmNames['uv-1.0.0'].profiles, deqmNames['us-5.0.0'].profiles].filter((each) => each !== null);
  return {
    MeasureReport: [
      ...names.flatMap(({ individual, summary, subjectList }) => [individual, summary, subjectList]),
      dataExchangeProfile,
    ],
    Bundle: names.map(({ bundle }) => bundle),
    Composition: names.map(({ composition }) => composition),
    DetectedIssue: names.map(({ detectedIssue }) => detectedIssue),
    GuidanceResponse: names.map(({ guidanceResponse }) => guidanceResponse),
    List: names.flatMap(({ reportList }) => reportList ?? []),
  };
})();
