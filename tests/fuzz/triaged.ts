import { CqlError, type ElmNode } from '../../cql/index.ts';
import type { Difference } from './differences.ts';
import {
  childrenOf,
  endsBeforeStart,
  has,
  isClosedNull,
  isInterval,
  isOpenNull,
  pointTypeOf,
  someNode,
} from './nodes.ts';

/** A difference between the engines that has been decided. */
export interface Triaged {
  readonly what: string;
  /** Section of the CQL specification (1.5.3) that decides; Reference B is its list of operators. */
  readonly section: string;
  readonly right: 'compiled' | 'interpreted' | 'either';
  applies(difference: Difference): boolean;
}

/** As narrow as they can be: a rule hides every difference that it applies to. */
export const triaged: readonly Triaged[] = [
  {
    what: 'an interval whose end is before its start is an error',
    section: 'Author 2, Interval Values; Reference B, Interval selector',
    right: 'compiled',
    applies: ({ compiled }) => failed(compiled, /must not end before it starts/),
  },
  {
    what: 'a date outside of the years 1 to 9999 is an error (HL7 test DateTimeAddInvalidYears)',
    section: 'Reference B, Add (DateTime)',
    right: 'compiled',
    applies: ({ compiled }) => failed(compiled, /left the years 1 to 9999/),
  },
  {
    what: 'the interpreter breaks (an error of JavaScript) where the operator is defined',
    section: 'Reference B, the operator in question',
    right: 'compiled',
    applies: ({ interpreted, compiled }) =>
      !(compiled instanceof CqlError) &&
      failed(interpreted, / is not a function|Cannot read properties|could not be computed/),
  },
  {
    what: 'integers overflow to null; least and greatest Decimal and Quantity are no integers',
    section: 'Reference B, Arithmetic Operators; Minimum, Maximum',
    right: 'compiled',
    applies: ({ expression, interpreted }) =>
      /\d{10}/.test(JSON.stringify(interpreted)) ||
      someNode(
        expression,
        (node) =>
          canOverflow.has(node.type ?? '') &&
          someNode(node, ({ type, value }) => type === 'Literal' && /^-?\d{5,}$/.test(String(value))),
      ),
  },
  {
    what: 'decimals are exact; the interpreter has binary fractions, and takes whole ones for integers',
    section: 'Author 2, Decimal; Reference B, Modulo, Predecessor, Successor',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          (['Modulo', 'TruncatedDivide', 'Round'].includes(node.type ?? '') && pointTypeOf(node) === 'Decimal') ||
          (node.type === 'Interval' &&
            ['Decimal', 'Quantity'].includes(pointTypeOf(node) ?? '') &&
            (node.lowClosed === false || node.highClosed === false)),
      ),
  },
  {
    what: 'decimals are equivalent at the precision of the less precise one',
    section: 'Reference B, Equivalent (Decimal)',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, ({ type }) => type === 'Equivalent') &&
      someNode(expression, ({ type, valueType }) => type === 'Literal' && String(valueType).endsWith('Decimal')),
  },
  {
    what: 'a point beside an interval: the interpreter compares the point with the interval as a whole',
    section: 'Reference B, Before, After, On Or Before, On Or After',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, (node) => {
        const [left, right] = childrenOf(node);
        return (
          relative.has(node.type ?? '') &&
          left !== undefined &&
          right !== undefined &&
          isInterval(left) !== isInterval(right)
        );
      }),
  },
  {
    what: 'a closed boundary that is null is the least or greatest value',
    section: 'Author 2, Interval Values; Reference B, Start, End',
    right: 'compiled',
    applies: ({ expression }) => someNode(expression, isClosedNull),
  },
  {
    what: 'whether intervals with an unknown boundary or imprecise dates touch is not known: null, or what is certain',
    section: 'Author 5, Comparing Dates and Times; Reference B, Intersect, Union, Except, Collapse, Overlaps',
    right: 'either',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          setOperators.has(node.type ?? '') &&
          (node.type === 'Collapse' || childrenOf(node).some(isInterval)) &&
          someNode(node, isUncertain),
      ),
  },
  {
    what: 'Intersect of intervals of quantities: the interpreter takes the lesser of the lower boundaries',
    section: 'Reference B, Intersect',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, (node) => setOperators.has(node.type ?? '') && pointTypeOf(node) === 'Quantity'),
  },
  {
    what: 'an open boundary excludes its value, whatever the precision that is asked for',
    section: 'Reference B, In, Contains, Collapse: start and end of an open interval',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          (node.type === 'Collapse' || 'precision' in node) &&
          someNode(node, (inner) => inner.lowClosed === false || inner.highClosed === false),
      ),
  },
  {
    what: 'Flatten of null lists: the specification does not say',
    section: 'Reference B, Flatten',
    right: 'either',
    applies: ({ expression }) => someNode(expression, (node) => node.type === 'Flatten' && has(node, 'Null')),
  },
  {
    what: 'a query without return clause is distinct in the interpreter only',
    section: 'ELM 10, Query: distinct is a property of the return clause',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, (node) => node.type === 'Query' && !('return' in node) && !sourceIsRetrieve(node)),
  },
  {
    what: 'quantities of different dimensions cannot be compared or added',
    section: 'Author 2, Quantities; Reference B, Comparison Operators',
    right: 'compiled',
    applies: ({ expression }) => units(expression, (unit) => unit.replace(/^[mk]?g$/, 'g')) > 1,
  },
  {
    what: 'a sum of quantities has the more granular unit',
    section: 'Reference B, Add, Subtract (Quantity)',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, (node) => (node.type === 'Add' || node.type === 'Subtract') && units(node, String) > 1),
  },
  {
    what: 'ToInteger of a text that is no number is null',
    section: 'Reference B, ToInteger',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          node.type === 'ToInteger' &&
          childrenOf(node).some(({ type, value }) => type !== 'Literal' || !/^[+-]?\d+$/.test(String(value))),
      ),
  },
  {
    what: 'what operators make of a duration that is uncertain is not said beyond comparison',
    section: 'Author 5, Timing and Uncertainty',
    right: 'either',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) => computing.has(node.type ?? '') && someNode(node, ({ type }) => durations.has(type ?? '')),
      ),
  },
  {
    what: 'lists of different lengths are not equal, whatever is null in them',
    section: 'Reference B, Equal (List)',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) => (node.type === 'Equal' || node.type === 'NotEqual') && has(node, 'List') && has(node, 'Null'),
      ),
  },
  {
    what: 'the least and the greatest of dates that differ in precision are not known',
    section: 'Author 5, Comparing Dates and Times; Reference B, Min, Max',
    right: 'either',
    applies: ({ expression }) =>
      someNode(expression, (node) => (node.type === 'Min' || node.type === 'Max') && someNode(node, isUncertain)),
  },
  {
    what: 'an interval of which neither boundary is known may itself be null',
    section: 'Author 2, Interval Values; ELM 2, Interval',
    right: 'either',
    applies: ({ interpreted }) => /"low":null,"high":null/.test(JSON.stringify(interpreted)),
  },
  {
    what: 'intervals with an unknown boundary are not known to be equal, so that a distinct query keeps both',
    section: 'Reference B, Equal (Interval); Distinct',
    right: 'compiled',
    applies: ({ expression }) => someNode(expression, (node) => node.type === 'Query' && someNode(node, isOpenNull)),
  },
  {
    what: 'a separator that is null is no text "null"',
    section: 'Reference B, Combine',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        ({ type, separator }) =>
          type === 'Combine' &&
          someNode(separator, (part) => ['Null', 'Property', 'Substring', 'Combine'].includes(part.type ?? '')),
      ),
  },
  {
    what: 'the union with a null list has no duplicates either',
    section: 'Reference B, Union (List)',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(expression, (node) => node.type === 'Union' && !childrenOf(node).some(isInterval) && has(node, 'Null')),
  },
  {
    what: 'the difference with a null list is a set too',
    section: 'Reference B, Except (List): the set difference, with duplicates eliminated',
    right: 'either',
    applies: ({ expression }) =>
      someNode(expression, (node) => node.type === 'Except' && !childrenOf(node).some(isInterval) && has(node, 'Null')),
  },
  {
    what: 'a comparison with a date that lacks parts is null where what it has is the same, whatever the offsets',
    section: 'Author 5, Comparing Dates and Times; Reference B, Before, After, Less, In, Contains',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          comparing.has(node.type ?? '') &&
          someNode(
            node,
            ({ type, ...parts }) => (type === 'DateTime' || type === 'Date') && isUncertain({ type, ...parts }),
          ),
      ),
  },
  {
    what: 'there is no interval whose computed bounds end it before it starts; by which conversion of units, the interpreter does not see',
    section: 'Author 2, Interval Values; Reference B, Width',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) => node.type === 'Width' || (pointTypeOf(node) === 'Quantity' && endsBeforeStart(node)),
      ),
  },
  {
    what: 'a week is seven days, also where it is taken from a date without days: 13 weeks are 3 months',
    section: 'Author 5, Date/Time Arithmetic: a quantity finer than the date is converted to its precision',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        (node) =>
          (node.type === 'Add' || node.type === 'Subtract') &&
          someNode(node, ({ type, unit }) => type === 'Quantity' && /^week/.test(String(unit))) &&
          someNode(node, ({ type, ...parts }) => type === 'Date' && isUncertain({ type, ...parts })),
      ),
  },
  {
    what: 'a substring of no characters of an empty text is an empty text (HL7 test SubstringEmptyAnd0)',
    section: 'Reference B, Substring',
    right: 'compiled',
    applies: ({ expression }) =>
      someNode(
        expression,
        ({ type, stringToSub }) =>
          type === 'Substring' && someNode(stringToSub, (part) => part.type !== 'Literal' || part.value === ''),
      ),
  },
];

