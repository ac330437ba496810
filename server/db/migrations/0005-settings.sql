-- What a tenant's server remembers of itself: how far the demo practice is loaded, and the like.
CREATE TABLE setting (
  tenant text NOT NULL,
  name text NOT NULL,
  value jsonb NOT NULL,
  PRIMARY KEY (tenant, name)
);
