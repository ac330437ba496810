/** Issues that official profiles raise with official content, by the sentence of the check, and why they stand. */
export const acceptedDeviations: readonly { readonly issue: RegExp; readonly reason: string }[] = [
  {
    issue: /extension:linkId: 0 < min 1$/,
    reason:
      'No CMS measure has a linkId; reports without it are allowed when they carry the ids (DEQM guidance, "Group, Stratifier, and Population Codes and Ids").',
  },
];
