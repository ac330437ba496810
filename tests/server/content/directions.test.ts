import type { Measure } from '@medplum/fhirtypes';
import { readMeasure } from '../../../measures/index.ts';
import { createCatalogue } from '../../../server/content/catalogue.ts';
import { directionWarning } from '../../../server/content/direction-warning.ts';
import {
  directionOf,
  directions,
  improvementNotations,
  removeDirection,
  setDirection,
} from '../../../server/content/directions.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { livePlan } from '../../../server/gaps/live-plan.ts';
import { measuresOverview } from '../../../server/gaps/views/measures-overview.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { describeWithReferenceData, readReferenceLines } from '../../support/reference-data.ts';
import { smallMeasure } from './small-measure.ts';
import { insertResources } from './stored.ts';

const tenant = 'practice';
const measureUrl = 'http://example.org/Measure/Small';
const given = {
  measureUrl,
  groupId: null,
  improvementNotation: 'decrease',
  reason: 'Counts harm',
  givenBy: 'Ann',
} as const;

describe('The direction that an operator gives', () => {
  let database: Database;
  beforeAll(async () => {
    database = await freshDatabase();
    const { measure, library, valueSet } = smallMeasure();
    const doubtful = { ...measure, title: 'Poor control of something' };
    await database.transaction(async (sql) =>
      installCheck(sql, tenant, await insertResources(sql, tenant, [doubtful, library, valueSet])),
    );
  }, 60_000);
  afterAll(() => database.close());

  it('holds at once for who reads the measure, in every process, and no longer than it is given', async () => {
    const [one, other] = [createCatalogue(database), createCatalogue(database)];
    const read = async () => {
      const all = [];
      for (const catalogue of [one, other]) {
        const { definition, warnings } = await catalogue.find(tenant, { canonical: measureUrl });
        const packed = await catalogue.package(tenant, measureUrl);
        const plan = await livePlan(catalogue, tenant, '2026-11-22', silent);
        const [line] = await measuresOverview(database, tenant, plan);
        all.push({
          says: definition.groups[0]?.improvementNotation,
          evaluates: packed.definition.groups[0]?.improvementNotation,
          shows: [line?.improvementNotation, line?.direction],
          warnings: warnings.length,
          key: plan.key,
        });
      }
      expect(all[0]).toEqual(all[1]);
      return all[0];
    };
    const published = await read();
    expect(published).toMatchObject({
      says: 'increase',
      evaluates: 'increase',
      shows: ['increase', null],
      warnings: 1,
    });
    await setDirection(database, tenant, given);
    const overridden = await read();
    expect(overridden).toMatchObject({
      says: 'decrease',
      evaluates: 'decrease',
      shows: ['decrease', { published: 'increase', reason: 'Counts harm', givenBy: 'Ann' }],
      warnings: 0,
    });
    // Another key is what has the patients evaluated again.
    expect(overridden?.key).not.toBe(published?.key);
    await setDirection(database, tenant, { ...given, groupId: 'of another version' });
    expect((await read())?.says).toBe('decrease');
    for (const groupId of [null, 'of another version', 'never given'])
      await removeDirection(database, tenant, { measureUrl, groupId });
    expect(await read()).toEqual(published);
  });

  it('stays within its tenant', async () => {
    await setDirection(database, 'another', given);
    expect(await directions(database, tenant)).toEqual([]);
    expect(await directions(database, 'another')).toEqual([given]);
  });

  it('is the own one of a group before that of the measure', () => {
    const all = [given, { ...given, groupId: 'a', improvementNotation: 'increase', reason: 'A only' } as const];
    expect(directionOf(all, measureUrl, 'a')?.reason).toBe('A only');
    expect(directionOf(all, measureUrl, 'b')?.reason).toBe('Counts harm');
    expect(directionOf(all, 'http://example.org/Measure/Other', 'a')).toBeNull();
    expect(improvementNotations(all, { url: measureUrl, group: [{ id: 'a' }] })).toEqual({
      '': 'decrease',
      a: 'increase',
    });
    expect(improvementNotations(all, { url: measureUrl, group: [{ id: 'b' }] })).toEqual({ '': 'decrease' });
  });
});

const doubt = (text: { title?: string; description?: string }, improvementNotation: 'increase' | 'decrease' | null) =>
  directionWarning('Measure x', text, {
    groups: [{ ...readMeasure(smallMeasure().measure as unknown as Measure).groups[0], improvementNotation } as never],
  });

describe('A measure whose direction sounds wrong', () => {
  it.each([
    ['increase', { title: 'Diabetes: HbA1c poor control' }, 'poor control'],
    ['increase', { description: 'This is an inverse measure.' }, 'inverse measure'],
    ['increase', { description: 'A lower rate indicates better performance' }, 'lower rate indicates better'],
    ['increase', { title: 'Glycemic status greater than 9%' }, 'Glycemic status greater than 9'],
    ['increase', { title: 'Breast cancer screening', description: 'Women with a mammogram' }, null],
    ['decrease', { title: 'Diabetes: HbA1c poor control' }, null],
    [null, { title: 'Diabetes: HbA1c poor control' }, null],
  ] as const)('%s, %j: %s', (notation, text, said) => {
    const diagnostics = doubt(text, notation)?.diagnostics ?? null;
    if (said === null) expect(diagnostics).toBeNull();
    else expect(diagnostics).toContain(`speaks of "${said}"`);
  });
});

describeWithReferenceData('Of the official measures', () => {
  it('exactly those two sound wrong that count what should be rare and say increase', () => {
    const measures = readReferenceLines<Measure>('ecqm', 'measures.ndjson.gz');
    const doubted = measures.filter(
      (measure) => directionWarning(measure.name ?? '', measure, readMeasure(measure)) !== null,
    );
    expect(doubted.map(({ name }) => name?.match(/^CMS\d+/)?.[0]).sort()).toEqual(['CMS122', 'CMS156']);
  });
});
