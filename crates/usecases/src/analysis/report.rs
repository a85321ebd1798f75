//! The one shape in which a judgement is shown: by `/v1`, by the demo page, by `zhenren verify`.

use serde_json::{Value, json};
use zhenren_biometrics::features;
use zhenren_domain::decide::Judgement;

/// A judgement for a report. `excused` marks a cue that does not hold while another of the same
/// rule does.
pub fn judgement(judgement: &Judgement) -> Value {
    json!({
        "cue": judgement.judged.name(),
        "value": judgement.value,
        "unit": judgement.judged.unit(),
        "bound": judgement.bound.name(),
        "threshold": judgement.bound.threshold(),
        "holds": judgement.holds,
        "excused": judgement.is_excused,
    })
}

/// For whom the features of this model are not good enough; nothing for models that say no such
/// thing. Every report that shows a comparison shows it.
pub fn features_notice(model: &str) -> Option<&'static str> {
    features::notice(model)
}
