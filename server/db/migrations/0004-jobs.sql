-- Named background jobs as clients see them. pg-boss (schema pgboss) delivers them to workers; this is what is asked for
-- when somebody polls. `result` is what the job gave back, `progress` is between 0 and 1.
CREATE TABLE job (
  tenant text NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  input jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('queued', 'active', 'completed', 'failed', 'cancelled')),
  progress real NOT NULL DEFAULT 0,
  message text,
  -- json and not jsonb: it keeps the text, and with it the decimals.
  result json,
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX job_by_kind ON job (tenant, kind, created_at DESC);
