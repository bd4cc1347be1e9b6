//! A commune office in a temporary folder with a clock that the test moves, and laptops that speak to it
//! over HTTP with groups built by hand.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::consent::Basis;
use domain::ids::{HamletUnitId, HouseholdId, MemberId, VisitId};
use domain::people::{HamletUnit, HamletUnitKind, Role};
use domain::registry::{RecordKind, no};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::machine::Machine;
use server::{EnrolOrder, NewCommune, Options, Register, Serving, Transport};
use sync_core::api::{self, ApiError, EnrolReply, EnrolRequest};
use sync_core::group::Group;
use sync_core::ledger::Mark;
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::position::{Cursor, Position};
use sync_core::row::Row;
use sync_core::wire::{
    Batch, Hello, HelloReply, Numbered, PROTOCOL, Page, PullRequest, PushReply, SignedBatch, SigningKey,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::kept;

/// 2026-11-22 12:00 in Viet Nam.
pub(crate) const NOON: i64 = 1_795_323_600_000;

/// A clock that the test moves; randomness is a counter mixed by BLAKE3.
#[derive(Debug)]
pub(crate) struct TestMachine {
    wall_ms: AtomicI64,
    drawn: AtomicU64,
}

impl Machine for TestMachine {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.drawn.fetch_add(1, Ordering::SeqCst).to_le_bytes());
        hasher.finalize_xof().fill(bytes);
        Ok(())
    }
}

pub(crate) struct Office {
    pub(crate) dir: TempDir,
    pub(crate) machine: Arc<TestMachine>,
    pub(crate) register: Arc<Register>,
    pub(crate) serving: Serving,
}

impl Office {
    /// Must run within a tokio runtime.
    pub(crate) fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let machine = Arc::new(TestMachine { wall_ms: AtomicI64::new(NOON), drawn: AtomicU64::new(1) });
        let options = Options {
            machine: Arc::clone(&machine) as Arc<dyn Machine>,
            durability: database::Durability::Off,
            ..Options::default()
        };
        let commune =
            NewCommune { name: "Xã Thử Nghiệm".into(), code: "00541".into(), basis: Basis::Consent };
        let register = Arc::new(kept::create(&dir.path().join("data"), &commune, options));
        let listen = "127.0.0.1:0".parse().unwrap();
        let serving = server::serve(&register, listen, &Transport::Loopback).unwrap();
        Self { dir, machine, register, serving }
    }

    pub(crate) fn set_wall_ms(&self, wall_ms: i64) {
        self.machine.wall_ms.store(wall_ms, Ordering::SeqCst);
    }

    pub(crate) fn order(&self, role: Role, units: &[&str]) -> EnrolOrder {
        EnrolOrder {
            role,
            hamlet_units: units.iter().map(|&name| name.to_owned()).collect(),
            user_name: "Lê Thị Lan".into(),
            valid_minutes: 30,
            address: None,
        }
    }

    /// A commune officer's laptop.
    pub(crate) async fn officer(&self) -> Laptop {
        self.laptop(Role::CommuneOfficer, &[]).await
    }

    pub(crate) async fn laptop(&self, role: Role, units: &[&str]) -> Laptop {
        let code = self.register.issue_code(&self.order(role, units)).unwrap().code;
        let mut seed = [0; 32];
        self.machine.fill_random(&mut seed).unwrap();
        let key = SigningKey::from_bytes(&seed);
        let reply: EnrolReply = enrol(&self.serving.url, &code.secret, &key).await.unwrap();
        Laptop {
            url: self.serving.url.clone(),
            client: client(),
            key,
            token: reply.token.clone(),
            me: reply,
            incarnation: 7,
            dseq: 0,
            cursor: None,
            wall_ms: NOON,
            drawn: Mutex::new(u64::from_le_bytes(seed[..8].try_into().unwrap())),
            rows: Vec::new(),
        }
    }

    /// Units made by an officer's laptop; everybody may then be enrolled to them.
    pub(crate) async fn with_units(&self, names: &[&str]) -> Laptop {
        let mut officer = self.officer().await;
        let groups = names.iter().map(|name| officer.unit(name)).collect();
        let reply = officer.push(groups).await.unwrap();
        assert_eq!(reply.receipts.len(), names.len());
        officer
    }
}

