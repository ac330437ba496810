import { CqlRuntimeError, type Value } from '../runtime/index.ts';
import type { FhirModel } from './fhir/model.ts';
import { type InstanceMaker, instanceMaker } from './instances.ts';
import { type TypeTest, typeTest } from './type-tests.ts';
import type { Type } from './types.ts';

/**
 * How a function is made that compiled code refers to, and that is not one of ours by name. As data, because code that is
 * kept on disk is given its functions anew.
 */
export type Recipe =
  | { readonly make: 'type-test'; readonly type: Type }
  | { readonly make: 'cast'; readonly type: Type; readonly strict: boolean }
  | { readonly make: 'instance'; readonly name: string }
  | { readonly make: 'no-overload' };

/** @throws TypeError for an instance of a class that there is not */
export function follow(recipe: Recipe, model: FhirModel): TypeTest | InstanceMaker | ((value: Value) => Value) {
  switch (recipe.make) {
    case 'type-test':
      return typeTest(recipe.type, model);
    case 'cast':
      return casting(typeTest(recipe.type, model), recipe.strict);
    case 'instance': {
      const make = instanceMaker(recipe.name, model);
      if (make === null) throw new TypeError(`There is no class ${recipe.name}`);
      return make;
    }
    case 'no-overload':
      return noOverload;
  }
}

function casting(test: TypeTest, strict: boolean): (value: Value) => Value {
  return (value) => {
    if (value === null || test(value)) return value;
    if (strict) throw new CqlRuntimeError('the value is not of the type that the cast names');
    return null;
  };
}

function noOverload(): never {
  throw new CqlRuntimeError('no overload of the function takes these operands');
}
