//! The laptop's database against the one in memory that the random histories of `sync-core` run on: whatever an exchange
//! brings in whatever order, both hold the same and say the same. The same rules run over both; what is compared is the
//! getting and putting. And what is shown is what is held: visible tables, figures, drafts.

use std::collections::BTreeMap;

use domain::ids::{DeviceId, HamletUnitId, HouseholdId, UserId};
use domain::people::{Household, Member};
use domain::registry::{RecordKind, no};
use domain::visit::Outcome;
use store::tables::{households, members};
use store::{Operation, Tables, counts};
use sync_core::commune::memory::Memory as Log;
use sync_core::commune::{Asked, Commune, CommuneStore, Fetched, erased_since, page, rows};
use sync_core::group::Group;
use sync_core::ingest::LogView;
use sync_core::laptop::memory::Memory;
use sync_core::laptop::{Compared, Giving, Laptop as Rules, LaptopStore, Round, State, Which};
use sync_core::ledger::{Entry, Line};
use sync_core::local::LocalStore;
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::{Epoch, Position};
use sync_core::receipt::ReceiptKey;
use sync_core::records::Recorded;
use sync_core::rights::{Reach, Sight};
use sync_core::row::Row;
use sync_core::wire::*;
use uuid::Uuid;

use crate::kit::*;

/// Each is some 40 steps with a comparison after every one.
const SEEDS: u64 = 24;
const OTHER: HamletUnitId = HamletUnitId(Uuid::from_u128(0x12));
const LIMITS: BatchLimits = BatchLimits { groups: 3, bytes: 1 << 20 };

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn unit(&mut self) -> HamletUnitId {
        if self.below(3) == 0 { OTHER } else { UNIT }
    }
}

/// A commune's server in memory, and a colleague who writes there without a laptop in between.
#[derive(Clone)]
struct Server {
    log: Log,
    ledger: Vec<Line>,
    watermark: u64,
    now_ms: i64,
    colleague_dseq: u64,
}

fn keys() -> ReceiptKey {
    ReceiptKey([7; 32])
}

fn colleague() -> (DeviceId, UserId) {
    (DeviceId(Uuid::from_u128(0xd9)), UserId(Uuid::from_u128(0xa9)))
}

impl Server {
    fn new(laptop: &store::Identity) -> Self {
        let log = Log::new(laptop.commune, Uuid::from_u128(0x570), Epoch { number: 1, nonce: 0 });
        let mut server = Self { log, ledger: vec![], watermark: 0, now_ms: NOON, colleague_dseq: 0 };
        for (device, user) in [(laptop.device, laptop.user), colleague()] {
            server.note(Entry::Enrolled { device, user });
            server.note(Entry::Assigned { user, reach: Reach::WholeCommune });
        }
        server
    }

