//! One suite for every store of a commune's log: whatever is asked of it in whatever order, it answers as the one in
//! memory does, which the histories of `sync-core` are tried on. The same rules run over both; here the getting and
//! putting is compared.

use database::Durability;
use domain::calendar::Day;
use domain::consent::Basis;
use domain::ids::{CommuneId, DeviceId, UserId};
use domain::registry::{RecordKind, no};
use sync_core::commune::memory::Memory;
use sync_core::commune::{Asked, Commune, CommuneStore, Which, kept_of, page, rows};
use sync_core::group::Group;
use sync_core::head::HeadReceipt;
use sync_core::ingest::LogView;
use sync_core::ledger::{Entry, Line};
use sync_core::offer::{BareOp, HistoryView};
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::Position;
use sync_core::receipt::ReceiptKey;
use sync_core::rights::{Reach, Sight};
use sync_core::wire::{Batch, Exit, Numbered, Offer, PROTOCOL, Page, PageGroup};
use uuid::Uuid;

use super::log::Log;
use super::sql::Purpose;
use super::{NewCommune, Options, Register};
use crate::error::ServerError;

/// Each is some 40 steps with a comparison after every third.
const SEEDS: u64 = 12;

/// SplitMix64: the same seed, the same history, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}

fn id(n: u64) -> Uuid {
    Uuid::from_u128(n.into())
}

fn unit(n: u64) -> Scope {
    Scope(id(0x5c + n))
}

fn device(n: u64) -> DeviceId {
    DeviceId(id(0xd0 + n))
}

fn user(n: u64) -> UserId {
    UserId(id(0xa0 + n))
}

/// Both stores, and what a person with pencil and paper would have noted beside them.
struct Both {
    register: Register,
    memory: Memory,
    commune: CommuneId,
    lines: Vec<Line>,
    now_ms: i64,
    dice: Dice,
    /// Of each device, the next number.
    next: [u64; 3],
    saved: u64,
    /// What somebody could give back.
    seen: Vec<PageGroup>,
    proofs: Vec<HeadReceipt>,
}

type Sql = Result<(), ServerError>;

impl Both {
    fn new(folder: &std::path::Path, postgres: Option<&str>, seed: u64) -> Self {
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        let options = Options { durability: Durability::Off, ..Options::default() };
        let register = match postgres {
            None => Register::create(folder, &commune, options),
            Some(url) => Register::create_in_postgres(folder, &commune, url, options),
        };
        let register = register.unwrap();
        let head = register.read(|log| CommuneStore::head(log)).unwrap();
        let mut memory = Memory::new(head.commune, head.store, head.cursor.epoch);
        memory.put_head(&head).unwrap();
        let now_ms = head.received_at_ms + 1000;
        Self {
            register,
            memory,
            commune: head.commune,
            lines: vec![],
            now_ms,
            dice: Dice(seed),
            next: [1; 3],
            saved: 0,
            seen: vec![],
            proofs: vec![],
        }
    }

    fn keys(&self) -> ReceiptKey {
        self.register.keys().receipts.clone()
    }

