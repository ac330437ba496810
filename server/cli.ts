#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Command, InvalidArgumentError } from 'commander';
import { writeNdjson } from '../demo/index.ts';
import { auditEvent } from './auth/audit.ts';
import { registerCql } from './cli/cql.ts';
import { registerDirection } from './cli/direction.ts';
import { registerFeeds } from './cli/feeds.ts';
import { registerImport } from './cli/import.ts';
import { registerPeriods } from './cli/periods.ts';
import { registerRoster } from './cli/roster.ts';
import { readConfig } from './config.ts';
import { installBundle } from './content/install-bundle.ts';
import { installCheck } from './content/install-check.ts';
import { demoIdentity } from './http/request-context.ts';
import { createLogger } from './log.ts';
import { isOperatorError } from './main/operator-errors.ts';
import { toOutcome } from './outcomes.ts';
import { putResources } from './seed.ts';
import { type Services, startServices } from './services.ts';

const program = new Command('gapless').description('Quality measures and care gaps over FHIR');

program
  .command('start')
  .description('start the server (the same as npm start, without building the page)')
  .action(async () => {
    await import('./main.ts');
  });

const measures = program
  .command('measures')
  .description('measures of the database that DATABASE_URL names, or of the embedded one');

measures
  .command('install')
  .description(
    'install measures: Bundles, resources or NDJSON of Measure, Library, ValueSet and CodeSystem (.gz is unpacked)',
  )
  .argument('<file...>', 'all files are installed together, or nothing is')
  .action((files: string[]) => withServices((services) => install(services, files)));

measures
  .command('list')
  .description('list what is installed')
  .action(() =>
    withServices(async ({ catalogue }) => {
      const installed = await catalogue.list(demoIdentity.tenant);
      for (const { url, version, status, title, name } of installed) {
        console.log(`${url}${version === null ? '' : `|${version}`}  ${status}  ${title ?? name ?? ''}`);
      }
      console.error(`${installed.length} measure${installed.length === 1 ? '' : 's'}`);
    }),
  );

registerDirection(measures, withServices);
registerPeriods(program, withServices);
registerRoster(program, withServices);
registerImport(program, withServices);
registerFeeds(program, withServices);

program
  .command('demo')
  .description('write a synthetic practice as NDJSON, to standard output or to a folder')
  .requiredOption('--patients <number>', 'how many', wholeNumber)
  .option('--seed <text>', 'the same seed gives the same practice', 'gapless')
  .option('--as-of <date>', 'day on which the records are taken', new Date().toISOString().slice(0, 10))
  .option('--out <folder>', 'a file per resource type, Type.ndjson')
  .action(async ({ patients, seed, asOf, out }: { patients: number; seed: string; asOf: string; out?: string }) => {
    const began = performance.now();
    const onProgress = ({ patients: done }: { patients: number }): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${patients} patients`);
    };
    const target = out === undefined ? { stream: process.stdout } : { out };
    const { resources, bytes } = await writeNdjson({ seed, patients, asOf }, { ...target, onProgress });
    const seconds = (performance.now() - began) / 1000;
    console.error(
      `\r${patients} patients, ${resources} resources, ${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s`,
    );
  });

registerCql(program);

async function install({ database, catalogue }: Services, files: readonly string[]): Promise<void> {
  const bundle = installBundle(files.map(read));
  const resources = (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
  console.error(`Checking and installing ${resources.length} resources`);
  const { tenant, actor } = demoIdentity;
  const installed: string[] = [];
  await putResources(database, tenant, resources, {
    audit: (written) =>
      auditEvent(
        { tenant, actor, requestId: 'cli' },
        { action: 'E', interaction: 'transaction', resources: written, query: null },
        new Date(),
      ),
    beforeCommit: async (sql, written) => {
      installed.push(...(await installCheck(sql, tenant, written)));
    },
  });
  for (const canonical of installed) {
    console.log(canonical);
    const { warnings } = await catalogue.find(tenant, { canonical });
    for (const warning of warnings) console.error(`  warning: ${warning}`);
  }
  console.error(
    `Installed ${installed.length} measure${installed.length === 1 ? '' : 's'}. A running server evaluates all patients for them now.`,
  );
}

function read(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

async function withServices(work: (services: Services) => Promise<void>): Promise<void> {
  // No evaluation here: the server that runs, or the next one, does that.
  const config = { ...readConfig(), role: 'api' as const, logLevel: 'warn' as const };
  const services = await startServices(config, createLogger(config));
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('give a whole number of at least 1');
  return number;
}

program.parseAsync().catch((error: Error) => {
  const { outcome, unexpected } = toOutcome(error);
  if (unexpected) console.error(isOperatorError(error) || 'code' in error ? error.message : error);
  else
    for (const { severity, diagnostics, expression } of outcome.issue)
      console.error(`${severity}: ${expression?.join(', ') ?? ''} ${diagnostics}`);
  process.exitCode = 1;
});
