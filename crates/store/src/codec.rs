//! Domain values as JSON text in a column, and back. Also what `/v1` shows of them.
//!
//! Numbers only: challenges, clocks, measurements, decisions. Nothing here identifies a person.

use serde_json::{Map, Value as Json, json};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};
use zhenren_domain::decide::{Decision, Judged, Judgement, Reference};
use zhenren_domain::measurements::{ActionMeasurement, Cue, CueKind, Measurements, Sample};
use zhenren_domain::mode::Mode;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::policy::{Applied, Bound};
use zhenren_domain::wish::Wish;

use crate::attempts::Manifest;
use crate::error::StoreError;
use crate::sql::Row;

/// A challenge as the capture client gets it.
pub fn challenge_json(challenge: &Challenge) -> Json {
    let steps: Vec<Json> = challenge
        .steps
        .iter()
        .map(|step| {
            let (member, value) = step.prompt.member();
            json!({ member: value, "at_ms": step.at_ms, "window_ms": step.window_ms })
        })
        .collect();
    json!({
        "version": zhenren_domain::challenge::CHALLENGE_VERSION,
        "kind": challenge.kind.name(),
        "duration_ms": challenge.duration_ms,
        "steps": steps,
    })
}

/// A challenge from its JSON.
pub fn challenge_from_json(json: &Json) -> Option<Challenge> {
    let steps = json
        .get("steps")?
        .as_array()?
        .iter()
        .map(step_from_json)
        .collect::<Option<_>>()?;
    Some(Challenge {
        kind: ChallengeKind::from_name(json.get("kind")?.as_str()?)?,
        steps,
        duration_ms: small(json.get("duration_ms")?)?,
    })
}

fn step_from_json(json: &Json) -> Option<Step> {
    let prompt = Prompt::MEMBERS
        .into_iter()
        .find_map(|member| Prompt::from_member(member, json.get(member)?.as_str()?))?;
    Some(Step {
        prompt,
        at_ms: small(json.get("at_ms")?)?,
        window_ms: small(json.get("window_ms")?)?,
    })
}

