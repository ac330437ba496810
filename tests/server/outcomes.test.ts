import { toOutcome } from '../../server/outcomes.ts';

describe('An error of the database', () => {
  it('about U+0000 is one of the request', () => {
    const error = Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });
    const { status, outcome, unexpected } = toOutcome(error);
    expect([status, unexpected]).toEqual([400, false]);
    expect(outcome.issue).toEqual([
      {
        severity: 'error',
        code: 'value',
        diagnostics: 'The request holds the character U+0000, which no text of FHIR has',
      },
    ]);
  });

  it('about anything else is ours, and its message does not reach the client', () => {
    const error = Object.assign(new Error('invalid input syntax: "Mary"'), { code: '22P02' });
    const { status, outcome, unexpected } = toOutcome(error);
    expect([status, unexpected]).toEqual([500, true]);
    expect(JSON.stringify(outcome)).not.toContain('Mary');
  });
});
