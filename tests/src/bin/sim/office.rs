//! The server of a history: the real register in a folder, its backups, and an officer who writes into it without a laptop
//! of this program, by words that an older version does not know.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use domain::calendar::Day;
use domain::consent::Basis;
use domain::ids::{AlleyId, CommuneId, DeviceId, HamletUnitId, UserId};
use domain::people::{Alley, HamletUnit, HamletUnitKind, Member, Role};
use server::{EnrolOrder, Machine, NewCommune, Options, Register};
use store::Durability;
use sync_core::api::{self, ApiError, EnrolReply, EnrolRequest};
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::{Cursor, Epoch, Position};
use sync_core::projection::household_as_of;
use sync_core::records::{Recorded, ResidenceEvent};
use sync_core::rights::Sight;
use sync_core::stamp::OrderKey;
use sync_core::wire::{
    Batch, DigestsReply, Numbered, PROTOCOL, Page, PageGroup, PullRequest, PushReply, SigningKey,
};
use sync_core::witness::Witness;
use sync_core::{Group, Row, Stamp, Value};
use tests::dice::Dice;
use tests::disk;
use tests::laptop::NOON_MS;
use uuid::Uuid;

/// The commune's clock: it goes on by itself and is right.
pub(crate) type Now = Arc<AtomicI64>;

#[derive(Debug)]
struct ServerMachine {
    now: Now,
    dice: Mutex<Dice>,
}

impl Machine for ServerMachine {
    fn wall_ms(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        let mut dice = self.dice.lock().map_err(|_| std::io::Error::other("dice"))?;
        bytes.fill_with(|| dice.roll().to_le_bytes().first().copied().unwrap_or_default());
        Ok(())
    }
}

/// The two hamlet units, by their names.
pub(crate) const UNITS: [(&str, HamletUnitId); 2] =
    [("Thôn Sen", HamletUnitId(Uuid::from_u128(0x5c))), ("Thôn Hạ", HamletUnitId(Uuid::from_u128(0x5d)))];
/// Two alleys of each.
pub(crate) const ALLEYS: [(HamletUnitId, AlleyId); 4] = [
    (UNITS[0].1, AlleyId(Uuid::from_u128(0xa1))),
    (UNITS[0].1, AlleyId(Uuid::from_u128(0xa2))),
    (UNITS[1].1, AlleyId(Uuid::from_u128(0xa3))),
    (UNITS[1].1, AlleyId(Uuid::from_u128(0xa4))),
];
/// A kind of a version to come.
const NEWER_KIND: u16 = 777;

pub(crate) struct Office {
    folder: PathBuf,
    /// Disks it has had; each has a data folder.
    disks: u32,
    pub(crate) now: Now,
    dice: Dice,
    register: Option<Register>,
    officer: Officer,
    backups: Vec<PathBuf>,
    pub(crate) in_a_file: bool,
    /// Where the stream stood when the witness was last looked at.
    looked_at: Option<Cursor>,
    /// The power went or a backup was put back since then: the witness may be a step behind.
    cut: bool,
}

/// What came of putting a backup back.
pub(crate) struct PutBack {
    /// So many positions.
    pub(crate) forgotten: u64,
    /// The witness lay beside it.
    pub(crate) witnessed: bool,
    /// The log's next life began.
    pub(crate) noticed: bool,
}

/// Where the server's files end, and what its witness said.
pub(crate) struct Standing {
    log: u64,
    witness: Option<Vec<u8>>,
}

struct Officer {
    device: DeviceId,
    user: UserId,
    token: String,
    key: SigningKey,
    incarnation: u64,
    saved: u64,
}

