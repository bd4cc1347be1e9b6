//! A laptop in a temporary folder, with a clock that the test moves and randomness from a seed.

use std::sync::{Arc, Mutex};

use domain::calendar::{Day, PartialDate};
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::criteria::CriteriaSet;
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{
    AlleyId, AssessmentId, CommuneId, ConsentId, DeviceId, HamletUnitId, HouseholdId, MemberId, UserId,
    VisitId,
};
use domain::people::{
    Alley, Dwelling, HamletUnit, HamletUnitKind, Household, Member, Relation, Residence, Role,
};
use domain::rules::DoorRules;
use domain::visit::{Outcome, Visit};
use store::{
    Change, CountedBy, DataFolder, Durability, Identity, KeyCost, Machine, Operation, Options, Saved, Store,
    StoreError,
};
use sync_core::local::LocalStore;
use sync_core::op::{OpHash, Scope};
use sync_core::position::{Cursor, Position};
use sync_core::receipt::Receipt;
use sync_core::stamp::Stamp;
use sync_core::wire::{BatchLimits, GroupAnswer, Numbered, Page, PageGroup, PushReply};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const PASSPHRASE: &str = "aovang cuado nangtho muaxanh";
/// 2026-11-22 12:00 in Viet Nam.
pub(crate) const NOON: i64 = 1_795_323_600_000;
pub(crate) const UNIT: HamletUnitId = HamletUnitId(Uuid::from_u128(0x11));

#[derive(Clone, Debug)]
pub(crate) struct TestMachine(Arc<Mutex<(i64, u64)>>);

impl TestMachine {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new((NOON, seed))))
    }

    pub(crate) fn set_wall_ms(&self, wall_ms: i64) {
        self.0.lock().unwrap().0 = wall_ms;
    }
}

impl Machine for TestMachine {
    fn wall_ms(&mut self) -> i64 {
        self.0.lock().unwrap().0
    }

    fn monotonic_ms(&mut self) -> i64 {
        0
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            // splitmix64
            state.1 = state.1.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state.1;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
        Ok(())
    }
}

pub(crate) fn counted_by() -> CountedBy {
    CountedBy {
        rules: DoorRules::from_json(include_str!("../../../../assets/rules/door-2026.json")).unwrap(),
        criteria: CriteriaSet::from_json(include_str!("../../../../assets/criteria/phu-dong-2025.json"))
            .unwrap(),
        basis: Basis::Consent,
    }
}

pub(crate) struct Laptop {
    pub(crate) dir: TempDir,
    pub(crate) machine: TestMachine,
    pub(crate) commune: age::x25519::Identity,
    pub(crate) store: Option<Store>,
}

pub(crate) fn identity(commune: &age::x25519::Identity) -> Identity {
    Identity {
        commune: CommuneId(Uuid::from_u128(1)),
        device: DeviceId(Uuid::from_u128(2)),
        user: UserId(Uuid::from_u128(3)),
        role: Role::TeamMember,
        hamlet_units: vec![UNIT],
        basis: Basis::Consent,
        seal_to: commune.to_public().to_string(),
        certificate: None,
        link: String::new(),
    }
}

impl Laptop {
    pub(crate) fn new(seed: u64) -> Self {
        Self::on_basis(seed, Basis::Consent)
    }

    pub(crate) fn on_basis(seed: u64, basis: Basis) -> Self {
        let commune = age::x25519::Identity::generate();
        let dir = tempfile::tempdir().unwrap();
        let machine = TestMachine::new(seed);
        let mut laptop = Self { dir, machine, commune, store: None };
        laptop.store = Some(
            Store::create(
                laptop.folder(),
                &Identity { basis, ..identity(&laptop.commune) },
                PASSPHRASE,
                laptop.options(),
            )
            .unwrap(),
        );
        laptop
    }

