import type { DataRequirement, Extension } from '@medplum/fhirtypes';
import type { DataNeed } from '../measures/index.ts';

const valueFilterUrl = 'http://hl7.org/fhir/StructureDefinition/cqf-valueFilter';

/** A DataNeed as a FHIR DataRequirement. `valueFilter` is the URL of the extension in the wanted version of the guide. */
export function dataRequirement(need: DataNeed, valueFilter: string = valueFilterUrl): DataRequirement {
  return {
    ...(need.valuePath !== null && need.valueComparator !== null && { extension: [valueExtension(need, valueFilter)] }),
    type: need.resourceType as DataRequirement['type'],
    ...(need.profile !== null && { profile: [need.profile] }),
    ...((need.valueSet !== null || need.codes.length > 0) && {
      codeFilter: [
        {
          ...(need.codePath !== null && { path: need.codePath }),
          ...(need.valueSet === null ? { code: need.codes.map((code) => ({ ...code })) } : { valueSet: need.valueSet }),
        },
      ],
    }),
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

function valueExtension({ valuePath, valueComparator, value, unit }: DataNeed, url: string): Extension {
  return {
    url,
    extension: [
      { url: 'path', valueString: valuePath ?? '' },
      { url: 'comparator', valueCode: valueComparator ?? 'eq' },
      ...(value === null
        ? []
        : [
            {
              url: 'value',
              valueQuantity:
                unit === null || unit === '1'
                  ? { value }
                  : { value, unit, system: 'http://unitsofmeasure.org', code: unit },
            },
          ]),
    ],
  };
}
