-- The same tables, columns and order of columns as `migrations` ends with; a test compares them. Every key begins with
-- the commune. Text is compared byte by byte, as SQLite does it, whatever the language of the database.

CREATE TABLE communes (
  commune_id BYTEA NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  epoch_number BIGINT NOT NULL,
  epoch_nonce BIGINT NOT NULL,
  position BIGINT NOT NULL,
  chain BYTEA NOT NULL,
  received_at_ms BIGINT NOT NULL,
  counted_on TEXT COLLATE "C" NOT NULL,
  device_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  store_id BYTEA NOT NULL,
  ledger BIGINT NOT NULL,
  ledger_code BYTEA NOT NULL,
  ledger_bytes BIGINT NOT NULL
);

CREATE TABLE users (
  commune_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (commune_id, user_id)
);

CREATE TABLE assignments (
  commune_id BYTEA NOT NULL,
  number BIGINT NOT NULL,
  user_id BYTEA NOT NULL,
  scope_id BYTEA,
  given_at_ms BIGINT NOT NULL,
  ended_epoch BIGINT,
  ended_position BIGINT,
  ended_at_ms BIGINT,
  PRIMARY KEY (commune_id, number)
);
CREATE INDEX assignments_of_user ON assignments (commune_id, user_id);

CREATE TABLE enrolments (
  commune_id BYTEA NOT NULL,
  code_id BYTEA NOT NULL,
  secret_hash BYTEA NOT NULL,
  user_name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  hamlet_units TEXT COLLATE "C" NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_by BYTEA,
  PRIMARY KEY (commune_id, code_id)
);

CREATE TABLE devices (
  commune_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  signing_key BYTEA NOT NULL,
  token_hash BYTEA NOT NULL,
  enrolled_at_ms BIGINT NOT NULL,
  first_seen_on TEXT COLLATE "C",
  PRIMARY KEY (commune_id, device_id)
);

CREATE TABLE device_users (
  commune_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  user_id BYTEA NOT NULL,
  PRIMARY KEY (commune_id, device_id, user_id)
);

CREATE TABLE revocations (
  commune_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  revoked_at_ms BIGINT NOT NULL,
  PRIMARY KEY (commune_id, device_id)
);

CREATE TABLE incarnations (
  commune_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  last_dseq BIGINT NOT NULL,
  last_stamp BIGINT,
  PRIMARY KEY (commune_id, device_id, incarnation)
);

CREATE TABLE numbers (
  commune_id BYTEA NOT NULL,
  device_id BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  dseq BIGINT NOT NULL,
  group_id BYTEA NOT NULL,
  PRIMARY KEY (commune_id, device_id, incarnation, dseq)
);

CREATE TABLE commits (
  commune_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  scope_id BYTEA NOT NULL,
  group_id BYTEA NOT NULL,
  quarantine TEXT COLLATE "C" NOT NULL,
  chain BYTEA NOT NULL,
  moved BIGINT NOT NULL,
  PRIMARY KEY (commune_id, position)
);

CREATE TABLE bodies (
  commune_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (commune_id, position)
);

CREATE TABLE ops (
  commune_id BYTEA NOT NULL,
  group_id BYTEA NOT NULL,
  op_index BIGINT NOT NULL,
  op_hash BYTEA NOT NULL,
  stamp BIGINT NOT NULL,
  first_epoch BIGINT NOT NULL,
  first_position BIGINT NOT NULL,
  found TEXT COLLATE "C" NOT NULL,
  mac BYTEA NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (commune_id, group_id, op_index)
);

CREATE TABLE record_ops (
  commune_id BYTEA NOT NULL,
  record_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind, position)
);

CREATE TABLE quarantine (
  commune_id BYTEA NOT NULL,
  group_id BYTEA NOT NULL,
  content BYTEA NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  device_id BYTEA NOT NULL,
  incarnation BIGINT NOT NULL,
  dseq BIGINT NOT NULL,
  received_at_ms BIGINT NOT NULL,
  entered_at BIGINT NOT NULL,
  stamps TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL,
  receipts TEXT COLLATE "C" NOT NULL,
  lacks_kind BIGINT,
  lacks_id BYTEA,
  PRIMARY KEY (commune_id, group_id, content)
);
CREATE INDEX quarantine_in_order ON quarantine (commune_id, entered_at);
CREATE INDEX quarantine_lacks ON quarantine (commune_id, reason, lacks_id, lacks_kind);

CREATE TABLE records (
  commune_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  record_id BYTEA NOT NULL,
  scope_id BYTEA NOT NULL,
  parent_id BYTEA,
  body BYTEA NOT NULL,
  above_id BYTEA,
  also_above_id BYTEA,
  PRIMARY KEY (commune_id, kind, record_id)
);
CREATE INDEX records_under ON records (commune_id, kind, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX records_above ON records (commune_id, above_id) WHERE above_id IS NOT NULL;
CREATE INDEX records_also_above ON records (commune_id, also_above_id) WHERE also_above_id IS NOT NULL;
CREATE INDEX records_in ON records (commune_id, scope_id);

CREATE TABLE exits (
  commune_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  record_id BYTEA NOT NULL,
  from_scope BYTEA NOT NULL,
  to_scope BYTEA NOT NULL,
  PRIMARY KEY (commune_id, position, kind, record_id)
);
CREATE INDEX exits_of ON exits (commune_id, record_id, kind, from_scope, position);

CREATE TABLE whole_rows (
  commune_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  record_id BYTEA NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (commune_id, position, kind, record_id)
);
CREATE INDEX whole_rows_of ON whole_rows (commune_id, record_id, kind);

CREATE TABLE strays (
  commune_id BYTEA NOT NULL,
  record_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  scope_id BYTEA NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind, scope_id)
);

CREATE TABLE erased (
  commune_id BYTEA NOT NULL,
  record_id BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  PRIMARY KEY (commune_id, record_id, kind)
);

CREATE TABLE erasures (
  commune_id BYTEA NOT NULL,
  number BIGINT NOT NULL,
  subject_id BYTEA NOT NULL,
  PRIMARY KEY (commune_id, number)
);

CREATE TABLE ledger (
  commune_id BYTEA NOT NULL,
  number BIGINT NOT NULL,
  line TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (commune_id, number)
);

CREATE TABLE household_counts (
  commune_id BYTEA NOT NULL,
  household_id BYTEA NOT NULL,
  hamlet_unit_id BYTEA NOT NULL,
  alley_id BYTEA NOT NULL,
  tally TEXT COLLATE "C" NOT NULL,
  valid_until TEXT COLLATE "C",
  PRIMARY KEY (commune_id, household_id)
);
CREATE INDEX household_counts_that_change ON household_counts (commune_id, valid_until);

CREATE TABLE tallies (
  commune_id BYTEA NOT NULL,
  hamlet_unit_id BYTEA NOT NULL,
  alley_id BYTEA NOT NULL,
  tally TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (commune_id, hamlet_unit_id, alley_id)
);
