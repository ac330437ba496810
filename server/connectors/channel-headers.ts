/** What a value of channel.header reads as for everybody, whoever wrote it. */
export const maskedValue = '********';

/** Ours to set: what would change how the message is framed or where it goes (RFC 9110, 7.6.1 and 7.2). */
const ownHeaders = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const form = /^([!#$%&'*+.^_`|~\dA-Za-z-]{1,100}):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const maxHeaders = 20;
const maxLength = 8_192;

/** Why the headers cannot be sent, with their positions; never with their values. */
export function headerProblems(headers: readonly string[]): { readonly position: number; readonly reason: string }[] {
  const problems = headers.flatMap((line, position) => {
    const [, name] = form.exec(line) ?? [];
    if (name === undefined) return [{ position, reason: 'must be a header of one line, "Name: value"' }];
    if (ownHeaders.has(name.toLowerCase())) return [{ position, reason: `${name} is set by the server` }];
    return line.length > maxLength ? [{ position, reason: `is longer than ${maxLength} characters` }] : [];
  });
  return headers.length > maxHeaders
    ? [...problems, { position: maxHeaders, reason: `there may be ${maxHeaders} headers` }]
    : problems;
}

/** The header with its value masked. */
export function maskedHeader(line: string): string {
  const colon = line.indexOf(':');
  return colon < 0 ? maskedValue : `${line.slice(0, colon).trim()}: ${maskedValue}`;
}

/**
 * What is to be sent: a header whose value is the mask keeps the value that was stored under its name, so that a client
 * can read a Subscription, change it and put it back.
 *
 * @returns null in the place of a mask under whose name nothing is stored
 */
export function unmasked(given: readonly string[], stored: readonly string[]): (string | null)[] {
  const left = [...stored];
  return given.map((line) => {
    const [, name = '', value] = form.exec(line) ?? [];
    if (value?.trim() !== maskedValue) return line;
    const position = left.findIndex((kept) => nameOf(kept) === name.toLowerCase());
    return position < 0 ? null : (left.splice(position, 1)[0] ?? null);
  });
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).trim().toLowerCase();
}
