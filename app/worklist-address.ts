import { useCallback } from 'react';
import { useLocation, useSearchParams } from 'react-router';
import type { GapStatus, PopulationCode, WorklistRequest, WorklistSort } from './api.ts';
import { populationWords, statusWords, toClose } from './words.ts';

export const pageSize = 25;
const sorts = ['name', 'birthDate', 'since', 'dueBy', 'status'] as const;

/** What a list shows. All of it stands in the address, but for the text that is searched for: it may be a person's name. */
export interface WorklistView {
  readonly status: readonly GapStatus[];
  readonly population: PopulationCode | null;
  readonly provider: string | null;
  readonly sort: WorklistSort;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
  readonly text: string;
}

type Changes = Partial<Record<'status' | 'population' | 'provider' | 'sort' | 'page', string | null>> & {
  readonly text?: string;
};

/** Of the browser's window: where one is, and what the router keeps with it. */
interface Entry {
  readonly location: { readonly search: string };
  readonly history: { readonly state: { readonly usr?: unknown } | null };
}

/** Reads the view from the address, text from the history entry: both survive a reload and the way back. */
export function useWorklistView(): readonly [WorklistView, (changes: Changes) => void, (changes: Changes) => string] {
  const [query, setQuery] = useSearchParams();
  const state: unknown = useLocation().state;
  const text = textOf(state);
  const change = useCallback(
    (changes: Changes) => {
      // Of the browser, not of what is drawn: two changes in a row must both hold, and drawing takes its time.
      const { location, history } = globalThis as unknown as Entry;
      const before: unknown = history.state?.usr;
      setQuery(changed(new URLSearchParams(location.search), changes), {
        state: { text: changes.text ?? textOf(before) },
        preventScrollReset: true,
        replace: changes.text !== undefined,
      });
    },
    [setQuery],
  );
  const address = useCallback((changes: Changes) => `?${changed(query, changes)}`, [query]);
  return [readView(query, text), change, address];
}

function changed(query: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries({ page: null, ...changes })) {
    if (name === 'text') continue;
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** Values that no list knows are left out, so that an old or mistyped address still shows something. */
export function readView(query: URLSearchParams, text: string): WorklistView {
  const population = query.get('population') ?? '';
  const known = isPopulation(population) ? population : null;
  const status = query.get('status');
  const sort = query.get('sort') ?? '';
  const named = (status ?? '').split(',').filter(isStatus);
  return {
    status: status === 'any' || (status === null && known !== null) ? [] : named.length > 0 ? named : toClose,
    population: known,
    provider: query.get('provider'),
    sort: sorts.find((name) => name === sort.replace(/^-/, '')) ?? 'status',
    descending: sort.startsWith('-'),
    page: Math.max(1, Math.trunc(Number(query.get('page'))) || 1),
    text,
  };
}

export function worklistRequest(groupId: string | null, view: WorklistView): WorklistRequest {
  const { page, text, ...rest } = view;
  return { groupId, ...rest, text: text.trim() || null, count: pageSize, offset: (page - 1) * pageSize };
}

function textOf(state: unknown): string {
  return typeof state === 'object' && state !== null && 'text' in state && typeof state.text === 'string'
    ? state.text
    : '';
}

function isStatus(text: string): text is GapStatus {
  return Object.hasOwn(statusWords, text);
}

function isPopulation(text: string): text is PopulationCode {
  return Object.hasOwn(populationWords, text);
}
