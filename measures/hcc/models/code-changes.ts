/** Changes of ICD-10-CM by fiscal year that touch mapped codes. `X*` stands for codes below X. */
export interface CodeChange {
  /** First day on which the change holds. */
  readonly from: string;
  readonly added: readonly string[];
  readonly retired: readonly string[];
  readonly source: string;
}

export const codeChanges: readonly CodeChange[] = [
  {
    from: '2025-10-01',
    added: ['E11A', 'G35A', 'G35B*', 'G35C*', 'G35D', 'C50A*', 'D71*'],
    retired: ['G35', 'D71'],
    source: 'ICD-10-CM, fiscal year 2026',
  },
];
