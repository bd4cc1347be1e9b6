//! Where the register of a data folder is kept: in the folder's own file, or in the PostgreSQL database that a note in
//! the folder names. The note may hold a password, so only the server's user may read it, and nothing shows it.

use database::Durability;
use domain::ids::CommuneId;
use serde::{Deserialize, Serialize};

use super::sql::{Place, Server};
use crate::error::ServerError;
use crate::folder::DataFolder;
use crate::keys::CommuneKeys;

/// Says that the register is in PostgreSQL, and which of its communes this folder's is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Note {
    /// As it was given.
    pub(crate) url: String,
    pub(crate) commune: CommuneId,
}

impl Note {
    /// The folder's note, if its register is not in its own file.
    pub(crate) fn of(folder: &DataFolder) -> Result<Option<Self>, ServerError> {
        match std::fs::read(folder.postgres()) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).map_err(|_| ServerError::PostgresUnreadable)?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// From now on the folder's register is there.
    pub(crate) fn keep(&self, folder: &DataFolder) -> Result<(), ServerError> {
        let json = serde_json::to_vec(self).map_err(|_| ServerError::Internal("postgres.json"))?;
        Ok(database::write_private(&folder.postgres(), &json)?)
    }
}

/// Where a folder's register is.
pub(crate) fn place(
    folder: &DataFolder,
    keys: &CommuneKeys,
    note: Option<&Note>,
    durability: Durability,
) -> Result<Place, ServerError> {
    Ok(match note {
        Some(note) => Place::Postgres(Server::read(&note.url, durability)?),
        None => Place::File(folder.database(), keys.database.clone(), durability),
    })
}
