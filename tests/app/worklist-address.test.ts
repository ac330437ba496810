import { readView, worklistRequest } from '../../app/worklist-address.ts';

const read = (query: string) => readView(new URLSearchParams(query), '');

describe('The address of a list', () => {
  it.each([
    ['', ['open-gap', 'prospective-gap'], null],
    ['status=any', [], null],
    ['status=closed-gap', ['closed-gap'], null],
    ['status=open-gap,error', ['open-gap', 'error'], null],
    ['population=numerator', [], 'numerator'],
    ['population=numerator&status=error', ['error'], 'numerator'],
    ['population=toString', ['open-gap', 'prospective-gap'], null],
    ['status=nonsense', ['open-gap', 'prospective-gap'], null],
  ])('%j shows the status %j and the population %j', (query, status, population) => {
    expect(read(query)).toMatchObject({ status, population });
  });

  it.each([
    ['', 'status', false],
    ['sort=name', 'name', false],
    ['sort=-dueBy', 'dueBy', true],
    ['sort=;drop', 'status', false],
  ])('%j sorts by %s, descending: %s', (query, sort, descending) => {
    expect(read(query)).toMatchObject({ sort, descending });
  });

  it.each([
    ['', 0],
    ['page=1', 0],
    ['page=3', 50],
    ['page=-2', 0],
    ['page=2.9', 25],
    ['page=many', 0],
  ])('%j starts at item %d', (query, offset) => {
    expect(worklistRequest('g', read(query))).toMatchObject({ groupId: 'g', offset, count: 25 });
  });

  it('asks for no text when only spaces were typed', () => {
    expect(worklistRequest(null, readView(new URLSearchParams(), '  ')).text).toBeNull();
    expect(worklistRequest(null, readView(new URLSearchParams(), ' Ann ')).text).toBe('Ann');
  });
});
