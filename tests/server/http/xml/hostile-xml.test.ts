import { readXml } from '../../../../server/http/xml/read-xml.ts';

const fhir = 'xmlns="http://hl7.org/fhir"';
const xhtml = 'xmlns="http://www.w3.org/1999/xhtml"';
const patient = (inner: string): string => `<Patient ${fhir}>${inner}</Patient>`;
const text = (div: string): string => patient(`<text><status value="generated"/>${div}</text>`);
const billion = [...'abcdefghi'].map((name, at, all) =>
  at === 0 ? '<!ENTITY a "lol">' : `<!ENTITY ${name} "${`&${all[at - 1]};`.repeat(10)}">`,
);

describe('XML that is not FHIR', () => {
  it.each<[string, string, RegExp]>([
    ['nothing', '', /it has no element|must contain a root/],
    ['text', 'hello', /line 1/],
    ['JSON', '{"resourceType":"Patient"}', /line 1/],
    ['an element that does not end', `<Patient ${fhir}>`, /unclosed tag/],
    ['an element that ends as another', `<Patient ${fhir}></Person>`, /line 1/],
    ['two roots', `${patient('<id value="a"/>')}<Patient ${fhir}/>`, /line 1/],
    ['a document type', `<!DOCTYPE Patient>${patient('')}`, /document type/],
    [
      'an external entity',
      `<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>${patient('<name><text value="&x;"/></name>')}`,
      /document type/,
    ],
    [
      'a billion laughs',
      `<!DOCTYPE Patient [${billion.join('')}]>${patient('<name><text value="&i;"/></name>')}`,
      /document type/,
    ],
    ['an entity that nothing defines', patient('<name><text value="&nbsp;"/></name>'), /undefined entity/],
    ['an entity of HTML in a narrative', text(`<div ${xhtml}>&nbsp;</div>`), /undefined entity/],
    ['another encoding', `<?xml version="1.0" encoding="UTF-16"?>${patient('')}`, /UTF-8/],
    ['no namespace', '<Patient><active value="true"/></Patient>', /namespace/],
    ['a wrong namespace', '<Patient xmlns="http://hl7.org/fhir/"><active value="true"/></Patient>', /namespace/],
    ['an element of another namespace', patient('<x:active xmlns:x="urn:x" value="true"/>'), /namespace/],
    ['an unbound prefix', patient('<x:active value="true"/>'), /line 1/],
    ['no resource of R4', `<Pet ${fhir}/>`, /resource of R4/],
    ['an unknown element', patient('<pet value="x"/>'), /does not define/],
    ['an unknown attribute', patient('<active value="true" x="y"/>'), /attribute/],
    ['a value where there is none', patient('<name value="x"/>'), /attribute/],
    ['an id as an attribute of the resource', `<Patient ${fhir} id="a"/>`, /id is an element/],
    ['an element twice', patient('<active value="true"/><active value="true"/>'), /once/],
    ['an empty element', patient('<name/>'), /value or children/],
    ['text between elements', patient('secret'), /text may stand/],
    ['CDATA between elements', patient('<![CDATA[secret]]>'), /text may stand/],
    ['a boolean that is none', patient('<active value="1"/>'), /true or false/],
    ['a number that is none', patient('<multipleBirthInteger value="0x10"/>'), /not a integer|integer/],
    [
      'a decimal with a comma',
      `<Observation ${fhir}><valueQuantity><value value="1,5"/></valueQuantity></Observation>`,
      /decimal/,
    ],
    [
      'two resources in one place',
      `<Bundle ${fhir}><entry><resource><Patient/><Patient/></resource></entry></Bundle>`,
      /only one/,
    ],
    ['a div without its namespace', text('<div>x</div>'), /namespace/],
    [
      'an element in a narrative that is not XHTML',
      text(`<div ${xhtml}><svg xmlns="http://www.w3.org/2000/svg"/></div>`),
      /XHTML/,
    ],
    [
      'a prefix in a narrative',
      text(`<div ${xhtml} xmlns:h="http://www.w3.org/1999/xhtml"><h:p>x</h:p></div>`),
      /prefixes/,
    ],
  ])('is refused: %s', (_, xml, reason) => {
    expect(() => readXml(xml)).toThrow(
      expect.objectContaining({ name: 'MalformedXml', message: expect.stringMatching(reason) }),
    );
  });

  it('is refused when it is nested without end, before it costs anything', () => {
    const deep = (open: string, close: string): string => open.repeat(200_000) + close.repeat(200_000);
    const started = performance.now();
    expect(() => readXml(patient(deep('<extension url="a">', '</extension>')))).toThrow(/deeper than 250/);
    expect(() => readXml(patient(deep('<contained><Patient>', '</Patient></contained>')))).toThrow(/deeper than 250/);
    expect(() => readXml(text(`<div ${xhtml}>${deep('<p>', '</p>')}</div>`))).toThrow(/too deep/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('is told by line, column and place, and never by what it holds', () => {
    const xml = patient('\n<name><family value="Secret"/>\n<given value="Hidden" x="Covert"/></name>');
    let message = '';
    try {
      readXml(xml);
    } catch (error) {
      message = `${(error as Error).message} ${(error as { expression: string[] }).expression}`;
    }
    expect(message).toMatch(/line 3, column \d+: .* Patient\.name\[0\]\.given\[0\]$/);
    expect(message).not.toMatch(/Secret|Hidden|Covert/);
  });

  it('passes over comments, processing instructions, prefixes of its own and the byte order mark', () => {
    const xml = `\uFEFF<?xml version="1.0"?><?style x?><f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd"><!-- a --><f:active value="tr&#117;e"/></f:Patient><!-- b -->`;
    expect(JSON.parse(readXml(xml))).toEqual({ resourceType: 'Patient', active: true });
  });
});
