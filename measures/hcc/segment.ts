import type { Person } from './beneficiary.ts';
import { UnsupportedRiskScore } from './errors.ts';
import type { HccModelId } from './models/model.ts';

export interface Segment {
  readonly code: string;
  /** Why the person is in it. */
  readonly reason: string;
}

const dualWords = { full: 'full-benefit dual', partial: 'partial-benefit dual', none: 'not dual' } as const;
const dualLetters = { full: 'F', partial: 'P', none: 'N' } as const;

/**
 * The segment whose coefficients pay for a person-month (billing of CMS-HCC: institutional, new enrollee, community).
 *
 * @param override segment that a payer's roster gives, or a user asks for
 * @throws UnsupportedRiskScore when the ESRD model is asked for somebody without ESRD
 */
export function segmentOf(model: HccModelId, person: Person, override: string | null): Segment {
  if (override !== null) return { code: override, reason: 'as the request says' };
  if (model === 'ESRD-V24') return esrdSegment(person);
  const aged = person.age >= 65 ? 'aged' : 'disabled';
  if (model === 'RxHCC-V08') return { code: 'none', reason: 'no coefficients' };
  if (person.longTermInstitutional) return { code: 'INS', reason: 'in an institution for more than 90 days' };
  if (person.newEnrollee)
    return person.chronicSnp
      ? { code: 'SNPNE', reason: 'new enrollee of a special needs plan for chronic conditions' }
      : { code: 'NE', reason: 'less than 12 months of Part B in the data year' };
  const code = `C${dualLetters[person.dual]}${aged === 'aged' ? 'A' : 'D'}`;
  return { code, reason: `community, ${dualWords[person.dual]}, ${aged}` };
}

function esrdSegment({ esrd, newEnrollee, longTermInstitutional, dual, age }: Person): Segment {
  if (esrd === null)
    throw new UnsupportedRiskScore(
      'ESRD V24 is for members with ESRD: give the status (esrd-status) on the Coverage, or a segment',
    );
  if (esrd.kind === 'dialysis') return { code: newEnrollee ? 'DNE' : 'DI', reason: 'dialysis' };
  if (esrd.months <= 3) return { code: 'TRANSPLANT', reason: `month ${esrd.months} after a kidney transplant` };
  if (longTermInstitutional) return { code: 'GI', reason: 'functioning graft, institutional' };
  if (newEnrollee) return { code: 'GNE', reason: 'functioning graft, new enrollee' };
  const code = `G${dual === 'full' ? 'F' : 'NP'}${age >= 65 ? 'A' : 'N'}`;
  return { code, reason: `functioning graft, community, ${dualWords[dual]}` };
}
