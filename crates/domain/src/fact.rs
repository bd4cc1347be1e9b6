//! What can be learned about a person's digital life, the answers people can give, and how strongly an
//! answer is known. Door rules §1; the plan's appendix rows 3 to 5 stand behind the list.
//!
//! Every fact has three values in the end: yes, no, unknown. Nothing here ever turns unknown into no.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::codes::codes;
use crate::ids::{AssessmentId, MemberId, VisitId};

codes! {
    /// One thing that is asked about one person.
    Fact {
        /// Điện thoại thông minh (PL-3)
        Smartphone = "smartphone",
        /// VNeID (§III.4, Mỗi công dân một danh tính số)
        Vneid = "vneid",
        /// Tài khoản ngân hàng, ví điện tử, Mobile Money (PL-5)
        Payment = "payment",
        /// PL-4, first part: knows what can be done over the network
        Knows = "knows",
        /// PL-4, second part: can install and find things alone
        Skill = "skill",
        /// PL-4, third part: has used services alone in the last three months
        Uses = "uses",
        /// PL-4, fourth part: knows what to do when a scammer calls
        Safe = "safe",
        /// Bình dân học vụ số
        Bdhvs = "bdhvs",
        /// Shows the others of the family how to use the phone; asked once per household
        GuidesFamily = "guides_family",
        /// Who helps somebody without a phone
        AssistedBy = "assisted_by",
        /// Chữ ký số cá nhân (§V.9); off by default
        DigitalSignature = "digital_signature",
    }
}

codes! {
    /// A single answer. Which of them a fact allows is [`Fact::choices`].
    Choice {
        /// Có
        Yes = "yes",
        /// Không
        No = "no",
        /// Máy riêng
        Own = "own",
        /// Dùng chung
        Shared = "shared",
        /// Điện thoại bàn phím
        Keypad = "keypad",
        /// Không có (phone); chưa làm (VNeID); không (payment); nobody (assisted by)
        None = "none",
        /// Đã làm ở công an, chưa kích hoạt
        NotActivated = "not_activated",
        /// Dùng được mức 2
        Level2 = "level2",
        /// Mới mức 1
        Level1 = "level1",
        /// Có nhưng không vào được
        LockedOut = "locked_out",
        /// Chưa học
        NotStarted = "not_started",
        /// Đang học
        Learning = "learning",
        /// Hoàn thành
        Completed = "completed",
    }
}

codes! {
    /// A means of payment. Never which bank, never a number or a balance.
    PaymentMeans {
        /// Ngân hàng
        Bank = "bank",
        /// Ví điện tử
        Ewallet = "ewallet",
        /// Mobile Money (tiền di động)
        MobileMoney = "mobile_money",
    }
}

/// The answer to one fact. On the wire and in tables it is a text: `unknown`, a choice's code, means of
/// payment joined by `+`, or a member's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(type = "string"))]
pub enum Answer {
    /// Chưa rõ: asked, and not known.
    Unknown,
    /// One of the fact's choices.
    One(Choice),
    /// At least one means of payment.
    Payment(BTreeSet<PaymentMeans>),
    /// The member who helps.
    Member(MemberId),
}

/// The answer does not belong to the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this answer is not one of the fact's")]
pub struct AnswerError;

impl Fact {
    /// The single answers that screens offer, in their order, without "chưa rõ".
    pub fn choices(&self) -> &'static [Choice] {
        use Choice::*;
        match self {
            Self::Smartphone => &[Own, Shared, Keypad, None],
            Self::Vneid => &[None, NotActivated, Level2, Level1, LockedOut],
            Self::Payment | Self::AssistedBy => &[None],
            Self::Bdhvs => &[NotStarted, Learning, Completed],
            Self::Knows
            | Self::Skill
            | Self::Uses
            | Self::Safe
            | Self::GuidesFamily
            | Self::DigitalSignature => &[Yes, No],
            Self::Unrecognised(_) => &[],
        }
    }

    /// Refuses an answer of another fact; codes of a newer version pass.
    pub fn check(&self, answer: &Answer) -> Result<(), AnswerError> {
        let belongs = match answer {
            Answer::Unknown | Answer::One(Choice::Unrecognised(_)) => true,
            Answer::One(choice) => self.choices().contains(choice),
            Answer::Payment(_) => matches!(self, Self::Payment | Self::Unrecognised(_)),
            Answer::Member(_) => matches!(self, Self::AssistedBy | Self::Unrecognised(_)),
        };
        if belongs || matches!(self, Self::Unrecognised(_)) { Ok(()) } else { Err(AnswerError) }
    }
}

impl Answer {
    /// True for everything but "chưa rõ".
    pub fn is_known(&self) -> bool {
        *self != Self::Unknown
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        if text == "unknown" {
            return Self::Unknown;
        }
        if let Ok(member) = text.parse() {
            return Self::Member(member);
        }
        let means: BTreeSet<_> = text.split('+').map(PaymentMeans::from_code).collect();
        if means.iter().any(|one| matches!(one, PaymentMeans::Unrecognised(_))) {
            return Self::One(Choice::from_code(&text));
        }
        Self::Payment(means)
    }
}

