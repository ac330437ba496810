import { readFilter } from '../../../server/connectors/subscription-filters.ts';
import { topicOf } from '../../../server/connectors/subscription-topics.ts';
import type { Database } from '../../../server/db/database.ts';
import { type FilteredEvent, matchingEvents } from '../../../server/gaps/subscriptions/matching.ts';
import { freshDatabase } from '../../support/database.ts';
import { type Api, openApi } from '../interactions/api.ts';
import { listChange, opened, tenant } from './subscribers.ts';

const base = 'http://gapless.test/fhir';

describe('A filter', () => {
  let database: Database;
  let api: Api;

  beforeAll(async () => {
    database = await freshDatabase();
    api = openApi(database);
    for (const [id, practitioner] of [
      ['p1', 'Practitioner/a'],
      ['p2', 'PractitionerRole/b'],
      ['p3', 'Organization/c'],
      ['p4', 'Practitioner/a'],
    ])
      await api.send('PUT', `Patient/${id}`, {
        resourceType: 'Patient',
        id,
        generalPractitioner: [{ reference: practitioner }],
      });
    const group = (id: string, member: object[]) =>
      api.send('PUT', `Group/${id}`, { resourceType: 'Group', id, type: 'person', actual: true, member });
    await group('inner', [{ entity: { reference: 'Patient/p3' } }]);
    await group('roster', [
      { entity: { reference: 'Patient/p1' } },
      { entity: { reference: 'Patient/p2' }, inactive: true },
      { entity: { reference: 'Group/inner' } },
    ]);
    await group('loop', [{ entity: { reference: 'Group/loop' } }]);
  });
  afterAll(async () => {
    await api.audit.close();
    await database.close();
  });

  const events: FilteredEvent[] = ['p1', 'p2', 'p3', 'p4', 'gone'].map((patient, position) => ({
    number: position + 1,
    patient,
    measureUrl: `http://m/${(position % 2) + 1}`,
    measureVersion: '1.0.0',
    group: null,
  }));
  const matched = async (filters: readonly string[], of = tenant): Promise<(string | null)[]> => {
    const topic = topicOf(opened);
    if (topic === null) throw new Error('it is a topic');
    const read = filters.flatMap((text) => {
      const each = readFilter(text, topic, base);
      if ('problem' in each) throw new Error(each.problem);
      return each.filters;
    });
    return (await matchingEvents(database, of, events, read)).map(({ patient }) => patient);
  };

  it.each<[readonly string[], readonly string[]]>([
    [[], ['p1', 'p2', 'p3', 'p4', 'gone']],
    [['DetectedIssue?patient=Patient/p1'], ['p1']],
    [['patient=p1,p4'], ['p1', 'p4']],
    [['DetectedIssue?subject=http://gapless.test/fhir/Patient/p1'], ['p1']],
    [['Patient?_id=p2'], ['p2']],
    [['measure=http://m/2'], ['p2', 'p4']],
    [['measure=http://m/2|1.0.0'], ['p2', 'p4']],
    [['measure=http://m/2|2.0.0'], []],
    [['MeasureReport?measure=http%3A%2F%2Fm%2F2&patient=p4'], ['p4']],
    [['measure=http://m/2', 'patient=p4,p1'], ['p4']],
    [['group=Group/roster'], ['p1', 'p3']],
    [['Patient?_in=Group/roster'], ['p1', 'p3']],
    [['group=loop'], []],
    [['group=nobody'], []],
    [['practitioner=Practitioner/a'], ['p1', 'p4']],
    [['general-practitioner=PractitionerRole/b,Organization/c'], ['p2', 'p3']],
    [['practitioner=Practitioner/a', 'group=roster'], ['p1']],
  ])('%j finds %j', async (filters, patients) => expect(await matched(filters)).toEqual(patients));

  it('finds no members of other tenants’ Groups, nor their patients', async () => {
    expect(await matched(['group=roster'], 'another')).toEqual([]);
    expect(await matched(['practitioner=Practitioner/a'], 'another')).toEqual([]);
  });

  it.each<[string, object]>([
    ['Group/roster', { filters: [{ name: 'group', values: ['roster'] }] }],
    ['Group?_id=roster,other', { filters: [{ name: 'group', values: ['roster', 'other'] }] }],
    ['group=roster', { filters: [{ name: 'group', values: ['roster'] }] }],
    ['Patient/1', { problem: 'group is not like Group/123' }],
  ])('of a list may be %s', (text, read) => {
    const topic = topicOf(`${listChange}|2.1.0`);
    if (topic === null) throw new Error('it is a topic');
    expect(readFilter(text, topic, base)).toEqual(read);
  });
});