/** The first rule that explains the difference; null when it is news. */
export function ruleOf(difference: Difference): Triaged | null {
  return triaged.find(({ applies }) => applies(difference)) ?? null;
}

/** What can leave the range of Integer. */
const canOverflow = new Set([
  'Abs',
  'Add',
  'Multiply',
  'Negate',
  'Predecessor',
  'Size',
  'Subtract',
  'Successor',
  'Sum',
  'Truncate',
  'TruncatedDivide',
  'Width',
  'Start',
  'End',
  'Interval',
]);
const comparing = new Set([
  'After',
  'Before',
  'Contains',
  'Greater',
  'GreaterOrEqual',
  'In',
  'Interval',
  'Less',
  'LessOrEqual',
  'SameAs',
  'SameOrAfter',
  'SameOrBefore',
]);
const relative = new Set(['Before', 'After', 'SameOrBefore', 'SameOrAfter']);
const setOperators = new Set([
  'Intersect',
  'Union',
  'Except',
  'Collapse',
  'Overlaps',
  'OverlapsBefore',
  'OverlapsAfter',
]);
const computing = new Set([
  'Abs',
  'Add',
  'Indexer',
  'Modulo',
  'Multiply',
  'Negate',
  'Predecessor',
  'ProperContains',
  'ProperIn',
  'Substring',
  'Subtract',
  'Successor',
  'ToDecimal',
  'ToString',
  'TruncatedDivide',
]);
const durations = new Set(['DurationBetween', 'DifferenceBetween', 'CalculateAgeAt']);

function failed(value: Difference['compiled'], message: RegExp): boolean {
  return value instanceof CqlError && message.test(value.message);
}

/** A null, an element that may be one, or a date without a day. */
function isUncertain({ type, ...parts }: { readonly type?: string; readonly [part: string]: unknown }): boolean {
  if (type === 'Date') return !('day' in parts);
  if (type === 'DateTime') return !('millisecond' in parts);
  return type === 'Null' || type === 'Property';
}

function sourceIsRetrieve({ source }: ElmNode): boolean {
  return Array.isArray(source) && source.every((each) => each?.expression?.type === 'Retrieve');
}

function units(expression: unknown, name: (unit: string) => string): number {
  const found = new Set<string>();
  someNode(expression, ({ type, unit }) => {
    if (type === 'Quantity') found.add(name(String(unit)));
    return false;
  });
  return found.size;
}
