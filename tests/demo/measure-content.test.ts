import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ValueSet } from '@medplum/fhirtypes';
import { practice } from '../../demo/index.ts';

const folder = fileURLToPath(new URL('../../measures/content/value-sets/', import.meta.url));

function codesOf(valueSet: string): string[] {
  const { compose } = JSON.parse(readFileSync(`${folder}${valueSet}.json`, 'utf8')) as ValueSet;
  return (compose?.include ?? []).flatMap(({ system, concept }) =>
    (concept ?? []).map(({ code }) => `${system}|${code}`),
  );
}

function* codings(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* codings(item);
  else if (typeof value === 'object' && value !== null) {
    if ('system' in value && 'code' in value) yield `${value.system}|${value.code}`;
    for (const item of Object.values(value)) yield* codings(item);
  }
}

describe('The codes of the demo', () => {
  const used = new Map<string, Set<string>>();
  for (const { resources } of practice({ seed: 'gapless', patients: 400, asOf: '2026-11-22' }).patients) {
    for (const resource of resources) {
      const ofType = used.get(resource.resourceType) ?? new Set();
      for (const code of codings(resource)) ofType.add(code);
      used.set(resource.resourceType, ofType);
    }
  }

  it.each([
    ['mammography', 'Procedure'],
    ['mammography', 'Observation'],
    ['mammography', 'DiagnosticReport'],
    ['blood-pressure', 'Observation'],
    ['outpatient-visit', 'Encounter'],
    ['acute-encounter', 'Encounter'],
    ['acute-encounter-class', 'Encounter'],
    ['inpatient-stay', 'Encounter'],
    ['essential-hypertension', 'Condition'],
    ['kidney-failure', 'Condition'],
    ['pregnancy', 'Condition'],
    ['history-of-bilateral-mastectomy', 'Condition'],
    ['history-of-right-mastectomy', 'Condition'],
    ['bilateral-mastectomy', 'Procedure'],
    ['dialysis-or-kidney-transplant', 'Procedure'],
    ['hospice-care', 'Procedure'],
    ['hospice-encounter', 'Encounter'],
    ['advanced-illness', 'Condition'],
    ['frailty-diagnosis', 'Condition'],
    ['dementia-medication', 'MedicationRequest'],
  ])('are found by our measures: %s in %s', (valueSet, type) => {
    expect(codesOf(valueSet).filter((code) => used.get(type)?.has(code))).not.toEqual([]);
  });
});
