//! A visit to a household, its outcome, and how far the commune has come with the household. Door rules
//! §3. Whether a visit is complete is computed, never chosen.

use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::codes::codes;
use crate::ids::{HouseholdId, MemberId, VisitId};

codes! {
    /// What happened at the door. The first four have a key each; the others stand under "Khác".
    Outcome {
        /// Gặp được
        Met = "met",
        /// Vắng
        Absent = "absent",
        /// Hẹn lại; also "bận"
        Postponed = "postponed",
        /// Không muốn cung cấp
        Declined = "declined",
        /// Nhà bỏ không
        Vacant = "vacant",
        /// Đã chuyển đi
        MovedOut = "moved_out",
        /// Không tìm thấy nhà
        NotFound = "not_found",
        /// Chưa vào được
        NoAccess = "no_access",
        /// Chỉ gặp trẻ em, người không trả lời được
        NobodyToAnswer = "nobody_to_answer",
        /// Hoàn tác: no attempt at all, only the event that takes another one back. Never offered at a door
        TakenBack = "taken_back",
    }
}

impl Outcome {
    /// The household is outside the denominators: nobody lives there.
    pub fn is_unoccupied(&self) -> bool {
        matches!(self, Self::Vacant | Self::MovedOut)
    }

    /// Somebody stood at the door, or called. An undo did not.
    pub fn is_attempt(&self) -> bool {
        *self != Self::TakenBack
    }
}

codes! {
    /// Where or how the household was spoken to.
    Channel {
        /// Tại nhà
        AtHome = "at_home",
        /// Nhà văn hóa, điểm lưu động
        MobilePoint = "mobile_point",
        /// Điện thoại
        Phone = "phone",
        /// Tại xã
        AtCommune = "at_commune",
    }
}

codes! {
    /// What people were guided in (plan §III.5; the five topics of the Teams and four of the commune).
    Topic {
        /// Dịch vụ công trực tuyến
        PublicServices = "dvc",
        /// Mua sắm trực tuyến
        Shopping = "shop",
        /// Thanh toán trực tuyến
        Payment = "pay",
        /// Tự bảo vệ trên mạng
        Safety = "safe",
        /// Nền tảng địa phương (iHanoi)
        LocalPlatform = "local",
        /// VNeID
        Vneid = "vneid",
        /// Bình dân học vụ số
        Bdhvs = "bdhvs",
        /// Sổ sức khỏe, VssID
        Health = "health",
        /// Trí tuệ nhân tạo
        Ai = "ai",
    }
}

/// One attempt to speak with a household. An event; a correction is another event that voids it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The event's own id.
    pub id: VisitId,
    /// Whom.
    pub household: HouseholdId,
    /// The day in UTC+07:00.
    pub day: Day,
    /// What happened.
    pub outcome: Outcome,
    /// How.
    pub channel: Channel,
    /// Who answered; at least 16 years old (a parameter of the rule file).
    pub respondent: Option<MemberId>,
    /// "Nhà mình vẫn N người này ạ?" was answered with yes.
    pub members_unchanged: bool,
    /// Come back on.
    pub next_day: Option<Day>,
    /// What was shown.
    pub topics: Vec<Topic>,
    /// To whom.
    pub guided: Vec<MemberId>,
    /// The visit that this one corrects or undoes.
    pub voids: Option<VisitId>,
}

impl Visit {
    /// An attempt at the door, of which nothing but its outcome is known.
    pub fn at_home(id: VisitId, household: HouseholdId, day: Day, outcome: Outcome) -> Self {
        Self {
            id,
            household,
            day,
            outcome,
            channel: Channel::AtHome,
            respondent: None,
            members_unchanged: false,
            next_day: None,
            topics: vec![],
            guided: vec![],
            voids: None,
        }
    }
}

