//! The databases a register may be kept in, seen as one: an encrypted SQLite file, or PostgreSQL. Statements are written
//! once, in what both understand, with `?1` for the first parameter.
//!
//! - [`Database`]: one connection that writes and a few that read; who writes comes after whoever wrote before.
//! - [`Transaction`], [`Sql`]: what happens at one moment, and what can be asked in it.
//! - `value`: parameters and rows. `postgres`: what PostgreSQL needs beyond that; `reaching`: where it is.

mod postgres;
mod reaching;
mod value;

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use database::{DatabaseKey, Durability};
use domain::ids::CommuneId;
use rusqlite::{Connection as Sqlite, TransactionBehavior};

pub(crate) use postgres::Session;
pub(crate) use reaching::Server;
pub(crate) use value::{FromValue, Row, ToValue, Value, params};

use crate::error::ServerError;

/// Idle readers kept open; more are opened when they are needed and closed afterwards.
const IDLE_AT_MOST: usize = 4;
/// Open at once; whoever comes then waits. PostgreSQL lets in a hundred by itself, and others want to come in too.
const READERS_AT_MOST: usize = 16;
/// As long as a writer waits for another.
const WAIT: Duration = Duration::from_secs(10);

/// What a transaction is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Everything in it sees one moment. Never waits for a writer.
    Reading,
    /// Writers of one commune, of this and of other processes, come one after the other.
    Writing(CommuneId),
    /// The commune's rows, its counter row too, come or are exchanged for others.
    Exchanging(CommuneId),
}

/// Where a register is kept, with how much a commit waits for the disk.
#[derive(Clone)]
pub(crate) enum Place {
    File(PathBuf, DatabaseKey, Durability),
    Postgres(Server),
}

/// Connections to where a register is kept.
pub(crate) struct Database {
    place: Place,
    writer: Mutex<Connection>,
    readers: Mutex<Readers>,
    reader_left: Condvar,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    at_work: usize,
}

/// One of those at work, until it is dropped.
struct Reader<'d>(&'d Database, Option<Connection>);

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Self(database, connection) = self;
        let mut readers = database.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.at_work -= 1;
        if readers.idle.len() < IDLE_AT_MOST {
            readers.idle.extend(connection.take());
        }
        database.reader_left.notify_one();
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database")
    }
}

impl Database {
    /// Opens it and brings its schema up to this version.
    pub(crate) fn open(place: Place) -> Result<Self, ServerError> {
        let writer = match &place {
            Place::File(path, key, durability) => {
                Connection::Sqlite(super::open_file(path, key, *durability)?)
            }
            Place::Postgres(server) => {
                server.upgrade()?;
                Connection::to(&place)?
            }
        };
        Ok(Self { place, writer: Mutex::new(writer), readers: Mutex::default(), reader_left: Condvar::new() })
    }

    pub(crate) fn is_a_file(&self) -> bool {
        matches!(self.place, Place::File(..))
    }

    /// The connection that writes, for one at a time. A panic in an earlier transaction took it back.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a reading transaction.
    pub(crate) fn read<T>(
        &self,
        reading: impl FnOnce(Sql<'_>) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let mut reader = self.reader()?;
        let connection = match &mut reader.1 {
            Some(idle) => idle,
            none => none.insert(Connection::to(&self.place)?),
        };
        let transaction = connection.begin(Purpose::Reading)?;
        reading(transaction.sql())
    }

    fn reader(&self) -> Result<Reader<'_>, ServerError> {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |readers: &mut Readers| readers.at_work >= READERS_AT_MOST;
        let waited = self.reader_left.wait_timeout_while(readers, WAIT, full);
        let (mut readers, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(ServerError::Busy);
        }
        readers.at_work += 1;
        Ok(Reader(self, readers.idle.pop()))
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(Sqlite),
    /// The one that is open, if it did not break; it is opened anew when the next transaction begins.
    Postgres(Box<(Server, Session)>),
}

impl Connection {
    /// A connection to a register that is up to date.
    pub(crate) fn to(place: &Place) -> Result<Self, ServerError> {
        Ok(match place {
            Place::File(path, key, durability) => Self::Sqlite(database::connect(path, key, *durability)?),
            Place::Postgres(server) => Self::Postgres(Box::new((server.clone(), server.connect()?))),
        })
    }

