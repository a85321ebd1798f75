//! Challenges as text: the JSON of the wire, and the short form of the command line.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use zhenren_domain::challenge::{
    Action, CHALLENGE_VERSION, Challenge, ChallengeKind, Prompt, Step,
};
use zhenren_domain::draw::draw;
use zhenren_domain::policy::Policy;

use crate::seed::Seeded;

/// Plan of a challenge typed by hand, within what servers draw.
const FIRST_AT_MS: u32 = 1_100;
const WINDOW_MS: u32 = 1_900;
const SPACING_MS: u32 = 150;
const LEAD_OUT_MS: u32 = 400;
const SILENT_MS: u32 = 3_200;
/// Kinds that are drawn from a seed, by their names on the command line.
const DRAWN: [(&str, ChallengeKind); 4] = [
    ("flash", ChallengeKind::ScreenFlash),
    ("digits", ChallengeKind::ReadDigits),
    ("near_far", ChallengeKind::NearFar),
    ("actions", ChallengeKind::MultiAction),
];
/// Limit: as many steps as there are actions.
const STEPS_COUNT_MAX: usize = 5;

/// A challenge from the wire.
pub fn from_json(value: &Value) -> anyhow::Result<Challenge> {
    let kind = value
        .get("kind")
        .and_then(Value::as_str)
        .context("the challenge has no kind")?;
    let kind =
        ChallengeKind::from_name(kind).with_context(|| format!("unknown challenge kind {kind}"))?;
    let number = |value: &Value, member: &str| -> anyhow::Result<u32> {
        let found = value.get(member).and_then(Value::as_u64);
        Ok(u32::try_from(found.with_context(|| {
            format!("the challenge has no {member}")
        })?)?)
    };
    let steps = value
        .get("steps")
        .and_then(Value::as_array)
        .context("the challenge has no steps")?;
    let steps: anyhow::Result<Vec<Step>> = steps
        .iter()
        .map(|step| {
            let prompt = Prompt::MEMBERS.into_iter().find_map(|member| {
                Prompt::from_member(member, step.get(member).and_then(Value::as_str)?)
            });
            Ok(Step {
                prompt: prompt.with_context(|| format!("a step asks for nothing known: {step}"))?,
                at_ms: number(step, "at_ms")?,
                window_ms: number(step, "window_ms")?,
            })
        })
        .collect();
    Ok(Challenge {
        kind,
        steps: steps?,
        duration_ms: number(value, "duration_ms")?,
    })
}

/// A challenge as the wire writes it.
pub fn to_json(challenge: &Challenge) -> Value {
    let steps: Vec<Value> = challenge
        .steps
        .iter()
        .map(|step| {
            let (member, value) = step.prompt.member();
            json!({ member: value, "at_ms": step.at_ms, "window_ms": step.window_ms })
        })
        .collect();
    json!({
        "version": CHALLENGE_VERSION,
        "kind": challenge.kind.name(),
        "duration_ms": challenge.duration_ms,
        "steps": steps,
    })
}

/// Draws a challenge of a kind as a server would, from a seed. Only what is asked comes from the
/// release's policy: how many digits and flashes; what is made of the answer stays there.
pub fn drawn(kind: ChallengeKind, seed: u64) -> Challenge {
    let mut seeded = Seeded::new(seed, "challenge");
    draw(&Policy::current(), kind, &mut || seeded.next_u64())
}

/// A challenge from a list such as `blink,turn_left`. `silent` asks for nothing; `flash`,
/// `digits`, `near_far` and `actions` are drawn, `flash:7` from seed 7.
pub fn from_list(list: &str) -> anyhow::Result<Challenge> {
    let (name, seed) = list.trim().split_once(':').unwrap_or((list.trim(), "1"));
    if let Some((_, kind)) = DRAWN.iter().find(|(known, _)| *known == name) {
        let seed = seed
            .parse()
            .with_context(|| format!("{seed:?} is no seed for {name}"))?;
        return Ok(drawn(*kind, seed));
    }
    if list.trim() == ChallengeKind::Silent.name() {
        return Ok(Challenge {
            kind: ChallengeKind::Silent,
            steps: Vec::new(),
            duration_ms: SILENT_MS,
        });
    }
    let mut steps = Vec::new();
    for (index, name) in (0_u32..).zip(list.split(',').map(str::trim)) {
        let action = Action::from_name(name).with_context(|| {
            let known: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            format!(
                "unknown action {name:?}; known are {}, and silent, flash, digits, near_far, actions",
                known.join(", ")
            )
        })?;
        let at_ms = FIRST_AT_MS + index * (WINDOW_MS + SPACING_MS);
        steps.push(Step {
            prompt: Prompt::Act(action),
            at_ms,
            window_ms: WINDOW_MS,
        });
    }
    ensure!(
        steps.len() <= STEPS_COUNT_MAX,
        "at most {STEPS_COUNT_MAX} actions fit one recording"
    );
    let kind = if steps.len() == 1 {
        ChallengeKind::SingleAction
    } else {
        ChallengeKind::MultiAction
    };
    let duration_ms = steps
        .last()
        .map_or(SILENT_MS, |last| last.at_ms + last.window_ms + LEAD_OUT_MS);
    Ok(Challenge {
        kind,
        steps,
        duration_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_becomes_a_plan_and_survives_the_wire() {
        let challenge = from_list("blink, turn_left").expect("two actions");
        assert_eq!(challenge.kind, ChallengeKind::MultiAction);
        assert_eq!(challenge.steps[1].action(), Some(Action::TurnLeft));
        assert!(
            challenge.steps[0].at_ms + challenge.steps[0].window_ms <= challenge.steps[1].at_ms
        );
        assert_eq!(
            from_json(&to_json(&challenge)).expect("the same"),
            challenge
        );
        assert_eq!(from_list("silent").expect("silent").steps, []);
    }

    #[test]
    fn what_is_unknown_is_named() {
        let error = from_list("blink,dance")
            .expect_err("no such action")
            .to_string();
        assert!(
            error.contains("\"dance\"") && error.contains("turn_left"),
            "{error}"
        );
        assert!(from_json(&json!({ "kind": "dance", "steps": [], "duration_ms": 1 })).is_err());
        assert!(from_json(&json!({ "kind": "silent", "steps": [], "duration_ms": -1 })).is_err());
    }
}
