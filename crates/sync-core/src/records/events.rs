//! The events among the records: visits, assessments, consents, changes of residence.

use domain::calendar::Day;
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::fact::{Assessment, Fact};
use domain::ids::{AssessmentId, ConsentId, HouseholdId, MemberId, ResidenceId, VisitId};
use domain::people::Residence;
use domain::registry::{FIELDS, FieldType, RecordKind, field_of_fact, no};
use domain::visit::{Channel, Outcome, Topic, Visit};
use uuid::Uuid;

use super::{Look, RecordError, Recorded, codes, id_or_null};
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
