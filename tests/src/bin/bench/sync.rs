//! `bench sync`: what a server does with what laptops send, without the wire: a batch that was checked, merged, given
//! its receipts and kept, until it survives a power cut. The reference is the rows that it left, written by hand.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::consent::Basis;
use domain::fact::{Answer, Evidence};
use domain::ids::{CommuneId, DeviceId, UserId};
use domain::people::Role;
use domain::registry::{RecordKind, no};
use rusqlite::Connection;
use server::{EnrolOrder, NewCommune, Options as Opened, Register};
use store::Durability;
use sync_core::api::EnrolRequest;
use sync_core::op::{FieldEdit, Scope};
use sync_core::position::Position;
use sync_core::wire::{Batch, Numbered, PROTOCOL, SigningKey};
use sync_core::{Group, GroupId, Op, OpHeader, OpId, Value};
use tests::disk;
use uuid::Uuid;

use crate::Out;
use crate::by_hand::{Rows, Table, rows_of};

use crate::measure::{Spent, median, millis, timed};
use crate::pulling::{self, Reader};
use crate::report::{Report, Row};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// So many people of one hamlet unit; without it 2,000
    #[arg(long)]
    people: Option<usize>,
    /// The same once more into this PostgreSQL database
    #[arg(long)]
    postgres: Option<String>,
    #[command(flatten)]
    out: Out,
}

/// Saves that are timed.
const SAVES: usize = 10_000;
/// So often, after once to see what is left.
const ROUNDS: usize = 5;
/// What the laptop's clock says.
const WALL_MS: i64 = 1_800_000_000_000;
/// What a batch may have.
const GROUPS: usize = 500;

/// What people save.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// So many fields of a household; four of them move the figures.
    Edits(usize),
    /// A visit, and what was learned of the person who lives there: it moves the figures.
    Visits,
}

impl Work {
    fn name(self) -> String {
        match self {
            Self::Edits(1) => "edits of 1 field".into(),
            Self::Edits(fields) => format!("edits of {fields} fields, one of them counted"),
            Self::Visits => "visits with four answers".into(),
        }
    }

    fn ops(self) -> usize {
        SAVES * if self == Self::Visits { 2 } else { 1 }
    }

    /// Of each table: which rows are newer than a position, or were written again in every batch.
    fn tables(self) -> Vec<(&'static str, &'static str)> {
        let records: &[_] = match self {
            Self::Edits(_) => &[("records", "kind = 3 AND ?1 >= 0")],
            Self::Visits => &[("records", "kind IN (5, 6) AND ?1 >= 0")],
        };
        [LOG, records, if self == Self::Edits(1) { &[] } else { FIGURES }].concat()
    }

    fn rewrites(self, table: &str) -> bool {
        ["household_counts", "tallies"].contains(&table) || (table == "records" && self != Self::Visits)
    }
}

/// What every Save leaves.
const LOG: &[(&str, &str)] = &[
    ("commits", "position > ?1"),
    ("bodies", "position > ?1"),
    ("ops", "position > ?1"),
    ("record_ops", "position > ?1"),
    ("numbers", "dseq > ?1"),
];

/// And what a Save leaves that moves the figures.
const FIGURES: &[(&str, &str)] = &[("household_counts", "?1 >= 0"), ("tallies", "?1 >= 0")];

/// A laptop that pushes.
struct Laptop {
    commune: CommuneId,
    device: DeviceId,
    user: UserId,
    saved: u64,
    /// Of each household its last op: whoever changes it saw what that wrote.
    last: BTreeMap<usize, OpId>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let people = options.people.unwrap_or(2000);
    let mut report = Report { name: "sync", rows: vec![], notes: vec![] };
    for work in [Work::Edits(1), Work::Edits(4), Work::Visits] {
        println!("{SAVES} {}", work.name());
        ingest(&mut report, people, work)?;
        if let Some(url) = &options.postgres {
            in_postgres(&mut report, people, work, url)?;
        }
    }
    println!("a laptop that pulls it");
    pulled(&mut report, people)?;
    report.write(&options.out.out)
}

