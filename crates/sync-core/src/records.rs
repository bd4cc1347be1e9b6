//! Records as the domain knows them, out of rows and into fields. Nobody else writes a field number by
//! hand. Reading is tolerant: a missing, unknown or unreadable field is read as "not known"; what stands
//! in the row is not touched by that.

use domain::calendar::Day;
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::fact::{Assessment, Fact};
use domain::ids::{
    AlleyId, AssessmentId, ConsentId, HamletUnitId, HouseholdId, MemberId, ResidenceId, RosterListId, VisitId,
};
use domain::people::{
    Alley, Dwelling, HamletUnit, HamletUnitKind, Household, Member, Relation, Residence, Sex,
};
use domain::phone::Phone;
use domain::registry::{FIELDS, FieldType, RecordKind, field_of_fact, no};
use domain::visit::{Channel, Outcome, Topic, Visit};
use uuid::Uuid;

use crate::row::Row;
use crate::value::Value;

/// Change of residence, death, joining or leaving a household.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResidenceEvent {
    /// The event's own id.
    pub id: ResidenceId,
    /// Who.
    pub member: MemberId,
    /// Since when.
    pub day: Day,
    /// How they live from then on; `None` if only the household changed.
    pub status: Option<Residence>,
    /// The household joined, if one was.
    pub household: Option<HouseholdId>,
    /// The event that this one corrects or undoes.
    pub voids: Option<ResidenceId>,
}

/// Why a row is not the record it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A row of this kind instead.
    #[error("a row of kind {0}")]
    Kind(u16),
    /// Without this field there is no such record: it was never created, or erased.
    #[error("field {0} is missing")]
    Missing(u16),
}

/// A record that can be written as fields.
pub trait Recorded {
    /// Its kind.
    const KIND: RecordKind;
    /// Its id.
    fn record(&self) -> Uuid;
    /// Every field, in order of number; [`Value::Null`] where there is nothing.
    fn fields(&self) -> Vec<(u16, Value)>;

    /// The fields of a new record: those that hold something.
    fn creation(&self) -> Vec<(u16, Value)> {
        self.fields().into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    /// The fields that differ, with their new values.
    fn changes(&self, before: &Self) -> Vec<(u16, Value)> {
        let (before, after) = (before.fields(), self.fields());
        after
            .into_iter()
            .zip(before)
            .filter(|(after, before)| after != before)
            .map(|(after, _)| after)
            .collect()
    }
}

/// Typed look into a row.
struct Look<'a>(&'a Row);

impl<'a> Look<'a> {
    fn at(row: &'a Row, kind: RecordKind) -> Result<Self, RecordError> {
        if row.kind == kind.no() { Ok(Self(row)) } else { Err(RecordError::Kind(row.kind)) }
    }

    fn value(&self, no: u16) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.0.value(no).unwrap_or(NULL)
    }

    fn text(&self, no: u16) -> String {
        self.value(no).as_text().unwrap_or_default().to_owned()
    }

    fn id<T>(&self, no: u16, id: impl Fn(Uuid) -> T) -> Option<T> {
        self.value(no).as_uuid().map(id)
    }

    fn must<T>(&self, no: u16, value: Option<T>) -> Result<T, RecordError> {
        value.ok_or(RecordError::Missing(no))
    }

    fn parent<T>(&self, no: u16, id: impl Fn(Uuid) -> T) -> Result<T, RecordError> {
        self.must(no, self.id(no, id))
    }

    fn day(&self, no: u16) -> Result<Day, RecordError> {
        self.must(no, self.value(no).as_day())
    }

    fn code<T>(&self, no: u16, from: impl Fn(&str) -> T) -> Option<T> {
        self.value(no).as_text().map(from)
    }

    fn codes<T>(&self, no: u16, from: impl Fn(&str) -> T) -> Vec<T> {
        self.value(no).as_list().iter().filter_map(Value::as_text).map(from).collect()
    }

    /// Alive unless somebody said otherwise.
    fn alive(&self, no: u16) -> bool {
        self.value(no).as_bool().unwrap_or(true)
    }
}

fn id_or_null(id: Option<Uuid>) -> Value {
    id.into()
}

fn codes<'a>(codes: impl Iterator<Item = &'a str>) -> Value {
    let value: Value = codes.collect();
    if value.as_list().is_empty() { Value::Null } else { value }
}

