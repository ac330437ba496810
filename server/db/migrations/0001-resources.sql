-- FHIR resources. `patient` is the logical id of the Patient in whose compartment the resource lies ('' when in none).
-- It comes first in every key, so that the schema can be distributed by it. `content` is the exact JSON text.

CREATE TABLE resource (
  patient text NOT NULL,
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  last_updated timestamptz NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  content text,
  PRIMARY KEY (patient, tenant, type, id)
);
CREATE INDEX resource_by_id ON resource (tenant, type, id);
CREATE INDEX resource_by_last_updated ON resource (tenant, type, last_updated, id);

-- Every version, the current one included. A deletion is a version without content.
CREATE TABLE resource_history (
  patient text NOT NULL,
  tenant text NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  last_updated timestamptz NOT NULL,
  method text NOT NULL CHECK (method IN ('POST', 'PUT', 'PATCH', 'DELETE')),
  content text,
  PRIMARY KEY (patient, tenant, type, id, version)
);
CREATE INDEX resource_history_by_id ON resource_history (tenant, type, id, version DESC);
CREATE INDEX resource_history_by_type ON resource_history (tenant, type, last_updated DESC, id);

-- The change feed: patients whose data changed and whose gaps are not yet evaluated. Written in the transaction of the
-- change. A worker deletes what it claimed only if `sequence` is still what it read.
CREATE SEQUENCE change_sequence;
CREATE TABLE change_feed (
  patient text NOT NULL,
  tenant text NOT NULL,
  sequence bigint NOT NULL DEFAULT nextval('change_sequence'),
  changed_at timestamptz NOT NULL DEFAULT now(),
  resource_types text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (patient, tenant)
);
CREATE INDEX change_feed_by_sequence ON change_feed (sequence);
