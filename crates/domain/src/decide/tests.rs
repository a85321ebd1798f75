//! The decision, as tables: from a clip where everything holds, one thing is changed at a time.

mod good;

use self::good::good;
use super::*;
use crate::challenge::{ChallengeKind, Colour, Prompt, Step};
use crate::measurements::{ActionMeasurement, Cue};

fn measured(changes: &[(CueKind, Option<f64>)]) -> Measurements {
    let cues = CueKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let change = changes.iter().find(|(changed, _)| *changed == kind);
            let value = change.map_or(Some(good(kind)), |(_, value)| *value)?;
            Some(Cue {
                kind,
                value,
                series: Vec::new(),
            })
        })
        .collect();
    let actions = (0..3)
        .map(|step_index| ActionMeasurement {
            step_index,
            amplitude: 1.0,
            at_ms: Some(f64::from(u32::try_from(step_index).unwrap()) * 2000.0 + 1500.0),
        })
        .collect();
    Measurements {
        cues,
        actions,
        heard_digits: None,
        features_model: "dlib-resnet-1".to_owned(),
        engine_version: 1,
    }
}

fn multi_action() -> Challenge {
    let step = |action, at_ms| Step {
        prompt: Prompt::Act(action),
        at_ms,
        window_ms: 1800,
    };
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps: vec![
            step(Action::Nod, 1000),
            step(Action::Blink, 3000),
            step(Action::Mouth, 5000),
        ],
        duration_ms: 7200,
    }
}

fn silent() -> Challenge {
    Challenge {
        kind: ChallengeKind::Silent,
        steps: Vec::new(),
        duration_ms: 3000,
    }
}

fn reason_of(challenge: &Challenge, measurements: &Measurements, reference: Reference) -> Reason {
    decide(&Policy::current(), challenge, measurements, reference).reason
}

#[test]
fn everything_holds() {
    for challenge in [multi_action(), silent()] {
        let decision = decide(
            &Policy::current(),
            &challenge,
            &measured(&[]),
            Reference::Features,
        );
        assert_eq!(
            (decision.outcome, decision.reason),
            (Outcome::Accepted, Reason::Passed)
        );
        assert!(decision.compared && decision.judgements.iter().all(|judged| judged.holds));
        assert_eq!(decision.policy.version, 2);
    }
}

#[test]
fn one_wrong_cue_gives_its_reason() {
    use CueKind as C;
    use Reason as R;
    for (cue, value, reason) in [
        (C::ClipDuration, 6000.0, R::ClipTooShort),
        (C::FrameRate, 2.0, R::ClipTooShort),
        (C::FrameGapMax, 4000.0, R::TimingImplausible),
        (C::DuplicateFrameShare, 0.9, R::TimingImplausible),
        (C::OnsetDrift, 5000.0, R::TimingImplausible),
        (C::FacePresence, 0.1, R::NoFace),
        (C::FaceCountMax, 2.0, R::SeveralFaces),
        (C::InterEyeDistance, 15.0, R::FaceTooSmall),
        (C::Brightness, 10.0, R::TooDark),
        (C::Brightness, 250.0, R::TooBright),
        (C::ClippedShare, 0.8, R::TooBright),
        (C::BestYaw, 40.0, R::FaceNotFrontal),
        (C::BestPitch, 40.0, R::FaceNotFrontal),
        (C::Sharpness, 1.0, R::Blurred),
        (C::OcclusionHint, 0.9, R::Occluded),
        (C::ContinuityMin, 0.3, R::SubjectChanged),
        (C::TrackJumpMax, 3.0, R::SubjectChanged),
        (C::ComparisonFmr, 0.01, R::ComparisonNonMatch),
    ] {
        let found = reason_of(
            &multi_action(),
            &measured(&[(cue, Some(value))]),
            Reference::Features,
        );
        assert_eq!(found, reason, "{} = {value}", cue.name());
    }
}

#[test]
fn the_first_reason_wins_and_everything_is_still_judged() {
    let dark_stranger = measured(&[
        (CueKind::Brightness, Some(5.0)),
        (CueKind::ComparisonFmr, Some(0.5)),
    ]);
    let decision = decide(
        &Policy::current(),
        &multi_action(),
        &dark_stranger,
        Reference::Features,
    );
    assert_eq!(
        (decision.outcome, decision.reason),
        (Outcome::Inconclusive, Reason::TooDark)
    );
    let failed: Vec<String> = decision
        .judgements
        .iter()
        .filter(|judged| !judged.holds)
        .map(|judged| judged.judged.name())
        .collect();
    assert_eq!(failed, ["brightness", "comparison_fmr"]);
}

