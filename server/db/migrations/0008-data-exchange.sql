-- What report ids say of their subject (bundles/measure-report/report-id.ts): 64 bits of SHA-256 over the Patient's id.
CREATE FUNCTION subject_digest(id text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(encode(sha256(convert_to(id, 'UTF8')), 'hex'), 16)
$$;
CREATE INDEX resource_by_subject_digest ON resource (subject_digest(id), tenant) WHERE type = 'Patient';

-- Remarks about gaps (DEQM deqm-careGapRemark): a log. A remark that is sent again under its id becomes a new version;
-- nothing is removed. They change no population, status or score. `content` is the extension in the universal spelling.
CREATE TABLE gap_remark (
  patient text NOT NULL,
  tenant text NOT NULL,
  measure_url text NOT NULL,
  group_id text NOT NULL,
  id text NOT NULL,
  version integer NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  -- MeasureReport that it came on, and who sent it when.
  report_id text NOT NULL,
  written_by text NOT NULL,
  written_at timestamptz NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (patient, tenant, measure_url, group_id, id, version)
);

-- What DEQM data submissions list: by subject, measure and reporter, the resources of the newest one. A snapshot is
-- compared with it.
CREATE TABLE submission_content (
  patient text NOT NULL,
  tenant text NOT NULL,
  measure_url text NOT NULL,
  reporter text NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  PRIMARY KEY (patient, tenant, measure_url, reporter, period_start, period_end, type, id)
);
CREATE INDEX submission_content_by_resource ON submission_content (patient, tenant, type, id);

-- Resources that submissions brought: which version was written last by one, and whether it was there before the first.
-- Only what came by submissions alone may go with a snapshot.
CREATE TABLE submitted_resource (
  patient text NOT NULL,
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  was_there_before boolean NOT NULL,
  PRIMARY KEY (patient, tenant, type, id)
);
