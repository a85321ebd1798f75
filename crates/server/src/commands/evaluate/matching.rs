//! `zhenren evaluate match`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use zhenren_biometrics::features::{self, Features};
use zhenren_biometrics::{Engine, Group, Image, Loadout, PhotoRefusal, compare};
use zhenren_evaluate::list::{self, Pair};
use zhenren_evaluate::matching::{About, FMR_POINTS, Report, Scored};
use zhenren_evaluate::rate::percent;
use zhenren_media::{Decoder, StillLimits};

use super::work::{Item, Plan, measure_all};
use super::{Match, bad_list, folder_of, read_list, write_report};
use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::wiring;

/// Runs the command.
pub(super) fn run(config: &Config, args: &Match) -> Result<Exit> {
    let text = read_list(&args.pairs)?;
    let pairs = list::pairs(&text).map_err(|error| bad_list(&args.pairs, &error))?;
    let loadout = loadout(config, args.features.as_deref())?;
    let folder = folder_of(&args.pairs);
    let files: Vec<PathBuf> = {
        let mut names: Vec<&str> = pairs.iter().flat_map(|pair| [&*pair.a, &*pair.b]).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| folder.join(name)).collect()
    };
    let plan = Plan {
        kind: "features",
        config,
        loadout: &loadout,
        cache: &args.common.cache,
        threads: args.common.threads,
        measure,
    };
    let items = measure_all(&plan, &files)?;
    let report = report(args, &Engine::open(&loadout)?, &pairs, &files, items);
    print(&report);
    let out = &args.common.out;
    write_report(out, &report.as_html(), &report.as_json(), &report.det_svg())?;
    if let Some(path) = &args.calibration {
        let tables = report.calibration().ok_or_else(|| {
            let text = "these are too few non-mated pairs for a calibration table";
            sentence(Exit::BadInput, text)
        })?;
        std::fs::write(path, tables)?;
        say!("tables     {}", path.display());
    }
    Ok(Exit::Good)
}

/// What is in use, or the features model that was asked for.
fn loadout(config: &Config, features: Option<&str>) -> Result<Loadout> {
    let mut loadout = wiring::loadout(config)?;
    let models = loadout.models_dir.clone();
    match features {
        None => {}
        Some("default") => (loadout.features, loadout.fusion) = (None, false),
        Some("fused") => (loadout.features, loadout.fusion) = (None, true),
        Some("faceres") => {
            loadout.features = Some(features::second_spec(&models));
            loadout.fusion = false;
        }
        Some(pack) => {
            loadout.features = wiring::packs(config).features_of(pack)?;
            loadout.fusion = false;
        }
    }
    Ok(loadout)
}

fn measure(decoder: &Decoder, engine: &Engine, _: &Path, bytes: &[u8]) -> Result<Item> {
    let still = match decoder.decode_still(bytes, &StillLimits::default()) {
        Ok(still) => still,
        Err(error) => return Ok(Item::Refused(error.to_string())),
    };
    let image = Image {
        width: usize::from(still.frame.width),
        height: usize::from(still.frame.height),
        rgb: still.frame.rgb,
    };
    match engine.analyse_photo(&image) {
        Ok(portrait) => Ok(Item::Features(portrait.features.values().to_vec())),
        Err(PhotoRefusal::Fault(error)) => Err(error.into()),
        Err(refusal) => Ok(Item::Refused(refusal.to_string())),
    }
}

fn report(
    args: &Match,
    engine: &Engine,
    pairs: &[Pair],
    files: &[PathBuf],
    items: Vec<Item>,
) -> Report {
    let folder = folder_of(&args.pairs);
    let mut about = About {
        model: engine.features_model().to_owned(),
        list: args
            .pairs
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        pictures: u64::try_from(files.len()).unwrap_or(u64::MAX),
        notice: features::notice(engine.features_model()).map(String::from),
        ..About::default()
    };
    let mut known: BTreeMap<&Path, Features> = BTreeMap::new();
    for (file, item) in files.iter().zip(items) {
        let found = match item {
            Item::Features(values) => Features::from_values(values).ok_or("no features"),
            Item::Score(_) => Err("no features"),
            Item::Refused(why) => {
                about.refused.push((file.display().to_string(), why));
                continue;
            }
        };
        if let Ok(features) = found {
            known.insert(file, features);
        }
    }
    let mut scored = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let of = |name: &str| known.get(folder.join(name).as_path());
        match (of(&pair.a), of(&pair.b)) {
            (Some(a), Some(b)) => scored.push(Scored {
                score: compare(a, b),
                mated: pair.mated,
                group: pair.group.clone(),
            }),
            _ if pair.mated => about.lost.0 += 1,
            _ => about.lost.1 += 1,
        }
    }
    for group in Group::ALL {
        let table = engine.calibration(group);
        if let Some(table) = table.filter(|table| table.group == group) {
            for fmr in [1e-2, 1e-3, 1e-4] {
                let name = group.name().to_owned();
                about.tables.push((name, fmr, table.threshold_of(fmr)));
            }
        }
    }
    Report::new(about, &scored)
}

fn print(report: &Report) {
    let all = &report.all;
    say!("model      {}", report.about.model);
    say!(
        "pairs      {} mated, {} non-mated",
        all.mated().len(),
        all.non_mated().len()
    );
    say!(
        "failure to acquire  {}",
        report.failure_to_acquire().as_text()
    );
    if let Some((mean, deviation)) = all.non_mated_spread() {
        say!("non-mated  mean {mean:.4}, standard deviation {deviation:.4}");
    }
    if let Some((rate, threshold)) = all.equal_error() {
        say!("equal error rate    {} at {threshold:.4}", percent(rate));
    }
    say!(
        "\n{:<12} {:>9}  FMR, FNMR (counts; 95 % interval)",
        "FMR at most",
        "threshold"
    );
    for fmr in FMR_POINTS {
        let point = all.point(fmr);
        let enough = if point.carried {
            ""
        } else {
            "   (too few pairs)"
        };
        say!(
            "{fmr:<12e} {:>9.4}  {}, {}{enough}",
            point.threshold,
            point.fmr.as_text(),
            point.fnmr.as_text()
        );
    }
    for (name, fmr, threshold) in &report.about.tables {
        say!(
            "table {name:<9} FMR {fmr:e}: threshold {threshold:.4}: FMR {}, FNMR {}",
            all.fmr(*threshold).as_text(),
            all.fnmr(*threshold).as_text()
        );
    }
    for (name, scores) in &report.groups {
        let threshold = all.threshold(1e-3);
        say!(
            "group {name:<12} at the threshold of all for 1e-3: FMR {}, FNMR {}",
            scores.fmr(threshold).as_text(),
            scores.fnmr(threshold).as_text()
        );
    }
    if let Some(notice) = &report.about.notice {
        say!("note       {notice}");
    }
}
