import { functionsBelow } from '../../cql/compiler/code-shown.ts';
import { createCompiler } from '../../cql/index.ts';
import { library, translator } from './evaluate.ts';

afterAll(() => translator.close());

describe('The JavaScript of a definition', () => {
  it('has the functions that it calls, each once, and no others', () => {
    const text = `(function (k) { 'use strict';
const k0 = k[0];
function q1(cx) {
return q2(cx);
}
function q2(cx) {
for (;;) {
}
return "\\nfunction d9(";
}
function d0(cx) {
return q1(cx) + q2(cx) + d1(cx);
}
function d1(cx) {
return 1;
}
return [d0, d1];
})`;
    expect(functionsBelow(text, 'd0')?.match(/^function \w+/gm)).toEqual(['function d0', 'function q1', 'function q2']);
    expect(functionsBelow(text, 'd7')).toBeNull();
  });

  it('of a query is the definition and its loop', async () => {
    const linked = await library(`context Patient
define "Finished": [Encounter] E where E.status = 'finished'
define "Other": 1`);
    const prepared = createCompiler().prepare(linked, { find: () => null });
    const code = prepared.codeOf?.('Finished') ?? '';
    expect(code).toMatch(/^function d\d+\(cx\)/);
    expect(code).toMatch(/function q\d+\(cx\) \{[\s\S]*"finished"/);
    expect(prepared.codeOf?.('Other')).not.toContain('finished');
    expect(prepared.codeOf?.('Nothing')).toBeNull();
  });
});
