//! What an app, or one request, asks for instead of the operator's challenge, and its bounds.

use jiff::SignedDuration;

use crate::challenge::Action;
use crate::draw::{ACTIONS_COUNT_MAX, DIGITS_COUNT, FLASHES_COUNT};
use crate::mode::Mode;

/// Seconds an app may give for a recording and its upload.
/// Limit: the longest recording and a slow network at least; a server's patience at most.
pub const CAPTURE_SECONDS: (u32, u32) = (30, 600);
/// Capture attempts an app may give one verification.
pub const ATTEMPTS: (u32, u32) = (1, 100);

/// What is wished for; what is left out is the operator's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What is asked for.
    pub mode: Option<Mode>,
    /// Which modes may be asked for at all; empty means every one the operator allows. A rule of
    /// the app; one verification has none of its own.
    pub modes: Vec<Mode>,
    /// Exactly these actions may be drawn; empty means the policy's.
    pub actions: Vec<Action>,
    /// How many actions a multi-action challenge has.
    pub actions_count: Option<u32>,
    /// How many digits are read.
    pub digits_count: Option<u32>,
    /// How many colours are shown.
    pub flashes_count: Option<u32>,
    /// Flashing light must not be shown.
    pub no_flash: bool,
    /// Seconds from the drawn challenge to the complete recording.
    pub capture_seconds: Option<u32>,
    /// Capture attempts one verification has.
    pub attempts_max: Option<u32>,
}

/// Why a wish cannot be granted, as a sentence about the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// An action or a mode is listed twice.
    #[error("challenge.{0} must list different values")]
    Repeats(&'static str),
    /// Actions for a challenge that has none.
    #[error("challenge.actions must be left out for silent")]
    ActionsOfSilent,
    /// More actions than are listed.
    #[error("challenge.actions_count must not be more than the listed actions")]
    ActionsTooFew,
    /// The mode is none of those the app allows.
    #[error("challenge.kind must be one of challenge.modes")]
    ModeNotListed,
    /// A number out of bounds.
    #[error("challenge.{field} must be from {least} to {most}")]
    OutOfBounds {
        /// Which.
        field: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
}

impl Wish {
    /// Whether it can be granted.
    pub fn check(&self) -> Result<(), WishError> {
        if repeats(&self.actions) {
            return Err(WishError::Repeats("actions"));
        }
        if repeats(&self.modes) {
            return Err(WishError::Repeats("modes"));
        }
        if self.mode == Some(Mode::Silent) && !self.actions.is_empty() {
            return Err(WishError::ActionsOfSilent);
        }
        if let Some(mode) = self.mode
            && !self.modes.is_empty()
            && !self.modes.contains(&mode)
        {
            return Err(WishError::ModeNotListed);
        }
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let bounds = [
            (
                "actions_count",
                self.actions_count,
                (1, small(ACTIONS_COUNT_MAX)),
            ),
            (
                "digits_count",
                self.digits_count,
                (small(DIGITS_COUNT.0), small(DIGITS_COUNT.1)),
            ),
            (
                "flashes_count",
                self.flashes_count,
                (small(FLASHES_COUNT.0), small(FLASHES_COUNT.1)),
            ),
            ("capture_seconds", self.capture_seconds, CAPTURE_SECONDS),
            ("attempts_max", self.attempts_max, ATTEMPTS),
        ];
        for (field, number, (least, most)) in bounds {
            if number.is_some_and(|number| number < least || number > most) {
                return Err(WishError::OutOfBounds { field, least, most });
            }
        }
        let listed = small(self.actions.len());
        if listed > 0 && self.actions_count.is_some_and(|count| count > listed) {
            return Err(WishError::ActionsTooFew);
        }
        Ok(())
    }

    /// This wish where it says something, and the other one where it does not. No flash is never
    /// taken back, and which modes may be asked for stays the other's.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        let has_own_actions = !self.actions.is_empty();
        Self {
            mode: self.mode.or(base.mode),
            modes: base.modes.clone(),
            // A count belongs to the list it was given with.
            actions_count: if has_own_actions {
                self.actions_count
            } else {
                self.actions_count.or(base.actions_count)
            },
            actions: if has_own_actions {
                self.actions
            } else {
                base.actions.clone()
            },
            digits_count: self.digits_count.or(base.digits_count),
            flashes_count: self.flashes_count.or(base.flashes_count),
            no_flash: self.no_flash || base.no_flash,
            capture_seconds: self.capture_seconds.or(base.capture_seconds),
            attempts_max: self.attempts_max.or(base.attempts_max),
        }
    }

    /// How long after the drawn challenge the recording must be complete, when it says so.
    pub fn capture_limit(&self) -> Option<SignedDuration> {
        self.capture_seconds
            .map(|seconds| SignedDuration::from_secs(i64::from(seconds)))
    }
}

fn repeats<T: Ord + Copy>(values: &[T]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() != values.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_hold_at_both_ends() {
        let digits = |count| Wish {
            digits_count: Some(count),
            ..Wish::default()
        };
        assert!(digits(4).check().is_ok() && digits(6).check().is_ok());
        let error = digits(7).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "challenge.digits_count must be from 4 to 6"
        );
        assert!(digits(3).check().is_err());
        let seconds = |count| Wish {
            capture_seconds: Some(count),
            ..Wish::default()
        };
        assert!(seconds(30).check().is_ok() && seconds(600).check().is_ok());
        assert!(seconds(29).check().is_err() && seconds(601).check().is_err());
    }

    #[test]
    fn lists_repeat_nothing_and_belong_to_their_mode() {
        let actions = |mode, actions: &[Action], count| Wish {
            mode,
            actions: actions.to_vec(),
            actions_count: count,
            ..Wish::default()
        };
        let (nod, blink) = (Action::Nod, Action::Blink);
        assert_eq!(
            actions(None, &[nod, nod], None).check(),
            Err(WishError::Repeats("actions"))
        );
        assert_eq!(
            actions(Some(Mode::Silent), &[nod], None).check(),
            Err(WishError::ActionsOfSilent)
        );
        assert_eq!(
            actions(None, &[nod, blink], Some(3)).check(),
            Err(WishError::ActionsTooFew)
        );
        assert!(actions(None, &[nod, blink], Some(2)).check().is_ok());
        let unlisted = Wish {
            mode: Some(Mode::NearFar),
            modes: vec![Mode::Silent],
            ..Wish::default()
        };
        assert_eq!(unlisted.check(), Err(WishError::ModeNotListed));
    }

    #[test]
    fn a_request_goes_before_its_app_but_never_takes_no_flash_back() {
        let app = Wish {
            mode: Some(Mode::NearFar),
            modes: vec![Mode::NearFar, Mode::Silent],
            actions: vec![Action::Nod],
            actions_count: Some(1),
            no_flash: true,
            attempts_max: Some(2),
            ..Wish::default()
        };
        let asked = Wish {
            mode: Some(Mode::Silent),
            digits_count: Some(6),
            ..Wish::default()
        };
        let both = asked.over(&app);
        assert_eq!(both.mode, Some(Mode::Silent));
        assert_eq!(both.digits_count, Some(6));
        assert_eq!(both.attempts_max, Some(2));
        assert_eq!(both.actions, [Action::Nod]);
        assert_eq!(both.modes, app.modes);
        assert!(both.no_flash);
        assert_eq!(Wish::default().over(&app), app);
    }
}
