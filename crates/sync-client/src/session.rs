//! One sync: greet, push what waits, pull what is new. All policy is in [`plan`], a pure function of what
//! is known so far; the rest carries its steps out.
//!
//! Push comes first (sync rules §4): what a person saved leaves the laptop before anything else happens.

use domain::ids::DeviceId;
use sync_core::ingest::GroupOutcome;
use sync_core::local::LocalStore;
use sync_core::position::Cursor;
use sync_core::wire::{
    Batch, BatchLimits, Hello, HelloReply, Numbered, PROTOCOL, Page, PageGroup, PullRequest, PushReply,
    SigningKey,
};

use crate::transport::{Transport, TransportError};

/// A batch begins at this many bytes, is doubled while all goes well and halved on a stall.
const FIRST_BATCH_BYTES: usize = 64 * 1024;
/// A line that carries not even this is no line.
const SMALLEST_BATCH_BYTES: usize = 4 * 1024;
/// Numbers that will not fit even after so many new incarnations are a fault of the server.
const INCARNATIONS_AT_MOST: u32 = 3;

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Groups the commune has now.
    pub sent_groups: u64,
    /// Ops in them.
    pub sent_ops: u64,
    /// Groups the commune keeps apart for a person to look at.
    pub quarantined_groups: u64,
    /// Groups of other devices that came; the laptop's own, sent round to it again, are no news.
    pub received_groups: u64,
    /// Ops in them.
    pub received_ops: u64,
}

/// For the screen, as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Progress {
    /// Looking for the server.
    Connecting,
    /// Đang gửi, còn N.
    Sending {
        /// Groups that still wait.
        left: u64,
    },
    /// Đang nhận.
    Receiving {
        /// How far.
        position: u64,
        /// Where the stream stood at the greeting.
        head: u64,
    },
}

/// Why a sync ended early. Nothing is lost: what was not acknowledged still waits.
#[derive(Debug, thiserror::Error)]
pub enum SyncError<E> {
    /// The line or the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The laptop's own store.
    #[error("store: {0}")]
    Store(E),
    /// The server answers for another commune.
    #[error("the server is another commune's")]
    OtherCommune,
    /// The server was restored to an earlier backup: its stream has a new epoch. This version keeps
    /// everything and waits for the one that re-offers it.
    #[error("the server began a new epoch")]
    NewEpoch,
    /// The server refuses every numbering.
    #[error("the server refuses the numbers of this laptop")]
    Numbering,
    /// The server answers, and by its answers this would go on for ever: a push that settled nothing, a page
    /// that does not lead on.
    #[error("the server's answers lead nowhere")]
    NoProgress,
    /// A batch could not be written.
    #[error("batch")]
    Batch,
}

/// What is known so far.
#[derive(Clone, Debug)]
struct Known {
    hello: Hello,
    reply: Option<HelloReply>,
    /// A number did not fit (F17).
    renumber: bool,
    pending_groups: u64,
    pulled_to_head: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greet,
    /// Restored from a copy, or a number did not fit: number what waits anew.
    NewIncarnation,
    Push,
    Pull,
    Done,
}

fn plan(known: &Known) -> Step {
    let Some(reply) = &known.reply else { return Step::Greet };
    if known.renumber || reply.highest_known > known.hello.highest_dseq {
        Step::NewIncarnation
    } else if known.pending_groups > 0 {
        Step::Push
    } else if !known.pulled_to_head {
        Step::Pull
    } else {
        Step::Done
    }
}

