import { type Code, identifier, js, lines, list } from './code.ts';
import type { Type } from './types.ts';

/** A name of the measure that stands for a JavaScript variable: an alias, a let, an operand. */
export interface Variable {
  readonly name: string;
  readonly code: Code;
  readonly type: Type;
  /** The variable holds the JSON of a FHIR element of type `type`, not a FhirElement. */
  readonly raw: boolean;
  readonly frame: Frame;
}

/** A JavaScript function that is being written. */
export interface Frame {
  readonly parent: Frame | null;
  readonly temporaries: Code[];
  /** Variables of outer frames that it reads; it gets them as arguments. */
  readonly captured: Set<Variable>;
}

/** Names and functions while a library is being compiled. */
export class Scope {
  readonly functions: Code[] = [];
  #counter = 0;
  #frame: Frame = frameIn(null);
  #variables: readonly Variable[] = [];

  declare(name: string, letter: 'a' | 'l' | 'o', type: Type, raw = false): Variable {
    this.#counter += 1;
    return { name, code: identifier(letter, this.#counter), type, raw, frame: this.#frame };
  }

  /** The innermost variable of a name, marked as read; null when there is none. */
  find(name: string): Variable | null {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) return null;
    for (let at: Frame | null = this.#frame; at !== null && at !== variable.frame; at = at.parent)
      at.captured.add(variable);
    return variable;
  }

  /** Builds with more names in view. */
  within<T>(variables: readonly Variable[], build: () => T): T {
    const outer = this.#variables;
    this.#variables = [...outer, ...variables];
    try {
      return build();
    } finally {
      this.#variables = outer;
    }
  }

  /** Which of `variables` are read by what `build` makes. */
  reads(variables: readonly Variable[], build: () => Code): { readonly code: Code; readonly read: boolean } {
    const found = new Set<string>();
    const names = variables.map(({ code }) => code.text);
    const code = build();
    for (const word of code.text.match(/\b[alo]\d+\b/g) ?? []) if (names.includes(word)) found.add(word);
    return { code, read: found.size > 0 };
  }

  /** A variable for a value that is needed twice. */
  temporary(): Code {
    this.#counter += 1;
    const made = identifier('t', this.#counter);
    this.#frame.temporaries.push(made);
    return made;
  }

  /**
   * Writes a function of its own, and gives the expression that calls it.
   * @param build makes its statements; the last returns
   */
  hoisted(build: () => Code): Code {
    this.#counter += 1;
    const name = identifier('q', this.#counter);
    const { captured } = this.function(name, [], build);
    return js`${name}(${list([js`cx`, ...captured])})`;
  }

  /** Writes a function with operands. */
  function(name: Code, operands: readonly Code[], build: (frame: Frame) => Code): { captured: readonly Code[] } {
    const outer = this.#frame;
    const frame = frameIn(outer);
    this.#frame = frame;
    try {
      const body = build(frame);
      const captured = [...frame.captured].map(({ code }) => code);
      const locals = frame.temporaries.length === 0 ? js`` : js`let ${list(frame.temporaries)};\n`;
      this.functions.push(
        js`function ${name}(${list([js`cx`, ...operands, ...captured])}) {\n${lines([locals, body])}\n}`,
      );
      return { captured };
    } finally {
      this.#frame = outer;
    }
  }
}

function frameIn(parent: Frame | null): Frame {
  return { parent, temporaries: [], captured: new Set() };
}
