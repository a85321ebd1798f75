//! `zhenren verify`: the same answer as the server's, from files, without a server.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, Prompt, Step};
use zhenren_domain::outcome::Outcome;
use zhenren_usecases::analysis::offline::{self, Verdict, VerifyError};
use zhenren_usecases::analysis::report;
use zhenren_usecases::analysis::{ClipError, PhotoRefused};

use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::progress::Progress;
use crate::wiring;

/// Limit: bytes of a recording, as at the server's door.
pub(super) const VIDEO_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Limit: bytes of a photograph.
pub(super) const PHOTO_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Limit: room at the end of a recording without a server's plan.
const DURATION_MS_MAX: u32 = 30_000;

/// Runs the command.
pub(crate) fn run(config: &Config, args: &VerifyArgs) -> Result<Exit> {
    let challenge = challenge(&args.challenge)?;
    let clip = read_limited(&args.video, VIDEO_BYTES_MAX)?;
    let photo = read_limited(&args.reference, PHOTO_BYTES_MAX)?;
    let _progress = Progress::start("measuring the recording");
    let analyzer = wiring::analyzer(config)?;
    let policy = wiring::policy(&config.verification);
    let verdict = offline::verify(analyzer.as_ref(), &clip, &photo, &challenge, &policy)
        .map_err(|error| explain(args, &error))?;
    if args.json {
        say!("{:#}", as_json(&challenge, &verdict));
    } else {
        print_report(&challenge, &verdict);
    }
    Ok(match verdict.decision.outcome {
        Outcome::Accepted => Exit::Good,
        Outcome::Rejected => Exit::Negative,
        Outcome::Inconclusive => Exit::Inconclusive,
    })
}

/// Reads a whole file, or says why it cannot be used.
pub(super) fn read_limited(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .map_err(|error| sentence(Exit::NoInput, format!("{shown} cannot be read: {error}")))?
        .len();
    if size == 0 {
        return Err(sentence(Exit::BadInput, format!("{shown} is empty")));
    }
    if size > bytes_max {
        let text = format!("{shown} has {size} bytes; at most {bytes_max} are taken");
        return Err(sentence(Exit::BadInput, text));
    }
    std::fs::read(path)
        .map_err(|error| sentence(Exit::NoInput, format!("{shown} cannot be read: {error}")))
}

/// `silent`, a list of actions, or a file with a challenge as the server hands it out.
fn challenge(text: &str) -> Result<Challenge> {
    if text == "silent" {
        return Ok(Challenge {
            kind: ChallengeKind::Silent,
            steps: Vec::new(),
            duration_ms: 0,
        });
    }
    if Path::new(text)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
    {
        return challenge_file(Path::new(text));
    }
    let actions: Option<Vec<Action>> = text
        .split(',')
        .map(|name| Action::from_name(name.trim()))
        .collect();
    let Some(actions) = actions else {
        return Err(sentence(
            Exit::Usage,
            format!(
                "--challenge {text}: write silent, a list of blink, mouth, nod, turn_left and \
                 turn_right, or the name of a .json file with a challenge"
            ),
        ));
    };
    Ok(unplanned(&actions))
}

/// Without a plan each action may come at any time: every window is the whole recording.
fn unplanned(actions: &[Action]) -> Challenge {
    let steps = actions
        .iter()
        .map(|action| Step {
            prompt: Prompt::Act(*action),
            at_ms: 0,
            window_ms: DURATION_MS_MAX,
        })
        .collect::<Vec<_>>();
    let kind = if steps.len() == 1 {
        ChallengeKind::SingleAction
    } else {
        ChallengeKind::MultiAction
    };
    Challenge {
        kind,
        steps,
        duration_ms: 0,
    }
}