    /// One writing transaction on each; both say the same.
    fn write<T: PartialEq + std::fmt::Debug>(
        &mut self,
        in_memory: impl FnOnce(&mut Commune<'_, Memory>) -> T,
        in_sql: impl FnOnce(&mut Commune<'_, Log<'_>>) -> Result<T, ServerError>,
    ) -> T {
        let keys = self.keys();
        let mut commune = Commune::begin(self.memory.clone(), &keys, self.now_ms).unwrap();
        let here = in_memory(&mut commune);
        let (memory, lines) = commune.finish().unwrap();
        self.memory = memory;
        let mut connection = self.register.database.writer();
        let transaction = connection.begin(Purpose::Writing(self.commune)).unwrap();
        let log = Log::new(transaction.sql(), self.commune);
        let mut commune = Commune::begin(log, &keys, self.now_ms).unwrap();
        let there = in_sql(&mut commune).unwrap();
        assert_eq!(commune.finish().unwrap().1, lines);
        self.lines.extend(lines);
        transaction.commit().unwrap();
        assert_eq!(here, there);
        here
    }

    fn note(&mut self, entry: &Entry) {
        let again = self.lines.clone();
        self.write(
            |one| {
                one.apply(&again).unwrap();
                one.note(entry.clone()).unwrap();
            },
            |other| {
                other.apply(&again)?;
                other.note(entry.clone())
            },
        );
    }

    /// Some op of some device: a household, a person, a visit, an edge, a move, a decision, nonsense.
    fn save(&mut self, by: u64) -> Group {
        self.saved += 1;
        let number = self.saved;
        let household = 1 + self.dice.below(4);
        let person = 10 + self.dice.below(6);
        let (kind, record, mut fields) = match self.dice.below(9) {
            0 | 1 => {
                (RecordKind::Household.no(), household, vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)])
            }
            2 | 3 => {
                let name = FieldEdit::first(no::MEMBER_FULL_NAME, format!("Lê An {number}"));
                (
                    RecordKind::Member.no(),
                    person,
                    vec![FieldEdit::first(no::MEMBER_HOUSEHOLD, id(household)), name],
                )
            }
            4 => {
                let day = FieldEdit::first(no::VISIT_DAY, Day::at(0));
                (
                    RecordKind::Visit.no(),
                    1000 + number,
                    vec![FieldEdit::first(no::VISIT_HOUSEHOLD, id(household)), day],
                )
            }
            5 => {
                let to = unit(self.dice.below(2)).0;
                (RecordKind::Household.no(), household, vec![FieldEdit::first(no::HOUSEHOLD_MOVED_TO, to)])
            }
            6 => {
                let ends = [(no::SAME_AS_A, id(person)), (no::SAME_AS_B, id(person + 1))];
                let fields = ends.map(|(no, end)| FieldEdit::first(no, end));
                (RecordKind::SameAs.no(), 2000 + person, fields.to_vec())
            }
            7 => {
                let old = 1 + self.dice.below(number);
                (
                    RecordKind::Mending.no(),
                    0x9_0000 + old,
                    vec![FieldEdit::first(no::MENDING_DECISION, "dismissed")],
                )
            }
            _ => (777, 3000 + household, vec![FieldEdit::first(7700, format!("{number}"))]),
        };
        let there = self.memory.rows.get(&(kind, id(record))).cloned();
        if self.dice.below(2) == 0 {
            let edits = std::mem::take(&mut fields);
            let replacing =
                |edit: FieldEdit| FieldEdit::replacing(edit.no, edit.value, there.as_ref(), there.as_ref());
            fields = edits.into_iter().map(replacing).collect();
        }
        let scope = there.map_or_else(|| unit(self.dice.below(2)), |row| row.scope);
        let group = GroupId(id(0x9_0000 + number));
        let header = OpHeader {
            id: OpId { group, index: 0 },
            job: None,
            commune: self.commune,
            scope,
            kind,
            record: id(record),
            device: device(by),
            actor: user(by),
            schema: 1,
            wall_ms: self.now_ms + i64::try_from(self.dice.below(7_200_000)).unwrap() - 3_600_000,
            session: 1,
            base: Position::default(),
        };
        Group {
            id: group,
            seed: None,
            ops: vec![Op { header, salt: [u8::try_from(by).unwrap(); 16], fields }],
        }
    }

    fn push(&mut self, by: u64) {
        let place = usize::try_from(by).unwrap();
        let mut groups = Vec::new();
        for _ in 0..=self.dice.below(3) {
            // Sometimes a number is left out, or comes twice.
            let dseq = self.next[place] + u64::from(self.dice.below(12) == 0);
            let mut group = self.save(by);
            // Up to three ops in one Save, of what may lie apart by now.
            for index in 1..=u16::try_from(self.dice.below(3)).unwrap() {
                let Op { header, fields, .. } = self.save(by).ops.remove(0);
                let first = group.ops[0].clone();
                let (kind, record) = (header.kind, header.record);
                let id = OpId { group: group.id, index };
                let header = OpHeader { id, kind, record, ..first.header };
                group.ops.push(Op { header, fields, ..first });
            }
            groups.push(Numbered { incarnation: 7, dseq, group });
            self.next[place] = dseq + 1;
        }
        let batch = Batch {
            protocol: PROTOCOL,
            commune: self.commune,
            device: device(by),
            epoch: 1,
            offsets: vec![],
            groups,
        };
        let reply = self.write(|one| one.push(&batch).unwrap(), |other| other.push(&batch));
        self.next[place] = reply.expect.unwrap_or(self.next[place]);
        self.proofs.extend(reply.proof);
        let again = self.write(|one| one.push(&batch).unwrap(), |other| other.push(&batch));
        assert!(again.expect.is_some() || again.receipts.len() >= reply.receipts.len());
    }

    /// Gives back what an earlier page brought, whole or as a header, some of it with another stamp.
    fn offer(&mut self) {
        if self.seen.is_empty() {
            return;
        }
        let keys = self.keys();
        let place = usize::try_from(self.dice.below(self.seen.len() as u64)).unwrap();
        let mut one = self.seen[place].clone();
        if self.dice.below(3) == 0 {
            let lower = |receipt: &mut sync_core::Receipt| {
                receipt.stamp.0 -= 5;
                *receipt = keys.seal(receipt.clone());
            };
            one.receipts.iter_mut().for_each(lower);
        }
        let bare = one.group.ops.iter().zip(&one.receipts).map(|(op, receipt)| BareOp {
            header: op.header.clone(),
            payload_hash: op.payload_hash(),
            receipt: receipt.clone(),
        });
        let bare: Vec<BareOp> = bare.collect();
        let offered = if self.dice.below(4) == 0 { vec![] } else { vec![one] };
        let offer = Offer { bare, ..Offer::from(offered) };
        self.write(|one| one.offer(&offer, |_| None).unwrap(), |other| other.offer(&offer, |_| None));
    }

    /// Everything, for somebody who sees that much.
    fn page(&self, sight: &Sight) -> Page {
        let asked = Asked {
            from: None,
            believed: sight,
            present: sight,
            watermark: 0,
            groups: usize::MAX,
            bytes: usize::MAX,
        };
        page(&self.memory, &self.memory, &self.keys(), &asked).unwrap()
    }

    /// Whatever can be asked is answered alike.
    fn compare(&mut self) {
        let keys = self.keys();
        let sights =
            [Sight::All, Sight::NOTHING, Sight::Only([unit(0)].into()), Sight::Only([unit(1)].into())];
        let head = self.memory.head().unwrap();
        let from = self.dice.below(head.cursor.position + 1);
        let hash = self.memory.chain_at(from).unwrap().unwrap();
        let cursor = sync_core::Cursor { position: from, hash, ..head.cursor };
        let groups = 1 + usize::try_from(self.dice.below(20)).unwrap();
        let buckets: Vec<u8> = (0..=u8::MAX).collect();
        for sight in &sights {
            let (believed, present) = (sight, &sights[usize::try_from(self.dice.below(4)).unwrap()]);
            for from in [None, Some(cursor)] {
                let asked = Asked { from, believed, present, watermark: 3, groups, bytes: 9000 };
                let here = page(&self.memory, &self.memory, &keys, &asked).unwrap();
                let there = self.register.read(|log| {
                    let parsed = page::<_, PageGroup>(log, log, &keys, &asked)?;
                    let raw = serde_json::to_value(super::page::page_as_sent(log, &keys, &asked)?);
                    assert_eq!(raw.unwrap(), serde_json::to_value(&parsed).unwrap(), "as it is sent");
                    Ok(parsed)
                });
                let there = there.unwrap();
                assert_eq!(in_order(here.clone()), in_order(there));
                self.seen.extend(here.groups);
            }
        }
        self.seen.dedup();
        let asked: Vec<_> = [0, 1].map(|n| (unit(n), buckets.clone())).to_vec();
        let here = rows(&self.memory, &Sight::All, &asked, 3, usize::MAX).unwrap();
        let kept = kept_of(&self.memory, 3, &here.rows).unwrap();
        let check = |log: &Log<'_>| -> Sql {
            assert_eq!(log.head()?, head);
            assert_eq!(log.chain_at(from)?, Some(hash));
            assert_eq!(log.chain_at(head.cursor.position + 1)?, None);
            assert_eq!(rows(log, &Sight::All, &asked, 3, usize::MAX)?, here);
            assert_eq!(kept_of(log, 3, &here.rows)?, kept);
            assert_eq!(log.scopes()?, self.memory.scopes().unwrap());
            for n in 0..2 {
                assert_eq!(log.buckets(unit(n))?, self.memory.buckets(unit(n)).unwrap());
            }
            assert_eq!(log.waiting(Which::All)?, self.memory.waiting(Which::All).unwrap());
            assert_eq!(log.lacked()?, self.memory.lacked().unwrap());
            for one in &self.memory.waiting {
                let id = one.numbered.group.id;
                assert_eq!(log.apart(id)?, self.memory.apart(id).unwrap());
                assert_eq!(log.took(id)?, self.memory.took(id).unwrap());
            }
            for number in 0..=self.lines.len() as u64 + 1 {
                assert_eq!(log.line_code(number)?, self.memory.line_code(number).unwrap());
            }
            for (kind, record) in self.memory.rows.keys() {
                assert_eq!(log.kinds_of(*record)?, self.memory.kinds_of(*record).unwrap());
                assert_eq!(log.under(*record)?, self.memory.under(*record).unwrap());
                for n in 0..2 {
                    let left = self.memory.left(*kind, *record, unit(n)).unwrap();
                    assert_eq!(log.left(*kind, *record, unit(n))?, left);
                }
            }
            for n in 0..3 {
                assert_eq!(log.users_of(device(n))?, self.memory.users_of(device(n)).unwrap());
                assert_eq!(log.held_by(device(n))?, self.memory.held_by(device(n)).unwrap());
                assert_eq!(log.sight_of(device(n))?, self.memory.standing.sight_of(device(n)));
            }
            assert_eq!(log.erased_after(2)?, self.memory.standing.erased_after(2));
            Ok(())
        };
        self.register.read(check).unwrap();
    }
}

