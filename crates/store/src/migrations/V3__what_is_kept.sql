-- Where the present history of the commune has a save, and whether a person decided about it.
ALTER TABLE saves ADD COLUMN at_epoch INTEGER;
ALTER TABLE saves ADD COLUMN at_position INTEGER;
ALTER TABLE saves ADD COLUMN mended INTEGER NOT NULL DEFAULT 0;
CREATE INDEX saves_at ON saves (at_epoch, at_position) WHERE at_epoch IS NOT NULL;

-- What was delivered is kept from now on with what others saved: the next exchange takes it over.
UPDATE saves SET state = 'acknowledged', (at_epoch, at_position) = (
  SELECT json_extract(CAST(receipts.body AS TEXT), '$.first[0]'), json_extract(CAST(receipts.body AS TEXT), '$.first[1]')
  FROM receipts WHERE receipts.group_id = saves.group_id ORDER BY op_index DESC LIMIT 1
) WHERE state = 'delivered';

ALTER TABLE base_rows ADD COLUMN scope_id BLOB NOT NULL DEFAULT X'';
-- A row's bytes begin with a version, the kind in one to three bytes, the id, the scope.
UPDATE base_rows SET scope_id = substr(body, CASE WHEN kind < 128 THEN 19 WHEN kind < 16384 THEN 20 ELSE 21 END, 16);
CREATE INDEX base_rows_in ON base_rows (scope_id);

CREATE TABLE kept (
  group_id BLOB NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX kept_at ON kept (epoch, position);

CREATE TABLE kept_ops (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  group_id BLOB NOT NULL,
  PRIMARY KEY (record_id, kind, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed (
  number INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX sealed_at ON sealed (epoch, position);

CREATE TABLE bare_ops (
  group_id BLOB NOT NULL,
  op_index INTEGER NOT NULL,
  body TEXT NOT NULL,
  offered TEXT NOT NULL,
  PRIMARY KEY (group_id, op_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  PRIMARY KEY (record_id, kind)
) STRICT, WITHOUT ROWID;

-- A name that leaves the list leaves no trace in the index.
INSERT INTO member_search (member_search, rank) VALUES ('secure-delete', 1);
