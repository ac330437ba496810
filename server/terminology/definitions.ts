/** The parts of ValueSet and CodeSystem that expansion reads (FHIR R4, 4.8 and 4.9). */

export interface ExpansionNode {
  readonly system?: string;
  readonly code?: string;
  readonly abstract?: boolean;
  readonly contains?: readonly ExpansionNode[];
}

interface Extension {
  readonly url: string;
  readonly valueBoolean?: boolean;
}

export interface ConceptSet {
  readonly system?: string;
  readonly version?: string;
  readonly concept?: readonly { readonly code: string }[];
  readonly filter?: readonly Filter[];
  readonly valueSet?: readonly string[];
}

export interface Filter {
  readonly property: string;
  readonly op: string;
  readonly value: string;
}

export interface ValueSetDefinition {
  readonly resourceType: 'ValueSet';
  readonly url: string;
  readonly version?: string;
  readonly status?: string;
  readonly compose?: { readonly include?: readonly ConceptSet[]; readonly exclude?: readonly ConceptSet[] };
  readonly expansion?: {
    readonly total?: number;
    readonly offset?: number;
    readonly extension?: readonly Extension[];
    readonly parameter?: readonly { readonly name: string; readonly valueInteger?: number }[];
    readonly contains?: readonly ExpansionNode[];
  };
}

export interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
  readonly property?: readonly { readonly code: string; readonly [value: string]: unknown }[];
}

export interface CodeSystemDefinition {
  readonly resourceType: 'CodeSystem';
  readonly url: string;
  readonly version?: string;
  readonly content?: string;
  readonly concept?: readonly Concept[];
}

/** Where expansion finds what a value set refers to. A null version asks for the newest; null says that there is none. */
export interface TerminologyFinder {
  valueSet(url: string, version: string | null): ValueSetDefinition | null;
  codeSystem(url: string, version: string | null): CodeSystemDefinition | null;
}
