//! Ctrl+K: people by name, with the house they live in.

use domain::ids::{HouseholdId, MemberId};
use serde::{Deserialize, Serialize};
use store::tables::{alleys, households};
use ts_rs::TS;

use super::Named;
use crate::commands::Call;
use crate::error::AppError;
use crate::register;

/// What was typed.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct FindRequest {
    /// Words in any order, marked or not.
    pub query: String,
}

/// One person found.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Hit {
    /// Who.
    pub member: MemberId,
    /// As a line of text.
    pub person: Named,
    /// Where to go.
    pub household: HouseholdId,
    /// "14", or empty.
    pub house_no: String,
    /// "sau đình"
    pub place_note: String,
    /// "Ngõ 12", or empty.
    pub alley: String,
}

/// People by name.
pub fn find(call: &mut Call<'_>, request: &FindRequest) -> Result<Vec<Hit>, AppError> {
    call.desk.with(|laptop| {
        let today = laptop.store.today();
        let rules = laptop.store.counted_by().rules.clone();
        let connection = laptop.store.reading();
        let mut hits = Vec::new();
        for member in register::find(laptop, &request.query)? {
            let Some(household) = households::get(connection, member.household)? else { continue };
            let alley = match household.alley {
                Some(id) => alleys::get(connection, id)?,
                None => None,
            };
            hits.push(Hit {
                member: member.id,
                person: Named::of(&member, &rules, today),
                household: household.id,
                house_no: household.house_no,
                place_note: household.place_note,
                alley: alley.map(|alley| alley.name).unwrap_or_default(),
            });
        }
        Ok(hits)
    })
}