    fn write<T>(&mut self, writing: impl FnOnce(&mut Commune<'_, Log>) -> T) -> T {
        let keys = keys();
        let mut commune = Commune::begin(self.log.clone(), &keys, self.now_ms).unwrap();
        let value = writing(&mut commune);
        let (log, lines) = commune.finish().unwrap();
        self.log = log;
        self.ledger.extend(lines);
        value
    }

    fn note(&mut self, entry: Entry) {
        self.write(|commune| commune.note(entry).unwrap());
    }

    fn assign(&mut self, user: UserId, units: &[HamletUnitId]) {
        let position = self.log.head().unwrap().cursor.position();
        for (assignment, _) in self.log.standing.present(user) {
            self.note(Entry::Ended { assignment, position });
        }
        for unit in units {
            self.note(Entry::Assigned { user, reach: Reach::Scope(Scope::from(*unit)) });
        }
    }

    fn colleague_saves(&mut self, group: Group) {
        self.colleague_dseq += 1;
        let numbered = Numbered { incarnation: 1, dseq: self.colleague_dseq, group };
        let batch = Batch {
            protocol: PROTOCOL,
            commune: self.log.head().unwrap().commune,
            device: colleague().0,
            epoch: 1,
            offsets: vec![],
            groups: vec![numbered],
        };
        self.write(|commune| commune.push(&batch).unwrap());
    }

    /// A backup is put back; the ledger is read again, and the colleague goes on under other numbers.
    fn restore(&mut self, backup: &Self) {
        self.log = backup.log.clone();
        self.colleague_dseq = backup.colleague_dseq;
        let lines = self.ledger.clone();
        self.write(|commune| commune.apply(&lines).unwrap());
    }

    /// `None` for a laptop that was revoked.
    fn hello(&mut self, hello: &Hello) -> Option<HelloReply> {
        if let Some(proof) = &hello.proof {
            let nonce = self.now_ms.cast_unsigned();
            self.write(|commune| commune.greet(proof, nonce).unwrap());
        }
        let head = self.log.head().unwrap();
        (!self.log.standing.is_revoked(hello.device)).then(|| HelloReply {
            protocol: PROTOCOL,
            commune: hello.commune,
            highest_known: self.log.last_number(hello.device, hello.incarnation).unwrap(),
            head: head.cursor,
            limits: Limits::default(),
            server_time_ms: self.now_ms,
            ledger: head.ledger,
            erased: erased_since(&self.log, hello.ledger).unwrap(),
            sight: Some(self.log.standing.sight_of(hello.device)),
            watermark: Position { epoch: head.cursor.epoch.number, position: self.watermark },
            proof: Some(keys().seal_head(head.store, head.cursor)),
        })
    }

    fn page(&self, hello: &Hello, believed: &Sight, most: usize) -> Page {
        let present = self.log.standing.sight_of(hello.device);
        let (from, watermark) = (hello.cursor, self.watermark);
        let asked = Asked { from, believed, present: &present, watermark, groups: most, bytes: usize::MAX };
        page(&self.log, &self.log, &keys(), &asked).unwrap()
    }

    fn digests(&self, device: DeviceId) -> DigestsReply {
        let head = self.log.head().unwrap();
        let sight = self.log.standing.sight_of(device);
        let scopes = self.log.scopes().unwrap().into_iter().filter(|scope| sight.covers(*scope));
        let of = scopes.map(|scope| (scope, self.log.buckets(scope).unwrap())).collect();
        DigestsReply { of, at: head.cursor, ledger: head.ledger }
    }

    fn rows(&self, device: DeviceId, request: &RowsRequest) -> RowsReply {
        let head = self.log.head().unwrap();
        let sight = self.log.standing.sight_of(device);
        let Fetched { of, rows, kept } = rows(&self.log, &sight, &request.of, self.watermark, 700).unwrap();
        RowsReply { of, rows, kept, at: head.cursor, ledger: head.ledger }
    }
}

/// The laptop with its database, and its twin in memory.
struct Twins {
    laptop: Laptop,
    memory: Memory,
    server: Server,
    backups: Vec<Server>,
    dice: Dice,
    saved: u128,
    /// How often each thing that matters happened.
    happened: BTreeMap<&'static str, u32>,
}

impl Twins {
    fn new(seed: u64) -> Self {
        let mut laptop = Laptop::new(seed);
        let who = laptop.store().identity().clone();
        let state = laptop.store().exchange(|rules| Ok(rules.state.clone())).unwrap();
        let memory = Memory::new(who.commune, who.device, state);
        let server = Server::new(&who);
        let (dice, happened) = (Dice(seed), BTreeMap::new());
        let mut twins = Self { laptop, memory, server, backups: vec![], dice, saved: 0, happened };
        for unit in [UNIT, OTHER] {
            twins.colleague(unit, &domain::people::HamletUnit { id: unit, ..unit_named() });
        }
        twins
    }

    fn saw(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// The same step on both; what comes of it is the same.
    fn both<T: PartialEq + std::fmt::Debug>(
        &mut self,
        of_database: impl for<'t> FnOnce(&mut Rules<Tables<'t>>) -> Result<T, store::StoreError>,
        of_memory: impl FnOnce(&mut Rules<Memory>) -> Result<T, std::convert::Infallible>,
    ) -> T {
        let there = self.laptop.store().exchange(of_database).unwrap();
        let Ok(mut rules) = Rules::begin(self.memory.clone());
        let Ok(here) = of_memory(&mut rules);
        let Ok(memory) = rules.finish();
        self.memory = memory;
        assert_eq!(there, here);
        here
    }

