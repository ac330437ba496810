import type { OperationOutcomeIssue, Parameters, Resource } from '@medplum/fhirtypes';
import { updateTypeExtension, updateTypes } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import { checkUpdateType } from '../interactions/data-submission.ts';
import { parseCanonical } from '../terminology/canonical.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation, type Operation } from './operation.ts';

interface Submission {
  readonly code: string;
  readonly definition: string;
}

/** Base R4 Measure/$submit-data, and under the same name that of US DEQM 5.0.0, which submits Bundles. */
export const submitData = submission({
  code: 'submit-data',
  definition: 'http://hl7.org/fhir/OperationDefinition/Measure-submit-data',
});

/** The same by the code that the OperationDefinition of US DEQM 5.0.0 gives it. */
export const deqmSubmitData = submission({
  code: 'deqm-submit-data',
  definition: 'http://hl7.org/fhir/us/davinci-deqm/OperationDefinition/submit-data',
});

/**
 * Older ways to submit data. UV DEQM 1.0.0 has none of these operations: there, the Bundle is posted to the base. What is
 * sent is stored as that is: one transaction for each Bundle.
 */
function submission({ code, definition }: Submission): Operation {
  return defineOperation({
    code,
    definition,
    resources: ['Measure'],
    levels: ['type', 'instance'],
    title: 'Submit data',
    description:
      'Stores data of measures: Bundles with data-exchange MeasureReports, or one MeasureReport with its resources.',
    scopes: [{ type: 'MeasureReport', permission: 'c' }],
    safe: false,
    exact: true,
    extension: updateTypes.map(updateTypeExtension),
    input: {
      bundle: {
        type: 'Bundle*',
        documentation: 'US DEQM 5.0.0: Bundles with data-exchange MeasureReports first, one subject each.',
      },
      measureReport: { type: 'Resource?', documentation: 'Base R4: the MeasureReport, of type data-collection.' },
      resource: { type: 'Resource*', documentation: 'Base R4: the resources that were used or are of interest.' },
    },
    async run({ bundle, measureReport, resource }, context, services) {
      if (measureReport !== null && bundle.length > 0)
        throw invalidArgument('measureReport', 'cannot be used with bundle', 'invalid');
      if (measureReport === null && bundle.length === 0)
        throw invalidArgument('bundle', 'is required, or measureReport with resource', 'required');
      const bundles = measureReport === null ? bundle : [bundleOf([measureReport, ...resource])];
      const transactions = bundles.map(asTransaction);
      for (const { entry } of transactions) {
        for (const each of entry) checkUpdateType(each.resource);
        requireReport(entry, measureReport === null ? 'bundle' : 'measureReport');
      }
      if (context.resourceId !== null) {
        const { url } = await services.catalogue.find(context.tenant, { id: context.resourceId });
        for (const { entry } of transactions) requireMeasure(entry, url);
      }
      return submitAll(transactions, (each) => services.submit(each, context, context.provenance ?? null));
    },
  });
}

interface Entry {
  readonly resource?: FhirResource;
  readonly [property: string]: unknown;
}
type TransactionBundle = FhirResource & { readonly entry: readonly Entry[] };

/** @returns the answer to the Bundle; of several, all answers, and beside them what was not stored and why */
async function submitAll(
  bundles: readonly TransactionBundle[],
  submit: (bundle: FhirResource) => Promise<Resource>,
): Promise<Resource> {
  const answers: Resource[] = [];
  const issue: OperationOutcomeIssue[] = [];
  let failed: unknown = null;
  for (const [index, each] of bundles.entries()) {
    try {
      answers.push(await submit(each));
    } catch (error) {
      failed ??= error;
      if (bundles.length === 1 || !(error instanceof Error)) throw error;
      const diagnostics = `Bundle ${index + 1} of ${bundles.length} was not stored: ${error.message}`;
      issue.push({ severity: 'error', code: 'processing', diagnostics });
    }
  }
  const [only] = answers;
  if (only === undefined) throw failed;
  if (bundles.length === 1) return only;
  const answer: Parameters = {
    resourceType: 'Parameters',
    parameter: [
      ...answers.map((resource) => ({ name: 'return', resource })),
      ...(issue.length === 0
        ? []
        : [{ name: 'outcome', resource: { resourceType: 'OperationOutcome' as const, issue } }]),
    ],
  };
  return answer;
}

function bundleOf(resources: readonly FhirResource[]): FhirResource {
  return { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) };
}

/** Bundles of other types say what there is, not what to do: then each resource is put under its id, or created. */
function asTransaction(bundle: FhirResource): TransactionBundle {
  const entries = (Array.isArray(bundle.entry) ? bundle.entry : []) as readonly Entry[];
  const entry = entries.map((each) => (each['request'] === undefined ? { ...each, request: requestOf(each) } : each));
  return { ...bundle, type: 'transaction', entry };
}

function requestOf({ resource }: Entry): object {
  const { resourceType = '', id } = resource ?? {};
  return id === undefined ? { method: 'POST', url: resourceType } : { method: 'PUT', url: `${resourceType}/${id}` };
}

function reportsIn(entries: readonly Entry[]): FhirResource[] {
  return entries.flatMap(({ resource }) =>
    resource?.resourceType === 'MeasureReport' && resource['type'] === 'data-collection' ? resource : [],
  );
}

function requireReport(entries: readonly Entry[], argument: string): void {
  if (reportsIn(entries).length === 0)
    throw invalidArgument(argument, 'must hold a MeasureReport of type data-collection', 'invalid');
}

function requireMeasure(entries: readonly Entry[], url: string): void {
  const other = reportsIn(entries).find(({ measure }) => parseCanonical(String(measure)).url !== url);
  if (other !== undefined)
    throw invalidArgument('measureReport', `must be about ${url}, the measure of the request's URL`, 'invalid');
}