/// Syncs once, to the head that the greeting named or beyond.
pub fn sync<S: LocalStore>(
    store: &mut S,
    transport: &mut impl Transport,
    device_key: &SigningKey,
    random: &mut dyn FnMut() -> u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, SyncError<S::Error>> {
    let hello = store.hello().map_err(SyncError::Store)?;
    let mut known = Known { hello, reply: None, renumber: false, pending_groups: 0, pulled_to_head: false };
    let mut report = Report::default();
    let mut batch_bytes = FIRST_BATCH_BYTES;
    let mut incarnations = 0;
    loop {
        match plan(&known) {
            Step::Greet => {
                progress(Progress::Connecting);
                known.reply = Some(greet(store, transport, &known.hello)?);
            }
            Step::NewIncarnation => {
                incarnations += 1;
                if incarnations > INCARNATIONS_AT_MOST {
                    return Err(SyncError::Numbering);
                }
                store.new_incarnation(random()).map_err(SyncError::Store)?;
                known.hello = store.hello().map_err(SyncError::Store)?;
                known.renumber = false;
                known.reply = None;
            }
            Step::Push => {
                progress(Progress::Sending { left: known.pending_groups });
                match push(store, transport, device_key, &known, batch_bytes, &mut report) {
                    Ok(fits) => {
                        known.renumber = !fits;
                        batch_bytes = limits(&known, batch_bytes.saturating_mul(2)).bytes;
                    }
                    Err(SyncError::Transport(TransportError::Stalled))
                        if batch_bytes > SMALLEST_BATCH_BYTES =>
                    {
                        batch_bytes /= 2;
                    }
                    Err(error) => return Err(error),
                }
            }
            Step::Pull => known.pulled_to_head = !pull(store, transport, &mut known, &mut report, progress)?,
            Step::Done => return Ok(report),
        }
        known.pending_groups = store.counts().map_err(SyncError::Store)?.pending_groups;
    }
}

fn greet<S: LocalStore>(
    store: &mut S,
    transport: &mut impl Transport,
    hello: &Hello,
) -> Result<HelloReply, SyncError<S::Error>> {
    let reply = transport.hello(hello)?;
    if reply.commune != hello.commune {
        return Err(SyncError::OtherCommune);
    }
    if hello.cursor.is_some_and(|cursor| cursor.epoch != reply.head.epoch) {
        return Err(SyncError::NewEpoch);
    }
    let (session, wall_ms) = store.session().map_err(SyncError::Store)?;
    let offset_ms = reply.server_time_ms.saturating_sub(wall_ms);
    store.learn_offset(session, offset_ms).map_err(SyncError::Store)?;
    Ok(reply)
}

fn limits(known: &Known, bytes: usize) -> BatchLimits {
    let announced = known.reply.as_ref().map(|reply| reply.limits).unwrap_or_default();
    // Before compression a batch may be as large as after inflation; compressed it is at most its size.
    BatchLimits { groups: announced.batch_groups, bytes: bytes.min(announced.compressed_bytes) }
}

/// Sends one batch and stores the answer. False if a number did not fit. An answer after which the same
/// batch would be sent once more is the end: the loop goes on only as long as less waits than before.
fn push<S: LocalStore>(
    store: &mut S,
    transport: &mut impl Transport,
    device_key: &SigningKey,
    known: &Known,
    batch_bytes: usize,
    report: &mut Report,
) -> Result<bool, SyncError<S::Error>> {
    let groups = store.next_batch(&limits(known, batch_bytes)).map_err(SyncError::Store)?;
    let offsets = store.offsets(&groups).map_err(SyncError::Store)?;
    let epoch = known.reply.as_ref().map_or(0, |reply| reply.head.epoch.number);
    let batch = Batch {
        protocol: PROTOCOL,
        commune: known.hello.commune,
        device: known.hello.device,
        epoch,
        offsets,
        groups,
    };
    let signed = batch.sign(device_key).map_err(|_| SyncError::Batch)?;
    let answer = transport.push(&signed)?;
    let settled = store.acknowledge(&answer).map_err(SyncError::Store)?;
    count(&batch.groups, &answer, report);
    let refused =
        |outcome: &GroupOutcome| matches!(outcome, GroupOutcome::Gap { .. } | GroupOutcome::NumberTaken);
    let fits = answer.expect.is_none() && !answer.groups.iter().any(|one| refused(&one.outcome));
    if fits && settled == 0 { Err(SyncError::NoProgress) } else { Ok(fits) }
}

fn count(groups: &[Numbered], answer: &PushReply, report: &mut Report) {
    for one in &answer.groups {
        let ops =
            groups.iter().find(|sent| sent.group.id == one.group).map_or(0, |sent| sent.group.ops.len());
        match one.outcome {
            GroupOutcome::Quarantined(_) => report.quarantined_groups += 1,
            GroupOutcome::Gap { .. } | GroupOutcome::NumberTaken => {}
            GroupOutcome::Applied | GroupOutcome::Superseded | GroupOutcome::Known => {
                report.sent_groups += 1;
                report.sent_ops += ops as u64;
            }
        }
    }
}

/// Takes one page. True if the stream goes on.
fn pull<S: LocalStore>(
    store: &mut S,
    transport: &mut impl Transport,
    known: &mut Known,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Result<bool, SyncError<S::Error>> {
    let inflated = known.reply.as_ref().map(|reply| reply.limits).unwrap_or_default().inflated_bytes;
    let page =
        transport.pull(&PullRequest { cursor: known.hello.cursor, sight: None, max_bytes: inflated })?;
    if !leads_on(known.hello.cursor, &page) {
        return Err(SyncError::NoProgress);
    }
    let more = page.more;
    count_received(known.hello.device, &page, report);
    let head = known.reply.as_ref().map_or(0, |reply| reply.head.position);
    progress(Progress::Receiving { position: page.to.position, head: head.max(page.to.position) });
    store.apply_page(page).map_err(SyncError::Store)?;
    known.hello = store.hello().map_err(SyncError::Store)?;
    Ok(more)
}

/// Counts what others saved.
fn count_received(device: DeviceId, page: &Page, report: &mut Report) {
    let own = |one: &PageGroup| one.group.ops.first().is_some_and(|op| op.header.device == device);
    for one in page.groups.iter().filter(|one| !own(one)) {
        report.received_groups += 1;
        report.received_ops += one.group.ops.len() as u64;
    }
}

/// True if a page begins where the laptop stands and ends further on; one that stays there must be the last.
fn leads_on(cursor: Option<Cursor>, page: &Page) -> bool {
    let here = cursor.map_or(0, |cursor| cursor.position);
    page.from == cursor && page.to.position >= here && (!page.more || page.to.position > here)
}

/// How long to wait before try number `attempt` (from 1): full jitter between 2 s and a ceiling that
/// doubles up to 5 min. A commune's laptops come back together when the power does.
pub fn wait_ms(attempt: u32, random: u64) -> u64 {
    const FLOOR_MS: u64 = 2_000;
    const CEILING_MS: u64 = 300_000;
    let ceiling = FLOOR_MS.saturating_mul(1 << attempt.min(20)).min(CEILING_MS);
    FLOOR_MS + random % (ceiling - FLOOR_MS + 1)
}

#[cfg(test)]
mod tests {
    use domain::ids::CommuneId;
    use sync_core::wire::Limits;

    use super::*;

    fn known() -> Known {
        let hello = Hello {
            protocol: PROTOCOL,
            commune: CommuneId::new(0, [1; 10]),
            device: DeviceId::new(0, [2; 10]),
            incarnation: 7,
            cursor: None,
            highest_dseq: 5,
            proof: None,
            ledger: sync_core::ledger::Mark::default(),
        };
        let reply = HelloReply {
            protocol: PROTOCOL,
            commune: hello.commune,
            highest_known: 5,
            head: Cursor::default(),
            limits: Limits::default(),
            server_time_ms: 0,
            ledger: sync_core::ledger::Mark::default(),
            erased: vec![],
            sight: None,
            watermark: sync_core::position::Position::default(),
        };
        Known { hello, reply: Some(reply), renumber: false, pending_groups: 0, pulled_to_head: false }
    }

    #[test]
    fn push_comes_before_pull_and_numbers_before_push() {
        let check = |change: fn(&mut Known), expect: Step| {
            let mut known = known();
            change(&mut known);
            assert_eq!(plan(&known), expect);
        };
        check(|known| known.reply = None, Step::Greet);
        check(|known| known.pending_groups = 1, Step::Push);
        check(|_| {}, Step::Pull);
        check(|known| known.pulled_to_head = true, Step::Done);
        check(|known| (known.pulled_to_head, known.pending_groups) = (true, 1), Step::Push);
        // The laptop was restored from a copy: the server knows numbers it never gave.
        check(|known| (known.pending_groups, known.hello.highest_dseq) = (1, 4), Step::NewIncarnation);
        check(|known| known.renumber = true, Step::NewIncarnation);
    }

    #[test]
    fn waiting_is_spread_and_bounded() {
        for attempt in 1..40 {
            for random in [0, 1, 12_345, u64::MAX] {
                assert!((2_000..=300_000).contains(&wait_ms(attempt, random)));
            }
        }
        assert!(wait_ms(1, u64::MAX - 1) <= 4_000);
        assert_ne!(wait_ms(9, 5), wait_ms(9, 5_000));
    }
}
