import type { Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import { type GapWorker, startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { readResource } from '../../../server/store/read.ts';
import { silent } from '../../support/database.ts';
import {
  type Answer,
  breast,
  issuesOf,
  openPractice,
  type Practice,
  parameters,
  tenant,
  year,
} from '../operations/practice.ts';

let practice: Practice;
let pool: EvaluationPool;
let worker: GapWorker;

beforeAll(async () => {
  practice = await openPractice();
  const { database, services } = practice;
  pool = createEvaluationPool({ log: silent, threads: 1 });
  await database.query('INSERT INTO content_version (tenant, version) VALUES ($1, 1)', [tenant]);
  const now = (): Date => new Date('2026-11-22T12:00:00Z');
  worker = startGapWorker({ database, catalogue: services.catalogue, pool, log: silent, now, pollMs: 20 });
  await worker.idle();
}, 120_000);
afterAll(async () => {
  await worker.stop();
  await pool.close();
  await practice.close();
});

const settle = async (): Promise<void> => {
  worker.wake();
  await worker.idle();
};
const at = (name: string, id: string) => ({ name, valueReference: { reference: `Patient/${id}` } });
const merge = (source: string, target: string, ...others: object[]): Promise<Answer> =>
  practice.post('Patient/$merge', parameters([at('source-patient', source), at('target-patient', target), ...others]));
const unmerge = (source: string): Promise<Answer> =>
  practice.post('Patient/$unmerge', parameters([at('source-patient', source)]));
const patientOf = async (id: string): Promise<Patient> =>
  JSON.parse((await readResource(practice.database, tenant, 'Patient', id)).content ?? '');

const woman = (id: string, changes: object = {}): FhirResource => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:mrn', value: id }],
  gender: 'female',
  birthDate: '1965-05-05',
  name: [{ family: 'Split', given: ['Ina'] }],
  ...changes,
});
const mammogram = (id: string, patient: string): FhirResource => ({
  resourceType: 'Procedure',
  id,
  status: 'completed',
  code: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '77067' }] },
  subject: { reference: `Patient/${patient}` },
  performedDateTime: '2026-02-02',
});
const visit = (id: string, patient: string): FhirResource => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
  type: [{ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '99213' }] }],
  subject: { reference: `Patient/${patient}` },
  period: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T09:30:00Z' },
});
const roster = (id: string, members: readonly string[]): FhirResource => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  member: members.map((one) => ({ entity: { reference: `Patient/${one}` }, inactive: false })),
});

/** Every current resource but for audit and provenance, without what every write changes. */
async function everything(): Promise<Map<string, unknown>> {
  const { rows } = await practice.database.query<{ key: string; content: string }>(
    `SELECT type || '/' || id AS key, whole_content(tenant, type, id, version, content) AS content FROM resource
      WHERE tenant = $1 AND NOT deleted AND type NOT IN ('AuditEvent', 'Provenance') ORDER BY 1`,
    [tenant],
  );
  return new Map(
    rows.map(({ key, content }) => {
      const { meta: { versionId: _, lastUpdated: __, ...meta } = {} as Record<string, unknown>, ...resource } =
        JSON.parse(content);
      return [key, { ...resource, meta }];
    }),
  );
}

async function gapState(): Promise<unknown[]> {
  const { rows } = await practice.database.query(
    `SELECT patient, measure_url, group_id, period_start, status, populations, reasons FROM gap_state
      WHERE tenant = $1 AND live ORDER BY 1, 2, 3, 4`,
    [tenant],
  );
  return rows;
}

async function remarks(): Promise<unknown[]> {
  const { rows } = await practice.database.query(
    'SELECT patient, measure_url, group_id, id, version, content FROM gap_remark WHERE tenant = $1 ORDER BY 1, 2, 3, 4, 5',
    [tenant],
  );
  return rows;
}