/// How far the commune has come with a household. Each step contains the next; the headline of every
/// table is *đã gặp*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub enum Progress {
    /// Chưa đến: no attempt.
    #[default]
    NotReached,
    /// Đã đến: any attempt.
    Reached,
    /// Đã gặp: an adult answered.
    Met,
    /// Đủ thông tin: no core fact of any resident adult is unknown.
    Complete,
}

/// How a household stands in the round, from its visits that are not voided, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitState {
    /// Đã đến.
    pub reached: bool,
    /// Đã gặp.
    pub met: bool,
    /// The household declined in its latest conclusive visit; it is closed for the round.
    pub declined: bool,
    /// The latest visit that says whether somebody lives there says nobody does.
    pub unoccupied: bool,
    /// The latest day of an attempt.
    pub last_day: Option<Day>,
}

impl VisitState {
    /// `visits` in the order of the register (oldest first), voided ones left out.
    pub fn of<'a>(visits: impl IntoIterator<Item = &'a Visit>) -> Self {
        let mut state = Self::default();
        for visit in visits.into_iter().filter(|visit| visit.outcome.is_attempt()) {
            state.reached = true;
            state.last_day = state.last_day.max(Some(visit.day));
            match visit.outcome {
                Outcome::Met => {
                    state.met = true;
                    state.declined = false;
                    state.unoccupied = false;
                }
                Outcome::Declined => {
                    state.declined = true;
                    state.unoccupied = false;
                }
                Outcome::Vacant | Outcome::MovedOut => state.unoccupied = true,
                // Somebody opened, spoke through the gate or sent a word: somebody lives there.
                Outcome::Postponed | Outcome::NobodyToAnswer => state.unoccupied = false,
                Outcome::Absent
                | Outcome::NotFound
                | Outcome::NoAccess
                | Outcome::TakenBack
                | Outcome::Unrecognised(_) => {}
            }
        }
        state
    }

    /// `facts_complete`: no core fact of a resident adult is unknown.
    pub fn progress(&self, facts_complete: bool) -> Progress {
        match (self.reached, self.met, facts_complete) {
            (_, true, true) => Progress::Complete,
            (_, true, false) => Progress::Met,
            (true, false, _) => Progress::Reached,
            (false, false, _) => Progress::NotReached,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::visit;

    #[test]
    fn a_household_s_state_from_its_visits() {
        use Outcome::*;
        let check = |outcomes: &[Outcome], met: bool, declined: bool, unoccupied: bool| {
            let visits: Vec<_> =
                (1..).zip(outcomes).map(|(day, outcome)| visit(day, outcome.clone())).collect();
            let state = VisitState::of(&visits);
            assert_eq!(
                (state.met, state.declined, state.unoccupied),
                (met, declined, unoccupied),
                "{outcomes:?}"
            );
            let attempts = outcomes.iter().filter(|outcome| **outcome != TakenBack).count();
            assert_eq!(state.reached, attempts > 0);
        };
        check(&[], false, false, false);
        check(&[Absent, Absent], false, false, false);
        check(&[Absent, Met], true, false, false);
        check(&[Met, Declined], true, true, false);
        check(&[Declined, Met], true, false, false);
        check(&[Declined, Absent], false, true, false);
        check(&[Vacant], false, false, true);
        check(&[Vacant, Absent], false, false, true);
        check(&[Vacant, NobodyToAnswer], false, false, false);
        check(&[Met, MovedOut], true, false, true);
        check(&[TakenBack], false, false, false);
        check(&[Met, TakenBack], true, false, false);
        check(&[Unrecognised("asleep".into())], false, false, false);
    }

    #[test]
    fn progress_is_computed() {
        let state = |reached, met| VisitState { reached, met, ..VisitState::default() };
        assert_eq!(state(false, false).progress(true), Progress::NotReached);
        assert_eq!(state(true, false).progress(true), Progress::Reached);
        assert_eq!(state(true, true).progress(false), Progress::Met);
        assert_eq!(state(true, true).progress(true), Progress::Complete);
        assert!(Progress::NotReached < Progress::Reached && Progress::Met < Progress::Complete);
    }
}
