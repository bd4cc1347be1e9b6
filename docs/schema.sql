-- The laptop's database, explained. A test compares the statements with a real file's.
-- Ids are 16-byte UUIDs. All text is NFC. Codes that this version does not know are kept as they are.

-- Who this laptop is ("identity"), how far numbering and pulling have come ("sync"), what is known of the
-- sealed outbox ("outbox"), the day the tallies were brought to ("counted_on"), and the last word of the
-- commune's clock ("heard"). Values are JSON.
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,        -- one of the names above
  value TEXT NOT NULL
) STRICT;

-- Every group saved on this laptop. Those that are not delivered are the overlay; of a delivered one only its
-- line is left, so that the order of saving goes on from it: what it said is in base rows and in "kept".
CREATE TABLE saves (
  seq INTEGER NOT NULL PRIMARY KEY,      -- order of saving on this laptop, never renumbered
  group_id BLOB NOT NULL UNIQUE,         -- random, the name of the group for ever
  operation TEXT NOT NULL,               -- "visit.save": for the log and for undo
  session INTEGER NOT NULL,              -- which run of the clock; see session_offsets
  saved_at_ms INTEGER NOT NULL,          -- wall clock of the laptop, milliseconds since 1970
  incarnation INTEGER NOT NULL,          -- with dseq, the number it is sent under
  dseq INTEGER NOT NULL,                 -- contiguous within the incarnation, from 1
  state TEXT NOT NULL,                   -- pending, acknowledged, quarantined, delivered
  reason TEXT NOT NULL,                  -- of the quarantine, else empty
  body BLOB NOT NULL,                    -- canonical bytes of the group; of a delivered one empty
  at_epoch INTEGER,                      -- where the present history of the commune has it, once that is known
  at_position INTEGER,
  mended INTEGER NOT NULL DEFAULT 0      -- a person decided about it: it is kept and no longer shown
) STRICT;
CREATE INDEX saves_by_state ON saves (state, dseq);
CREATE INDEX saves_at ON saves (at_epoch, at_position) WHERE at_epoch IS NOT NULL;

