import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { find, put } from './practice.ts';

const attacks = [
  `'; DROP TABLE resource; --`,
  `' OR '1'='1`,
  `$1`,
  `\\' OR 1=1 --`,
  `"; SELECT 1`,
  '\u0000',
  `%' OR TRUE --`,
  `a\\`,
  '{a,b}',
];

const places: readonly ((attack: string) => string)[] = [
  (attack) => `Patient?name=${attack}`,
  (attack) => `Patient?name:exact=${attack}`,
  (attack) => `Patient?name:contains=${attack}`,
  (attack) => `Patient?identifier=${attack}`,
  (attack) => `Patient?identifier=${attack}|${attack}`,
  (attack) => `Patient?gender:not=male&_id=${attack}`,
  (attack) => `Patient?birthdate=${attack}`,
  (attack) => `Patient?organization=Organization/${attack}`,
  (attack) => `Patient?organization:identifier=${attack}`,
  (attack) => `Patient?organization.name=${attack}`,
  (attack) => `Patient?_has:Observation:patient:code=${attack}`,
  (attack) => `Patient?${attack}=1`,
  (attack) => `Patient?name:${attack}=1`,
  (attack) => `Patient?_sort=${attack}`,
  (attack) => `Patient?_include=Patient:${attack}`,
  (attack) => `Patient?_tag=${attack}`,
  (attack) => `Patient?_list=${attack}`,
  (attack) => `Patient?_count=${attack}`,
  (attack) => `Patient?_cursor=${Buffer.from(JSON.stringify([0, attack, attack, ''])).toString('base64url')}`,
  (attack) =>
    `Patient?_sort=birthdate&_cursor=${Buffer.from(JSON.stringify([0, 'Patient', 'x', 'birthdate', attack])).toString('base64url')}`,
  (attack) => `ValueSet?url:below=${attack}`,
  (attack) => `Observation?code-value-quantity=${attack}$${attack}`,
  (attack) => `Observation?value-quantity=1||${attack}`,
];

let database: Database;
beforeAll(async () => {
  database = await freshDatabase();
  await put(database, 'demo', { resourceType: 'Patient', id: 'p1', name: [{ family: 'Adams' }] });
  await put(database, 'other', { resourceType: 'Patient', id: 'secret', name: [{ family: 'Adams' }] });
});
afterAll(() => database.close());

describe('No part of a search becomes SQL', () => {
  it.each(attacks)('when it says %j', async (attack) => {
    const refusals = ['InvalidSearchValue', 'UnsupportedSearch', 'InvalidCursor'];
    for (const place of places) {
      const url = place(encodeURIComponent(attack));
      try {
        const { matches } = await find(database, url);
        expect(matches.map(({ id }) => id)).not.toContain('secret');
      } catch (error) {
        const { name, message } = error as Error;
        const refused = refusals.includes(name);
        expect({ url, message, refused }).toEqual({ url, message, refused: true });
      }
    }
    expect((await find(database, 'Patient?name=adams')).total).toBe(1);
  });
});
