/** @param root the resource that the value is in, for what asks about its contained resources */
export type StructureCheck = (value: unknown, root: object) => boolean;

const get = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
const has = (value: unknown, key: string): boolean => get(value, key) !== undefined;
const hasChoice = (value: unknown, stem: string): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith(stem));
const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const mentions = (concept: unknown, code: string): boolean => JSON.stringify(concept ?? null).includes(code);
const ucum = 'http://unitsofmeasure.org';

const notBoth =
  (one: string, other: string): StructureCheck =>
  (value) =>
    !has(value, one) || !has(value, other);
const needs =
  (one: string, other: string): StructureCheck =>
  (value) =>
    !has(value, one) || has(value, other);
const either =
  (...keys: readonly string[]): StructureCheck =>
  (value) =>
    keys.some((key) => has(value, key));
const absent =
  (key: string): StructureCheck =>
  (value) =>
    !has(value, key);
const notNegative =
  (key: string): StructureCheck =>
  (value) =>
    !has(value, key) || Number(get(value, key)) >= 0;
const ucumIfAny: StructureCheck = (value) => !has(value, 'system') || get(value, 'system') === ucum;
const resolvedStatus = /^(resolved|remission|inactive)$/;
const conditionClinical = 'http://terminology.hl7.org/CodeSystem/condition-clinical';

/**
 * Sufficient conditions of the invariants of R4 by their key; one that is not here is left to @medplum/core. They may be
 * stricter than the invariant, never laxer.
 */
export const invariants: Readonly<Record<string, StructureCheck>> = {
  'ext-1': (value) => has(value, 'extension') !== hasChoice(value, 'value'),
  'ref-1': (value, root) => {
    const reference = get(value, 'reference');
    if (reference === undefined) return true;
    if (typeof reference !== 'string') return false;
    return (
      !reference.startsWith('#') || items(get(root, 'contained')).some((one) => get(one, 'id') === reference.slice(1))
    );
  },
  'per-1': (value) => {
    const [start, end] = [get(value, 'start'), get(value, 'end')];
    if (start === undefined || end === undefined) return true;
    return typeof start === 'string' && typeof end === 'string' && Date.parse(start) <= Date.parse(end);
  },
  'qty-3': needs('code', 'system'),
  'age-1': (value) =>
    (has(value, 'code') || !has(value, 'value')) &&
    ucumIfAny(value, {}) &&
    (!has(value, 'value') || Number(get(value, 'value')) > 0),
  'dis-1': (value) => (has(value, 'code') || !has(value, 'value')) && ucumIfAny(value, {}),
  'drt-1': (value) => !has(value, 'code') || (get(value, 'system') === ucum && has(value, 'value')),
  'rng-2': (value) => !has(value, 'low') || !has(value, 'high'),
  'rat-1': (value) => has(value, 'numerator') && has(value, 'denominator'),
  'att-1': needs('data', 'contentType'),
  'cpt-2': needs('value', 'system'),
  'exp-1': either('expression', 'reference'),
  'tim-1': needs('duration', 'durationUnit'),
  'tim-2': needs('period', 'periodUnit'),
  'tim-4': notNegative('duration'),
  'tim-5': notNegative('period'),
  'tim-6': needs('periodMax', 'period'),
  'tim-7': needs('durationMax', 'duration'),
  'tim-8': needs('countMax', 'count'),
  'tim-9': absent('offset'),
  'tim-10': notBoth('timeOfDay', 'when'),
  'ait-1': (value) => has(value, 'clinicalStatus') && !mentions(get(value, 'verificationStatus'), 'entered-in-error'),
  'ait-2': (value) => !mentions(get(value, 'verificationStatus'), 'entered-in-error'),
  'con-1': either('summary', 'assessment'),
  'con-2': either('code', 'detail'),
  'con-4': (value) =>
    !hasChoice(value, 'abatement') ||
    items(get(get(value, 'clinicalStatus'), 'coding')).some(
      (coding) => get(coding, 'system') === conditionClinical && resolvedStatus.test(String(get(coding, 'code'))),
    ),
  'con-5': (value) => !mentions(get(value, 'verificationStatus'), 'entered-in-error'),
  'cpl-3': notBoth('detail', 'reference'),
  'ctm-1': absent('onBehalfOf'),
  'fhs-1': (value) => !hasChoice(value, 'age') || !hasChoice(value, 'born'),
  'fhs-2': absent('estimatedAge'),
  'gol-1': (value) => !hasChoice(value, 'detail') || has(value, 'measure'),
  'grp-1': (value) => !has(value, 'member') || get(value, 'actual') === true,
  'imm-1': either('documentType', 'reference'),
  'inv-1': notBoth('lastModified', 'authoredOn'),
  'lst-1': notBoth('emptyReason', 'entry'),
  'lst-2': (value) => items(get(value, 'entry')).every((entry) => !has(entry, 'deleted')),
  'lst-3': (value) => items(get(value, 'entry')).every((entry) => !has(entry, 'date')),
  'mad-1': (value) => has(value, 'dose') || hasChoice(value, 'rate'),
  'mdd-1': notBoth('whenHandedOver', 'whenPrepared'),
  'mrp-1': (value) => get(value, 'type') !== 'data-collection' || !has(value, 'group'),
  'obs-3': either('low', 'high', 'text'),
  'obs-6': (value) => !has(value, 'dataAbsentReason') || !hasChoice(value, 'value'),
  'obs-7': (value) => !has(value, 'component') || !hasChoice(value, 'value'),
  'org-2': (value) => get(value, 'use') !== 'home',
  'org-3': (value) => get(value, 'use') !== 'home',
  'pat-1': either('name', 'telecom', 'address', 'organization'),
  'prr-1': needs('orderDetail', 'code'),
  'qrs-1': notBoth('answer', 'item'),
};

/**
 * What the walk itself settles: no empty elements (ele-1), contained resources without contents, versions and security of
 * their own (dom-2, dom-4, dom-5); and what @medplum/core does not ask either (dom-3, org-1, and the narrative's HTML).
 */
export const settled: ReadonlySet<string> = new Set([
  'ele-1',
  'dom-2',
  'dom-3',
  'dom-4',
  'dom-5',
  'org-1',
  'txt-1',
  'txt-2',
]);