#[test]
fn what_was_not_measured_never_passes_and_never_rejects() {
    for kind in Policy::current()
        .rules
        .iter()
        .filter(|rule| !rule.optional)
        .flat_map(|rule| {
            rule.any_of
                .iter()
                .map(|demand| demand.cue)
                .collect::<Vec<_>>()
        })
    {
        for missing in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            // An any-of rule misses what it needs only when all of its cues are missing.
            let stillness = [
                CueKind::EyeRange,
                CueKind::MouthRange,
                CueKind::NonRigidMotion,
                CueKind::ActionsSeenShare,
            ];
            let changes: Vec<_> = if stillness.contains(&kind) {
                stillness.iter().map(|kind| (*kind, missing)).collect()
            } else {
                vec![(kind, missing)]
            };
            for challenge in [multi_action(), silent()] {
                let decision = decide(
                    &Policy::current(),
                    &challenge,
                    &measured(&changes),
                    Reference::Features,
                );
                let judged = decision.judgements.iter().any(|it| {
                    changes
                        .iter()
                        .any(|(kind, _)| it.judged == Judged::Cue(*kind))
                });
                let expected = if judged {
                    Outcome::Inconclusive
                } else {
                    Outcome::Accepted
                };
                assert_eq!(decision.outcome, expected, "{} missing", kind.name());
            }
        }
    }
    let nothing = Measurements::default();
    for challenge in [multi_action(), silent()] {
        let decision = decide(
            &Policy::current(),
            &challenge,
            &nothing,
            Reference::Features,
        );
        assert_eq!(decision.outcome, Outcome::Inconclusive);
        assert!(!decision.compared);
    }
    let no_comparison = measured(&[(CueKind::ComparisonFmr, None)]);
    let found = reason_of(&multi_action(), &no_comparison, Reference::Features);
    assert_eq!(found, Reason::SystemFailure);
}

#[test]
fn a_device_without_a_clock_log_is_not_refused_for_that() {
    let silent_clock = measured(&[(CueKind::OnsetDrift, None)]);
    assert_eq!(
        reason_of(&multi_action(), &silent_clock, Reference::Features),
        Reason::Passed
    );
}

#[test]
fn actions_must_be_done_enough_and_in_order() {
    let mut weak = measured(&[]);
    weak.actions[1].amplitude = 0.2;
    let mut swapped = measured(&[]);
    swapped.actions[0].at_ms = Some(9000.0);
    let mut missing = measured(&[]);
    missing.actions.truncate(2);
    let mut broken = measured(&[]);
    broken.actions[0].amplitude = f64::NAN;
    let early = measured(&[(CueKind::ActionsOutOfOrder, Some(1.0))]);
    for measurements in [weak, swapped, missing, broken, early] {
        let found = reason_of(&multi_action(), &measurements, Reference::Features);
        assert_eq!(found, Reason::ChallengeNotFollowed);
    }
    let unordered = Challenge {
        kind: ChallengeKind::Silent,
        ..silent()
    };
    let early = measured(&[(CueKind::ActionsOutOfOrder, Some(1.0))]);
    assert_eq!(
        reason_of(&unordered, &early, Reference::Features),
        Reason::Passed
    );
}

#[test]
fn a_silent_still_face_is_inconclusive_and_any_one_movement_is_enough() {
    use CueKind as C;
    let still = [
        (C::EyeRange, Some(0.01)),
        (C::MouthRange, Some(0.01)),
        (C::NonRigidMotion, Some(0.005)),
    ];
    let decision = decide(
        &Policy::current(),
        &silent(),
        &measured(&still),
        Reference::Features,
    );
    assert_eq!(
        (decision.outcome, decision.reason),
        (Outcome::Inconclusive, Reason::LifeUnseen)
    );
    for index in 0..still.len() {
        let mut moving = still;
        moving[index].1 = Some(good(still[index].0));
        let decision = decide(
            &Policy::current(),
            &silent(),
            &measured(&moving),
            Reference::Features,
        );
        assert_eq!(decision.reason, Reason::Passed, "{}", still[index].0.name());
        let excused = decision.judgements.iter().filter(|it| it.is_excused);
        assert_eq!(excused.count(), still.len() - 1);
    }
}

