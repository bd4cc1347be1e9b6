//! `bench sync`, the laptop's half: pages merged into base rows, visible rows and figures; a new laptop's first pull; digests
//! of what is there; a scope as a snapshot; the tail that a server sends. The wire is left out: the pages are at hand.

use anyhow::{Context, Result, ensure};
use domain::ids::HamletUnitId;
use domain::people::Role;
use rusqlite::Connection;
use server::Register;
use store::{DataFolder, Durability, Identity, Store};
use sync_core::api::{self, EnrolRequest};
use sync_core::digest::Buckets;
use sync_core::laptop::LaptopStore;
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use sync_core::row::Row as Record;
use sync_core::snapshot::Snapshot;
use sync_core::wire::{HelloReply, Page, PullRequest, SigningKey};
use tests::laptop::{PASSPHRASE, options};
use uuid::Uuid;

use crate::by_hand::{Rows, Table, rows_of};
use crate::measure::timed;
use crate::report::{Report, Row};

/// Of one page, as the server sends at most.
const PAGE_BYTES: usize = 4 * 1024 * 1024 - 2048;
/// Where every record of the bench lies.
const SCOPE: Scope = Scope(Uuid::from_u128(0x5c));

/// A laptop that has a hamlet unit from this register, to its head.
pub(crate) struct Reader {
    _dir: tempfile::TempDir,
    store: Store,
    token: String,
}

impl Reader {
    /// Enrolled, and nothing pulled yet.
    pub(crate) fn enrol(register: &Register) -> Result<Self> {
        let order = server::EnrolOrder {
            role: Role::CommuneOfficer,
            hamlet_units: vec![],
            user_name: "Minh".into(),
            valid_minutes: 60,
            address: None,
        };
        let code = register.issue_code(&order)?.code;
        let key = SigningKey::from_bytes(&[8; 32]);
        let me = register.enrol(&EnrolRequest::signed(&code.secret, &key, "Máy anh Minh"))?;
        let dir = tempfile::tempdir()?;
        let folder = DataFolder::open(&dir.path().join("laptop"))?;
        let units = vec![HamletUnitId(SCOPE.0)];
        let identity = Identity { hamlet_units: units, ..Identity::enrolled(&me, String::new()) };
        let store = Store::create(folder, &identity, PASSPHRASE, options(5, Durability::Full)?)?;
        let mut reader = Self { _dir: dir, store, token: me.token };
        let hello = serde_json::to_vec(&reader.store.hello()?)?;
        let reply: HelloReply = reader.ask(register, api::HELLO, &hello)?;
        reader.store.meet(&reply, 1)?;
        Ok(reader)
    }

    fn ask<T: serde::de::DeserializeOwned>(&self, register: &Register, path: &str, body: &[u8]) -> Result<T> {
        let answer = server::direct::answer(register, path, &self.token, body);
        Ok(serde_json::from_slice(&answer.map_err(|error| anyhow::anyhow!("{error}"))?)?)
    }

    /// Every page from where it stands.
    fn pages(&mut self, register: &Register) -> Result<Vec<Page>> {
        let (mut cursor, sight) = (self.store.hello()?.cursor, self.store.sight()?);
        let mut pages = Vec::new();
        loop {
            let request = PullRequest { cursor, sight: sight.clone(), max_bytes: PAGE_BYTES };
            let page: Page = self.ask(register, api::PULL, &serde_json::to_vec(&request)?)?;
            cursor = Some(page.to);
            let more = page.more;
            pages.push(page);
            if !more {
                return Ok(pages);
            }
        }
    }

