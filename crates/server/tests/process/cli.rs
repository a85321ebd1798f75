//! Commands without a server: verdicts and exit codes, and a clear sentence for every bad input.

use crate::common::{Place, Ran};
use image::{DynamicImage, GenericImage, RgbImage};

fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.clone())
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn verify(place: &Place, video: &str, reference: &str) -> Ran {
    place.run(&[
        "verify",
        "--video",
        video,
        "--reference",
        reference,
        "--json",
    ])
}

#[test]
fn verify_and_compare_answer_by_exit_code() {
    let place = Place::new();
    let (face, clip) = place.portrait_and_clip();
    let other = place.other_portrait();

    let ran = verify(&place, &clip, &face);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["outcome"], "accepted");
    assert!(
        report["judgements"]
            .as_array()
            .is_some_and(|all| all.len() > 10)
    );
    assert!(report["timings_ms"]["decode"].as_f64().is_some());

    let ran = verify(&place, &clip, &other);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("comparison_non_match"));

    // The recording shows a blink and no turn: nobody is rejected for it, nobody passes.
    let words = [
        "verify",
        "--video",
        &clip,
        "--reference",
        &face,
        "--challenge",
        "turn_left",
    ];
    let ran = place.run(&words);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.contains("challenge_not_followed"), "{ran:?}");
    assert!(
        ran.stdout.contains("action_amplitude.0.turn_left"),
        "{ran:?}"
    );

    let ran = place.run(&["compare", &face, &face, "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(
        answer["comparison_score"]
            .as_f64()
            .is_some_and(|score| score > 0.999)
    );
    assert_eq!(answer["features_model"], "dlib-resnet-1");
    assert_eq!(answer["operating_point"]["group"], "hardest");
    assert!(answer["fmr_of_group"]["general"].as_f64().is_some());
    let ran = place.run(&["compare", &face, &other]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for words in [
        "dlib-resnet-1",
        "\"general\"",
        "\"hardest\"",
        "score at least",
    ] {
        assert!(ran.stdout.contains(words), "{ran:?}");
    }
}

#[test]
fn every_bad_photo_gets_a_sentence() {
    let place = Place::new();
    let (face, clip) = place.portrait_and_clip();
    let grey = RgbImage::from_pixel(400, 400, image::Rgb([128, 128, 128]));
    let portrait = image::open(place.path(&face)).unwrap().to_rgb8();
    let (width, height) = portrait.dimensions();
    let mut two = RgbImage::new(width * 2, height);
    two.copy_from(&portrait, 0, 0).unwrap();
    two.copy_from(&portrait, width, 0).unwrap();
    let photo = std::fs::read(place.path(&face)).unwrap();

    let photos = [
        (place.write("grey.png", &png(&grey)), "no face"),
        (place.write("two.png", &png(&two)), "more than one face"),
        (
            place.write("dot.png", &png(&RgbImage::new(1, 1))),
            "too small",
        ),
        (
            place.write("text.jpg", b"this is no picture"),
            "not a whole",
        ),
        (place.write("cut.jpg", &photo[..200]), "not a whole"),
        (place.write("empty.jpg", b""), "is empty"),
    ];
    for (name, words) in photos {
        for ran in [
            verify(&place, &clip, &name),
            place.run(&["compare", &face, &name]),
        ] {
            assert_eq!(ran.code, 65, "{name}: {ran:?}");
            assert!(ran.stderr.contains(words), "{name}: {ran:?}");
            assert!(ran.stderr.contains(&name), "{name}: {ran:?}");
        }
    }
}

#[test]
fn every_bad_recording_gets_a_sentence() {
    let place = Place::new();
    let (face, clip) = place.portrait_and_clip();
    let large = std::fs::File::create(place.path("large.webm")).unwrap();
    large.set_len(50 * 1024 * 1024).unwrap();
    let whole = std::fs::read(place.path(&clip)).unwrap();
    let photo = std::fs::read(place.path(&face)).unwrap();
    let videos = [
        (String::from("large.webm"), "at most"),
        (
            place.write("text.webm", b"this is no video, only a text of some length"),
            "not a media",
        ),
        (place.write("cut.webm", &whole[..300]), "cut.webm"),
        (place.write("picture.webm", &photo), "picture.webm"),
        (place.write("empty.webm", b""), "is empty"),
    ];
    for (name, words) in videos {
        let ran = verify(&place, &name, &face);
        assert_eq!(ran.code, 65, "{name}: {ran:?}");
        assert!(ran.stderr.contains(words), "{name}: {ran:?}");
    }
    // Half a recording may still be measured, but never crashes and never passes as nothing.
    let half = place.write("half.webm", &whole[..whole.len() / 2]);
    assert!([0, 1, 2, 65].contains(&verify(&place, &half, &face).code));
    let ran = verify(&place, "missing.webm", &face);
    assert_eq!(
        (ran.code, ran.stderr.contains("missing.webm")),
        (66, true),
        "{ran:?}"
    );
}

#[test]
fn bad_words_are_usage_and_bad_settings_are_configuration() {
    let place = Place::new();
    assert_eq!(place.run(&["verify"]).code, 64);
    assert_eq!(place.run(&["no-such-command"]).code, 64);
    assert_eq!(place.run(&["--help"]).code, 0);
    place.write("a.webm", b"x");
    let words = [
        "verify",
        "--video",
        "a.webm",
        "--reference",
        "a.webm",
        "--challenge",
        "dance",
    ];
    assert_eq!(place.run(&words).code, 64);
    place.write("bad.toml", b"[server]\nbind = 7\n");
    let ran = place.run(&["--config", "bad.toml", "doctor"]);
    assert_eq!(ran.code, 78, "{ran:?}");
    assert!(ran.stderr.contains("bad.toml:2:8"), "{ran:?}");
}

#[test]
fn bytes_in_somebody_elses_variable_do_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let output = place
        .command(&["compare", "absent.jpg", "absent.jpg"])
        .env("PROMPT", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(66), "{text}");
}

