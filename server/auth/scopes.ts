import { ForbiddenByScope } from '../store/errors.ts';

/** SMART v2 permissions: create, read, update, delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's';

/** A clinical scope, `user/Observation.rs?category=laboratory`, taken apart. */
export interface ClinicalScope {
  readonly context: 'patient' | 'user' | 'system';
  /** Resource type; `*` for all. */
  readonly type: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Search parameters that narrow it; '' for none. */
  readonly query: string;
}

const pattern = /^(patient|user|system)\/([A-Z][A-Za-z]*|\*)\.([a-z]+|\*)(?:\?(.*))?$/;
const versionOne: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };
const letters: readonly Permission[] = ['c', 'r', 'u', 'd', 's'];

/**
 * Reads a SMART scope of version 2, or of version 1 (`.read` is rs, `.write` is cud, `.*` is cruds).
 *
 * @returns null for what is not a clinical scope: `launch`, `openid`, letters out of order
 */
export function parseScope(scope: string): ClinicalScope | null {
  const [, context, type = '', permission = '', query = ''] = pattern.exec(scope) ?? [];
  if (context !== 'patient' && context !== 'user' && context !== 'system') return null;
  const text = versionOne[permission] ?? permission;
  if (!/^c?r?u?d?s?$/.test(text)) return null;
  return { context, type, permissions: new Set(letters.filter((letter) => text.includes(letter))), query };
}

/**
 * Do the scopes allow an interaction on a type? A scope with a query, or of one patient (`patient/`), allows nothing
 * here: what it would filter is not filtered yet, and a narrower grant must never act as a wider one.
 *
 * @param type `*` for an interaction on all types, such as the history of the system
 */
export function allows(scopes: readonly string[], type: string, permission: Permission): boolean {
  return scopes.some((text) => {
    const scope = parseScope(text);
    return (
      scope !== null &&
      scope.context !== 'patient' &&
      scope.query === '' &&
      (scope.type === '*' || scope.type === type) &&
      scope.permissions.has(permission)
    );
  });
}

const words: Readonly<Record<Permission, string>> = {
  c: 'create',
  r: 'read',
  u: 'update',
  d: 'delete',
  s: 'search',
};

/** @throws ForbiddenByScope unless the scopes allow it */
export function requireScope(scopes: readonly string[], type: string, permission: Permission): void {
  if (!allows(scopes, type, permission)) throw new ForbiddenByScope(type, words[permission]);
}
