import { isShaped, shapeResource } from '../../../server/search/shape.ts';

const patient = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '1', tag: [{ code: 'vip' }] },
  text: { status: 'generated', div: '<div/>' },
  active: true,
  _birthDate: { extension: [] },
  birthDate: '1980-01-01',
  maritalStatus: { text: 'Married' },
  link: [{ other: { reference: 'Patient/p2', display: 'Other' }, type: 'seealso' }],
  contact: [{ name: { text: 'Mother' } }],
};
const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

describe('A subset of a resource', () => {
  it.each<[string, Parameters<typeof shapeResource>[1], string[]]>([
    [
      '_summary=true has the summary elements',
      { summary: 'true', elements: [] },
      ['_birthDate', 'active', 'birthDate', 'link'],
    ],
    ['_summary=text has the text', { summary: 'text', elements: [] }, ['text']],
    [
      '_summary=data has all but the text',
      { summary: 'data', elements: [] },
      ['_birthDate', 'active', 'birthDate', 'contact', 'link', 'maritalStatus'],
    ],
    [
      '_elements has what it names',
      { summary: 'false', elements: ['birthDate', 'Patient.active'] },
      ['_birthDate', 'active', 'birthDate'],
    ],
  ])('with %s', (_, how, names) => {
    const shaped = shapeResource(patient, how);
    expect(
      Object.keys(shaped)
        .filter((key) => !['resourceType', 'id', 'meta'].includes(key))
        .sort(),
    ).toEqual(names);
    expect(shaped.meta).toEqual({ versionId: '1', tag: [{ code: 'vip' }, subsetted] });
    expect(isShaped(how)).toBe(true);
  });

  it('keeps mandatory elements', () => {
    const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' }, issued: '2026' };
    expect(shapeResource(observation, { summary: 'text', elements: [] })).toMatchObject({
      status: 'final',
      code: { text: 'x' },
    });
    expect(shapeResource(observation, { summary: 'false', elements: ['issued'] })).toMatchObject({
      status: 'final',
      issued: '2026',
    });
  });

  it('is not made for _summary=false', () => {
    expect(isShaped({ summary: 'false', elements: [] })).toBe(false);
  });
});
