//! One take from its seeds to a decision.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use zhenren_biometrics::{Engine, Features, Image};
use zhenren_domain::challenge::{Challenge, ChallengeKind};
use zhenren_domain::decide::{Decision, Reference, decide};
use zhenren_domain::measurements::Measurements;
use zhenren_domain::policy::Policy;
use zhenren_simulator::clip;
use zhenren_simulator::condition::Condition;
use zhenren_simulator::paper::reference_under;
use zhenren_simulator::prompt;
use zhenren_simulator::render::Picture;
use zhenren_simulator::take::Take;
use zhenren_usecases::analysis::engine::EngineAnalyzer;
use zhenren_usecases::analysis::{Analyzer as _, Question, Template};

use super::case::Case;
use crate::config::Config;
use crate::wiring;

/// What a take came to.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) decision: Decision,
    pub(super) measurements: Measurements,
}

/// Engine, decoder and policy, ready to measure from several threads.
pub(super) struct Bench {
    engine: Arc<Engine>,
    analyzer: EngineAnalyzer,
    policy: Policy,
    references: Mutex<BTreeMap<(u64, Condition), Features>>,
}

impl Bench {
    pub(super) fn new(config: &Config) -> Result<Self> {
        let engine = wiring::engine(config);
        let engine = Arc::new(engine.context("the engine cannot be loaded; try `zhenren doctor`")?);
        let (decoder, _) = wiring::decoder(config)?;
        Ok(Self {
            analyzer: EngineAnalyzer::new(decoder, Arc::clone(&engine)),
            engine,
            policy: wiring::policy(&config.verification),
            references: Mutex::new(BTreeMap::new()),
        })
    }

    pub(super) const fn policy_version(&self) -> u32 {
        self.policy.version
    }

    /// Renders, measures and decides.
    pub(super) fn measure(&self, case: &Case) -> Result<Ending> {
        let challenge = prompt::drawn(case.cell.challenge, case.cast.behaviour);
        let take = Take::under(
            case.cell.species,
            case.cast,
            &challenge,
            case.cell.condition,
        );
        let reference = self.reference(case)?;
        let is_recorded =
            challenge.kind == ChallengeKind::ReadDigits || case.cell.condition.needs_compression();
        let measurements = if is_recorded {
            self.recorded(case, &take, &challenge, &reference)?
        } else {
            self.rendered(case, &take, &challenge, &reference)?
        };
        let decision = decide(&self.policy, &challenge, &measurements, Reference::Features);
        Ok(Ending {
            decision,
            measurements,
        })
    }

    fn rendered(
        &self,
        case: &Case,
        take: &Take,
        challenge: &Challenge,
        reference: &Features,
    ) -> Result<Measurements> {
        let times_ms = take.captured_ms(case.cell.condition.format().fps);
        let log = take.page_log(challenge, &times_ms);
        let mut analysis = self.engine.begin_clip(challenge, log);
        for ms in times_ms {
            let pts = Duration::from_secs_f32(ms / 1_000.0).as_micros();
            analysis.push_frame(i64::try_from(pts)?, &image(take.picture(ms)))?;
        }
        Ok(analysis.finish(Some(reference))?.measurements)
    }

    fn recorded(
        &self,
        case: &Case,
        take: &Take,
        challenge: &Challenge,
        reference: &Features,
    ) -> Result<Measurements> {
        let format = case.cell.condition.format();
        let bytes = clip::encode_take(take, &format)?;
        let template = Template {
            model: self.engine.features_model().to_owned(),
            values: reference.values().to_vec(),
        };
        let question = Question {
            challenge,
            clock: &take.page_log(challenge, &take.times_ms(format.fps)),
            reference: Some(&template),
        };
        Ok(self.analyzer.measure_clip(&bytes, &question)?.measurements)
    }

    fn reference(&self, case: &Case) -> Result<Features> {
        let key = (case.cast.enrolled, case.cell.condition);
        let known = |key| Some(self.references.lock().ok()?.get(key)?.clone());
        if let Some(found) = known(&key) {
            return Ok(found);
        }
        let photo = image(reference_under(case.cast.enrolled, case.cell.condition));
        let features = self.engine.analyse_photo(&photo)?.features;
        if let Ok(mut references) = self.references.lock() {
            references.insert(key, features.clone());
        }
        Ok(features)
    }
}

fn image(picture: Picture) -> Image {
    Image {
        width: picture.width,
        height: picture.height,
        rgb: picture.rgb,
    }
}
