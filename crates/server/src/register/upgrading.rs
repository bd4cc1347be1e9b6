//! A register of the first schema is brought up to this one with everything that is in it.

use database::Durability;
use domain::consent::Basis;
use domain::ids::{CommuneId, DeviceId, UserId};
use domain::registry::{RecordKind, no};
use rusqlite::params;
use sync_core::commune::{CommuneStore, Sent, Which};
use sync_core::group::Group;
use sync_core::ingest::LogView;
use sync_core::ledger::{Entry, Mark};
use sync_core::offer::HistoryView;
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::Position;
use sync_core::rights::{Reach, Sight};
use sync_core::row::Row;
use sync_core::wire::{Numbered, PageGroup};
use sync_core::{Receipt, Stamp};
use uuid::Uuid;

use super::{NewCommune, Options, Register, embedded};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

const UNIT: Scope = Scope(Uuid::from_u128(0x5c));

/// A household and, at the next position, a person in it.
fn group(number: u128, commune: CommuneId, kind: RecordKind, record: Uuid, fields: Vec<FieldEdit>) -> Group {
    let group = GroupId(id(number));
    let header = OpHeader {
        id: OpId { group, index: 0 },
        job: None,
        commune,
        scope: UNIT,
        kind: kind.no(),
        record,
        device: DeviceId(id(0xd0)),
        actor: UserId(id(0xa0)),
        schema: 1,
        wall_ms: 5,
        session: 1,
        base: Position::default(),
    };
    Group { id: group, seed: None, ops: vec![Op { header, salt: [1; 16], fields }] }
}

#[test]
fn a_register_of_the_first_schema_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let commune = NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
    let options = Options { durability: Durability::Off, ..Options::default() };
    let register = Register::create(dir.path(), &commune, options.clone()).unwrap();
    let (file, key) = (register.folder().database(), register.keys().database.clone());
    let (of, receipts) = (register.commune(), register.keys().receipts.clone());
    drop(register);
    std::fs::remove_file(&file).unwrap();

    let first = embedded::migrations::runner().set_target(refinery::Target::Version(1));
    let old = database::open(&file, &key, Durability::Off, first).unwrap();
    old.execute(
        "INSERT INTO communes VALUES (?1, 'Xã Đồng Sen', '', 'consent', 1, 7, 3, ?2, 0, '2026-11-26', ?3, ?4, 9)",
        params![of.0, [3_u8; 32], id(1), id(2)],
    )
    .unwrap();
    let (device, user) = (id(0xd0), id(0xa0));
    old.execute(
        "INSERT INTO devices VALUES (?1, ?2, ?3, 'Máy chị Lan', ?4, ?4, 0, NULL, NULL)",
        params![of.0, device, user, [1_u8; 32]],
    )
    .unwrap();
    old.execute(
        "INSERT INTO devices VALUES (?1, ?2, ?3, 'Máy cũ', ?4, ?4, 0, NULL, 5)",
        params![of.0, id(0xd1), id(0xa1), [1_u8; 32]],
    )
    .unwrap();
    old.execute(
        "INSERT INTO assignments VALUES (?1, 1, ?2, ?3, 0, NULL, NULL, NULL)",
        params![of.0, user, UNIT.0],
    )
    .unwrap();
    let (household, person) = (id(0x0b1d), id(0xf00d));
    let (edge, twin) = (id(0xed6e), id(0xf00e));
    let groups = [
        group(10, of, RecordKind::Household, household, vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)]),
        group(
            11,
            of,
            RecordKind::Member,
            person,
            vec![
                FieldEdit::first(no::MEMBER_HOUSEHOLD, household),
                FieldEdit::first(no::MEMBER_FULL_NAME, "Lê An"),
            ],
        ),
        group(
            12,
            of,
            RecordKind::SameAs,
            edge,
            vec![FieldEdit::first(no::SAME_AS_A, person), FieldEdit::first(no::SAME_AS_B, twin)],
        ),
    ];
    for (position, group) in (1_u64..).zip(&groups) {
        let op = &group.ops[0];
        let first = Position { epoch: 1, position };
        let receipt = receipts.seal(Receipt {
            op: op.id(),
            op_hash: op.hash(),
            stamp: Stamp(5),
            first,
            found: vec![],
            mac: [0; 16],
        });
        let mut row = Row::begun_by(op);
        row.merge(op, Stamp(5));
        let at = position.cast_signed();
        old.execute(
            "INSERT INTO records (commune_id, kind, record_id, scope_id, parent_id, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![of.0, row.kind, row.record, row.scope.0, (position == 2).then_some(household), row.to_bytes()],
        )
        .unwrap();
        old.execute(
            "INSERT INTO commits VALUES (?1, ?2, ?3, ?4, '', ?5)",
            params![of.0, at, UNIT.0, group.id.0, [3_u8; 32]],
        )
        .unwrap();
        old.execute(
            "INSERT INTO ops VALUES (?1, ?2, 0, ?3, 5, 1, ?4, '', ?5)",
            params![of.0, group.id.0, receipt.op_hash.0, at, receipt.mac],
        )
        .unwrap();
        let body = PageGroup { position: first, group: group.clone(), receipts: vec![receipt] };
        old.execute(
            "INSERT INTO bodies VALUES (?1, ?2, ?3)",
            params![of.0, at, serde_json::to_vec(&body).unwrap()],
        )
        .unwrap();
    }
    drop(old);

    let register = Register::open(dir.path(), options).unwrap();
    let checked = register.read(|log| {
        let head = log.head()?;
        assert_eq!((head.cursor.position, head.ledger), (3, Mark::default()));
        assert_ne!(head.store, Uuid::nil());
        assert_eq!(log.under(household)?, [(RecordKind::Member.no(), person)]);
        for end in [person, twin] {
            assert_eq!(log.under(end)?, [(RecordKind::SameAs.no(), edge)]);
        }
        let of_person = log.groups_of(RecordKind::Member.no(), person)?;
        assert_eq!(of_person.iter().map(|one| &one.group).collect::<Vec<_>>(), [&groups[1]]);
        assert_eq!(log.committed_at(groups[1].ops[0].id())?, Some(Position { epoch: 1, position: 2 }));
        let stream: Vec<Sent> = log.sent_after(0, 9)?;
        assert_eq!(stream.len(), 3);
        let (lan, revoked) = (DeviceId(device), DeviceId(id(0xd1)));
        assert_eq!(log.users_of(lan)?, [UserId(user)]);
        assert_eq!(log.held_by(lan)?.iter().map(|held| held.reach).collect::<Vec<_>>(), [Reach::Scope(UNIT)]);
        assert_eq!(log.sight_of(revoked)?, Sight::NOTHING);
        Ok(())
    });
    checked.unwrap();
}