    fn colleague<R: Recorded>(&mut self, unit: HamletUnitId, record: &R) {
        let edits = record.fields().into_iter().filter(|(_, value)| !value.is_null());
        let fields = edits.map(|(no, value)| FieldEdit { no, value, replaced: None, seen: None }).collect();
        self.colleague_writes(unit, R::KIND, record.record(), fields);
    }

    fn colleague_writes(
        &mut self,
        unit: HamletUnitId,
        kind: RecordKind,
        record: Uuid,
        fields: Vec<FieldEdit>,
    ) {
        self.saved += 1;
        let id = OpId { group: GroupId(Uuid::from_u128((0xc0 << 64) + self.saved)), index: 0 };
        let (device, actor) = colleague();
        let header = OpHeader {
            id,
            job: None,
            commune: self.server.log.head().unwrap().commune,
            scope: Scope::from(unit),
            kind: kind.no(),
            record,
            device,
            actor,
            schema: 1,
            wall_ms: self.server.now_ms,
            session: 1,
            base: Position::default(),
        };
        let mut fields = fields;
        fields.sort_by_key(|edit| edit.no);
        let ops = vec![Op { header, salt: self.saved.to_le_bytes(), fields }];
        self.server.colleague_saves(Group::seeded(id.group, self.saved.to_le_bytes(), ops));
    }

    fn unit_of(&self, kind: RecordKind, record: Uuid) -> Option<HamletUnitId> {
        let row = self.server.log.row(kind.no(), record).unwrap()?;
        Some(HamletUnitId(row.scope.0))
    }

    fn colleague_does(&mut self) {
        let n = u128::from(self.dice.below(5)) + 1;
        let unit = self.dice.unit();
        match self.dice.below(6) {
            0 | 1 => self.colleague(unit, &Household { hamlet_unit: unit, alley: None, ..household(n) }),
            2 | 3 => {
                let Some(unit) = self.unit_of(RecordKind::Household, household(n).id.0) else { return };
                let of_it = u128::from(self.dice.below(2)) * 10;
                self.colleague(unit, &member(n + of_it, n, &format!("Lê An {}", self.saved)));
            }
            4 => {
                let Some(unit) = self.unit_of(RecordKind::Household, household(n).id.0) else { return };
                let number = self.saved + 1000;
                self.colleague(unit, &visit(number, n, Outcome::Met));
            }
            _ => {
                let record = household(n).id.0;
                let Some(row) = self.server.log.row(RecordKind::Household.no(), record).unwrap() else {
                    return;
                };
                let to = if row.scope == Scope::from(UNIT) { OTHER } else { UNIT };
                let edit = FieldEdit::replacing(no::HOUSEHOLD_MOVED_TO, to.0, Some(&row), Some(&row));
                self.saw("move");
                self.colleague_writes(HamletUnitId(row.scope.0), RecordKind::Household, record, vec![edit]);
            }
        }
    }

    /// Somebody saves on the laptop; the twin takes the same group.
    fn save(&mut self) {
        let n = u128::from(self.dice.below(5)) + 1;
        self.saved += 1;
        let (unit, what, number) = (self.dice.unit(), self.dice.below(4), self.saved);
        let store = self.laptop.store();
        let there: Option<Household> = households::get(store.reading(), household(n).id).unwrap();
        let unit = there.as_ref().map_or(unit, |there| {
            let row = store.exchange(|rules| rules.store.row(RecordKind::Household.no(), there.id.0));
            row.unwrap().map_or(there.hamlet_unit, |row| HamletUnitId(row.scope.0))
        });
        let operation = Operation { name: "test", scope: Scope::from(unit), job: None };
        let before = store.waiting().unwrap().pending_groups;
        let saved = store.transact(operation, |change| match (what, there.is_some()) {
            (0, true) => change.put(&visit(number + 2000, n, Outcome::Absent)),
            (1, true) => change.put(&assessment(number, n, &[(domain::fact::Fact::Smartphone, "yes")])),
            (_, true) => change.put(&member(n, n, &format!("Trần Bình {number}"))),
            (_, false) => {
                change.put(&Household { hamlet_unit: unit, alley: None, ..household(n) })?;
                change.put(&member(n, n, "Trần Bình"))
            }
        });
        // A person who lies elsewhere by now, somebody unknown: the gate says no.
        let Ok(((), saved)) = saved else { return };
        let Some(group) = saved.group else { return };
        assert_eq!(store.waiting().unwrap().pending_groups, before + 1);
        let own = store.exchange(|rules| rules.store.own(group)).unwrap().unwrap();
        self.memory.state.highest_dseq += 1;
        assert_eq!(own.numbered.dseq, self.memory.state.highest_dseq);
        self.memory.own.push(own);
        self.saw("save");
    }