    pub(crate) fn folder(&self) -> DataFolder {
        DataFolder::open(&self.dir.path().join("data")).unwrap()
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            counted_by: counted_by(),
            machine: Box::new(self.machine.clone()),
            durability: Durability::Off,
            key_cost: KeyCost { memory_kib: 64, passes: 1 },
        }
    }

    pub(crate) fn reopen(&mut self) -> Result<(), StoreError> {
        self.store = None;
        self.store = Some(Store::open(self.folder(), PASSPHRASE, self.options())?);
        Ok(())
    }

    pub(crate) fn store(&mut self) -> &mut Store {
        self.store.as_mut().unwrap()
    }

    pub(crate) fn save(
        &mut self,
        write: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>,
    ) -> Result<Saved, StoreError> {
        let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
        self.store().transact(operation, write).map(|((), saved)| saved)
    }

    /// Acknowledges and delivers everything pending, stamped by its wall clock.
    pub(crate) fn sync(&mut self) {
        let pending = self.store().next_batch(&BatchLimits { groups: 500, bytes: usize::MAX }).unwrap();
        self.acknowledge(&pending);
        self.deliver(&pending);
    }

    pub(crate) fn acknowledge(&mut self, groups: &[Numbered]) {
        let reply = self.reply(groups);
        self.store().acknowledge(&reply).unwrap();
    }

    /// The answer of a server that takes all of it.
    pub(crate) fn reply(&self, groups: &[Numbered]) -> PushReply {
        PushReply {
            receipts: groups.iter().flat_map(receipts).collect(),
            groups: groups
                .iter()
                .map(|one| GroupAnswer {
                    dseq: one.dseq,
                    group: one.group.id,
                    outcome: sync_core::ingest::GroupOutcome::Applied,
                    at: None,
                    dropped: vec![],
                })
                .collect(),
            expect: None,
            head: Cursor::default(),
            proof: None,
        }
    }

    pub(crate) fn deliver(&mut self, groups: &[Numbered]) {
        let page = self.page(groups);
        self.store().apply_page(page).unwrap();
    }

    /// The page after this laptop's cursor, holding these groups.
    pub(crate) fn page(&mut self, groups: &[Numbered]) -> Page {
        let from = self.store().hello().unwrap().cursor;
        let position = from.map_or(0, |cursor| cursor.position) + 1;
        Page {
            from,
            to: Cursor { position, ..Cursor::default() },
            exits: vec![],
            groups: groups
                .iter()
                .map(|one| PageGroup {
                    position: Position { epoch: 0, position },
                    group: one.group.clone(),
                    receipts: receipts(one),
                })
                .collect(),
            rows: vec![],
            more: false,
            sight: None,
            kept: vec![],
            proof: None,
        }
    }
}

pub(crate) fn receipts(numbered: &Numbered) -> Vec<Receipt> {
    numbered
        .group
        .ops
        .iter()
        .map(|op| Receipt {
            op: op.id(),
            op_hash: OpHash(op.hash().0),
            stamp: Stamp(op.header.wall_ms),
            first: Position { epoch: 0, position: 1 },
            found: vec![],
            mac: [0; 16],
        })
        .collect()
}

pub(crate) fn alley() -> Alley {
    Alley { id: AlleyId::from_name(UNIT.0, "Ngõ 1"), hamlet_unit: UNIT, name: "Ngõ 1".into() }
}

pub(crate) fn unit() -> HamletUnit {
    HamletUnit {
        id: UNIT,
        name: "Thôn Sen".into(),
        kind: HamletUnitKind::Hamlet,
        urban: false,
        valid_from: None,
        valid_to: None,
    }
}

pub(crate) fn household(number: u128) -> Household {
    Household {
        id: HouseholdId(Uuid::from_u128(0x1000 + number)),
        hamlet_unit: UNIT,
        alley: Some(alley().id),
        house_no: number.to_string(),
        place_note: String::new(),
        code: format!("T-{number}"),
        dwelling: Dwelling::House,
        alive: true,
    }
}

pub(crate) fn member(number: u128, household: u128, name: &str) -> Member {
    Member {
        id: MemberId(Uuid::from_u128(0x2000 + number)),
        household: HouseholdId(Uuid::from_u128(0x1000 + household)),
        full_name: name.into(),
        birth: PartialDate::parse("1980").ok(),
        sex: None,
        relation: Relation::Head,
        phone: None,
        residence: Residence::Present,
        alive: true,
    }
}

pub(crate) fn visit(number: u128, household: u128, outcome: Outcome) -> Visit {
    let id = VisitId(Uuid::from_u128(0x3000 + number));
    Visit::at_home(id, HouseholdId(Uuid::from_u128(0x1000 + household)), Day::at(NOON), outcome)
}

pub(crate) fn assessment(number: u128, member: u128, answers: &[(Fact, &str)]) -> Assessment {
    Assessment {
        id: AssessmentId(Uuid::from_u128(0x4000 + number)),
        member: MemberId(Uuid::from_u128(0x2000 + member)),
        day: Day::at(NOON),
        visit: None,
        respondent: None,
        answers: answers
            .iter()
            .map(|(fact, answer)| (fact.clone(), Answer::from((*answer).to_owned()), Evidence::SelfReported))
            .collect(),
        voids: None,
    }
}

pub(crate) fn consent(number: u128, member: u128, decision: Decision) -> Consent {
    Consent {
        id: ConsentId(Uuid::from_u128(0x5000 + number)),
        member: MemberId(Uuid::from_u128(0x2000 + member)),
        day: Day::at(NOON),
        visit: None,
        purposes: vec![Purpose::GuideFamily, Purpose::Figures],
        decision,
        basis: Basis::Consent,
        text_version: "2026-11".into(),
        voids: None,
    }
}

/// A unit, an alley and a household of two.
pub(crate) fn a_small_register(change: &mut Change<'_>) -> Result<(), StoreError> {
    change.put(&unit())?;
    change.put(&alley())?;
    change.put(&household(1))?;
    change.put(&member(1, 1, "Nguyễn Văn Hòa"))?;
    change.put(&member(2, 1, "Trần Thị Mỹ"))
}
