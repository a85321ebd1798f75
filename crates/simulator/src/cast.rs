//! Which faces to use: seeds whose subjects the shipped features model tells apart.

/// Seeds whose faces are far apart by measured comparison score; `docs/TESTING.md` says how they
/// were chosen. The first is the usual enrolled person, the second the usual other person.
pub const SEEDS: [u64; 4] = [9, 20, 15, 11];

/// Somebody else: the seed after `enrolled` in [`SEEDS`], or the first of them.
pub fn somebody_else(enrolled: u64) -> u64 {
    let at = SEEDS.iter().position(|seed| *seed == enrolled);
    let next = at
        .and_then(|at| SEEDS.get(at + 1))
        .or_else(|| SEEDS.first());
    next.copied().unwrap_or(enrolled.wrapping_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_else_is_never_oneself() {
        for seed in SEEDS.into_iter().chain([1_000_003]) {
            assert_ne!(somebody_else(seed), seed);
        }
    }
}
