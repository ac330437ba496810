-- Patients that were merged ($merge), and what each merge changed, so that it can be undone. The patient key is the one of
-- the Patient that was replaced.
CREATE TABLE patient_merge (
  patient text NOT NULL,
  tenant text NOT NULL,
  id uuid NOT NULL,
  target text NOT NULL,
  merged_at timestamptz NOT NULL,
  merged_by text NOT NULL,
  undone_at timestamptz,
  undone_by text,
  PRIMARY KEY (patient, tenant, id)
);
-- A Patient is merged into one other at a time.
CREATE UNIQUE INDEX patient_merge_in_force ON patient_merge (patient, tenant) WHERE undone_at IS NULL;

-- Resources that were written: the version before and the version that the merge made.
CREATE TABLE patient_merge_resource (
  patient text NOT NULL,
  tenant text NOT NULL,
  merge uuid NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version_before bigint NOT NULL,
  version_after bigint NOT NULL,
  PRIMARY KEY (patient, tenant, merge, type, id)
);

-- Members of Groups, as exact JSON.
CREATE TABLE patient_merge_member (
  patient text NOT NULL,
  tenant text NOT NULL,
  merge uuid NOT NULL,
  group_id text NOT NULL,
  ordinal integer NOT NULL,
  before text NOT NULL,
  after text NOT NULL,
  PRIMARY KEY (patient, tenant, merge, group_id, ordinal)
);

-- Remarks about gaps: the version under which they were the replaced Patient's, and are the other's now.
CREATE TABLE patient_merge_remark (
  patient text NOT NULL,
  tenant text NOT NULL,
  merge uuid NOT NULL,
  measure_url text NOT NULL,
  group_id text NOT NULL,
  id text NOT NULL,
  version_before integer NOT NULL,
  version_after integer NOT NULL,
  PRIMARY KEY (patient, tenant, merge, measure_url, group_id, id, version_before)
);

-- Patients that were replaced by another, however that was said: they are counted and evaluated no longer.
CREATE INDEX resource_replaced ON resource (tenant, id) WHERE type = 'Patient' AND strpos(content, '"replaced-by"') > 0;
