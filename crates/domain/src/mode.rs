//! What a caller asks for, and which kind of challenge that becomes for one attempt.
//!
//! A mode is a wish, a kind is what is drawn: `flash_else_digits` becomes either, and a person
//! who must not see flashing light is never shown any. Every rule about that is in this file.

use crate::challenge::ChallengeKind;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Digits, revealed one at a time, are read aloud. `check_alive_type` 0.
    ReadDigits,
    /// The screen shines in a random order of colours. `check_alive_type` 1.
    ScreenFlash,
    /// Flashes, or digits where light or device do not allow them. `check_alive_type` 2.
    FlashElseDigits,
    /// One action.
    SingleAction,
    /// A random subset of the actions in random order.
    MultiAction,
    /// The face comes nearer and goes farther.
    NearFar,
    /// Nothing but looking into the camera.
    Silent,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 7] = [
        Self::ReadDigits,
        Self::ScreenFlash,
        Self::FlashElseDigits,
        Self::SingleAction,
        Self::MultiAction,
        Self::NearFar,
        Self::Silent,
    ];

    /// The name on the wire and in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadDigits => "read_digits",
            Self::ScreenFlash => "screen_flash",
            Self::FlashElseDigits => "flash_else_digits",
            Self::SingleAction => "single_action",
            Self::MultiAction => "multi_action",
            Self::NearFar => "near_far",
            Self::Silent => "silent",
        }
    }

    /// The mode with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The mode of a `check_alive_type`; nothing for any but 0, 1 and 2.
    pub const fn of_check_alive_type(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::ReadDigits),
            1 => Some(Self::ScreenFlash),
            2 => Some(Self::FlashElseDigits),
            _ => None,
        }
    }

    /// Whether a `check_alive_type` stands for it. An app that asks for any other mode has
    /// chosen what that number cannot say.
    pub const fn has_check_alive_type(self) -> bool {
        match self {
            Self::ReadDigits | Self::ScreenFlash | Self::FlashElseDigits => true,
            Self::SingleAction | Self::MultiAction | Self::NearFar | Self::Silent => false,
        }
    }
}

/// Why a mode cannot run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// It needs a recogniser of digits, and none is loaded: 10002.
    #[error("no recogniser of digits is loaded")]
    ModelMissing,
    /// The operator or the app has switched it off: 10003.
    #[error("this challenge is switched off")]
    SwitchedOff,
    /// The device says that it cannot, and there is nothing to fall back to: 90109.
    #[error("the device cannot show this challenge")]
    DeviceCannot,
}

/// What could run for an app on this server.
#[derive(Clone, Copy, Debug)]
pub struct Available<'a> {
    /// What the operator lets run.
    pub modes: &'a [Mode],
    /// What the app lets run; empty means all of those.
    pub app_modes: &'a [Mode],
    /// Whether a recogniser of digits is loaded.
    pub hears_digits: bool,
    /// Whether flashing light must not be shown, whoever asks.
    pub no_flash: bool,
}

/// What is known about one attempt before its challenge is drawn.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts about a device"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The person wants no flashing light.
    pub no_flash: bool,
    /// The device cannot fill its screen with colours.
    pub cannot_flash: bool,
    /// The device has no microphone, or may not use it.
    pub cannot_listen: bool,
    /// Other light is too strong for the screen's: the page measured it, or an earlier attempt
    /// of the same verification ended for it.
    pub too_bright: bool,
}

