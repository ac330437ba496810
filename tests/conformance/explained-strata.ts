/** Official cases that differ because of their content, by the first eight characters of their id. */
export interface Explanation {
  readonly measure: string;
  /** Ids of cases, shortened to eight characters, separated by white space. */
  readonly cases: string;
  readonly kind: 'engine defect' | 'content defect';
  /** Why the expected report cannot be met, or what the engine does wrong. */
  readonly proof: string;
}

/** Strata that contradict each other within one report. */
export const contradictoryStrata: readonly Explanation[] = [
  {
    measure: 'CMS130FHIRColorectalCancerScrn',
    kind: 'content defect',
    proof:
      'the report puts the patient into both age strata (46 to 49, and 50 to 75), which no age can be: each stratum repeats the counts of the whole group',
    cases: `
      06934496 0750b201 2292adf2 2847411d 2b0d64f9 394fbf45 39fd4a5e 3d75185a 487de25d 4fc22b6a 5445cc72
      54db46c1 58b6a190 5ebc158d 5fd0d61d 642aafde 650f4ed7 683cec0c 7822bd0a 84ebbde4 95d56325 9943e220
      9c6fd73e b20cd591 be630df2 bf3f2c9a c002ae0a cdacf996 d0306f4f da1e1656 dbead888 dc337be7 df2c9d36
      df62e712 e4215f63 e904e28b e9d86ff6 ecd9203b f0dae4e3 fd8d8328`,
  },
  {
    measure: 'CMS137FHIRSUDTxInitEngagement',
    kind: 'content defect',
    proof:
      'the same three stratifier expressions, of the same patient, are expected to hold in the second group and not in the first',
    cases: `
      044ba9ba 17470cc9 19b5b244 19e9d2c7 1e266d29 35da2344 3698ad63 3d941a8c 404859c4 408f327a 46954fc1
      48ff3299 4c6356fd 569df0d6 5b0061aa 5d472e4a 645c11ae 67a71781 6d2606b6 6fc30283 703efc85 75a7f4ca
      7c575e4b 818ae5f1 8715fad1 95e62e34 abedeee4 acb7b1cc ade0fa8f af70d9d1 b12424cd b4bf9e9c bba6dd6e
      bdca6f16 dd4cdfbe eaa42b04 eff74fdb f1308c5a fe1e8e8e feb97651`,
  },
  {
    measure: 'CMS159FHIRDepRemissionat12Months',
    kind: 'content defect',
    proof:
      'the report puts the patient into both age strata (12 to 17, and 18 or older), which no age can be; a description says that it is an issue of stratification',
    cases: `
      01083d96 0604cc6e 07455a0e 16eff6ae 230e1741 25917324 283ac6f1 2b4c52e3 2c7de2e3 2fb854f8 3650cd70
      3892ef89 3900270d 393ab9f4 3c1d5414 3d1903ea 4888e5a5 491f554e 4963ead8 5803e753 5aeeabf3 624b9027
      67ae7ee1 6c3abc11 702deaa2 74f77040 7a417e07 7b7bd954 8152f580 8467758b 879bf9f1 8cca688d 8d44efd8
      8e77e9a0 96b6579c 9879bf57 9b4f7024 9d81b9ca 9f647f13 a7fc8494 aedc0360 b0477f12 b120a966 b263321d
      b2dab5c6 b34e3afc b3921225 c8f6a83b c907e077 cf1b6127 cfe262d9 cfe7e63e d04323b4 d76f4e0d dc631478
      f1a332e3 f737aa8d f96a2a48 fa45f7d1 fdc596ef`,
  },
  {
    measure: 'CMS155FHIRWgtAssessCounseling',
    kind: 'content defect',
    proof:
      'the report puts a patient born on 1 January 2021 into no age stratum, and others of that birth date into the one from 3 to 11',
    cases: `
      356b9969 a0a8def2`,
  },
];
