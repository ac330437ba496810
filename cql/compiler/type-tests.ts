import { FhirElement, Interval, isType, Tuple, type Value } from '../runtime/index.ts';
import type { FhirModel } from './fhir/model.ts';
import { isObject } from './fhir/read.ts';
import type { Type } from './types.ts';

/** Whether a value is of a type (CQL 1.5, 2.4.3 Type Testing). Null is of none. */
export type TypeTest = (value: Value) => boolean;

export function typeTest(type: Type, model: FhirModel): TypeTest {
  switch (type.kind) {
    case 'any':
      return (value) => value !== null;
    case 'list': {
      const inner = typeTest(type.of, model);
      return (value) => Array.isArray(value) && value.every((item) => item === null || inner(item));
    }
    case 'interval': {
      if (type.of.kind !== 'named') return (value) => value instanceof Interval;
      const point = type.of.name.replace(/^System\./, '');
      const inner = typeTest(type.of, model);
      return (value) => {
        if (!(value instanceof Interval)) return false;
        if (value.pointType !== null) return value.pointType === point;
        const bound = value.low ?? value.high;
        return bound === null || inner(bound);
      };
    }
    case 'tuple': {
      const elements = [...type.elements].map(([name, of]) => [name, typeTest(of, model)] as const);
      return (value) =>
        value instanceof Tuple &&
        elements.every(([name, test]) => {
          const element = value.elements[name];
          return element === undefined || element === null || test(element);
        });
    }
    case 'choice': {
      const tests = type.of.map((one) => typeTest(one, model));
      return (value) => tests.some((test) => test(value));
    }
    case 'named':
      return namedTest(type.name, model);
  }
}

function namedTest(name: string, model: FhirModel): TypeTest {
  if (!name.startsWith('FHIR.')) {
    const system = name.slice(name.indexOf('.') + 1);
    return (value) => value !== null && isType(value, system);
  }
  const wanted = name.slice(5);
  const type = model.type(wanted);
  if (type?.resource !== true && type?.leaf === true)
    return (value) => value instanceof FhirElement && value.type === wanted;
  const isA = (actual: string): boolean => actual === wanted || model.type(actual)?.ancestors.has(wanted) === true;
  return (value) => {
    if (value instanceof FhirElement) return isA(value.type);
    const resourceType = isObject(value) ? value['resourceType'] : undefined;
    return typeof resourceType === 'string' && isA(resourceType);
  };
}

/** Whether a value of one static type is always of another, so that a test can be left out. */
export function isSubtype(type: Type, of: Type, model: FhirModel): boolean {
  if (type === of || of.kind === 'any') return true;
  if (type.kind === 'any') return false;
  if (type.kind === 'choice') return type.of.every((one) => isSubtype(one, of, model));
  if (of.kind === 'choice') return of.of.some((one) => isSubtype(type, one, model));
  if (type.kind === 'named' && of.kind === 'named') {
    if (type.name === of.name) return true;
    return type.name.startsWith('FHIR.') && of.name.startsWith('FHIR.')
      ? model.type(type.name.slice(5))?.ancestors.has(of.name.slice(5)) === true
      : false;
  }
  if (type.kind === 'list' && of.kind === 'list') return isSubtype(type.of, of.of, model);
  if (type.kind === 'interval' && of.kind === 'interval') return isSubtype(type.of, of.of, model);
  if (type.kind === 'tuple' && of.kind === 'tuple')
    return (
      type.elements.size === of.elements.size &&
      [...type.elements].every(([name, element]) => {
        const other = of.elements.get(name);
        return other !== undefined && isSubtype(element, other, model);
      })
    );
  return false;
}
