import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { SystemModelInfoProvider } from '@cqframework/cql/cql';
import {
  CqlCompilerOptions,
  CqlTranslator,
  createLibrarySourceProvider,
  createModelInfoProvider,
  createUcumService,
  LibraryBuilder,
  LibraryManager,
  ModelManager,
  stringAsSource,
} from '@cqframework/cql/cql-to-elm';
import ucum from '@lhncbc/ucum-lhc';
import fhir401 from 'cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml.js';
import { fhirHelpers } from './fhir-helpers.ts';
import type { WorkerAnswer, WorkerQuestion } from './protocol.ts';
import { forgetElements } from './weak-elements.ts';

/** The thread in which CQL is translated: it may be stopped at any time, and is replaced now and then. */

// The translator logs to the console; nobody reads it there.
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => undefined;

const units = ucum.UcumLhcUtils.getInstance();
const calendarUnits = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;

const ucumService = createUcumService(
  (value) => value,
  (unit) =>
    unit === '1' || calendarUnits.test(unit) || units.validateUnitString(unit).status === 'valid'
      ? null
      : `${unit} is not a UCUM unit`,
  (left) => left,
  (left) => left,
);

const helpers = fhirHelpers(fhir401);

/** Libraries and models that were compiled for one set of texts, with what was asked for in vain meanwhile. */
interface Workshop {
  readonly libraries: LibraryManager;
  readonly missingModels: Set<string>;
  readonly missingLibraries: Set<string>;
}

const workshops = new Map<string, Workshop>();
const keptWorkshops = 4;

/** The workshop for the models and includes of a question: what they compile to is kept while they stay the same. */
function workshopFor(question: WorkerQuestion): Workshop {
  const hash = createHash('sha256');
  for (const text of [
    ...question.models.flatMap((m) => [m.name, m.version, m.xml]),
    '',
    ...question.libraries.map((l) => l.cql),
  ])
    hash.update(`${text.length}:`).update(text);
  const key = hash.digest('hex');
  const known = workshops.get(key);
  if (known !== undefined) return known;
  const [oldest] = workshops.keys();
  if (workshops.size >= keptWorkshops && oldest !== undefined) workshops.delete(oldest);
  const made = open(question);
  workshops.set(key, made);
  return made;
}

function open({ models, libraries }: WorkerQuestion): Workshop {
  const missingModels = new Set<string>();
  const missingLibraries = new Set<string>();
  const modelManager = new ModelManager();
  modelManager.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  modelManager.modelInfoLoader.registerModelInfoProvider(
    createModelInfoProvider((name, _system, version) => {
      const found = models.find((model) => model.name === name && (version == null || model.version === version));
      if (found !== undefined) return stringAsSource(found.xml);
      if (name === 'FHIR' && (version == null || version === '4.0.1')) return stringAsSource(fhir401);
      if (name !== 'System') missingModels.add(`${name}|${version ?? ''}`);
      return null;
    }),
  );
  const libraryManager = new LibraryManager(modelManager, options(), undefined, ucumService);
  libraryManager.librarySourceLoader.registerProvider(
    createLibrarySourceProvider((name, _system, version) => {
      const [found] = libraries
        .filter((library) => library.name === name && (version == null || library.version === version))
        .sort((a, b) => (b.version ?? '').localeCompare(a.version ?? '', undefined, { numeric: true }));
      if (found !== undefined) return stringAsSource(found.cql);
      if (name === 'FHIRHelpers' && (version == null || version === '4.0.1')) return stringAsSource(helpers);
      missingLibraries.add(`${name}|${version ?? ''}`);
      return null;
    }),
  );
  return { libraries: libraryManager, missingModels, missingLibraries };
}

function options(): CqlCompilerOptions {
  const { Options } = CqlCompilerOptions;
  return new CqlCompilerOptions()
    .withOptions([
      Options.EnableAnnotations,
      Options.EnableLocators,
      Options.EnableResultTypes,
      Options.DisableListDemotion,
      Options.DisableListPromotion,
    ])
    .withSignatureLevel(LibraryBuilder.SignatureLevel.All)
    .withCompatibilityLevel('1.5')
    .withValidateUnits(true);
}

function answer(question: WorkerQuestion): WorkerAnswer {
  const { libraries, missingModels, missingLibraries } = workshopFor(question);
  missingModels.clear();
  missingLibraries.clear();
  const result = translated(question.cql, libraries);
  return { ...result, missingModels: [...missingModels], missingLibraries: [...missingLibraries] };
}

function translated(cql: string, libraries: LibraryManager): Pick<WorkerAnswer, 'main' | 'includes' | 'failure'> {
  try {
    const translator = CqlTranslator.fromText(cql, libraries);
    const included = [...translator.libraries.asJsReadonlyMapView().values()].filter((library) => library != null);
    const includes = included.map((library) => CqlTranslator.convertToJson(library));
    return { main: translator.toJson(), includes, failure: null };
  } catch (error) {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { main: null, includes: [], failure };
  }
}

forgetElements(() => {
  answer({ cql: "library Start version '1' define One: 1", libraries: [], models: [] });
});

parentPort?.on('message', (question: WorkerQuestion) => parentPort?.postMessage(answer(question)));
parentPort?.postMessage('ready');
