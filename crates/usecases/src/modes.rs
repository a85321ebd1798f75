//! Which mode a wish stands for on this server, and whether it can run: the rules are in
//! `zhenren_domain::mode`, what they need to know is gathered here.

use std::collections::BTreeMap;

use zhenren_domain::challenge::ChallengeKind;
use zhenren_domain::ids::AppId;
use zhenren_domain::mode::{Available, Circumstances, Mode, Unsupported};
use zhenren_domain::wish::Wish;
use zhenren_store::apps;

use crate::context::Context;
use crate::fault::Fault;

/// The mode of a wish, or the operator's.
pub fn mode_of(context: &Context, wish: &Wish) -> Mode {
    wish.mode.unwrap_or(context.settings().policy.mode)
}

/// The mode that a `check_alive_type` asks for. Without one, and where an app has chosen what
/// that number cannot say, it is the app's.
pub fn mode_of_type(context: &Context, wish: &Wish, check_alive_type: Option<u8>) -> Mode {
    let by_app = mode_of(context, wish);
    let is_chosen = wish.mode.is_some_and(|mode| !mode.has_check_alive_type());
    let by_type = check_alive_type.and_then(Mode::of_check_alive_type);
    match by_type {
        Some(mode) if !is_chosen => mode,
        Some(_) | None => by_app,
    }
}

/// Whether the screen may flash for a wish, as far as the server decides it.
pub(crate) fn may_flash(context: &Context, wish: &Wish) -> bool {
    let usual = kind(context, wish, Circumstances::default());
    usual == Ok(ChallengeKind::ScreenFlash)
}

/// Whether the mode of a wish can run.
pub fn check(context: &Context, wish: &Wish) -> Result<(), Unsupported> {
    available(context, wish).check(mode_of(context, wish))
}

/// What to draw for one attempt.
pub(crate) fn kind(
    context: &Context,
    wish: &Wish,
    at: Circumstances,
) -> Result<ChallengeKind, Unsupported> {
    available(context, wish).kind(mode_of(context, wish), at)
}

/// Which of the dialect's number an answer names: what was drawn where the number can say that,
/// and otherwise what was asked for.
pub(crate) fn answered_type(drawn: Option<ChallengeKind>, asked: u8) -> u8 {
    match drawn {
        Some(ChallengeKind::ReadDigits) => 0,
        Some(ChallengeKind::ScreenFlash) => 1,
        Some(
            ChallengeKind::SingleAction
            | ChallengeKind::MultiAction
            | ChallengeKind::NearFar
            | ChallengeKind::Silent,
        )
        | None => u8::from(asked == 1),
    }
}

/// Which modes can run.
#[derive(Clone, Debug)]
pub struct Support {
    /// What is asked for by default.
    pub usual: Mode,
    modes: BTreeMap<Mode, Result<(), Unsupported>>,
}

impl Support {
    /// Whether this mode can run.
    pub fn of(&self, mode: Mode) -> Result<(), Unsupported> {
        let known = self.modes.get(&mode).copied();
        known.unwrap_or(Err(Unsupported::SwitchedOff))
    }
}

/// Which modes can run here, for an app when one is named. An app that does not exist is told
/// the same as one without wishes: what exists is nobody's business here.
pub async fn support(context: &Context, app_id: Option<&AppId>) -> Result<Support, Fault> {
    let app = match app_id {
        None => None,
        Some(id) => {
            let mut tx = context.pool().read().await?;
            apps::find(&mut tx, id).await?
        }
    };
    let wish = app.map(|app| app.challenge).unwrap_or_default();
    let available = available(context, &wish);
    let of = |mode| match available.check(mode) {
        Ok(()) if !context.can_analyse() => Err(Unsupported::SwitchedOff),
        checked => checked,
    };
    Ok(Support {
        usual: mode_of(context, &wish),
        modes: Mode::ALL.into_iter().map(|mode| (mode, of(mode))).collect(),
    })
}

fn available<'a>(context: &'a Context, wish: &'a Wish) -> Available<'a> {
    let settings = context.settings();
    Available {
        modes: &settings.modes,
        app_modes: &wish.modes,
        hears_digits: context.hears_digits(),
        no_flash: wish.no_flash || settings.policy.no_flash,
    }
}
