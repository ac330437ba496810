import { createCompiler, createInterpreter, type Evaluator } from '../../cql/index.ts';

export type EngineName = 'interpreted' | 'compiled';

export function isEngine(name: string): name is EngineName {
  return name === 'interpreted' || name === 'compiled';
}

export function createEngine(name: EngineName): Evaluator {
  return name === 'compiled' ? createCompiler() : createInterpreter();
}
