import type { ElmNode } from '../elm.ts';
import { UnsupportedElm } from '../errors.ts';
import { type Code, identifier, js } from './code.ts';
import { optionalText } from './elm-parts.ts';
import type { FhirModel } from './fhir/model.ts';
import { fhirTypeOf, inferType } from './infer.ts';
import type { CompileContext, NodeDefinition, Raw } from './node.ts';
import { nodes } from './nodes/index.ts';
import { follow, type Recipe } from './recipe.ts';
import type { References } from './references.ts';
import { Scope } from './scope.ts';
import type { Origins } from './stored-library.ts';
import type { Place } from './trace.ts';
import { any, declaredType, type Type } from './types.ts';

const definitions: ReadonlyMap<string, NodeDefinition> = new Map(nodes.map((node) => [node.type, node]));

/** Whether the engine knows a node. */
export function isSupported(type: string): boolean {
  return definitions.has(type);
}

/** Compiles the expressions of one library to JavaScript. Throws UnsupportedElm, never skips a node. */
export class ExpressionCompiler implements CompileContext {
  readonly tracing: boolean;
  readonly model: FhirModel;
  readonly scope = new Scope();
  readonly references: References;
  /** What the generated code refers to by `k<n>`. */
  readonly constants: unknown[] = [];
  readonly #recipes = new Map<unknown, Recipe>();
  readonly #slots = new Set<number>();
  readonly #refusals = new Map<unknown, Error>();
  /** Definition that is being compiled, for places and errors. */
  definition = '';
  readonly #library: string;
  readonly #names = new Map<unknown, Code>();
  readonly #made = new Map<string, unknown>();
  readonly #types = new Map<ElmNode, Type>();
  #clauses: Code[] = [];

  constructor(library: string, references: References, model: FhirModel, tracing: boolean) {
    this.#library = library;
    this.references = references;
    this.model = model;
    this.tracing = tracing;
  }

  compile(node: ElmNode): Code {
    const definition = this.#definitionOf(node);
    return this.traced(node, definition.emit(node, this));
  }

  traced(node: ElmNode, code: Code): Code {
    if (!this.tracing) return code;
    const place = this.use(this.place(node));
    this.#clauses.push(place);
    return js`cx.trace.clause(${place}, () => (${code}))`;
  }

  /** Begins a definition or function; what is compiled from now on is its. */
  begin(definition: string): void {
    this.definition = definition;
    this.#clauses = [];
  }

  /** Places of the clauses that were compiled since the definition began; none without a trace. */
  clauses(): readonly Code[] {
    return this.#clauses;
  }

  test(node: ElmNode): Code {
    const definition = this.#definitionOf(node);
    if (this.tracing || definition.test === undefined) return js`(${this.compile(node)}) === true`;
    return definition.test(node, this);
  }

  testFalse(node: ElmNode): Code {
    const definition = this.#definitionOf(node);
    if (this.tracing || definition.testFalse === undefined) return js`(${this.compile(node)}) === false`;
    return definition.testFalse(node, this);
  }

  raw(node: ElmNode): Raw | null {
    if (this.tracing) return null;
    const own = this.#definitionOf(node).raw?.(node, this) ?? null;
    if (own !== null || node.type === 'Property') return own;
    const type = fhirTypeOf(this.typeOf(node), this.model);
    if (type === null || type.primitive !== null) return null;
    const code = this.compile(node);
    return { code: type.resource ? js`(${code})` : js`(${code})?.value`, type, list: false };
  }

  typeOf(node: ElmNode): Type {
    const known = this.#types.get(node);
    if (known !== undefined) return known;
    // A definition that refers to itself has no type that could be told.
    this.#types.set(node, any);
    const infer = definitions.get(node.type ?? '')?.infer ?? inferType;
    const declared = node.type === 'Property' ? null : declaredType(node);
    const found = declared !== null && declared.kind !== 'any' ? declared : infer(node, this);
    const type = found.kind === 'any' ? (declaredType(node) ?? found) : found;
    this.#types.set(node, type);
    return type;
  }

  use(value: unknown): Code {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = identifier('k', this.constants.length);
    this.constants.push(value);
    this.#names.set(value, name);
    return name;
  }

  make(recipe: Recipe): Code {
    const key = JSON.stringify(recipe, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    const known = this.#made.get(key);
    if (known !== undefined) return this.use(known);
    const made = follow(recipe, this.model);
    this.#made.set(key, made);
    this.#recipes.set(made, recipe);
    return this.use(made);
  }

  /** The number of a definition's value in evaluations, which is another one in another process. */
  slot(number: number): Code {
    const position = this.constants.length;
    this.constants.push(number);
    this.#slots.add(position);
    return identifier('k', position);
  }

  /** A function that fails with the error. */
  refuse(error: Error): Code {
    const refusal = (): never => {
      throw error;
    };
    this.#refusals.set(refusal, error);
    return this.use(refusal);
  }

  /** What must be known of constants that are made for this library, to make them again. */
  origins(): Pick<Origins, 'recipes' | 'slots' | 'refusals'> {
    return { recipes: this.#recipes, slots: this.#slots, refusals: this.#refusals };
  }

  unsupported(node: ElmNode, what = node.type ?? 'without type'): UnsupportedElm {
    return new UnsupportedElm(what, this.#library, node.locator ?? null);
  }

  place(node: ElmNode): Place {
    return {
      library: this.#library,
      definition: this.definition,
      localId: optionalText(node, 'localId'),
      locator: optionalText(node, 'locator'),
    };
  }

  #definitionOf(node: ElmNode): NodeDefinition {
    const definition = definitions.get(node.type ?? '');
    if (definition === undefined) throw this.unsupported(node);
    return definition;
  }
}
