ALTER TABLE communes ADD COLUMN store_id BLOB NOT NULL DEFAULT X'';
ALTER TABLE communes ADD COLUMN ledger INTEGER NOT NULL DEFAULT 0;
UPDATE communes SET store_id = randomblob(16);

ALTER TABLE commits ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;

ALTER TABLE ops ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE ops SET position = first_position;

ALTER TABLE quarantine ADD COLUMN receipts TEXT NOT NULL DEFAULT '[]';

CREATE TABLE record_ops (
  commune_id BLOB NOT NULL,
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind, position)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO record_ops
  SELECT bodies.commune_id, unhex(op.value ->> 1), op.value ->> 0, bodies.position
  FROM bodies, json_each(CAST(bodies.body AS TEXT), '$[1][3]') AS op;

ALTER TABLE records ADD COLUMN above_id BLOB;
UPDATE records SET above_id = parent_id WHERE kind <> 4;
UPDATE records SET above_id = (
  SELECT unhex(field.value ->> 1)
  FROM record_ops AS one
    JOIN bodies ON bodies.commune_id = one.commune_id AND bodies.position = one.position,
    json_each(CAST(bodies.body AS TEXT), '$[1][3]') AS op,
    json_each(op.value, '$[3]') AS field
  WHERE one.commune_id = records.commune_id AND one.record_id = records.record_id AND one.kind = 4
    AND unhex(op.value ->> 1) = records.record_id AND field.value ->> 0 = 401
  LIMIT 1
) WHERE kind = 4;
CREATE INDEX records_above ON records (commune_id, above_id) WHERE above_id IS NOT NULL;
CREATE INDEX records_in ON records (commune_id, scope_id);

CREATE TABLE exits (
  commune_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  record_id BLOB NOT NULL,
  from_scope BLOB NOT NULL,
  to_scope BLOB NOT NULL,
  PRIMARY KEY (commune_id, position, kind, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX exits_of ON exits (commune_id, record_id);

CREATE TABLE whole_rows (
  commune_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  record_id BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (commune_id, position, kind, record_id)
) STRICT;

CREATE TABLE erased (
  commune_id BLOB NOT NULL,
  record_id BLOB NOT NULL,
  PRIMARY KEY (commune_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
  commune_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (commune_id, number)
) STRICT, WITHOUT ROWID;

-- What stood before there was a ledger keeps a number below it.
UPDATE assignments SET number = -number;

CREATE TABLE device_users (
  commune_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  PRIMARY KEY (commune_id, device_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO device_users SELECT commune_id, device_id, user_id FROM devices;

CREATE TABLE revocations (
  commune_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  revoked_at_ms INTEGER NOT NULL,
  PRIMARY KEY (commune_id, device_id)
) STRICT, WITHOUT ROWID;
INSERT INTO revocations SELECT commune_id, device_id, revoked_at_ms FROM devices WHERE revoked_at_ms IS NOT NULL;
ALTER TABLE devices DROP COLUMN revoked_at_ms;

CREATE TABLE erasures (
  commune_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  subject_id BLOB NOT NULL,
  PRIMARY KEY (commune_id, number)
) STRICT, WITHOUT ROWID;