#[test]
fn a_picture_shown_to_an_action_challenge_is_rejected_and_a_person_may_try_again() {
    use CueKind as C;
    let mut picture = measured(&[
        (C::EyeRange, Some(0.12)),
        (C::MouthRange, Some(0.003)),
        (C::NonRigidMotion, Some(0.015)),
        (C::ActionsSeenShare, Some(0.0)),
    ]);
    for action in &mut picture.actions {
        action.amplitude = 0.15;
    }
    let found = reason_of(&multi_action(), &picture, Reference::Features);
    assert_eq!(found, Reason::StillFace);
    assert_eq!(found.outcome(), Outcome::Rejected);
    // One action done, or a blink between the prompts: somebody is there and did not follow.
    for moved in [(C::ActionsSeenShare, 0.34), (C::EyeRange, 0.5)] {
        let mut person = picture.clone();
        for cue in &mut person.cues {
            if cue.kind == moved.0 {
                cue.value = moved.1;
            }
        }
        let found = reason_of(&multi_action(), &person, Reference::Features);
        assert_eq!(found, Reason::ChallengeNotFollowed);
        assert_eq!(found.outcome(), Outcome::Inconclusive);
    }
}

#[test]
fn a_reference_problem_is_told_only_to_someone_who_is_present() {
    for (reference, reason) in [
        (Reference::Missing, Reason::ReferenceMissing),
        (Reference::Poor, Reason::ReferencePoor),
        (Reference::OtherModel, Reason::ReferenceMissing),
        (Reference::Unknown, Reason::IdentityUnknown),
        (Reference::NameMismatch, Reason::NameNumberMismatch),
        (Reference::SourceUnavailable, Reason::SourceUnavailable),
    ] {
        let compared = measured(&[(CueKind::ComparisonFmr, None)]);
        let decision = decide(&Policy::current(), &multi_action(), &compared, reference);
        assert_eq!(decision.reason, reason);
        assert_ne!(decision.outcome, Outcome::Accepted);
        assert!(!decision.compared);
        let absent = measured(&[(CueKind::FacePresence, Some(0.0))]);
        assert_eq!(
            reason_of(&multi_action(), &absent, reference),
            Reason::NoFace
        );
    }
}

#[test]
fn a_decision_names_everything_of_its_policy_that_an_operator_may_set() {
    let strict = Policy {
        fmr_max: 1e-7,
        action_amplitude_min: 0.9,
        clip_shortfall_ms_max: 10.0,
        attempts_max: 1,
        ..Policy::current()
    };
    let measurements = measured(&[]);
    for reference in Reference::ALL {
        assert_eq!(Reference::from_name(reference.name()), Some(reference));
        let decision = decide(&strict, &multi_action(), &measurements, reference);
        let policy = Policy::of_applied(decision.policy).unwrap();
        let again = decide(
            &policy,
            &multi_action(),
            &measurements,
            decision.reference.unwrap(),
        );
        assert_eq!(again, decision);
    }
    let by_version = Policy::of_version(strict.version).unwrap();
    let features = Reference::Features;
    assert_ne!(
        decide(&by_version, &multi_action(), &measurements, features).reason,
        decide(&strict, &multi_action(), &measurements, features).reason,
    );
}

fn of_kind(kind: ChallengeKind, prompt: Option<Prompt>) -> Challenge {
    let steps = prompt.map(|prompt| Step {
        prompt,
        at_ms: 1000,
        window_ms: 1800,
    });
    Challenge {
        kind,
        steps: steps.into_iter().collect(),
        duration_ms: 3200,
    }
}

