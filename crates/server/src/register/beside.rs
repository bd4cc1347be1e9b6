//! What lies beside the database, so that putting a copy of it back takes nothing of it away (§6, §9): the ledger of
//! who enrolled, works where, was revoked or erased; the witness of where the log stood; and which backups may be put
//! back. A line of the ledger is on the disk before the commit that it belongs to; the witness is written after.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::PathBuf;

use database::Durability;
use serde::{Deserialize, Serialize};
use sync_core::commune::{CommuneStore, Head};
use sync_core::ledger::{Line, ReadLedger};
use sync_core::position::{ChainHash, Position};
use sync_core::receipt::ReceiptKey;
use sync_core::witness::{self, Seen, Witness};

use super::intake::Intake;
use super::log::Log;
use super::{Bearing, Register};
use crate::error::ServerError;
use crate::folder::DataFolder;

/// A verified backup that may be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptBackup {
    /// Where the log stood.
    pub(crate) position: u64,
    /// What it was there: a backup of another life of the log says nothing about this one.
    pub(crate) chain: ChainHash,
    /// When, by the server's clock.
    pub(crate) at_ms: i64,
}

/// So many of the newest may be put back without a word. Laptops keep everything since the oldest of them, so that
/// it can be given back.
const BACKUPS: usize = 7;

/// The files.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    ledger: PathBuf,
    witness: PathBuf,
    backups: PathBuf,
    durable: bool,
}

impl Beside {
    pub(crate) fn of(folder: &DataFolder, durability: Durability) -> Self {
        let [ledger, witness, backups] =
            ["ledger.jsonl", "witness.json", "backups.json"].map(|name| folder.beside(name));
        Self { ledger, witness, backups, durable: durability == Durability::Full }
    }

    /// Bytes of the ledger; 0 where there is none yet.
    fn ledger_bytes(&self) -> Result<u64, ServerError> {
        match std::fs::metadata(&self.ledger) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn read_ledger(&self, keys: &ReceiptKey) -> Result<ReadLedger, ServerError> {
        let bytes = match std::fs::read(&self.ledger) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        keys.read_ledger(&bytes).map_err(|_| ServerError::LedgerDamaged)
    }

    /// Writes lines after the whole ones, and returns how long the file is then. A line that was cut off by a crash was
    /// never acted on, and goes.
    fn append(&self, whole: u64, lines: &[Line]) -> Result<u64, ServerError> {
        let new = whole == 0;
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.ledger)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        let text: String = lines.iter().map(Line::to_text).collect();
        file.write_all(text.as_bytes())?;
        if self.durable {
            file.sync_all()?;
            if new {
                database::sync_parent(&self.ledger)?;
            }
        }
        Ok(whole + text.len() as u64)
    }

    /// True if the ledger goes on from what a database of this commune was told, or the other way round.
    pub(crate) fn fits(&self, keys: &ReceiptKey, lines: &[Line]) -> Result<bool, ServerError> {
        let read = self.read_ledger(keys)?;
        Ok(read.lines.iter().zip(lines).all(|(one, other)| one.mark() == other.mark()))
    }

    /// `None` where there is none, or none that can be read: then laptops are the only witnesses.
    fn witness(&self) -> Option<Witness> {
        serde_json::from_slice(&std::fs::read(&self.witness).ok()?).ok()
    }

    /// Where the log stood, by the witness.
    pub(crate) fn witnessed(&self) -> Option<u64> {
        self.witness().map(|witness| witness.head.at.position)
    }

    /// By how many days a clock is beyond the witness, where it is by more than one. Where there is no witness, or one that
    /// somebody else wrote, a log itself says when it last took something; a new one says nothing.
    pub(crate) fn days_ahead(&self, keys: &ReceiptKey, received_at_ms: i64, now_ms: i64) -> Option<i64> {
        let ours = self.witness().filter(|witness| keys.wrote(witness));
        let last = received_at_ms.max(ours.map_or(0, |witness| witness.wall_ms));
        witness::days_ahead(last, now_ms).filter(|_| last > 0)
    }

    /// What a commit that leaves the log there has to say.
    pub(super) fn testimony(
        &self,
        log: &Log<'_>,
        keys: &ReceiptKey,
        head: &Head,
    ) -> Result<Witness, ServerError> {
        let watermark = self.watermark(log, head)?;
        Ok(keys.witness(head.store, head.cursor, watermark, head.received_at_ms))
    }

    /// Not waited for: one that is a step behind says the same, and one that is lost says nothing.
    pub(super) fn put_witness(&self, witness: &Witness) -> Result<(), ServerError> {
        let json = serde_json::to_vec(witness).map_err(|_| ServerError::Internal("witness"))?;
        // Commands beside a running server write it too.
        let unfinished = self.witness.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&unfinished, json)?;
        Ok(std::fs::rename(&unfinished, &self.witness)?)
    }

    /// In the order in which they were taken.
    pub(crate) fn backups(&self) -> Vec<KeptBackup> {
        let read = std::fs::read(&self.backups).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default()
    }

    /// One more may be put back, and the oldest no longer; nor those of a life that has ended: laptops forget by what the
    /// present one's backups have.
    pub(crate) fn keep_backup(&self, log: &Log<'_>, backup: KeptBackup) -> Result<(), ServerError> {
        let mut all = Vec::new();
        for one in self.backups() {
            if log.chain_at(one.position)? == Some(one.chain) {
                all.push(one);
            }
        }
        all.push(backup);
        all.drain(..all.len().saturating_sub(BACKUPS));
        let json = serde_json::to_vec(&all).map_err(|_| ServerError::Internal("backups"))?;
        Ok(database::write_atomically(&self.backups, &json)?)
    }

    /// Where the oldest backup of the present history stands that may still be put back; nothing beyond it is forgotten
    /// (F2). 0 until there is one.
    pub(crate) fn watermark(&self, log: &Log<'_>, head: &Head) -> Result<Position, ServerError> {
        let epoch = head.cursor.epoch.number;
        let backups = self.backups();
        #[cfg(feature = "sabotage")]
        let backups: Vec<_> =
            if domain::fault::is("newest_watermark") { backups.into_iter().rev().collect() } else { backups };
        for backup in backups {
            if log.chain_at(backup.position)? == Some(backup.chain) {
                return Ok(Position { epoch, position: backup.position });
            }
        }
        Ok(Position { epoch, position: 0 })
    }
}