    /// Merges what is new, against the rows that it left written by hand.
    pub(crate) fn merge(&mut self, register: &Register, report: &mut Report, what: &str) -> Result<()> {
        let pages = self.pages(register)?;
        let ops: usize = pages.iter().flat_map(|page| &page.groups).map(|group| group.group.ops.len()).sum();
        ensure!(ops > 0, "nothing is new");
        let copy = self.copied()?;
        let count = pages.len();
        let before = Left::of(self.store.reading(), 0)?;
        let kept_before = before.kept;
        let (merged, ours) = timed(|| pages.into_iter().try_for_each(|page| self.store.apply_page(page)));
        merged?;
        let left = Left::of(self.store.reading(), kept_before)?;
        let portions = left.portions(count);
        let mut by_hand = database::connect(&copy, self.store.key().1, Durability::Full)?;
        let (written, reference) = timed(|| portions.iter().try_for_each(|rows| rows.write(&mut by_hand)));
        written?;
        let rows: usize = portions.iter().map(Rows::count).sum();
        report.rows.push(Row {
            work: format!("a laptop merges {what}: base rows, what is kept, visible rows, figures, durable"),
            size: format!("{ops} ops in {count} pages, {rows} rows"),
            unit: "ms",
            ours: ours.wall.as_secs_f64() * 1e3,
            reference: "the rows that those pages left, values at hand, prepared statements, a transaction for each page"
                .into(),
            reference_value: reference.wall.as_secs_f64() * 1e3,
            at_most: Some(2.86),
        });
        report.notes.push(format!(
            "{what}: {:.0} ops/s (the aim of the design: 20,000 and 0.35 of by hand)",
            ops as f64 / ours.wall.as_secs_f64()
        ));
        Ok(())
    }

    /// A copy of the database that somebody writes into by hand.
    fn copied(&self) -> Result<std::path::PathBuf> {
        self.store.reading().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let (folder, _) = self.store.key();
        let copy = self._dir.path().join("by-hand.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", copy.display()));
        }
        std::fs::copy(folder.database(), &copy)?;
        Ok(copy)
    }

    /// Digests of everything, against reading every row and hashing it.
    pub(crate) fn digest(&mut self, report: &mut Report) -> Result<()> {
        let scopes = |store: &mut Store| store.exchange(|laptop| laptop.store.scopes());
        let all = scopes(&mut self.store)?;
        let (counted, ours) = timed(|| {
            self.store.exchange(|laptop| {
                all.iter().map(|scope| laptop.store.buckets(*scope)).collect::<Result<Vec<Buckets>, _>>()
            })
        });
        let counted = counted?;
        let connection = self.store.reading();
        let (hashed, reference) = timed(|| -> Result<usize> {
            let mut statement = connection.prepare("SELECT body FROM base_rows")?;
            let mut rows = statement.query([])?;
            let mut count = 0;
            let mut sum = [0_u8; 32];
            while let Some(row) = rows.next()? {
                let body = row.get_ref(0)?.as_blob()?;
                let hash = blake3::derive_key("tungnha 2026 sync row", body);
                sum.iter_mut().zip(hash).for_each(|(sum, byte)| *sum ^= byte);
                count += 1;
            }
            ensure!(sum != [0; 32], "nothing was hashed");
            Ok(count)
        });
        let rows = hashed?;
        ensure!(counted.iter().any(|buckets| *buckets != Buckets::default()), "nothing was counted");
        report.rows.push(Row {
            work: "a laptop's digests, counted afresh".into(),
            size: format!("{rows} rows"),
            unit: "ms",
            ours: ours.wall.as_secs_f64() * 1e3,
            reference: "every row's bytes selected and hashed".into(),
            reference_value: reference.wall.as_secs_f64() * 1e3,
            at_most: None,
        });
        Ok(())
    }

    /// A scope as a snapshot and out of it again, against its rows' bytes selected and put into one file.
    pub(crate) fn snapshot(&mut self, report: &mut Report) -> Result<()> {
        let at = self.store.hello()?;
        let cursor = at.cursor.context("it has pulled")?;
        let (made, ours) = timed(|| -> Result<(usize, usize)> {
            let rows: Vec<Record> = self.store.exchange(|laptop| laptop.store.rows_in(SCOPE, None))?;
            let bytes = Snapshot::of(SCOPE, cursor, at.ledger, rows).to_bytes();
            let read = Snapshot::from_bytes(&bytes, Snapshot::name(&bytes))?;
            Ok((read.rows.len(), bytes.len()))
        });
        let (rows, bytes) = made?;
        let connection = self.store.reading();
        let (selected, reference) = timed(|| -> Result<usize> {
            let mut statement = connection.prepare("SELECT body FROM base_rows ORDER BY kind, record_id")?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.extend_from_slice(row.get_ref(0)?.as_blob()?);
            }
            Ok(blake3::hash(&all).as_bytes().len() + all.len())
        });
        selected?;
        report.rows.push(Row {
            work: "a scope as a snapshot, named, and read again".into(),
            size: format!("{rows} rows, {bytes} bytes"),
            unit: "ms",
            ours: ours.wall.as_secs_f64() * 1e3,
            reference: "every row's bytes selected, joined and hashed".into(),
            reference_value: reference.wall.as_secs_f64() * 1e3,
            at_most: None,
        });
        Ok(())
    }
}

