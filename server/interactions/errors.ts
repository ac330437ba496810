/** Errors of the interactions on MeasureReports. server/outcomes.ts translates them once, by class name. */

/** Remarks about care gaps that break the rules of deqm-careGapRemark, or that name a group which the measure lacks. */
export class InvalidRemark extends Error {
  override readonly name = 'InvalidRemark';
  readonly issues: readonly { readonly diagnostics: string; readonly expression: readonly string[] }[];
  constructor(issues: readonly { readonly diagnostics: string; readonly expression: readonly string[] }[]) {
    super(issues.map(({ diagnostics }) => diagnostics).join('; '));
    this.issues = issues;
  }
}

/** A change of a computed report that is more than remarks on its groups. */
export class ComputedReportChanged extends Error {
  override readonly name = 'ComputedReportChanged';
  constructor(elements: readonly string[]) {
    super(
      `This MeasureReport was computed here: only remarks (deqm-careGapRemark) may be added to its groups, and this ` +
        `changes ${elements.join(', ')}. Populations, status and scores follow from the patient's data: submit those`,
    );
  }
}

/** A data submission that says no update type, or one that is not supported (DEQM submitDataUpdateType). */
export class UnsupportedUpdateType extends Error {
  override readonly name = 'UnsupportedUpdateType';
  readonly expression = ['MeasureReport.extension'];
}
