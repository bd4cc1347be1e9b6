//! Whether two replicas hold the same rows, told in 32 bytes, and which rows to look at if they do not (§8).
//!
//! A digest is the sum modulo 2²⁵⁶ of [`Row::hash`] over base rows: a row that changes is taken out and put in
//! again, whatever the order. It is compared only at equal head and equal ledger numbers; a difference is repaired by
//! fetching the rows of the buckets that differ, never by adopting the other side's digest.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::row::{Row, hash_of};

/// A sum of row hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(#[serde(with = "crate::hex")] pub [u8; 32]);

impl Digest {
    /// With a row that came.
    pub fn with(self, row: &Row) -> Self {
        self.plus(Self(row.hash()))
    }

    /// Without a row that left, as it was.
    pub fn without(self, row: &Row) -> Self {
        self.plus(Self(row.hash()).negated())
    }

    /// Of both together.
    pub fn plus(self, other: Self) -> Self {
        let mut carry = 0_u16;
        let mut sum = self.0;
        // Little-endian: the carry goes upwards.
        for (byte, added) in sum.iter_mut().zip(other.0) {
            let [low, high] = (u16::from(*byte) + u16::from(added) + carry).to_le_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        Self(sum)
    }

    fn negated(self) -> Self {
        let one = Self(std::array::from_fn(|place| u8::from(place == 0)));
        Self(self.0.map(|byte| !byte)).plus(one)
    }
}

/// How many buckets a scope is told apart into.
pub const BUCKETS: usize = 256;

/// The bucket of a record. Ids made from names and random ones spread alike at their end.
pub fn bucket_of(record: Uuid) -> u8 {
    let [.., last] = *record.as_bytes();
    last
}

/// The digests of a scope, bucket by bucket. On the wire and in tables: those that are not empty, with their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u8, Digest)>", into = "Vec<(u8, Digest)>")]
pub struct Buckets(Vec<Digest>);

impl From<Vec<(u8, Digest)>> for Buckets {
    fn from(written: Vec<(u8, Digest)>) -> Self {
        let mut buckets = Self::default();
        for (number, digest) in written {
            if let Some(place) = buckets.0.get_mut(usize::from(number)) {
                *place = digest;
            }
        }
        buckets
    }
}

impl From<Buckets> for Vec<(u8, Digest)> {
    fn from(buckets: Buckets) -> Self {
        (0..=u8::MAX).zip(buckets.0).filter(|(_, digest)| *digest != Digest::default()).collect()
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Self(vec![Digest::default(); BUCKETS])
    }
}

impl Buckets {
    /// Of these rows.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Self {
        let mut buckets = Self::default();
        rows.into_iter().for_each(|row| buckets.change(None, Some(row)));
        buckets
    }

    /// A row of one record as it was and as it is.
    pub fn change(&mut self, was: Option<&Row>, is: Option<&Row>) {
        for (row, comes) in was.map(|row| (row, false)).into_iter().chain(is.map(|row| (row, true))) {
            if let Some(digest) = self.0.get_mut(usize::from(bucket_of(row.record))) {
                *digest = if comes { digest.with(row) } else { digest.without(row) };
            }
        }
    }

    /// A row that came, by its canonical bytes: as a store keeps it.
    pub fn add(&mut self, record: Uuid, bytes: &[u8]) {
        if let Some(digest) = self.0.get_mut(usize::from(bucket_of(record))) {
            *digest = digest.plus(Digest(hash_of(bytes)));
        }
    }

    /// Of the whole scope.
    pub fn whole(&self) -> Digest {
        self.0.iter().copied().fold(Digest::default(), Digest::plus)
    }

    /// Which buckets hold other rows there.
    pub fn differing(&self, other: &Self) -> Vec<u8> {
        let places = 0..=u8::MAX;
        places.zip(self.0.iter().zip(&other.0)).filter(|(_, (a, b))| a != b).map(|(place, _)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::op::Scope;
    use crate::samples::{SCOPE, id, rename};
    use crate::stamp::Stamp;

    fn row(record: u128, value: u16) -> Row {
        let mut row = Row::new(4, id(record), SCOPE);
        let group = rename(u128::from(value) + 1, 0, record, &value.to_string(), 0, None);
        row.merge(&group.ops[0], Stamp(i64::from(value)));
        row
    }

    #[test]
    fn a_carry_goes_all_the_way() {
        let ones = Digest([0xff; 32]);
        let one = Digest(std::array::from_fn(|place| u8::from(place == 0)));
        assert_eq!(ones.plus(one), Digest::default());
        assert_eq!(ones.negated(), one);
        assert_eq!(Digest::default().negated(), Digest::default());
    }

    #[test]
    fn whatever_a_row_says_counts() {
        let base = Buckets::of([&row(1, 1)]).whole();
        let mut moved = row(1, 1);
        moved.scope = Scope(id(9));
        let mut later = row(1, 1);
        later.merge(&rename(8, 0, 1, "1", 0, None).ops[0], Stamp(99));
        for other in [moved, later, row(1, 2), row(2, 1)] {
            assert_ne!(Buckets::of([&other]).whole(), base, "{other:?}");
        }
    }

    proptest! {
        /// Kept by changes in any order, it is the digest of what is there; and a bucket differs where a row does.
        #[test]
        fn kept_by_changes_it_is_the_digest_of_what_is_there(
            changes in vec((0_u128..600, prop::option::of(0_u16..9)), 0..80),
        ) {
            let mut kept = Buckets::default();
            let mut there: BTreeMap<u128, Row> = BTreeMap::new();
            for (record, value) in changes {
                let was = there.remove(&record);
                let is = value.map(|value| row(record, value));
                kept.change(was.as_ref(), is.as_ref());
                there.extend(is.map(|is| (record, is)));
            }
            let counted = Buckets::of(there.values());
            prop_assert_eq!(&kept, &counted);
            let mut by_bytes = Buckets::default();
            there.values().for_each(|row| by_bytes.add(row.record, &row.to_bytes()));
            prop_assert_eq!(&by_bytes, &counted);
            let json = serde_json::to_string(&kept).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Buckets>(&json).unwrap(), &kept);
            prop_assert_eq!(kept.whole(), there.values().fold(Digest::default(), Digest::with));
            if let Some((record, _)) = there.pop_first() {
                let without = Buckets::of(there.values());
                prop_assert_eq!(kept.differing(&without), vec![bucket_of(id(record))]);
            }
        }
    }
}