/// The tail from a place on, as the server puts it together, against its bodies selected by hand.
pub(crate) fn tail(register: &Register, report: &mut Report) -> Result<()> {
    let mut reader = Reader::enrol(register)?;
    let (pages, ours) = timed(|| reader.pages(register));
    let pages = pages?;
    let groups: usize = pages.iter().map(|page| page.groups.len()).sum();
    let connection =
        database::connect(&register.folder().database(), &register.keys().database, Durability::Full)?;
    let (selected, reference) = timed(|| -> Result<usize> {
        let mut statement = connection.prepare("SELECT body FROM bodies ORDER BY position")?;
        let mut rows = statement.query([])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            // Whoever takes it reads it.
            let group: sync_core::wire::PageGroup = serde_json::from_slice(row.get_ref(0)?.as_blob()?)?;
            read += group.group.ops.len();
        }
        Ok(read)
    });
    ensure!(selected? >= groups, "a body is missing");
    report.rows.push(Row {
        work: "the stream from its beginning, in pages, read by whoever takes it".into(),
        size: format!("{groups} groups in {} pages", pages.len()),
        unit: "ms",
        ours: ours.wall.as_secs_f64() * 1e3,
        reference: "the bodies selected and read".into(),
        reference_value: reference.wall.as_secs_f64() * 1e3,
        at_most: None,
    });
    Ok(())
}

/// What merging leaves, table by table; of what only grows, what is newer.
const TABLES: &[(&str, &str)] = &[
    ("base_rows", "?1 >= 0"),
    ("kept", "rowid > ?1"),
    ("kept_ops", "group_id IN (SELECT group_id FROM kept WHERE rowid > ?1)"),
    ("households", "?1 >= 0"),
    // Only the first page writes them.
    ("members", "?1 = 0"),
    ("household_counts", "?1 >= 0"),
    ("tallies", "?1 >= 0"),
    ("settings", "?1 >= 0"),
];

struct Left {
    kept: i64,
    tables: Vec<Table>,
    words: Rows,
}

impl Left {
    fn of(connection: &Connection, kept_after: i64) -> Result<Self> {
        let tables = rows_of(connection, TABLES, kept_after)?;
        let kept = connection.query_row("SELECT coalesce(max(rowid), 0) FROM kept", [], |row| row.get(0))?;
        let named = "SELECT place, full_name FROM members WHERE ?1 = 0";
        let words = Rows::of_words(connection, named, kept_after)?;
        Ok(Self { kept, tables, words })
    }

    /// Cut into as many transactions as there were pages. Records were written in each of them, as many as it has ops.
    fn portions(&self, count: usize) -> Vec<Rows> {
        let ops =
            self.tables.iter().find(|(table, _)| *table == "kept_ops").map_or(0, |(_, rows)| rows.len());
        let ops = ops.div_ceil(count);
        let portion = |nth: usize| {
            let of_table = |(table, rows): &Table| {
                let rows = match *table {
                    "kept" | "kept_ops" => {
                        let share = rows.len().div_ceil(count);
                        rows.iter().skip(nth * share).take(share).cloned().collect()
                    }
                    "base_rows" | "households" | "household_counts" => {
                        rows.iter().cycle().skip(nth * ops).take(ops.min(rows.len())).cloned().collect()
                    }
                    _ => rows.clone(),
                };
                (*table, rows)
            };
            Rows::over(self.tables.iter().map(of_table))
        };
        let mut all: Vec<Rows> = (0..count).map(portion).collect();
        if let Some(first) = all.first_mut() {
            first.append(&self.words);
        }
        all
    }
}
