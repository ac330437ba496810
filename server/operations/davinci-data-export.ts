import { invalidArgument } from './errors.ts';
import { exports } from './export.ts';
import { exportInput } from './export-request.ts';
import { defineKickOff } from './operation.ts';

const exportType = 'hl7.fhir.us.davinci-atr';
const required = ['Group', 'Patient', 'Coverage'] as const;
const own = new Set(['exportType']);

/** Da Vinci ATR 2.1.0 `$davinci-data-export`: the Bulk Data export of a Group, with what an attribution list is made of. */
export const davinciDataExport = defineKickOff({
  code: 'davinci-data-export',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://hl7.org/fhir/us/davinci-atr/OperationDefinition/davinci-data-export',
  title: 'Export an attribution list',
  description:
    'Bulk export of an attribution list: the Group with its members, Patients and Coverages, and what else _type names. 202 with the URL at which the manifest will be.',
  scopes: [],
  safe: true,
  input: {
    patient: { type: 'reference*', documentation: 'Only these members. By POST only.' },
    exportType: {
      type: 'string?',
      documentation: `What is exported: ${exportType}, alone or as the URL of the guide.`,
    },
    _since: exportInput._since,
    _until: exportInput._until,
    _type: { type: 'string*', documentation: `Resource types; ${required.join(', ')} must be among them.` },
    _typeFilter: exportInput._typeFilter,
  },
  async start(args, call) {
    if (
      args.exportType !== null &&
      !args.exportType.split('|')[0]?.endsWith(exportType) &&
      !args.exportType.includes('/davinci-atr')
    )
      throw invalidArgument(
        'exportType',
        `must be ${exportType}: there is no other export of Da Vinci here`,
        'not-supported',
      );
    const types = new Set(args._type.flatMap((list) => list.split(',')));
    const missing = required.filter((type) => !types.has(type));
    if (types.size > 0 && missing.length > 0)
      throw invalidArgument(
        '_type',
        `must name ${missing.join(', ')} too: an attribution list is made of them`,
        'required',
      );
    const ofGroup = exports.find(({ resources }) => resources?.includes('Group'));
    if (ofGroup?.start === undefined) throw new TypeError('there is a $export of Groups');
    const passed = call.parameters.filter(({ name }) => !own.has(name));
    const all = types.size > 0 ? [] : [{ name: '_type', valueString: defaultTypes.join(',') }];
    return ofGroup.start({ ...call, parameters: [...passed, ...all] });
  },
});

/** What Da Vinci ATR's profiles are of. */
const defaultTypes = [...required, 'RelatedPerson', 'Practitioner', 'PractitionerRole', 'Organization', 'Location'];
