//! One sync: greet, give back what the log lacks, push what waits, compare rows if this is another life of the log, pull
//! what is new, look round. All policy is in [`plan`], a pure function of what is known so far; the rest carries its steps
//! out, and what a step does to the laptop is said in [`sync_core::laptop`].
//!
//! Push comes before pull (sync rules §4): what a person saved leaves the laptop before anything else happens.

use domain::ids::DeviceId;
use sync_core::api::{ApiCode, ApiError};
use sync_core::ingest::GroupOutcome;
use sync_core::laptop::{Compared, Round};
use sync_core::local::LocalStore;
use sync_core::offer::OfferOutcome;
use sync_core::position::Cursor;
use sync_core::wire::{
    Batch, BatchLimits, Hello, HelloReply, Numbered, PROTOCOL, Page, PageGroup, PullRequest, PushReply,
    RowsRequest, SigningKey,
};

use crate::transport::{Transport, TransportError};

/// A batch begins at this many bytes, is doubled while all goes well and halved on a stall.
const FIRST_BATCH_BYTES: usize = 64 * 1024;
/// A line that carries not even this is no line.
const SMALLEST_BATCH_BYTES: usize = 4 * 1024;
/// Numbers that will not fit even after so many new incarnations are a fault of the server.
const INCARNATIONS_AT_MOST: u32 = 3;
/// So often may a server be restored, or somebody be erased, while one sync lasts.
const GREETINGS_AT_MOST: u32 = 5;
/// So often may digests differ without fewer buckets differing than before: others write meanwhile.
const COMPARISONS_IN_VAIN: u32 = 5;

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
    /// Groups that were given back to a server that was restored.
    #[serde(default)]
    pub given_back_groups: u64,
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
    /// This laptop does not belong here any more: it may push what waits and give back what it sealed.
    revoked: bool,
    /// A number did not fit (F17).
    renumber: bool,
    /// The rows are not those of the cursor.
    compares: bool,
    given_back: bool,
    pending_groups: u64,
    asked_again: bool,
    pulled_to_head: bool,
    looked_round: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greet,
    /// A number did not fit: number what waits anew.
    NewIncarnation,
    Compare,
    GiveBack,
    Push,
    AskAgain,
    Pull,
    LookRound,
    Done,
}

fn plan(known: &Known) -> Step {
    if known.reply.is_none() && !known.revoked {
        Step::Greet
    } else if known.renumber {
        Step::NewIncarnation
    } else if !known.given_back {
        Step::GiveBack
    } else if known.pending_groups > 0 {
        Step::Push
    } else if !known.asked_again {
        Step::AskAgain
    } else if known.revoked {
        Step::Done
    } else if known.compares {
        // What is here and not there went there first, so that nothing vanishes from the screen meanwhile; and what waits
        // never waits for rows that others change all the time.
        Step::Compare
    } else if !known.pulled_to_head {
        Step::Pull
    } else if !known.looked_round {
        Step::LookRound
    } else {
        Step::Done
    }
}

/// A sync under way.
struct Exchange<'e, S, T> {
    store: &'e mut S,
    transport: &'e mut T,
    device_key: &'e SigningKey,
    random: &'e mut dyn FnMut() -> u64,
    progress: &'e mut dyn FnMut(Progress),
    known: Known,
    report: Report,
    batch_bytes: usize,
    /// Of the epoch that batches are for.
    epoch: u32,
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
    let known = Known {
        hello,
        reply: None,
        revoked: false,
        renumber: false,
        compares: false,
        given_back: false,
        pending_groups: 0,
        asked_again: false,
        pulled_to_head: false,
        looked_round: false,
    };
    let epoch = hello.proof.map_or(1, |proof| proof.at.epoch.number);
    let (report, batch_bytes) = (Report::default(), FIRST_BATCH_BYTES);
    Exchange { store, transport, device_key, random, progress, known, report, batch_bytes, epoch }.run()
}

