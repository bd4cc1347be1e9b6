//! People by name: words in any order, marked or not, unfinished or initials (domain rules in
//! `domain::text::match_rank`).

use domain::people::Member;
use domain::text::{MatchRank, fold, match_rank};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::tables::members;

/// How many hits are looked at in register order before the best are shown. A query that more people
/// answer is too short to rank; the person types on.
const LOOKED_AT: u32 = 200;

/// The people who answer a query best: exact marks first, then register order.
pub fn members(connection: &Connection, query: &str, limit: usize) -> Result<Vec<Member>, StoreError> {
    let folded = fold(query);
    if folded.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: Vec<(MatchRank, Member)> = members::with_words(connection, &folded, LOOKED_AT)?
        .into_iter()
        .filter_map(|member| match_rank(query, &member.full_name).map(|rank| (rank, member)))
        .collect();
    // Stable: register order within a rank.
    found.sort_by_key(|(rank, _)| *rank);
    // A phone from a list is shown where its owner agreed to be called (door rules §5): in the household, which
    // knows what was agreed, not among fifty hits.
    let shown = found.into_iter().take(limit).map(|(_, member)| Member { phone: None, ..member });
    Ok(shown.collect())
}
