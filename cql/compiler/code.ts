import { Script } from 'node:vm';

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

/** The text of a module whose statements are `body`: a function of the constants that the body names, as `k`. */
export function moduleText(body: Code): string {
  return `(function (k) { 'use strict';\n${body.text}\n})`;
}

export interface RunModule {
  /** What the module's statements return. */
  readonly result: unknown;
  /** V8's own form of the code, so that the same text need not be read again; for the same V8 only. */
  codeCache(): Uint8Array;
}

/**
 * Runs a module in strict mode. The only place that makes functions out of text.
 * @param text of `moduleText`, made in this process or kept by a CodeStore, which answers for it
 * @param constants what the text may refer to, as `k`; it is given nothing else
 * @param codeCache what an earlier run gave; V8 leaves it aside when it is another's
 */
export function runModule(text: string, constants: readonly unknown[], codeCache: Uint8Array | null): RunModule {
  const script = new Script(text, {
    filename: 'compiled-cql',
    ...(codeCache === null ? {} : { cachedData: codeCache }),
  });
  const factory: unknown = script.runInThisContext();
  if (typeof factory !== 'function') throw new TypeError('a module is a function of its constants');
  return { result: factory(constants), codeCache: () => script.createCachedData() };
}
