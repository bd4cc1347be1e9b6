//! The field registry: every kind of record and every field that is stored, travels, is merged, shown,
//! exported or erased. Tables, wire, history, export, erasure and the conflict screen read this list;
//! nobody keeps a second one.
//!
//! **A number's type and rule never change; a new rule is a new number.** Numbers of dropped fields stay
//! here. A kind or number this version does not know is stored and forwarded byte for byte.

use crate::fact::Fact;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $no:literal $name:literal $nature:ident,)*) => {
        /// What a record is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordKind { $($(#[$doc])* $variant,)* }

        impl RecordKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number on the wire.
            pub fn no(self) -> u16 {
                match self { $(Self::$variant => $no,)* }
            }

            /// The word in code, tables and documents.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How records of this kind change.
            pub fn nature(self) -> Nature {
                match self { $(Self::$variant => Nature::$nature,)* }
            }

            /// `None` for a kind of a newer version.
            pub fn from_no(no: u16) -> Option<Self> {
                match no { $($no => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

/// How records of a kind change (sync rules §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Field by field, the last writer wins.
    Register,
    /// Never: written once, perhaps voided by another event.
    Event,
    /// Two records are the same; removing the edge parts them again.
    Edge,
}

kinds! {
    /// Thôn, TDP
    HamletUnit = 1 "hamlet_unit" Register,
    /// Ngõ
    Alley = 2 "alley" Register,
    /// Hộ
    Household = 3 "household" Register,
    /// Người trong hộ
    Member = 4 "member" Register,
    /// Lượt đến nhà
    Visit = 5 "visit" Event,
    /// What was learned about one person on one day
    Assessment = 6 "assessment" Event,
    /// Đồng ý
    Consent = 7 "consent" Event,
    /// Change of residence, death, joining or leaving a household
    Residence = 8 "residence" Event,
    /// Attendance at a session
    Attendance = 9 "attendance" Event,
    /// A household list that was handed over
    RosterList = 10 "roster_list" Register,
    /// Who may work in which hamlet unit, from when to when
    Assignment = 11 "assignment" Register,
    /// Two records of one person or household
    SameAs = 12 "same_as" Edge,
    /// What a person decided about a Save that the commune keeps apart; its id is the Save's
    Mending = 13 "mending" Register,
}

/// What a field's value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// UTF-8 text, NFC, at most [`crate::people::TEXT_AT_MOST`] characters
    Text,
    /// Whole number
    Int,
    /// true, false
    Bool,
    /// A record's id
    Id,
    /// `2026-11-22`
    Day,
    /// `1956`, `1956-03`, `1956-03-05`
    PartialDate,
    /// A code of a closed list
    Code,
    /// Codes of a closed list
    Codes,
    /// Ids of records
    Ids,
    /// `[answer, evidence]` of a fact
    Answer(Fact),
}

/// What the law makes of the field (Luật 91/2025/QH15; NĐ 356/2025 Điều 3 basic, Điều 4 sensitive; this
/// product holds nothing of Điều 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalData {
    /// Says nothing about a person.
    No,
    /// Basic personal data: erased with the person.
    Basic,
}

/// What happens when two replicas wrote the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldRule {
    /// The last writer wins, silently.
    LastWriter,
    /// The last writer wins, and the rival is shown for review.
    Reviewed,
    /// Part of an event: never merged.
    Once,
    /// Part of an assessment: the current fact is chosen by evidence strength, then day, then order.
    ByStrength,
    /// The record's parent: it moves where the parent moves.
    Parent,
}

/// One field of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Number on the wire, never used twice.
    pub no: u16,
    /// Whose field.
    pub kind: RecordKind,
    /// Column name and word in documents.
    pub name: &'static str,
    /// What it looks like.
    pub ty: FieldType,
    /// What the law makes of it.
    pub personal: PersonalData,
    /// How it is merged.
    pub rule: FieldRule,
}