#[test]
fn each_challenge_demands_its_own_cues_and_no_other() {
    use CueKind as C;
    use Reason as R;
    let flash = of_kind(ChallengeKind::ScreenFlash, Some(Prompt::Shine(Colour::Red)));
    let digits = of_kind(ChallengeKind::ReadDigits, Some(Prompt::Say(7)));
    let near_far = of_kind(ChallengeKind::NearFar, Some(Prompt::Approach(48)));
    let all = [&flash, &digits, &near_far, &silent()];
    for challenge in all {
        let found = reason_of(challenge, &measured(&[]), Reference::Features);
        assert_eq!(found, R::Passed, "{}", challenge.kind.name());
    }
    for (own, cue, value, reason) in [
        (&flash, C::FlashGain, 0.01, R::AmbientTooStrong),
        (&flash, C::FlashCorrelation, 0.85, R::AmbientTooStrong),
        (&flash, C::FlashPValue, 0.05, R::FlashMismatch),
        (&flash, C::FlashBackgroundRatio, 1.0, R::FlatFace),
        (&flash, C::FlashRelief, 0.9, R::FlatFace),
        (&digits, C::VoiceLevel, -80.0, R::SpeechUnheard),
        (&digits, C::VoiceSnr, 2.0, R::SpeechUnheard),
        (&digits, C::DigitScore, -20.0, R::DigitsDiffer),
        (&digits, C::VoicePaceShare, 0.5, R::DigitsDiffer),
        (&digits, C::LipMotion, 0.9, R::LipsStill),
        (&digits, C::LipPaceShare, 0.25, R::LipsStill),
        (&digits, C::LipVoiceAgreement, -0.5, R::LipsStill),
        (
            &near_far,
            C::DistancesSeenShare,
            0.6,
            R::ChallengeNotFollowed,
        ),
        (&near_far, C::PerspectiveChange, 0.0, R::FlatFace),
    ] {
        for challenge in all {
            let wrong = measured(&[(cue, Some(value))]);
            let found = reason_of(challenge, &wrong, Reference::Features);
            let expected = if challenge.kind == own.kind {
                reason
            } else {
                R::Passed
            };
            let (kind, cue) = (challenge.kind.name(), cue.name());
            assert_eq!(found, expected, "{kind}: {cue} = {value}");
        }
        // Not measured is no pass and no rejection.
        let missing = measured(&[(cue, None)]);
        let found = reason_of(own, &missing, Reference::Features);
        assert_eq!(found.outcome(), Outcome::Inconclusive, "{}", cue.name());
        assert!(found.hint().is_some());
    }
}

#[test]
fn light_that_moves_otherwise_is_rejected_and_light_that_hardly_moves_is_no_answer() {
    use CueKind as C;
    let flash = of_kind(ChallengeKind::ScreenFlash, Some(Prompt::Shine(Colour::Red)));
    let replay = measured(&[
        (C::FlashCorrelation, Some(0.3)),
        (C::FlashUnexplained, Some(0.2)),
        (C::FlashGain, Some(0.02)),
    ]);
    let found = reason_of(&flash, &replay, Reference::Features);
    assert_eq!(
        (found, found.outcome()),
        (Reason::FlashMismatch, Outcome::Rejected)
    );
    let daylight = measured(&[
        (C::FlashCorrelation, Some(0.3)),
        (C::FlashUnexplained, Some(0.01)),
        (C::FlashGain, Some(0.005)),
    ]);
    let found = reason_of(&flash, &daylight, Reference::Features);
    assert_eq!(
        (found, found.outcome()),
        (Reason::AmbientTooStrong, Outcome::Inconclusive)
    );
}

#[test]
fn signs_of_a_screen_a_loop_or_a_wrong_clock_count_everywhere_and_only_when_measured() {
    use CueKind as C;
    for (cue, value, reason) in [
        (C::MoirePeak, 40.0, Reason::ArtefactSeen),
        (C::PadScore, 0.05, Reason::ArtefactSeen),
        (C::LoopShare, 0.6, Reason::TimingImplausible),
        (C::FrameLogResidual, 9.0, Reason::TimingImplausible),
        (C::FaceExtent, 0.9, Reason::FaceTooLarge),
    ] {
        for challenge in [multi_action(), silent()] {
            let seen = measured(&[(cue, Some(value))]);
            assert_eq!(reason_of(&challenge, &seen, Reference::Features), reason);
            if cue != C::FaceExtent {
                let unseen = measured(&[(cue, None)]);
                let found = reason_of(&challenge, &unseen, Reference::Features);
                assert_eq!(found, Reason::Passed, "{}", cue.name());
            }
        }
    }
}
