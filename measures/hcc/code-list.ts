/**
 * Sorted codes as one short text: front coding. Each code is the number of characters that it shares with the code before
 * (one digit) and the rest; a blank parts them. `E0800 E0801 E09` is `0E0800 41 29`.
 */
export function packCodes(codes: Iterable<string>): string {
  let previous = '';
  const packed: string[] = [];
  for (const code of [...new Set(codes)].sort()) {
    let shared = 0;
    while (shared < 9 && shared < previous.length && previous[shared] === code[shared]) shared++;
    packed.push(`${shared}${code.slice(shared)}`);
    previous = code;
  }
  return packed.join(' ');
}

/** The codes of a text that `packCodes` made, in order; none of an empty text. */
export function unpackCodes(text: string): string[] {
  let previous = '';
  if (text === '') return [];
  return text.split(' ').map((token) => {
    previous = previous.slice(0, Number(token[0])) + token.slice(1);
    return previous;
  });
}

/**
 * Procedure codes as runs: `00100-00104` stands for five codes, where only the digits count on. Codes with a letter behind
 * (0042T) run by the digits before it.
 */
export function packRuns(codes: Iterable<string>): string {
  const runs: [first: string, last: string][] = [];
  for (const code of [...new Set(codes)].sort(byShape)) {
    const run = runs.at(-1);
    if (run !== undefined && following(run[1]) === code) run[1] = code;
    else runs.push([code, code]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(' ');
}

/** The codes of a text that `packRuns` made. */
export function unpackRuns(text: string): string[] {
  return text.split(' ').flatMap((run) => {
    const [first = '', last = first] = run.split('-');
    const codes: string[] = [];
    for (let code = first; code !== ''; code = code === last ? '' : following(code)) codes.push(code);
    return codes;
  });
}

const shape = /^([A-Z]*)(\d+)([A-Z]*)$/;

function following(code: string): string {
  const [, before = '', digits = '0', after = ''] = shape.exec(code) ?? [];
  return before + String(Number(digits) + 1).padStart(digits.length, '0') + after;
}

function byShape(a: string, b: string): number {
  const key = (code: string): string => {
    const [, before = '', digits = '', after = ''] = shape.exec(code) ?? [];
    return `${before}|${after}|${digits}`;
  };
  const [left, right] = [key(a), key(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
