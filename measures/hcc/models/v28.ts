import { between, type HccModel } from './model.ts';

/** The 2024 CMS-HCC model: 115 payment categories (CMS V2823T2M). */
export const v28: HccModel = {
  id: 'V28',
  title: 'CMS-HCC V28',
  system: 'http://terminology.hl7.org/CodeSystem/cmshcc',
  prefix: 'HCC',
  groups: {
    CANCER: between(17, 23),
    DIABETES: between(35, 38),
    SUD: between(135, 139),
    PSYCH: between(151, 155),
    NEURO: [180, 181, 182, 190, 191, 192, 195, 196, 198, 199],
    CARD_RESP_FAIL: between(211, 213),
    HF: between(221, 226),
    CHR_LUNG: between(276, 280),
    KIDNEY: between(326, 329),
    ULCER: between(379, 382),
  },
  interactions: [
    { variable: 'DIABETES_HF_V28', all: ['DIABETES', 'HF'] },
    { variable: 'HF_CHR_LUNG_V28', all: ['HF', 'CHR_LUNG'] },
    { variable: 'HF_KIDNEY_V28', all: ['HF', 'KIDNEY'] },
    { variable: 'CHR_LUNG_CARD_RESP_FAIL_V28', all: ['CHR_LUNG', 'CARD_RESP_FAIL'] },
    { variable: 'HF_HCC238_V28', all: ['HF', 'HCC238'] },
    { variable: 'GSUBUSEDISORDER_GPSYCH_V28', all: ['SUD', 'PSYCH'] },
    { variable: 'DISABLED_CANCER_V28', all: ['CANCER'], person: 'disabled' },
    { variable: 'DISABLED_NEURO_V28', all: ['NEURO'], person: 'disabled' },
    { variable: 'DISABLED_HF_V28', all: ['HF'], person: 'disabled' },
    { variable: 'DISABLED_CHR_LUNG_V28', all: ['CHR_LUNG'], person: 'disabled' },
    { variable: 'DISABLED_ULCER_V28', all: ['ULCER'], person: 'disabled' },
  ],
  needs: [
    {
      category: 223,
      anyOf: [221, 222, 224, 225, 226],
      reason: 'a heart assist device counts only beside heart failure or a heart transplant (HCC 221, 222, 224–226)',
    },
  ],
};
