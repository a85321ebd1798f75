//! The `challenge` object of a request: of one verification, or of an app.

use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::challenge::Action;
use zhenren_domain::mode::Mode;
use zhenren_domain::wish::Wish;

use crate::problem::{self, Problem};

/// A challenge that is asked for. What is left out is the app's, or the operator's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedFields {
    kind: Option<String>,
    modes: Option<Vec<String>>,
    #[serde(default)]
    actions: Vec<String>,
    actions_count: Option<u32>,
    digits_count: Option<u32>,
    flashes_count: Option<u32>,
    #[serde(default)]
    no_flash: bool,
    capture_seconds: Option<u32>,
    attempts_max: Option<u32>,
}

impl AskedFields {
    /// The wish of one verification: which modes may be asked for is the app's to say.
    pub(crate) fn for_one(self) -> Result<Wish, Problem> {
        if self.modes.is_some() {
            return Err(invalid(
                "challenge.modes belongs to an app; send challenge.kind.",
            ));
        }
        self.for_app()
    }

    /// The wish of an app.
    pub(crate) fn for_app(self) -> Result<Wish, Problem> {
        let mode = self.kind.as_deref().map(mode).transpose()?;
        let modes = self.modes.unwrap_or_default();
        let actions = self.actions.iter().map(|name| Action::from_name(name));
        Ok(Wish {
            mode,
            modes: modes
                .iter()
                .map(|it| self::mode(it))
                .collect::<Result<_, _>>()?,
            actions: actions.collect::<Option<_>>().ok_or_else(|| {
                invalid("challenge.actions may list blink, mouth, nod, turn_left and turn_right.")
            })?,
            actions_count: self.actions_count,
            digits_count: self.digits_count,
            flashes_count: self.flashes_count,
            no_flash: self.no_flash,
            capture_seconds: self.capture_seconds,
            attempts_max: self.attempts_max,
        })
    }
}

/// The wish of an app as it is shown; null when it has none.
pub(crate) fn shape(wish: &Wish) -> Value {
    if *wish == Wish::default() {
        return Value::Null;
    }
    let actions: Vec<&str> = wish.actions.iter().map(|it| it.name()).collect();
    let modes: Vec<&str> = wish.modes.iter().map(|it| it.name()).collect();
    json!({
        "kind": wish.mode.map(Mode::name),
        "modes": modes,
        "actions": actions,
        "actions_count": wish.actions_count,
        "digits_count": wish.digits_count,
        "flashes_count": wish.flashes_count,
        "no_flash": wish.no_flash,
        "capture_seconds": wish.capture_seconds,
        "attempts_max": wish.attempts_max,
    })
}

fn mode(name: &str) -> Result<Mode, Problem> {
    Mode::from_name(name).ok_or_else(|| {
        let names = Mode::ALL.map(Mode::name).join(", ");
        invalid(format!("challenge.kind must be one of {names}."))
    })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}
