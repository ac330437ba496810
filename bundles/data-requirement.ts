import type { DataRequirement, DataRequirementCodeFilter, Extension } from '@medplum/fhirtypes';
import type { DataNeed } from '../measures/index.ts';

const valueFilterUrl = 'http://hl7.org/fhir/StructureDefinition/cqf-valueFilter';

/**
 * A DataNeed as a FHIR DataRequirement. All filters of it must hold: the code, what elements must have, the values, the
 * dates. `valueFilter` is the URL of the extension in the wanted version of the guide.
 */
export function dataRequirement(need: DataNeed, valueFilter: string = valueFilterUrl): DataRequirement {
  const codes = codeFilters(need);
  const values = valueFilters(need, valueFilter);
  return {
    ...(values.length > 0 && { extension: values }),
    type: need.resourceType as DataRequirement['type'],
    ...(need.profile !== null && { profile: [need.profile] }),
    ...(codes.length > 0 && { codeFilter: codes }),
    ...(need.datePath !== null &&
      (need.dateFrom !== null || need.dateTo !== null) && {
        dateFilter: [
          {
            path: need.datePath,
            valuePeriod: {
              ...(need.dateFrom !== null && { start: need.dateFrom }),
              ...(need.dateTo !== null && { end: need.dateTo }),
            },
          },
        ],
      }),
  };
}

/** The code of the data itself, of the component that is read, and of elements that must have one. */
function codeFilters(need: DataNeed): DataRequirementCodeFilter[] {
  const { component, elements = [] } = need;
  return [
    ...codeFilter(need.codePath, need.codes, need.valueSet),
    ...(component === undefined ? [] : codeFilter('component.code', [component], null)),
    ...elements.flatMap(({ path, codes, valueSet }) => codeFilter(path, codes, valueSet)),
  ];
}

function codeFilter(
  path: string | null,
  codes: DataNeed['codes'],
  valueSet: string | null,
): readonly DataRequirementCodeFilter[] {
  if (valueSet === null && codes.length === 0) return [];
  return [
    {
      ...(path !== null && { path }),
      ...(valueSet === null ? { code: codes.map((code) => ({ ...code })) } : { valueSet }),
    },
  ];
}

/** One filter for each bound; all of them must hold (cqf-valueFilter). */
function valueFilters({ valuePath, valueComparator, value, unit, values, component }: DataNeed, url: string) {
  const path = component === undefined ? valuePath : 'component.value';
  const single = valueComparator === null ? [] : [{ comparator: valueComparator, value, unit }];
  return path === null ? [] : (values ?? single).map((bound) => valueExtension(path, bound, url));
}

function valueExtension(
  path: string,
  { comparator, value, unit }: { comparator: string; value: number | null; unit: string | null },
  url: string,
): Extension {
  const measured = unit === null || unit === '1' ? {} : { unit, system: 'http://unitsofmeasure.org', code: unit };
  return {
    url,
    extension: [
      { url: 'path', valueString: path },
      { url: 'comparator', valueCode: comparator },
      ...(value === null ? [] : [{ url: 'value', valueQuantity: { value, ...measured } }]),
    ],
  };
}
