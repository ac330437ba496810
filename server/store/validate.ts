import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import { indexTypes, indexTypesOf, isResourceType } from '../search/definitions.ts';
import { UnknownResourceType } from '../search/errors.ts';
import { InvalidId, InvalidResource, type Issue, WrongResourceType } from './errors.ts';
import { isPlainlyValid } from './structure-check.ts';

const idFormat = /^[A-Za-z0-9.-]{1,64}$/;

/** @throws InvalidId unless it is a FHIR id (R4 datatypes.html#id) */
export function checkId(id: string, expression: readonly string[] = []): void {
  if (!idFormat.test(id)) {
    throw new InvalidId('An id has 1 to 64 of the characters A-Z, a-z, 0-9, "-" and "."', expression);
  }
}

/**
 * Is the value a resource of the type?
 *
 * @param type the type of the URL; null when any type will do
 * @throws InvalidResource, UnknownResourceType, WrongResourceType
 */
export function checkType(value: unknown, type: string | null): asserts value is FhirResource {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidResource([issue('structure', 'the body must be a JSON object: a FHIR resource', type ?? '')]);
  }
  const actual: unknown = 'resourceType' in value ? value.resourceType : undefined;
  if (typeof actual !== 'string') {
    throw new InvalidResource([issue('required', 'resourceType is missing', 'resourceType')]);
  }
  if (!isResourceType(actual)) throw new UnknownResourceType(actual);
  if (type !== null && actual !== type) throw new WrongResourceType(type, actual, ['resourceType']);
}

/**
 * Validates plain JSON against the R4 definition of its type: elements, cardinality, types, formats, invariants.
 *
 * @returns what is wrong, errors and warnings; empty when all is well
 */
export function validate(resource: Resource): Issue[] {
  if (holdsResources(resource)) indexTypesOf(resource);
  else indexTypes([resource.resourceType]);
  try {
    // Attachments carry whole libraries: the size of a request is limited where it comes in, not here.
    return validateResource(resource, { base64BinaryMaxBytes: Number.MAX_SAFE_INTEGER }).map(toIssue);
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return (error.outcome.issue ?? []).map(toIssue);
  }
}

/** @throws InvalidResource when there are errors; warnings pass */
export function assertValid(resource: Resource): void {
  indexTypes([resource.resourceType]);
  if (isPlainlyValid(resource)) return;
  const errors = validate(resource).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new InvalidResource(errors);
}

function holdsResources(resource: Resource): boolean {
  return 'contained' in resource || resource.resourceType === 'Bundle' || resource.resourceType === 'Parameters';
}

function toIssue(found: {
  severity?: string;
  code?: string;
  details?: { text?: string };
  diagnostics?: string;
  expression?: string[];
}): Issue {
  const severity = found.severity === 'warning' || found.severity === 'information' ? found.severity : 'error';
  return {
    severity,
    code: found.code ?? 'invalid',
    diagnostics: found.details?.text ?? found.diagnostics ?? 'the resource is not valid',
    expression: found.expression ?? [],
  };
}

function issue(code: string, diagnostics: string, expression: string): Issue {
  return { severity: 'error', code, diagnostics, expression: [expression] };
}
