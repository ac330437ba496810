-- Members of Groups, one row each, so that a roster of 100,000 is changed by a member and looked up by a patient.
--
-- Kept by a trigger whoever writes a Group. A large Group that is changed by its members is *split*: `content` of its
-- versions has `"member":null` (which no resource can have), and a row says from which version (`since_version`) up to
-- which (`until_version`, exclusive; null: now) it is a member of the text. whole_content() puts the two together, byte for byte.
CREATE TABLE group_member (
  -- Logical id of the Patient; '' for a member that is none of ours.
  patient text NOT NULL,
  tenant text NOT NULL,
  group_id text NOT NULL,
  -- Place in Group.member, from 1.
  ordinal integer NOT NULL,
  since_version bigint NOT NULL,
  until_version bigint,
  -- Da Vinci ATR: ext-attributedProvider, ext-coverageReference, ext-changeType; null where absent.
  provider text,
  coverage text,
  change_type text,
  -- Group.member.period as dates; null: open.
  starts date,
  ends date,
  inactive boolean NOT NULL,
  -- Exact JSON of the member.
  content text NOT NULL,
  PRIMARY KEY (patient, tenant, group_id, ordinal, since_version)
);
CREATE INDEX group_member_by_group ON group_member (group_id, tenant, ordinal);
CREATE INDEX group_member_by_provider ON group_member (provider, tenant, patient) WHERE until_version IS NULL;

-- Groups by what attribution asks of them. `status` null: no attribution list. `split_since`: the version from which on
-- the text has no members; null while it is whole.
CREATE TABLE group_list (
  tenant text NOT NULL,
  group_id text NOT NULL,
  status text,
  starts date,
  ends date,
  manager text,
  split_since bigint,
  PRIMARY KEY (group_id, tenant)
);
CREATE INDEX group_list_by_status ON group_list (tenant, group_id) WHERE status IS NOT NULL;

CREATE FUNCTION atr_extension(node json, name text) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT e FROM json_array_elements(CASE WHEN json_typeof(node -> 'extension') = 'array' THEN node -> 'extension' ELSE '[]' END) AS e
  WHERE e ->> 'url' = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition/' || name LIMIT 1
$$;

-- First and last day of a FHIR dateTime of any precision; null for what is none. Days that a month does not have run over.
CREATE FUNCTION first_day(at text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN at ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])-[0-3]\d' THEN (left(at, 7) || '-01')::date + substr(at, 9, 2)::integer - 1
              WHEN at ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])$' THEN (at || '-01')::date
              WHEN at ~ '^(?!0000)\d{4}$' THEN (at || '-01-01')::date END