impl Intake<'_> {
    /// Before anything else in a transaction: the database has what the ledger says, and the file has what the database
    /// was told before there was one. As long as the file is as long as it was left there is nothing to read.
    pub(super) fn meet_ledger(&mut self, beside: &Beside, keys: &ReceiptKey) -> Result<(), ServerError> {
        self.ledger_bytes = self.log.ledger_bytes()?;
        if u64::try_from(self.ledger_bytes).ok() == Some(beside.ledger_bytes()?) {
            return Ok(());
        }
        self.reconcile(beside, keys)
    }

    fn reconcile(&mut self, beside: &Beside, keys: &ReceiptKey) -> Result<(), ServerError> {
        let read = beside.read_ledger(keys)?;
        let (ours, theirs) = (self.rules.head.ledger, read.lines.last().map(Line::mark).unwrap_or_default());
        let same = if theirs.number < ours.number {
            theirs.number == 0 || self.rules.store.line_code(theirs.number)? == Some(theirs.code)
        } else {
            let there = usize::try_from(ours.number).unwrap_or(usize::MAX).checked_sub(1);
            there.is_none_or(|at| read.lines.get(at).is_some_and(|line| line.mark() == ours))
        };
        if !same {
            return Err(ServerError::LedgerDiffers);
        }
        let missing = self.log.lines_after(theirs.number)?;
        let bytes = beside.append(read.whole as u64, &missing)?;
        self.rules.apply(&read.lines)?;
        self.put_ledger_bytes(bytes)
    }

    /// The lines that this transaction wrote, on the disk before its commit.
    pub(super) fn write_ledger(&mut self, beside: &Beside, lines: &[Line]) -> Result<(), ServerError> {
        if lines.is_empty() {
            return Ok(());
        }
        let whole = u64::try_from(self.ledger_bytes).map_err(|_| ServerError::Internal("ledger"))?;
        self.log.sql.answered()?;
        let bytes = beside.append(whole, lines)?;
        self.put_ledger_bytes(bytes)
    }

    fn put_ledger_bytes(&mut self, bytes: u64) -> Result<(), ServerError> {
        self.ledger_bytes = bytes.cast_signed();
        self.log.put_ledger_bytes(self.ledger_bytes)
    }
}

impl Register {
    /// By how many days the clock is beyond what is known of it.
    pub(super) fn days_ahead(&self) -> Result<Option<i64>, ServerError> {
        let received_at_ms = self.read(|log| Ok(log.head()?.received_at_ms))?;
        Ok(self.beside.days_ahead(&self.keys().receipts, received_at_ms, self.now_ms()))
    }

    /// The witness says what the clock says now: a server that serves a quiet week is not asked afterwards. Like every
    /// writing it is judged first, and a log that was put back begins its next life.
    pub fn bear_witness(&self) -> Result<(), ServerError> {
        self.write_and(Bearing::Always, |_| Ok(()))
    }

    /// Before anybody is served: a database that was put back hears what it lacks, and begins its next life.
    pub(super) fn look_beside(&self) -> Result<(), ServerError> {
        let witness = self.beside.witness();
        let keys = &self.keys().receipts;
        let (ledger, seen) = self.read(|log| {
            let head = log.head()?;
            let judge =
                |witness: &Witness| witness.judge(keys, head.store, &head.cursor, |at| log.chain_at(at));
            Ok(((head.ledger, log.ledger_bytes()?), witness.as_ref().map(judge).transpose()?))
        })?;
        let read = self.beside.read_ledger(keys)?;
        let there = read.lines.last().map(Line::mark).unwrap_or_default();
        if ledger != (there, (read.whole as u64).cast_signed()) {
            self.write(|intake| intake.reconcile(&self.beside, keys))?;
        }
        // Every writing begins with that.
        if seen == Some(Seen::Rewound) { self.write(|_| Ok(())) } else { Ok(()) }
    }
}

impl Intake<'_> {
    /// A database that went back while it was served, to a copy that took over and lacks the last commits, is noticed before
    /// anything is written on it: the log's next life begins.
    pub(super) fn meet_witness(&mut self, register: &Register) -> Result<(), ServerError> {
        let Some(witness) = register.beside.witness() else { return Ok(()) };
        let (head, keys) = (self.rules.head, &register.keys().receipts);
        let seen = witness.judge(keys, head.store, &head.cursor, |at| self.log.chain_at(at))?;
        if seen == Seen::Rewound {
            self.rules.greet(&witness.head, register.nonce()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "beside_tests.rs"]
mod tests;