impl TryFrom<&Row> for HamletUnit {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::HamletUnit)?;
        Ok(Self {
            id: HamletUnitId(row.record),
            name: look.must(no::UNIT_NAME, look.value(no::UNIT_NAME).as_text())?.to_owned(),
            kind: look.code(no::UNIT_KIND, HamletUnitKind::from_code).unwrap_or(HamletUnitKind::Hamlet),
            urban: look.value(no::UNIT_URBAN).as_bool().unwrap_or(false),
            valid_from: look.value(no::UNIT_VALID_FROM).as_day(),
            valid_to: look.value(no::UNIT_VALID_TO).as_day(),
        })
    }
}

impl Recorded for HamletUnit {
    const KIND: RecordKind = RecordKind::HamletUnit;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::UNIT_NAME, self.name.as_str().into()),
            (no::UNIT_KIND, self.kind.code().into()),
            (no::UNIT_URBAN, self.urban.into()),
            (no::UNIT_VALID_FROM, self.valid_from.into()),
            (no::UNIT_VALID_TO, self.valid_to.into()),
        ]
    }
}

impl TryFrom<&Row> for Alley {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Alley)?;
        Ok(Self {
            id: AlleyId(row.record),
            hamlet_unit: look.parent(no::ALLEY_UNIT, HamletUnitId)?,
            name: look.text(no::ALLEY_NAME),
        })
    }
}

impl Recorded for Alley {
    const KIND: RecordKind = RecordKind::Alley;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![(no::ALLEY_UNIT, self.hamlet_unit.0.into()), (no::ALLEY_NAME, Value::text_or_null(&self.name))]
    }
}

impl TryFrom<&Row> for Household {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Household)?;
        // The anchor of a creation: a row without it holds edits of a household never seen.
        look.must(no::HOUSEHOLD_ALIVE, look.value(no::HOUSEHOLD_ALIVE).as_bool())?;
        Ok(Self {
            id: HouseholdId(row.record),
            hamlet_unit: HamletUnitId(row.scope.0),
            alley: look.id(no::HOUSEHOLD_ALLEY, AlleyId),
            house_no: look.text(no::HOUSEHOLD_HOUSE_NO),
            place_note: look.text(no::HOUSEHOLD_PLACE_NOTE),
            code: look.text(no::HOUSEHOLD_CODE),
            dwelling: look.code(no::HOUSEHOLD_DWELLING, Dwelling::from_code).unwrap_or(Dwelling::House),
            alive: look.alive(no::HOUSEHOLD_ALIVE),
        })
    }
}

/// The hamlet unit is the scope, not a field: it changes by a move.
impl Recorded for Household {
    const KIND: RecordKind = RecordKind::Household;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::HOUSEHOLD_ALLEY, id_or_null(self.alley.map(|id| id.0))),
            (no::HOUSEHOLD_HOUSE_NO, Value::text_or_null(&self.house_no)),
            (no::HOUSEHOLD_PLACE_NOTE, Value::text_or_null(&self.place_note)),
            (no::HOUSEHOLD_CODE, Value::text_or_null(&self.code)),
            (no::HOUSEHOLD_DWELLING, self.dwelling.code().into()),
            (no::HOUSEHOLD_ALIVE, self.alive.into()),
        ]
    }
}

impl TryFrom<&Row> for Member {
    type Error = RecordError;
    /// `residence` is what the list said; [`crate::projection::residence_as_of`] goes on from there.
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Member)?;
        let phone = look.value(no::MEMBER_PHONE).as_text();
        Ok(Self {
            id: MemberId(row.record),
            household: look.parent(no::MEMBER_HOUSEHOLD, HouseholdId)?,
            full_name: look.text(no::MEMBER_FULL_NAME),
            birth: look.value(no::MEMBER_BIRTH).as_partial_date(),
            sex: look.code(no::MEMBER_SEX, Sex::from_code),
            relation: look.code(no::MEMBER_RELATION, Relation::from_code).unwrap_or(Relation::Other),
            phone: phone.and_then(|text| Phone::parse(text).ok()),
            residence: look
                .code(no::MEMBER_LISTED_RESIDENCE, Residence::from_code)
                .unwrap_or(Residence::Unclear),
            alive: look.alive(no::MEMBER_ALIVE),
        })
    }
}

