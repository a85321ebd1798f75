//! Drawing a challenge: randomness comes in as numbers, so that a seed replays a whole run.

use crate::challenge::{Action, Challenge, ChallengeKind, Colour, Prompt, Step};
use crate::policy::Policy;
use crate::wish::Wish;

/// The subject looks into the camera before the first prompt: neutral face and pose for biometrics.
const LEAD_IN_MS: (u32, u32) = (900, 1300);
/// How long one action may take, from prompt to end of movement.
const WINDOW_MS: (u32, u32) = (1600, 2200);
/// Rest between the end of one window and the next prompt.
const SPACING_MS: (u32, u32) = (80, 300);
/// After the last window, so that the movement's end is on the recording.
const LEAD_OUT_MS: u32 = 400;
/// Length of a silent recording.
const SILENT_MS: (u32, u32) = (3000, 3600);
/// Between two digits. Random, so that a recording of another session says them at other times,
/// and slow enough that people pause between them.
const DIGIT_MS: (u32, u32) = (700, 1300);
/// After the last digit was shown: time to say it, and its end.
const DIGIT_LAST_MS: u32 = 1300;
/// Two of these in one string are easily taken for each other.
const CONFUSABLE: [(u8, u8); 6] = [(0, 1), (1, 7), (3, 8), (4, 7), (6, 9), (0, 6)];
/// How long one colour fills the screen. Never more than three changes a second.
const FLASH_MS: (u32, u32) = (350, 550);
/// How long one distance may take to reach, and to hold.
const DISTANCE_MS: (u32, u32) = (2000, 2400);
/// Widths of the face, in percent of the picture's, for far and for near.
const FAR_PERCENT: (u32, u32) = (24, 30);
const NEAR_PERCENT: (u32, u32) = (44, 54);
/// Limit: people hold still for about ten seconds; uploads stay small.
pub const DURATION_MS_MAX: u32 = 10_000;
/// Limit: three windows with their rests always fit [`DURATION_MS_MAX`].
pub const ACTIONS_COUNT_MAX: usize = 3;
/// How many digits may be asked for: fewer are guessed, more do not fit [`DURATION_MS_MAX`].
pub const DIGITS_COUNT: (usize, usize) = (4, 6);
/// How many flashes may be asked for: fewer say too little, more do not fit.
pub const FLASHES_COUNT: (usize, usize) = (10, 14);

/// Draws a challenge of one kind by the policy alone.
pub fn draw(
    policy: &Policy,
    kind: ChallengeKind,
    randomness: &mut dyn FnMut() -> u64,
) -> Challenge {
    draw_wish(policy, &Wish::default(), kind, randomness)
}

/// Draws a challenge of one kind within a wish; which kind that is, [`crate::mode`] says.
pub fn draw_wish(
    policy: &Policy,
    wish: &Wish,
    kind: ChallengeKind,
    randomness: &mut dyn FnMut() -> u64,
) -> Challenge {
    let allowed = if wish.actions.is_empty() {
        &policy.actions
    } else {
        &wish.actions
    };
    let count = |wished: Option<u32>, policy: usize| {
        wished
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(policy)
    };
    let steps = match kind {
        ChallengeKind::Silent => Vec::new(),
        ChallengeKind::SingleAction => steps_of(&pick(allowed, 1, randomness), randomness),
        ChallengeKind::MultiAction => {
            let count = count(wish.actions_count, policy.actions_count).min(ACTIONS_COUNT_MAX);
            steps_of(&pick(allowed, count, randomness), randomness)
        }
        ChallengeKind::ReadDigits => {
            digits(count(wish.digits_count, policy.digits_count), randomness)
        }
        ChallengeKind::ScreenFlash => {
            flashes(count(wish.flashes_count, policy.flashes_count), randomness)
        }
        ChallengeKind::NearFar => distances(randomness),
    };
    let duration_ms = steps.last().map_or_else(
        || between(SILENT_MS, randomness),
        |last| {
            last.at_ms
                .saturating_add(last.window_ms)
                .saturating_add(LEAD_OUT_MS)
        },
    );
    Challenge {
        kind,
        steps,
        duration_ms: duration_ms.min(DURATION_MS_MAX),
    }
}