fn small(json: &Json) -> Option<u32> {
    json.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// What the capture client said about its recording.
pub fn manifest_json(manifest: &Manifest) -> Json {
    let frames: Vec<Json> = manifest
        .clock
        .frames_ms
        .iter()
        .map(|(shown, captured)| json!([shown, captured]))
        .collect();
    json!({
        "parts_count": manifest.parts_count,
        "bytes": manifest.size_bytes,
        "sha256": manifest.sha256,
        "media_type": manifest.media_type,
        "clock": { "onsets_ms": manifest.clock.onsets_ms, "frames_ms": frames },
    })
}

/// A manifest from its JSON.
pub fn manifest_from_json(json: &Json) -> Option<Manifest> {
    Some(Manifest {
        parts_count: small(json.get("parts_count")?)?,
        size_bytes: json.get("bytes")?.as_u64()?,
        sha256: json.get("sha256")?.as_str()?.to_owned(),
        media_type: json.get("media_type")?.as_str()?.to_owned(),
        clock: clock_from_json(json.get("clock")?)?,
    })
}

/// A clock log from its JSON.
pub fn clock_from_json(json: &Json) -> Option<ClockLog> {
    let onsets = json.get("onsets_ms")?.as_array()?;
    let frames = json.get("frames_ms")?.as_array()?;
    Some(ClockLog {
        onsets_ms: onsets.iter().map(Json::as_f64).collect::<Option<_>>()?,
        frames_ms: frames
            .iter()
            .map(|pair| Some((pair.get(0)?.as_f64()?, pair.get(1).and_then(Json::as_f64))))
            .collect::<Option<_>>()?,
    })
}

/// Measurements as stored and as reported to the tenant.
pub fn measurements_json(measurements: &Measurements) -> Json {
    let cues: Map<String, Json> = measurements
        .cues
        .iter()
        .map(|cue| {
            let series: Vec<Json> = cue
                .series
                .iter()
                .map(|sample| json!([sample.at_ms, sample.value]))
                .collect();
            let unit = cue.kind.unit();
            let json = json!({ "value": cue.value, "unit": unit, "series": series });
            (cue.kind.name().to_owned(), json)
        })
        .collect();
    let actions: Vec<Json> = measurements
        .actions
        .iter()
        .map(|action| {
            json!({
                "step_index": action.step_index,
                "amplitude": action.amplitude,
                "at_ms": action.at_ms,
            })
        })
        .collect();
    json!({
        "engine_version": measurements.engine_version,
        "features_model": measurements.features_model,
        "heard_digits": measurements.heard_digits,
        "cues": cues,
        "actions": actions,
    })
}

/// Measurements from their JSON. A cue that was not finite has the value `null` and is dropped:
/// it counts as not measured.
pub fn measurements_from_json(json: &Json) -> Option<Measurements> {
    let mut cues = Vec::new();
    for (name, cue) in json.get("cues")?.as_object()? {
        let kind = CueKind::from_name(name)?;
        let samples = cue.get("series")?.as_array()?;
        let series = samples
            .iter()
            .filter_map(|pair| {
                Some(Sample {
                    at_ms: pair.get(0)?.as_f64()?,
                    value: pair.get(1)?.as_f64()?,
                })
            })
            .collect();
        if let Some(value) = cue.get("value")?.as_f64() {
            cues.push(Cue {
                kind,
                value,
                series,
            });
        }
    }
    cues.sort_by_key(|cue| cue.kind);
    let actions = json.get("actions")?.as_array()?;
    Some(Measurements {
        cues,
        actions: actions
            .iter()
            .map(action_from_json)
            .collect::<Option<_>>()?,
        heard_digits: json
            .get("heard_digits")
            .and_then(Json::as_str)
            .map(str::to_owned),
        features_model: json.get("features_model")?.as_str()?.to_owned(),
        engine_version: u16::try_from(json.get("engine_version")?.as_u64()?).ok()?,
    })
}

fn action_from_json(json: &Json) -> Option<ActionMeasurement> {
    Some(ActionMeasurement {
        step_index: usize::try_from(json.get("step_index")?.as_u64()?).ok()?,
        amplitude: json.get("amplitude")?.as_f64().unwrap_or(f64::NAN),
        at_ms: json.get("at_ms").and_then(Json::as_f64),
    })
}

/// One judgement as reports and `/v1` show it.
pub fn judgement_json(judgement: &Judgement) -> Json {
    json!({
        "cue": judgement.judged.name(),
        "value": judgement.value,
        "unit": judgement.judged.unit(),
        "bound": judgement.bound.name(),
        "threshold": judgement.bound.threshold(),
        "holds": judgement.holds,
        "excused": judgement.is_excused,
        "reason": judgement.reason.name(),
    })
}

/// A decision as stored.
pub fn decision_json(decision: &Decision) -> Json {
    let judgements: Vec<Json> = decision.judgements.iter().map(judgement_json).collect();
    json!({
        "outcome": decision.outcome.name(),
        "reason": decision.reason.name(),
        "policy": {
            "version": decision.policy.version,
            "action_amplitude_min": decision.policy.action_amplitude_min,
            "clip_shortfall_ms_max": decision.policy.clip_shortfall_ms_max,
            "fmr_max": decision.policy.fmr_max,
        },
        "reference": decision.reference.map(Reference::name),
        "compared": decision.compared,
        "judgements": judgements,
    })
}

/// A decision from its JSON.
pub fn decision_from_json(json: &Json) -> Option<Decision> {
    let judgements = json.get("judgements")?.as_array()?;
    Some(Decision {
        outcome: Outcome::from_name(json.get("outcome")?.as_str()?)?,
        reason: Reason::from_name(json.get("reason")?.as_str()?)?,
        policy: applied_from_json(json.get("policy")?)?,
        reference: match json.get("reference")? {
            none if none.is_null() => None,
            name => Some(Reference::from_name(name.as_str()?)?),
        },
        compared: json.get("compared")?.as_bool()?,
        judgements: judgements
            .iter()
            .map(judgement_from_json)
            .collect::<Option<_>>()?,
    })
}

fn applied_from_json(json: &Json) -> Option<Applied> {
    Some(Applied {
        version: small(json.get("version")?)?,
        action_amplitude_min: json.get("action_amplitude_min")?.as_f64()?,
        clip_shortfall_ms_max: json.get("clip_shortfall_ms_max")?.as_f64()?,
        fmr_max: json.get("fmr_max")?.as_f64()?,
    })
}

fn judgement_from_json(json: &Json) -> Option<Judgement> {
    let threshold = json.get("threshold")?.as_f64()?;
    let bound = match json.get("bound")?.as_str()? {
        "at_least" => Bound::AtLeast(threshold),
        "at_most" => Bound::AtMost(threshold),
        _ => return None,
    };
    Some(Judgement {
        judged: judged_from_name(json.get("cue")?.as_str()?)?,
        value: json.get("value")?.as_f64(),
        bound,
        holds: json.get("holds")?.as_bool()?,
        is_excused: json.get("excused")?.as_bool()?,
        reason: Reason::from_name(json.get("reason")?.as_str()?)?,
    })
}

fn judged_from_name(name: &str) -> Option<Judged> {
    if let Some(kind) = CueKind::from_name(name) {
        return Some(Judged::Cue(kind));
    }
    let mut words = name.split('.');
    let what = words.next()?;
    let step_index = words.next()?.parse().ok()?;
    let action = Action::from_name(words.next()?)?;
    match what {
        "action_amplitude" => Some(Judged::ActionAmplitude { step_index, action }),
        "action_order" => Some(Judged::ActionOrder { step_index, action }),
        _ => None,
    }
}

/// The names of actions in one column.
pub(crate) fn actions_text(actions: &[Action]) -> String {
    actions
        .iter()
        .map(|action| action.name())
        .collect::<Vec<_>>()
        .join(",")
}

/// Actions from the names in one column.
pub(crate) fn actions_from_text(text: &str) -> Option<Vec<Action>> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(Action::from_name)
        .collect()
}

