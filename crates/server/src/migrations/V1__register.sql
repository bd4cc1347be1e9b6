CREATE TABLE communes (
  commune_id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  code TEXT NOT NULL,
  basis TEXT NOT NULL,
  epoch_number INTEGER NOT NULL,
  epoch_nonce INTEGER NOT NULL,
  position INTEGER NOT NULL,
  chain BLOB NOT NULL,
  received_at_ms INTEGER NOT NULL,
  counted_on TEXT NOT NULL,
  device_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  incarnation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  commune_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (commune_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
  commune_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  user_id BLOB NOT NULL,
  scope_id BLOB,
  given_at_ms INTEGER NOT NULL,
  ended_epoch INTEGER,
  ended_position INTEGER,
  ended_at_ms INTEGER,
  PRIMARY KEY (commune_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_of_user ON assignments (commune_id, user_id);

CREATE TABLE enrolments (
  commune_id BLOB NOT NULL,
  code_id BLOB NOT NULL,
  secret_hash BLOB NOT NULL,
  user_name TEXT NOT NULL,
  role TEXT NOT NULL,
  hamlet_units TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_by BLOB,
  PRIMARY KEY (commune_id, code_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
  commune_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  user_id BLOB NOT NULL,
  name TEXT NOT NULL,
  signing_key BLOB NOT NULL,
  token_hash BLOB NOT NULL,
  enrolled_at_ms INTEGER NOT NULL,
  first_seen_on TEXT,
  revoked_at_ms INTEGER,
  PRIMARY KEY (commune_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incarnations (
  commune_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  last_dseq INTEGER NOT NULL,
  last_stamp INTEGER,
  PRIMARY KEY (commune_id, device_id, incarnation)
) STRICT, WITHOUT ROWID;

CREATE TABLE numbers (
  commune_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  dseq INTEGER NOT NULL,
  group_id BLOB NOT NULL,
  PRIMARY KEY (commune_id, device_id, incarnation, dseq)
) STRICT, WITHOUT ROWID;

CREATE TABLE commits (
  commune_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  scope_id BLOB NOT NULL,
  group_id BLOB NOT NULL,
  quarantine TEXT NOT NULL,
  chain BLOB NOT NULL,
  PRIMARY KEY (commune_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE bodies (
  commune_id BLOB NOT NULL,
  position INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (commune_id, position)
) STRICT;

CREATE TABLE ops (
  commune_id BLOB NOT NULL,
  group_id BLOB NOT NULL,
  op_index INTEGER NOT NULL,
  op_hash BLOB NOT NULL,
  stamp INTEGER NOT NULL,
  first_epoch INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  found TEXT NOT NULL,
  mac BLOB NOT NULL,
  PRIMARY KEY (commune_id, group_id, op_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
  commune_id BLOB NOT NULL,
  group_id BLOB NOT NULL,
  content BLOB NOT NULL,
  reason TEXT NOT NULL,
  device_id BLOB NOT NULL,
  incarnation INTEGER NOT NULL,
  dseq INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  entered_at INTEGER NOT NULL,
  stamps TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (commune_id, group_id, content)
) STRICT;
CREATE INDEX quarantine_in_order ON quarantine (commune_id, entered_at);

CREATE TABLE records (
  commune_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  record_id BLOB NOT NULL,
  scope_id BLOB NOT NULL,
  parent_id BLOB,
  body BLOB NOT NULL,
  PRIMARY KEY (commune_id, kind, record_id)
) STRICT;
CREATE INDEX records_under ON records (commune_id, kind, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE household_counts (
  commune_id BLOB NOT NULL,
  household_id BLOB NOT NULL,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,
  tally TEXT NOT NULL,
  valid_until TEXT,
  PRIMARY KEY (commune_id, household_id)
) STRICT;
CREATE INDEX household_counts_that_change ON household_counts (commune_id, valid_until);

CREATE TABLE tallies (
  commune_id BLOB NOT NULL,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,
  tally TEXT NOT NULL,
  PRIMARY KEY (commune_id, hamlet_unit_id, alley_id)
) STRICT, WITHOUT ROWID;