    fn hello(&mut self) -> Hello {
        self.both(|rules| Ok(rules.hello()), |rules| Ok(rules.hello()))
    }

    /// False if it was revoked.
    fn meet(&mut self) -> bool {
        let hello = self.hello();
        let random = self.server.now_ms.cast_unsigned() + 5;
        let reply = self.server.hello(&hello);
        match &reply {
            Some(reply) => {
                let epoch = self.memory.state.epoch();
                if epoch.is_some_and(|epoch| epoch != reply.head.epoch) {
                    self.saw("another epoch");
                }
                self.both(|rules| rules.meet(reply, random), |rules| rules.meet(reply, random));
            }
            None => {
                self.saw("turned away");
                self.both(|rules| rules.turned_away(), |rules| rules.turned_away());
            }
        }
        self.repair();
        self.give_back();
        reply.is_some()
    }

    fn repair(&mut self) {
        let device = self.memory.identity.1;
        for round in 0.. {
            assert!(round < 100, "rows are fetched for ever");
            if !self.memory.state.compares || self.server.log.standing.is_revoked(device) {
                return;
            }
            let theirs = self.server.digests(device);
            match self.both(|rules| rules.compare(&theirs), |rules| rules.compare(&theirs)) {
                Compared::Same => {}
                Compared::GreetAgain => return,
                Compared::Differ(request) => {
                    self.saw("rows fetched");
                    let reply = self.server.rows(device, &request);
                    assert!(self.both(|rules| rules.take_rows(&reply), |rules| rules.take_rows(&reply)));
                }
            }
        }
    }

    fn give_back(&mut self) {
        let (mut round, mut twin) = (Round::default(), Round::default());
        loop {
            let there = self.laptop.store().exchange(|rules| rules.to_offer(&mut round, &LIMITS)).unwrap();
            let Ok(rules) = Rules::begin(self.memory.clone());
            let Ok(here) = rules.to_offer(&mut twin, &LIMITS);
            let commune = self.laptop.commune.clone();
            // Where the history had it when it was sealed says nothing any more.
            let group = |json: &[u8]| -> PageGroup {
                let group: PageGroup = serde_json::from_slice(json).unwrap();
                PageGroup { position: Position::default(), ..group }
            };
            let sealed = |giving: &Giving, open: &dyn Fn(&[u8]) -> PageGroup| -> Vec<PageGroup> {
                giving.offer.sealed.iter().map(|one| open(&one.payload)).collect()
            };
            let (Some(there), Some(here)) = (there, here) else {
                assert_eq!(round, twin, "one has more to give back");
                return;
            };
            let of_memory = sealed(&here, &group);
            let of_database = sealed(&there, &|payload| group(&age::decrypt(&commune, payload).unwrap()));
            assert_eq!(of_database, of_memory);
            assert_eq!((&there.offer.groups, &there.offer.bare), (&here.offer.groups, &here.offer.bare));
            if !of_memory.is_empty() {
                self.saw("sealed given back");
            }
            let open = |payload: &[u8]| serde_json::from_slice(payload).ok();
            let reply = self.server.write(|commune| commune.offer(&here.offer, open).unwrap());
            self.both(|rules| rules.offered(&there, &reply), |rules| rules.offered(&here, &reply));
        }
    }

    fn push(&mut self) {
        for round in 0.. {
            assert!(round < 100, "a push never ends");
            let groups =
                self.both(|rules| rules.next_batch(&LIMITS), |rules| rules.next_batch(&LIMITS)).unwrap();
            if groups.is_empty() || !self.send(groups) {
                return;
            }
        }
    }

