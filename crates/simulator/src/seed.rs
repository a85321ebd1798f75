//! Randomness that a seed replays: the same seed gives the same face, the same hesitation and
//! the same noise on every machine and with every version of every library.

/// A small deterministic generator (`SplitMix64`). Not for secrets.
#[derive(Clone, Debug)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// The generator for a seed and a purpose; different purposes give unrelated sequences.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut state = seed ^ 0x5851_f42d_4c95_7f2d;
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut seeded = Self { state };
        seeded.next_u64();
        seeded
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub fn unit(&mut self) -> f32 {
        let bits = u16::try_from(self.next_u64() >> 48).unwrap_or(0);
        f32::from(bits) / 65_536.0
    }

    /// A number between `low` and `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A number around `mean`, roughly normal with the given standard deviation, never further
    /// than three of them away.
    pub fn around(&mut self, mean: f32, deviation: f32) -> f32 {
        let sum: f32 = (0..6).map(|_| self.unit()).sum();
        // Limit: six uniform numbers have variance 1/2, hence the factor.
        mean + (sum - 3.0) * std::f32::consts::SQRT_2 * deviation
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T], otherwise: T) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(u64::MAX).max(1);
        let index = usize::try_from(self.next_u64() % count).unwrap_or(0);
        choices.get(index).copied().unwrap_or(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_replay_and_others_do_not() {
        let draw = |seed, purpose| {
            let mut seeded = Seeded::new(seed, purpose);
            (0..8).map(|_| seeded.next_u64()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "face"), draw(7, "face"));
        assert_ne!(draw(7, "face"), draw(8, "face"));
        assert_ne!(draw(7, "face"), draw(7, "person"));
    }

    #[test]
    fn around_has_the_stated_mean_and_deviation() {
        let mut seeded = Seeded::new(1, "moments");
        let draws: Vec<f32> = (0..20_000).map(|_| seeded.around(2.0, 0.5)).collect();
        let count = 20_000.0;
        let mean = draws.iter().sum::<f32>() / count;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f32>() / count;
        assert!((mean - 2.0).abs() < 0.02, "mean {mean}");
        assert!(
            (variance.sqrt() - 0.5).abs() < 0.02,
            "deviation {}",
            variance.sqrt()
        );
    }
}
