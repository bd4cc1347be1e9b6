//! First run and every start: a laptop is enrolled by a one-time code, opened by a passphrase, and brought
//! back from a damaged database.

use std::path::Path;

use domain::consent::Basis;
use domain::criteria::CriteriaSet;
use domain::rules::{AssetError, DoorRules};
use serde::{Deserialize, Serialize};
use store::{CountedBy, DataFolder, Durability, Identity, KeyCost, Machine, Options, Store, StoreError};
use sync_client::ServerLink;
use sync_core::api::{EnrolReply, EnrolRequest, EnrolmentCode};
use sync_core::wire::SigningKey;
use zeroize::Zeroizing;

use crate::error::{AppError, BAD_CODE, LINK_DAMAGED, NO_ADDRESS};

/// The plan's own criteria and the door rules that this version ships.
pub fn shipped_rules() -> Result<CountedBy, AssetError> {
    Ok(CountedBy {
        rules: DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json"))?,
        criteria: CriteriaSet::from_json(include_str!("../../../assets/criteria/phu-dong-2025.json"))?,
    })
}

/// An open laptop: its store and what enrolment told about the commune.
#[derive(Debug)]
pub struct Laptop {
    /// Its register.
    pub store: Store,
    /// The commune as enrolment told it.
    pub commune: Commune,
}

/// What enrolment told, kept in the encrypted store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commune {
    /// "Xã Phù Đổng"
    pub name: String,
    /// Its legal basis for recording facts.
    pub basis: Basis,
    /// Names of the hamlet units this laptop works in, in the order of its identity.
    pub hamlet_unit_names: Vec<String>,
    /// How its server is reached and known.
    pub server: ServerLink,
}

/// Where and with what a laptop is made or opened.
#[derive(Debug)]
pub struct Place<'a> {
    /// The data folder.
    pub folder: &'a Path,
    /// What the counting goes by.
    pub counted_by: CountedBy,
    /// Clock and randomness.
    pub machine: Box<dyn Machine>,
    /// How much a save waits for the disk.
    pub durability: Durability,
    /// What opening by passphrase shall cost.
    pub key_cost: KeyCost,
}

impl Place<'_> {
    fn parts(self) -> Result<(DataFolder, Options), StoreError> {
        let Self { folder, counted_by, machine, durability, key_cost } = self;
        Ok((DataFolder::open(folder)?, Options { counted_by, machine, durability, key_cost }))
    }
}

/// What a newly enrolled member must write down, shown once.
pub type Passphrase = Zeroizing<String>;

impl Laptop {
    /// Enrols this laptop with a one-time code and makes its store. Everything that can fail on this side
    /// is tried before the code is spent.
    pub fn enrol(
        place: Place<'_>,
        code: &str,
        address: Option<&str>,
        device_name: &str,
    ) -> Result<(Self, Passphrase), AppError> {
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::new(BAD_CODE))?;
        let address =
            address.or(code.address.as_deref()).ok_or_else(|| AppError::new(NO_ADDRESS))?.to_owned();
        let (folder, mut options) = place.parts()?;
        if folder.database().exists() {
            return Err(StoreError::AlreadySetUp.into());
        }
        if store::keys::exist(&folder) {
            // An enrolment that was cut off, or a database set aside: its passphrase opens nothing any more.
            store::open::set_aside(&folder)?;
        }
        let device_key = random(options.machine.as_mut())?;
        let request = EnrolRequest {
            secret: code.secret.clone(),
            device_key: hex(SigningKey::from_bytes(&device_key).verifying_key().as_bytes()),
            device_name: device_name.to_owned(),
        };
        let passphrase = store::keys::passphrase(random(options.machine.as_mut())?);
        let reply = sync_client::enrol(&address, code.identity, &request)?;
        let server = ServerLink { address, identity: code.identity, device_key, token: reply.token.clone() };
        let commune = Commune {
            name: reply.commune_name.clone(),
            basis: reply.basis.clone(),
            hamlet_unit_names: reply.hamlet_unit_names.clone(),
            server,
        };
        let store = Store::create(folder, &identity(&reply, &commune)?, &passphrase, options)?;
        Ok((Self { store, commune }, passphrase))
    }

    /// Opens an enrolled laptop.
    pub fn open(place: Place<'_>, passphrase: &str) -> Result<Self, AppError> {
        let (folder, options) = place.parts()?;
        let store = Store::open(folder, passphrase, options)?;
        let commune =
            serde_json::from_str(&store.identity().link).map_err(|_| AppError::new(LINK_DAMAGED))?;
        Ok(Self { store, commune })
    }
}

fn identity(reply: &EnrolReply, commune: &Commune) -> Result<Identity, AppError> {
    Ok(Identity {
        commune: reply.commune,
        device: reply.device,
        user: reply.user,
        role: reply.role.clone(),
        hamlet_units: reply.hamlet_units.clone(),
        seal_to: reply.seal_to.clone(),
        link: serde_json::to_string(commune).map_err(|_| AppError::new(LINK_DAMAGED))?,
    })
}

fn random<const N: usize>(machine: &mut dyn Machine) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    machine.fill_random(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
