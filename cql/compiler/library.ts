import type { ElmExpressionDef, ElmLibrary, ElmNode, ElmParameterDef } from '../elm.ts';
import { CqlError, UnknownExpression } from '../errors.ts';
import { libraryKey } from '../link.ts';
import type { Value } from '../runtime/index.ts';
import { type Code, identifier, js, lines, list, moduleText, type RunModule, runModule } from './code.ts';
import { ExpressionCompiler } from './compile.ts';
import { optionalChild, optionalText, text } from './elm-parts.ts';
import type { Evaluation } from './evaluation.ts';
import type { FhirModel } from './fhir/model.ts';
import { fhirTypeOf } from './infer.ts';
import type { Retrieval, Retrievals } from './record-index.ts';
import type { DefinitionReference, FunctionReference, OperandShape, References } from './references.ts';
import { type Origins, storedLibrary } from './stored-library.ts';
import type { Terminology } from './terminology.ts';
import type { TracedFunction } from './trace.ts';
import { any, declaredType, type Type, typeNamed, typeOfSpecifier } from './types.ts';

export type CompiledDefinition = ((cx: Evaluation) => Value) & TracedFunction;

/** A definition, a parameter or a function of a library, as other libraries see it. */
export interface Member {
  readonly name: string;
  /** Position among the JavaScript functions of the library. */
  readonly position: number;
  readonly source: ElmNode;
  readonly operands: readonly OperandShape[];
  readonly type: () => Type;
}

/** A library that can be evaluated: compiled in this process, or kept by an earlier one. */
export interface RunnableLibrary {
  readonly key: string;
  readonly definitions: ReadonlyMap<string, { readonly position: number }>;
  /** By position. */
  readonly code: readonly CompiledDefinition[];
  /** The JavaScript of the module that made them. */
  readonly text: string;
}

/** A library as JavaScript functions. */
export interface CompiledLibrary extends RunnableLibrary {
  readonly elm: ElmLibrary;
  readonly includes: ReadonlyMap<string, CompiledLibrary>;
  readonly terminology: Terminology;
  readonly retrievals: Retrievals;
  readonly definitions: ReadonlyMap<string, Member>;
  readonly parameters: ReadonlyMap<string, Member>;
  readonly functions: ReadonlyMap<string, readonly Member[]>;
  /** Why members could not be compiled, by their definition. */
  readonly errors: ReadonlyMap<ElmNode, Error>;
  /**
   * The library as bytes, for a CodeStore.
   * @param keyOf key of an included library in the store
   * @returns null when it refers to something that cannot be kept
   */
  stored(keyOf: (included: CompiledLibrary) => string): Uint8Array | null;
}

export interface LibraryParts {
  readonly elm: ElmLibrary;
  readonly includes: ReadonlyMap<string, CompiledLibrary>;
  readonly terminology: Terminology;
  readonly retrievals: Retrievals;
  readonly model: FhirModel;
  readonly tracing: boolean;
  /** Numbers under which evaluations keep the values of definitions. */
  readonly nextSlot: () => number;
}

/** Compiles a library whose includes are compiled. A member that can't be compiled is kept with its error. */
export function compileLibrary(parts: LibraryParts): CompiledLibrary {
  const { elm, includes, terminology, retrievals, model, tracing, nextSlot } = parts;
  const key = libraryKey(elm.library.identifier);
  const library = {
    key,
    elm,
    includes,
    terminology,
    retrievals,
    definitions: new Map<string, Member>(),
    parameters: new Map<string, Member>(),
    functions: new Map<string, Member[]>(),
    errors: new Map<ElmNode, Error>(),
    code: [] as CompiledDefinition[],
    text: '',
    stored: (keyOf: (included: CompiledLibrary) => string) => {
      const origins = { model, ...references.origins(), ...compiler.origins() };
      const named = [...includes].map(([alias, included]) => [alias, keyOf(included)] as const);
      const generated = { key, text, constants: compiler.constants, definitions: library.definitions };
      return storedLibrary(generated, named, module.codeCache(), origins);
    },
  };
  const references: LibraryReferences = new LibraryReferences(library, (value) => compiler.use(value));
  const compiler = new ExpressionCompiler(key, references, model, tracing);
  const members: Member[] = [];
  const noted: Code[] = [];
  const add = (name: string, source: ElmNode, operands: readonly OperandShape[], type: () => Type): Member => {
    const member = { name, source, operands, type, position: members.length };
    members.push(member);
    return member;
  };
  for (const parameter of elm.library.parameters?.def ?? [])
    library.parameters.set(
      parameter.name,
      add(parameter.name, parameter, [], () => parameterType(parameter, compiler)),
    );
  for (const definition of elm.library.statements?.def ?? []) {
    const { name } = definition;
    if (definition.type !== 'FunctionDef') {
      library.definitions.set(
        name,
        add(name, definition, [], () => definitionType(definition, [], compiler)),
      );
      continue;
    }
    const operands = (definition.operand ?? []).map((operand) => operandShape(operand, model, tracing));
    const overloads = library.functions.get(name) ?? [];
    overloads.push(add(name, definition, operands, () => definitionType(definition, operands, compiler)));
    library.functions.set(name, overloads);
  }
  for (const member of members) {
    compiler.begin(member.name);
    references.begin();
    try {
      writeMember(member, compiler, nextSlot);
      if (tracing) noted.push(noteOf(member, compiler.clauses(), references.called()));
    } catch (error) {
      if (!(error instanceof CqlError)) throw error;
      library.errors.set(member.source, error);
      const failed = compiler.refuse(error);
      compiler.scope.functions.push(js`function ${nameOf(member)}() { return ${failed}(); }`);
    }
  }
  const text = moduleText(bodyOf(compiler, members, noted));
  const module = runModule(text, compiler.constants, null);
  library.code.push(...definitionsOf(module));
  library.text = text;
  return library;
}

