//! The flags that say what an app asks of people: for a new app and for `admin app challenge`.

use anyhow::Result;
use clap::Args;
use zhenren_domain::challenge::Action;
use zhenren_domain::mode::Mode;
use zhenren_domain::wish::Wish;

use crate::exit::{Exit, sentence};

/// What an app asks for; what is left out is the operator's policy.
#[expect(clippy::doc_markdown, reason = "shown as help, where marks are noise")]
#[derive(Debug, Args)]
pub(crate) struct ChallengeArgs {
    /// What is asked for: read_digits, screen_flash, flash_else_digits, single_action,
    /// multi_action, near_far or silent.
    #[arg(long, value_name = "MODE")]
    challenge: Option<String>,
    /// Which of them may be asked for at all.
    #[arg(long, value_name = "MODE", value_delimiter = ',')]
    modes: Vec<String>,
    /// The actions that may be drawn: blink, mouth, nod, turn_left, turn_right.
    #[arg(long, value_name = "ACTION", value_delimiter = ',')]
    actions: Vec<String>,
    /// How many actions a multi-action challenge has, 1 to 3.
    #[arg(long, value_name = "COUNT")]
    actions_count: Option<u32>,
    /// How many digits are read, 4 to 6.
    #[arg(long, value_name = "COUNT")]
    digits_count: Option<u32>,
    /// How many colours are shown, 10 to 14.
    #[arg(long, value_name = "COUNT")]
    flashes_count: Option<u32>,
    /// Never show flashing light.
    #[arg(long)]
    no_flash: bool,
    /// Seconds from the drawn challenge to the complete recording, 30 to 600.
    #[arg(long, value_name = "SECONDS")]
    capture_seconds: Option<u32>,
    /// Capture attempts one verification has, 1 to 100.
    #[arg(long, value_name = "COUNT")]
    attempts_max: Option<u32>,
}

impl ChallengeArgs {
    /// The wish they stand for; its bounds are checked where it is kept.
    pub(super) fn wish(&self) -> Result<Wish> {
        let modes: Result<Vec<Mode>> = self.modes.iter().map(|name| mode(name)).collect();
        let actions: Result<Vec<Action>> = self.actions.iter().map(|name| action(name)).collect();
        Ok(Wish {
            mode: self.challenge.as_deref().map(mode).transpose()?,
            modes: modes?,
            actions: actions?,
            actions_count: self.actions_count,
            digits_count: self.digits_count,
            flashes_count: self.flashes_count,
            no_flash: self.no_flash,
            capture_seconds: self.capture_seconds,
            attempts_max: self.attempts_max,
        })
    }
}

fn mode(name: &str) -> Result<Mode> {
    Mode::from_name(name.trim()).ok_or_else(|| {
        let names = Mode::ALL.map(Mode::name).join(", ");
        sentence(Exit::Usage, format!("{name}: write one of {names}"))
    })
}

fn action(name: &str) -> Result<Action> {
    Action::from_name(name.trim()).ok_or_else(|| {
        let names = Action::ALL.map(Action::name).join(", ");
        sentence(Exit::Usage, format!("{name}: write one of {names}"))
    })
}

/// One line about what an app asks for.
pub(super) fn line(wish: &Wish) -> String {
    let count = |name: &str, number: Option<u32>| number.map(|it| format!("{name} {it}"));
    let list = |name: &str, names: Vec<&str>| {
        (!names.is_empty()).then(|| format!("{name} {}", names.join(",")))
    };
    let parts: Vec<String> = [
        wish.mode.map(|mode| mode.name().to_owned()),
        list("modes", wish.modes.iter().map(|it| it.name()).collect()),
        list("actions", wish.actions.iter().map(|it| it.name()).collect()),
        count("actions_count", wish.actions_count),
        count("digits_count", wish.digits_count),
        count("flashes_count", wish.flashes_count),
        wish.no_flash.then(|| String::from("no_flash")),
        count("capture_seconds", wish.capture_seconds),
        count("attempts_max", wish.attempts_max),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        String::from("the operator's challenge")
    } else {
        parts.join("  ")
    }
}