/// The second schema's ledger, what it listed, and what waited there.
#[test]
fn a_register_of_the_second_schema_keeps_its_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let commune = NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
    let options = Options { durability: Durability::Off, ..Options::default() };
    let register = Register::create(dir.path(), &commune, options.clone()).unwrap();
    let (file, key) = (register.folder().database(), register.keys().database.clone());
    let (of, keys) = (register.commune(), register.keys().receipts.clone());
    drop(register);
    std::fs::remove_file(&file).unwrap();

    let first = embedded::migrations::runner().set_target(refinery::Target::Version(2));
    let old = database::open(&file, &key, Durability::Off, first).unwrap();
    old.execute(
        "INSERT INTO communes VALUES (?1, 'Xã Đồng Sen', '', 'consent', 1, 7, 0, ?2, 0, '2026-11-26', ?3, ?4, 9, ?5, 1)",
        params![of.0, [3_u8; 32], id(1), id(2), id(3)],
    )
    .unwrap();
    let line = keys.next_line(Mark::default(), 5, Entry::Erased { subject: id(9) });
    old.execute("INSERT INTO ledger VALUES (?1, 1, ?2)", params![of.0, line.to_text().trim_end()]).unwrap();
    old.execute("INSERT INTO erased VALUES (?1, ?2)", params![of.0, id(9)]).unwrap();
    let waits = group(10, of, RecordKind::Household, id(7), vec![FieldEdit::first(no::HOUSEHOLD_CODE, "x")]);
    let numbered = Numbered { incarnation: 1, dseq: 1, group: waits };
    old.execute(
        "INSERT INTO quarantine VALUES (?1, ?2, ?3, 'no_parent', ?4, 1, 1, 0, 1, '[5]', ?5, '[]')",
        params![of.0, id(10), [4_u8; 32], id(0xd0), serde_json::to_vec(&numbered).unwrap()],
    )
    .unwrap();
    drop(old);

    let register = Register::open(dir.path(), options).unwrap();
    let checked = register.read(|log| {
        assert_eq!(log.head()?.ledger, line.mark());
        assert!(log.erased(RecordKind::Member.no(), id(9))? && !log.erased(RecordKind::Member.no(), id(8))?);
        // For want of what it waits is not known: it is tried whenever something begins.
        assert_eq!(log.lacked()?.into_iter().collect::<Vec<_>>(), [None]);
        assert_eq!(log.waiting(Which::Lacking(None))?.len(), 1);
        Ok(())
    });
    checked.unwrap();
}
