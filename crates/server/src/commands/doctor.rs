//! `zhenren doctor`: looks at everything the server needs and says what to do about what is not
//! there. Changes nothing.

use std::path::Path;

use anyhow::Result;
use zhenren_biometrics::Group;
use zhenren_media::JailLevel;
use zhenren_usecases::fault::Fault;

use crate::config::{Config, Profile};
use crate::exit::{Exit, Sentence};
use crate::wiring;

/// What one look found.
struct Finding {
    what: &'static str,
    state: State,
    words: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Warning,
    Missing,
}

fn good(what: &'static str, words: impl Into<String>) -> Finding {
    Finding {
        what,
        state: State::Good,
        words: words.into(),
    }
}

fn missing(what: &'static str, words: impl Into<String>) -> Finding {
    Finding {
        what,
        state: State::Missing,
        words: words.into(),
    }
}

fn warning(what: &'static str, words: impl Into<String>) -> Finding {
    Finding {
        what,
        state: State::Warning,
        words: words.into(),
    }
}

/// Runs the command.
pub(crate) async fn run(config: &Config) -> Result<Exit> {
    let mut findings = vec![
        good("profile", format!("{:?}", config.profile).to_lowercase()),
        models(config),
        packs(config),
    ];
    findings.extend(engine(config));
    findings.extend([
        jail(config),
        key_file(config),
        evidence(config),
        pages(),
        sources(config),
    ]);
    findings.push(database(config).await);
    for finding in &findings {
        let mark = match finding.state {
            State::Good => "ok     ",
            State::Warning => "note   ",
            State::Missing => "MISSING",
        };
        say!("{mark}  {:<10} {}", finding.what, finding.words);
    }
    let is_whole = findings
        .iter()
        .all(|finding| finding.state != State::Missing);
    Ok(if is_whole { Exit::Good } else { Exit::Negative })
}

fn models(config: &Config) -> Finding {
    let folder = Path::new(&config.engine.models_directory);
    let problems = zhenren_importer::check(folder);
    if problems.is_empty() {
        good("models", format!("all in {}", folder.display()))
    } else {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        missing("models", words.join(" "))
    }
}

/// The engine, what it is made of, and for whom that is not good enough.
fn engine(config: &Config) -> Vec<Finding> {
    let engine = match wiring::engine(config) {
        Ok(engine) => engine,
        Err(error) => return vec![missing("engine", format!("{error:#}"))],
    };
    let mut findings = vec![good(
        "engine",
        format!("loads, {} thread(s)", config.engine.threads),
    )];
    for used in engine.in_use() {
        findings.push(good(used.role, used.model.clone()));
    }
    let model = engine.features_model();
    if let Some(notice) = zhenren_biometrics::features::notice(model) {
        findings.push(warning("features", notice));
    }
    findings.push(match engine.calibration(Group::Hardest) {
        Some(table) if table.group == Group::Hardest => good(
            "thresholds",
            format!(
                "from the hardest group, {} pairs: {}",
                table.pairs_count, table.source
            ),
        ),
        Some(table) => warning(
            "thresholds",
            format!(
                "from the table \"{}\" ({} pairs: {}); no table of the hardest group was measured \
                 for {model}, so its rates are too good for some",
                table.group.name(),
                table.pairs_count,
                table.source
            ),
        ),
        None => missing(
            "thresholds",
            format!("{model} has no calibration table; nobody would be accepted"),
        ),
    });
    findings
}

/// Installed packs and which of them serve.
fn packs(config: &Config) -> Finding {
    let packs = wiring::packs(config);
    match (packs.list(), packs.selection()) {
        (Ok(installed), Ok(selection)) => {
            let names: Vec<&str> = installed
                .iter()
                .map(|pack| pack.manifest.name.as_str())
                .collect();
            let used: Vec<String> = selection
                .entries()
                .iter()
                .map(|(role, pack)| format!("{} by {pack}", role.name()))
                .collect();
            if names.is_empty() && used.is_empty() {
                return good("packs", "none installed, the default pack serves");
            }
            let used = if used.is_empty() {
                String::from("none serves")
            } else {
                used.join(", ")
            };
            good("packs", format!("installed: {}; {used}", names.join(", ")))
        }
        (Err(error), _) | (_, Err(error)) => missing("packs", error.to_string()),
    }
}

fn jail(config: &Config) -> Finding {
    match wiring::decoder(config) {
        Ok((_, JailLevel::FullyEnforced)) => good(
            "decoder",
            "starts, FFmpeg libraries load, jail fully enforced",
        ),
        Ok((_, level)) => warning(
            "decoder",
            format!(
                "starts, FFmpeg libraries load, jail {level}: files and network are denied by \
                 the system call filter; kernel 6.12 or newer denies them twice"
            ),
        ),
        Err(error) if error.is::<Sentence>() => missing("decoder", error.to_string()),
        Err(error) => missing(
            "decoder",
            format!(
                "{error:#}; install the libav* libraries, and use a kernel with Landlock and \
                 seccomp (5.13 or newer)"
            ),
        ),
    }
}

fn key_file(config: &Config) -> Finding {
    let path = Path::new(&config.vault.master_key_file);
    let shown = path.display();
    match (path.exists(), config.profile) {
        (true, _) => match wiring::vault(config) {
            Ok(_) => good("key file", format!("{shown} opens")),
            Err(error) => missing("key file", format!("{error:#}")),
        },
        (false, Profile::Development) => {
            good("key file", format!("{shown} is made at the first start"))
        }
        (false, Profile::Production) => missing(
            "key file",
            format!("{shown} is not there; make it with `zhenren admin create-key {shown}`"),
        ),
    }
}

fn evidence(config: &Config) -> Finding {
    match wiring::evidence(config) {
        Ok(_) => good(
            "evidence",
            format!("{} can be used", config.evidence.directory),
        ),
        Err(error) => missing("evidence", format!("{error:#}")),
    }
}

fn pages() -> Finding {
    if zhenren_api::are_pages_built() {
        good("pages", "embedded")
    } else {
        missing(
            "pages",
            "not in this binary; run `make web`, then build again",
        )
    }
}

fn sources(config: &Config) -> Finding {
    if config.identity.sources.is_empty() {
        warning(
            "identity",
            "no source is configured; every verification is refused (10009)",
        )
    } else {
        good("identity", config.identity.sources.join(", "))
    }
}

async fn database(config: &Config) -> Finding {
    match wiring::look_at_store(config).await {
        Ok(words) => good("database", words),
        Err(error) => {
            let why = error
                .downcast_ref::<Fault>()
                .map_or_else(|| format!("{error:#}"), Fault::chain);
            missing("database", why)
        }
    }
}
