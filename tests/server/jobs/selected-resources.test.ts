import { compactValueSet } from '../../../cql/index.ts';
import { SharedSets } from '../../../server/content/selected-data.ts';
import { selectsOf } from '../../../server/jobs/selected-resources.ts';

const loinc = 'http://loinc.org';
const vitals = compactValueSet({
  url: 'http://example.org/ValueSet/vitals',
  version: null,
  codes: [{ system: loinc, code: '8480-6' }],
});
const selections = [
  { resourceType: 'Observation', codeProperty: 'code', valueSet: 'vitals', codes: [`${loinc}|85354-9`] },
  { resourceType: 'Encounter', codeProperty: null, valueSet: null, codes: null },
  { resourceType: 'Task', codeProperty: 'status', valueSet: null, codes: ['http://hl7.org/fhir/task-status|ready'] },
];
const selects = selectsOf([{ selections, parts: new Map([['vitals', vitals.bytes]]) }], new SharedSets());

const observation = (coding: string): string => `{"resourceType":"Observation","code":{"coding":[${coding}]}}`;

describe('A resource is parsed for an evaluation', () => {
  it.each([
    ['the Patient', '{"resourceType":"Patient","id":"p"}'],
    ['of a type that is asked for whatever its codes', '{"resourceType":"Encounter"}'],
    ['with a code that is asked for', observation(`{"system":"${loinc}","code":"85354-9"}`)],
    ['with a code of a value set', observation(`{"system":"${loinc}","code":"8480-6"}`)],
    ['with such a code of another system, which is left to the engine', observation('{"system":"x","code":"8480-6"}')],
    ['with such a code in another element', '{"resourceType":"Observation","component":[{"code" : "8480-6"}]}'],
    ['with a code that is escaped', observation('{"code":"8480\\u002d6"}')],
    ['with an element that is escaped', '{"resourceType":"Observation","\\u0063ode":{"coding":[{"code":"x"}]}}'],
    [
      'that says that nothing of a value set was done',
      '{"resourceType":"Observation","extension":[{"url":"http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet"}]}',
    ],
    [
      'that declares a profile with a code that is asked for',
      '{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure|6.1.0"]}}',
    ],
    ['whose bare codes are asked for', '{"resourceType":"Task","status":"ready"}'],
    ['that does not begin with its type', '{"id":"o","resourceType":"Observation"}'],
  ])('%s', (_, content) => {
    expect(selects(content)).toBe(true);
  });
});

describe('A resource is not even parsed', () => {
  it.each([
    ['of a type that is not asked for', '{"resourceType":"Claim"}'],
    ['with other codes', observation(`{"system":"${loinc}","code":"2093-3"}`)],
    [
      'that declares a profile with another code',
      '{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-bmi"]}}',
    ],
    ['without codes', '{"resourceType":"Observation"}'],
  ])('%s', (_, content) => {
    expect(selects(content)).toBe(false);
  });
});
