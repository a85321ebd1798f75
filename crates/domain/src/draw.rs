//! Drawing a challenge: randomness comes in as numbers, so that a seed replays a whole run.

use crate::challenge::{Action, Challenge, ChallengeKind, Step};
use crate::policy::Policy;

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
/// Limit: people hold still for less than ten seconds; uploads stay small.
pub const DURATION_MS_MAX: u32 = 9000;
/// Limit: three windows with their rests always fit [`DURATION_MS_MAX`].
pub const ACTIONS_COUNT_MAX: usize = 3;

/// What a caller may narrow for one verification; the policy fills in the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Which kind, instead of the policy's.
    pub kind: Option<ChallengeKind>,
    /// Exactly these actions may be drawn, instead of the policy's; empty means no wish.
    pub actions: Vec<Action>,
}

/// Draws a challenge of the policy's kind.
pub fn draw(policy: &Policy, randomness: &mut dyn FnMut() -> u64) -> Challenge {
    draw_wish(policy, &Wish::default(), randomness)
}

/// Draws a challenge within a wish.
pub fn draw_wish(policy: &Policy, wish: &Wish, randomness: &mut dyn FnMut() -> u64) -> Challenge {
    let kind = wish.kind.unwrap_or(policy.challenge_kind);
    let allowed = if wish.actions.is_empty() {
        &policy.actions
    } else {
        &wish.actions
    };
    let count = match kind {
        ChallengeKind::Silent => 0,
        ChallengeKind::SingleAction => 1,
        ChallengeKind::MultiAction => policy.actions_count.min(ACTIONS_COUNT_MAX),
    };
    let steps = steps_of(&pick(allowed, count, randomness), randomness);
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
            action: *action,
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
        let policy = Policy::v1();
        for seed in 0..2000 {
            let challenge = draw(&policy, &mut stream(seed));
            assert_eq!(challenge.steps.len(), policy.actions_count);
            let different: BTreeSet<_> = challenge.steps.iter().map(|step| step.action).collect();
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
        let policy = Policy::v1();
        let orders: BTreeSet<Vec<Action>> = (0..2000)
            .map(|seed| {
                draw(&policy, &mut stream(seed))
                    .steps
                    .iter()
                    .map(|s| s.action)
                    .collect()
            })
            .collect();
        assert_eq!(orders.len(), 5 * 4 * 3);
    }

    #[test]
    fn the_same_randomness_draws_the_same_challenge() {
        let policy = Policy::v1();
        assert_eq!(draw(&policy, &mut stream(5)), draw(&policy, &mut stream(5)));
    }

    #[test]
    fn a_wish_narrows_kind_and_actions() {
        let policy = Policy::v1();
        let wish = Wish {
            kind: Some(ChallengeKind::SingleAction),
            actions: vec![Action::Nod],
        };
        let single = draw_wish(&policy, &wish, &mut stream(1));
        assert_eq!(
            single.steps.iter().map(|s| s.action).collect::<Vec<_>>(),
            [Action::Nod]
        );
        let wish = Wish {
            kind: Some(ChallengeKind::Silent),
            actions: Vec::new(),
        };
        let silent = draw_wish(&policy, &wish, &mut stream(1));
        assert!(silent.steps.is_empty() && (3000..=3600).contains(&silent.duration_ms));
    }
}
