//! Whole recordings of rendered faces: what is done is seen, what is not done is not.

#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "pixel arithmetic on pictures of known size; numbers for who runs them by hand"
)]

mod world;

use world::{analyse, cast, challenge, engine, features, frames, image, portrait, value};
use zhenren_biometrics::{Image, PhotoRefusal};
use zhenren_domain::challenge::{Action, ClockLog};
use zhenren_domain::measurements::CueKind;
use zhenren_simulator::render::{Scene, Subject, render};
use zhenren_simulator::take::SubjectKind;

#[test]
fn each_action_is_seen_when_done() {
    let engine = engine();
    for (action, seed) in Action::ALL.into_iter().zip(1..) {
        let asked = challenge(&[action]);
        let report = analyse(
            &engine,
            &asked,
            &frames(SubjectKind::BonaFide, cast(seed), &asked),
            None,
        );
        let [measured] = report.measurements.actions.as_slice() else {
            panic!("one step, one measurement");
        };
        assert!(measured.amplitude >= 1.0, "{}: {measured:?}", action.name());
        let at_ms = measured.at_ms.expect("seen, so seen at a time");
        assert!(
            (800.0..2_600.0).contains(&at_ms),
            "{}: {measured:?}",
            action.name()
        );
        assert!((value(&report, CueKind::ActionsSeenShare) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn nothing_is_seen_when_nothing_is_done() {
    let engine = engine();
    let played = challenge(&[]);
    let frames = frames(SubjectKind::Passive, cast(3), &played);
    // Blinks come unasked, so only the others are looked for.
    for action in [
        Action::Mouth,
        Action::Nod,
        Action::TurnLeft,
        Action::TurnRight,
    ] {
        let report = analyse(&engine, &challenge(&[action]), &frames, None);
        let measured = report.measurements.actions[0];
        assert!(measured.amplitude < 0.4, "{}: {measured:?}", action.name());
    }
}

#[test]
fn a_print_that_is_turned_and_nodded_does_nothing_that_counts() {
    let engine = engine();
    let asked = challenge(&[Action::Nod, Action::TurnLeft, Action::Mouth]);
    let report = analyse(
        &engine,
        &asked,
        &frames(SubjectKind::Print, cast(4), &asked),
        None,
    );
    for measured in &report.measurements.actions {
        assert!(measured.amplitude < 0.6, "{measured:?}");
    }
    let living = analyse(
        &engine,
        &asked,
        &frames(SubjectKind::BonaFide, cast(4), &asked),
        None,
    );
    let motion = |report| value(report, CueKind::NonRigidMotion);
    assert!(
        motion(&living) > 3.0 * motion(&report),
        "{} {}",
        motion(&living),
        motion(&report)
    );
}

#[test]
fn the_wrong_order_is_detected() {
    let engine = engine();
    let asked = challenge(&[Action::TurnLeft, Action::Mouth]);
    let played = challenge(&[Action::Mouth, Action::TurnLeft]);
    let report = analyse(
        &engine,
        &asked,
        &frames(SubjectKind::BonaFide, cast(5), &played),
        None,
    );
    assert!((value(&report, CueKind::ActionsOutOfOrder) - 2.0).abs() < 1e-9);
    assert!(
        report
            .measurements
            .actions
            .iter()
            .all(|action| action.amplitude < 0.5)
    );
}

#[test]
fn two_faces_are_counted() {
    let engine = engine();
    let still: Vec<(i64, Image)> = (0..20)
        .map(|i: i64| (i * 66_667, side_by_side(1, 6, i.unsigned_abs())))
        .collect();
    let report = analyse(&engine, &challenge(&[]), &still, None);
    assert!((value(&report, CueKind::FaceCountMax) - 2.0).abs() < 1e-9);
    let refusal = engine.analyse_photo(&still[0].1).expect_err("two faces");
    assert!(
        matches!(refusal, PhotoRefusal::SeveralFaces { faces_count: 2 }),
        "{refusal:?}"
    );
}

#[test]
fn another_person_half_way_breaks_continuity() {
    let engine = engine();
    let played = challenge(&[Action::Mouth]);
    let one = frames(SubjectKind::BonaFide, cast(1), &played);
    let mut swapped = one.clone();
    let half = swapped.len() / 2;
    let other = frames(SubjectKind::OtherPerson, cast(1), &played);
    swapped[half..].clone_from_slice(&other[half..]);
    let continuity = |frames| {
        value(
            &analyse(&engine, &played, frames, None),
            CueKind::ContinuityMin,
        )
    };
    let (same, broken) = (continuity(&one), continuity(&swapped));
    assert!(same > 0.97, "one person {same}");
    assert!(broken < 0.96, "two people {broken}");
}

#[test]
fn the_reference_is_compared_with_the_probe() {
    let engine = engine();
    let played = challenge(&[]);
    let frames = frames(SubjectKind::BonaFide, cast(1), &played);
    let own = features(&engine, &portrait(1));
    let other = features(&engine, &portrait(101));
    let mated = analyse(&engine, &played, &frames, Some(&own));
    let non_mated = analyse(&engine, &played, &frames, Some(&other));
    let score = |report| value(report, CueKind::ComparisonScore);
    assert!(score(&mated) > 0.98, "{}", score(&mated));
    assert!(score(&non_mated) < 0.96, "{}", score(&non_mated));
    assert!(value(&mated, CueKind::ComparisonFmr) < 1e-4);
    assert!(value(&non_mated, CueKind::ComparisonFmr) > 1e-3);
    assert_eq!(mated.measurements.features_model, "dlib-resnet-1");
    assert!((1..=5).contains(&mated.best_frames.len()));
    let jpeg = mated.best_frames[0].image.to_jpeg(90).expect("a picture");
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
}

#[test]
fn an_empty_room_has_no_face() {
    let engine = engine();
    let room = noise(480, 640);
    let frames: Vec<_> = (0..10).map(|i| (i * 66_667, room.clone())).collect();
    let report = analyse(&engine, &challenge(&[Action::Nod]), &frames, None);
    assert!(value(&report, CueKind::FaceCountMax).abs() < 1e-9);
    assert!(value(&report, CueKind::FacePresence).abs() < 1e-9);
    assert!((value(&report, CueKind::DuplicateFrameShare) - 0.9).abs() < 1e-9);
    assert!(report.probe.is_none() && report.best_frames.is_empty());
    assert_eq!(report.measurements.actions.len(), 1);
    assert!(matches!(
        engine.analyse_photo(&room),
        Err(PhotoRefusal::NoFace)
    ));
}

#[test]
fn tiny_empty_and_broken_pictures_are_survived() {
    let engine = engine();
    let dot = Image {
        width: 1,
        height: 1,
        rgb: vec![9; 3],
    };
    assert!(matches!(
        engine.analyse_photo(&dot),
        Err(PhotoRefusal::TooSmall)
    ));
    let report = analyse(&engine, &challenge(&[]), &[(0, dot)], None);
    assert!(value(&report, CueKind::FacePresence).abs() < 1e-9);
    let broken = Image {
        width: 10,
        height: 10,
        rgb: vec![0; 7],
    };
    assert!(matches!(
        engine.analyse_photo(&broken),
        Err(PhotoRefusal::BadPicture)
    ));
    let mut clip = engine.begin_clip(&challenge(&[]), ClockLog::default());
    assert!(clip.push_frame(0, &broken).is_err());
    let nothing = engine.begin_clip(&challenge(&[Action::Blink]), ClockLog::default());
    let report = nothing.finish(None).expect("no frames is no fault");
    assert!(
        report
            .measurements
            .cues
            .iter()
            .all(|cue| cue.value.is_finite())
    );
    let strip = noise(2_000, 50);
    assert!(matches!(
        engine.analyse_photo(&strip),
        Err(PhotoRefusal::NoFace)
    ));
}

#[test]
fn a_photo_lying_on_its_side_is_read() {
    let engine = engine();
    let upright = portrait(4);
    let lying = quarter_turn(&upright);
    let a = engine.analyse_photo(&upright).expect("a face");
    let b = engine.analyse_photo(&lying).expect("a face");
    let c = engine
        .analyse_photo(&quarter_turn(&lying))
        .expect("a face, upside down");
    assert!(zhenren_biometrics::compare(&a.features, &b.features) > 0.97);
    assert!(zhenren_biometrics::compare(&a.features, &c.features) > 0.97);
}

#[test]
fn a_small_face_in_the_background_of_a_photo_is_ignored() {
    let engine = engine();
    let mut picture = portrait(4);
    let small = image(render(&Subject::from_seed(6), &Scene::default(), 90, 120));
    paste(&mut picture, &small, 10, 10);
    let portrait = engine.analyse_photo(&picture).expect("one main face");
    assert!(portrait.quality.inter_eye_px > 60.0);
}

fn side_by_side(left: u64, right: u64, noise_seed: u64) -> Image {
    let mut scene = Scene::default();
    scene.camera.noise_seed = noise_seed;
    let half = |seed| image(render(&Subject::from_seed(seed), &scene, 320, 427));
    let mut both = Image {
        width: 640,
        height: 427,
        rgb: vec![0; 640 * 427 * 3],
    };
    paste(&mut both, &half(left), 0, 0);
    paste(&mut both, &half(right), 320, 0);
    both
}

fn paste(onto: &mut Image, piece: &Image, left: usize, top: usize) {
    for (y, row) in piece.rgb.chunks_exact(piece.width * 3).enumerate() {
        let start = ((top + y) * onto.width + left) * 3;
        onto.rgb[start..start + row.len()].copy_from_slice(row);
    }
}

fn quarter_turn(image: &Image) -> Image {
    let (width, height) = (image.height, image.width);
    let mut rgb = vec![0; image.rgb.len()];
    for y in 0..height {
        for x in 0..width {
            let from = ((height - 1 - y) + x * image.width) * 3;
            let to = (y * width + x) * 3;
            rgb[to..to + 3].copy_from_slice(&image.rgb[from..from + 3]);
        }
    }
    Image { width, height, rgb }
}

fn noise(width: usize, height: usize) -> Image {
    let mut state = 1_u32;
    let rgb = (0..width * height * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 25) as u8 + 60
        })
        .collect();
    Image { width, height, rgb }
}
