//! How fast the server takes pushes, durable and merged, over HTTP on loopback:
//! `cargo run --release -p server --example push_rate -- [BATCHES] [GROUPS PER BATCH]`.
//! The first pass makes households, the second edits one field of each, the third gives each five people.

// A tool for people: it prints, and ends with what went wrong.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use domain::consent::Basis;
use domain::people::Role;
use domain::registry::{RecordKind, no};
use server::machine::{Machine, SystemMachine};
use server::{EnrolOrder, NewCommune, Options, Register, Transport};
use sync_core::api::{self, EnrolReply, EnrolRequest};
use sync_core::group::Group;
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::Position;
use sync_core::wire::{Batch, Numbered, PROTOCOL, PushReply, SigningKey};
use uuid::Uuid;

type Done<T> = Result<T, Box<dyn Error>>;

fn random() -> Done<[u8; 16]> {
    let mut bytes = [0; 16];
    SystemMachine.fill_random(&mut bytes)?;
    Ok(bytes)
}

/// What one op says: kind, record, fields.
type Said = (RecordKind, Uuid, Vec<FieldEdit>);
/// Its name, and what it says about each household.
type Pass = (&'static str, fn(Uuid) -> Vec<Said>);

fn group(me: &EnrolReply, scope: Scope, said: Vec<Said>) -> Done<Group> {
    let (id, wall_ms) = (GroupId::random(random()?), SystemMachine.wall_ms());
    let op = |(index, (kind, record, fields)): (u16, Said)| Op {
        header: OpHeader {
            id: OpId { group: id, index },
            job: None,
            commune: me.commune,
            scope,
            kind: kind.no(),
            record,
            device: me.device,
            actor: me.user,
            schema: 1,
            wall_ms,
            session: 1,
            base: Position { epoch: 1, position: 0 },
        },
        salt: [0; 16],
        fields,
    };
    Ok(Group::seeded(id, random()?, (0..).zip(said).map(op).collect()))
}

fn new_household(record: Uuid) -> Vec<Said> {
    vec![(RecordKind::Household, record, vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)])]
}

fn house_number(record: Uuid) -> Vec<Said> {
    vec![(RecordKind::Household, record, vec![FieldEdit::first(no::HOUSEHOLD_HOUSE_NO, "12")])]
}

fn five_people(household: Uuid) -> Vec<Said> {
    let person = |nth: u128| {
        let fields = vec![
            FieldEdit::first(no::MEMBER_HOUSEHOLD, household),
            FieldEdit::first(no::MEMBER_FULL_NAME, "Lê An"),
            FieldEdit::first(no::MEMBER_ALIVE, true),
        ];
        (RecordKind::Member, Uuid::from_u128((household.as_u128() + 1) * 1000 + nth), fields)
    };
    (0..5).map(person).collect()
}

#[tokio::main]
async fn main() -> Done<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let batches = numbers.next().transpose()?.unwrap_or(20);
    let per_batch = numbers.next().transpose()?.unwrap_or(500);
    let dir = tempfile::tempdir()?;
    let commune = NewCommune { name: "Xã Thử".into(), code: String::new(), basis: Basis::Consent };
    let register = Arc::new(Register::create(&dir.path().join("data"), &commune, Options::default())?);
    let serving = server::serve(&register, "127.0.0.1:0".parse()?, &Transport::Loopback)?;
    let order = EnrolOrder {
        role: Role::Admin,
        hamlet_units: vec![],
        user_name: String::new(),
        valid_minutes: 5,
        address: None,
    };
    let secret = register.issue_code(&order)?.code.secret;
    let key = SigningKey::from_bytes(&[7; 32]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).build()?;
    let request = EnrolRequest::signed(&secret, &key, "x");
    let answer = client.post(format!("{}{}", serving.url, api::ENROL)).json(&request).send().await?;
    let me: EnrolReply = answer.json().await?;
    let scope = Scope(Uuid::from_u128(5));
    let records: Vec<Uuid> = (0..batches * per_batch).map(|n| Uuid::from_u128(n.into())).collect();
    let mut dseq = 0;
    let passes: [Pass; 3] = [
        ("new households", new_household),
        ("one-field edits", house_number),
        ("five people each", five_people),
    ];
    for (pass, said) in passes {
        let mut bodies = Vec::new();
        for part in records.chunks(usize::try_from(per_batch)?) {
            let mut groups = Vec::new();
            for record in part {
                dseq += 1;
                let group = group(&me, scope, said(*record))?;
                groups.push(Numbered { incarnation: 1, dseq, group });
            }
            let (commune, device) = (me.commune, me.device);
            let batch = Batch { protocol: PROTOCOL, commune, device, epoch: 1, offsets: vec![], groups };
            bodies.push(zstd::bulk::compress(&batch.sign(&key)?.to_body(), 3)?);
        }
        let bytes: usize = bodies.iter().map(Vec::len).sum();
        let started = Instant::now();
        let mut receipts = 0;
        for body in bodies {
            let request = client.post(format!("{}{}", serving.url, api::PUSH)).bearer_auth(&me.token);
            let answer = request.header("Content-Encoding", api::CODING).body(body).send().await?;
            receipts += answer.error_for_status()?.json::<PushReply>().await?.receipts.len();
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{pass}: {receipts} ops in {seconds:.2} s, {bytes} bytes up");
    }
    Ok(())
}
