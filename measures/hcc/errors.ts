/** A score that the tables or the standards don't allow: refused with the reason, never computed wrongly. */
export class UnsupportedRiskScore extends Error {
  override readonly name = 'UnsupportedRiskScore';
}