-- Which ops of which saves still lie over the base row of a record: those the stream has not delivered,
-- acknowledged or not (F4).
CREATE TABLE overlay (
  record_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  op_index INTEGER NOT NULL,             -- within the save
  PRIMARY KEY (record_id, seq, op_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX overlay_by_save ON overlay (seq);

-- Records as the stream delivered them, with the op that wrote each field, in one packed body per row.
-- Written by pull only. Visible tables below = base row + overlay.
CREATE TABLE base_rows (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,                 -- number in the field registry
  body BLOB NOT NULL,                    -- sync_core::row::Row
  scope_id BLOB NOT NULL DEFAULT X'',    -- where it lies
  PRIMARY KEY (record_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX base_rows_in ON base_rows (scope_id);

-- The server's word about an op: its place in the order, for ever.
CREATE TABLE receipts (
  group_id BLOB NOT NULL,
  op_index INTEGER NOT NULL,
  body BLOB NOT NULL,                    -- JSON
  PRIMARY KEY (group_id, op_index)
) STRICT, WITHOUT ROWID;

-- What came with the stream and may have to be given back, should the commune's server be restored: own groups
-- and others', with their receipts. Goes once every backup that may be restored has it.
CREATE TABLE kept (
  group_id BLOB NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,                -- where the history has it, as far as is known
  position INTEGER NOT NULL,
  body BLOB NOT NULL                     -- JSON of sync_core::wire::PageGroup
) STRICT;
CREATE INDEX kept_at ON kept (epoch, position);

-- Of which records each of them has an op; names of groups that are kept no longer go at the end of an exchange.
CREATE TABLE kept_ops (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  group_id BLOB NOT NULL,
  PRIMARY KEY (record_id, kind, group_id)
) STRICT, WITHOUT ROWID;

-- The same of records that left this laptop: encrypted to the commune's key, readable by nobody here.
CREATE TABLE sealed (
  number INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  payload BLOB NOT NULL                  -- an age file
) STRICT;
CREATE INDEX sealed_at ON sealed (epoch, position);

-- Headers of ops about people who were erased: all that is left of them.
CREATE TABLE bare_ops (
  group_id BLOB NOT NULL,
  op_index INTEGER NOT NULL,
  body TEXT NOT NULL,                    -- JSON of sync_core::offer::BareOp
  offered TEXT NOT NULL,                 -- epoch and line of the ledger at which it was offered last; or empty
  PRIMARY KEY (group_id, op_index)
) STRICT, WITHOUT ROWID;

-- Who is erased, by the ledger (kind 0) or by lying under somebody who is.
CREATE TABLE erased (
  record_id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  PRIMARY KEY (record_id, kind)
) STRICT, WITHOUT ROWID;

-- Server clock minus laptop clock per session: learned at a handshake, or what the clock was taken for when
-- something was saved in a session that had not met the server.
CREATE TABLE session_offsets (
  session INTEGER NOT NULL PRIMARY KEY,
  offset_ms INTEGER NOT NULL
) STRICT;

-- Visible: thôn and tổ dân phố. The id is the scope of everything in the unit.
CREATE TABLE hamlet_units (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                    -- hamlet, residential_group
  urban INTEGER NOT NULL,                -- 0 or 1
  valid_from TEXT,                       -- ISO day, as all days
  valid_to TEXT
) STRICT, WITHOUT ROWID;

-- Visible: ngõ of a unit.
CREATE TABLE alleys (
  id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  name TEXT NOT NULL,
  walk_key TEXT NOT NULL                 -- "Ngõ 2" before "Ngõ 10"
) STRICT, WITHOUT ROWID;

-- Visible: hộ.
CREATE TABLE households (
  id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB,                         -- NULL where it is not known
  house_no TEXT NOT NULL,
  place_note TEXT NOT NULL,              -- "sau đình", where there is no number
  code TEXT NOT NULL,                    -- mã hộ of the commune's list; for people, not a key
  dwelling TEXT NOT NULL,                -- house, rented_room
  alive INTEGER NOT NULL,                -- 0 once deleted; the row stays
  walk_key TEXT NOT NULL                 -- alley, house number, place note
) STRICT, WITHOUT ROWID;
CREATE INDEX households_in_walking_order ON households (hamlet_unit_id, walk_key);

-- Visible: people. Residence and household are those of today: the list's word, then what was recorded.
CREATE TABLE members (
  place INTEGER NOT NULL PRIMARY KEY,    -- register order with gaps; rowid of member_search
  id BLOB NOT NULL UNIQUE,
  household_id BLOB NOT NULL,
  full_name TEXT NOT NULL,               -- as written, NFC
  birth TEXT,                            -- 1956, 1956-03 or 1956-03-05
  sex TEXT,
  relation TEXT NOT NULL,                -- to the head of the household
  phone TEXT,                            -- digits; shown only with P3
  residence TEXT NOT NULL,               -- present, away, temporary, moved_out, deceased, unclear
  alive INTEGER NOT NULL
) STRICT;
CREATE INDEX members_of_household ON members (household_id, place);

-- Words a person is found by: folded in Rust (đ included), both spellings of a final y or i, initials.
CREATE VIRTUAL TABLE member_search USING fts5 (
  words, content = '', contentless_delete = 1, detail = none,
  tokenize = 'unicode61 remove_diacritics 2'
);

-- Visible: lượt đến nhà. Events: written once; a correction is another row that names this one in voids.
CREATE TABLE visits (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,               -- stamp, device, group, index: the order of ops as bytes
  household_id BLOB NOT NULL,
  day TEXT NOT NULL,
  outcome TEXT NOT NULL,                 -- code of door rules §3
  channel TEXT NOT NULL,
  respondent_id BLOB,
  members_unchanged INTEGER NOT NULL,
  next_day TEXT,
  topics TEXT NOT NULL,                  -- JSON list of codes
  guided TEXT NOT NULL,                  -- JSON list of member ids
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX visits_of_household ON visits (household_id);

-- Visible: what was learned about one person on one day. Current facts are computed, never stored.
CREATE TABLE assessments (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  visit_id BLOB,
  respondent_id BLOB,
  answers TEXT NOT NULL,                 -- JSON list of [fact, answer, evidence]
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX assessments_of_member ON assessments (member_id);
CREATE INDEX assessments_of_visit ON assessments (visit_id);

-- Visible: answers to the consent question.
CREATE TABLE consents (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  visit_id BLOB,
  purposes TEXT NOT NULL,                -- JSON list of p1 … p4
  decision TEXT NOT NULL,
  basis TEXT NOT NULL,
  text_version TEXT NOT NULL,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_of_member ON consents (member_id);
CREATE INDEX consents_of_visit ON consents (visit_id);

-- Visible: moves, deaths, joining and leaving a household.
CREATE TABLE residences (
  id BLOB NOT NULL PRIMARY KEY,
  order_key BLOB NOT NULL,
  member_id BLOB NOT NULL,
  day TEXT NOT NULL,
  status TEXT,                           -- NULL if only the household changed
  household_id BLOB,
  voids BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX residences_of_member ON residences (member_id);

-- What each household adds to the tallies now, and why; taken out again before it is counted anew.
CREATE TABLE household_counts (
  household_id BLOB NOT NULL PRIMARY KEY,
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,                -- 16 zero bytes where it is not known
  tally TEXT NOT NULL,                   -- JSON of domain::Tally
  verdict TEXT NOT NULL,                 -- JSON, with person, clause and step
  progress TEXT NOT NULL,                -- not_reached, reached, met, complete
  valid_until TEXT                       -- first day on which it may differ by itself
) STRICT, WITHOUT ROWID;
CREATE INDEX household_counts_that_change ON household_counts (valid_until);

-- Sums of household_counts per alley. A full recount must equal them.
CREATE TABLE tallies (
  hamlet_unit_id BLOB NOT NULL,
  alley_id BLOB NOT NULL,
  tally TEXT NOT NULL,
  PRIMARY KEY (hamlet_unit_id, alley_id)
) STRICT, WITHOUT ROWID;

-- What was said at a door and not saved yet: the page's own JSON. A save deletes it in the same commit.
CREATE TABLE drafts (
  household_id BLOB NOT NULL PRIMARY KEY,
  body TEXT NOT NULL,
  day TEXT NOT NULL                      -- on which it was last changed
) STRICT, WITHOUT ROWID;