/// What a wish says beside its mode and its actions; nothing when it says no more.
pub(crate) fn terms_text(wish: &Wish) -> Option<String> {
    let modes: Vec<&str> = wish.modes.iter().map(|mode| mode.name()).collect();
    let says_more = wish.no_flash
        || !modes.is_empty()
        || wish.actions_count.is_some()
        || wish.digits_count.is_some()
        || wish.flashes_count.is_some()
        || wish.capture_seconds.is_some()
        || wish.attempts_max.is_some();
    let json = json!({
        "modes": modes,
        "actions_count": wish.actions_count,
        "digits_count": wish.digits_count,
        "flashes_count": wish.flashes_count,
        "no_flash": wish.no_flash,
        "capture_seconds": wish.capture_seconds,
        "attempts_max": wish.attempts_max,
    });
    says_more.then(|| json.to_string())
}

/// The inverse of [`terms_text`]: a wish without mode and actions.
pub(crate) fn terms_from_text(text: &str) -> Option<Wish> {
    let json: Json = serde_json::from_str(text).ok()?;
    let count = |field: &str| match json.get(field)? {
        none if none.is_null() => Some(None),
        number => small(number).map(Some),
    };
    let modes = json.get("modes")?.as_array()?;
    Some(Wish {
        mode: None,
        modes: modes
            .iter()
            .map(|name| Mode::from_name(name.as_str()?))
            .collect::<Option<_>>()?,
        actions: Vec::new(),
        actions_count: count("actions_count")?,
        digits_count: count("digits_count")?,
        flashes_count: count("flashes_count")?,
        no_flash: json.get("no_flash")?.as_bool()?,
        capture_seconds: count("capture_seconds")?,
        attempts_max: count("attempts_max")?,
    })
}

/// The wish of a row with the columns `challenge_kind`, `challenge_actions`, `challenge_terms`.
pub(crate) fn read_wish(row: &Row) -> Result<Wish, StoreError> {
    let terms = row.opt_parsed("challenge_terms", terms_from_text)?;
    Ok(Wish {
        mode: row.opt_parsed("challenge_kind", Mode::from_name)?,
        actions: row.parsed("challenge_actions", actions_from_text)?,
        ..terms.unwrap_or_default()
    })
}
