/** A search parameter that the type doesn't have, where the client asked for strict handling (FHIR R4, 3.1.0.2). */
export class UnknownSearchParameter extends Error {
  override readonly name = 'UnknownSearchParameter';
  readonly type: string;
  readonly parameter: string;

  constructor(type: string, parameter: string, known: readonly string[]) {
    super(`${type} has no search parameter "${parameter}". It has: ${[...known].sort().join(', ')}`);
    this.type = type;
    this.parameter = parameter;
  }
}

/** A value that the parameter can't be compared with. */
export class InvalidSearchValue extends Error {
  override readonly name = 'InvalidSearchValue';
  readonly parameter: string;
  readonly value: string;
  readonly expected: string;

  constructor(parameter: string, value: string, expected: string) {
    super(`The value "${value}" of the search parameter "${parameter}" is wrong: expected ${expected}`);
    this.parameter = parameter;
    this.value = value;
    this.expected = expected;
  }
}

/** A search that FHIR defines and this server doesn't offer, or a modifier that doesn't fit the parameter's type. */
export class UnsupportedSearch extends Error {
  override readonly name = 'UnsupportedSearch';
  readonly parameter: string;

  constructor(parameter: string, reason: string) {
    super(`The search parameter "${parameter}" can't be used so: ${reason}`);
    this.parameter = parameter;
  }
}

/** A page link that this server didn't make, or that belongs to another search. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';

  constructor() {
    super('The _cursor is not one of this search: start again from the first page');
  }
}

/** The name is not one of a FHIR R4 resource type. */
export class UnknownResourceType extends Error {
  override readonly name = 'UnknownResourceType';
  readonly type: string;

  constructor(type: string) {
    super(`"${type}" is not a FHIR R4 resource type`);
    this.type = type;
  }
}
