-- The code of the last line of the ledger that was applied.
ALTER TABLE communes ADD COLUMN ledger_code BLOB NOT NULL DEFAULT X'00000000000000000000000000000000';
UPDATE communes SET ledger_code = (
  SELECT unhex(line ->> 'mac') FROM ledger
  WHERE ledger.commune_id = communes.commune_id AND ledger.number = communes.ledger
) WHERE ledger > 0;

-- How long its file is; below 0: the file is still to be written.
ALTER TABLE communes ADD COLUMN ledger_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE communes SET ledger_bytes = -1 WHERE ledger > 0;

-- An edge lies under both its ends.
ALTER TABLE records ADD COLUMN also_above_id BLOB;
UPDATE records SET (above_id, also_above_id) = (
  SELECT
    max(CASE field.value ->> 0 WHEN 1201 THEN unhex(field.value ->> 1) END),
    max(CASE field.value ->> 0 WHEN 1202 THEN unhex(field.value ->> 1) END)
  FROM record_ops AS one
    JOIN bodies ON bodies.commune_id = one.commune_id AND bodies.position = one.position,
    json_each(CAST(bodies.body AS TEXT), '$[1][3]') AS op,
    json_each(op.value, '$[3]') AS field
  WHERE one.commune_id = records.commune_id AND one.record_id = records.record_id AND one.kind = 12
    AND unhex(op.value ->> 1) = records.record_id AND field.value ->> 0 IN (1201, 1202)
) WHERE kind = 12;
CREATE INDEX records_also_above ON records (commune_id, also_above_id) WHERE also_above_id IS NOT NULL;

-- Where a record was meant to lie when it was begun under something that had moved.
CREATE TABLE strays (
  commune_id BLOB NOT NULL,
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  scope_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind, scope_id)
) STRICT, WITHOUT ROWID;

-- Records are listed by kind; 0 is what the ledger names.
ALTER TABLE erased RENAME TO erased_by_id;
CREATE TABLE erased (
  commune_id BLOB NOT NULL,
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO erased SELECT commune_id, record_id, 0 FROM erased_by_id;
DROP TABLE erased_by_id;

-- For want of which record a group waits.
ALTER TABLE quarantine ADD COLUMN lacks_kind INTEGER;
ALTER TABLE quarantine ADD COLUMN lacks_id BLOB;
CREATE INDEX quarantine_lacks ON quarantine (commune_id, reason, lacks_id, lacks_kind);

-- What a record left, and where the stream carries it whole, is found without reading everybody's.
DROP INDEX exits_of;
CREATE INDEX exits_of ON exits (commune_id, record_id, kind, from_scope, position);
CREATE INDEX whole_rows_of ON whole_rows (commune_id, record_id, kind);