pub(crate) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

/// A refusal with its status.
pub(crate) type Refused = (StatusCode, ApiError);

pub(crate) async fn answer<T: DeserializeOwned>(response: Response) -> Result<T, Refused> {
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    if status.is_success() {
        Ok(serde_json::from_slice(&bytes).unwrap())
    } else {
        Err((status, serde_json::from_slice(&bytes).unwrap()))
    }
}

pub(crate) async fn enrol(url: &str, secret: &str, key: &SigningKey) -> Result<EnrolReply, Refused> {
    send_enrolment(url, &EnrolRequest::signed(secret, key, "Máy chị Lan")).await
}

pub(crate) async fn send_enrolment(url: &str, request: &EnrolRequest) -> Result<EnrolReply, Refused> {
    answer(client().post(format!("{url}{}", api::ENROL)).json(request).send().await.unwrap()).await
}

pub(crate) struct Laptop {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
    pub(crate) key: SigningKey,
    pub(crate) token: String,
    pub(crate) me: EnrolReply,
    pub(crate) incarnation: u64,
    pub(crate) dseq: u64,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) wall_ms: i64,
    drawn: Mutex<u64>,
    /// What was pulled, merged.
    pub(crate) rows: Vec<Row>,
}

pub(crate) type Edit = (RecordKind, Uuid, Vec<FieldEdit>);

impl Laptop {
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut drawn = self.drawn.lock().unwrap();
        *drawn += 1;
        let mut bytes = [0; N];
        blake3::Hasher::new().update(&drawn.to_le_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    }

    pub(crate) fn id(&self) -> Uuid {
        Uuid::from_bytes(self.random())
    }

    pub(crate) fn group(&self, scope: Scope, edits: Vec<Edit>) -> Group {
        let id = GroupId::random(self.random());
        let ops = edits.into_iter().zip(0..).map(|((kind, record, fields), index)| Op {
            header: OpHeader {
                id: OpId { group: id, index },
                job: None,
                commune: self.me.commune,
                scope,
                kind: kind.no(),
                record,
                device: self.me.device,
                actor: self.me.user,
                schema: 1,
                wall_ms: self.wall_ms,
                session: 1,
                base: self.cursor.map_or(Position::default(), |cursor| cursor.position()),
            },
            salt: [0; 16],
            fields,
        });
        Group::seeded(id, self.random(), ops.collect())
    }

    pub(crate) fn unit(&self, name: &str) -> Group {
        let id = self.unit_id(name);
        let unit = HamletUnit {
            id,
            name: name.into(),
            kind: HamletUnitKind::of_name(name),
            urban: false,
            valid_from: None,
            valid_to: None,
        };
        let fields = sync_core::records::Recorded::creation(&unit);
        let fields = fields.into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
        self.group(id.into(), vec![(RecordKind::HamletUnit, id.0, fields)])
    }

    pub(crate) fn unit_id(&self, name: &str) -> HamletUnitId {
        HamletUnitId::from_name(self.me.commune.0, name)
    }

