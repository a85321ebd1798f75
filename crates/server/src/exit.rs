//! What the process says when it ends.

use std::process::ExitCode;

/// Exit codes; 64 and up follow `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `verify` and `compare`: accepted, match.
    Good,
    /// `verify`: rejected; `compare`: no match; `doctor`: something is missing.
    Negative,
    /// `verify`: inconclusive.
    Inconclusive,
    /// The command line is wrong.
    Usage,
    /// An input file cannot be used.
    BadInput,
    /// A file that should be there is not.
    NoInput,
    /// Our own failure.
    Failure,
    /// The configuration is wrong.
    Config,
}

impl Exit {
    /// The code for the operating system.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Good => 0,
            Self::Negative => 1,
            Self::Inconclusive => 2,
            Self::Usage => 64,
            Self::BadInput => 65,
            Self::NoInput => 66,
            Self::Failure => 70,
            Self::Config => 78,
        })
    }

    /// The code of an error: a [`Sentence`] names its own, configuration has one, the rest is ours.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        if let Some(sentence) = error.downcast_ref::<Sentence>() {
            sentence.exit
        } else if error.downcast_ref::<crate::config::ConfigError>().is_some() {
            Self::Config
        } else {
            Self::Failure
        }
    }
}

/// A sentence for a person, with the exit code that goes with it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Sentence {
    exit: Exit,
    text: String,
}

/// An error that says what to do and how to exit.
pub(crate) fn sentence(exit: Exit, text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Sentence {
        exit,
        text: text.into(),
    })
}
