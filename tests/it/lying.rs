//! A server that answers and says nothing true: a sync with it ends with a word about it, keeps what
//! waits, and never goes on for ever.

use app::AppError;
use domain::people::Role;
use store::{DataFolder, Durability, Operation, Store};
use sync_client::{SyncError, Transport, TransportError, sync};
use sync_core::digest::{Buckets, Digest};
use sync_core::head::HeadReceipt;
use sync_core::ingest::GroupOutcome;
use sync_core::ledger::Mark;
use sync_core::local::LocalStore;
use sync_core::offer::OfferOutcome;
use sync_core::op::{OpHash, Scope};
use sync_core::position::{Cursor, Epoch, Position};
use sync_core::receipt::Receipt;
use sync_core::stamp::Stamp;
use sync_core::wire::{
    Batch, DigestsReply, GroupAnswer, Hello, HelloReply, Limits, Offer, OfferReply, PROTOCOL, Page,
    PullRequest, PushReply, RowsReply, RowsRequest, SignedBatch, SigningKey,
};
use tests::laptop::{NOON_MS, PASSPHRASE, identity, options};
use tests::register::{UNIT, unit};

/// More requests than any of these syncs needs.
const PATIENCE: u32 = 40;

/// What the server says instead of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    /// An answer about none of the groups.
    Silence,
    /// Taken, it says, without a receipt.
    NoReceipts,
    /// Receipts of another content.
    ForeignHashes,
    /// Receipts of a group that nobody sent.
    ForeignGroups,
    /// A number that is taken, whatever the number.
    TakenNumbers,
    /// All of it is kept apart.
    Apart,
    /// The same page again, and that the stream goes on.
    SamePage,
    /// Pages that begin at the cursor, end there, and say that the stream goes on.
    EmptyPages,
    /// A page that ends before the cursor.
    BackwardPage,
    /// Another life of the log at every greeting, and digests of yet another.
    Epochs,
    /// Another life of the log, in which nothing ever is as it is here, whatever rows are taken.
    Digests,
    /// The same, and no rows come.
    NoRows,
}

struct Liar {
    lie: Lie,
    key: SigningKey,
    asked: u32,
    first_page: Option<Page>,
}

fn at(position: u64) -> Cursor {
    Cursor { epoch: Epoch { number: 1, nonce: 9 }, position, ..Cursor::default() }
}

fn anew(nonce: u64) -> Cursor {
    Cursor { epoch: Epoch { number: 2, nonce }, ..at(5) }
}

impl Liar {
    fn new(lie: Lie, key: SigningKey) -> Self {
        Self { lie, key, asked: 0, first_page: None }
    }

    fn ask(&mut self) {
        self.asked += 1;
        assert!(self.asked < PATIENCE, "{:?}: it is asked for ever", self.lie);
    }

    fn receipts(&self, batch: &Batch) -> Vec<Receipt> {
        let ops = batch.groups.iter().flat_map(|one| &one.group.ops);
        ops.map(|op| {
            let mut receipt = Receipt {
                op: op.id(),
                op_hash: op.hash(),
                stamp: Stamp(NOON_MS),
                first: Position { epoch: 1, position: 1 },
                found: vec![],
                mac: [0; 16],
            };
            match self.lie {
                Lie::ForeignHashes => receipt.op_hash = OpHash([9; 32]),
                Lie::ForeignGroups => receipt.op.group.0 = uuid::Uuid::from_u128(77),
                _ => {}
            }
            receipt
        })
        .collect()
    }
}

impl Transport for Liar {
    fn hello(&mut self, hello: &Hello) -> Result<HelloReply, TransportError> {
        self.ask();
        Ok(HelloReply {
            protocol: PROTOCOL,
            commune: hello.commune,
            highest_known: 0,
            head: match self.lie {
                Lie::Epochs => anew(self.asked.into()),
                Lie::Digests | Lie::NoRows => anew(7),
                _ => at(5),
            },
            limits: Limits::default(),
            server_time_ms: NOON_MS,
            ledger: Mark::default(),
            erased: vec![],
            sight: None,
            watermark: Position::default(),
            proof: None,
        })
    }

