//! The server's side of the model: the real log in memory, and beside it what no restore takes back: clock, ledger,
//! witness, the oldest backup's position.

use std::ops::Deref;

use domain::ids::DeviceId;
use domain::registry::RecordKind;
use uuid::Uuid;

use super::Rows;
use crate::commune::memory::Memory;
use crate::commune::{Asked, Commune, CommuneStore, Fetched, erased_since, page, rows};
use crate::head::{HeadReceipt, Shown};
use crate::ingest::LogView;
use crate::ledger::{Entry, Line};
use crate::offer::HistoryView;
use crate::op::{OpId, Scope};
use crate::position::{Cursor, Epoch, Position};
use crate::receipt::{Receipt, ReceiptKey};
use crate::rights::{Reach, Sight};
use crate::samples::{COMMUNE, NOW_MS, device, user};
use crate::snapshot::Snapshot;
use crate::wire::*;

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) now_ms: i64,
    /// The ledger's file.
    pub(crate) ledger: Vec<Line>,
    /// What may be put back.
    pub(crate) store: Memory,
    /// Of the oldest backup that may be restored.
    pub(crate) watermark: u64,
    pub(crate) key: ReceiptKey,
}

const STORE: Uuid = Uuid::from_u128(0x570);

impl Deref for Server {
    type Target = Memory;
    fn deref(&self) -> &Memory {
        &self.store
    }
}

impl Server {
    /// Devices 0 to 8, each with its user, who works in the whole commune.
    pub(crate) fn new() -> Self {
        let store = Memory::new(COMMUNE, STORE, Epoch { number: 1, nonce: 0 });
        let key = ReceiptKey([7; 32]);
        let mut server = Self { now_ms: NOW_MS, ledger: vec![], store, watermark: 0, key };
        for n in 0..9 {
            server.enrol(n);
            server.note(Entry::Assigned { user: user(n), reach: Reach::WholeCommune });
        }
        server
    }

