import { existsSync, readFileSync } from 'node:fs';
import { unpackCodes, unpackRuns } from './code-list.ts';
import { UnsupportedRiskScore } from './errors.ts';
import type { HccModelId } from './models/model.ts';
import type { ModelYear, PaymentYear } from './payment-year.ts';
import type {
  CoefficientFile,
  EditFile,
  EditRow,
  EligibleFile,
  HierarchyFile,
  LabelFile,
  MappingFile,
  TableVersion,
} from './table-files.ts';

export type Edit = Omit<EditRow, 'codes'>;

/** The tables of one model in one payment year, ready to look things up in. */
export interface ModelTables {
  /** Condition categories by ICD-10-CM code without a dot. */
  readonly categories: ReadonlyMap<string, readonly number[]>;
  readonly hierarchy: HierarchyFile['parents'];
  label(category: number): string;
  /** Thousandths, by segment and variable; none where no score can be computed. */
  readonly coefficients: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly edits: ReadonlyMap<string, readonly Edit[]>;
  /** Every table, with its source and status in this year. */
  readonly versions: readonly TableVersion[];
}

export interface EligibleCodes {
  readonly codes: ReadonlySet<string>;
  readonly version: TableVersion;
}

/** The tables by year, read when they are asked for, each once. */
export interface HccTables {
  /** @throws UnsupportedRiskScore for a year that is not installed */
  year(paymentYear: number): PaymentYear;
  /** @throws UnsupportedRiskScore for a model that the year does not have, with the reason */
  model(paymentYear: number, model: HccModelId): ModelTables & { readonly inYear: ModelYear };
  eligible(paymentYear: number): EligibleCodes;
}

const shipped = new URL('.', import.meta.url);

/** @param folder holds `years` and `tables`; those that are shipped unless told */
export function openHccTables(folder: URL = shipped): HccTables {
  const kept = new Map<string, unknown>();
  const once = <Value>(key: string, make: () => Value): Value => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key) as Value;
  };
  const read = <File>(path: string): File =>
    once(path, () => JSON.parse(readFileSync(new URL(`${path}.json`, folder), 'utf8')));
  const table = <File>(id: string): File => read(`tables/${id}`);

  const years = new Map<number, PaymentYear>();
  const year = (paymentYear: number): PaymentYear => {
    const known = years.get(paymentYear) ?? readYear(paymentYear);
    years.set(paymentYear, known);
    return known;
  };
  const readYear = (paymentYear: number): PaymentYear => {
    const path = `years/${paymentYear}`;
    if (!Number.isInteger(paymentYear) || !existsSync(new URL(`${path}.json`, folder)))
      throw new UnsupportedRiskScore(
        `Payment year ${paymentYear} has no tables: 2024 to 2027 are installed, which pay for services of 2023 to 2026`,
      );
    return read<PaymentYear>(path);
  };
  return {
    year,
    model(paymentYear, id) {
      const { models, refusedModels } = year(paymentYear);
      const inYear = models[id];
      if (inYear === undefined)
        throw new UnsupportedRiskScore(
          `${id} cannot be computed for payment year ${paymentYear}: ${refusedModels[id] ?? 'no tables'}`,
        );
      const { tables } = inYear;
      return once(`${paymentYear} ${id}`, () => {
        const mapping = table<MappingFile>(tables.mapping);
        const hierarchy = table<HierarchyFile>(tables.hierarchy);
        const labels = table<LabelFile>(tables.labels);
        const coefficients = tables.coefficients === undefined ? null : table<CoefficientFile>(tables.coefficients);
        const edits = table<EditFile>(tables.edits);
        const files = [mapping, hierarchy, labels, edits, ...(coefficients === null ? [] : [coefficients])];
        return {
          inYear,
          categories: once(mapping.id, () => categoriesOf(mapping, (base) => table<MappingFile>(base))),
          hierarchy: hierarchy.parents,
          label: (category: number) => labels.labels[category] ?? '',
          coefficients: once(`read ${coefficients?.id}`, () => coefficientsOf(coefficients)),
          edits: once(edits.id, () => editsOf(edits)),
          versions: files.map((file) => versionIn(file, file === mapping ? tables.derived : undefined)),
        };
      });
    },
    eligible(paymentYear) {
      const { eligibleCodes } = year(paymentYear);
      return once(`eligible ${paymentYear}`, () => {
        const file = table<EligibleFile>(eligibleCodes.table);
        const codes = (one: EligibleFile): Set<string> => {
          const all = one.base === undefined ? new Set<string>() : codes(table<EligibleFile>(one.base));
          for (const code of unpackRuns(one.remove ?? '')) all.delete(code);
          return all.union(new Set(unpackRuns(one.add)));
        };
        return { codes: codes(file), version: versionIn(file, eligibleCodes.derived) };
      });
    },
  };
}

/** A table that stands in for another year's is derived, or provisional if it is that already. */
function versionIn({ id, year, source, status, note }: TableVersion, derived: string | undefined): TableVersion {
  const notes = [note, derived].filter((text) => text !== undefined).join('; ');
  return {
    id,
    year,
    source,
    status: derived !== undefined && status === 'final' ? 'derived' : status,
    ...(notes !== '' && { note: notes }),
  };
}

function categoriesOf(
  { base, add, remove }: MappingFile,
  find: (id: string) => MappingFile,
): Map<string, readonly number[]> {
  const categories = base === undefined ? new Map<string, readonly number[]>() : categoriesOf(find(base), find);
  for (const [category, codes] of Object.entries(remove ?? {}))
    for (const code of unpackCodes(codes)) {
      const left = (categories.get(code) ?? []).filter((one) => one !== Number(category));
      if (left.length === 0) categories.delete(code);
      else categories.set(code, left);
    }
  for (const [category, codes] of Object.entries(add))
    for (const code of unpackCodes(codes)) categories.set(code, [...(categories.get(code) ?? []), Number(category)]);
  return categories;
}

function coefficientsOf(file: CoefficientFile | null): Map<string, Map<string, number>> {
  const coefficients = new Map<string, Map<string, number>>();
  for (const { segments, variables } of file?.blocks ?? [])
    for (const [index, segment] of segments.entries()) {
      const present = Object.entries(variables).flatMap(([variable, values]): [string, number][] => {
        const value = values[index];
        return typeof value === 'number' ? [[variable, value]] : [];
      });
      coefficients.set(segment, new Map(present));
    }
  return coefficients;
}

function editsOf({ edits }: EditFile): Map<string, Edit[]> {
  const byCode = new Map<string, Edit[]>();
  for (const { codes, ...edit } of edits)
    for (const code of unpackCodes(codes)) byCode.set(code, [...(byCode.get(code) ?? []), edit]);
  return byCode;
}
