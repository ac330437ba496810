import { StringDecoder } from 'node:string_decoder';
import { type BulkResponse, UnusableAnswer } from './bulk-http.ts';

/** A longer line than this is not one: it is given on in pieces, for who stores it to refuse. */
const mostCharacters = 64_000_000;

/**
 * The lines of a file, each changed by `change`, as bytes. A file that breaks off ends with an error and not with a part
 * of a line: the connection may break without anybody saying so.
 *
 * @param expected lines that the manifest says there are; null when it does not
 * @throws UnusableAnswer when the file is not whole
 */
export async function* wholeLines(
  { body }: Pick<BulkResponse, 'body'>,
  name: string,
  expected: number | null,
  change: (line: string) => string,
): AsyncGenerator<Uint8Array> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let count = 0;
  const changed = (lines: readonly string[]): Uint8Array => {
    count += lines.filter((line) => line.trim() !== '').length;
    return Buffer.from(lines.map((line) => `${line.trim() === '' ? line : change(line)}\n`).join(''));
  };
  const broke = (how: string): UnusableAnswer =>
    new UnusableAnswer(
      `${name} is not whole: ${how} after ${count} lines${expected === null ? '' : ` of ${expected}`}`,
      true,
    );
  try {
    for await (const chunk of body) {
      rest += decoder.write(chunk as Buffer);
      const end = rest.lastIndexOf('\n');
      if (end >= 0) {
        yield changed(rest.slice(0, end).split('\n'));
        rest = rest.slice(end + 1);
      } else if (rest.length > mostCharacters) {
        yield Buffer.from(rest);
        rest = '';
      }
    }
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw broke(`the connection broke (${(error as NodeJS.ErrnoException).code ?? 'cut'})`);
  }
  rest += decoder.end();
  if (rest.trim() !== '') {
    if (!isJson(rest)) throw broke('it ends in the middle of a line');
    yield changed([rest]);
  }
  if (expected !== null && count < expected) throw broke('it ends');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
