import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type {
  Bundle,
  MeasureSummary,
  Patient,
  PatientGaps,
  Practitioner,
  RiskView,
  ServerStatus,
  Worklist,
  WorklistRequest,
} from './api.ts';
import {
  addRemark,
  RequestFailed,
  readMeasures,
  readPatient,
  readPractitioners,
  readResource,
  readRisk,
  readStatus,
  searchPatients,
  searchWorklist,
  setDirection,
  setTarget,
} from './fhir.ts';
import { nameSeveralGroups } from './words.ts';

const whileEvaluating = 2_000;
const otherwise = 5_000;
const untilTrends = 10_000;

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
    staleTime: 0, // asked at once by whoever comes back to the tab
    refetchInterval: ({ state }) =>
      state.status === 'error' || (state.data?.pending ?? 0) > 0 ? whileEvaluating : otherwise,
  });
}

export function useMeasures(): UseQueryResult<readonly MeasureSummary[]> {
  return useQuery({
    queryKey: ['gaps', 'measures'],
    queryFn: ({ signal }) => readMeasures(signal),
    // Trends come after the rates, and no change of the status tells of them.
    refetchInterval: ({ state }) => (state.data?.some(({ trend }) => trend.length === 0) ? untilTrends : false),
    select: nameSeveralGroups,
  });
}

export function useWorklist(measure: string, search: WorklistRequest): UseQueryResult<Worklist> {
  return useQuery({
    queryKey: ['gaps', 'worklist', measure, search],
    queryFn: ({ signal }) => searchWorklist(measure, search, signal),
    placeholderData: keepPreviousData,
  });
}

export function usePatients(text: string, count: number): UseQueryResult<Bundle<Patient>> {
  return useQuery({
    queryKey: ['patients', text, count],
    queryFn: ({ signal }) => searchPatients(text, count, signal),
    placeholderData: keepPreviousData,
  });
}

/** Who a list can be narrowed to. They seldom change. */
export function usePractitioners(): UseQueryResult<Bundle<Practitioner>> {
  return useQuery({
    queryKey: ['practitioners'],
    queryFn: ({ signal }) => readPractitioners(signal),
    staleTime: 5 * 60_000,
  });
}

export function usePatient(id: string): UseQueryResult<PatientGaps> {
  return useQuery({
    queryKey: ['gaps', 'patient', id],
    queryFn: ({ signal }) => readPatient(id, signal),
    select: withNamedGroups,
  });
}

export function useRisk(patient: string): UseQueryResult<RiskView> {
  return useQuery({ queryKey: ['gaps', 'risk', patient], queryFn: ({ signal }) => readRisk(patient, signal) });
}

export function useResource(reference: string): UseQueryResult<object> {
  return useQuery({ queryKey: ['resource', reference], queryFn: ({ signal }) => readResource(reference, signal) });
}

export function useSetTarget(measure: string, groupId: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (target: number | null) => setTarget(measure, groupId, target),
    onSuccess: () => client.invalidateQueries({ queryKey: ['gaps', 'measures'] }),
  });
}

export function useSetDirection(measure: string, groupId: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (direction: Parameters<typeof setDirection>[2]) => setDirection(measure, groupId, direction),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['status'] }); // everyone is evaluated again
      return client.invalidateQueries({ queryKey: ['gaps'] });
    },
  });
}

/** @param patient id of the patient whose page shows the gap */
export function useAddRemark(patient: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: addRemark,
    onSuccess: () => client.invalidateQueries({ queryKey: ['gaps', 'patient', patient] }),
  });
}

function withNamedGroups(view: PatientGaps): PatientGaps {
  return { ...view, gaps: nameSeveralGroups(view.gaps) };
}