impl Office {
    /// A commune with two hamlet units; its register is in the folder, or in a PostgreSQL database.
    pub(crate) fn open(folder: PathBuf, seed: u64, postgres: Option<&str>) -> Result<Self> {
        let now: Now = Arc::new(AtomicI64::new(NOON_MS));
        let mut dice = Dice::new(seed ^ 0x0ff1_ce00);
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        let options = options(&now, dice.roll());
        let data = folder.join("data-1");
        let register = match postgres {
            None => Register::create(&data, &commune, options)?,
            Some(url) => Register::create_in_postgres(&data, &commune, url, options)?,
        };
        let officer = Officer {
            device: DeviceId(Uuid::nil()),
            user: UserId(Uuid::nil()),
            token: String::new(),
            key: SigningKey::from_bytes(&[9; 32]),
            incarnation: 1,
            saved: 0,
        };
        let mut office = Self {
            folder,
            disks: 1,
            in_a_file: postgres.is_none(),
            now,
            dice,
            register: Some(register),
            officer,
            backups: vec![],
            looked_at: None,
            cut: false,
        };
        let key = office.officer.key.clone();
        let reply = office.enrol(Role::CommuneOfficer, &[], &key)?;
        office.officer.device = reply.device;
        office.officer.user = reply.user;
        office.officer.token = reply.token;
        for (name, id) in UNITS {
            let unit = HamletUnit {
                id,
                name: name.into(),
                kind: HamletUnitKind::Hamlet,
                urban: false,
                valid_from: None,
                valid_to: None,
            };
            office.begins(id, &unit)?;
        }
        for (hamlet_unit, id) in ALLEYS {
            office.begins(hamlet_unit, &Alley { id, hamlet_unit, name: "Ngõ".into() })?;
        }
        Ok(office)
    }

    fn begins<R: Recorded>(&mut self, unit: HamletUnitId, record: &R) -> Result<()> {
        let edit = |(no, value)| FieldEdit { no, value, replaced: None, seen: None };
        let fields = record.creation().into_iter().map(edit).collect();
        self.writes(Scope::from(unit), R::KIND.no(), record.record(), fields)
    }

    pub(crate) fn register(&self) -> Result<&Register> {
        self.register.as_ref().context("the register is closed")
    }

    pub(crate) fn answer(&self, path: &str, token: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        match &self.register {
            Some(register) => server::direct::answer(register, path, token, body),
            None => Err(ApiError::new(api::ApiCode::ServerFault)),
        }
    }

