//! What was said at a door and not saved, and could not be kept on the disk either: the store keeps drafts
//! (`store::drafts`), and this memory those that a full or read-only disk refused, until there is room or they are
//! saved. A page can read one only while the laptop it belongs to is open.

use std::collections::BTreeMap;

use domain::ids::{DeviceId, HouseholdId};
use store::drafts::{LIMIT_BYTES, LIMIT_DRAFTS};
use zeroize::Zeroizing;

/// Drafts by laptop and household.
#[derive(Default)]
pub(crate) struct Drafts(BTreeMap<(DeviceId, HouseholdId), Zeroizing<String>>);

impl Drafts {
    /// Whether there was room for it.
    pub(crate) fn keep(&mut self, device: DeviceId, household: HouseholdId, draft: &str) -> bool {
        let key = (device, household);
        let of_this_laptop = self.0.keys().filter(|(of, _)| *of == device).count();
        let fits = of_this_laptop < LIMIT_DRAFTS || self.0.contains_key(&key);
        if !fits || draft.len() > LIMIT_BYTES {
            return false;
        }
        self.0.insert(key, Zeroizing::new(draft.to_owned()));
        true
    }

    pub(crate) fn of(&self, device: DeviceId, household: HouseholdId) -> Option<String> {
        self.0.get(&(device, household)).map(|draft| String::clone(draft))
    }

    pub(crate) fn forget(&mut self, device: DeviceId, household: HouseholdId) {
        self.0.remove(&(device, household));
    }

    /// An invented hamlet is made anew each time: nothing was said in it yet.
    pub(crate) fn forget_all_of(&mut self, device: DeviceId) {
        self.0.retain(|(of, _), _| *of != device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(number: u128) -> (DeviceId, HouseholdId) {
        let id = uuid::Uuid::from_u128(number);
        (DeviceId(id), HouseholdId(id))
    }

    #[test]
    fn a_draft_is_of_one_laptop_and_one_household() {
        let ((lan, here), (minh, there)) = (ids(1), ids(2));
        let mut drafts = Drafts::default();
        assert!(drafts.keep(lan, here, "a") && drafts.keep(lan, there, "b") && drafts.keep(minh, here, "c"));
        assert!(drafts.keep(lan, here, "d"), "a later one replaces it");
        assert_eq!(drafts.of(lan, here).as_deref(), Some("d"));
        drafts.forget(lan, here);
        assert_eq!((drafts.of(lan, here), drafts.of(minh, here).as_deref()), (None, Some("c")));
        drafts.forget_all_of(lan);
        assert_eq!((drafts.of(lan, there), drafts.of(minh, here).as_deref()), (None, Some("c")));
    }

    #[test]
    fn what_no_evening_needs_is_refused_and_what_stands_is_kept() {
        let (lan, here) = ids(0);
        let mut drafts = Drafts::default();
        assert!(drafts.keep(lan, here, "a"));
        assert!(!drafts.keep(lan, here, &"x".repeat(LIMIT_BYTES + 1)));
        for number in 1..LIMIT_DRAFTS {
            assert!(drafts.keep(lan, ids(number as u128).1, "b"));
        }
        assert!(!drafts.keep(lan, ids(u128::MAX).1, "c"));
        assert!(drafts.keep(ids(1).0, here, "another laptop's evening is its own"));
        assert!(drafts.keep(lan, here, "d"));
    }
}
