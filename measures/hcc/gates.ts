import type { PaymentYear } from './payment-year.ts';
import type { Service, ServiceLine } from './service.ts';
import type { EligibleCodes } from './tables.ts';

export type GateName = 'stands' | 'date' | 'source' | 'eligible-code' | 'face-to-face' | 'chart-review';

/** What one gate said. */
export interface Gate {
  readonly gate: GateName;
  readonly passed: boolean;
  readonly reason: string;
}

export interface GateRules {
  readonly year: PaymentYear;
  readonly eligible: EligibleCodes;
  /** First and last day of service that count, YYYY-MM-DD. */
  readonly start: string;
  readonly end: string;
}

/** On the list, though nobody is seen: care management by month, follow-up in a global period, reading of images. */
const notFaceToFace = new Set([
  ...['99490', '99491', '99487', '99489', '99439', '99437', '99424', '99425', '99426', '99427', '99024'],
  ...['92227', '92228', '92229', '92250'],
]);

/** Visits by sound alone by their definition. */
const audioCodes = new Set([
  ...['99441', '99442', '99443', '98966', '98967', '98968', 'G2012', 'G2252', '98016'],
  ...['98008', '98009', '98010', '98011', '98012', '98013', '98014', '98015'],
]);
const audioModifiers = ['93', 'FQ'];

/**
 * Step 1: may the diagnoses of a service count? Asks the gates in order and ends with the first that does not open; all that were
 * asked are told.
 */
export function passGates(service: Service, rules: GateRules): readonly Gate[] {
  const passed: Gate[] = [];
  for (const [gate, ask] of gates) {
    const { opens, reason } = ask(service, rules);
    passed.push({ gate, passed: opens, reason });
    if (!opens) break;
  }
  return passed;
}

interface Answer {
  readonly opens: boolean;
  readonly reason: string;
}

const gates: readonly (readonly [GateName, (service: Service, rules: GateRules) => Answer])[] = [
  ['date', inCollection],
  ['stands', ({ void: why }) => ({ opens: why === null, reason: why ?? 'it stands' })],
  ['source', ({ setting, settingFrom }) => ({ opens: setting !== 'other', reason: `${setting} (${settingFrom})` })],
  ['chart-review', linkedReview],
  ['eligible-code', onList],
  ['face-to-face', faceToFace],
];

function inCollection({ date }: Service, { start, end }: GateRules): Answer {
  if (date === null) return { opens: false, reason: 'it has no day' };
  const opens = start <= date && date <= end;
  return { opens, reason: `ended on ${date}${opens ? '' : `, not from ${start} to ${end}`}` };
}

function linkedReview({ chartReview }: Service, { year }: GateRules): Answer {
  if (chartReview === null) return { opens: true, reason: 'no chart review' };
  const { value, source } = year.gates.unlinkedChartReview;
  if (chartReview === 'linked') return { opens: true, reason: 'chart review that is linked to an encounter' };
  return { opens: value === 'counts', reason: `chart review without an encounter: ${source}` };
}

function onList({ setting, lines }: Service, { eligible }: GateRules): Answer {
  if (setting === 'inpatient') return { opens: true, reason: 'hospital stays need no procedure code' };
  const standing = lines.filter(({ denied }) => !denied);
  const found = standing.find(({ code }) => eligible.codes.has(code));
  if (found !== undefined) return { opens: true, reason: `${found.code} is on the list of ${eligible.version.year}` };
  const codes = [...new Set(standing.map(({ code }) => code))];
  if (codes.length === 0) return { opens: false, reason: 'no CPT or HCPCS code says what was done' };
  return { opens: false, reason: `none of ${codes.join(', ')} is on the list of ${eligible.version.year}` };
}

function faceToFace({ setting, lines, audioOnly }: Service, { eligible, year }: GateRules): Answer {
  if (setting === 'inpatient') return { opens: true, reason: 'hospital stay' };
  const listed = lines.filter(({ code, denied }) => !denied && eligible.codes.has(code));
  const heard = audioOnly || listed.every(isAudio);
  if (heard) return { opens: false, reason: `by sound alone: ${year.gates.audioOnly.source}` };
  const seen = listed.find((line) => !isAudio(line) && !notFaceToFace.has(line.code));
  if (seen !== undefined) return { opens: true, reason: `${seen.code} is a service face to face` };
  const codes = [...new Set(listed.map(({ code }) => code))];
  return { opens: false, reason: `on the list, but nobody was seen for ${codes.join(', ')}` };
}

function isAudio({ code, modifiers }: ServiceLine): boolean {
  return audioCodes.has(code) || modifiers.some((modifier) => audioModifiers.includes(modifier));
}