macro_rules! fields {
    ($($no:literal $constant:ident $kind:ident $name:literal $ty:expr, $personal:ident $rule:ident;)*) => {
        /// Field numbers by name, for the code that writes ops.
        pub mod no {
            $(#[doc = $name] pub const $constant: u16 = $no;)*
        }

        /// The registry itself, in order of number.
        pub static FIELDS: &[Field] = &[$(Field {
            no: $no,
            kind: RecordKind::$kind,
            name: $name,
            ty: $ty,
            personal: PersonalData::$personal,
            rule: FieldRule::$rule,
        },)*];
    };
}

use FieldType::*;

fields! {
    101 UNIT_NAME HamletUnit "name" Text, No LastWriter;
    102 UNIT_KIND HamletUnit "kind" Code, No LastWriter;
    103 UNIT_URBAN HamletUnit "urban" Bool, No LastWriter;
    104 UNIT_VALID_FROM HamletUnit "valid_from" Day, No LastWriter;
    105 UNIT_VALID_TO HamletUnit "valid_to" Day, No LastWriter;

    201 ALLEY_UNIT Alley "hamlet_unit" Id, No Parent;
    202 ALLEY_NAME Alley "name" Text, No LastWriter;

    301 HOUSEHOLD_ALLEY Household "alley" Id, No LastWriter;
    302 HOUSEHOLD_HOUSE_NO Household "house_no" Text, Basic LastWriter;
    303 HOUSEHOLD_PLACE_NOTE Household "place_note" Text, Basic LastWriter;
    304 HOUSEHOLD_CODE Household "code" Text, Basic LastWriter;
    305 HOUSEHOLD_DWELLING Household "dwelling" Code, No LastWriter;
    306 HOUSEHOLD_LIST Household "roster_list" Id, No LastWriter;
    307 HOUSEHOLD_LIST_ROW Household "roster_row" Int, No LastWriter;
    308 HOUSEHOLD_ALIVE Household "alive" Bool, No LastWriter;
    309 HOUSEHOLD_ALIVE_REASON Household "alive_reason" Code, No LastWriter;
    310 HOUSEHOLD_MOVED_TO Household "moved_to" Id, No LastWriter;

    401 MEMBER_HOUSEHOLD Member "household" Id, No Parent;
    402 MEMBER_FULL_NAME Member "full_name" Text, Basic Reviewed;
    403 MEMBER_BIRTH Member "birth" PartialDate, Basic Reviewed;
    404 MEMBER_SEX Member "sex" Code, Basic LastWriter;
    405 MEMBER_RELATION Member "relation" Code, Basic LastWriter;
    406 MEMBER_PHONE Member "phone" Text, Basic LastWriter;
    407 MEMBER_LISTED_RESIDENCE Member "listed_residence" Code, Basic LastWriter;
    408 MEMBER_LIST Member "roster_list" Id, No LastWriter;
    409 MEMBER_LIST_ROW Member "roster_row" Int, No LastWriter;
    410 MEMBER_ALIVE Member "alive" Bool, No LastWriter;
    411 MEMBER_ALIVE_REASON Member "alive_reason" Code, No LastWriter;
    412 MEMBER_NEEDS_SUPPORT Member "needs_support" Codes, Basic LastWriter;

    501 VISIT_HOUSEHOLD Visit "household" Id, No Parent;
    502 VISIT_DAY Visit "day" Day, No Once;
    503 VISIT_OUTCOME Visit "outcome" Code, Basic Once;
    504 VISIT_CHANNEL Visit "channel" Code, No Once;
    505 VISIT_RESPONDENT Visit "respondent" Id, No Once;
    506 VISIT_MEMBERS_UNCHANGED Visit "members_unchanged" Bool, No Once;
    507 VISIT_NEXT_DAY Visit "next_day" Day, No Once;
    508 VISIT_TOPICS Visit "topics" Codes, No Once;
    509 VISIT_GUIDED Visit "guided" Ids, No Once;
    510 VISIT_VOIDS Visit "voids" Id, No Once;

    601 ASSESSMENT_MEMBER Assessment "member" Id, No Parent;
    602 ASSESSMENT_DAY Assessment "day" Day, No Once;
    603 ASSESSMENT_VISIT Assessment "visit" Id, No Once;
    604 ASSESSMENT_RESPONDENT Assessment "respondent" Id, No Once;
    605 ASSESSMENT_VOIDS Assessment "voids" Id, No Once;
    611 FACT_SMARTPHONE Assessment "smartphone" Answer(Fact::Smartphone), Basic ByStrength;
    612 FACT_VNEID Assessment "vneid" Answer(Fact::Vneid), Basic ByStrength;
    613 FACT_PAYMENT Assessment "payment" Answer(Fact::Payment), Basic ByStrength;
    614 FACT_KNOWS Assessment "knows" Answer(Fact::Knows), Basic ByStrength;
    615 FACT_SKILL Assessment "skill" Answer(Fact::Skill), Basic ByStrength;
    616 FACT_USES Assessment "uses" Answer(Fact::Uses), Basic ByStrength;
    617 FACT_SAFE Assessment "safe" Answer(Fact::Safe), Basic ByStrength;
    618 FACT_BDHVS Assessment "bdhvs" Answer(Fact::Bdhvs), Basic ByStrength;
    619 FACT_GUIDES_FAMILY Assessment "guides_family" Answer(Fact::GuidesFamily), Basic ByStrength;
    620 FACT_ASSISTED_BY Assessment "assisted_by" Answer(Fact::AssistedBy), Basic ByStrength;
    621 FACT_DIGITAL_SIGNATURE Assessment "digital_signature" Answer(Fact::DigitalSignature), Basic ByStrength;

    701 CONSENT_MEMBER Consent "member" Id, No Parent;
    702 CONSENT_DAY Consent "day" Day, No Once;
    703 CONSENT_VISIT Consent "visit" Id, No Once;
    704 CONSENT_PURPOSES Consent "purposes" Codes, No Once;
    705 CONSENT_DECISION Consent "decision" Code, Basic Once;
    706 CONSENT_BASIS Consent "basis" Code, No Once;
    707 CONSENT_TEXT_VERSION Consent "text_version" Text, No Once;
    708 CONSENT_VOIDS Consent "voids" Id, No Once;

    801 RESIDENCE_MEMBER Residence "member" Id, No Parent;
    802 RESIDENCE_DAY Residence "day" Day, No Once;
    803 RESIDENCE_STATUS Residence "status" Code, Basic Once;
    804 RESIDENCE_HOUSEHOLD Residence "household" Id, No Once;
    805 RESIDENCE_VOIDS Residence "voids" Id, No Once;

    901 ATTENDANCE_MEMBER Attendance "member" Id, No Parent;
    902 ATTENDANCE_DAY Attendance "day" Day, No Once;
    903 ATTENDANCE_SESSION Attendance "session" Id, No Once;
    904 ATTENDANCE_VOIDS Attendance "voids" Id, No Once;

    1001 LIST_CONTENT_HASH RosterList "content_hash" Text, No LastWriter;
    1002 LIST_DAY RosterList "list_day" Day, No LastWriter;
    1003 LIST_HANDED_OVER_BY RosterList "handed_over_by" Text, Basic LastWriter;
    1004 LIST_IMPORTED_ON RosterList "imported_on" Day, No LastWriter;
    1005 LIST_HOUSEHOLDS RosterList "households" Int, No LastWriter;
    1006 LIST_PERSONS RosterList "persons" Int, No LastWriter;
    1007 LIST_TITLE RosterList "title" Text, No LastWriter;
    1008 LIST_BASIS RosterList "basis" Text, No LastWriter;

    1101 ASSIGNMENT_USER Assignment "user" Id, No LastWriter;
    1102 ASSIGNMENT_ROLE Assignment "role" Code, No LastWriter;
    1103 ASSIGNMENT_UNIT Assignment "hamlet_unit" Id, No LastWriter;
    1104 ASSIGNMENT_FROM Assignment "valid_from" Day, No LastWriter;
    1105 ASSIGNMENT_TO Assignment "valid_to" Day, No LastWriter;

    1201 SAME_AS_A SameAs "a" Id, No LastWriter;
    1202 SAME_AS_B SameAs "b" Id, No LastWriter;
    1203 SAME_AS_ALIVE SameAs "alive" Bool, No LastWriter;

    1301 MENDING_DECISION Mending "decision" Code, No LastWriter;
    1302 MENDING_REASON Mending "reason" Text, Basic LastWriter;
}

/// The field of a number; `None` for one of a newer version.
pub fn field(no: u16) -> Option<&'static Field> {
    FIELDS.binary_search_by_key(&no, |field| field.no).ok().and_then(|at| FIELDS.get(at))
}

