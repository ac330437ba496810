import type { HccModel, Interaction } from './model.ts';
import { v24Groups, v24Interactions } from './v24.ts';

/** The 2023 ESRD model on V24 categories: dialysis, transplant months, and functioning graft in the community. */
export const esrdV24: HccModel = {
  id: 'ESRD-V24',
  title: 'CMS-HCC ESRD V24',
  system: 'http://terminology.hl7.org/CodeSystem/cmshcc',
  prefix: 'HCC',
  groups: v24Groups,
  interactions: [
    ...v24Interactions,
    { variable: 'GSUBUSEDS_GPSYCH_V24', all: ['SUD', 'PSYCH'] },
    { variable: 'NONAGED_GSUBUSEDS_GPSYCH', all: ['SUD', 'PSYCH'], person: 'non-aged' },
    ...[6, 34, 46, 110, 176].map(
      (category): Interaction => ({
        variable: `NONAGED_HCC${category}`,
        all: [`HCC${category}`],
        person: 'non-aged',
      }),
    ),
  ],
  needs: [],
};