/// Exits and whole rows of one position come in no order of their own.
fn in_order(mut page: Page) -> Page {
    page.exits.sort_by_key(|exit: &Exit| (exit.position, exit.kind, exit.record));
    page.rows.sort_by_key(|whole| (whole.position, whole.row.kind, whole.row.record));
    page.kept.sort_by_key(|kept| (kept.position, kept.group.ops.first().map(Op::id)));
    page
}

fn history(postgres: Option<&str>, seed: u64) -> Both {
    let dir = tempfile::tempdir().unwrap();
    let mut both = Both::new(dir.path(), postgres, seed);
    for n in 0..3 {
        both.note(&Entry::Enrolled { device: device(n), user: user(n) });
    }
    both.note(&Entry::Assigned { user: user(0), reach: Reach::WholeCommune });
    both.note(&Entry::Assigned { user: user(1), reach: Reach::Scope(unit(1)) });
    for _ in 0..40 {
        both.now_ms += 1000;
        match both.dice.below(12) {
            0 => {
                let (user, reach) = (user(both.dice.below(3)), Reach::Scope(unit(both.dice.below(2))));
                both.note(&Entry::Assigned { user, reach });
            }
            1 => {
                let position = both.memory.head().unwrap().cursor.position();
                let assignment = 4 + both.dice.below(both.lines.len() as u64);
                both.note(&Entry::Ended { assignment, position });
            }
            2 => {
                let subject =
                    id([1 + both.dice.below(4), 10 + both.dice.below(6)]
                        [usize::from(seed.is_multiple_of(2))]);
                both.note(&Entry::Erased { subject });
            }
            3 if both.dice.below(4) == 0 => both.note(&Entry::Revoked { device: device(2) }),
            4 | 5 => both.offer(),
            _ => {
                let by = both.dice.below(3);
                both.push(by);
            }
        }
        if both.dice.below(3) == 0 {
            both.compare();
        }
    }
    both.compare();
    if let Some(proof) = both.proofs.first().copied() {
        both.write(|one| one.greet(&proof, 5).unwrap(), |other| other.greet(&proof, 5));
    }
    let ahead = HeadReceipt {
        at: sync_core::Cursor { position: 1 << 40, ..both.memory.head().unwrap().cursor },
        ..both.proofs[0]
    };
    let ahead = both.keys().seal_head(ahead.store, ahead.at);
    both.write(|one| one.greet(&ahead, 5).unwrap(), |other| other.greet(&ahead, 5));
    assert_eq!(both.memory.head().unwrap().cursor.epoch.number, 2);
    both.compare();
    both
}