    fn push(&mut self, signed: &SignedBatch) -> Result<PushReply, TransportError> {
        self.ask();
        let batch = signed.open(&self.key.verifying_key()).unwrap();
        let answer = |one: &sync_core::wire::Numbered| GroupAnswer {
            dseq: one.dseq,
            group: one.group.id,
            outcome: GroupOutcome::Applied,
            at: None,
            dropped: vec![],
        };
        let mut groups: Vec<_> = batch.groups.iter().map(answer).collect();
        let mut receipts = self.receipts(&batch);
        match self.lie {
            Lie::Silence => (receipts, groups) = (vec![], vec![]),
            Lie::NoReceipts => receipts = vec![],
            Lie::Apart => {
                receipts = vec![];
                let reason = sync_core::ingest::Quarantine::Rights;
                groups.iter_mut().for_each(|one| one.outcome = GroupOutcome::Quarantined(reason.clone()));
            }
            Lie::TakenNumbers => {
                receipts = vec![];
                groups.iter_mut().for_each(|one| one.outcome = GroupOutcome::NumberTaken);
            }
            Lie::ForeignGroups => groups.iter_mut().for_each(|one| one.group.0 = uuid::Uuid::from_u128(77)),
            _ => {}
        }
        Ok(PushReply { receipts, groups, expect: None, head: at(5), proof: None })
    }

    fn offer(&mut self, offer: &Offer) -> Result<OfferReply, TransportError> {
        self.ask();
        let proof = HeadReceipt { store: uuid::Uuid::nil(), at: at(5), mac: [0; 16] };
        let groups = offer.groups.iter().map(|one| (one.group.id, OfferOutcome::Unproven)).collect();
        Ok(OfferReply { groups, bare: vec![], sealed: vec![], proof })
    }

    fn digests(&mut self) -> Result<DigestsReply, TransportError> {
        self.ask();
        let rotten =
            Buckets::from(vec![(3, Digest([9; 32])), (4, Digest([u8::try_from(self.asked).unwrap(); 32]))]);
        Ok(DigestsReply { of: vec![(Scope::from(UNIT), rotten)], at: anew(7), ledger: Mark::default() })
    }

    fn rows(&mut self, request: &RowsRequest) -> Result<RowsReply, TransportError> {
        self.ask();
        let of = if self.lie == Lie::NoRows { vec![] } else { request.of.clone() };
        Ok(RowsReply { of, rows: vec![], kept: vec![], at: anew(7), ledger: Mark::default() })
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.ask();
        let from = request.cursor;
        let here = from.map_or(0, |cursor| cursor.position);
        let page = |to: u64, more: bool| Page {
            from,
            to: at(to),
            exits: vec![],
            groups: vec![],
            rows: vec![],
            more,
            sight: None,
            kept: vec![],
            proof: None,
        };
        let honest = page((here + 1).min(5), here + 1 < 5);
        let first = self.first_page.get_or_insert_with(|| honest.clone()).clone();
        Ok(match self.lie {
            Lie::SamePage => first,
            Lie::EmptyPages => page(here, true),
            Lie::BackwardPage if here > 2 => page(1, false),
            _ => honest,
        })
    }
}

