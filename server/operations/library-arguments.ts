/** Arguments that $cql and Library/$evaluate have in common (Using CQL with FHIR 2.0.0). */

export const subject = {
  type: 'reference?',
  documentation: 'Patient/x. Without it, expressions that read a patient or clinical data are refused.',
} as const;

export const parameters = {
  type: 'Parameters?',
  documentation: 'Values of CQL parameters by name; a name that occurs more than once is a list, parts are a tuple.',
} as const;

export const useServerData = {
  type: 'boolean?',
  documentation: "true (the default) adds the subject's data on this server to those of the request.",
} as const;

export const data = {
  type: 'Bundle?',
  documentation: 'Data for the evaluation. A resource that is on the server too is read as it is here.',
} as const;

export const prefetchData = {
  type: 'Part*',
  documentation: 'Data in several Bundles: part data; parts key and descriptor are not needed. Instead of data.',
  parts: { key: 'string', descriptor: 'DataRequirement', data: 'Bundle' },
} as const;