#[test]
fn a_file_answers_as_memory_does() {
    answers_as_memory_does(None);
}

/// The communes of all histories side by side in one database.
#[cfg(unix)]
#[test]
fn postgres_answers_as_memory_does() {
    answers_as_memory_does(Some(&crate::cluster::database()));
}

fn answers_as_memory_does(postgres: Option<&str>) {
    let mut met = Met::default();
    for seed in 0..SEEDS {
        let both = history(postgres, seed);
        let pages: Vec<Page> =
            [Sight::All, Sight::Only([unit(0)].into())].map(|sight| both.page(&sight)).into();
        met.exits += pages.iter().map(|page| page.exits.len()).sum::<usize>();
        met.whole += pages.iter().map(|page| page.rows.len()).sum::<usize>();
        met.waiting += both.memory.waiting.len();
        met.erased += both.memory.standing.erased_after(0).len();
        met.parts += pages[0].groups.len().abs_diff(pages[1].groups.len());
    }
    let Met { exits, whole, waiting, erased, parts } = met;
    assert!([exits, whole, waiting, erased, parts].iter().all(|count| *count > 0), "never met: {met:?}");
}

/// What the histories must have met, or they compare nothing.
#[derive(Debug, Default)]
struct Met {
    exits: usize,
    whole: usize,
    waiting: usize,
    erased: usize,
    parts: usize,
}