#[test]
fn doctor_says_what_to_do() {
    let place = Place::new();
    let ran = place.run(&["doctor"]);
    assert_eq!(
        ran.code,
        i32::from(ran.stdout.contains("MISSING")),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("jail"), "{ran:?}");
    let output = place
        .command(&["doctor"])
        .env("ZHENREN_ENGINE_MODELS_DIRECTORY", "nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("make runtime"), "{text}");
}

#[test]
fn production_refuses_missing_and_development_secrets() {
    let place = Place::new();
    let production = |words: &[&str]| {
        let output = place
            .command(words)
            .env("ZHENREN_PROFILE", "production")
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, text) = production(&["serve"]);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("admin create-key"), "{text}");
    // A development server leaves its key and its demo app behind.
    drop(place.serve(&["all"]));
    let (code, text) = production(&["serve"]);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("development key"), "{text}");
    let ran = place.run(&["admin", "create-key", "own.key"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(place.run(&["admin", "create-key", "own.key"]).code, 64);
    let output = place
        .command(&["all"])
        .env("ZHENREN_PROFILE", "production")
        .env("ZHENREN_VAULT_MASTER_KEY_FILE", "own.key")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("demo app"), "{text}");
}

#[test]
fn a_database_with_another_key_file_is_refused_with_words_to_act_on() {
    let place = Place::new();
    drop(place.serve(&["all"]));
    std::fs::rename(place.path("data/master.key"), place.path("kept.key")).unwrap();
    let ran = place.run(&["all"]);
    assert_eq!(ran.code, 78, "{ran:?}");
    for words in [
        "sealed with other keys",
        "data/master.key",
        "data/zhenren.db",
    ] {
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    // The right keys again: it starts.
    std::fs::remove_file(place.path("data/master.key")).unwrap();
    std::fs::rename(place.path("kept.key"), place.path("data/master.key")).unwrap();
    drop(place.serve(&["all"]));
}

#[test]
fn a_jail_below_the_minimum_is_a_setting_that_is_read() {
    let place = Place::new();
    let output = place
        .command(&["doctor"])
        .env("ZHENREN_MEDIA_JAIL_LEVEL_MIN", "somewhat")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.contains("\"partially_enforced\""), "{text}");
}

#[test]
fn an_operator_makes_apps_books_money_and_enrols() {
    let place = Place::new();
    let (face, _) = place.portrait_and_clip();
    let ran = place.run(&["admin", "create-app", "--name", "Shop"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let word = |name: &str| {
        let line = ran
            .stdout
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let account = word("account");
    assert!(word("appid").starts_with("app_"));
    assert_eq!(word("secret").len(), 64);
    let words = [
        "admin",
        "recharge",
        "--account",
        &account,
        "--fen",
        "1000",
        "--reference",
        "bank-1",
    ];
    for _ in 0..2 {
        let ran = place.run(&words);
        assert!(ran.stdout.contains("available  10.00 yuan"), "{ran:?}");
    }
    let enrol = |number: &str, photo: &str| {
        let words = [
            "admin",
            "enrol",
            "--account",
            &account,
            "--file",
            "-",
            "--photo",
            photo,
        ];
        place.run_with_input(&words, format!("张三\n{number}\n").as_bytes())
    };
    assert!(
        enrol("11010519491231002x", &face)
            .stdout
            .starts_with("enrolled")
    );
    assert!(
        enrol("11010519491231002X", &face)
            .stdout
            .starts_with("replaced")
    );
    let ran = enrol("310101199801011234", &face);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.stderr.contains("check character"), "{ran:?}");
}