/// The assessment field that carries a fact; `None` for a fact of a newer version.
pub fn field_of_fact(fact: &Fact) -> Option<u16> {
    FIELDS.iter().find(|field| field.ty == Answer(fact.clone())).map(|field| field.no)
}

/// The field in which an event names the one it voids; `None` for a kind that is no event.
pub fn voids_field(kind: RecordKind) -> Option<u16> {
    FIELDS.iter().find(|field| field.kind == kind && field.name == "voids").map(|field| field.no)
}

/// The field that names a record's parent, where the kind has one.
pub fn parent_field(kind: RecordKind) -> Option<u16> {
    FIELDS.iter().find(|field| field.kind == kind && field.rule == FieldRule::Parent).map(|field| field.no)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_unique_and_within_their_kind() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].no < pair[1].no));
        for field in FIELDS {
            assert_eq!(field.no / 100, field.kind.no(), "{}", field.no);
            assert_eq!(super::field(field.no), Some(field));
        }
        assert_eq!(field(9999), None);
    }

    #[test]
    fn rules_fit_the_nature_of_the_kind() {
        for field in FIELDS {
            let fits = match (field.kind.nature(), field.rule) {
                (_, FieldRule::Parent) => true,
                (Nature::Event, rule) => matches!(rule, FieldRule::Once | FieldRule::ByStrength),
                (Nature::Register | Nature::Edge, rule) => {
                    matches!(rule, FieldRule::LastWriter | FieldRule::Reviewed)
                }
            };
            assert!(fits, "{} {:?}", field.no, field.rule);
        }
    }

    #[test]
    fn every_event_has_a_parent_and_can_be_voided_and_every_fact_has_a_field() {
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::from_no(kind.no()), Some(*kind));
            if kind.nature() == Nature::Event {
                assert!(voids_field(*kind).is_some() && parent_field(*kind).is_some(), "{kind:?}");
            }
        }
        for fact in Fact::ALL {
            assert!(field_of_fact(fact).is_some(), "{fact:?}");
        }
    }

    /// `registry_released.txt` holds a line for every field that was ever released. Lines are added to
    /// it with a release and never changed: a changed line is a broken promise to older laptops.
    #[test]
    fn types_and_rules_of_released_fields_never_change() {
        let line = |f: &Field| {
            format!("{} {}.{} {:?} {:?} {:?}", f.no, f.kind.name(), f.name, f.ty, f.personal, f.rule)
        };
        let current: Vec<_> = FIELDS.iter().map(line).collect();
        let released: Vec<_> = include_str!("registry_released.txt").lines().collect();
        assert!(!released.is_empty());
        for promise in released {
            assert!(current.iter().any(|line| line == promise), "changed or gone: {promise}");
        }
    }
}
