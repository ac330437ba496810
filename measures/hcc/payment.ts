/**
 * From raw to payment, as CMS rounds: raw to three decimals, divided by normalization and rounded, reduced by the coding
 * adjustment and rounded, and for a blend weighted and rounded. All in thousandths, so that nothing is lost between.
 */

/** Round half up, in thousandths; the nudge keeps halves that a double lies just below of. */
function round(thousandths: number): number {
  return Math.round(thousandths + 1e-9);
}

export function normalize(raw: number, factor: number): number {
  return round(raw / factor);
}

/** @param adjustment of coding patterns, in thousandths: 59 for 5.9% */
export function adjust(normalized: number, adjustment: number): number {
  return round((normalized * (1000 - adjustment)) / 1000);
}

/** @param weight in percent */
export function weigh(adjusted: number, weight: number): number {
  return round((adjusted * weight) / 100);
}

/** 1713 is 1.713. */
export function decimal(thousandths: number): number {
  return thousandths / 1000;
}