/// Digits one after the other: none twice in a row, none beside one it could be taken for.
fn digits(count: usize, randomness: &mut dyn FnMut() -> u64) -> Vec<Step> {
    let count = count.clamp(DIGITS_COUNT.0, DIGITS_COUNT.1);
    let mut drawn: Vec<u8> = Vec::with_capacity(count);
    let mut steps = Vec::with_capacity(count);
    let mut at_ms = between(LEAD_IN_MS, randomness);
    for index in 0..count {
        let open: Vec<u8> = (0..=9)
            .filter(|digit| drawn.last() != Some(digit))
            .filter(|digit| !drawn.iter().any(|other| is_confusable(*digit, *other)))
            .collect();
        // Never empty: 2 and 5 are taken for nothing, and only one digit is the last.
        let digit = open
            .get(below(open.len(), randomness))
            .copied()
            .unwrap_or(2);
        drawn.push(digit);
        let window_ms = if index + 1 == count {
            DIGIT_LAST_MS
        } else {
            between(DIGIT_MS, randomness)
        };
        steps.push(Step {
            prompt: Prompt::Say(digit),
            at_ms,
            window_ms,
        });
        at_ms = at_ms.saturating_add(window_ms);
    }
    steps
}

fn is_confusable(one: u8, other: u8) -> bool {
    CONFUSABLE.contains(&(one, other)) || CONFUSABLE.contains(&(other, one))
}

/// Colours one after the other. Each eight of them are all eight, so that every channel is on
/// for half of the time and one channel never stands for another.
fn flashes(count: usize, randomness: &mut dyn FnMut() -> u64) -> Vec<Step> {
    let count = count.clamp(FLASHES_COUNT.0, FLASHES_COUNT.1);
    let mut at_ms = between(LEAD_IN_MS, randomness);
    let mut steps: Vec<Step> = Vec::with_capacity(count);
    let mut bag: Vec<Colour> = Vec::new();
    // Before the first flash the screen is black.
    let mut former = Colour::Black;
    while steps.len() < count {
        if bag.is_empty() {
            bag = Colour::ALL.to_vec();
        }
        let open: Vec<usize> = (0..bag.len())
            .filter(|index| bag.get(*index) != Some(&former))
            .collect();
        let Some(index) = open.get(below(open.len(), randomness)).copied() else {
            // Only the colour that is shown already was left.
            bag.clear();
            continue;
        };
        former = bag.swap_remove(index);
        let window_ms = between(FLASH_MS, randomness);
        steps.push(Step {
            prompt: Prompt::Shine(former),
            at_ms,
            window_ms,
        });
        at_ms = at_ms.saturating_add(window_ms);
    }
    steps
}

/// Far, near, far, or the other way round.
fn distances(randomness: &mut dyn FnMut() -> u64) -> Vec<Step> {
    let is_near_first = below(2, randomness) == 1;
    let mut at_ms = between(LEAD_IN_MS, randomness);
    (0..3)
        .map(|index| {
            let is_near = (index % 2 == 0) == is_near_first;
            let percent = between(if is_near { NEAR_PERCENT } else { FAR_PERCENT }, randomness);
            let window_ms = between(DISTANCE_MS, randomness);
            let step = Step {
                prompt: Prompt::Approach(u8::try_from(percent).unwrap_or(u8::MAX)),
                at_ms,
                window_ms,
            };
            at_ms = at_ms.saturating_add(window_ms);
            step
        })
        .collect()
}

/// `count` different actions in random order.
fn pick(allowed: &[Action], count: usize, randomness: &mut dyn FnMut() -> u64) -> Vec<Action> {
    let mut left: Vec<Action> = Action::ALL
        .into_iter()
        .filter(|a| allowed.contains(a))
        .collect();
    let mut picked = Vec::with_capacity(count);
    while picked.len() < count && !left.is_empty() {
        picked.push(left.swap_remove(below(left.len(), randomness)));
    }
    picked
}