impl<S: LocalStore, T: Transport> Exchange<'_, S, T> {
    fn run(mut self) -> Result<Report, SyncError<S::Error>> {
        let (mut greetings, mut incarnations) = (0, 0);
        loop {
            let step = plan(&self.known);
            let done = match step {
                Step::Greet => {
                    greetings += 1;
                    if greetings > GREETINGS_AT_MOST { Err(SyncError::NoProgress) } else { self.greet() }
                }
                Step::NewIncarnation => {
                    incarnations += 1;
                    if incarnations > INCARNATIONS_AT_MOST {
                        return Err(SyncError::Numbering);
                    }
                    self.known.renumber = false;
                    let random = (self.random)();
                    self.store.new_incarnation(random).map_err(SyncError::Store)
                }
                Step::Compare => self.compare(),
                Step::GiveBack => self.give_back(),
                Step::Push => self.push(),
                Step::AskAgain => self.ask_again(),
                Step::Pull => self.pull(),
                Step::LookRound => self.look_round(),
                Step::Done => {
                    if self.known.revoked {
                        let refusal = ApiError::new(ApiCode::AuthRevoked);
                        return Err(TransportError::Refused(refusal).into());
                    }
                    self.store.forget_what_is_safe().map_err(SyncError::Store)?;
                    return Ok(self.report);
                }
            };
            match done {
                Ok(()) => {}
                Err(SyncError::Transport(error)) if step != Step::Greet => self.begun_anew(error)?,
                Err(error) => return Err(error),
            }
            self.known.pending_groups = self.store.counts().map_err(SyncError::Store)?.pending_groups;
            self.known.hello = self.store.hello().map_err(SyncError::Store)?;
        }
    }

    /// The server was put back while this sync went on: it is greeted again, and everything begins anew. To a laptop that
    /// was revoked the refusal is all that is said about it.
    fn begun_anew(&mut self, error: TransportError) -> Result<(), SyncError<S::Error>> {
        let TransportError::Refused(refusal) = &error else { return Err(error.into()) };
        let epoch = refusal.params.get("epoch").and_then(|epoch| u32::try_from(*epoch).ok());
        match (&refusal.code, epoch) {
            (ApiCode::SyncEpoch, Some(epoch)) if self.known.revoked && epoch != self.epoch => {
                self.epoch = epoch;
                self.known.renumber = true;
                Ok(())
            }
            (ApiCode::SyncEpoch | ApiCode::SyncRewound, _) if !self.known.revoked => {
                self.greet_again();
                Ok(())
            }
            (ApiCode::AuthRevoked, _) if !self.known.revoked => {
                self.greet_again();
                self.turned_away()
            }
            _ => Err(error.into()),
        }
    }

    fn greet_again(&mut self) {
        let known = &mut self.known;
        known.reply = None;
        (known.given_back, known.asked_again, known.pulled_to_head, known.looked_round) =
            (false, false, false, false);
    }

    /// This laptop does not belong here any more: what it may not read is sealed before anything else.
    fn turned_away(&mut self) -> Result<(), SyncError<S::Error>> {
        self.known.revoked = true;
        self.store.turned_away().map_err(SyncError::Store)
    }

    fn greet(&mut self) -> Result<(), SyncError<S::Error>> {
        (self.progress)(Progress::Connecting);
        let reply = match self.transport.hello(&self.known.hello) {
            Err(TransportError::Refused(refusal)) if refusal.code == ApiCode::AuthRevoked => {
                return self.turned_away();
            }
            answered => answered?,
        };
        if reply.commune != self.known.hello.commune {
            return Err(SyncError::OtherCommune);
        }
        let (session, wall_ms) = self.store.session().map_err(SyncError::Store)?;
        let offset_ms = reply.server_time_ms.saturating_sub(wall_ms);
        self.store.learn_offset(session, offset_ms).map_err(SyncError::Store)?;
        let random = (self.random)();
        self.store.meet(&reply, random).map_err(SyncError::Store)?;
        self.known.compares = self.store.compares().map_err(SyncError::Store)?;
        self.epoch = reply.head.epoch.number;
        self.known.reply = Some(reply);
        Ok(())
    }

    fn limits(&self, bytes: usize) -> BatchLimits {
        let announced = self.known.reply.as_ref().map(|reply| reply.limits).unwrap_or_default();
        // Before compression a batch may be as large as after inflation; compressed it is at most its size.
        BatchLimits { groups: announced.batch_groups, bytes: bytes.min(announced.compressed_bytes) }
    }

    /// Until both hold the same rows at one place of the stream.
    fn compare(&mut self) -> Result<(), SyncError<S::Error>> {
        let (mut fewest, mut in_vain) = (usize::MAX, 0);
        loop {
            let theirs = self.transport.digests()?;
            let request = match self.store.compare(&theirs).map_err(SyncError::Store)? {
                Compared::Same => {
                    self.known.compares = false;
                    return Ok(());
                }
                Compared::GreetAgain => {
                    self.greet_again();
                    return Ok(());
                }
                Compared::Differ(request) => request,
            };
            let differ = buckets(&request);
            in_vain = if differ < fewest { 0 } else { in_vain + 1 };
            fewest = fewest.min(differ);
            if in_vain > COMPARISONS_IN_VAIN {
                return Err(SyncError::NoProgress);
            }
            if !self.fetch(request)? {
                self.greet_again();
                return Ok(());
            }
        }
    }

    /// Fetches the rows of all these buckets. False: to be greeted again.
    fn fetch(&mut self, mut request: RowsRequest) -> Result<bool, SyncError<S::Error>> {
        let all = buckets(&request);
        loop {
            let left = buckets(&request);
            (self.progress)(Progress::Receiving { position: (all - left) as u64, head: all as u64 });
            if left == 0 {
                return Ok(true);
            }
            let reply = self.transport.rows(&request)?;
            if !self.store.take_rows(&reply).map_err(SyncError::Store)? {
                return Ok(false);
            }
            for (scope, answered) in &reply.of {
                for (_, asked) in request.of.iter_mut().filter(|(of, _)| of == scope) {
                    asked.retain(|bucket| !answered.contains(bucket));
                }
            }
            request.of.retain(|(_, buckets)| !buckets.is_empty());
            if buckets(&request) == left {
                return Err(SyncError::NoProgress);
            }
        }
    }

    /// Message by message, each smaller than one that stalled.
    fn give_back(&mut self) -> Result<(), SyncError<S::Error>> {
        let mut round = Round::default();
        loop {
            let (before, limits) = (round, self.limits(self.batch_bytes));
            let giving = self.store.to_offer(&mut round, &limits).map_err(SyncError::Store)?;
            let Some(giving) = giving else {
                self.known.given_back = true;
                return Ok(());
            };
            (self.progress)(Progress::Sending { left: self.known.pending_groups });
            match self.transport.offer(&giving.offer) {
                Err(TransportError::Stalled) if self.smaller_batches() => round = before,
                answered => {
                    let reply = answered?;
                    self.store.offered(&giving, &reply).map_err(SyncError::Store)?;
                    let outcomes = reply.groups.iter().map(|(_, outcome)| outcome).chain(&reply.sealed);
                    let held = outcomes.filter(|outcome| matches!(outcome, OfferOutcome::Held(_))).count();
                    self.report.given_back_groups += held as u64;
                    self.larger_batches();
                }
            }
        }
    }

    /// After a stall; false if they cannot be any smaller.
    fn smaller_batches(&mut self) -> bool {
        let smaller = self.batch_bytes > SMALLEST_BATCH_BYTES;
        if smaller {
            self.batch_bytes /= 2;
        }
        smaller
    }

    fn larger_batches(&mut self) {
        self.batch_bytes = self.limits(self.batch_bytes.saturating_mul(2)).bytes;
    }

    /// Sends one batch. On a stall the next one is smaller.
    fn push(&mut self) -> Result<(), SyncError<S::Error>> {
        (self.progress)(Progress::Sending { left: self.known.pending_groups });
        let limits = self.limits(self.batch_bytes);
        let groups = self.store.next_batch(&limits).map_err(SyncError::Store)?;
        match self.send(groups) {
            Ok((fits, settled)) => {
                // An answer after which the same batch would be sent once more is the end.
                if fits && settled == 0 {
                    return Err(SyncError::NoProgress);
                }
                self.known.renumber = !fits;
                self.larger_batches();
                Ok(())
            }
            Err(SyncError::Transport(TransportError::Stalled)) if self.smaller_batches() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What is kept apart, once more: it may have been taken since.
    fn ask_again(&mut self) -> Result<(), SyncError<S::Error>> {
        let mut after = 0;
        loop {
            let limits = self.limits(self.batch_bytes);
            let groups = self.store.next_apart(after, &limits).map_err(SyncError::Store)?;
            let Some(last) = groups.last().map(|last| last.dseq) else {
                self.known.asked_again = true;
                return Ok(());
            };
            // Its answers were counted when it was sent first.
            let counted = self.report;
            let sent = self.send(groups);
            self.report = counted;
            let (fits, _) = match sent {
                Err(SyncError::Transport(TransportError::Stalled)) if self.smaller_batches() => continue,
                sent => sent?,
            };
            after = last;
            if !fits {
                // A restore forgot their numbers too.
                self.known.renumber = true;
                return Ok(());
            }
        }
    }

    /// Sends groups and keeps the answer. False if a number did not fit; and how many wait no longer.
    fn send(&mut self, groups: Vec<Numbered>) -> Result<(bool, u64), SyncError<S::Error>> {
        let offsets = self.store.offsets(&groups).map_err(SyncError::Store)?;
        let Hello { commune, device, .. } = self.known.hello;
        let batch = Batch { protocol: PROTOCOL, commune, device, epoch: self.epoch, offsets, groups };
        let signed = batch.sign(self.device_key).map_err(|_| SyncError::Batch)?;
        let answer = self.transport.push(&signed)?;
        let settled = self.store.acknowledge(&answer).map_err(SyncError::Store)?;
        count(&batch.groups, &answer, &mut self.report);
        let fits = answer.groups.iter().all(|one| one.outcome.uses_number());
        Ok((answer.expect.is_none() && fits, settled))
    }

    /// Takes one page.
    fn pull(&mut self) -> Result<(), SyncError<S::Error>> {
        let reply = self.known.reply.as_ref();
        let inflated = reply.map(|reply| reply.limits).unwrap_or_default().inflated_bytes;
        let head = reply.map_or(0, |reply| reply.head.position);
        let sight = self.store.sight().map_err(SyncError::Store)?;
        let cursor = self.known.hello.cursor;
        let page = self.transport.pull(&PullRequest { cursor, sight, max_bytes: inflated })?;
        if !leads_on(cursor, &page) {
            return Err(SyncError::NoProgress);
        }
        self.known.pulled_to_head = !page.more;
        count_received(self.known.hello.device, &page, &mut self.report);
        (self.progress)(Progress::Receiving { position: page.to.position, head: head.max(page.to.position) });
        self.store.apply_page(page).map_err(SyncError::Store)
    }

    /// What came into sight is fetched, what is out of sight goes.
    fn look_round(&mut self) -> Result<(), SyncError<S::Error>> {
        if let Some(sight) = self.known.reply.as_ref().and_then(|reply| reply.sight.clone()) {
            self.known.compares = self.store.look_round(&sight).map_err(SyncError::Store)?;
        }
        self.known.looked_round = true;
        Ok(())
    }
}

fn buckets(request: &RowsRequest) -> usize {
    request.of.iter().map(|(_, buckets)| buckets.len()).sum()
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
            proof: None,
        };
        Known {
            hello,
            reply: Some(reply),
            revoked: false,
            renumber: false,
            compares: false,
            given_back: true,
            pending_groups: 0,
            asked_again: true,
            pulled_to_head: false,
            looked_round: false,
        }
    }

    #[test]
    fn whatever_the_log_lacks_comes_before_what_waits_and_that_before_what_is_new() {
        let check = |change: fn(&mut Known), expect: Step| {
            let mut known = known();
            change(&mut known);
            assert_eq!(plan(&known), expect);
        };
        check(|known| known.reply = None, Step::Greet);
        check(|known| (known.compares, known.pending_groups) = (true, 1), Step::Push);
        check(|known| (known.compares, known.given_back) = (true, false), Step::GiveBack);
        check(|known| known.compares = true, Step::Compare);
        check(|known| (known.given_back, known.pending_groups) = (false, 1), Step::GiveBack);
        check(|known| known.pending_groups = 1, Step::Push);
        check(|known| known.asked_again = false, Step::AskAgain);
        check(|_| {}, Step::Pull);
        check(|known| known.pulled_to_head = true, Step::LookRound);
        check(|known| (known.pulled_to_head, known.looked_round) = (true, true), Step::Done);
        check(|known| (known.pulled_to_head, known.pending_groups) = (true, 1), Step::Push);
        check(|known| (known.renumber, known.given_back) = (true, false), Step::NewIncarnation);
        // Revoked: pushes and gives back, reads nothing.
        check(|known| (known.revoked, known.reply) = (true, None), Step::Done);
        check(|known| (known.revoked, known.reply, known.compares) = (true, None, true), Step::Done);
        check(|known| (known.revoked, known.reply, known.given_back) = (true, None, false), Step::GiveBack);
        check(|known| (known.revoked, known.reply, known.pending_groups) = (true, None, 1), Step::Push);
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