const addRemark = (patient: string, id: string, version: number) =>
  practice.database.query(
    `INSERT INTO gap_remark (patient, tenant, measure_url, group_id, id, version, period_start, period_end, report_id,
       written_by, written_at, content) VALUES ($1, $2, 'urn:m', 'g', $3, $4, '2026-01-01', '2026-12-31', 'r', 'Device/x', now(), '{}')`,
    [patient, tenant, id, version],
  );

const statusOf = async (patient: string): Promise<string[]> => {
  const { rows } = await practice.database.query<{ status: string }>(
    'SELECT status FROM gap_state WHERE tenant = $1 AND patient = $2 AND measure_url = $3 AND live',
    [tenant, patient, breast],
  );
  return rows.map(({ status }) => status);
};

describe('A merge', () => {
  const members = Array.from({ length: 250 }, (_, n) => `somebody-${n}`);

  it('moves what refers to the source, closes the gap that its data close, and is undone exactly', async () => {
    await practice.store(
      woman('left'),
      woman('right'),
      visit('visit-left', 'left'),
      visit('visit-right', 'right'),
      mammogram('image', 'left'),
      {
        resourceType: 'Observation',
        id: 'exact',
        status: 'final',
        code: { text: 'x' },
        subject: { reference: 'Patient/left' },
        performer: [{ reference: 'Patient/left' }],
        valueQuantity: { value: 1 },
      },
      roster('alone', ['left']),
      roster('both', ['left', 'right', 'somebody-1']),
      roster('large', [...members, 'left']),
    );
    await addRemark('left', 'one', 1);
    await addRemark('left', 'one', 2);
    await addRemark('right', 'one', 1);
    await practice.post('Group/large/$confirm-attribution-list', parameters([]));
    await settle();
    const before = { resources: await everything(), gaps: await gapState(), remarks: await remarks() };
    expect(await statusOf('left')).toEqual(['closed-gap']);
    expect(await statusOf('right')).toEqual(['prospective-gap']);

    const preview = await merge('left', 'right', { name: 'preview', valueBoolean: true });
    expect(preview.status).toBe(200);
    expect(await everything()).toEqual(before.resources);

    expect((await merge('left', 'right')).status).toBe(200);
    await settle();
    expect(await statusOf('left')).toEqual([]);
    expect(await statusOf('right')).toEqual(['closed-gap']);
    expect(await patientOf('left')).toMatchObject({
      active: false,
      link: [{ other: { reference: 'Patient/right' }, type: 'replaced-by' }],
    });
    expect(await patientOf('right')).toMatchObject({
      identifier: [{ value: 'right' }, { value: 'left', use: 'old' }],
      link: [{ other: { reference: 'Patient/left' }, type: 'replaces' }],
    });
    expect(await findIds(practice.database, tenant, 'Observation', 'patient=right')).toContain('exact');
    expect((await findIds(practice.database, tenant, 'Group', 'member=Patient/right')).toSorted()).toEqual([
      'alone',
      'both',
      'large',
    ]);
    expect(await findIds(practice.database, tenant, 'Group', 'member=Patient/left')).toEqual([]);
    const both = JSON.parse((await readResource(practice.database, tenant, 'Group', 'both')).content ?? '');
    expect(
      both.member.map(({ entity, inactive }: { entity: object; inactive: boolean }) => [entity, inactive]),
    ).toEqual([
      [{ reference: 'Patient/right' }, true],
      [{ reference: 'Patient/right' }, false],
      [{ reference: 'Patient/somebody-1' }, false],
    ]);
    expect(await remarks()).toMatchObject([
      { patient: 'right', version: 1 },
      { patient: 'right', version: 2 },
      { patient: 'right', version: 3 },
    ]);

    const undone = await unmerge('left');
    expect(undone.status).toBe(200);
    await settle();
    expect(await everything()).toEqual(before.resources);
    expect(await gapState()).toEqual(before.gaps);
    expect(await remarks()).toEqual(before.remarks);
  });

  it('leaves a Provenance of both Patients, and an AuditEvent, for the merge and for its undoing', async () => {
    await practice.store(woman('p1'), woman('p2'));
    await merge('p1', 'p2');
    await unmerge('p1');
    const { rows } = await practice.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'Provenance' AND content LIKE '%Patient/p1/%' ORDER BY last_updated`,
      [tenant],
    );
    const found = rows.map(({ content }) => JSON.parse(content));
    expect(found.map(({ activity }) => activity.coding[0].code)).toEqual(['merge', 'unmerge']);
    expect(found.map(({ target }) => target.map(({ reference }: { reference: string }) => reference))).toEqual([
      ['Patient/p1/_history/2', 'Patient/p2/_history/2'],
      ['Patient/p2/_history/3', 'Patient/p1/_history/3'].toSorted(),
    ]);
  });

  it('that is undone leaves with the target what came since, and what was changed since as it is', async () => {
    await practice.store(woman('early'), woman('late'), mammogram('moved', 'early'));
    await merge('early', 'late');
    const moved = JSON.parse((await readResource(practice.database, tenant, 'Procedure', 'moved')).content ?? '');
    const renamed = { ...(await patientOf('late')), name: [{ family: 'Renamed' }] };
    await practice.store(
      { ...moved, note: [{ text: 'read again' }] },
      mammogram('newer', 'late'),
      renamed as unknown as FhirResource,
    );
    const { status, body } = await unmerge('early');
    expect([status, JSON.stringify(body)]).toEqual([200, expect.stringContaining('2 were changed since')]);
    const text = async (id: string) =>
      JSON.parse((await readResource(practice.database, tenant, 'Procedure', id)).content ?? '');
    expect(await text('moved')).toMatchObject({
      subject: { reference: 'Patient/early' },
      note: [{ text: 'read again' }],
    });
    expect(await text('newer')).toMatchObject({ subject: { reference: 'Patient/late' } });
    expect(await patientOf('late')).toMatchObject({ name: [{ family: 'Renamed' }] });
    expect((await patientOf('late')).link).toBeUndefined();
    expect((await patientOf('early')).active).toBeUndefined();
  });

  it('of chains is undone from its end, and has no circles', async () => {
    await practice.store(woman('a'), woman('b'), woman('c'), mammogram('of-a', 'a'));
    await merge('a', 'b');
    await merge('b', 'c');
    expect(await findIds(practice.database, tenant, 'Procedure', 'patient=c')).toEqual(['of-a']);
    const refused: readonly [Answer, RegExp][] = [
      [await merge('c', 'a'), /Patient\/a was merged into Patient\/b already: merge into that Patient/],
      [await merge('a', 'c'), /Patient\/a was merged into Patient\/b already: undo that merge/],
      [await unmerge('a'), /Patient\/b was merged into Patient\/c since: undo that first/],
      [await merge('c', 'c'), /with itself/],
      [await unmerge('c'), /was not merged into another/],
    ];
    for (const [answer, sentence] of refused) {
      expect(answer.status).toBe(422);
      expect(issuesOf(answer).join()).toMatch(sentence);
    }
    expect((await unmerge('b')).status).toBe(200);
    expect((await unmerge('a')).status).toBe(200);
    expect(await findIds(practice.database, tenant, 'Procedure', 'patient=a')).toEqual(['of-a']);
    expect((await unmerge('a')).status).toBe(422);
  });

  it.each([
    ['no source', [at('target-patient', 'open')], 400, /source-patient: is required/],
    ['an absent Patient', [at('source-patient', 'open'), at('target-patient', 'none')], 404, /does not exist/],
    [
      'an identifier of nobody',
      [{ name: 'source-patient-identifier', valueIdentifier: { value: 'x' } }, at('target-patient', 'open')],
      400,
      /0 have it/,
    ],
    [
      'a result with another id',
      [
        at('source-patient', 'open'),
        at('target-patient', 'closed'),
        { name: 'result-patient', resource: { resourceType: 'Patient', id: 'z' } },
      ],
      400,
      /the target's id, closed/,
    ],
  ])('refuses %s', async (_, values, status, sentence) => {
    const answer = await practice.post('Patient/$merge', parameters(values));
    expect([answer.status, issuesOf(answer).join()]).toEqual([status, expect.stringMatching(sentence)]);
  });

  it('takes identifiers, and a result', async () => {
    await practice.store(woman('i1'), woman('i2'));
    const result = { ...woman('i2'), name: [{ family: 'Chosen' }] };
    const answer = await practice.post(
      'Patient/$merge',
      parameters([
        { name: 'source-patient-identifier', valueIdentifier: { system: 'urn:mrn', value: 'i1' } },
        { name: 'target-patient-identifier', valueIdentifier: { system: 'urn:mrn', value: 'i2' } },
        { name: 'result-patient', resource: result },
      ]),
    );
    expect(answer.status).toBe(200);
    expect(await patientOf('i2')).toMatchObject({ name: [{ family: 'Chosen' }], link: [{ type: 'replaces' }] });
    await unmerge('i1');
    expect(await patientOf('i2')).toMatchObject({ name: [{ family: 'Split' }] });
  });

  it('that two ask for at once, in both directions, happens once', async () => {
    await practice.store(woman('x'), woman('y'), mammogram('of-x', 'x'), mammogram('of-y', 'y'));
    const answers = await Promise.all([merge('x', 'y'), merge('y', 'x'), merge('x', 'y')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422, 422]);
    const replaced = [await patientOf('x'), await patientOf('y')].filter(({ active }) => active === false);
    expect(replaced).toHaveLength(1);
    await unmerge(replaced[0]?.id ?? '');
  });

  it('a replaced patient is in no report, and stands for the other where it is named', async () => {
    await practice.store(woman('old'), woman('new'), visit('visit-new', 'new'));
    await merge('old', 'new');
    await settle();
    const everybody = await practice.get('Measure/$evaluate-measure', {
      measure: breast,
      ...year,
      reportType: 'subject-list',
    });
    expect(everybody.status).toBe(200);
    expect(JSON.stringify(everybody.body)).not.toContain('Patient/old');
    const named = await practice.get('Measure/$care-gaps', {
      measureUrl: breast,
      ...year,
      subject: 'Patient/old',
      status: ['open-gap', 'closed-gap', 'prospective-gap'],
    });
    expect(named.status).toBe(200);
    expect(JSON.stringify(named.body)).toContain('Patient/new');
    await unmerge('old');
  });

  it('and its undoing are the identity, whatever refers to whom', async () => {
    const kinds = fc.constantFrom('visit', 'mammogram', 'relative', 'appointment', 'roster', 'consent');
    const sides = fc.constantFrom('l', 'r');
    const made = fc.array(fc.tuple(kinds, sides, sides), { minLength: 1, maxLength: 8 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(made, async (items) => {
        run += 1;
        const [l, r] = [`l${run}`, `r${run}`];
        const who = (side: string): string => (side === 'l' ? l : r);
        const resources = items.map(([kind, first, second], n): FhirResource => {
          const id = `${kind}-${run}-${n}`;
          const reference = (side: string) => ({ reference: `Patient/${who(side)}` });
          if (kind === 'visit') return visit(id, who(first));
          if (kind === 'mammogram') return mammogram(id, who(first));
          if (kind === 'relative') return { resourceType: 'RelatedPerson', id, patient: reference(first) };
          if (kind === 'roster') return roster(id, [who(first), who(second)]);
          if (kind === 'consent')
            return {
              resourceType: 'List',
              id,
              status: 'current',
              mode: 'working',
              subject: reference(first),
              entry: [{ item: reference(second) }],
            };
          return {
            resourceType: 'Appointment',
            id,
            status: 'proposed',
            participant: [first, second].map((side) => ({ actor: reference(side), status: 'accepted' })),
          };
        });
        await practice.store(woman(l), woman(r), ...resources);
        const before = await everything();
        expect((await merge(l, r)).status).toBe(200);
        const merged = [...(await everything())].filter(([key]) => !key.startsWith('Patient/'));
        expect(JSON.stringify(merged)).not.toContain(`"Patient/${l}"`);
        expect((await unmerge(l)).status).toBe(200);
        expect(await everything()).toEqual(before);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});
