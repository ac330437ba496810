import { between, type HccModel, type Interaction } from './model.ts';

export const v24Groups = {
  CANCER: between(8, 12),
  DIABETES: between(17, 19),
  SUD: between(54, 56),
  PSYCH: between(57, 60),
  CARD_RESP_FAIL: between(82, 84),
  COPD: between(110, 112),
  RENAL: between(134, 138),
  PRESSURE_ULCER: between(157, 159),
} as const;

/** Interactions that V24 and the ESRD model of the same categories share. */
export const v24Interactions: readonly Interaction[] = [
  { variable: 'HCC47_GCANCER', all: ['HCC47', 'CANCER'] },
  { variable: 'DIABETES_CHF', all: ['DIABETES', 'HCC85'] },
  { variable: 'CHF_GCOPDCF', all: ['HCC85', 'COPD'] },
  { variable: 'HCC85_GRENAL_V24', all: ['HCC85', 'RENAL'] },
  { variable: 'GCOPDCF_CARD_RESP_FAIL', all: ['COPD', 'CARD_RESP_FAIL'] },
  { variable: 'HCC85_HCC96', all: ['HCC85', 'HCC96'] },
];

/** The 2020 CMS-HCC model: 86 payment categories (CMS V2422P2M). */
export const v24: HccModel = {
  id: 'V24',
  title: 'CMS-HCC V24',
  system: 'http://terminology.hl7.org/CodeSystem/cmshcc',
  prefix: 'HCC',
  groups: v24Groups,
  interactions: [
    ...v24Interactions,
    { variable: 'GSUBSTANCEUSEDISORDER_GPSYCH', all: ['SUD', 'PSYCH'] },
    { variable: 'SEPSIS_PRESSURE_ULCER', all: ['HCC2', 'PRESSURE_ULCER'] },
    { variable: 'SEPSIS_ARTIF_OPENINGS', all: ['HCC2', 'HCC188'] },
    { variable: 'ART_OPENINGS_PRESS_ULCER', all: ['HCC188', 'PRESSURE_ULCER'] },
    { variable: 'GCOPDCF_ASP_SPEC_B_PNEUM', all: ['COPD', 'HCC114'] },
    { variable: 'ASP_SPEC_B_PNEUM_PRES_ULC', all: ['HCC114', 'PRESSURE_ULCER'] },
    { variable: 'SEPSIS_ASP_SPEC_BACT_PNEUM', all: ['HCC2', 'HCC114'] },
    { variable: 'SCHIZOPHRENIA_GCOPDCF', all: ['HCC57', 'COPD'] },
    { variable: 'SCHIZOPHRENIA_CHF', all: ['HCC57', 'HCC85'] },
    { variable: 'SCHIZOPHRENIA_SEIZURES', all: ['HCC57', 'HCC79'] },
    { variable: 'DISABLED_PRESSURE_ULCER', all: ['PRESSURE_ULCER'], person: 'disabled' },
    ...[6, 39, 77, 85, 161].map(
      (category): Interaction => ({
        variable: `DISABLED_HCC${category}`,
        all: [`HCC${category}`],
        person: 'disabled',
      }),
    ),
  ],
  needs: [],
};
