//! `zhenren evaluate pad`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use zhenren_biometrics::{Engine, Image, PhotoRefusal};
use zhenren_domain::challenge::{Challenge, ChallengeKind, ClockLog};
use zhenren_domain::measurements::CueKind;
use zhenren_domain::policy::Bound;
use zhenren_evaluate::list;
use zhenren_evaluate::pad::{About, Classified, Report};
use zhenren_media::{ClipLimits, Decoder, Frame, Record, StillLimits};

use super::work::{Item, Plan, measure_all};
use super::{Pad, bad_list, folder_of, read_list, write_report};
use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::wiring;

/// Endings of recordings; everything else is a picture.
const RECORDINGS: [&str; 4] = ["webm", "mp4", "mkv", "mov"];

/// Runs the command.
pub(super) fn run(config: &Config, args: &Pad) -> Result<Exit> {
    let text = read_list(&args.list)?;
    let presentations = list::presentations(&text).map_err(|error| bad_list(&args.list, &error))?;
    let loadout = wiring::loadout(config)?;
    if loadout.pad.is_empty() {
        return Err(sentence(
            Exit::Config,
            "no pack scores presentation attacks; `zhenren pack install silent-face`, then \
             `zhenren pack use silent-face`",
        ));
    }
    let threshold = match args.threshold {
        Some(threshold) => threshold,
        None => policy_threshold(config)?,
    };
    let folder = folder_of(&args.list);
    let files: Vec<PathBuf> = presentations
        .iter()
        .map(|presentation| folder.join(&presentation.path))
        .collect();
    let plan = Plan {
        kind: "pad",
        config,
        loadout: &loadout,
        cache: &args.common.cache,
        threads: args.common.threads,
        measure,
    };
    let items = measure_all(&plan, &files)?;
    let names: Vec<&str> = loadout.pad.iter().map(|spec| spec.id.as_str()).collect();
    let mut about = About {
        models: names.join(", "),
        list: args
            .list
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        threshold,
        refused: Vec::new(),
    };
    let mut classified = Vec::new();
    for (presentation, item) in presentations.into_iter().zip(items) {
        let score = match item {
            Item::Score(score) => Some(score),
            Item::Features(_) => None,
            Item::Refused(why) => {
                about.refused.push((presentation.path, why));
                None
            }
        };
        classified.push(Classified {
            species: presentation.species,
            score,
        });
    }
    let report = Report::new(about, &classified);
    print(&report);
    let out = &args.common.out;
    write_report(out, &report.as_html(), &report.as_json(), &report.det_svg())?;
    Ok(Exit::Good)
}

/// What the policy in use demands of the score.
fn policy_threshold(config: &Config) -> Result<f64> {
    let policy = wiring::policy(&config.verification);
    let demands = policy.rules.iter().flat_map(|rule| &rule.any_of);
    let bound = demands
        .filter(|demand| demand.cue == CueKind::PadScore)
        .find_map(|demand| match demand.bound {
            Bound::AtLeast(value) => Some(value),
            Bound::AtMost(_) => None,
        });
    bound.ok_or_else(|| {
        sentence(
            Exit::Usage,
            "the policy has no bound for pad_score: give --threshold",
        )
    })
}

fn measure(decoder: &Decoder, engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Item> {
    let is_recording = path.extension().is_some_and(|ending| {
        RECORDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    });
    if is_recording {
        recording(decoder, engine, bytes)
    } else {
        picture(decoder, engine, bytes)
    }
}

fn picture(decoder: &Decoder, engine: &Engine, bytes: &[u8]) -> Result<Item> {
    let still = match decoder.decode_still(bytes, &StillLimits::default()) {
        Ok(still) => still,
        Err(error) => return Ok(Item::Refused(error.to_string())),
    };
    let image = image(still.frame);
    let portrait = match engine.analyse_photo(&image) {
        Ok(portrait) => portrait,
        Err(PhotoRefusal::Fault(error)) => return Err(error.into()),
        Err(refusal) => return Ok(Item::Refused(refusal.to_string())),
    };
    Ok(match engine.pad_score(&image, &portrait.mesh)? {
        Some(score) => Item::Score(score),
        None => Item::Refused(String::from("the face fills the picture")),
    })
}

/// As a worker measures it, with nothing asked.
fn recording(decoder: &Decoder, engine: &Engine, bytes: &[u8]) -> Result<Item> {
    let challenge = Challenge {
        kind: ChallengeKind::Silent,
        steps: Vec::new(),
        duration_ms: 0,
    };
    let stream = match decoder.decode_clip(bytes, &ClipLimits::default()) {
        Ok(stream) => stream,
        Err(error) => return Ok(Item::Refused(error.to_string())),
    };
    let mut analysis = engine.begin_clip(&challenge, ClockLog::default());
    for record in stream {
        match record {
            Ok(Record::Frame(frame)) => {
                let pts_us = frame.pts_us;
                analysis.push_frame(pts_us, &image(frame))?;
            }
            Ok(Record::Described(_) | Record::Pcm(_) | Record::End(_)) => {}
            Err(error) => return Ok(Item::Refused(error.to_string())),
        }
    }
    let report = analysis.finish(None)?;
    Ok(match report.measurements.value(CueKind::PadScore) {
        Some(score) => Item::Score(score),
        None => Item::Refused(String::from("no frame has a face with room around it")),
    })
}

fn image(frame: Frame) -> Image {
    Image {
        width: usize::from(frame.width),
        height: usize::from(frame.height),
        rgb: frame.rgb,
    }
}

fn print(report: &Report) {
    let threshold = report.about.threshold;
    say!("models     {}", report.about.models);
    say!("threshold  {threshold}");
    say!(
        "BPCER      {}",
        report.bona_fide.refused(threshold).as_text()
    );
    say!("BPNRR      {}", report.bona_fide.non_response().as_text());
    for (name, kind) in &report.species {
        say!(
            "APCER      {name:<20} {}   APNRR {}",
            kind.accepted(threshold).as_text(),
            kind.non_response().as_text()
        );
    }
    if let Some((name, rate)) = report.worst(threshold) {
        say!("worst      {name}: {}", rate.as_text());
    }
}
