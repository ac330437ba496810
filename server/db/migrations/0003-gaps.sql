-- Conformance resources by canonical, name and kind: installed measures, their libraries, value sets and code systems.
-- Kept by a trigger, so that it holds whoever writes; narrow, so that finding one never reads the contents of others.
CREATE TABLE canonical_resource (
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  url text,
  -- Library.name, by which CQL includes it.
  name text,
  -- A Library that is a model info.
  is_model boolean NOT NULL,
  -- No two indexes begin alike: a planner without statistics would take the wrong one.
  PRIMARY KEY (id, type, tenant)
);
CREATE INDEX canonical_resource_by_url ON canonical_resource (url, type, tenant);
CREATE INDEX canonical_resource_by_name ON canonical_resource (name, tenant) WHERE type = 'Library';
CREATE INDEX canonical_resource_models ON canonical_resource (tenant) WHERE is_model;

CREATE FUNCTION index_canonical_resource() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  body jsonb;
BEGIN
  IF TG_OP = 'DELETE' OR NEW.deleted THEN
    DELETE FROM canonical_resource WHERE tenant = OLD.tenant AND type = OLD.type AND id = OLD.id;
    RETURN NULL;
  END IF;
  body := NEW.content::jsonb;
  INSERT INTO canonical_resource (tenant, type, id, url, name, is_model)
  VALUES (NEW.tenant, NEW.type, NEW.id, body ->> 'url', body ->> 'name',
          NEW.type = 'Library' AND body #>> '{type,coding,0,code}' IS NOT DISTINCT FROM 'model-definition')
  ON CONFLICT (id, type, tenant) DO UPDATE
    SET url = excluded.url, name = excluded.name, is_model = excluded.is_model;
  RETURN NULL;
END
$$;
CREATE TRIGGER resource_is_canonical AFTER INSERT OR UPDATE ON resource FOR EACH ROW
  WHEN (NEW.type IN ('Measure', 'Library', 'ValueSet', 'CodeSystem')) EXECUTE FUNCTION index_canonical_resource();
CREATE TRIGGER resource_was_canonical AFTER DELETE ON resource FOR EACH ROW
  WHEN (OLD.type IN ('Measure', 'Library', 'ValueSet', 'CodeSystem')) EXECUTE FUNCTION index_canonical_resource();

-- ELM that was translated from a Library's CQL, by a hash over the CQL, the CQL of its includes, the model infos and the
-- translator. `identifier` is the library's name in CQL.
CREATE TABLE library_elm (
  tenant text NOT NULL,
  hash text NOT NULL,
  identifier text NOT NULL,
  elm text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, hash)
);