impl Recorded for Member {
    const KIND: RecordKind = RecordKind::Member;
    fn record(&self) -> Uuid {
        self.id.0
    }
    /// `residence` is written as what the list said; a later change is a [`ResidenceEvent`].
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::MEMBER_HOUSEHOLD, self.household.0.into()),
            (no::MEMBER_FULL_NAME, self.full_name.as_str().into()),
            (no::MEMBER_BIRTH, self.birth.into()),
            (no::MEMBER_SEX, self.sex.as_ref().map(Sex::code).into()),
            (no::MEMBER_RELATION, self.relation.code().into()),
            (no::MEMBER_PHONE, self.phone.as_ref().map(Phone::digits).into()),
            (no::MEMBER_LISTED_RESIDENCE, self.residence.code().into()),
            (no::MEMBER_ALIVE, self.alive.into()),
        ]
    }
}

impl TryFrom<&Row> for Visit {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Visit)?;
        Ok(Self {
            id: VisitId(row.record),
            household: look.parent(no::VISIT_HOUSEHOLD, HouseholdId)?,
            day: look.day(no::VISIT_DAY)?,
            outcome: look
                .code(no::VISIT_OUTCOME, Outcome::from_code)
                .unwrap_or_else(|| Outcome::from_code("")),
            channel: look.code(no::VISIT_CHANNEL, Channel::from_code).unwrap_or(Channel::AtHome),
            respondent: look.id(no::VISIT_RESPONDENT, MemberId),
            members_unchanged: look.value(no::VISIT_MEMBERS_UNCHANGED).as_bool().unwrap_or(false),
            next_day: look.value(no::VISIT_NEXT_DAY).as_day(),
            topics: look.codes(no::VISIT_TOPICS, Topic::from_code),
            guided: look
                .value(no::VISIT_GUIDED)
                .as_list()
                .iter()
                .filter_map(Value::as_uuid)
                .map(MemberId)
                .collect(),
            voids: look.id(no::VISIT_VOIDS, VisitId),
        })
    }
}

impl Recorded for Visit {
    const KIND: RecordKind = RecordKind::Visit;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        let guided: Value = self.guided.iter().map(|member| member.0).collect();
        vec![
            (no::VISIT_HOUSEHOLD, self.household.0.into()),
            (no::VISIT_DAY, self.day.into()),
            (no::VISIT_OUTCOME, self.outcome.code().into()),
            (no::VISIT_CHANNEL, self.channel.code().into()),
            (no::VISIT_RESPONDENT, id_or_null(self.respondent.map(|id| id.0))),
            (no::VISIT_MEMBERS_UNCHANGED, if self.members_unchanged { true.into() } else { Value::Null }),
            (no::VISIT_NEXT_DAY, self.next_day.into()),
            (no::VISIT_TOPICS, codes(self.topics.iter().map(Topic::code))),
            (no::VISIT_GUIDED, if self.guided.is_empty() { Value::Null } else { guided }),
            (no::VISIT_VOIDS, id_or_null(self.voids.map(|id| id.0))),
        ]
    }
}

impl TryFrom<&Row> for Assessment {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Assessment)?;
        let answer = |(field_no, fact): (u16, &Fact)| {
            look.value(field_no).as_answer().map(|(answer, evidence)| (fact.clone(), answer, evidence))
        };
        Ok(Self {
            id: AssessmentId(row.record),
            member: look.parent(no::ASSESSMENT_MEMBER, MemberId)?,
            day: look.day(no::ASSESSMENT_DAY)?,
            visit: look.id(no::ASSESSMENT_VISIT, VisitId),
            respondent: look.id(no::ASSESSMENT_RESPONDENT, MemberId),
            answers: fact_fields().filter_map(answer).collect(),
            voids: look.id(no::ASSESSMENT_VOIDS, AssessmentId),
        })
    }
}

fn fact_fields() -> impl Iterator<Item = (u16, &'static Fact)> {
    FIELDS.iter().filter_map(|field| match &field.ty {
        FieldType::Answer(fact) => Some((field.no, fact)),
        _ => None,
    })
}

impl Recorded for Assessment {
    const KIND: RecordKind = RecordKind::Assessment;
    fn record(&self) -> Uuid {
        self.id.0
    }
    /// A fact of a newer version has no number here and cannot have been asked by this one.
    fn fields(&self) -> Vec<(u16, Value)> {
        let mut fields = vec![
            (no::ASSESSMENT_MEMBER, self.member.0.into()),
            (no::ASSESSMENT_DAY, self.day.into()),
            (no::ASSESSMENT_VISIT, id_or_null(self.visit.map(|id| id.0))),
            (no::ASSESSMENT_RESPONDENT, id_or_null(self.respondent.map(|id| id.0))),
            (no::ASSESSMENT_VOIDS, id_or_null(self.voids.map(|id| id.0))),
        ];
        let answers = self.answers.iter().filter_map(|(fact, answer, evidence)| {
            field_of_fact(fact).map(|no| (no, Value::answer(answer.clone(), *evidence)))
        });
        fields.extend(answers);
        fields.sort_by_key(|(no, _)| *no);
        fields
    }
}