/** What a trace must know of a function before it is called: a TracedFunction. */
function noteOf(member: Member, clauses: readonly Code[], calls: readonly Code[]): Code {
  const name = nameOf(member);
  return js`${name}.clauses = [${list(clauses)}];\n${name}.calls = [${list(calls)}];`;
}

function bodyOf(compiler: ExpressionCompiler, members: readonly Member[], noted: readonly Code[]): Code {
  const constants = compiler.constants.map((_, i) => js`const ${identifier('k', i)} = k[${i}];`);
  const result = js`return [${list(members.map(nameOf))}];`;
  return lines([...constants, ...compiler.scope.functions, ...noted, result]);
}

/** The functions that a library's module gives, by position. */
export function definitionsOf({ result }: RunModule): readonly CompiledDefinition[] {
  return result as CompiledDefinition[];
}

function nameOf({ source, position }: Member): Code {
  return identifier(source.type === 'FunctionDef' ? 'f' : 'd', position);
}

function writeMember(member: Member, compiler: ExpressionCompiler, nextSlot: () => number): void {
  const { source, operands } = member;
  const { scope } = compiler;
  if (source.type === 'FunctionDef') {
    const body = (source as ElmExpressionDef).expression;
    if (body === undefined) throw compiler.unsupported(source, `external function ${member.name}`);
    const names = operands.map((_, i) => identifier('o', member.position * 100 + i + 1_000_000));
    scope.function(nameOf(member), names, (frame) => {
      const variables = operands.map(({ name, type, raw }, i) => ({ name, type, raw, frame, code: names[i] ?? js`` }));
      return scope.within(variables, () => js`if (--cx.fuel < 0) cx.refuel();\nreturn ${compiler.compile(body)};`);
    });
    return;
  }
  const isParameter = source.type === 'ParameterDef' || !('expression' in source);
  const body = isParameter ? (source as ElmParameterDef).default : (source as ElmExpressionDef).expression;
  const slot = compiler.slot(nextSlot());
  scope.function(nameOf(member), [], () => {
    const value = body === undefined ? js`null` : compiler.traced(source, compiler.compile(body));
    const given = isParameter
      ? js`const given = cx.parameters.get(${member.name});\nif (given !== undefined) return given;\n`
      : js``;
    return js`${given}let v = cx.memo.get(${slot});
if (v !== undefined) return v;
v = ${value};
cx.memo.set(${slot}, v);
return v;`;
  });
}

/** Elements of a FHIR class that is known go into functions as their JSON, without a FhirElement around it. */
function operandShape(operand: ElmNode & { readonly name: string }, model: FhirModel, tracing: boolean): OperandShape {
  const specifier = optionalChild(operand, 'operandTypeSpecifier');
  const name = optionalText(operand, 'operandType');
  const type =
    specifier !== null ? typeOfSpecifier(specifier) : name === null ? (declaredType(operand) ?? any) : typeNamed(name);
  const fhir = fhirTypeOf(type, model);
  return { name: operand.name, type, raw: !tracing && fhir !== null && !fhir.resource && fhir.primitive === null };
}

function parameterType(parameter: ElmParameterDef, compiler: ExpressionCompiler): Type {
  const specifier = parameter.parameterTypeSpecifier;
  if (specifier !== undefined) return typeOfSpecifier(specifier);
  return declaredType(parameter) ?? (parameter.default === undefined ? any : compiler.typeOf(parameter.default));
}

