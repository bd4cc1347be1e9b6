//! Randomness from a seed (splitmix64): the same seed makes the same choices on every machine.

/// A seeded source of choices.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Two seeds that differ in one bit have nothing in common.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, and not including, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    /// Some of a length, from nothing to all. It is a share, for what is sealed is some bytes longer or shorter each time.
    pub fn part_of(&mut self, length: u64) -> u64 {
        const SHARES: u64 = 64;
        length * self.below(SHARES + 1) / SHARES
    }

    /// One of these; `None` of nothing.
    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.below(from.len() as u64)).unwrap_or(0))
    }
}

/// `TUNGNHA_SEED`, or the fixed seed of every day.
pub fn seed() -> u64 {
    let given = std::env::var("TUNGNHA_SEED").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(20_261_122)
}
