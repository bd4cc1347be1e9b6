CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE saves (
  seq INTEGER NOT NULL PRIMARY KEY,
  group_id BLOB NOT NULL UNIQUE,
  operation TEXT NOT NULL,
  session INTEGER NOT NULL,
  saved_at_ms INTEGER NOT NULL,
  incarnation INTEGER NOT NULL,
  dseq INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX saves_by_state ON saves (state, dseq);

CREATE TABLE overlay (
  record_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  op_index INTEGER NOT NULL,
  PRIMARY KEY (record_id, seq, op_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX overlay_by_save ON overlay (seq);

CREATE TABLE base_rows (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (record_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
  group_id BLOB NOT NULL,
  op_index INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (group_id, op_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_offsets (
  session INTEGER NOT NULL PRIMARY KEY,
  offset_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE hamlet_units (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  urban INTEGER NOT NULL,
  valid_from TEXT,
  valid_to TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE alleys (
  id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  name TEXT NOT NULL,
  walk_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE households (
  id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB,
  house_no TEXT NOT NULL,
  place_note TEXT NOT NULL,
  code TEXT NOT NULL,
  dwelling TEXT NOT NULL,
  alive INTEGER NOT NULL,
  walk_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX households_in_walking_order ON households (hamlet_unit_id, walk_key);

CREATE TABLE members (
  place INTEGER NOT NULL PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  household_id BLOB NOT NULL,
  full_name TEXT NOT NULL,
  birth TEXT,
  sex TEXT,
  relation TEXT NOT NULL,
  phone TEXT,
  residence TEXT NOT NULL,
  alive INTEGER NOT NULL
) STRICT;
CREATE INDEX members_of_household ON members (household_id, place);

CREATE VIRTUAL TABLE member_search USING fts5 (
  words, content = '', contentless_delete = 1, detail = none,
  tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE visits (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  household_id BLOB NOT NULL,
  day TEXT NOT NULL,
  outcome TEXT NOT NULL,
  channel TEXT NOT NULL,
  respondent_id BLOB,
  members_unchanged INTEGER NOT NULL,
  next_day TEXT,
  topics TEXT NOT NULL,
  guided TEXT NOT NULL,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX visits_of_household ON visits (household_id);

CREATE TABLE assessments (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  visit_id BLOB,
  respondent_id BLOB,
  answers TEXT NOT NULL,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX assessments_of_member ON assessments (member_id);
CREATE INDEX assessments_of_visit ON assessments (visit_id);

CREATE TABLE consents (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  visit_id BLOB,
  purposes TEXT NOT NULL,
  decision TEXT NOT NULL,
  basis TEXT NOT NULL,
  text_version TEXT NOT NULL,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_of_member ON consents (member_id);
CREATE INDEX consents_of_visit ON consents (visit_id);

CREATE TABLE residences (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  status TEXT,
  household_id BLOB,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX residences_of_member ON residences (member_id);

CREATE TABLE household_counts (
  household_id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,
  tally TEXT NOT NULL,
  verdict TEXT NOT NULL,
  progress TEXT NOT NULL,
  valid_until TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX household_counts_that_change ON household_counts (valid_until);

CREATE TABLE tallies (
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,
  tally TEXT NOT NULL,
  PRIMARY KEY (hamlet_unit_id, alley_id)
) STRICT, WITHOUT ROWID;