-- Counts up whenever a Measure, Library, ValueSet or CodeSystem of the tenant changes: every process that holds prepared
-- measures compares it with what it has.
CREATE TABLE content_version (
  tenant text PRIMARY KEY,
  version bigint NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- What an installed measure was warned about (an incomplete value set, a draft): shown wherever its results are.
CREATE TABLE content_warning (
  tenant text NOT NULL,
  url text NOT NULL,
  version text NOT NULL,
  code text NOT NULL,
  diagnostics text NOT NULL,
  PRIMARY KEY (tenant, url, version, diagnostics)
);

-- A worker holds changed patients for as long as it renews its claim; another takes them over when it no longer does.
-- Evaluating inside the claiming transaction would make every write of the patient wait for it.
ALTER TABLE change_feed ADD COLUMN claimed_by text, ADD COLUMN claimed_until timestamptz;

-- What the worklists show of a patient, taken from the record whenever it is evaluated.
CREATE TABLE patient_header (
  patient text NOT NULL,
  tenant text NOT NULL,
  name text NOT NULL,
  sort_name text NOT NULL,
  birth_date text,
  gender text,
  phone text,
  provider text,
  provider_name text,
  last_visit text,
  PRIMARY KEY (patient, tenant)
);
CREATE INDEX patient_header_by_name ON patient_header (tenant, sort_name, patient);
CREATE INDEX patient_header_by_provider ON patient_header (tenant, provider);

-- One row per patient and measure group. `measure_version` and `group_id` are '' where there are none. `status` is a
-- code of deqm-gaps-status, 'error' when the patient could not be evaluated, null for groups that know no gaps (cohort,
-- continuous variable). Counts are gross, as reports show them; `populations` has them by population code.
CREATE TABLE gap_state (
  patient text NOT NULL,
  tenant text NOT NULL,
  measure_url text NOT NULL,
  measure_version text NOT NULL,
  group_id text NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  status text CHECK (status IN ('open-gap', 'closed-gap', 'prospective-gap', 'not-applicable', 'error')),
  initial_population integer NOT NULL DEFAULT 0,
  denominator integer NOT NULL DEFAULT 0,
  denominator_exclusion integer NOT NULL DEFAULT 0,
  denominator_exception integer NOT NULL DEFAULT 0,
  numerator integer NOT NULL DEFAULT 0,
  numerator_exclusion integer NOT NULL DEFAULT 0,
  populations jsonb NOT NULL DEFAULT '{}',
  reasons jsonb NOT NULL DEFAULT '[]',
  next_steps jsonb NOT NULL DEFAULT '[]',
  evidence jsonb NOT NULL DEFAULT '[]',
  due_by text,
  error text,
  -- When the status became what it is, when it was last evaluated, and from which state of the data.
  since timestamptz NOT NULL,
  evaluated_at timestamptz NOT NULL,
  sequence bigint NOT NULL,
  content_hash text NOT NULL,
  PRIMARY KEY (patient, tenant, measure_url, measure_version, group_id, period_start)
);
CREATE INDEX gap_state_by_measure ON gap_state
  (tenant, measure_url, measure_version, period_start, group_id, status)
  INCLUDE (patient, initial_population, denominator, denominator_exclusion, denominator_exception, numerator,
           numerator_exclusion, evaluated_at);

-- Every change of a status, with what caused it.
CREATE TABLE gap_history (
  patient text NOT NULL,
  tenant text NOT NULL,
  measure_url text NOT NULL,
  measure_version text NOT NULL,
  group_id text NOT NULL,
  period_start date NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  from_status text,
  to_status text,
  cause jsonb NOT NULL,
  PRIMARY KEY (patient, tenant, id)
);

-- Rates over time. 'rolling': the twelve months that end on `date`, evaluated from the data for the trend.
-- 'snapshot': what the live state said of the measurement period on `date`.
CREATE TABLE measure_rate (
  tenant text NOT NULL,
  measure_url text NOT NULL,
  measure_version text NOT NULL,
  group_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('rolling', 'snapshot')),
  date date NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  initial_population bigint NOT NULL,
  denominator bigint NOT NULL,
  denominator_exclusion bigint NOT NULL,
  denominator_exception bigint NOT NULL,
  numerator bigint NOT NULL,
  numerator_exclusion bigint NOT NULL,
  content_hash text NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, measure_url, measure_version, group_id, kind, date)
);

-- The rate that a contract or the practice asks for, between 0 and 1. group_id '' stands for every group.
CREATE TABLE measure_target (
  tenant text NOT NULL,
  measure_url text NOT NULL,
  group_id text NOT NULL DEFAULT '',
  target numeric NOT NULL CHECK (target >= 0 AND target <= 1),
  source text NOT NULL,
  PRIMARY KEY (tenant, measure_url, group_id)
);

-- Which measures and periods the state of a tenant was last queued for: when that changes (a measure, a new year), all
-- patients are queued once more, by one process only.
CREATE TABLE gap_plan (
  tenant text PRIMARY KEY,
  plan text NOT NULL,
  queued_at timestamptz NOT NULL DEFAULT now()
);

-- What each installed measure was checked with, so that a change of any of it has the measure checked again.
CREATE TABLE measure_dependency (
  tenant text NOT NULL,
  measure text NOT NULL,
  dependency_type text NOT NULL,
  dependency_url text NOT NULL,
  PRIMARY KEY (tenant, measure, dependency_type, dependency_url)
);
CREATE INDEX measure_dependency_by_url ON measure_dependency (tenant, dependency_type, dependency_url);
CREATE INDEX gap_state_by_evaluation ON gap_state (tenant, evaluated_at DESC);
CREATE INDEX gap_state_errors ON gap_state (tenant, patient) WHERE status = 'error';