/// The laptop's half, from a register whose people have each been edited a few times.
fn pulled(report: &mut Report, people: usize) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let register = Register::create(dir.path(), &commune(), Opened::default())?;
    let mut officer = laptop_of(&register, people)?;
    let mut reader = Reader::enrol(&register)?;
    reader.merge(&register, report, "its first pull")?;
    for batch in batches_of(&mut officer, people, Work::Edits(4)) {
        register.take(&batch)?;
    }
    reader.merge(&register, report, "edits of 4 fields")?;
    reader.digest(report)?;
    reader.snapshot(report)?;
    pulling::tail(&register, report)
}

fn commune() -> NewCommune {
    NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent }
}

/// A laptop whose people the register has.
fn laptop_of(register: &Register, people: usize) -> Result<Laptop> {
    let mut laptop = enrolled(register)?;
    let creation = (0..people).map(|person| laptop.person(person)).collect::<Vec<_>>();
    for groups in creation.chunks(GROUPS) {
        register.take(&laptop.batch(groups))?;
    }
    Ok(laptop)
}

fn batches_of(laptop: &mut Laptop, people: usize, work: Work) -> Vec<Batch> {
    let save = |nth: usize| match work {
        Work::Edits(fields) => laptop.edit(door(nth, people), fields, nth / people),
        Work::Visits => laptop.visit(nth, door(nth, people)),
    };
    let saves: Vec<Numbered> = (0..SAVES).map(save).collect();
    saves.chunks(GROUPS).map(|groups| laptop.batch(groups)).collect()
}

/// Whose door the nth Save is at: neighbours in time are none in the register.
fn door(nth: usize, people: usize) -> usize {
    nth * 7919 % people
}

/// Against the same into a file: the row before this one.
fn in_postgres(report: &mut Report, people: usize, work: Work, url: &str) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let register = Register::create_in_postgres(dir.path(), &commune(), url, Opened::default())?;
    let mut laptop = laptop_of(&register, people)?;
    let batches = batches_of(&mut laptop, people, work);
    let (taken, ours) = timed(|| batches.iter().try_for_each(|batch| register.take(batch).map(drop)));
    taken?;
    let in_a_file = report.rows.last().context("the same into a file comes before")?.ours;
    report.rows.push(Row {
        work: format!("take {} into PostgreSQL, merged, durable", work.name()),
        size: format!("{SAVES} Saves in batches of {GROUPS}, {people} people"),
        unit: "ms",
        ours: ours.wall.as_secs_f64() * 1e3,
        reference: "ours into an encrypted file, the row above".into(),
        reference_value: in_a_file,
        at_most: None,
    });
    report.notes.push(format!(
        "{} into PostgreSQL: {:.0} ops/s",
        work.name(),
        work.ops() as f64 / ours.wall.as_secs_f64()
    ));
    Ok(())
}

