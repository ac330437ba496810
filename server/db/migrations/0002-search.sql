-- The search index: one narrow row for each value of each search parameter. `param` is the number of `Type.code`
-- (server/search/definitions.ts), so it implies the type. `id` is the resource's, `ordinal` counts values of one parameter.
-- The primary key serves searches within a patient and replacing a resource's rows; the second index, those across patients.

CREATE TABLE search_token (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  -- Normalised texts of the code for :text, each after a line feed; null when there are none.
  display text COLLATE "C",
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
-- With the patient, because a patient's results of one code are what is asked for most.
CREATE INDEX search_token_by_code ON search_token (tenant, param, code, patient);

CREATE TABLE search_string (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  -- Lower case, without accents, white space collapsed.
  value text COLLATE "C" NOT NULL,
  -- For :exact; null when it equals value.
  exact text COLLATE "C",
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_string_by_value ON search_string (tenant, param, "left"(value, 200));

CREATE TABLE search_date (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  -- [low, high)
  low timestamptz NOT NULL,
  high timestamptz NOT NULL,
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_date_by_low ON search_date (tenant, param, low, high);

-- Numbers and quantities. [low, high], both the value itself unless it is a range.
CREATE TABLE search_quantity (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  low numeric NOT NULL,
  high numeric NOT NULL,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  unit text COLLATE "C" NOT NULL,
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_quantity_by_low ON search_quantity (tenant, param, low);

-- References and canonicals: local ones have target_type and target_id, others url; '' for what there is not.
CREATE TABLE search_reference (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  target_type text COLLATE "C" NOT NULL,
  target_id text NOT NULL,
  url text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_reference_by_target ON search_reference (tenant, param, target_id) WHERE target_id <> '';
CREATE INDEX search_reference_by_url ON search_reference (tenant, param, url) WHERE url <> '';

CREATE TABLE search_uri (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_uri_by_value ON search_uri (tenant, param, value);

-- Composite parameters: a row for each combination of values of the components, so that they are matched together.
-- The first component is a token (or is searched as one); the second is whatever its columns are filled for; a third
-- exists only beside two numbers.
CREATE TABLE search_composite (
  patient text NOT NULL,
  tenant text NOT NULL,
  param integer NOT NULL,
  id text NOT NULL,
  ordinal smallint NOT NULL,
  system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  second_system text COLLATE "C",
  second_code text COLLATE "C",
  value text COLLATE "C",
  target_type text COLLATE "C",
  target_id text,
  url text COLLATE "C",
  date_low timestamptz,
  date_high timestamptz,
  low numeric,
  high numeric,
  unit text COLLATE "C",
  third_low numeric,
  third_high numeric,
  PRIMARY KEY (patient, tenant, id, param, ordinal)
);
CREATE INDEX search_composite_by_code ON search_composite (tenant, param, code);

-- Removes the rows of resources of one type: patients[i] and ids[i] name one; the others are the numbers of the type's
-- parameters, by table. `param + 0` keeps the planner from the second indexes, which look as good to it as the primary
-- keys as long as the tables have no statistics, and are a thousand times slower.
CREATE FUNCTION search_remove(of_tenant text, patients text[], ids text[],
  token_params integer[], string_params integer[], date_params integer[], quantity_params integer[],
  reference_params integer[], uri_params integer[], composite_params integer[])
RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
  FOR i IN 1 .. cardinality(ids) LOOP
    IF token_params <> '{}' THEN
      DELETE FROM search_token WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (token_params);
    END IF;
    IF string_params <> '{}' THEN
      DELETE FROM search_string WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (string_params);
    END IF;
    IF date_params <> '{}' THEN
      DELETE FROM search_date WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (date_params);
    END IF;
    IF quantity_params <> '{}' THEN
      DELETE FROM search_quantity WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (quantity_params);
    END IF;
    IF reference_params <> '{}' THEN
      DELETE FROM search_reference WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (reference_params);
    END IF;
    IF uri_params <> '{}' THEN
      DELETE FROM search_uri WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (uri_params);
    END IF;
    IF composite_params <> '{}' THEN
      DELETE FROM search_composite WHERE patient = patients[i]
        AND tenant = of_tenant AND id = ids[i] AND param + 0 = ANY (composite_params);
    END IF;
  END LOOP;
END
$$;
