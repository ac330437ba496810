/** JavaScript text that is safe to splice. Only this file makes one, so no text of a measure becomes code. */
class Fragment {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Code = Fragment;
export type Literal = string | number | boolean | null;

/** Splices fragments as code, and everything else as a quoted literal. */
export function js(parts: TemplateStringsArray, ...values: readonly (Code | Literal)[]): Code {
  let text = parts[0] ?? '';
  for (const [i, value] of values.entries())
    text += (value instanceof Fragment ? value.text : literal(value)) + (parts[i + 1] ?? '');
  return new Fragment(text);
}

/** Fragments one after another, separated by commas: arguments and elements. */
export function list(fragments: readonly Code[]): Code {
  return new Fragment(fragments.map(({ text }) => text).join(', '));
}

/** Statements one after another. */
export function lines(fragments: readonly Code[]): Code {
  return new Fragment(fragments.map(({ text }) => text).join('\n'));
}

/** `{ name: value, ... }` with quoted names; a name is data, also `__proto__`. */
export function object(properties: readonly (readonly [name: string, value: Code])[]): Code {
  const entries = properties.map(([name, value]) =>
    name === '__proto__' ? `["__proto__"]: ${value.text}` : `${literal(name)}: ${value.text}`,
  );
  return new Fragment(`{${entries.join(', ')}}`);
}

/** An identifier: a letter of ours and a number, never a name from a measure. */
export function identifier(letter: 'a' | 'd' | 'f' | 'k' | 'l' | 'o' | 'q' | 't', number: number): Code {
  return new Fragment(`${letter}${Math.trunc(number)}`);
}

function literal(value: Literal): string {
  return JSON.stringify(value).replace(
    /[\u2028\u2029<]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Runs generated statements as the body of a function in strict mode and gives what they return. The only place that
 * makes functions out of text.
 * @param constants what the text may refer to, as `k`; it is given nothing else
 */
export function run(body: Code, constants: readonly unknown[]): unknown {
  return new Function('k', `'use strict';\n${body.text}`)(constants);
}
