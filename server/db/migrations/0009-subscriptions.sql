-- Topic-based subscriptions at work. The Subscription resource says what was asked for, with its secrets masked; this row
-- says what is sent, and how far it is.
CREATE TABLE subscription (
  tenant text NOT NULL,
  id text NOT NULL,
  -- Of the Subscription resource that `status` and `terms` are of.
  version bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
  topic text NOT NULL,
  terms jsonb NOT NULL,
  -- channel.header as it is sent: secrets. Read by the deliverer alone.
  headers text[] NOT NULL DEFAULT '{}',
  base_url text NOT NULL,
  ends_at timestamptz,
  -- Events of `source` up to `position` were looked at; those that concern it got numbers up to `last_number`, of which
  -- those up to `delivered` were accepted by the endpoint. All three move in the transaction that gives the numbers.
  source text NOT NULL CHECK (source IN ('gap', 'group')),
  position bigint NOT NULL,
  last_number bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  -- Consecutive failures, what the last one was, and whether the endpoint takes long: such get their turns apart.
  failures integer NOT NULL DEFAULT 0,
  error text,
  slow boolean NOT NULL DEFAULT false,
  last_sent_at timestamptz,
  -- When there is something to do; null: nothing. Who does it now, and until when nobody else may.
  due_at timestamptz,
  claimed_by text,
  claimed_until timestamptz,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX subscription_due ON subscription (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subscription_ends ON subscription (ends_at) WHERE ends_at IS NOT NULL AND status <> 'off';

-- Numbers count up by one per subscription, without holes.
CREATE TABLE subscription_event (
  tenant text NOT NULL,
  subscription text NOT NULL,
  number bigint NOT NULL,
  -- Number of the event in its source.
  source_number bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, subscription, number),
  UNIQUE (tenant, subscription, source_number),
  FOREIGN KEY (tenant, subscription) REFERENCES subscription (tenant, id) ON DELETE CASCADE
);
CREATE INDEX subscription_event_by_time ON subscription_event (at);

-- Groups that changed. Numbered as gap_event is: without holes, in the order of commits.
CREATE TABLE group_event_number (
  tenant text PRIMARY KEY,
  last bigint NOT NULL
);
CREATE TABLE group_event (
  tenant text NOT NULL,
  number bigint NOT NULL,
  group_id text NOT NULL,
  version bigint NOT NULL,
  change text NOT NULL CHECK (change IN ('created', 'updated', 'deleted')),
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, number)
);
