//! Consent: for what, on what basis, and what may therefore be recorded. Door rules §5; Luật Bảo vệ dữ
//! liệu cá nhân 91/2025/QH15 Điều 9 (consent per purpose, silence is no consent) and Điều 19.1.c.

use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::codes::codes;
use crate::ids::{ConsentId, MemberId, VisitId};

codes! {
    /// What the data are for. Each is agreed to or not on its own.
    Purpose {
        /// P1: guiding this family
        GuideFamily = "p1",
        /// P2: adding to figures without names
        Figures = "p2",
        /// P3: phoning for appointments
        Phone = "p3",
        /// P4: publishing a name, only when nominated
        PublishName = "p4",
    }
}

codes! {
    /// The commune's legal basis, chosen with its citation before the first enrolment code.
    Basis {
        /// A: consent only; an absent adult keeps the roster line and nothing else (the default)
        Consent = "consent",
        /// B: consent, and a relative's word for absent adults on phone, VNeID and payment, marked
        ConsentAndProxy = "consent_and_proxy",
        /// C: Luật 91/2025 Điều 19.1.c; people are informed and may object
        StateTask = "state_task",
    }
}

codes! {
    /// What a person said.
    Decision {
        /// Đồng ý
        Agreed = "agreed",
        /// Không
        Declined = "declined",
        /// Rút lại
        Withdrawn = "withdrawn",
        /// Để sau: not a consent
        Later = "later",
    }
}

/// One person's answer to the consent question. An event: the latest answer for a purpose counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The event's own id.
    pub id: ConsentId,
    /// Who answered, for themselves.
    pub member: MemberId,
    /// When.
    pub day: Day,
    /// During which visit, if any.
    pub visit: Option<VisitId>,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// What was said.
    pub decision: Decision,
    /// The commune's basis at that time.
    pub basis: Basis,
    /// Version of the text that was read aloud.
    pub text_version: String,
    /// An answer that this one corrects.
    pub voids: Option<ConsentId>,
}

impl Consent {
    /// The person does not want that, from here on.
    pub fn refuses(&self, purpose: &Purpose) -> bool {
        let no = matches!(self.decision, Decision::Declined | Decision::Withdrawn);
        no && self.purposes.contains(purpose)
    }
}

/// Where a person stands with one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Standing {
    /// Never asked, or asked to come back later.
    #[default]
    NotAsked,
    /// Agreed, and has not withdrawn.
    Agreed,
    /// Declined or withdrew.
    Refused,
}

impl Standing {
    /// `consents` in the order of the register (oldest first), voided ones left out.
    pub fn of<'a>(purpose: &Purpose, consents: impl IntoIterator<Item = &'a Consent>) -> Self {
        let mut standing = Self::NotAsked;
        for consent in consents.into_iter().filter(|consent| consent.purposes.contains(purpose)) {
            standing = match consent.decision {
                Decision::Agreed => Self::Agreed,
                Decision::Declined | Decision::Withdrawn => Self::Refused,
                Decision::Later | Decision::Unrecognised(_) => continue,
            };
        }
        standing
    }
}

/// What facts about somebody stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backing<'a> {
    /// The commune's.
    pub basis: &'a Basis,
    /// The first day on which the person agreed, if ever.
    pub agreed_on: Option<Day>,
}

impl Basis {
    /// Whether facts about somebody may be recorded and counted. `spoke_for_self`: the person is the one
    /// who answers; otherwise a relative answers (basis B keeps some facts of that, marked proxy).
    pub fn allows_facts(&self, standing: Standing, spoke_for_self: bool) -> bool {
        match (self, standing) {
            (_, Standing::Refused) => false,
            (_, Standing::Agreed) | (Self::StateTask, _) => true,
            (Self::ConsentAndProxy, Standing::NotAsked) => !spoke_for_self,
            (Self::Consent | Self::Unrecognised(_), Standing::NotAsked) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn consent(decision: Decision, purposes: &[Purpose]) -> Consent {
        Consent {
            id: ConsentId(Uuid::nil()),
            member: MemberId(Uuid::nil()),
            day: Day::new(2026, 11, 22).unwrap(),
            visit: None,
            purposes: purposes.to_vec(),
            decision,
            basis: Basis::Consent,
            text_version: "2026-11".into(),
            voids: None,
        }
    }

    #[test]
    fn the_latest_answer_for_the_purpose_counts_and_later_is_none() {
        use Decision::*;
        let both = [Purpose::GuideFamily, Purpose::Figures];
        let check = |answers: &[(Decision, &[Purpose])], expect: Standing| {
            let consents: Vec<_> = answers.iter().map(|(d, p)| consent(d.clone(), p)).collect();
            assert_eq!(Standing::of(&Purpose::Figures, &consents), expect, "{answers:?}");
        };
        check(&[], Standing::NotAsked);
        check(&[(Later, &both)], Standing::NotAsked);
        check(&[(Agreed, &both)], Standing::Agreed);
        check(&[(Agreed, &[Purpose::Phone])], Standing::NotAsked);
        check(&[(Agreed, &both), (Withdrawn, &both)], Standing::Refused);
        check(&[(Declined, &both), (Agreed, &both)], Standing::Agreed);
        check(&[(Agreed, &both), (Later, &both)], Standing::Agreed);
        check(&[(Unrecognised("nodded".into()), &both)], Standing::NotAsked);
    }

    #[test]
    fn what_each_basis_allows() {
        let check = |basis: Basis, standing, for_self, expect| {
            assert_eq!(basis.allows_facts(standing, for_self), expect, "{basis:?} {standing:?} {for_self}");
        };
        for basis in Basis::ALL {
            check(basis.clone(), Standing::Agreed, true, true);
            check(basis.clone(), Standing::Refused, true, false);
            check(basis.clone(), Standing::Refused, false, false);
        }
        check(Basis::Consent, Standing::NotAsked, true, false);
        check(Basis::Consent, Standing::NotAsked, false, false);
        check(Basis::ConsentAndProxy, Standing::NotAsked, false, true);
        check(Basis::ConsentAndProxy, Standing::NotAsked, true, false);
        check(Basis::StateTask, Standing::NotAsked, false, true);
    }
}
