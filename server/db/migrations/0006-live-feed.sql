-- What a change can touch: `changed` has `Type system|code` for each code that the old or the new version carries, and
-- `Type` alone where a measure must look whatever its codes are; '*' stands for everything. `resources` names the
-- versions that were written, as far as there is room. `background`: nothing was written, so whoever did write goes first.
ALTER TABLE change_feed
  ADD COLUMN changed text[] NOT NULL DEFAULT '{}',
  ADD COLUMN resources text[] NOT NULL DEFAULT '{}',
  ADD COLUMN background boolean NOT NULL DEFAULT false;
-- Both together; beyond so many, their types alone.
CREATE FUNCTION merged_changes(a text[], b text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN b <@ a THEN a ELSE (
    SELECT CASE WHEN count(*) <= 200 THEN array_agg(note ORDER BY note)
                ELSE (SELECT array_agg(DISTINCT split_part(n, ' ', 1)) FROM unnest(a || b) AS n) END
      FROM (SELECT DISTINCT unnest(a || b) AS note) AS u) END
$$;
DROP INDEX change_feed_by_sequence;
CREATE INDEX change_feed_by_turn ON change_feed (background, sequence);

-- Resources in no compartment (Medication, Location, ...) that a patient's resources refer to, or once did: a superset,
-- so that it is only ever added to.
CREATE TABLE record_reference (
  patient text NOT NULL,
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  PRIMARY KEY (patient, tenant, type, id)
);
CREATE INDEX record_reference_by_target ON record_reference (tenant, type, id, patient);

INSERT INTO record_reference (patient, tenant, type, id)
SELECT DISTINCT r.patient, r.tenant, found.match[1], found.match[2]
FROM resource AS r, regexp_matches(r.content, '"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})', 'g') AS found (match)
WHERE r.patient <> '' AND NOT r.deleted AND found.match[1] <> 'Patient'
ON CONFLICT DO NOTHING;

-- A resource in no compartment changed, and the patients whose records include it are still to be queued: those after
-- `after_patient`, in batches. Written in the transaction of the change, and worked off after it: a reference to it that
-- commits meanwhile queues its patient itself.
CREATE TABLE outside_change (
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  sequence bigint NOT NULL DEFAULT nextval('change_sequence'),
  version bigint NOT NULL,
  after_patient text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant, type, id)
);

-- Within `valid_from` and `valid_until` (both inclusive; null: no bound), days as of `utc_offset`, the row is what an
-- evaluation would give as long as the data stay. `known_status` is the status before errors. Rows of a period that is
-- kept no longer are not `live`: they say how it ended.
ALTER TABLE gap_state
  ADD COLUMN valid_from date,
  ADD COLUMN valid_until date,
  ADD COLUMN utc_offset text NOT NULL DEFAULT '+00:00',
  ADD COLUMN known_status text,
  ADD COLUMN live boolean NOT NULL DEFAULT true;
UPDATE gap_state SET known_status = status WHERE status <> 'error';
-- Written before validity was kept: evaluated once more.
UPDATE gap_state SET valid_until = date '-infinity';
CREATE INDEX gap_state_valid_until ON gap_state (tenant, valid_until, patient) WHERE live AND valid_until IS NOT NULL;
CREATE INDEX gap_state_valid_from ON gap_state (tenant, valid_from, patient) WHERE live AND valid_from IS NOT NULL;
CREATE INDEX gap_state_utc_offset ON gap_state (tenant, utc_offset, patient) WHERE live;

-- Periods that are kept live beside the current one. `measure_url` '' stands for every live measure. `until`: the last
-- day on which it is kept; null: until it is removed.
CREATE TABLE live_period (
  tenant text NOT NULL,
  measure_url text NOT NULL DEFAULT '',
  period_start date NOT NULL,
  period_end date NOT NULL CHECK (period_end >= period_start),
  source text NOT NULL,
  until date,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, measure_url, period_start, source)
);

-- Gaps that opened and closed, for subscribers. Numbers count up by one per tenant without holes, in the order of commits:
-- whoever writes holds the tenant's row of gap_event_number until the end of the transaction.
CREATE TABLE gap_event_number (
  tenant text PRIMARY KEY,
  last bigint NOT NULL
);
CREATE TABLE gap_event (
  tenant text NOT NULL,
  number bigint NOT NULL,
  patient text NOT NULL,
  measure_url text NOT NULL,
  measure_version text NOT NULL,
  group_id text NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('gap-opened', 'gap-closed')),
  from_status text,
  to_status text,
  at timestamptz NOT NULL,
  cause jsonb NOT NULL,
  PRIMARY KEY (tenant, number)
);
CREATE INDEX gap_event_of_patient ON gap_event (patient, tenant, number);
