import { allows, type Permission, parseScope } from '../../../server/auth/scopes.ts';

const all: readonly Permission[] = ['c', 'r', 'u', 'd', 's'];

describe('A scope', () => {
  it.each<[string, string]>([
    ['system/Patient.cruds', 'cruds'],
    ['system/*.cruds', 'cruds'],
    ['user/Patient.rs', 'rs'],
    ['user/Patient.cd', 'cd'],
    ['user/Patient.read', 'rs'],
    ['user/*.write', 'cud'],
    ['user/Patient.*', 'cruds'],
    ['user/Observation.cruds', ''],
    ['user/Patient.sr', ''],
    ['user/Patient.x', ''],
    ['user/Patient.', ''],
    ['patient/Patient.cruds', ''],
    ['user/Patient.rs?active=true', ''],
    ['launch', ''],
    ['openid', ''],
    ['admin/Patient.cruds', ''],
  ])('%s allows "%s" on Patient', (scope, allowed) => {
    expect(all.filter((permission) => allows([scope], 'Patient', permission)).join('')).toBe(allowed);
  });

  it('of one type does not allow what concerns all', () => {
    expect(allows(['system/Patient.rs'], '*', 'r')).toBe(false);
    expect(allows(['system/*.rs'], '*', 'r')).toBe(true);
  });

  it('adds to others', () => {
    expect(allows(['system/Patient.r', 'system/Patient.d'], 'Patient', 'd')).toBe(true);
    expect(allows([], 'Patient', 'r')).toBe(false);
  });

  it('is taken apart', () => {
    expect(parseScope('patient/Observation.rs?category=laboratory')).toEqual({
      context: 'patient',
      type: 'Observation',
      permissions: new Set(['r', 's']),
      query: 'category=laboratory',
    });
  });
});
