//! *Gửi về xã*: what waits, sending it, and how the last try went.

use std::sync::TryLockError;

use serde::Serialize;
use sync_client::Report;
use ts_rs::TS;

use crate::commands::Call;
use crate::desk::{Desk, JobPhase, JobProgress, held};
use crate::error::{AppError, SYNC_RUNNING, TRAINING_STAYS};
use crate::sync;

/// The page, and the pill on every other page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SendingView {
    /// Saves that the commune does not have yet.
    pub waiting: u64,
    /// Saves that the commune has confirmed and not yet sent round.
    pub confirmed: u64,
    /// Saves that the commune keeps apart for a person to look at.
    pub to_review: u64,
    /// The last try in this session, if there was one.
    pub last: Option<LastSync>,
    /// Nothing is ever sent from here.
    pub training: bool,
}

/// How a try to send went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct LastSync {
    /// When it ended, milliseconds since 1970 by this laptop's clock.
    pub at_ms: i64,
    /// What went and came, if it ended well.
    pub report: Option<SyncReport>,
    /// Why it ended early, if it did. Nothing is lost by that.
    pub error: Option<AppError>,
}

/// "Đã gửi về xã 12, nhận về 5, có 1 mục cần xem lại."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SyncReport {
    /// Saves the commune has now.
    pub sent: u64,
    /// Saves of others that came.
    pub received: u64,
    /// Saves the commune keeps apart.
    pub to_review: u64,
    /// Single changes in what was sent.
    pub sent_changes: u64,
    /// Single changes in what came.
    pub received_changes: u64,
}

impl From<Report> for SyncReport {
    fn from(report: Report) -> Self {
        Self {
            sent: report.sent_groups,
            received: report.received_groups,
            to_review: report.quarantined_groups,
            sent_changes: report.sent_ops,
            received_changes: report.received_ops,
        }
    }
}

/// What waits, and how the last sync went.
pub fn sending(call: &mut Call<'_>, (): &()) -> Result<SendingView, AppError> {
    view(call.desk)
}

fn view(desk: &Desk) -> Result<SendingView, AppError> {
    let (counts, device) =
        desk.with(|laptop| Ok((sync::waiting(laptop)?, laptop.store.identity().device)))?;
    // Of another laptop that lay on this desk when its sync ended.
    let last = held(&desk.last_sync).clone().filter(|(of, _)| *of == device).map(|(_, last)| last);
    Ok(SendingView {
        waiting: counts.pending_groups,
        confirmed: counts.acknowledged_groups,
        to_review: counts.quarantined_groups,
        last,
        training: desk.in_training(),
    })
}

/// Sends and receives. A server that is not there is an answer, not an error of this command.
pub fn send(call: &mut Call<'_>, (): &()) -> Result<SendingView, AppError> {
    let desk = call.desk;
    if desk.in_training() {
        return Err(AppError::new(TRAINING_STAYS));
    }
    let _one_at_a_time = match desk.sending.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Err(AppError::new(SYNC_RUNNING)),
    };
    let device = desk.with(|laptop| Ok(laptop.store.identity().device))?;
    let tell = &mut *call.tell;
    let outcome = sync::shared(desk, &mut |progress| tell(job(progress)));
    let (report, error) = match outcome {
        Ok(report) => (Some(report.into()), None),
        Err(error) => (None, Some(error)),
    };
    let last = LastSync { at_ms: desk.machine().wall_ms(), report, error };
    *held(&desk.last_sync) = Some((device, last));
    view(desk)
}

fn job(progress: sync_client::Progress) -> JobProgress {
    match progress {
        sync_client::Progress::Connecting => JobProgress { phase: JobPhase::Connecting, done: 0, of: None },
        sync_client::Progress::Sending { left } => {
            JobProgress { phase: JobPhase::Sending, done: 0, of: Some(left) }
        }
        sync_client::Progress::Receiving { position, head } => {
            JobProgress { phase: JobPhase::Receiving, done: position, of: Some(head) }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use domain::ids::DeviceId;
    use serde_json::{Value, json};
    use store::{Durability, KeyCost, SystemMachine};
    use uuid::Uuid;

    use super::*;
    use crate::commands;
    use crate::desk::Tools;

    #[test]
    fn a_sync_that_ended_after_its_laptop_was_locked_is_not_the_next_ones() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new(Tools {
            folder: folder.path().to_owned(),
            machine: || Box::new(SystemMachine::default()),
            durability: Durability::Off,
            key_cost: KeyCost { memory_kib: 64, passes: 1 },
            choose_file: Box::new(|| None),
            choose_place: Box::new(|_| None),
        });
        let ask = |name| {
            let mut call = Call { desk: &desk, tell: &mut |_| {} };
            commands::run(&mut call, name, Value::Null).unwrap()
        };
        ask("train");
        let ended = |device| {
            let report =
                SyncReport { sent: 1, received: 2, to_review: 0, sent_changes: 3, received_changes: 4 };
            *held(&desk.last_sync) = Some((device, LastSync { at_ms: 5, report: Some(report), error: None }));
            ask("sending").get("last").cloned().unwrap()
        };
        assert_eq!(ended(DeviceId(Uuid::from_u128(1))), Value::Null);
        let own = desk.with(|laptop| Ok(laptop.store.identity().device)).unwrap();
        assert_eq!(ended(own).get("at_ms"), Some(&json!(5)));
    }
}
