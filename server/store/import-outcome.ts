import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { RejectedLine } from './import-source.ts';

/** Extension of an OperationOutcome about a line that was not stored: where it is, what it seems to be, and itself. */
export const rejectedLineUrl = 'http://gapless.health/StructureDefinition/rejected-line';

/** A line of the error file: why a line of the source was not stored, with all that is needed to send it again. */
export function rejectionOutcome(line: RejectedLine): OperationOutcome {
  const about = [line.resourceType, line.id].filter((part) => part !== null).join('/');
  const place = `line ${line.line} of ${line.source}`;
  return {
    resourceType: 'OperationOutcome',
    extension: [
      {
        url: rejectedLineUrl,
        extension: [
          { url: 'source', valueString: line.source },
          // Longer than FHIR's integers reach.
          { url: 'line', valueDecimal: line.line },
          { url: 'offset', valueDecimal: line.offset },
          { url: 'bytes', valueDecimal: line.bytes },
          ...(line.resourceType === null ? [] : [{ url: 'resourceType', valueString: line.resourceType }]),
          ...(line.id === null ? [] : [{ url: 'id', valueString: line.id }]),
          { url: 'content', valueString: line.text },
        ],
      },
    ],
    issue: [
      {
        severity: line.severity,
        code: line.code as OperationOutcomeIssue['code'],
        diagnostics: `${place}${about === '' ? '' : ` (${about})`}: ${line.diagnostics}`,
        ...(line.expression.length === 0 ? {} : { expression: [...line.expression] }),
      },
    ],
  };
}
