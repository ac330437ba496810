import { createCompiler } from '../../cql/index.ts';
import { cqlTests, runCqlTests } from '../conformance/cql-tests.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';

/** What the compiled engine does not give as HL7's tests want it, with the reason. What begins to pass must leave the list. */
const skipped: Readonly<Record<string, string>> = {
  TestInNullBoundaries:
    '5 in Interval[null, null]: a closed boundary that is null is the least or greatest Integer (CQL 1.5.3, Author 2, Interval Values), so 5 is in it; false is expected',
  FloorIntegerLessThanMinInteger:
    'Floor(-2147483649) is expected to be null, and other tests expect an error of the same literal (Ceiling(-2147483649); -2147483649 itself in CqlTypesTest)',
  TimeDurationBetweenHourDiffPrecision2:
    'hours between @T06 and @T07:00:00 is expected to be 1: from 06:59:59 no hour passes, so it is 0 or 1 (Author 5, Timing and Uncertainty)',
};

/** Not of the engine: what translator 5.3.0 does not translate. */
const untranslatable = /^Slice|^DateTimeComponentFromTimezoneOffset$|^CodeToConcept1$/;

/** One in so many; `npm run conformance -- cql --engine compiled` runs all. */
const stride = 12;

describeWithReferenceData("HL7's CQL tests", () => {
  it('pass on the compiled engine, but for those that are skipped', async () => {
    const all = cqlTests().filter(({ name }) => !untranslatable.test(name));
    const sample = all.filter(({ name }, i) => i % stride === 0 || name in skipped);
    const results = await runCqlTests(createCompiler(), () => undefined, sample);
    expect(results.length).toBeGreaterThan(120);
    const failing = results.filter(({ outcome }) => outcome !== 'pass').map(({ name }) => name);
    expect(new Set(failing)).toEqual(new Set(Object.keys(skipped)));
  }, 240_000);
});
