-- Bulk Data, outward: an export is a job with files (job, job_file); this is what it needs beside them to go on where a
-- process died. `progress` names the files that are there and what was read for them.
CREATE TABLE bulk_export (
  tenant text NOT NULL,
  job uuid NOT NULL,
  -- Everything up to this instant is in the export, and nothing after it.
  transaction_time timestamptz NOT NULL,
  types text[] NOT NULL,
  progress jsonb NOT NULL,
  PRIMARY KEY (tenant, job),
  FOREIGN KEY (tenant, job) REFERENCES job (tenant, id) ON DELETE CASCADE
);
-- Whose data an export at Patient or Group level holds: the roster as it was when it began.
CREATE TABLE bulk_export_patient (
  tenant text NOT NULL,
  job uuid NOT NULL,
  patient text NOT NULL,
  PRIMARY KEY (tenant, job, patient),
  FOREIGN KEY (tenant, job) REFERENCES job (tenant, id) ON DELETE CASCADE
);
-- How often somebody asked for the state of a job lately.
CREATE TABLE bulk_poll (
  tenant text NOT NULL,
  job uuid NOT NULL,
  since timestamptz NOT NULL,
  polls integer NOT NULL,
  PRIMARY KEY (tenant, job),
  FOREIGN KEY (tenant, job) REFERENCES job (tenant, id) ON DELETE CASCADE
);
ALTER TABLE job_file DROP CONSTRAINT job_file_kind_check;
ALTER TABLE job_file ADD CONSTRAINT job_file_kind_check CHECK (kind IN ('output', 'deleted', 'outcome'));

-- Bulk Data, inward: the systems that data is pulled from. `settings` is what an operator registered; `since` the
-- transactionTime of the last pull that was taken completely.
CREATE TABLE bulk_feed (
  tenant text NOT NULL,
  id text NOT NULL,
  settings jsonb NOT NULL,
  since timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, id)
);
-- A pull of a feed, or of a manifest that was submitted. `state` is what it needs to go on; `report` what it took.
CREATE TABLE bulk_pull (
  tenant text NOT NULL,
  id uuid NOT NULL,
  -- Id of the feed, or `submission:` and its key.
  source text NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'stopped')),
  state jsonb NOT NULL,
  report jsonb NOT NULL,
  error text,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX bulk_pull_by_source ON bulk_pull (tenant, source, started_at DESC);
-- Never two pulls of one source at once.
CREATE UNIQUE INDEX bulk_pull_running ON bulk_pull (tenant, source) WHERE status = 'running';
-- Which source a resource comes from. A second source that uses the same id is refused.
CREATE TABLE bulk_origin (
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  source text NOT NULL,
  -- The manifest that brought it, of a submission.
  manifest text,
  PRIMARY KEY (tenant, type, id)
);
CREATE INDEX bulk_origin_by_source ON bulk_origin (tenant, source, manifest);
-- Our own keys, by which authorization servers know us (SMART backend services). The public half is at
-- /.well-known/jwks.json.
CREATE TABLE client_key (
  tenant text NOT NULL,
  kid text NOT NULL,
  alg text NOT NULL CHECK (alg IN ('RS384', 'ES384')),
  private_jwk jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, kid),
  UNIQUE (tenant, alg)
);
-- $bulk-submit: a submission of a submitter, and the manifests that it names.
CREATE TABLE bulk_submission (
  tenant text NOT NULL,
  submitter text NOT NULL,
  submission_id text NOT NULL,
  status text NOT NULL CHECK (status IN ('in-progress', 'completed', 'stopped')),
  actor text NOT NULL,
  PRIMARY KEY (tenant, submitter, submission_id)
);
CREATE TABLE bulk_submission_manifest (
  tenant text NOT NULL,
  submitter text NOT NULL,
  submission_id text NOT NULL,
  url text NOT NULL,
  settings jsonb NOT NULL,
  pull uuid,
  replaced boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant, submitter, submission_id, url),
  FOREIGN KEY (tenant, submitter, submission_id) REFERENCES bulk_submission ON DELETE CASCADE
);