impl Available<'_> {
    /// Whether a mode can run at all, device aside.
    pub fn check(&self, mode: Mode) -> Result<(), Unsupported> {
        self.kind(mode, Circumstances::default()).map(|_| ())
    }

    /// The kind of challenge to draw. Falls back where the mode or safety says so, and never
    /// otherwise.
    pub fn kind(&self, mode: Mode, at: Circumstances) -> Result<ChallengeKind, Unsupported> {
        self.allowed(mode)?;
        let no_flash = self.no_flash || at.no_flash;
        match mode {
            Mode::ReadDigits => self.digits(at),
            Mode::ScreenFlash | Mode::FlashElseDigits if no_flash => self.without_flash(mode, at),
            Mode::ScreenFlash if at.cannot_flash => Err(Unsupported::DeviceCannot),
            Mode::ScreenFlash => Ok(ChallengeKind::ScreenFlash),
            Mode::FlashElseDigits => self.flash_else_digits(at),
            Mode::SingleAction => Ok(ChallengeKind::SingleAction),
            Mode::MultiAction => Ok(ChallengeKind::MultiAction),
            Mode::NearFar => Ok(ChallengeKind::NearFar),
            Mode::Silent => Ok(ChallengeKind::Silent),
        }
    }

    fn allowed(&self, mode: Mode) -> Result<(), Unsupported> {
        let by_app = self.app_modes.is_empty() || self.app_modes.contains(&mode);
        if by_app && self.modes.contains(&mode) {
            Ok(())
        } else {
            Err(Unsupported::SwitchedOff)
        }
    }

    fn digits(&self, at: Circumstances) -> Result<ChallengeKind, Unsupported> {
        if !self.hears_digits {
            Err(Unsupported::ModelMissing)
        } else if at.cannot_listen {
            Err(Unsupported::DeviceCannot)
        } else {
            Ok(ChallengeKind::ReadDigits)
        }
    }

    /// Light that is too strong only makes flashes likely to fail; without digits they are still
    /// tried, and the answer is then a hint about the light.
    fn flash_else_digits(&self, at: Circumstances) -> Result<ChallengeKind, Unsupported> {
        match self.digits(at) {
            Ok(digits) if at.cannot_flash || at.too_bright => Ok(digits),
            Err(_) if at.cannot_flash => Err(Unsupported::DeviceCannot),
            Ok(_) | Err(_) => Ok(ChallengeKind::ScreenFlash),
        }
    }

    /// Digits, else actions, as far as they are allowed; never a flash.
    fn without_flash(&self, mode: Mode, at: Circumstances) -> Result<ChallengeKind, Unsupported> {
        let may_read = mode == Mode::FlashElseDigits || self.allowed(Mode::ReadDigits).is_ok();
        if may_read && let Ok(digits) = self.digits(at) {
            return Ok(digits);
        }
        self.allowed(Mode::MultiAction)?;
        Ok(ChallengeKind::MultiAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Available<'_> = Available {
        modes: &Mode::ALL,
        app_modes: &[],
        hears_digits: true,
        no_flash: false,
    };
    const DEAF: Available<'_> = Available {
        hears_digits: false,
        ..ALL
    };
    const USUAL: Circumstances = Circumstances {
        no_flash: false,
        cannot_flash: false,
        cannot_listen: false,
        too_bright: false,
    };

    #[test]
    fn every_mode_is_read_back_from_its_name_and_every_kind_is_a_mode() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_name(mode.name()), Some(mode));
        }
        for kind in ChallengeKind::ALL {
            assert!(Mode::from_name(kind.name()).is_some(), "{kind:?}");
        }
    }

    #[test]
    fn the_numbers_of_the_dialect_are_three() {
        let modes: Vec<_> = (0..=3).map(Mode::of_check_alive_type).collect();
        assert_eq!(
            modes,
            [
                Some(Mode::ReadDigits),
                Some(Mode::ScreenFlash),
                Some(Mode::FlashElseDigits),
                None
            ]
        );
    }

    #[test]
    fn flash_else_digits_starts_with_flash_and_falls_back() {
        let kind = |available: Available<'_>, at| available.kind(Mode::FlashElseDigits, at);
        assert_eq!(kind(ALL, USUAL), Ok(ChallengeKind::ScreenFlash));
        let bright = Circumstances {
            too_bright: true,
            ..USUAL
        };
        let unable = Circumstances {
            cannot_flash: true,
            ..USUAL
        };
        assert_eq!(kind(ALL, bright), Ok(ChallengeKind::ReadDigits));
        assert_eq!(kind(ALL, unable), Ok(ChallengeKind::ReadDigits));
        let bright_and_mute = Circumstances {
            cannot_listen: true,
            ..bright
        };
        assert_eq!(kind(ALL, bright_and_mute), Ok(ChallengeKind::ScreenFlash));
        assert_eq!(
            ALL.kind(Mode::ReadDigits, bright_and_mute),
            Err(Unsupported::DeviceCannot)
        );
        assert_eq!(kind(DEAF, USUAL), Ok(ChallengeKind::ScreenFlash));
        assert_eq!(kind(DEAF, bright), Ok(ChallengeKind::ScreenFlash));
        assert_eq!(kind(DEAF, unable), Err(Unsupported::DeviceCannot));
    }

    #[test]
    fn no_flash_never_draws_a_flash_whoever_says_it() {
        let person = Circumstances {
            no_flash: true,
            ..USUAL
        };
        for (hears_digits, cannot_flash, too_bright, by_policy) in
            (0..16).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0, bits & 8 > 0))
        {
            let available = Available {
                hears_digits,
                no_flash: by_policy,
                ..ALL
            };
            let at = Circumstances {
                no_flash: !by_policy,
                cannot_flash,
                cannot_listen: too_bright,
                too_bright,
            };
            for mode in Mode::ALL {
                assert_ne!(available.kind(mode, at), Ok(ChallengeKind::ScreenFlash));
            }
        }
        assert_eq!(
            ALL.kind(Mode::ScreenFlash, person),
            Ok(ChallengeKind::ReadDigits)
        );
        assert_eq!(
            DEAF.kind(Mode::ScreenFlash, person),
            Ok(ChallengeKind::MultiAction)
        );
        let no_digits = Available {
            modes: &[Mode::ScreenFlash, Mode::MultiAction],
            ..ALL
        };
        assert_eq!(
            no_digits.kind(Mode::ScreenFlash, person),
            Ok(ChallengeKind::MultiAction)
        );
        let no_actions = Available {
            modes: &[Mode::ScreenFlash],
            ..DEAF
        };
        assert_eq!(
            no_actions.kind(Mode::ScreenFlash, person),
            Err(Unsupported::SwitchedOff)
        );
    }

    #[test]
    fn what_is_switched_off_or_lacks_its_model_says_which() {
        assert_eq!(DEAF.check(Mode::ReadDigits), Err(Unsupported::ModelMissing));
        assert_eq!(DEAF.check(Mode::FlashElseDigits), Ok(()));
        let by_operator = Available {
            modes: &[Mode::Silent],
            ..ALL
        };
        assert_eq!(by_operator.check(Mode::Silent), Ok(()));
        assert_eq!(
            by_operator.check(Mode::NearFar),
            Err(Unsupported::SwitchedOff)
        );
        let by_app = Available {
            app_modes: &[Mode::NearFar],
            ..ALL
        };
        assert_eq!(by_app.check(Mode::NearFar), Ok(()));
        assert_eq!(by_app.check(Mode::Silent), Err(Unsupported::SwitchedOff));
    }

    #[test]
    fn a_screen_that_cannot_shine_is_no_reason_for_another_challenge() {
        let unable = Circumstances {
            cannot_flash: true,
            ..USUAL
        };
        assert_eq!(
            ALL.kind(Mode::ScreenFlash, unable),
            Err(Unsupported::DeviceCannot)
        );
    }
}
