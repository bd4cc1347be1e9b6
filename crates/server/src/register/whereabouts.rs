//! Where a Save is: the question of whoever was told that theirs is lost. And whether the log is whole.

use sync_core::commune::{CommuneStore, Which};
use sync_core::ingest::{LogView, Quarantine};
use sync_core::op::{Op, OpId};

use super::Register;
use super::sql::params;
use crate::error::ServerError;

/// Where an op is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In the log.
    Log,
    /// Kept apart for this reason, where a person sees it.
    Apart(Quarantine),
    /// What it was about is erased.
    Erased,
    /// It never came, or was lost with a database.
    Nowhere,
}

impl Register {
    /// Where an op is.
    pub fn whereabouts(&self, op: &Op) -> Result<Whereabouts, ServerError> {
        let id: OpId = op.id();
        self.read(|log| {
            let apart = log.waiting(Which::Of(id.group))?;
            let waits = apart.into_iter().find(|one| one.numbered.group.ops.iter().any(|op| op.id() == id));
            Ok(if log.erased(op.header.kind, op.header.record)? {
                Whereabouts::Erased
            } else if LogView::known(log, id)?.is_some() {
                Whereabouts::Log
            } else if let Some(waits) = waits {
                Whereabouts::Apart(waits.reason)
            } else {
                Whereabouts::Nowhere
            })
        })
    }

    /// True if each position up to the head has its commit, and nothing lies beyond it (§11: no holes).
    pub fn is_without_holes(&self) -> Result<bool, ServerError> {
        self.read(|log| {
            let sql = "SELECT count(*), coalesce(max(position), 0), coalesce(min(position), 1)
                       FROM commits WHERE commune_id = ?1";
            let found = log.one(sql, params![self.commune().0], |row| {
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
            })?;
            let head = log.head()?.cursor.position.cast_signed();
            Ok(found == Some((head, head, 1)))
        })
    }
}
