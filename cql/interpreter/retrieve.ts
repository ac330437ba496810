import cql from 'cql-execution';
import external from 'cql-execution/lib/elm/external.js';
import type { LibraryContext, RowContext } from './contexts.ts';
import { FhirObject } from './fhir-object.ts';
import type { RetrieveDetails } from './record-view.ts';
import { HashedValueSet } from './value-set-codes.ts';

/**
 * ELM, Retrieve: answered by the record's index instead of a walk through all resources. `codes` may also be a single
 * code, as published content has it, and the comparator reaches the record, which needs it for negated value sets.
 */
export class IndexedRetrieve extends external.Retrieve {
  readonly codeComparator: string | null;

  constructor(json: { codeComparator?: string }) {
    super(json);
    this.codeComparator = json.codeComparator ?? null;
  }

  override async exec(context: LibraryContext | RowContext): Promise<FhirObject[]> {
    const root = context.rootContext();
    root.evaluation.step();
    const filter: unknown = this.codes ? await this.codes.execute(context) : undefined;
    const found = this.codes && filter == null ? [] : await this.#find(filter, root, context);
    if (root.evaluation.traced && this.localId !== undefined)
      root.evaluation.retrieves.push({
        library: root.key,
        localId: this.localId,
        resources: found.map((object) => identityOf(FhirObject.jsonOf(object))),
      });
    return found;
  }

  async #find(filter: unknown, root: LibraryContext, context: LibraryContext | RowContext): Promise<FhirObject[]> {
    const found: FhirObject[] = root.view.find({
      datatype: this.datatype,
      templateId: this.templateId ?? null,
      codeProperty: this.codeProperty ?? null,
      codeComparator: this.codeComparator,
      codes: filter === undefined ? null : codesOf(filter, root),
    });
    const property = this.dateProperty;
    if (!this.dateRange || property == null) return found;
    const range: InstanceType<typeof cql.Interval> | null = await this.dateRange.execute(context);
    return found.filter((object) => range?.includes(object.getDateOrInterval(property)) === true);
  }
}

function codesOf(filter: unknown, root: LibraryContext): RetrieveDetails['codes'] {
  if (filter instanceof HashedValueSet) return filter;
  if (filter instanceof cql.CQLValueSet) return root.codes.findValueSet(filter.id, filter.version);
  return codeList(filter);
}

function codeList(filter: unknown): InstanceType<typeof cql.Code>[] {
  if (Array.isArray(filter)) return filter.flatMap(codeList);
  if (filter instanceof cql.Concept) return filter.codes;
  return filter instanceof cql.Code ? [filter] : [];
}

function identityOf(json: { readonly [property: string]: unknown }): { resourceType: string; id?: string } {
  const resourceType = String(json['resourceType']);
  return typeof json['id'] === 'string' ? { resourceType, id: json['id'] } : { resourceType };
}
