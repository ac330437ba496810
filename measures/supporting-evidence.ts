import type { ElmNode, LinkedLibrary } from '../cql/index.ts';
import type { MeasureDefinition, SupportingEvidenceDefinition } from './definition.ts';

/** Name of the definition, added to the measure's library, that gives an expression of supporting evidence. */
export function evidenceName(expression: string): string {
  return `${expression} (supporting evidence)`;
}

export function allEvidence({ groups }: MeasureDefinition): readonly SupportingEvidenceDefinition[] {
  return groups.flatMap(({ populations }) => populations.flatMap(({ supportingEvidence = [] }) => supportingEvidence));
}

/**
 * Definitions that give the supporting evidence of a measure: each refers to a definition of its library or, where the
 * name is qualified (`Common.Visits`), of one that it includes (cqf-supportingEvidenceDefinition).
 */
export function evidenceDefinitions(definition: MeasureDefinition, linked: LinkedLibrary): Map<string, ElmNode> {
  const includes = new Set((linked.main.library.includes?.def ?? []).map(({ localIdentifier }) => localIdentifier));
  return new Map(
    allEvidence(definition).map(({ expression }): [string, ElmNode] => {
      const [, alias, name] = /^"?([^".]+)"?\."?([^"]+)"?$/.exec(expression) ?? [];
      const isIncluded = alias !== undefined && name !== undefined && includes.has(alias);
      const reference = isIncluded ? { name, libraryName: alias } : { name: expression };
      return [evidenceName(expression), { type: 'ExpressionRef', ...reference }];
    }),
  );
}
