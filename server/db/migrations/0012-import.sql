-- How far an import is with each of its sources: written in the transaction that stores the lines, so that after any stop
-- it goes on without a loss and without a double.
CREATE TABLE import_source (
  tenant text NOT NULL,
  -- Names the import: the id of a job, or what a command line makes of its files.
  import text NOT NULL,
  source text NOT NULL,
  -- Of the source, unpacked: what lies before is stored, and had this SHA-256.
  byte_offset bigint NOT NULL,
  line bigint NOT NULL,
  digest text NOT NULL,
  complete boolean NOT NULL DEFAULT false,
  counts jsonb NOT NULL,
  began_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, import, source)
);

-- Lines that were not stored, with the reason, and as they came.
CREATE TABLE import_rejection (
  tenant text NOT NULL,
  import text NOT NULL,
  source text NOT NULL,
  line bigint NOT NULL,
  byte_offset bigint NOT NULL,
  bytes bigint NOT NULL,
  severity text NOT NULL CHECK (severity IN ('error', 'warning')),
  code text NOT NULL,
  diagnostics text NOT NULL,
  expression text[] NOT NULL,
  resource_type text,
  resource_id text,
  -- bytea and not text: a line may hold what text cannot.
  content bytea NOT NULL,
  PRIMARY KEY (tenant, import, source, line)
);