function definitionType(
  definition: ElmExpressionDef,
  operands: readonly OperandShape[],
  compiler: ExpressionCompiler,
): Type {
  const declared = declaredType(definition);
  if (declared !== null && declared.kind !== 'any') return declared;
  const body = definition.expression;
  if (body === undefined) return any;
  const variables = operands.map(({ name, type, raw }) => compiler.scope.declare(name, 'o', type, raw));
  return compiler.scope.within(variables, () => compiler.typeOf(body));
}

/** Resolves names by the library's own definitions and those of its includes. */
class LibraryReferences implements References {
  readonly #library: CompiledLibrary;
  readonly #use: (value: unknown) => Code;
  readonly #retrievals = new Set<Retrieval>();
  /** Names of functions that the member at hand refers to, by their text. */
  readonly #called = new Map<string, Code>();

  constructor(library: CompiledLibrary, use: (value: unknown) => Code) {
    this.#library = library;
    this.#use = use;
  }

  definition(node: ElmNode): DefinitionReference {
    const target = this.#target(node);
    const member = target.definitions.get(text(node, 'name'));
    if (member === undefined || this.#isHidden(member, target)) throw this.#unknown(node, target);
    return this.#reference(member, target);
  }

  parameter(node: ElmNode): DefinitionReference {
    const target = this.#target(node);
    const member = target.parameters.get(text(node, 'name'));
    if (member === undefined) throw this.#unknown(node, target);
    return this.#reference(member, target);
  }

  identifier(node: ElmNode): DefinitionReference | null {
    const target = this.#target(node);
    const name = text(node, 'name');
    const member = target.definitions.get(name) ?? target.parameters.get(name);
    return member === undefined ? null : this.#reference(member, target);
  }

  functions(node: ElmNode, arity: number): FunctionReference[] {
    const target = this.#target(node);
    return (target.functions.get(text(node, 'name')) ?? [])
      .filter((member) => member.operands.length === arity && !this.#isHidden(member, target))
      .map((member) => ({
        code: this.#nameIn(member, target),
        operands: member.operands,
        source: member.source as ElmExpressionDef,
        type: member.type,
      }));
  }

  valueSet(node: ElmNode): ReturnType<References['valueSet']> {
    return this.#target(node).terminology.valueSet(text(node, 'name'));
  }

  codeSystem(node: ElmNode): ReturnType<References['codeSystem']> {
    return this.#target(node).terminology.codeSystem(text(node, 'name'));
  }

  code(node: ElmNode): ReturnType<References['code']> {
    return this.#target(node).terminology.code(text(node, 'name'));
  }

  retrieval(asked: Retrieval): Retrieval {
    const found = this.#library.retrievals.of(asked);
    this.#retrievals.add(found);
    return found;
  }

  concept(node: ElmNode): ReturnType<References['concept']> {
    return this.#target(node).terminology.concept(text(node, 'name'));
  }

  /** Begins a member: what is referred to from now on is what it calls. */
  begin(): void {
    this.#called.clear();
  }

  called(): Code[] {
    return [...this.#called.values()];
  }

  /** What of the constants is not the library's own. */
  origins(): Pick<Origins, 'retrievals' | 'valueSets' | 'included'> {
    const { includes, terminology } = this.#library;
    return {
      retrievals: this.#retrievals,
      valueSets: new Map([...includes.values(), { terminology }].flatMap((one) => [...one.terminology.asked])),
      included: new Map(
        [...includes].flatMap(([alias, { code }]) =>
          code.map((each, position): [unknown, [string, number]] => [each, [alias, position]]),
        ),
      ),
    };
  }

  #target(node: ElmNode): CompiledLibrary {
    const alias = optionalText(node, 'libraryName');
    if (alias === null) return this.#library;
    const target = this.#library.includes.get(alias);
    if (target === undefined) throw this.#unknown(node, this.#library);
    return target;
  }

  #isHidden({ source }: Member, target: CompiledLibrary): boolean {
    return target !== this.#library && source['accessLevel'] === 'Private';
  }

  #reference(member: Member, target: CompiledLibrary): DefinitionReference {
    return { code: js`${this.#nameIn(member, target)}(cx)`, type: member.type };
  }

  #nameIn(member: Member, target: CompiledLibrary): Code {
    const name = target === this.#library ? nameOf(member) : this.#use(target.code[member.position]);
    this.#called.set(name.text, name);
    return name;
  }

  #unknown(node: ElmNode, { key }: CompiledLibrary): UnknownExpression {
    const alias = optionalText(node, 'libraryName');
    return new UnknownExpression(`${alias === null ? '' : `${alias}.`}${optionalText(node, 'name') ?? ''}`, key);
  }
}
