import { clockUse, type ElmLibrary } from '../../cql/index.ts';

const birth = { type: 'Property', path: 'birthDate.value' };
const library = (expression: object, parameter: object = { type: 'Null' }): ElmLibrary =>
  ({
    library: {
      identifier: { id: 'Clock', version: '1' },
      parameters: { def: [{ name: 'P', default: parameter }] },
      statements: { def: [{ name: 'D', expression }] },
    },
  }) as unknown as ElmLibrary;

describe('What a measure makes of the clock', () => {
  it.each([
    ['nothing', { type: 'Literal' }, 'none'],
    ['today', { type: 'Add', operand: [{ type: 'Today' }] }, 'day'],
    ['now', { type: 'Now' }, 'instant'],
    ['the time of day', { type: 'TimeOfDay' }, 'instant'],
    ['an age in years', { type: 'CalculateAge', precision: 'Year', operand: birth }, 'day'],
    ['an age in hours', { type: 'CalculateAge', precision: 'Hour', operand: birth }, 'instant'],
    ['years since another instant', { type: 'CalculateAge', precision: 'Year', operand: { type: 'Start' } }, 'instant'],
    ['an age at a date', { type: 'CalculateAgeAt', precision: 'Year', operand: [birth] }, 'none'],
  ])('is told: %s', (_, expression, use) => {
    expect(clockUse({ main: library(expression), includes: [], hash: '' })).toBe(use);
  });

  it('is told of the default of a parameter, too', () => {
    const main = library({ type: 'Literal' }, { type: 'Today' });
    expect(clockUse({ main, includes: [], hash: '' })).toBe('day');
  });
});
