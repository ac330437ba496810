/**
 * The library that FHIR 4.0.1's model info names for its implicit conversions (FHIRHelpers 4.0.1), written from that
 * model info: one function for each conversion that it declares. A quantity with a comparator, or of a system that is
 * not UCUM, has no CQL value (null).
 * @param modelInfo XML of the FHIR 4.0.1 model info
 */
export function fhirHelpers(modelInfo: string): string {
  const functions = [...modelInfo.matchAll(/<conversionInfo\s([^>]*)>/g)].map(([, attributes = '']) => {
    const name = /functionName="FHIRHelpers\.(\w+)"/.exec(attributes)?.[1] ?? '';
    const from = /fromType="FHIR\.([\w.]+)"/.exec(attributes)?.[1] ?? '';
    const body = special[`${name}(${from})`] ?? 'value.value';
    return `define function ${name}(value FHIR.${from}): ${body}`;
  });
  return [
    "library FHIRHelpers version '4.0.1'",
    "using FHIR version '4.0.1'",
    'context Patient',
    calendarUnit,
    ...functions,
    'define function ToConcept(concepts List<FHIR.CodeableConcept>):',
    '  if concepts is null then null',
    '  else System.Concept { codes: flatten (concepts C return ToConcept(C).codes), display: null as System.String }',
  ].join('\n\n');
}

const calendarUnit = `define function ToCalendarUnit(unit System.String):
  case unit
    when 'ms' then 'millisecond'
    when 's' then 'second'
    when 'min' then 'minute'
    when 'h' then 'hour'
    when 'd' then 'day'
    when 'wk' then 'week'
    when 'mo' then 'month'
    when 'a' then 'year'
    else unit
  end`;

const special: Readonly<Record<string, string>> = {
  'ToInterval(Period)': `
  if value is null then null
  else if value."start" is null then Interval(value."start".value, value."end".value]
  else Interval[value."start".value, value."end".value]`,
  'ToInterval(Range)': `
  if value is null then null else Interval[ToQuantity(value.low), ToQuantity(value.high)]`,
  'ToQuantity(Quantity)': `
  case
    when value is null or value.value is null or value.comparator is not null then null
    when value.system is null
        or value.system.value = 'http://unitsofmeasure.org'
        or value.system.value = 'http://hl7.org/fhirpath/CodeSystem/calendar-units'
      then System.Quantity {
        value: value.value.value,
        unit: ToCalendarUnit(Coalesce(value.code.value, value.unit.value, '1'))
      }
    else null
  end`,
  'ToRatio(Ratio)': `
  if value is null then null
  else System.Ratio { numerator: ToQuantity(value.numerator), denominator: ToQuantity(value.denominator) }`,
  'ToCode(Coding)': `
  if value is null then null
  else System.Code {
    code: value.code.value,
    system: value.system.value,
    version: value.version.value,
    display: value.display.value
  }`,
  'ToConcept(CodeableConcept)': `
  if value is null then null
  else System.Concept { codes: value.coding C return ToCode(C), display: value.text.value }`,
};