    fn ask_again(&mut self) {
        let mut after = 0;
        loop {
            let groups = self
                .both(|rules| rules.next_apart(after, &LIMITS), |rules| rules.next_apart(after, &LIMITS))
                .unwrap();
            let Some(last) = groups.last() else { return };
            after = last.dseq;
            self.saw("asked again");
            if !self.send(groups) {
                return;
            }
        }
    }

    /// False if the answer is lost.
    fn send(&mut self, groups: Vec<Numbered>) -> bool {
        let (commune, device) = self.memory.identity;
        let batch = Batch { protocol: PROTOCOL, commune, device, epoch: 1, offsets: vec![], groups };
        let reply = self.server.write(|commune| commune.push(&batch).unwrap());
        if self.dice.below(6) == 0 {
            self.saw("answer lost");
            return false;
        }
        self.both(|rules| rules.acknowledge(&reply), |rules| rules.acknowledge(&reply));
        if reply.groups.iter().any(|answer| !answer.dropped.is_empty()) {
            self.saw("dropped");
        }
        if reply.groups.iter().any(|answer| !answer.outcome.uses_number()) {
            let random = self.server.now_ms.cast_unsigned() + 9;
            self.both(|rules| rules.new_incarnation(random), |rules| rules.new_incarnation(random));
        }
        true
    }

    fn pull(&mut self, most: usize) {
        let hello = self.hello();
        let believed = self.memory.state.sight.clone().unwrap();
        let page = self.server.page(&hello, &believed, most);
        if !page.exits.is_empty() {
            self.saw("exit");
        }
        let twin = page.clone();
        assert!(self.both(|rules| rules.apply_page(page), |rules| rules.apply_page(twin)));
    }

    fn sync(&mut self) {
        let belongs = self.meet();
        self.push();
        self.ask_again();
        if !belongs || self.memory.state.compares {
            return;
        }
        self.pull(usize::MAX);
        let sight = self.server.log.standing.sight_of(self.memory.identity.1);
        self.both(|rules| rules.look_round(&sight), |rules| rules.look_round(&sight));
        self.repair();
        self.both(|rules| rules.forget_what_is_safe(), |rules| rules.forget_what_is_safe());
    }

    fn step(&mut self) {
        self.server.now_ms += 1000;
        self.laptop.machine.set_wall_ms(self.server.now_ms);
        match self.dice.below(20) {
            0..=5 => self.colleague_does(),
            6..=9 => self.save(),
            10..=12 => self.sync(),
            13 | 14 => {
                if self.meet() && !self.memory.state.compares {
                    let most = usize::try_from(self.dice.below(4)).unwrap() + 1;
                    self.pull(most);
                }
            }
            15 => {
                let units: &[&[HamletUnitId]] = &[&[], &[UNIT], &[OTHER], &[UNIT, OTHER]];
                let units = units[usize::try_from(self.dice.below(4)).unwrap()];
                let user = self.laptop.store().identity().user;
                self.server.assign(user, units);
            }
            16 => {
                let n = u128::from(self.dice.below(5)) + 1;
                let subject = if self.dice.below(2) == 0 { member(n, n, "").id.0 } else { household(n).id.0 };
                self.saw("erasure");
                self.server.note(Entry::Erased { subject });
            }
            17 => {
                let backup = self.server.clone();
                self.backups.push(backup);
                let newest = self.backups.len().saturating_sub(2);
                self.backups.drain(..newest);
                let oldest = self.backups.first().map(|one| one.log.head().unwrap().cursor.position);
                self.server.watermark = oldest.unwrap_or(0);
            }
            18 => {
                if let Some(backup) = self.backups.pop() {
                    self.saw("restore");
                    self.server.restore(&backup);
                    self.backups.push(backup);
                }
            }
            _ => {
                let random = self.server.now_ms.cast_unsigned();
                self.both(|rules| rules.new_incarnation(random), |rules| rules.new_incarnation(random));
            }
        }
    }

