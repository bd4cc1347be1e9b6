//! Records: canonical row bytes and a few index columns. `parent_id` is where a record hangs **now**: of a
//! member the household that the residence events put it into.

use domain::calendar::Day;
use domain::ids::{HouseholdId, MemberId};
use domain::people::Member;
use domain::registry::{RecordKind, parent_field};
use sync_core::household::counts_alike;
use sync_core::ingest::LogView;
use sync_core::parents::ids_above;
use sync_core::projection::{household_as_of, residence_as_of};
use sync_core::records::ResidenceEvent;
use sync_core::row::Row;
use sync_core::stamp::OrderKey;
use uuid::Uuid;

use super::log::{Log, row_of};
use super::sql::params;
use crate::error::ServerError;

pub(super) const UNDER: &str =
    "SELECT body FROM records WHERE commune_id = ?1 AND kind = ?2 AND parent_id = ?3";
pub(super) const ALL_UNDER: &str =
    "SELECT body FROM records WHERE commune_id = ?1 AND kind IN (?3, ?4, ?5) AND parent_id = ?2";

/// An event with its place in the order.
pub(crate) type Dated<E> = (OrderKey, E);

/// An event out of its row; `None` for a row that is not (yet) one.
pub(crate) fn event<'r, E: TryFrom<&'r Row>>(row: &'r Row) -> Option<Dated<E>> {
    row.key().zip(E::try_from(row).ok())
}

/// A change of residence that is dated tomorrow by a wrong clock has been seen by somebody all the same.
pub(crate) fn as_of_now(listed: Member, events: &[Dated<ResidenceEvent>]) -> Member {
    let end = Day::at(i64::MAX);
    Member {
        household: household_as_of(listed.household, events, end),
        residence: residence_as_of(listed.residence.clone(), events, end),
        ..listed
    }
}

