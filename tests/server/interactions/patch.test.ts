import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, bundleOf, openApi } from './api.ts';

let database: Database;
let api: Api;
beforeAll(async () => {
  database = await freshDatabase();
  api = openApi(database);
});
afterAll(async () => {
  await api.audit.close();
  await database.close();
});

const before = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"weight"},"identifier":[{"value":"a"},{"value":"b"},{"value":"c"}],"valueQuantity":{"value":80.50,"unit":"kg"},"effectiveDateTime":"2026-01-01"}`;

/** Elements of the patched resource without id and meta, as exact text. */
async function patched(patch: unknown, headers = {}): Promise<string> {
  await api.send('PUT', 'Observation/o', before);
  const { text } = await api.send('PATCH', 'Observation/o', patch, headers);
  return text.replace(/"meta":\{[^}]*\},/, '');
}

const operation = (type: string, path: string, ...parts: object[]): object => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...parts],
});
const parameters = (...parameter: object[]): object => ({ resourceType: 'Parameters', parameter });

describe('A JSON Patch', () => {
  it.each<[string, object[], string, string]>([
    [
      'adds',
      [{ op: 'add', path: '/identifier/1', value: { value: 'x' } }],
      '{"value":"a"},',
      '{"value":"a"},{"value":"x"},',
    ],
    ['removes', [{ op: 'remove', path: '/identifier/1' }], '{"value":"b"},', ''],
    ['replaces', [{ op: 'replace', path: '/status', value: 'amended' }], 'final', 'amended'],
    [
      'tests and replaces',
      [
        { op: 'test', path: '/status', value: 'final' },
        { op: 'replace', path: '/code/text', value: 'mass' },
      ],
      'weight',
      'mass',
    ],
    [
      'copies a number as it was written',
      [
        { op: 'copy', from: '/valueQuantity', path: '/component' },
        { op: 'remove', path: '/component' },
      ],
      'final',
      'final',
    ],
  ])('%s', async (_, patch, from, to) => {
    expect(await patched(patch)).toBe(before.replace(from, to));
  });

  it('keeps the digits of numbers that it copies', async () => {
    const { text } = await api.send('PATCH', 'Observation/o', [
      { op: 'copy', from: '/valueQuantity', path: '/referenceRange' },
      { op: 'remove', path: '/referenceRange' },
      { op: 'add', path: '/referenceRange', value: [{ text: 'x' }] },
      { op: 'copy', from: '/valueQuantity', path: '/referenceRange/0/low' },
    ]);
    expect(text).toContain('"low":{"value":80.50,"unit":"kg"}');
  });

  it.each<[string, unknown, string]>([
    ['a path that is not there', [{ op: 'remove', path: '/subject/display' }], 'PatchFailed'],
    ['a test that fails', [{ op: 'test', path: '/status', value: 'amended' }], 'PatchFailed'],
    ['a result that is not valid', [{ op: 'remove', path: '/code' }], 'InvalidResource'],
    ['another type as result', [{ op: 'replace', path: '/resourceType', value: 'Patient' }], 'WrongResourceType'],
    ['an unknown operation', [{ op: 'increase', path: '/status' }], 'InvalidRequest'],
    ['no path', [{ op: 'remove' }], 'InvalidRequest'],
    ['a step into __proto__', [{ op: 'add', path: '/__proto__/language', value: 'en' }], 'InvalidRequest'],
    ['a step into constructor', [{ op: 'add', path: '/constructor/prototype/x', value: 1 }], 'InvalidRequest'],
    ['a copy from __proto__', [{ op: 'copy', from: '/__proto__/status', path: '/language' }], 'InvalidRequest'],
    ['something that is no patch', { resourceType: 'Observation' }, 'InvalidRequest'],
  ])('is refused with %s', async (_, patch, name) => {
    await expect(patched(patch)).rejects.toMatchObject({ name });
    expect((await api.send('GET', 'Observation/o')).json.status).toBe('final');
  });

  it('obeys If-Match', async () => {
    await expect(patched([], { 'if-match': 'W/"99"' })).rejects.toMatchObject({ name: 'VersionConflict' });
  });

  it('may be an entry of a transaction, in a Binary', async () => {
    await api.send('PUT', 'Observation/o', before);
    const data = Buffer.from(JSON.stringify([{ op: 'replace', path: '/status', value: 'amended' }])).toString('base64');
    const binary = { resourceType: 'Binary', contentType: 'application/json-patch+json', data };
    await api.send('POST', '', bundleOf('transaction', ['PATCH', 'Observation/o', binary]));
    expect((await api.send('GET', 'Observation/o')).json.status).toBe('amended');
  });

  it('of what is not there, or no longer, is refused', async () => {
    await expect(api.send('PATCH', 'Observation/none', [])).rejects.toMatchObject({ name: 'ResourceNotFound' });
    await api.send('PUT', 'Observation/gone', before.replace('"o"', '"gone"'));
    await api.send('DELETE', 'Observation/gone');
    await expect(api.send('PATCH', 'Observation/gone', [])).rejects.toMatchObject({ name: 'ResourceDeleted' });
  });
});

const value = (given: object): object => ({ name: 'value', ...given });
const name = (given: string): object => ({ name: 'name', valueString: given });
const at = (part: string, valueInteger: number): object => ({ name: part, valueInteger });

describe('A FHIRPath Patch', () => {
  it.each<[string, object, string, string]>([
    [
      'adds an element',
      operation('add', 'Observation', name('issued'), value({ valueInstant: '2026-01-01T00:00:00Z' })),
      '"effectiveDateTime":"2026-01-01"',
      '"effectiveDateTime":"2026-01-01","issued":"2026-01-01T00:00:00Z"',
    ],
    [
      'adds to a list',
      operation('add', 'Observation', name('identifier'), value({ valueIdentifier: { value: 'd' } })),
      '{"value":"c"}',
      '{"value":"c"},{"value":"d"}',
    ],
    [
      'adds a first of a list',
      operation('add', 'Observation', name('category'), value({ valueCodeableConcept: { text: 'x' } })),
      '"2026-01-01"',
      '"2026-01-01","category":[{"text":"x"}]',
    ],
    [
      'adds what has no type of its own',
      operation(
        'add',
        'Observation',
        name('component'),
        value({
          part: [
            { name: 'code', valueCodeableConcept: { text: 'x' } },
            { name: 'value', valueString: 'y' },
          ],
        }),
      ),
      '"2026-01-01"',
      '"2026-01-01","component":[{"code":{"text":"x"},"valueString":"y"}]',
    ],
    [
      'inserts',
      operation('insert', 'Observation.identifier', at('index', 1), value({ valueIdentifier: { value: 'x' } })),
      '{"value":"a"},',
      '{"value":"a"},{"value":"x"},',
    ],
    [
      'inserts at the end',
      operation('insert', 'Observation.identifier', at('index', 3), value({ valueIdentifier: { value: 'x' } })),
      '{"value":"c"}',
      '{"value":"c"},{"value":"x"}',
    ],
    ['deletes', operation('delete', "Observation.identifier.where(value = 'b')"), '{"value":"b"},', ''],
    ['deletes a choice', operation('delete', 'Observation.effective'), ',"effectiveDateTime":"2026-01-01"', ''],
    ['deletes nothing where there is nothing', operation('delete', 'Observation.subject'), '', ''],
    ['deletes what becomes empty', operation('delete', 'Observation.code.text'), '"code":{"text":"weight"},', ''],
    ['replaces', operation('replace', 'Observation.code.text', value({ valueString: 'mass' })), 'weight', 'mass'],
    [
      'replaces in a list',
      operation('replace', 'Observation.identifier[2].value', value({ valueString: 'z' })),
      '"c"',
      '"z"',
    ],
    [
      'replaces inside a choice',
      operation('replace', 'Observation.value.unit', value({ valueString: 'g' })),
      'kg',
      'g',
    ],
    [
      'moves',
      operation('move', 'Observation.identifier', at('source', 2), at('destination', 0)),
      '{"value":"a"},{"value":"b"},{"value":"c"}',
      '{"value":"c"},{"value":"a"},{"value":"b"}',
    ],
  ])('%s', async (title, part, from, to) => {
    const wanted = before.replace(from, to);
    if (title === 'deletes what becomes empty')
      await expect(patched(parameters(part))).rejects.toThrow('Observation.code');
    else expect(await patched(parameters(part))).toBe(wanted);
  });

  it('replaces a choice by one of another type', async () => {
    const text = await patched(parameters(operation('replace', 'Observation.value', value({ valueString: 'heavy' }))));
    expect(text).toContain('"valueString":"heavy"');
    expect(text).not.toContain('valueQuantity');
  });

  it('works one operation after the other', async () => {
    const text = await patched(
      parameters(operation('delete', 'Observation.identifier[0]'), operation('delete', 'Observation.identifier[0]')),
    );
    expect(text).toContain('"identifier":[{"value":"c"}]');
  });

  it.each<[string, object, string]>([
    ['several elements to delete', operation('delete', 'Observation.identifier'), 'PatchFailed'],
    ['nothing to replace', operation('replace', 'Observation.subject', value({ valueReference: {} })), 'PatchFailed'],
    [
      'an element that is there already',
      operation('add', 'Observation', name('status'), value({ valueCode: 'final' })),
      'PatchFailed',
    ],
    [
      'an element that R4 does not have',
      operation('add', 'Observation', name('colour'), value({ valueCode: 'red' })),
      'PatchFailed',
    ],
    [
      'a position outside the list',
      operation('move', 'Observation.identifier', at('source', 3), at('destination', 0)),
      'PatchFailed',
    ],
    ['a path that is no FHIRPath', operation('delete', 'Observation.where('), 'InvalidRequest'],
    ['a path that computes', operation('delete', 'Observation.identifier.count()'), 'InvalidRequest'],
    ['an unknown type', operation('swap', 'Observation.status'), 'InvalidRequest'],
    ['no value', operation('replace', 'Observation.status'), 'InvalidRequest'],
    [
      'a path into __proto__',
      operation('replace', 'Observation.__proto__', value({ valueString: 'x' })),
      'PatchFailed',
    ],
    [
      'an element that only JavaScript has',
      operation('add', 'Observation', name('constructor'), value({ valueCode: 'x' })),
      'PatchFailed',
    ],
    [
      'a regular expression that backtracks for ever',
      operation('delete', `'${'a'.repeat(50)}!'.matches('^(a+)+$')`),
      'PatchTooCostly',
    ],
    ['a path that loops for ever', operation('delete', '1.repeat($this + 1)'), 'PatchTooCostly'],
  ])('is refused with %s', async (_, part, error) => {
    await expect(patched(parameters(part))).rejects.toMatchObject({ name: error });
  });
});