/// Ours and by hand take turns, batch by batch, so that both have the machine's good and bad moments.
fn ingest(report: &mut Report, people: usize, work: Work) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let register = Register::create(&dir.path().join("data"), &commune(), Opened::default())?;
    let mut laptop = laptop_of(&register, people)?;
    let before = Left::after(&register, work, 0)?;
    checkpoint(&register)?;
    drop(register);
    let batches = batches_of(&mut laptop, people, work);
    let mut portions = Vec::new();
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    // The first time shows which rows are left.
    for round in 0..=ROUNDS {
        let data = dir.path().join(format!("data-{round}"));
        disk::copy(&dir.path().join("data"), &data)?;
        let copy = dir.path().join(format!("by-hand-{round}.db"));
        let register = Register::open(&data, Opened::default())?;
        checkpoint(&register)?;
        std::fs::copy(register.folder().database(), &copy)?;
        let mut by_hand = database::connect(&copy, &register.keys().database, Durability::Full)?;
        let (mut taking, mut writing) = (Spent::default(), Spent::default());
        for (nth, batch) in batches.iter().enumerate() {
            let (taken, spent) = timed(|| register.take(batch).map(drop));
            taken?;
            taking += spent;
            if let Some(rows) = portions.get(nth) {
                let (written, spent) = timed(|| Rows::write(rows, &mut by_hand));
                written?;
                writing += spent;
            }
        }
        if round == 0 {
            let after = Left::after(&register, work, before.position)?;
            anyhow::ensure!(after.position - before.position == SAVES as i64, "a Save was not taken");
            portions = after.portions(work, batches.len());
        } else {
            ours.push(taking);
            reference.push(writing);
        }
    }
    let rows: usize = portions.iter().map(Rows::count).sum();
    let wall = |all: &[Spent]| median(&all.iter().map(|spent| millis(spent.wall)).collect::<Vec<_>>());
    let cpu = |all: &[Spent]| median(&all.iter().map(|spent| millis(spent.cpu)).collect::<Vec<_>>());
    report.rows.push(Row {
        work: format!("take {}, merged, durable", work.name()),
        size: format!(
            "{SAVES} Saves in batches of {GROUPS}, {people} people, {rows} rows; median of {ROUNDS}, in turns"
        ),
        unit: "ms",
        ours: wall(&ours),
        reference:
            "the rows that those batches left, values at hand, prepared statements, a transaction for each \
                    batch, same key and settings"
                .into(),
        reference_value: wall(&reference),
        at_most: Some(4.0),
    });
    let per_second = |spent: f64| work.ops() as f64 * 1e3 / spent;
    report.notes.push(format!(
        "{}: {:.0} ops/s, by hand {:.0} (the aim of the design: 10,000 ops/s and a quarter of \
         by hand); processor {:.0} ms, by hand {:.0}",
        work.name(),
        per_second(wall(&ours)),
        per_second(wall(&reference)),
        cpu(&ours),
        cpu(&reference),
    ));
    Ok(())
}

fn enrolled(register: &Register) -> Result<Laptop> {
    let order = EnrolOrder {
        role: Role::CommuneOfficer,
        hamlet_units: vec![],
        user_name: "Lan".into(),
        valid_minutes: 60,
        address: None,
    };
    let code = register.issue_code(&order)?.code;
    let request = EnrolRequest::signed(&code.secret, &SigningKey::from_bytes(&[7; 32]), "Máy chị Lan");
    let me = register.enrol(&request)?;
    Ok(Laptop { commune: me.commune, device: me.device, user: me.user, saved: 0, last: BTreeMap::new() })
}

impl Laptop {
    fn batch(&self, groups: &[Numbered]) -> Batch {
        let (commune, device, groups) = (self.commune, self.device, groups.to_vec());
        Batch { protocol: PROTOCOL, commune, device, epoch: 1, offsets: vec![], groups }
    }

    /// One Save that writes these records.
    fn save(&mut self, writes: Vec<(RecordKind, Uuid, Vec<FieldEdit>)>) -> Numbered {
        self.saved += 1;
        let group = GroupId::random(u128::from(self.saved).to_le_bytes());
        let write = |(index, (kind, record, fields))| {
            let header = self.header(OpId { group, index }, kind, record);
            Op { header, salt: [0; 16], fields }
        };
        let ops = (0..).zip(writes).map(write).collect();
        let seed = u128::from(self.saved).to_be_bytes();
        Numbered { incarnation: 7, dseq: self.saved, group: Group::seeded(group, seed, ops) }
    }

    fn header(&self, id: OpId, kind: RecordKind, record: Uuid) -> OpHeader {
        OpHeader {
            id,
            job: None,
            commune: self.commune,
            scope: Scope(Uuid::from_u128(0x5c)),
            kind: kind.no(),
            record,
            device: self.device,
            actor: self.user,
            schema: 1,
            wall_ms: WALL_MS,
            session: 1,
            base: Position::default(),
        }
    }

    /// A household of one.
    fn person(&mut self, nth: usize) -> Numbered {
        let lives_in = household(nth);
        let house = vec![
            FieldEdit::first(no::HOUSEHOLD_HOUSE_NO, nth.to_string()),
            FieldEdit::first(no::HOUSEHOLD_ALIVE, true),
        ];
        let line = vec![
            FieldEdit::first(no::MEMBER_HOUSEHOLD, lives_in),
            FieldEdit::first(no::MEMBER_FULL_NAME, format!("Lê {nth}")),
            FieldEdit::first(no::MEMBER_LISTED_RESIDENCE, "present"),
            FieldEdit::first(no::MEMBER_ALIVE, true),
        ];
        let writes = vec![(RecordKind::Household, lives_in, house), (RecordKind::Member, member(nth), line)];
        let save = self.save(writes);
        self.last.extend(save.group.ops.first().map(|op| (nth, op.id())));
        save
    }