impl TryFrom<&Row> for Consent {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Consent)?;
        Ok(Self {
            id: ConsentId(row.record),
            member: look.parent(no::CONSENT_MEMBER, MemberId)?,
            day: look.day(no::CONSENT_DAY)?,
            visit: look.id(no::CONSENT_VISIT, VisitId),
            purposes: look.codes(no::CONSENT_PURPOSES, Purpose::from_code),
            // Nothing said is no consent.
            decision: look.code(no::CONSENT_DECISION, Decision::from_code).unwrap_or(Decision::Later),
            basis: look.code(no::CONSENT_BASIS, Basis::from_code).unwrap_or(Basis::Consent),
            text_version: look.text(no::CONSENT_TEXT_VERSION),
            voids: look.id(no::CONSENT_VOIDS, ConsentId),
        })
    }
}

impl Recorded for Consent {
    const KIND: RecordKind = RecordKind::Consent;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::CONSENT_MEMBER, self.member.0.into()),
            (no::CONSENT_DAY, self.day.into()),
            (no::CONSENT_VISIT, id_or_null(self.visit.map(|id| id.0))),
            (no::CONSENT_PURPOSES, codes(self.purposes.iter().map(Purpose::code))),
            (no::CONSENT_DECISION, self.decision.code().into()),
            (no::CONSENT_BASIS, self.basis.code().into()),
            (no::CONSENT_TEXT_VERSION, Value::text_or_null(&self.text_version)),
            (no::CONSENT_VOIDS, id_or_null(self.voids.map(|id| id.0))),
        ]
    }
}

impl TryFrom<&Row> for ResidenceEvent {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Residence)?;
        Ok(Self {
            id: ResidenceId(row.record),
            member: look.parent(no::RESIDENCE_MEMBER, MemberId)?,
            day: look.day(no::RESIDENCE_DAY)?,
            status: look.code(no::RESIDENCE_STATUS, Residence::from_code),
            household: look.id(no::RESIDENCE_HOUSEHOLD, HouseholdId),
            voids: look.id(no::RESIDENCE_VOIDS, ResidenceId),
        })
    }
}

impl Recorded for ResidenceEvent {
    const KIND: RecordKind = RecordKind::Residence;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::RESIDENCE_MEMBER, self.member.0.into()),
            (no::RESIDENCE_DAY, self.day.into()),
            (no::RESIDENCE_STATUS, self.status.as_ref().map(Residence::code).into()),
            (no::RESIDENCE_HOUSEHOLD, id_or_null(self.household.map(|id| id.0))),
            (no::RESIDENCE_VOIDS, id_or_null(self.voids.map(|id| id.0))),
        ]
    }
}

/// From which list and row a household or member came; nothing for other kinds.
pub fn origin(kind: RecordKind, list: RosterListId, row: u32) -> Vec<(u16, Value)> {
    match kind {
        RecordKind::Household => {
            vec![(no::HOUSEHOLD_LIST, list.0.into()), (no::HOUSEHOLD_LIST_ROW, row.into())]
        }
        RecordKind::Member => vec![(no::MEMBER_LIST, list.0.into()), (no::MEMBER_LIST_ROW, row.into())],
        _ => vec![],
    }
}

/// The fields of a deletion or, with `alive`, of a restoring; nothing for kinds that cannot be deleted.
/// Later edits of a deleted record are kept and shown, and never bring it back (§1).
pub fn alive(kind: RecordKind, alive: bool, reason: Option<&str>) -> Vec<(u16, Value)> {
    match kind {
        RecordKind::Household => {
            vec![(no::HOUSEHOLD_ALIVE, alive.into()), (no::HOUSEHOLD_ALIVE_REASON, reason.into())]
        }
        RecordKind::Member => {
            vec![(no::MEMBER_ALIVE, alive.into()), (no::MEMBER_ALIVE_REASON, reason.into())]
        }
        RecordKind::SameAs => vec![(no::SAME_AS_ALIVE, alive.into())],
        _ => vec![],
    }
}
