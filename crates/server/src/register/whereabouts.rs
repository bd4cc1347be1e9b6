//! Where a Save is: the question of whoever was told that theirs is lost.

use sync_core::commune::{CommuneStore, Which};
use sync_core::ingest::LogView;
use sync_core::op::{Op, OpId};

use super::Register;
use crate::error::ServerError;

/// Where an op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In the log.
    Log,
    /// Kept apart, where a person sees it.
    Quarantine,
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
            let waits = apart.iter().flat_map(|one| &one.numbered.group.ops).any(|one| one.id() == id);
            Ok(if log.erased(op.header.kind, op.header.record)? {
                Whereabouts::Erased
            } else if LogView::known(log, id)?.is_some() {
                Whereabouts::Log
            } else if waits {
                Whereabouts::Quarantine
            } else {
                Whereabouts::Nowhere
            })
        })
    }
}