    /// What the stream carries, read by somebody who sees all of it: each op with its stamp.
    pub(crate) fn stream(&self) -> Result<Vec<(Op, Option<Stamp>)>> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let request = PullRequest { cursor, sight: Some(Sight::All), max_bytes: 1 << 20 };
            let page = self.answer(api::PULL, &self.officer.token, &serde_json::to_vec(&request)?);
            let page: Page = serde_json::from_slice(&page.map_err(|error| anyhow!("the officer: {error}"))?)?;
            for PageGroup { group, receipts, .. } in page.groups {
                for op in group.ops {
                    let receipt = receipts.iter().find(|receipt| receipt.op == op.id());
                    let stamp = receipt.map(|receipt| receipt.stamp);
                    all.push((op, stamp));
                }
            }
            cursor = Some(page.to);
            if !page.more {
                return Ok(all);
            }
        }
    }

    /// Everybody whom the log has, with the household they live in by what was written of it.
    pub(crate) fn lives_in(&self) -> Result<BTreeMap<Uuid, Uuid>> {
        let mut rows: BTreeMap<(u16, Uuid), Row> = BTreeMap::new();
        for (op, stamp) in self.stream()? {
            let row = rows.entry((op.header.kind, op.header.record)).or_insert_with(|| Row::begun_by(&op));
            row.merge(&op, stamp.unwrap_or_default());
        }
        let event = |row: &Row| Some((row.key()?, ResidenceEvent::try_from(row).ok()?));
        let events: Vec<_> = rows.values().filter_map(event).collect();
        let lives = |row: &Row| {
            let person = Member::try_from(row).ok()?;
            let own = |(_, event): &&(OrderKey, ResidenceEvent)| event.member == person.id;
            let own: Vec<_> = events.iter().filter(own).cloned().collect();
            Some((person.id.0, household_as_of(person.household, &own, Day::at(i64::MAX)).0))
        };
        Ok(rows.values().filter_map(lives).collect())
    }

    /// The digests of all there is, where the stream stands and the ledger.
    pub(crate) fn digests(&self) -> Result<DigestsReply> {
        let digests = self.answer(api::DIGESTS, &self.officer.token, b"");
        Ok(serde_json::from_slice(&digests.map_err(|error| anyhow::anyhow!("the officer: {error}"))?)?)
    }

    /// Where the stream stands, and in which life of the log.
    pub(crate) fn stands_at(&self) -> Result<(Epoch, u64)> {
        let register = self.register()?;
        Ok((register.epoch()?, register.position()?))
    }

    /// True unless something was committed since the last look, and the witness does not say so.
    pub(crate) fn is_witnessed(&mut self, at: Cursor) -> Result<bool> {
        let moved = self.looked_at.replace(at) != Some(at);
        if std::mem::take(&mut self.cut) || !moved {
            return Ok(true);
        }
        let Ok(witness) = std::fs::read(self.data().join("witness.json")) else { return Ok(false) };
        Ok(serde_json::from_slice::<Witness>(&witness)?.head.at == at)
    }

    pub(crate) fn commune(&self) -> Result<CommuneId> {
        Ok(self.register()?.commune())
    }

    /// A code, and a device that it makes.
    pub(crate) fn enrol(&self, role: Role, units: &[&str], key: &SigningKey) -> Result<EnrolReply> {
        let order = EnrolOrder {
            role,
            hamlet_units: units.iter().map(|&unit| unit.to_owned()).collect(),
            user_name: String::new(),
            valid_minutes: 60,
            address: None,
        };
        let code = self.register()?.issue_code(&order)?.code;
        Ok(self.register()?.enrol(&EnrolRequest::signed(&code.secret, key, "Máy"))?)
    }

    /// The officer writes something of a kind that nobody here knows.
    pub(crate) fn writes_what_is_new(&mut self) -> Result<()> {
        let nth = self.dice.below(4);
        let record = Uuid::from_u128(7000 + u128::from(nth));
        let [(_, one), (_, other)] = UNITS;
        let unit = if nth.is_multiple_of(2) { one } else { other };
        let text = Value::from(format!("{}", self.officer.saved));
        let edit = FieldEdit { no: 7700, value: text, replaced: None, seen: None };
        self.writes(Scope::from(unit), NEWER_KIND, record, vec![edit])
    }

    fn writes(&mut self, scope: Scope, kind: u16, record: Uuid, mut fields: Vec<FieldEdit>) -> Result<()> {
        fields.sort_by_key(|edit| edit.no);
        let officer = &mut self.officer;
        officer.saved += 1;
        let id = OpId { group: GroupId(Uuid::from_u128(self.dice.roll().into())), index: 0 };
        let header = OpHeader {
            id,
            job: None,
            commune: self.register.as_ref().context("closed")?.commune(),
            scope,
            kind,
            record,
            device: officer.device,
            actor: officer.user,
            schema: 1,
            wall_ms: self.now.load(Ordering::Relaxed),
            session: 1,
            base: Position::default(),
        };
        let group = Group::seeded(id.group, [3; 16], vec![Op { header, salt: [0; 16], fields }]);
        // Nobody keeps what the officer wrote: after a restore it is written anew under other numbers.
        officer.incarnation += 1;
        let numbered = Numbered { incarnation: officer.incarnation, dseq: 1, group };
        let batch = Batch {
            protocol: PROTOCOL,
            commune: self.commune()?,
            device: self.officer.device,
            epoch: self.register()?.epoch()?.number,
            offsets: vec![],
            groups: vec![numbered],
        };
        let signed = batch.sign(&self.officer.key).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let reply = self.answer(api::PUSH, &self.officer.token, &signed.to_body());
        let reply: PushReply = serde_json::from_slice(&reply.map_err(|error| anyhow::anyhow!("{error}"))?)?;
        ensure!(reply.receipts.len() == 1, "what the officer writes is taken");
        Ok(())
    }

    /// A verified backup.
    pub(crate) fn back_up(&mut self) -> Result<()> {
        let to = self.folder.join(format!("backups-{}", self.backups.len()));
        let report = self.register()?.backup(&to)?;
        self.backups.push(report.file);
        Ok(())
    }

    /// One of the last backups is put back, with the witness beside it or without; by the command, or by hand, so that
    /// nobody says it. `None` if there is none that may be.
    pub(crate) fn put_back(&mut self, nth: u64, witness: bool, by_hand: bool) -> Result<Option<PutBack>> {
        let last = self.backups.len().saturating_sub(3);
        let from = self.backups.get(last..).unwrap_or_default();
        let Some(file) = from.get(usize::try_from(nth % 3)?).cloned() else { return Ok(None) };
        self.cut = true;
        let (epoch, before) = self.stands_at()?;
        self.register = None;
        let data = self.data();
        if !witness {
            let _ = std::fs::remove_file(data.join("witness.json"));
        }
        let witnessed = data.join("witness.json").exists();
        let options = options(&self.now, self.dice.roll());
        let restored = if by_hand {
            for name in ["register.db-wal", "register.db-shm"] {
                let _ = std::fs::remove_file(data.join(name));
            }
            std::fs::copy(&file, data.join("register.db")).map(drop).map_err(server::ServerError::from)
        } else {
            server::restore(&data, &file, false, options.clone()).map(drop)
        };
        self.register = Some(Register::open(&data, options)?);
        match restored {
            Ok(()) => {}
            Err(server::ServerError::BackupTooOld) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // What was taken of the life that ended is of another history.
        self.backups.truncate(last + usize::try_from(nth % 3)? + 1);
        let (present, position) = self.stands_at()?;
        let forgotten = before.saturating_sub(position);
        Ok(Some(PutBack { forgotten, witnessed, noticed: present != epoch }))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn data(&self) -> PathBuf {
        self.folder.join(format!("data-{}", self.disks))
    }

    /// What a power cut leaves for certain from here on.
    pub(crate) fn stands(&self) -> Standing {
        let length = |name| std::fs::metadata(self.data().join(name)).map_or(0, |file| file.len());
        Standing {
            log: length("register.db-wal"),
            witness: std::fs::read(self.data().join("witness.json")).ok(),
        }
    }

    /// The power goes in a commit: of what was written to the log since then a part is on the disk, and of the witness,
    /// which is written after it, nothing. Returns whether anything was cut off.
    pub(crate) fn crash(&mut self, before: &Standing) -> Result<bool> {
        if !self.in_a_file {
            return Ok(false);
        }
        self.cut = true;
        let after = self.stands();
        let from = self.data();
        self.disks += 1;
        disk::copy(&from, &self.data())?;
        self.register = None;
        let mut cut_off = false;
        if before.log < after.log {
            let kept = before.log + self.dice.part_of(after.log - before.log);
            let log = std::fs::OpenOptions::new().write(true).open(self.data().join("register.db-wal"))?;
            log.set_len(kept)?;
            cut_off = kept < after.log;
            let witness = self.data().join("witness.json");
            match &before.witness {
                Some(witnessed) => std::fs::write(witness, witnessed)?,
                None => drop(std::fs::remove_file(witness)),
            }
        }
        let options = options(&self.now, self.dice.roll());
        self.register = Some(Register::open(&self.data(), options)?);
        Ok(cut_off)
    }
}

fn options(now: &Now, seed: u64) -> Options {
    let machine = ServerMachine { now: Arc::clone(now), dice: Mutex::new(Dice::new(seed)) };
    Options { machine: Arc::new(machine), durability: Durability::Off, clock_is_right: true }
}
