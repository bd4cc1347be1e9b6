//! First run and every start: a laptop is enrolled by a one-time code, opened by a passphrase, and brought
//! back from a damaged database.

use std::path::Path;

use domain::consent::Basis;
use domain::criteria::CriteriaSet;
use domain::rules::{AssetError, DoorRules};
use serde::{Deserialize, Serialize};
use store::{
    CountedBy, DataFolder, Durability, Identity, KeyCost, Machine, Options, Store, StoreError, enrolling,
};
use sync_client::ServerLink;
use sync_core::api::{EnrolRequest, EnrolmentCode};
use sync_core::local::LocalStore;
use sync_core::wire::SigningKey;
use zeroize::Zeroizing;

use crate::error::{AppError, BAD_CODE, LINK_DAMAGED, NO_ADDRESS, ORDERED_AWAY};

/// The plan's own criteria and the door rules that this version ships, on the strictest basis until
/// enrolment says the commune's.
pub fn shipped_rules() -> Result<CountedBy, AssetError> {
    Ok(CountedBy {
        rules: DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json"))?,
        criteria: CriteriaSet::from_json(include_str!("../../../assets/criteria/phu-dong-2025.json"))?,
        basis: Basis::Consent,
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
    /// What people call this laptop.
    #[serde(default)]
    pub device_name: String,
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
    pub(crate) fn parts(self) -> Result<(DataFolder, Options), StoreError> {
        let Self { folder, counted_by, machine, durability, key_cost } = self;
        Ok((DataFolder::open(folder)?, Options { counted_by, machine, durability, key_cost }))
    }
}

/// What a newly enrolled member must write down, shown once.
pub type Passphrase = Zeroizing<String>;

impl Laptop {
    /// Enrols this laptop with a one-time code and makes its store. Cut off anywhere (the answer lost, the
    /// power gone, the passphrase read by nobody), a code works again while nothing was saved here: the same
    /// one makes the same laptop, another one another laptop. See [`Self::words_written`].
    pub fn enrol(
        place: Place<'_>,
        code: &str,
        address: Option<&str>,
        device_name: &str,
    ) -> Result<(Self, Passphrase), AppError> {
        Self::join(place, code, address, device_name, false).map(|(laptop, words, _)| (laptop, words))
    }

    /// [`Self::enrol`] where a register stands already and somebody says that the new one comes instead of it:
    /// the passphrase is forgotten, or the commune does not know this laptop any more. The old register is set
    /// aside in a folder of the data folder, whose name is the last of the answer; what was saved in it lies
    /// in the sealed outbox as well, which stays where it is.
    pub fn enrol_instead(
        place: Place<'_>,
        code: &str,
        address: Option<&str>,
        device_name: &str,
    ) -> Result<(Self, Passphrase, Option<String>), AppError> {
        Self::join(place, code, address, device_name, true)
    }

    fn join(
        place: Place<'_>,
        code: &str,
        address: Option<&str>,
        device_name: &str,
        instead: bool,
    ) -> Result<(Self, Passphrase, Option<String>), AppError> {
        let code: EnrolmentCode = code.parse().map_err(|_| AppError::new(BAD_CODE))?;
        let address =
            address.or(code.address.as_deref()).ok_or_else(|| AppError::new(NO_ADDRESS))?.to_owned();
        let (folder, mut options) = place.parts()?;
        let enrolling = enrolling::begin(&folder, options.machine.as_mut(), instead)?;
        let device_key = enrolling.device_key(&code.secret);
        let request = EnrolRequest::signed(&code.secret, &SigningKey::from_bytes(&device_key), device_name);
        let passphrase = store::keys::passphrase(random(options.machine.as_mut())?);
        let reply = sync_client::enrol(&address, code.identity, &request).map_err(AppError::of_enrolment)?;
        let offset_ms = reply.server_time_ms.saturating_sub(options.machine.wall_ms());
        let token = reply.token.clone();
        let server = ServerLink { address, identity: code.identity, device_key: *device_key, token };
        let commune = Commune {
            name: reply.commune_name.clone(),
            basis: reply.basis.clone(),
            hamlet_unit_names: reply.hamlet_unit_names.clone(),
            device_name: device_name.to_owned(),
            server,
        };
        let link = serde_json::to_string(&commune).map_err(|_| AppError::new(LINK_DAMAGED))?;
        let identity = Identity::enrolled(&reply, link);
        let aside = enrolling.make_room(&folder)?;
        let aside = aside.as_deref().and_then(Path::file_name);
        let aside = aside.map(|name| name.to_string_lossy().into_owned());
        let mut store = Store::create(folder, &identity, &passphrase, options)?;
        // The first list may be taken in before the first sync.
        let (session, _) = store.session()?;
        store.learn_offset(session, offset_ms)?;
        Ok((Self { store, commune }, passphrase, aside))
    }

    /// Closes it. If the commune ordered it, the keys are destroyed.
    pub(crate) fn close(self) -> Result<(), AppError> {
        Ok(self.store.unless_ordered_away().map(drop)?)
    }

    /// The server is reached another way from now on.
    pub(crate) fn link_anew(&mut self, server: ServerLink) -> Result<(), AppError> {
        let commune = Commune { server, ..self.commune.clone() };
        let link = serde_json::to_string(&commune).map_err(|_| AppError::new(LINK_DAMAGED))?;
        self.store.link_anew(link)?;
        self.commune = commune;
        Ok(())
    }

    /// Somebody has typed the passphrase back: from here on this register is theirs, and no code makes
    /// another one in its place unasked.
    pub fn words_written(&mut self) -> Result<(), AppError> {
        Ok(enrolling::end(self.store.key().0)?)
    }

    /// Opens an enrolled laptop.
    pub fn open(place: Place<'_>, passphrase: &str) -> Result<Self, AppError> {
        let (folder, options) = place.parts()?;
        let store = Store::open(folder, passphrase, options)?.unless_ordered_away()?;
        let store = store.ok_or_else(|| AppError::new(ORDERED_AWAY))?;
        // Who opens has the words. A file too many must not keep the register closed: what is saved here
        // protects it from the next enrolment as well.
        let _ = enrolling::end(store.key().0);
        let commune =
            serde_json::from_str(&store.identity().link).map_err(|_| AppError::new(LINK_DAMAGED))?;
        Ok(Self { store, commune })
    }
}

fn random<const N: usize>(machine: &mut dyn Machine) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    machine.fill_random(&mut bytes)?;
    Ok(bytes)
}
