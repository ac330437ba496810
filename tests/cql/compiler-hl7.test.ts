import { createCompiler } from '../../cql/index.ts';
import { cqlTests, runCqlTests } from '../conformance/cql-tests.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';

/** What the compiled engine does not give as HL7's tests want it, with the reason. What begins to pass must leave the list. */
const skipped: Readonly<Record<string, string>> = {
  TestMessageError: 'Message with severity Error does not end an evaluation (cql/README.md)',
  TestInNullBoundaries: 'disputed: a closed null boundary is the least or greatest value (CQL 1.5, 2.2.4)',
  DescendentsEmptyList: 'Descendents is not supported',
  FloorIntegerLessThanMinInteger: 'a literal beyond the range of Integer is refused when the library is prepared',
  TimeDurationBetweenHourDiffPrecision2: 'disputed: an hour may or may not pass between some time after 6 and 7',
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