    /// Begins a transaction. PostgreSQL may have been started again since the last one: what has not begun yet can be
    /// begun on a new connection.
    pub(crate) fn begin(&mut self, purpose: Purpose) -> Result<Transaction<'_>, ServerError> {
        match self {
            Self::Sqlite(connection) => {
                let behavior = match purpose {
                    Purpose::Reading => TransactionBehavior::Deferred,
                    Purpose::Writing(_) | Purpose::Exchanging(_) => TransactionBehavior::Immediate,
                };
                Ok(Transaction::Sqlite(connection.transaction_with_behavior(behavior)?))
            }
            Self::Postgres(one) => {
                let (server, session) = &mut **one;
                match session.begin(purpose) {
                    Err(ServerError::DatabaseUnreachable) => {
                        *session = server.connect()?;
                        session.begin(purpose)?;
                    }
                    begun => begun?,
                }
                Ok(Transaction::Postgres(Open { session, ended: false }))
            }
        }
    }
}

/// An open transaction: undone when it is dropped.
#[derive(Debug)]
pub(crate) enum Transaction<'c> {
    Sqlite(rusqlite::Transaction<'c>),
    Postgres(Open<'c>),
}

/// A transaction of PostgreSQL.
#[derive(Debug)]
pub(crate) struct Open<'c> {
    session: &'c Session,
    ended: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.session.roll_back();
        }
    }
}

impl Transaction<'_> {
    pub(crate) fn sql(&self) -> Sql<'_> {
        match self {
            Self::Sqlite(transaction) => Sql::Sqlite(transaction),
            Self::Postgres(open) => Sql::Postgres(open.session),
        }
    }

    /// Everything in it is kept.
    pub(crate) fn commit(self) -> Result<(), ServerError> {
        match self {
            Self::Sqlite(transaction) => Ok(transaction.commit()?),
            Self::Postgres(mut open) => {
                open.session.commit()?;
                open.ended = true;
                Ok(())
            }
        }
    }
}

/// What statements are run on. Copied about; whoever opened it decides what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sql<'t> {
    Sqlite(&'t Sqlite),
    Postgres(&'t Session),
}

impl Sql<'_> {
    /// The first row, mapped.
    pub(crate) fn one<T>(
        self,
        sql: &str,
        parameters: &[Value<'_>],
        map: impl FnOnce(&Row<'_>) -> Result<T, ServerError>,
    ) -> Result<Option<T>, ServerError> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
                rows.next()?.map(|row| map(&Row::Sqlite(row))).transpose()
            }
            Self::Postgres(session) => {
                session.rows(sql, parameters)?.first().map(|row| map(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// Every row, mapped. Other statements may be run meanwhile.
    pub(crate) fn all<T>(
        self,
        sql: &str,
        parameters: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, ServerError>,
    ) -> Result<Vec<T>, ServerError> {
        if let Self::Postgres(session) = self {
            return session.rows(sql, parameters)?.iter().map(|row| map(&Row::Postgres(row))).collect();
        }
        let mut found = Vec::new();
        self.each(sql, parameters, |row| {
            found.push(map(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The same statement for many: of each, its rows. Where every answer has a way to come, all are under way at once.
    pub(crate) fn each_of<T>(
        self,
        sql: &str,
        parameters: &[Vec<Value<'_>>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, ServerError>,
    ) -> Result<Vec<Vec<T>>, ServerError> {
        match self {
            Self::Sqlite(_) => parameters.iter().map(|one| self.all(sql, one, &mut map)).collect(),
            Self::Postgres(session) => {
                let answers = session.rows_of(sql, parameters)?;
                let mapped = |rows: Vec<tokio_postgres::Row>| {
                    rows.iter().map(|row| map(&Row::Postgres(row))).collect::<Result<Vec<T>, _>>()
                };
                answers.into_iter().map(mapped).collect()
            }
        }
    }

    /// Every row as it comes, for more of them than memory has room for. Nothing else may be asked here meanwhile.
    pub(crate) fn each(
        self,
        sql: &str,
        parameters: &[Value<'_>],
        mut take: impl FnMut(&Row<'_>) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
                while let Some(row) = rows.next()? {
                    take(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(session) => session.each(sql, parameters, |row| take(&Row::Postgres(&row))),
        }
    }

    /// What was run so far is in the database: before anything is done elsewhere because of it.
    pub(crate) fn answered(self) -> Result<(), ServerError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.answered(),
        }
    }

    /// Runs a statement. What went wrong with it may be told by a later one, at the latest by the commit.
    pub(crate) fn run(self, sql: &str, parameters: &[Value<'_>]) -> Result<(), ServerError> {
        match self {
            Self::Sqlite(connection) => {
                connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(parameters))?;
                Ok(())
            }
            Self::Postgres(session) => session.run(sql, parameters),
        }
    }
}