    /// Everything that is held, on both.
    fn compare(&mut self) {
        fn held<S: LaptopStore>(store: &S) -> Result<(State, Vec<Row>, Vec<String>), S::Error> {
            let rows = store.rows()?;
            let mut rest: Vec<String> =
                store.owns(Which::All, usize::MAX)?.iter().map(|own| format!("{own:?}")).collect();
            let mut names = store.kept_names()?;
            names.sort();
            for name in names {
                rest.push(format!("{:?}", store.kept(name)?));
            }
            rest.push(format!("{:?} {:?}", store.erased()?, store.counts()?));
            rest.push(format!("{:?}", store.bare_to_offer(0, Default::default(), usize::MAX)?));
            Ok((store.state()?, rows, rest))
        }
        let there = self.laptop.store().exchange(|rules| held(&rules.store)).unwrap();
        let Ok(here) = held(&self.memory);
        assert_eq!(there.0, here.0);
        assert_eq!(there.1, here.1);
        assert_eq!(there.2, here.2);
        self.shown();
    }

    /// What is shown is what is held.
    fn shown(&mut self) {
        let base = self.memory.base.clone();
        let own = self.memory.own.clone();
        let pending: Vec<&Op> =
            own.iter().filter(|own| !own.mended).flat_map(|own| &own.numbered.group.ops).collect();
        let mut keys: Vec<(u16, Uuid)> = base.keys().copied().collect();
        keys.extend(pending.iter().map(|op| (op.header.kind, op.header.record)));
        let (mut houses, mut people) = (BTreeMap::new(), BTreeMap::new());
        for (kind, record) in keys {
            let begun = pending.iter().find(|op| (op.header.kind, op.header.record) == (kind, record));
            let row = base.get(&(kind, record)).cloned().or_else(|| begun.map(|op| Row::begun_by(op)));
            let row = row.unwrap().overlay(&pending);
            if let Ok(one) = Household::try_from(&row) {
                houses.insert(one.id, one);
            }
            if let Ok(one) = Member::try_from(&row) {
                people.insert(one.id, one);
            }
        }
        let today = domain::calendar::Day::at(self.server.now_ms);
        let connection = self.laptop.store().reading();
        let listed = households::list(connection).unwrap();
        assert_eq!(listed.into_iter().map(|one| (one.id, one)).collect::<BTreeMap<_, _>>(), houses);
        let listed = members::list(connection).unwrap();
        assert_eq!(listed.into_iter().map(|one| (one.id, one)).collect::<BTreeMap<_, _>>(), people);
        // What nobody's step touched was counted on an earlier day; no fact here lapses within the hour.
        assert!(counts::hold(connection, &counted_by(), today).unwrap());
        let found = store::search::members(connection, "le an", 100).unwrap();
        assert!(found.iter().all(|one| people.contains_key(&one.id)), "a name that is not here is found");
    }
}

fn unit_named() -> domain::people::HamletUnit {
    unit()
}

#[test]
fn the_database_holds_and_shows_what_the_one_in_memory_holds() {
    let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut twins = Twins::new(seed);
        for _ in 0..40 {
            twins.step();
            twins.compare();
        }
        let device = twins.memory.identity.1;
        twins.sync();
        twins.compare();
        twins.server.note(Entry::Revoked { device });
        twins.sync();
        twins.compare();
        let store = twins.laptop.store();
        assert_eq!(households::list(store.reading()).unwrap().len(), {
            let own = twins.memory.own.iter().flat_map(|own| &own.numbered.group.ops);
            let begun = own.filter(|op| op.header.kind == RecordKind::Household.no());
            begun.map(|op| HouseholdId(op.header.record)).collect::<std::collections::BTreeSet<_>>().len()
        });
        for (what, times) in twins.happened {
            *happened.entry(what).or_default() += times;
        }
    }
    // A run in which something never happens proves nothing about it.
    for what in [
        "save",
        "move",
        "exit",
        "erasure",
        "dropped",
        "restore",
        "another epoch",
        "rows fetched",
        "sealed given back",
        "asked again",
        "answer lost",
        "turned away",
    ] {
        assert!(happened.contains_key(what), "{what} never happened: {happened:?}");
    }
}
