/** The parts of an ELM library (https://cql.hl7.org/elm.html) that linking and analysis read. */

export interface ElmNode {
  readonly type?: string;
  readonly localId?: string;
  readonly locator?: string;
  readonly [property: string]: unknown;
}

export interface ElmVersionedIdentifier {
  readonly id: string;
  readonly system?: string;
  readonly version?: string;
}

export interface ElmInclude extends ElmNode {
  readonly localIdentifier: string;
  readonly path: string;
  readonly version?: string;
}

export interface ElmValueSetDef extends ElmNode {
  readonly name: string;
  readonly id: string;
  readonly version?: string;
}

export interface ElmParameterDef extends ElmNode {
  readonly name: string;
  readonly default?: ElmNode;
  readonly parameterTypeSpecifier?: ElmNode;
}

export interface ElmExpressionDef extends ElmNode {
  readonly name: string;
  readonly context?: string;
  readonly accessLevel?: 'Public' | 'Private';
  readonly expression?: ElmNode;
  /** Present on function definitions only. */
  readonly operand?: readonly (ElmNode & { readonly name: string })[];
  readonly external?: boolean;
}

/** ELM in JSON: `{ "library": { ... } }`. */
export interface ElmLibrary {
  readonly library: {
    readonly identifier: ElmVersionedIdentifier;
    readonly annotation?: readonly ElmNode[];
    readonly usings?: {
      readonly def: readonly (ElmNode & { uri: string; localIdentifier: string; version?: string })[];
    };
    readonly includes?: { readonly def: readonly ElmInclude[] };
    readonly parameters?: { readonly def: readonly ElmParameterDef[] };
    readonly codeSystems?: { readonly def: readonly (ElmNode & { name: string; id: string; version?: string })[] };
    readonly valueSets?: { readonly def: readonly ElmValueSetDef[] };
    readonly codes?: { readonly def: readonly (ElmNode & { name: string; id: string; display?: string })[] };
    readonly concepts?: { readonly def: readonly ElmNode[] };
    readonly statements?: { readonly def: readonly ElmExpressionDef[] };
  };
}
