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

const managers = new Map<string, { models: ModelManager; missing: Set<string> }>();

function modelsOf(question: WorkerQuestion): { models: ModelManager; missing: Set<string> } {
  const hash = createHash('sha256');
  for (const { name, version, xml } of question.models) hash.update(`${name}|${version}|${xml.length}|`).update(xml);
  const key = hash.digest('hex');
  const known = managers.get(key);
  if (known !== undefined) return known;
  const missing = new Set<string>();
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  models.modelInfoLoader.registerModelInfoProvider(
    createModelInfoProvider((name, _system, version) => {
      const found = question.models.find(
        (model) => model.name === name && (version == null || model.version === version),
      );
      if (found !== undefined) return stringAsSource(found.xml);
      if (name === 'FHIR' && (version == null || version === '4.0.1')) return stringAsSource(fhir401);
      if (name !== 'System') missing.add(`${name}|${version ?? ''}`);
      return null;
    }),
  );
  if (managers.size >= 4) managers.clear();
  const made = { models, missing };
  managers.set(key, made);
  return made;
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
  const { models, missing } = modelsOf(question);
  missing.clear();
  const missingLibraries = new Set<string>();
  const libraries = new LibraryManager(models, options(), undefined, ucumService);
  libraries.librarySourceLoader.registerProvider(
    createLibrarySourceProvider((name, _system, version) => {
      const candidates = question.libraries
        .filter((library) => library.name === name && (version == null || library.version === version))
        .sort((a, b) => (b.version ?? '').localeCompare(a.version ?? '', undefined, { numeric: true }));
      const [found] = candidates;
      if (found !== undefined) return stringAsSource(found.cql);
      if (name === 'FHIRHelpers' && (version == null || version === '4.0.1')) return stringAsSource(helpers);
      missingLibraries.add(`${name}|${version ?? ''}`);
      return null;
    }),
  );
  try {
    const translator = CqlTranslator.fromText(question.cql, libraries);
    const included = [...translator.libraries.asJsReadonlyMapView().values()].filter((library) => library != null);
    return {
      missingModels: [...missing],
      missingLibraries: [...missingLibraries],
      main: translator.toJson(),
      includes: included.map((library) => CqlTranslator.convertToJson(library)),
      failure: null,
    };
  } catch (error) {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      missingModels: [...missing],
      missingLibraries: [...missingLibraries],
      main: null,
      includes: [],
      failure,
    };
  }
}

forgetElements(() => {
  CqlTranslator.fromText(
    "library Start version '1' define One: 1",
    new LibraryManager(modelsOf({ cql: '', libraries: [], models: [] }).models, options(), undefined, ucumService),
  );
});

parentPort?.on('message', (question: WorkerQuestion) => parentPort?.postMessage(answer(question)));
parentPort?.postMessage('ready');