    /// Runs a writing transaction.
    pub(crate) fn write<T>(&mut self, writing: impl FnOnce(&mut Commune<'_, Memory>) -> T) -> T {
        let empty = Memory::new(COMMUNE, STORE, Epoch::default());
        let store = std::mem::replace(&mut self.store, empty);
        let mut commune = Commune::begin(store, &self.key, self.now_ms).unwrap();
        let value = writing(&mut commune);
        let (store, lines) = commune.finish().unwrap();
        self.ledger.extend(lines);
        self.store = store;
        value
    }

    /// The ledger goes on.
    pub(crate) fn note(&mut self, entry: Entry) {
        self.write(|commune| commune.note(entry).unwrap());
    }

    /// Somebody is to be forgotten: a person, or a household with everybody in it.
    pub(crate) fn erase(&mut self, ordered: Uuid) {
        let under = self.store.children(RecordKind::Household.no(), ordered).unwrap().into_iter();
        let people = under.filter(|(kind, _)| *kind == RecordKind::Member.no()).map(|(_, person)| person);
        for subject in [ordered].into_iter().chain(people).collect::<Vec<_>>() {
            self.note(Entry::Erased { subject });
        }
    }

    /// A device with its user, who works nowhere yet.
    pub(crate) fn enrol(&mut self, n: u128) {
        self.note(Entry::Enrolled { device: device(n), user: user(n) });
    }

    /// Applies what the database lacks of the ledger.
    pub(crate) fn catch_up(&mut self) {
        let lines = self.ledger.clone();
        self.write(|commune| commune.apply(&lines).unwrap());
    }

    /// Whoever works on a device works in these scopes from now on, and nowhere else.
    pub(crate) fn assign(&mut self, to: DeviceId, reaches: &[Reach]) {
        let position = self.head().position();
        for user in self.standing.users_of(to) {
            for (assignment, _) in self.standing.present(user) {
                self.note(Entry::Ended { assignment, position });
            }
            for reach in reaches {
                self.note(Entry::Assigned { user, reach: *reach });
            }
        }
    }

    pub(crate) fn head(&self) -> Cursor {
        CommuneStore::head(&self.store).unwrap().cursor
    }

    /// In the present history, which goes on from that backup.
    pub(crate) fn watermark(&self) -> Position {
        Position { epoch: self.head().epoch.number, position: self.watermark }
    }

    pub(crate) fn proof(&self, at: Cursor) -> HeadReceipt {
        self.key.seal_head(STORE, at)
    }

    pub(crate) fn receipt(&self, op: OpId) -> Receipt {
        self.known[&op].0.clone()
    }

    /// A laptop, or the witness, shows where the log once stood.
    pub(crate) fn greet(&mut self, shown: &HeadReceipt) -> Shown {
        let nonce = self.now_ms.cast_unsigned();
        self.write(|commune| commune.greet(shown, nonce).unwrap())
    }

    /// The whole greeting; `None` for a laptop that was revoked.
    pub(crate) fn hello(&mut self, hello: &Hello) -> Option<HelloReply> {
        if let Some(proof) = &hello.proof {
            self.greet(proof);
        }
        (!self.standing.is_revoked(hello.device)).then(|| HelloReply {
            protocol: PROTOCOL,
            commune: COMMUNE,
            highest_known: self.store.last_number(hello.device, hello.incarnation).unwrap(),
            head: self.head(),
            limits: Limits::default(),
            server_time_ms: self.now_ms,
            ledger: self.standing.mark,
            erased: erased_since(&self.store, hello.ledger).unwrap(),
            sight: Some(self.sight(hello.device)),
            watermark: self.watermark(),
            proof: Some(self.proof(self.head())),
        })
    }

    /// Puts a backup back; the ledger is read again at the start.
    pub(crate) fn restore(&mut self, backup: &Self) {
        self.store = backup.store.clone();
        self.catch_up();
    }

    pub(crate) fn offer(&mut self, offer: &Offer) -> OfferReply {
        // The real one decrypts.
        let open = |payload: &[u8]| serde_json::from_slice(payload).ok();
        self.write(|commune| commune.offer(offer, open).unwrap())
    }

    /// What a device may see now.
    pub(crate) fn sight(&self, device: DeviceId) -> Sight {
        self.standing.sight_of(device)
    }

    /// The rows in sight, at the head.
    pub(crate) fn seen(&self, sight: &Sight) -> Rows {
        let seen = self.rows.iter().filter(|(_, row)| sight.covers(row.scope));
        seen.map(|(key, row)| (*key, row.clone())).collect()
    }

    /// The digests of what a device may see.
    pub(crate) fn digests(&self, device: DeviceId) -> DigestsReply {
        let mut scopes = self.store.scopes().unwrap();
        scopes.retain(|scope| self.sight(device).covers(*scope));
        let of = scopes.into_iter().map(|scope| (scope, self.store.buckets(scope).unwrap())).collect();
        DigestsReply { of, at: self.head(), ledger: self.standing.mark }
    }

    /// The rows that a device asks for; a few at a time, so that nobody gets them all in one answer.
    pub(crate) fn rows(&self, device: DeviceId, asked: &RowsRequest) -> RowsReply {
        let Fetched { of, rows, kept } =
            rows(&self.store, &self.sight(device), &asked.of, self.watermark, 400).unwrap();
        RowsReply { of, rows, kept, at: self.head(), ledger: self.standing.mark }
    }

    /// A scope as a backup had it, for somebody who comes now: without what has left it or was erased since (F15).
    pub(crate) fn snapshot(&self, backup: &Self, scope: Scope) -> Snapshot {
        let still = |(key, _): &(&(u16, Uuid), _)| self.rows.get(key).is_some_and(|row| row.scope == scope);
        let rows = backup.rows.iter().filter(still).map(|(_, row)| row.clone());
        Snapshot::of(scope, backup.head(), self.standing.mark, rows)
    }

    pub(crate) fn push(&mut self, batch: &Batch) -> PushReply {
        self.write(|commune| commune.push(batch).unwrap())
    }

    pub(crate) fn page(&self, device: DeviceId, believed: &Sight, from: Option<Cursor>, most: usize) -> Page {
        let present = self.sight(device);
        let asked = Asked {
            from,
            believed,
            present: &present,
            watermark: self.watermark,
            groups: most,
            bytes: usize::MAX,
        };
        page(&self.store, &self.store, &self.key, &asked).unwrap()
    }
}
