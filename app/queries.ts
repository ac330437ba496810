import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { MeasureSummary, PatientGaps, PatientMatches, ServerStatus, Worklist, WorklistRequest } from './api.ts';
import {
  RequestFailed,
  readMeasures,
  readPatient,
  readResource,
  readStatus,
  searchPatients,
  searchWorklist,
  setTarget,
} from './fhir.ts';

const whileEvaluating = 2_000;
const otherwise = 15_000;

/** What was read stays on show while it is read again, and when that fails: the page then says of when it is. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always', // the server is often on this very machine, whatever the browser thinks of the network
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && error instanceof RequestFailed && error.passing,
        retryDelay: (failures) => 500 * 2 ** failures,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

/** Polls: often while patients wait to be evaluated, since every number may change. */
export function useStatus(): UseQueryResult<ServerStatus> {
  return useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => readStatus(signal),
    retry: 1,
    refetchInterval: ({ state }) =>
      state.status === 'error' || (state.data?.pending ?? 0) > 0 ? whileEvaluating : otherwise,
  });
}

export function useMeasures(): UseQueryResult<readonly MeasureSummary[]> {
  return useQuery({ queryKey: ['gaps', 'measures'], queryFn: ({ signal }) => readMeasures(signal) });
}

export function useWorklist(measure: string, search: WorklistRequest | null): UseQueryResult<Worklist> {
  return useQuery({
    queryKey: ['gaps', 'worklist', measure, search],
    queryFn: ({ signal }) => {
      if (search === null) throw new Error('a worklist is searched by a group');
      return searchWorklist(measure, search, signal);
    },
    enabled: search !== null,
    placeholderData: keepPreviousData,
  });
}

export function usePatients(q: string, count: number, offset: number): UseQueryResult<PatientMatches> {
  return useQuery({
    queryKey: ['gaps', 'patients', q, count, offset],
    queryFn: ({ signal }) => searchPatients({ q, count, offset }, signal),
    placeholderData: keepPreviousData,
  });
}

export function usePatient(id: string): UseQueryResult<PatientGaps> {
  return useQuery({ queryKey: ['gaps', 'patient', id], queryFn: ({ signal }) => readPatient(id, signal) });
}

export function useResource(reference: string): UseQueryResult<object> {
  return useQuery({ queryKey: ['resource', reference], queryFn: ({ signal }) => readResource(reference, signal) });
}

export function useSetTarget(measure: string, group: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (target: number | null) => setTarget(measure, group, target),
    onSuccess: () => client.invalidateQueries({ queryKey: ['gaps', 'measures'] }),
  });
}
