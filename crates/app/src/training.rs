//! Tập huấn: an invented hamlet in a store of its own, made afresh each time. Nobody can open it later,
//! nothing is ever sent from it, and it holds no real person.

use domain::consent::Basis;
use domain::ids::{CommuneId, DeviceId, HamletUnitId, UserId};
use domain::people::Role;
use store::{Identity, Store, StoreError};
use sync_client::ServerLink;
use zeroize::Zeroizing;

use crate::error::AppError;
use crate::lists::{self, Source};
use crate::setup::{Commune, Laptop, Place};

/// The small invented list that the program ships.
const SAMPLE: &[u8] = include_bytes!("../../../assets/roster/danh-sach-mau.xlsx");

/// Makes the training laptop in the place's folder. What lay there is removed: it was invented too.
pub(crate) fn laptop(place: Place<'_>) -> Result<Laptop, AppError> {
    match std::fs::remove_dir_all(place.folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::from(error).into());
        }
        _ => {}
    }
    let (folder, mut options) = place.parts()?;
    let wall_ms = options.machine.wall_ms().max(0).cast_unsigned();
    let mut random = || {
        let mut bytes = [0; 10];
        options.machine.fill_random(&mut bytes).map(|()| bytes).map_err(StoreError::from)
    };
    let commune = CommuneId::new(wall_ms, random()?);
    let (device, user) = (DeviceId::new(wall_ms, random()?), UserId::new(wall_ms, random()?));
    let passphrase: Zeroizing<String> = store::keys::passphrase({
        let [a, b, c, d, e, f, g, h, ..] = random()?;
        [a, b, c, d, e, f, g, h]
    });
    let unit_name = sample_unit();
    let unit = HamletUnitId::from_name(commune.0, &unit_name);
    let commune_told = Commune {
        name: String::new(),
        basis: Basis::Consent,
        hamlet_unit_names: vec![unit_name],
        device_name: String::new(),
        server: ServerLink {
            address: String::new(),
            identity: [0; 32],
            device_key: [0; 32],
            token: String::new(),
        },
    };
    let identity = Identity {
        commune,
        device,
        user,
        role: Role::HamletHead,
        hamlet_units: vec![unit],
        // Sealed to a key whose other half is dropped here: readable by nobody.
        seal_to: age::x25519::Identity::generate().to_public().to_string(),
        certificate: None,
        basis: commune_told.basis.clone(),
        link: serde_json::to_string(&commune_told).map_err(|_| AppError::new(crate::error::LINK_DAMAGED))?,
    };
    let store = Store::create(folder, &identity, &passphrase, options)?;
    let mut laptop = Laptop { store, commune: commune_told };
    let looked = lists::look(&mut laptop, SAMPLE)?;
    lists::take_in(&mut laptop, &looked, &Source::default(), &mut |_, _| {})?;
    Ok(laptop)
}

/// The hamlet unit that the sample names, or a name for the one it leaves unnamed.
fn sample_unit() -> String {
    let today = domain::calendar::Day::at(0);
    let list = roster::open(SAMPLE, &roster::Limits::default()).and_then(|book| roster::read(&book, today));
    let named = list.ok().and_then(|list| list.preview().hamlet_units.into_iter().next());
    named.map(|unit| unit.name).filter(|name| !name.is_empty()).unwrap_or_else(|| "Thôn Mẫu".to_owned())
}
