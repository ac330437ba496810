import type { Extension } from '@medplum/fhirtypes';
import type { CqlValue } from '../../cql/index.ts';
import type { PopulationDefinition, PopulationResult } from '../../measures/index.ts';
import { codingOf, conceptOf, isList, quantityOf, textOf } from '../cql-value.ts';
import type { DeqmNames } from '../deqm-version.ts';
import { referenceOf } from '../references.ts';

type Evidence = NonNullable<PopulationResult['supportingEvidence']>;

/** A list shows so many of its values: evidence is to be read, the data itself is in evaluatedResource. */
const mostValues = 20;
const mostText = 1000;
const deepest = 3;

/**
 * Values of the expressions that a Measure names as supporting evidence of a population (cqf-supportingEvidence), one
 * extension for each, in the mapping of Using CQL With FHIR; lists repeat `value`, tuples are parts by name. Null, an
 * empty list and what is nested too deeply have no value.
 */
export function supportingEvidence(
  evidence: Evidence,
  definition: PopulationDefinition | null,
  { supportingEvidence: url }: DeqmNames,
): readonly Extension[] {
  if (url === null) return [];
  return evidence.map(({ name, value }) => {
    const defined = definition?.supportingEvidence?.find((each) => each.name === name);
    return {
      url,
      extension: [
        { url: 'name', valueCode: codeOf(name) },
        ...(defined?.description ? [{ url: 'description', valueString: defined.description }] : []),
        ...(defined?.code ? [{ url: 'code', valueCodeableConcept: conceptOf(defined.code) }] : []),
        ...values('value', value, 0),
      ],
    };
  });
}

/** A code has no white space at its ends and no two spaces in a row. */
function codeOf(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ');
}

function values(url: string, value: CqlValue, depth: number): readonly Extension[] {
  if (value === null || depth > deepest) return [];
  if (isList(value)) return value.slice(0, mostValues).flatMap((item) => values(url, item, depth + 1));
  if (typeof value !== 'object' || value.type !== 'Tuple') return [{ url, ...single(value) }];
  const parts = Object.entries(value.elements).flatMap(([name, part]) => values(uriOf(name), part, depth + 1));
  return parts.length === 0 ? [] : [{ url, extension: [...parts] }];
}

function uriOf(name: string): string {
  return encodeURIComponent(name);
}

type SingleValue = Exclude<CqlValue, null | readonly CqlValue[] | { readonly type: 'Tuple' }>;

function single(value: SingleValue): Omit<Extension, 'url'> {
  if (typeof value === 'boolean') return { valueBoolean: value };
  if (typeof value === 'number') {
    const isInteger = Number.isInteger(value) && Math.abs(value) < 2 ** 31;
    return isInteger ? { valueInteger: value } : { valueDecimal: value };
  }
  if (typeof value === 'string') return text(value);
  switch (value.type) {
    case 'Code':
      return { valueCoding: codingOf(value) };
    case 'Concept':
      return {
        valueCodeableConcept: { coding: value.codes.map(codingOf), ...(value.display && { text: value.display }) },
      };
    case 'Quantity':
      return { valueQuantity: quantityOf(value) };
    case 'Ratio':
      return {
        valueRatio: { numerator: quantityOf(value.numerator), denominator: quantityOf(value.denominator) },
      };
    case 'Date':
      return { valueDate: value.value };
    case 'DateTime':
      return { valueDateTime: value.value };
    case 'Time':
      return { valueTime: value.value };
    case 'Resource': {
      const reference = referenceOf(value.resource);
      return reference === null ? text(value.resource.resourceType) : { valueReference: { reference } };
    }
    default:
      return text(textOf(value));
  }
}

function text(value: string): Omit<Extension, 'url'> {
  return { valueString: value === '' ? '(empty)' : value.slice(0, mostText) };
}
