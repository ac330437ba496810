-- Worklists, the dashboard and snapshots count rows that are kept live, and nothing else does: an index that holds these
-- alone answers without reading the rows.
DROP INDEX gap_state_by_measure;
CREATE INDEX gap_state_by_measure ON gap_state
  (tenant, measure_url, measure_version, period_start, group_id, status)
  INCLUDE (patient, initial_population, denominator, denominator_exclusion, denominator_exception, numerator,
           numerator_exclusion, evaluated_at, period_end)
  WHERE live;