fn challenge_file(path: &Path) -> Result<Challenge> {
    let bytes = read_limited(path, 64 * 1024)?;
    let shown = path.display();
    let wrong = || {
        sentence(
            Exit::BadInput,
            format!(
                "{shown} is no challenge; it looks like {{\"kind\":\"multi_action\",\
                 \"duration_ms\":7000,\"steps\":[{{\"action\":\"blink\",\"at_ms\":1200,\
                 \"window_ms\":1800}}]}}"
            ),
        )
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    // The answer of the server carries the challenge one level down.
    let object = value.get("challenge").unwrap_or(&value);
    parse_challenge(object).ok_or_else(wrong)
}

fn parse_challenge(object: &Value) -> Option<Challenge> {
    let number = |value: &Value, field: &str| {
        value
            .get(field)?
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
    };
    let kind = ChallengeKind::from_name(object.get("kind")?.as_str()?)?;
    let steps = object
        .get("steps")?
        .as_array()?
        .iter()
        .map(|step| {
            let prompt = Prompt::MEMBERS
                .into_iter()
                .find_map(|member| Prompt::from_member(member, step.get(member)?.as_str()?))?;
            let at_ms = number(step, "at_ms")?;
            Some(Step {
                prompt,
                at_ms,
                window_ms: number(step, "window_ms")?,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Challenge {
        kind,
        steps,
        duration_ms: number(object, "duration_ms")?,
    })
}

fn explain(args: &VerifyArgs, error: &VerifyError) -> anyhow::Error {
    match error {
        VerifyError::Photo(refused) => photo_sentence(&args.reference, refused),
        VerifyError::Clip(ClipError::Unreadable(why)) => {
            let shown = args.video.display();
            let text = format!("{shown}: {why}; give a whole WebM or MP4 recording");
            sentence(Exit::BadInput, text)
        }
        VerifyError::Clip(ClipError::Fault(fault)) => sentence(Exit::Failure, fault.chain()),
    }
}

/// Why a photograph cannot be used, in words to act on.
pub(super) fn photo_sentence(path: &Path, refused: &PhotoRefused) -> anyhow::Error {
    let shown = path.display();
    let bad = |text: &str| sentence(Exit::BadInput, format!("{shown}: {text}"));
    match refused {
        PhotoRefused::NoFace => bad("there is no face in this photo; give a frontal portrait"),
        PhotoRefused::SeveralFaces => {
            bad("there is more than one face in this photo; cut it to the person alone")
        }
        PhotoRefused::FaceTooSmall => {
            bad("the face in this photo is too small; give one with the eyes 40 pixels apart")
        }
        PhotoRefused::Poor => {
            bad("the face in this photo cannot be compared; give a sharp, even, frontal one")
        }
        PhotoRefused::Unreadable => bad("this is not a whole JPEG, PNG or WebP picture"),
        PhotoRefused::TooLarge => bad("this photo has too many bytes or pixels"),
        PhotoRefused::Fault(fault) => sentence(Exit::Failure, fault.chain()),
    }
}

fn as_json(challenge: &Challenge, verdict: &Verdict) -> Value {
    let decision = &verdict.decision;
    let judgements: Vec<Value> = decision.judgements.iter().map(report::judgement).collect();
    let cues: serde_json::Map<String, Value> = verdict
        .measurements
        .cues
        .iter()
        .map(|cue| (String::from(cue.kind.name()), json!(cue.value)))
        .collect();
    let timings: serde_json::Map<String, Value> = verdict
        .timings_ms
        .iter()
        .map(|(stage, ms)| (stage.clone(), json!(ms)))
        .collect();
    json!({
        "outcome": decision.outcome.name(),
        "reason": decision.reason.name(),
        "policy": {
            "version": decision.policy.version,
            "fmr_max": decision.policy.fmr_max,
            "action_amplitude_min": decision.policy.action_amplitude_min,
            "clip_shortfall_ms_max": decision.policy.clip_shortfall_ms_max,
        },
        "challenge": challenge.kind.name(),
        "features_model": verdict.measurements.features_model,
        "notice": report::features_notice(&verdict.measurements.features_model),
        "judgements": judgements,
        "measurements": cues,
        "timings_ms": timings,
    })
}

fn print_report(challenge: &Challenge, verdict: &Verdict) {
    let decision = &verdict.decision;
    say!("outcome    {}", decision.outcome.name());
    say!("reason     {}", decision.reason.name());
    say!("challenge  {}", challenge.kind.name());
    say!("model      {}", verdict.measurements.features_model);
    say!(
        "policy     {} with fmr_max {:.2e}",
        decision.policy.version,
        decision.policy.fmr_max
    );
    say!(
        "\n{:<32} {:>12}  {:<18} {:<20} ",
        "cue",
        "value",
        "must be",
        "unit"
    );
    for judgement in &decision.judgements {
        let value = judgement
            .value
            .map_or_else(|| String::from("not measured"), plain);
        let bound = match judgement.bound.name() {
            "at_least" => "at least",
            _ => "at most",
        };
        let demand = format!("{bound} {}", judgement.bound.threshold());
        let mark = match (judgement.holds, judgement.is_excused) {
            (true, _) => "",
            (false, true) => "(another held)",
            (false, false) => "✗",
        };
        let name = judgement.judged.name();
        let unit = judgement.judged.unit();
        say!("{name:<32} {value:>12}  {demand:<18} {unit:<20} {mark}");
    }
    if let Some(notice) = report::features_notice(&verdict.measurements.features_model) {
        say!("\nnote: {notice}");
    }
    say!("\n{:<32} {:>12}", "stage", "ms");
    for (stage, ms) in &verdict.timings_ms {
        say!("{stage:<32} {ms:>12.1}");
    }
}

/// Four decimals, or powers of ten for what would vanish in them, such as a false match rate.
fn plain(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.001 {
        format!("{value:.2e}")
    } else {
        format!("{value:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_from_words() {
        assert_eq!(challenge("silent").unwrap().kind, ChallengeKind::Silent);
        assert_eq!(
            challenge("blink").unwrap().kind,
            ChallengeKind::SingleAction
        );
        let both = challenge("blink, turn_left").unwrap();
        assert_eq!(both.kind, ChallengeKind::MultiAction);
        assert_eq!(both.steps.len(), 2);
        assert!(challenge("wink").is_err());
        assert!(challenge("missing.json").is_err());
    }

    #[test]
    fn the_servers_own_form_is_read() {
        let text = r#"{"challenge":{"version":1,"kind":"multi_action","duration_ms":7000,
            "steps":[{"action":"blink","at_ms":1200,"window_ms":1800}]}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let parsed = parse_challenge(value.get("challenge").unwrap()).unwrap();
        assert_eq!(parsed.duration_ms, 7000);
        assert!(parse_challenge(&json!({ "kind": "multi_action" })).is_none());
    }
}
