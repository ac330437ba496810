import { parentPort, workerData } from 'node:worker_threads';
import { createCompiler, linkLibraries, PatientRecord } from '../../cql/index.ts';

/** Evaluates the definitions of a library one after another, without a time limit, and tells what came of each. */
const prepared = createCompiler().prepare(
  linkLibraries(workerData.library, () => null),
  { find: () => null },
);
const record = new PatientRecord([{ resourceType: 'Patient', id: 'p' }]);
for (const name of workerData.expressions) {
  const request = { expressions: [name], parameters: {}, now: '2026-01-01T00:00:00Z' };
  const told = await prepared.evaluate(record, request).then(
    ({ values }) => values.get(name) ?? null,
    (error: Error) => `${error.name}: ${error.message}`,
  );
  parentPort?.postMessage(told);
}
