-- Which direction of a measure's rate is better, where an operator says otherwise than the Measure. group_id '' stands
-- for every group that has no row of its own.
CREATE TABLE measure_direction (
  tenant text NOT NULL,
  measure_url text NOT NULL,
  group_id text NOT NULL DEFAULT '',
  improvement_notation text NOT NULL CHECK (improvement_notation IN ('increase', 'decrease')),
  reason text NOT NULL,
  -- Who said so, for people, and when.
  given_by text NOT NULL,
  given_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, measure_url, group_id)
);

-- The history of a tenant's gaps, latest first.
CREATE INDEX gap_history_by_id ON gap_history (tenant, id DESC);
