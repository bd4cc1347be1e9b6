//! What the commune's row says of the server itself; where its stream stands is [`sync_core::commune::Head`].

use domain::calendar::Day;
use domain::consent::Basis;
use domain::ids::{DeviceId, UserId};

use super::log::Log;
use super::sql::params;
use crate::error::ServerError;

/// The server in its own log, and how far its counting has come.
#[derive(Clone, Debug)]
pub(crate) struct Office {
    pub(crate) name: String,
    pub(crate) basis: Basis,
    pub(crate) counted_on: Day,
    /// The server as a device of its own edits.
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    pub(crate) incarnation: u64,
}

impl Log<'_> {
    pub(crate) fn office(&self) -> Result<Office, ServerError> {
        let sql = "SELECT name, basis, counted_on, device_id, user_id, incarnation
                   FROM communes WHERE commune_id = ?1";
        let office = self.one(sql, params![self.commune.0], |row| {
            let (basis, counted_on): (String, String) = (row.get(1)?, row.get(2)?);
            Ok(Office {
                name: row.get(0)?,
                basis: Basis::from_code(&basis),
                // An unreadable day counts as long ago: everything is recounted.
                counted_on: Day::parse(&counted_on).unwrap_or_else(|| Day::at(0)),
                device: DeviceId(row.get(3)?),
                user: UserId(row.get(4)?),
                incarnation: row.get::<i64>(5)?.cast_unsigned(),
            })
        })?;
        office.ok_or(ServerError::Damaged)
    }

    pub(crate) fn put_counted_on(&self, day: Day) -> Result<(), ServerError> {
        let sql = "UPDATE communes SET counted_on = ?2 WHERE commune_id = ?1";
        self.run(sql, params![self.commune.0, day.to_string()])
    }
}
