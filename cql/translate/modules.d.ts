declare module '@lhncbc/ucum-lhc' {
  const ucum: {
    readonly UcumLhcUtils: {
      getInstance(): {
        validateUnitString(unit: string): { readonly status: 'valid' | 'invalid' | 'error' };
        convertUnitTo(
          from: string,
          value: number,
          to: string,
        ): { readonly status: 'succeeded' | 'failed' | 'error'; readonly toVal: number | null };
      };
    };
  };
  export default ucum;
}

declare module 'cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml.js' {
  const xml: string;
  export default xml;
}
