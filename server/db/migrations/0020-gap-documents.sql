-- Gaps-in-care documents as they were last made, so that whoever reads a roster again is given texts and nothing is made
-- anew (server/gaps/gap-documents.ts). A patient's are removed in the transaction that takes the patient off the feed.
CREATE TABLE gap_document (
  patient text NOT NULL,
  tenant text NOT NULL,
  -- Hash over all that was asked for: measures by content, period, statuses, names, reporter.
  settings text NOT NULL,
  -- Whose making it is: what is removed meanwhile is not stored afterwards.
  token uuid NOT NULL,
  -- Days on which it stands for one made anew; valid_through null: no end.
  valid_from date NOT NULL,
  valid_through date,
  stored_at timestamptz NOT NULL,
  -- '' when there is no document of the wanted statuses; null while it is being made.
  content text,
  PRIMARY KEY (patient, tenant, settings)
);

DO $$ BEGIN
  ALTER TABLE gap_document ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
