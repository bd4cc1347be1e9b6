//! The oracle of the stream (sync rules §11.5): sixteen writers of one commune, some of whose transactions are given up or
//! lose their connection, and readers that poll meanwhile. Every position comes to every reader once, in its order; whatever
//! a writer was told is committed is among them. Beside it the control: a reader of a database's own sequence, who must miss
//! rows, or the oracle would find nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use database::Durability;
use domain::consent::Basis;
use sync_core::position::Cursor;
use sync_core::rights::Sight;
use sync_core::wire::{PageGroup, PullRequest};
use uuid::Uuid;

use super::own::OwnGroup;
use super::page::page;
use super::{NewCommune, Options, Register};
use crate::error::ServerError;

const WRITERS: u64 = 16;
const EACH: u64 = 12;
const READERS: usize = 3;

fn options() -> Options {
    Options { durability: Durability::Off, ..Options::default() }
}

fn commune() -> NewCommune {
    NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent }
}

fn named(n: u64) -> OwnGroup {
    OwnGroup::unit_named(Uuid::from_u128(n.into()), &format!("Thôn {n}"))
}

/// As another process would; its connection may be ended at once.
fn opened(data: &Path) -> Register {
    loop {
        match Register::open(data, options()) {
            Ok(register) => return register,
            Err(ServerError::DatabaseUnreachable | ServerError::Busy) => std::thread::yield_now(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// One of them.
fn write(data: &Path, writer: u64) -> Vec<u64> {
    let register = opened(data);
    let mut committed = Vec::new();
    for nth in 0..EACH {
        let n = 1 + writer * EACH + nth;
        // Somebody gives up in the middle: nothing of it may be seen.
        if n.is_multiple_of(5) {
            let given_up = register.write(|intake| {
                intake.write_own(named(1_000_000 + n))?;
                Err::<(), _>(ServerError::Internal("given up"))
            });
            assert!(given_up.is_err());
        }
        while let Err(error) = register.write(|intake| intake.write_own(named(n))) {
            let again = matches!(error, ServerError::DatabaseUnreachable | ServerError::Busy);
            assert!(again, "{error:?}");
            std::thread::yield_now();
        }
        committed.push(n);
    }
    committed
}

/// What a reader was given.
#[derive(Default)]
struct Read {
    cursor: Option<Cursor>,
    positions: Vec<u64>,
    records: BTreeSet<u128>,
}

impl Read {
    fn poll(&mut self, register: &Register) {
        let request = PullRequest { cursor: self.cursor, sight: None, max_bytes: 1500 };
        // A connection that was ended: nothing came, and the next one is asked from the same place.
        let Ok(page) = page(register, &Sight::All, &request) else { return };
        self.cursor = Some(page.to);
        for group in page.groups {
            let group: PageGroup = serde_json::from_slice(&serde_json::to_vec(&group).unwrap()).unwrap();
            self.positions.push(group.position.position);
            self.records.extend(group.group.ops.iter().map(|op| op.header.record.as_u128()));
        }
    }
}

/// Writers, readers, and somebody who breaks things until they are done.
fn oracle(data: &Path, breaks: impl Fn() + Sync) {
    let done = AtomicBool::new(false);
    let (mut committed, mut read) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(data, writer))).collect();
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                scope.spawn(|| {
                    let register = opened(data);
                    let mut read = Read::default();
                    while !done.load(Ordering::SeqCst) {
                        read.poll(&register);
                    }
                    let head = opened(data).position().unwrap();
                    while read.cursor.is_none_or(|cursor| cursor.position < head) {
                        read.poll(&register);
                    }
                    read
                })
            })
            .collect();
        while !writers.iter().all(|writer| writer.is_finished()) {
            breaks();
            std::thread::yield_now();
        }
        done.store(true, Ordering::SeqCst);
        committed.extend(writers.into_iter().flat_map(|writer| writer.join().unwrap()));
        read.extend(readers.into_iter().map(|reader| reader.join().unwrap()));
    });
    assert_eq!(committed.len() as u64, WRITERS * EACH);
    let head = Register::open(data, options()).unwrap().position().unwrap();
    for read in read {
        let all: Vec<u64> = (1..=head).collect();
        assert_eq!(read.positions, all, "each once, in order, none missing");
        assert!(
            committed.iter().all(|n| read.records.contains(&u128::from(*n))),
            "a committed row is missed"
        );
        assert!(read.records.iter().all(|n| *n < 1_000_000), "what was given up is seen");
    }
}

#[test]
fn no_reader_of_a_file_misses_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    drop(Register::create(dir.path(), &commune(), options()).unwrap());
    oracle(dir.path(), || std::thread::park_timeout(std::time::Duration::from_millis(1)));
}

#[cfg(unix)]
mod on_postgresql {
    use super::*;
    use crate::cluster::{database, psql};

    #[test]
    fn no_reader_of_postgresql_misses_a_commit_though_connections_end() {
        let dir = tempfile::tempdir().unwrap();
        let url = database();
        drop(Register::create_in_postgres(dir.path(), &commune(), &url, options()).unwrap());
        let ended = AtomicU64::new(0);
        oracle(dir.path(), || {
            // Room for some of them to get through.
            std::thread::park_timeout(std::time::Duration::from_millis(50));
            let one = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()
                       ORDER BY random() LIMIT 1) AS one";
            ended.fetch_add(psql(&url, one).concat().parse().unwrap(), Ordering::SeqCst);
        });
        assert!(ended.into_inner() > 3, "too few connections were ended to prove anything");
    }

    /// The same by the database's own counter, as so many do it: a number is given before its commit, so that a reader who
    /// asks for what is newer than the newest it saw passes by whatever commits later.
    #[test]
    fn a_reader_of_the_database_s_own_sequence_misses_rows() {
        // One evening may go well.
        let missed: usize =
            (0..5).map(|_| missed_by_the_naive_reader()).find(|missed| *missed > 0).unwrap_or(0);
        assert!(missed > 0, "the control lost nothing: then the oracle proves nothing");
    }

    fn missed_by_the_naive_reader() -> usize {
        let url = database();
        psql(&url, "CREATE TABLE naive (id BIGSERIAL PRIMARY KEY, by_whom BIGINT)");
        let mut seen: Vec<i64> = Vec::new();
        std::thread::scope(|scope| {
            let write = |writer: u64| {
                let one = format!(
                    "BEGIN; INSERT INTO naive (by_whom) VALUES ({writer}); SELECT pg_sleep(random() / 50); COMMIT;"
                );
                psql(&url, &one.repeat(20));
            };
            let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
            loop {
                let ends = writers.iter().all(|writer| writer.is_finished());
                let last = seen.iter().max().copied().unwrap_or(0);
                let newer = psql(&url, &format!("SELECT id FROM naive WHERE id > {last} ORDER BY id"));
                seen.extend(newer.iter().map(|id| id.parse::<i64>().unwrap()));
                if ends {
                    break;
                }
            }
        });
        let all = psql(&url, "SELECT count(*) FROM naive").concat().parse::<usize>().unwrap();
        assert_eq!(all as u64, WRITERS * 20);
        all - seen.len()
    }
}