impl From<Answer> for String {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Unknown => "unknown".into(),
            Answer::One(choice) => choice.into(),
            Answer::Payment(means) => means.iter().map(PaymentMeans::code).collect::<Vec<_>>().join("+"),
            Answer::Member(member) => member.to_string(),
        }
    }
}

/// How an answer is known, weakest first: the order of the variants is the order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Evidence {
    /// Trong danh sách
    Imported,
    /// Người nhà trả lời thay
    Proxy,
    /// Tự khai
    SelfReported,
    /// Tận mắt thấy
    Observed,
    /// Tự làm được
    Demonstrated,
    /// Có chứng nhận
    Certified,
}

impl Evidence {
    /// Weakest first.
    pub const ALL: [Self; 6] = [
        Self::Imported,
        Self::Proxy,
        Self::SelfReported,
        Self::Observed,
        Self::Demonstrated,
        Self::Certified,
    ];

    /// The code on the wire and in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Proxy => "proxy",
            Self::SelfReported => "self_reported",
            Self::Observed => "observed",
            Self::Demonstrated => "demonstrated",
            Self::Certified => "certified",
        }
    }

    /// A strength that a newer version added is read as the weakest: it must not displace what this
    /// version understands. The stored op keeps the code.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.code() == code).unwrap_or(Self::Imported)
    }

    /// What somebody's word is worth: one's own, or a relative's.
    pub fn of_respondent(respondent: MemberId, about: MemberId) -> Self {
        if respondent == about { Self::SelfReported } else { Self::Proxy }
    }
}

/// What was learned about one person on one day: only the facts that were asked. An event; never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The event's own id.
    pub id: AssessmentId,
    /// About whom.
    pub member: MemberId,
    /// On which day it was true.
    pub day: Day,
    /// During which visit, if any.
    pub visit: Option<VisitId>,
    /// Who answered, if somebody of the household did.
    pub respondent: Option<MemberId>,
    /// Fact, answer, evidence; each fact at most once.
    pub answers: Vec<(Fact, Answer, Evidence)>,
    /// The assessment that this one corrects or undoes.
    pub voids: Option<AssessmentId>,
}

/// A fact as it stands on some day, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// [`Answer::Unknown`] where nothing valid is known.
    pub answer: Answer,
    /// How it is known.
    pub evidence: Evidence,
    /// When it was learned.
    pub day: Day,
    /// The event that said so.
    pub source: AssessmentId,
    /// True if `answer` is unknown because what was known has lapsed; `day`, `evidence` and `source`
    /// then tell of the newest lapsed one.
    pub lapsed: bool,
    /// First day on which this answer no longer counts.
    pub valid_until: Day,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn answers_round_trip_as_text() {
        let check = |text: &str, expect: Answer| {
            assert_eq!(Answer::from(text.to_owned()), expect, "{text}");
            assert_eq!(String::from(expect), text);
        };
        check("unknown", Answer::Unknown);
        check("own", Answer::One(Choice::Own));
        check("none", Answer::One(Choice::None));
        check("bank", Answer::Payment([PaymentMeans::Bank].into()));
        check("bank+ewallet", Answer::Payment([PaymentMeans::Bank, PaymentMeans::Ewallet].into()));
        check("satellite", Answer::One(Choice::Unrecognised("satellite".into())));
        let somebody = MemberId(Uuid::from_u128(7));
        check(&somebody.to_string(), Answer::Member(somebody));
    }

    #[test]
    fn an_answer_belongs_to_its_fact() {
        let check = |fact: Fact, answer: &str, fits: bool| {
            assert_eq!(fact.check(&Answer::from(answer.to_owned())).is_ok(), fits, "{fact:?} {answer}");
        };
        check(Fact::Smartphone, "own", true);
        check(Fact::Smartphone, "yes", false);
        check(Fact::Smartphone, "unknown", true);
        check(Fact::Payment, "bank+mobile_money", true);
        check(Fact::Payment, "none", true);
        check(Fact::Payment, "own", false);
        check(Fact::Vneid, "bank", false);
        check(Fact::Vneid, "level3", true);
        check(Fact::AssistedBy, "none", true);
    }

    #[test]
    fn strength_is_the_order_of_the_variants() {
        assert!(Evidence::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Evidence::ALL.into_iter().all(|one| Evidence::from_code(one.code()) == one));
        let (lan, minh) = (MemberId(Uuid::from_u128(1)), MemberId(Uuid::from_u128(2)));
        assert_eq!(Evidence::of_respondent(lan, lan), Evidence::SelfReported);
        assert_eq!(Evidence::of_respondent(minh, lan), Evidence::Proxy);
    }
}