fn steps_of(actions: &[Action], randomness: &mut dyn FnMut() -> u64) -> Vec<Step> {
    let mut at_ms = between(LEAD_IN_MS, randomness);
    let mut steps = Vec::with_capacity(actions.len());
    for action in actions {
        let window_ms = between(WINDOW_MS, randomness);
        steps.push(Step {
            prompt: Prompt::Act(*action),
            at_ms,
            window_ms,
        });
        at_ms = at_ms
            .saturating_add(window_ms)
            .saturating_add(between(SPACING_MS, randomness));
    }
    steps
}

/// A number from 0 up to and not including `count`, which is 1 or more.
fn below(count: usize, randomness: &mut dyn FnMut() -> u64) -> usize {
    let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
    // The bias of the remainder is below 2^-60 for the handful of actions there are.
    usize::try_from(randomness() % count).unwrap_or(0)
}

/// A number of milliseconds in a range, both ends included.
fn between((least, most): (u32, u32), randomness: &mut dyn FnMut() -> u64) -> u32 {
    let width = u64::from(most.saturating_sub(least)) + 1;
    least.saturating_add(u32::try_from(randomness() % width).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A counter run through a mixer: a different stream for every seed.
    fn stream(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed;
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 7
        }
    }

    #[test]
    fn a_multi_action_challenge_repeats_nothing_overlaps_nothing_and_fits() {
        let policy = Policy::current();
        for seed in 0..2000 {
            let challenge = draw(&policy, ChallengeKind::MultiAction, &mut stream(seed));
            assert_eq!(challenge.steps.len(), policy.actions_count);
            let different: BTreeSet<_> = challenge.steps.iter().map(|step| step.prompt).collect();
            assert_eq!(different.len(), policy.actions_count);
            assert!(challenge.steps[0].at_ms >= 900);
            for pair in challenge.steps.windows(2) {
                assert!(pair[1].at_ms > pair[0].at_ms + pair[0].window_ms);
            }
            let last = challenge.steps.last().unwrap();
            assert!(last.at_ms + last.window_ms <= challenge.duration_ms);
            assert!(challenge.duration_ms <= DURATION_MS_MAX, "{challenge:?}");
        }
    }

    #[test]
    fn every_order_of_every_subset_is_drawn() {
        let policy = Policy::current();
        let orders: BTreeSet<Vec<Action>> = (0..2000)
            .map(|seed| {
                draw(&policy, ChallengeKind::MultiAction, &mut stream(seed))
                    .steps
                    .iter()
                    .filter_map(Step::action)
                    .collect()
            })
            .collect();
        assert_eq!(orders.len(), 5 * 4 * 3);
    }

    fn drawn(kind: ChallengeKind, policy: &Policy, seed: u64) -> Challenge {
        draw(policy, kind, &mut stream(seed))
    }

    fn follows_without_gaps(challenge: &Challenge) -> bool {
        let last = challenge.steps.last().unwrap();
        challenge
            .steps
            .windows(2)
            .all(|pair| pair[0].at_ms + pair[0].window_ms == pair[1].at_ms)
            && last.at_ms + last.window_ms <= challenge.duration_ms
    }

    #[test]
    fn digits_are_never_confusable_never_doubled_and_fit() {
        for (count, seed) in (4..=6).flat_map(|count| (0..1000).map(move |seed| (count, seed))) {
            let policy = Policy {
                digits_count: count,
                ..Policy::current()
            };
            let challenge = drawn(ChallengeKind::ReadDigits, &policy, seed);
            let digits = challenge.digits();
            assert_eq!(digits.len(), count);
            for pair in ["01", "17", "38", "47", "69", "06"] {
                let both = pair.chars().all(|digit| digits.contains(digit));
                assert!(!both, "{digits} holds {pair}");
            }
            assert!(digits.as_bytes().windows(2).all(|two| two[0] != two[1]));
            assert!(follows_without_gaps(&challenge), "{challenge:?}");
        }
    }

    #[test]
    fn every_digit_is_drawn_at_every_place() {
        let policy = Policy::current();
        let mut seen = BTreeSet::new();
        for seed in 0..2000 {
            let digits = drawn(ChallengeKind::ReadDigits, &policy, seed).digits();
            seen.extend(digits.chars().enumerate());
        }
        assert_eq!(seen.len(), 4 * 10);
    }

    #[test]
    fn flashes_balance_the_channels_change_each_time_and_are_no_strobe() {
        for (count, seed) in (10..=14).flat_map(|count| (0..500).map(move |seed| (count, seed))) {
            let policy = Policy {
                flashes_count: count,
                ..Policy::current()
            };
            let challenge = drawn(ChallengeKind::ScreenFlash, &policy, seed);
            assert_eq!(challenge.steps.len(), count);
            assert_ne!(challenge.steps[0].prompt, Prompt::Shine(Colour::Black));
            for pair in challenge.steps.windows(2) {
                assert_ne!(pair[0].prompt, pair[1].prompt);
            }
            assert!(challenge.steps.iter().all(|step| step.window_ms >= 334));
            assert!(follows_without_gaps(&challenge), "{challenge:?}");
            let shown: BTreeSet<_> = challenge.steps.iter().map(|step| step.prompt).collect();
            assert!(shown.len() >= 7, "{challenge:?}");
        }
    }

    #[test]
    fn distances_alternate_and_start_either_way() {
        let mut starts = BTreeSet::new();
        for seed in 0..200 {
            let challenge = drawn(ChallengeKind::NearFar, &Policy::current(), seed);
            let widths: Vec<u8> = challenge
                .steps
                .iter()
                .filter_map(|step| match step.prompt {
                    Prompt::Approach(width) => Some(width),
                    Prompt::Act(_) | Prompt::Say(_) | Prompt::Shine(_) => None,
                })
                .collect();
            assert_eq!(widths.len(), 3);
            let is_near: Vec<bool> = widths.iter().map(|width| *width >= 40).collect();
            assert!(is_near[0] != is_near[1] && is_near[0] == is_near[2]);
            starts.insert(is_near[0]);
            assert!(follows_without_gaps(&challenge), "{challenge:?}");
        }
        assert_eq!(starts.len(), 2);
    }

    #[test]
    fn the_same_randomness_draws_the_same_challenge() {
        let policy = Policy::current();
        let kind = ChallengeKind::MultiAction;
        let again = draw(&policy, kind, &mut stream(5));
        assert_eq!(draw(&policy, kind, &mut stream(5)), again);
    }

    #[test]
    fn a_wish_narrows_actions_and_counts() {
        let policy = Policy::current();
        let wish = Wish {
            actions: vec![Action::Nod],
            digits_count: Some(6),
            flashes_count: Some(13),
            ..Wish::default()
        };
        let drawn_as = |kind| draw_wish(&policy, &wish, kind, &mut stream(1));
        let actions = |challenge: Challenge| {
            let steps = challenge.steps.iter().filter_map(Step::action);
            steps.collect::<Vec<_>>()
        };
        assert_eq!(
            actions(drawn_as(ChallengeKind::SingleAction)),
            [Action::Nod]
        );
        assert_eq!(actions(drawn_as(ChallengeKind::MultiAction)), [Action::Nod]);
        assert_eq!(drawn_as(ChallengeKind::ReadDigits).digits().len(), 6);
        assert_eq!(drawn_as(ChallengeKind::ScreenFlash).steps.len(), 13);
        let silent = drawn_as(ChallengeKind::Silent);
        assert!(silent.steps.is_empty() && (3000..=3600).contains(&silent.duration_ms));
        let two = Wish {
            actions_count: Some(2),
            ..Wish::default()
        };
        let drawn = draw_wish(&policy, &two, ChallengeKind::MultiAction, &mut stream(1));
        assert_eq!(drawn.steps.len(), 2);
    }
}