#[test]
fn a_server_that_says_nothing_true_ends_the_sync_and_costs_nothing() {
    let check = |lie: Lie, expect: Option<&str>, waiting: u64| {
        let dir = tempfile::tempdir().unwrap();
        let seal_to = age::x25519::Identity::generate().to_public().to_string();
        let who = store::Identity { role: Role::TeamMember, ..identity(seal_to) };
        let folder = DataFolder::open(dir.path()).unwrap();
        let mut store =
            Store::create(folder, &who, PASSPHRASE, options(1, Durability::Off).unwrap()).unwrap();
        for name in ["Thôn Sen", "Thôn Hạ", "Thôn Đông"] {
            let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
            let named = domain::people::HamletUnit { name: name.into(), ..unit() };
            store.transact(operation, |change| change.put(&named)).unwrap();
        }
        let key = SigningKey::from_bytes(&[7; 32]);
        if matches!(lie, Lie::Epochs | Lie::Digests | Lie::NoRows) {
            // It has met an honest one before, and saved since.
            sync(&mut store, &mut Liar::new(Lie::None, key.clone()), &key, &mut || 11, &mut |_| {}).unwrap();
            let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
            let named = domain::people::HamletUnit { name: "Thôn Đoài".into(), ..unit() };
            store.transact(operation, |change| change.put(&named)).unwrap();
        }
        let mut server = Liar::new(lie, key.clone());
        let ended = sync(&mut store, &mut server, &key, &mut || 11, &mut |_| {});
        let code = ended.map_err(|error: SyncError<_>| AppError::from(error).code).err();
        assert_eq!(code.as_deref(), expect, "{lie:?}");
        assert_eq!(store.counts().unwrap().pending_groups, waiting, "{lie:?}");
    };
    let no_progress = Some("sync.no_progress");
    check(Lie::None, None, 0);
    check(Lie::Silence, no_progress, 3);
    check(Lie::NoReceipts, no_progress, 3);
    check(Lie::ForeignHashes, no_progress, 3);
    check(Lie::ForeignGroups, no_progress, 3);
    check(Lie::TakenNumbers, Some("sync.numbering"), 3);
    check(Lie::SamePage, no_progress, 0);
    check(Lie::EmptyPages, no_progress, 0);
    check(Lie::BackwardPage, no_progress, 0);
    check(Lie::Epochs, no_progress, 0);
    check(Lie::Digests, no_progress, 0);
    check(Lie::NoRows, no_progress, 0);
}

/// What a push leaves apart is asked about once more in the same exchange, and counted once more.
#[test]
fn what_is_kept_apart_is_reported_once() {
    let dir = tempfile::tempdir().unwrap();
    let seal_to = age::x25519::Identity::generate().to_public().to_string();
    let who = store::Identity { role: Role::TeamMember, ..identity(seal_to) };
    let folder = DataFolder::open(dir.path()).unwrap();
    let mut store = Store::create(folder, &who, PASSPHRASE, options(1, Durability::Off).unwrap()).unwrap();
    let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
    store.transact(operation, |change| change.put(&unit())).unwrap();
    let key = SigningKey::from_bytes(&[7; 32]);
    let report =
        sync(&mut store, &mut Liar::new(Lie::Apart, key.clone()), &key, &mut || 11, &mut |_| {}).unwrap();
    assert_eq!(report.quarantined_groups, store.counts().unwrap().quarantined_groups);
}

/// As long as others write, or a digest is wrong, rows never are the same: what waits is sent all the same.
#[test]
fn what_waits_is_sent_though_rows_never_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let seal_to = age::x25519::Identity::generate().to_public().to_string();
    let who = store::Identity { role: Role::TeamMember, ..identity(seal_to) };
    let folder = DataFolder::open(dir.path()).unwrap();
    let mut store = Store::create(folder, &who, PASSPHRASE, options(1, Durability::Off).unwrap()).unwrap();
    let key = SigningKey::from_bytes(&[7; 32]);
    sync(&mut store, &mut Liar::new(Lie::None, key.clone()), &key, &mut || 11, &mut |_| {}).unwrap();
    let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
    store.transact(operation, |change| change.put(&unit())).unwrap();
    for _ in 0..3 {
        let _ = sync(&mut store, &mut Liar::new(Lie::Digests, key.clone()), &key, &mut || 11, &mut |_| {});
    }
    assert_eq!(store.counts().unwrap().pending_groups, 0);
}