    fn visit(&mut self, nth: usize, of: usize) -> Numbered {
        let day = domain::calendar::Day::at(WALL_MS);
        let said = if nth.is_multiple_of(3) { "no" } else { "yes" };
        let visit = vec![
            FieldEdit::first(no::VISIT_HOUSEHOLD, household(of)),
            FieldEdit::first(no::VISIT_DAY, day),
            FieldEdit::first(no::VISIT_OUTCOME, "met"),
            FieldEdit::first(no::VISIT_CHANNEL, "at_home"),
        ];
        let answer =
            |no| FieldEdit::first(no, Value::answer(Answer::from(said.to_owned()), Evidence::SelfReported));
        let facts = [no::FACT_KNOWS, no::FACT_SKILL, no::FACT_USES, no::FACT_SAFE];
        let learned =
            [FieldEdit::first(no::ASSESSMENT_MEMBER, member(of)), FieldEdit::first(no::ASSESSMENT_DAY, day)];
        let learned = learned.into_iter().chain(facts.map(answer)).collect();
        let id = |kind: u128| Uuid::from_u128((kind << 64) + nth as u128);
        self.save(vec![(RecordKind::Visit, id(5), visit), (RecordKind::Assessment, id(6), learned)])
    }

    /// Each round it dwells otherwise.
    fn edit(&mut self, nth: usize, fields: usize, round: usize) -> Numbered {
        let numbers =
            [no::HOUSEHOLD_HOUSE_NO, no::HOUSEHOLD_PLACE_NOTE, no::HOUSEHOLD_CODE, no::HOUSEHOLD_DWELLING];
        let saved = self.saved;
        let dwelling = if round.is_multiple_of(2) { "rented_room" } else { "house" };
        let edit = |no: &u16| match *no {
            no::HOUSEHOLD_DWELLING => FieldEdit::first(*no, dwelling),
            no => FieldEdit::first(no, format!("{saved}")),
        };
        let replaced = self.last.get(&nth).copied();
        let edit = |no: &u16| FieldEdit { replaced, ..edit(no) };
        let fields = numbers.iter().take(fields).map(edit).collect();
        let save = self.save(vec![(RecordKind::Household, household(nth), fields)]);
        self.last.extend(save.group.ops.first().map(|op| (nth, op.id())));
        save
    }
}

fn household(nth: usize) -> Uuid {
    Uuid::from_u128((3 << 64) + nth as u128)
}

fn member(nth: usize) -> Uuid {
    Uuid::from_u128((4 << 64) + nth as u128)
}

/// What batches left behind.
struct Left {
    position: i64,
    tables: Vec<Table>,
}

impl Left {
    fn after(register: &Register, work: Work, position: i64) -> Result<Self> {
        let connection = open(register)?;
        let tables = rows_of(&connection, &work.tables(), position)?;
        let position = connection.query_row("SELECT position FROM communes", [], |row| row.get(0))?;
        Ok(Self { position, tables })
    }

    /// Cut evenly into as many transactions as there were batches; of what was written again as much as a batch writes.
    fn portions(&self, work: Work, count: usize) -> Vec<Rows> {
        let portion = |nth: usize| {
            let of_table = |(table, rows): &Table| {
                let share = rows.len().div_ceil(count);
                let rows = if work.rewrites(table) {
                    // They lie in the order in which the people were begun.
                    let of = |save| rows.get(door(nth * GROUPS + save, rows.len())).cloned();
                    (0..GROUPS.min(rows.len())).filter_map(of).collect()
                } else {
                    rows.iter().skip(nth * share).take(share).cloned().collect()
                };
                (*table, rows)
            };
            Rows::over(self.tables.iter().map(of_table))
        };
        (0..count).map(portion).collect()
    }
}

fn open(register: &Register) -> Result<Connection> {
    Ok(database::connect(&register.folder().database(), &register.keys().database, Durability::Full)?)
}

fn checkpoint(register: &Register) -> Result<()> {
    open(register)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).context("checkpoint")
}