    /// A household with one person.
    pub(crate) fn household(&self, unit: &str, name: &str) -> (HouseholdId, MemberId, Group) {
        let (household, member) = (HouseholdId(self.id()), MemberId(self.id()));
        let edits = vec![
            (RecordKind::Household, household.0, vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)]),
            (
                RecordKind::Member,
                member.0,
                vec![
                    FieldEdit::first(no::MEMBER_HOUSEHOLD, household.0),
                    FieldEdit::first(no::MEMBER_FULL_NAME, name),
                    FieldEdit::first(no::MEMBER_LISTED_RESIDENCE, "present"),
                    FieldEdit::first(no::MEMBER_ALIVE, true),
                ],
            ),
        ];
        (household, member, self.group(self.unit_id(unit).into(), edits))
    }

    pub(crate) fn visit(&self, unit: &str, household: HouseholdId, outcome: &str) -> Group {
        let fields = vec![
            FieldEdit::first(no::VISIT_HOUSEHOLD, household.0),
            FieldEdit::first(no::VISIT_DAY, domain::calendar::Day::at(self.wall_ms)),
            FieldEdit::first(no::VISIT_OUTCOME, outcome),
            FieldEdit::first(no::VISIT_CHANNEL, "at_home"),
        ];
        let id = VisitId(self.id());
        self.group(self.unit_id(unit).into(), vec![(RecordKind::Visit, id.0, fields)])
    }

    pub(crate) fn rename(&self, unit: &str, member: MemberId, name: &str) -> Group {
        let row = self.rows.iter().find(|row| row.record == member.0);
        let edit = FieldEdit::replacing(no::MEMBER_FULL_NAME, name, row, row);
        self.group(self.unit_id(unit).into(), vec![(RecordKind::Member, member.0, vec![edit])])
    }

    /// The groups under the next numbers.
    pub(crate) fn batch(&mut self, groups: Vec<Group>) -> Batch {
        let first = self.dseq + 1;
        self.dseq += groups.len() as u64;
        let number = |(dseq, group)| Numbered { incarnation: self.incarnation, dseq, group };
        Batch {
            protocol: PROTOCOL,
            commune: self.me.commune,
            device: self.me.device,
            epoch: 1,
            offsets: vec![],
            groups: (first..).zip(groups).map(number).collect(),
        }
    }

    pub(crate) async fn push(&mut self, groups: Vec<Group>) -> Result<PushReply, Refused> {
        let batch = self.batch(groups);
        self.send(&batch).await
    }

    pub(crate) async fn send(&self, batch: &Batch) -> Result<PushReply, Refused> {
        self.send_body(&self.key_signed(batch).to_body()).await
    }

    pub(crate) fn key_signed(&self, batch: &Batch) -> SignedBatch {
        batch.sign(&self.key).unwrap()
    }

    pub(crate) async fn send_body(&self, body: &[u8]) -> Result<PushReply, Refused> {
        self.send_packed(zstd::bulk::compress(body, 3).unwrap()).await
    }

    pub(crate) async fn send_packed(&self, packed: Vec<u8>) -> Result<PushReply, Refused> {
        let request = self.client.post(format!("{}{}", self.url, api::PUSH)).bearer_auth(&self.token);
        let request = request.header("Content-Encoding", api::CODING).body(packed);
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        message: &impl Serialize,
    ) -> Result<T, Refused> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        answer(request.json(message).send().await.unwrap()).await
    }

    pub(crate) fn hello_message(&self) -> Hello {
        Hello {
            protocol: PROTOCOL,
            commune: self.me.commune,
            device: self.me.device,
            incarnation: self.incarnation,
            cursor: self.cursor,
            highest_dseq: self.dseq,
            proof: None,
            ledger: Mark::default(),
        }
    }

    pub(crate) async fn hello(&self) -> Result<HelloReply, Refused> {
        self.post(api::HELLO, &self.hello_message()).await
    }

    pub(crate) async fn page(&self, max_bytes: usize) -> Result<Page, Refused> {
        self.post(api::PULL, &PullRequest { cursor: self.cursor, sight: None, max_bytes }).await
    }

    /// Pulls to the head and merges; returns the pages.
    pub(crate) async fn pull(&mut self, max_bytes: usize) -> Vec<Page> {
        let mut pages = Vec::new();
        loop {
            let page = self.page(max_bytes).await.unwrap();
            assert_eq!(page.from, self.cursor);
            self.cursor = Some(page.to);
            for delivered in &page.groups {
                for (op, receipt) in delivered.group.ops.iter().zip(&delivered.receipts) {
                    assert_eq!(op.id(), receipt.op);
                    let key = (op.header.kind, op.header.record);
                    let known = self.rows.iter().position(|row| (row.kind, row.record) == key);
                    let at = known.unwrap_or_else(|| {
                        self.rows.push(Row::begun_by(op));
                        self.rows.len() - 1
                    });
                    self.rows[at].merge(op, receipt.stamp);
                }
            }
            let more = page.more;
            pages.push(page);
            if !more {
                return pages;
            }
        }
    }

    /// Canonical bytes of everything held, in one order.
    pub(crate) fn held(&self) -> Vec<Vec<u8>> {
        let mut held: Vec<Vec<u8>> = self.rows.iter().map(Row::to_bytes).collect();
        held.sort();
        held
    }
}
