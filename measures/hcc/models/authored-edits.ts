import { packCodes } from '../code-list.ts';
import type { EditRow } from '../table-files.ts';

const lung = [
  'J410',
  'J411',
  'J418',
  'J42',
  'J430',
  'J431',
  'J432',
  'J438',
  'J439',
  'J440',
  'J441',
  'J449',
  'J982',
  'J983',
];

/** Edits of V24 (CMS macros V24I0ED1, V24I0ED2), which the collected tables lack. */
export const authoredEdits: readonly EditRow[] = [
  { codes: packCodes(['D66', 'D67']), sex: 'F', category: 48, reason: 'in a woman: counts as 48' },
  { codes: packCodes(lung), below: 18, category: 112, reason: 'below 18: counts as 112' },
  { codes: packCodes(['F3481']), below: 6, category: null, reason: 'valid from 6 to 18 only' },
  { codes: packCodes(['F3481']), from: 19, category: null, reason: 'valid from 6 to 18 only' },
];
