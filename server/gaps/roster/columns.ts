/** What a column of a roster says. */
export type RosterField =
  | 'memberId'
  | 'name'
  | 'family'
  | 'given'
  | 'birthDate'
  | 'sex'
  | 'phone'
  | 'postalCode'
  | 'providerNpi'
  | 'start'
  | 'end'
  | 'contract';

/** Headers by which payers call them: letters and digits only, in lower case. */
const headers: Readonly<Record<RosterField, readonly string[]>> = {
  memberId: [
    'memberid',
    'member',
    'subscriberid',
    'mbi',
    'medicareid',
    'medicaidid',
    'hicn',
    'patientid',
    'mrn',
    'insuredid',
    'memberidnumber',
    'membernumber',
    'cardid',
  ],
  name: ['name', 'membername', 'patientname', 'fullname', 'patient'],
  family: ['lastname', 'last', 'family', 'familyname', 'surname', 'memberlastname', 'patientlastname'],
  given: ['firstname', 'first', 'given', 'givenname', 'memberfirstname', 'patientfirstname'],
  birthDate: ['birthdate', 'dateofbirth', 'dob', 'memberdob', 'patientdob', 'born'],
  sex: ['sex', 'gender', 'membersex', 'membergender'],
  phone: ['phone', 'telephone', 'phonenumber', 'memberphone', 'homephone'],
  postalCode: ['zip', 'zipcode', 'postalcode', 'memberzip'],
  providerNpi: ['providernpi', 'npi', 'pcpnpi', 'attributedprovidernpi', 'attributednpi', 'renderingnpi', 'provider'],
  start: [
    'start',
    'startdate',
    'effectivedate',
    'attributionstart',
    'periodstart',
    'from',
    'effdate',
    'attributioneffectivedate',
    'pcpeffectivedate',
  ],
  end: ['end', 'enddate', 'termdate', 'terminationdate', 'attributionend', 'periodend', 'through', 'thru'],
  contract: ['contract', 'contractid', 'contractnumber', 'plan', 'planid'],
};

export const rosterFields = Object.keys(headers) as readonly RosterField[];

/** A roster that cannot be read at all: no header row, no columns that say who is meant. */
export class UnreadableRoster extends Error {
  override readonly name = 'UnreadableRoster';
}

/**
 * Which field each column holds; null for columns that are not used.
 *
 * @param mapping header, as it is in the file, to field; goes before the headers that are known
 * @throws UnreadableRoster
 */
export function columnFields(
  header: readonly string[],
  mapping: Readonly<Record<string, RosterField>> = {},
): readonly (RosterField | null)[] {
  const given = new Map(Object.entries(mapping).map(([name, field]) => [letters(name), field]));
  const absent = Object.keys(mapping).filter((name) => !header.some((one) => letters(one) === letters(name)));
  if (absent.length > 0)
    throw new UnreadableRoster(`The mapping names columns that the file has not: ${absent.join(', ')}`);
  const taken = new Set(given.values());
  const fields = header.map((name): RosterField | null => {
    const mapped = given.get(letters(name));
    if (mapped !== undefined) return mapped;
    const known = rosterFields.find((field) => headers[field].includes(letters(name)));
    if (known === undefined || taken.has(known)) return null;
    taken.add(known);
    return known;
  });
  const has = (field: RosterField): boolean => fields.includes(field);
  if (!has('memberId') && !(has('birthDate') && (has('name') || (has('family') && has('given')))))
    throw new UnreadableRoster(
      `No column says who is meant: there must be a member id, or a birth date and a name. The columns are ${header.join(', ')}; say what they hold by a mapping such as "Sub No=memberId"`,
    );
  if (!has('providerNpi'))
    throw new UnreadableRoster(
      `No column says who the provider is (NPI). The columns are ${header.join(', ')}; say it by a mapping such as "PCP=providerNpi"`,
    );
  return fields;
}

function letters(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}