$$;
CREATE FUNCTION last_day(at text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN length(at) = 7 THEN (first_day(at) + interval '1 month' - interval '1 day')::date
              WHEN length(at) = 4 THEN (first_day(at) + interval '1 year' - interval '1 day')::date
              ELSE first_day(at) END
$$;

-- What is kept of members, in the order of the list.
CREATE FUNCTION members_of(list json) RETURNS TABLE (
  ordinal integer, patient text, provider text, coverage text, change_type text, starts date, ends date,
  inactive boolean, content text
) LANGUAGE sql IMMUTABLE AS $$
  SELECT m.n::integer,
         coalesce(substring(m.value #>> '{entity,reference}' FROM '^Patient/([A-Za-z0-9.-]{1,64})$'), ''),
         atr_extension(m.value, 'ext-attributedProvider') #>> '{valueReference,reference}',
         atr_extension(m.value, 'ext-coverageReference') #>> '{valueReference,reference}',
         atr_extension(m.value, 'ext-changeType') ->> 'valueCode',
         first_day(m.value #>> '{period,start}'), last_day(m.value #>> '{period,end}'),
         coalesce(m.value ->> 'inactive' = 'true', false), m.value::text
  FROM json_array_elements(CASE WHEN json_typeof(list) = 'array' THEN list ELSE '[]' END) WITH ORDINALITY AS m (value, n)
$$;

CREATE FUNCTION index_group() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head json;
  is_split boolean := coalesce(strpos(NEW.content, '"member":null') > 0, false);
  was_split bigint;
BEGIN
  head := coalesce(NEW.content, '{}')::json;
  SELECT split_since INTO was_split FROM group_list WHERE group_id = NEW.id AND tenant = NEW.tenant;
  IF NOT is_split THEN
    -- Rows that a split version was made of are its history; those that only mirror a whole text go with it.
    IF was_split IS NULL THEN
      DELETE FROM group_member WHERE group_id = NEW.id AND tenant = NEW.tenant AND until_version IS NULL;
    ELSE
      UPDATE group_member SET until_version = NEW.version
        WHERE group_id = NEW.id AND tenant = NEW.tenant AND until_version IS NULL;
    END IF;
    INSERT INTO group_member (patient, tenant, group_id, ordinal, since_version, provider, coverage, change_type, starts,
                              ends, inactive, content)
      SELECT m.patient, NEW.tenant, NEW.id, m.ordinal, NEW.version, m.provider, m.coverage, m.change_type, m.starts,
             m.ends, m.inactive, m.content
      FROM members_of(head -> 'member') AS m;
  END IF;
  INSERT INTO group_list (tenant, group_id, status, starts, ends, manager, split_since)
    VALUES (NEW.tenant, NEW.id, atr_extension(head, 'ext-attributionListStatus') ->> 'valueCode',
            first_day(atr_extension(head, 'ext-contractValidityPeriod') #>> '{valuePeriod,start}'),
            last_day(atr_extension(head, 'ext-contractValidityPeriod') #>> '{valuePeriod,end}'),
            head #>> '{managingEntity,reference}',
            CASE WHEN is_split THEN coalesce(was_split, NEW.version) END)
    ON CONFLICT (group_id, tenant) DO UPDATE
      SET status = excluded.status, starts = excluded.starts, ends = excluded.ends, manager = excluded.manager,
          split_since = excluded.split_since;
  RETURN NULL;
END
$$;
CREATE TRIGGER resource_is_group AFTER INSERT OR UPDATE ON resource FOR EACH ROW
  WHEN (NEW.type = 'Group') EXECUTE FUNCTION index_group();

-- The text of a version, with the members of a Group that is split.
CREATE FUNCTION whole_group(of_tenant text, of_id text, of_version bigint, head text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT replace(head, '"member":null', '"member":[' || coalesce(string_agg(m.content, ',' ORDER BY m.ordinal), '') || ']')
  FROM group_member AS m
  WHERE m.group_id = of_id AND m.tenant = of_tenant
    AND m.since_version <= of_version AND (m.until_version IS NULL OR m.until_version > of_version)
$$;
CREATE FUNCTION whole_content(of_tenant text, of_type text, of_id text, of_version bigint, content text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN of_type = 'Group' AND strpos(content, '"member":null') > 0
              THEN whole_group(of_tenant, of_id, of_version, content) ELSE content END
$$;

-- Groups that are there already.
INSERT INTO group_list (tenant, group_id, status, starts, ends, manager)
SELECT tenant, id, atr_extension(content::json, 'ext-attributionListStatus') ->> 'valueCode',
       first_day(atr_extension(content::json, 'ext-contractValidityPeriod') #>> '{valuePeriod,start}'),
       last_day(atr_extension(content::json, 'ext-contractValidityPeriod') #>> '{valuePeriod,end}'),
       content::json #>> '{managingEntity,reference}'
FROM resource WHERE type = 'Group' AND NOT deleted;
INSERT INTO group_member (patient, tenant, group_id, ordinal, since_version, provider, coverage, change_type, starts, ends,
                          inactive, content)
SELECT m.patient, r.tenant, r.id, m.ordinal, r.version, m.provider, m.coverage, m.change_type, m.starts, m.ends, m.inactive,
       m.content
FROM resource AS r, members_of(r.content::json -> 'member') AS m WHERE r.type = 'Group' AND NOT r.deleted;

-- A roster has more members than a smallint counts, and all of them can be searched for.
ALTER TABLE search_reference ALTER COLUMN ordinal TYPE integer;
