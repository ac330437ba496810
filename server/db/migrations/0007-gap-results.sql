-- What the last evaluation of a patient for a measure and period gave: all that a report or a gaps-in-care document is
-- made of, so that an answer needs no evaluation (server/gaps/stored-results.ts). Resources stand in it by reference.
CREATE TABLE gap_result (
  patient text NOT NULL,
  tenant text NOT NULL,
  measure_url text NOT NULL,
  measure_version text NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  -- Of the measure's package: a result of other content is none.
  content_hash text NOT NULL,
  evaluated_at timestamptz NOT NULL,
  -- `+01:00`: dates and date-times without an offset were read with this one.
  utc_offset text NOT NULL,
  -- Last day, as of that offset, on which the result is what an evaluation would give; null when time alone changes
  -- nothing. The feed evaluates again after it.
  valid_through date,
  -- Null when the patient could not be evaluated: every answer tries again.
  result text,
  PRIMARY KEY (patient, tenant, measure_url, measure_version, period_start, period_end)
);
CREATE INDEX gap_result_by_validity ON gap_result (tenant, valid_through) WHERE valid_through IS NOT NULL;

-- Files of asynchronous answers: NDJSON of bounded size, written while the job runs and gone with it.
CREATE TABLE job_file (
  tenant text NOT NULL,
  job uuid NOT NULL,
  -- `output` holds what was asked for, `outcome` OperationOutcomes about what could not be given.
  kind text NOT NULL CHECK (kind IN ('output', 'outcome')),
  number integer NOT NULL,
  -- FHIR type of all its resources.
  resource_type text NOT NULL,
  lines integer NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (tenant, job, kind, number),
  FOREIGN KEY (tenant, job) REFERENCES job (tenant, id) ON DELETE CASCADE
);

-- Where PostgreSQL was built with it: it unpacks several times faster.
DO $$ BEGIN
  ALTER TABLE gap_result ALTER COLUMN result SET COMPRESSION lz4;
  ALTER TABLE job_file ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
