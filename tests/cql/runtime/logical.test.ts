import * as cql from '../../../cql/runtime/index.ts';

const rows: [boolean | null, boolean | null, boolean | null, boolean | null, boolean | null, boolean | null][] = [
  // a, b, and, or, xor, implies
  [true, true, true, true, false, true],
  [true, false, false, true, true, false],
  [true, null, null, true, null, null],
  [false, true, false, true, true, true],
  [false, false, false, false, false, true],
  [false, null, false, null, null, true],
  [null, true, null, true, null, true],
  [null, false, false, null, null, null],
  [null, null, null, null, null, null],
];

describe('13. Three-valued logic', () => {
  it.each(rows)('%s and %s', (a, b, and, or, xor, implies) => {
    expect([cql.And(a, b), cql.Or(a, b), cql.Xor(a, b), cql.Implies(a, b)]).toEqual([and, or, xor, implies]);
  });
  it('negates', () => expect([true, false, null].map(cql.Not)).toEqual([false, true, null]));
});

describe('14. Nullological operators', () => {
  it('choose the first that is not null, of operands or of one list', () => {
    expect([cql.Coalesce(null, 1, 2), cql.Coalesce([null, 1]), cql.Coalesce(null, [1]), cql.Coalesce([])]).toEqual([
      1,
      1,
      [1],
      null,
    ]);
  });
  it('test without null', () => {
    expect([
      cql.IsNull(null),
      cql.IsNull(false),
      cql.IsTrue(null),
      cql.IsTrue(true),
      cql.IsFalse(null),
      cql.IsFalse(false),
    ]).toEqual([true, false, false, true, false, true]);
  });
});