impl Log<'_> {
    /// Writes a merged row and notes the households whose counts it touches.
    pub(crate) fn put_record(&self, row: &Row) -> Result<(), ServerError> {
        let kind = RecordKind::from_no(row.kind);
        let counts_alike = self
            .see_row(row.kind, row.record, |before| before.is_some_and(|before| counts_alike(before, row)))?;
        let parent = match kind {
            Some(RecordKind::Member) => {
                if !counts_alike {
                    self.touch(row.kind, row.record)?;
                }
                self.household_now(row)?.map(|household| household.0)
            }
            Some(kind) => parent_field(kind).and_then(|no| row.value(no)).and_then(|value| value.as_uuid()),
            None => None,
        };
        let mut above = ids_above(row);
        self.run(
            "INSERT INTO records
               (commune_id, kind, record_id, scope_id, parent_id, body, above_id, also_above_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (commune_id, kind, record_id)
               DO UPDATE SET scope_id = ?4, parent_id = ?5, body = ?6, above_id = ?7, also_above_id = ?8",
            params![
                self.commune.0,
                row.kind,
                row.record,
                row.scope.0,
                parent,
                row.to_bytes(),
                above.next(),
                above.next(),
            ],
        )?;
        self.note_row(row.kind, row.record, Some(row.clone()));
        if let (Some(RecordKind::Residence), Some(member)) = (kind, parent) {
            return self.member_moved(MemberId(member));
        }
        if counts_alike { Ok(()) } else { self.touch(row.kind, row.record) }
    }

    /// Notes the household whose counts a record belongs to, as it stands.
    pub(crate) fn touch(&self, kind: u16, record: Uuid) -> Result<(), ServerError> {
        let household = match RecordKind::from_no(kind) {
            Some(RecordKind::Household) => Some(HouseholdId(record)),
            Some(RecordKind::Member) => self.household_of(MemberId(record))?,
            Some(RecordKind::Visit) => self.parent_of(kind, record)?.map(HouseholdId),
            Some(RecordKind::Assessment | RecordKind::Consent | RecordKind::Residence) => {
                let member = self.parent_of(kind, record)?.map(MemberId);
                member.map(|member| self.household_of(member)).transpose()?.flatten()
            }
            _ => None,
        };
        self.touched.borrow_mut().extend(household);
        Ok(())
    }

    /// A residence event may put its member into another household.
    fn member_moved(&self, member: MemberId) -> Result<(), ServerError> {
        let Some(row) = self.row(RecordKind::Member.no(), member.0)? else { return Ok(()) };
        self.touch(row.kind, row.record)?;
        let now = self.household_now(&row)?;
        self.run(
            "UPDATE records SET parent_id = ?4 WHERE commune_id = ?1 AND kind = ?2 AND record_id = ?3",
            params![self.commune.0, row.kind, row.record, now.map(|household| household.0)],
        )?;
        self.touch(row.kind, row.record)
    }

    /// The household a member's row and residence events put it into.
    fn household_now(&self, row: &Row) -> Result<Option<HouseholdId>, ServerError> {
        let Ok(listed) = Member::try_from(row) else { return Ok(None) };
        let rows = self.rows_under(RecordKind::Residence, row.record)?;
        let events: Vec<Dated<ResidenceEvent>> = rows.iter().filter_map(event).collect();
        Ok(Some(as_of_now(listed, &events).household))
    }

    /// Where a member is kept now.
    pub(crate) fn household_of(&self, member: MemberId) -> Result<Option<HouseholdId>, ServerError> {
        Ok(self.parent_of(RecordKind::Member.no(), member.0)?.map(HouseholdId))
    }

    fn parent_of(&self, kind: u16, record: Uuid) -> Result<Option<Uuid>, ServerError> {
        let sql = "SELECT parent_id FROM records WHERE commune_id = ?1 AND kind = ?2 AND record_id = ?3";
        let parent = self.one(sql, params![self.commune.0, kind, record], |row| row.get(0))?;
        Ok(parent.flatten())
    }

    /// The records of a kind under a parent, in the order of their ids.
    pub(crate) fn rows_under(&self, kind: RecordKind, parent: Uuid) -> Result<Vec<Row>, ServerError> {
        if let Some(rows) = self.under.borrow_mut().remove(&(kind.no(), parent)) {
            return Ok(rows);
        }
        let mut rows = self.all(UNDER, params![self.commune.0, kind.no(), parent], row_of)?;
        // Sorted here: asked to sort, SQLite would walk the primary key instead of the index.
        rows.sort_unstable_by_key(|row| row.record);
        Ok(rows)
    }

    /// Reads what of three kinds lies under these parents, together; whoever asks for it takes it. Returns what was found.
    pub(super) fn foresee_under(
        &self,
        kinds: [RecordKind; 3],
        parents: &[Uuid],
    ) -> Result<Vec<(u16, Uuid)>, ServerError> {
        let (commune, kinds) = (self.commune.0, kinds.map(RecordKind::no));
        let [one, other, third] = kinds;
        let asked: Vec<_> =
            parents.iter().map(|parent| params![commune, *parent, one, other, third].to_vec()).collect();
        let mut found = Vec::new();
        let mut under = self.under.borrow_mut();
        for (parent, mut rows) in parents.iter().zip(self.sql.each_of(ALL_UNDER, &asked, row_of)?) {
            rows.sort_unstable_by_key(|row| row.record);
            found.extend(rows.iter().map(|row| (row.kind, row.record)));
            under.extend(kinds.map(|kind| ((kind, *parent), vec![])));
            for row in rows {
                under.entry((row.kind, *parent)).or_default().push(row);
            }
        }
        Ok(found)
    }

    /// Every record of a kind, in the order of their ids.
    pub(crate) fn rows_of(&self, kind: RecordKind) -> Result<Vec<Row>, ServerError> {
        let sql = "SELECT body FROM records WHERE commune_id = ?1 AND kind = ?2 ORDER BY record_id";
        self.all(sql, params![self.commune.0, kind.no()], row_of)
    }
}
