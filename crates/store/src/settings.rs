//! Who this laptop is and how far it has come: one row per name, values as JSON.

use domain::calendar::Day;
use domain::consent::Basis;
use domain::ids::{CommuneId, DeviceId, HamletUnitId, UserId};
use domain::people::Role;
use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sync_core::api::EnrolReply;
use sync_core::membership::Certificate;

use crate::error::StoreError;

/// What enrolment gave this laptop. Stays as it is until the next enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whose register this is.
    pub commune: CommuneId,
    /// Which laptop.
    pub device: DeviceId,
    /// Who works on it.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// In which hamlet units; empty for roles that see the whole commune.
    pub hamlet_units: Vec<HamletUnitId>,
    /// The commune's legal basis: what may be kept, and how long a relative's word counts.
    #[serde(default = "the_strictest")]
    pub basis: Basis,
    /// The commune's age recipient: what the outbox is sealed to.
    pub seal_to: String,
    /// By which the commune's server admits this laptop again, should it have forgotten it.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// What the transport needs to reach the server and be known there; not looked into here.
    pub link: String,
}

impl Identity {
    /// What an enrolment gave, and the way to the server.
    pub fn enrolled(reply: &EnrolReply, link: String) -> Self {
        Self {
            commune: reply.commune,
            device: reply.device,
            user: reply.user,
            role: reply.role.clone(),
            hamlet_units: reply.hamlet_units.clone(),
            basis: reply.basis.clone(),
            seal_to: reply.seal_to.clone(),
            certificate: reply.certificate.clone(),
            link,
        }
    }
}

/// Of a laptop that was enrolled before its basis was kept here.
fn the_strictest() -> Basis {
    Basis::Consent
}

/// How far the numbering and the pulling have come.
pub use sync_core::laptop::State as SyncState;

pub(crate) fn get<T: DeserializeOwned>(connection: &Connection, name: &str) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    let json: Option<String> = statement.query_row([name], |row| row.get(0)).optional()?;
    json.map(|json| serde_json::from_str(&json).map_err(|_| StoreError::Damaged)).transpose()
}

pub(crate) fn put<T: Serialize>(connection: &Connection, name: &str, value: &T) -> Result<(), StoreError> {
    let json = serde_json::to_string(value).map_err(|_| StoreError::Invalid("settings"))?;
    connection
        .prepare_cached("INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")?
        .execute(params![name, json])?;
    Ok(())
}

pub(crate) const IDENTITY: &str = "identity";
pub(crate) const SYNC: &str = "sync";
/// The commune's order to destroy the keys.
pub(crate) const ERASE_ORDER: &str = "erase_order";
/// The last word of the commune's clock.
pub(crate) const HEARD: &str = "heard";
/// What is known of the sealed outbox.
pub(crate) const OUTBOX: &str = "outbox";
/// The day on which the tallies were last brought up to date.
pub(crate) const COUNTED_ON: &str = "counted_on";

pub(crate) fn counted_on(connection: &Connection) -> Result<Option<Day>, StoreError> {
    get(connection, COUNTED_ON)
}
