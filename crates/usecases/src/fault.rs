//! When the machine failed, as opposed to a caller who asked for something not allowed.

use std::error::Error;

use thiserror::Error;
use zhenren_store::{IsBusy, StoreError};
use zhenren_vault::VaultError;

/// Something failed that no caller can put right. Handlers never look inside; it is logged once.
#[derive(Debug, Error)]
#[error("{doing} failed")]
pub struct Fault {
    doing: &'static str,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// A failure while `doing` something, with what caused it.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            doing,
            source: source.into(),
        }
    }

    /// The whole chain on one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause: Option<&dyn Error> = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl Fault {
    /// Whether sealed bytes did not open: of a whole database, a sign of another key file.
    pub fn is_about_keys(&self) -> bool {
        let is_it =
            |error: &VaultError| matches!(error, VaultError::KeyUnknown | VaultError::DoesNotOpen);
        match self.source.downcast_ref::<StoreError>() {
            Some(StoreError::Vault(error)) => is_it(error),
            _ => self.source.downcast_ref::<VaultError>().is_some_and(is_it),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new("the store", error)
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::new("the vault", error)
    }
}

impl IsBusy for Fault {
    /// A lost race is run again as well: the next try reads the state the winner left.
    fn is_busy(&self) -> bool {
        self.source
            .downcast_ref::<StoreError>()
            .is_some_and(|error| matches!(error, StoreError::Busy | StoreError::Conflict { .. }))
    }
}

/// Lets a use case's error, an enum with a variant `Fault(Fault)`, carry faults of the rooms
/// below, and be run again when the store was busy.
macro_rules! carries_faults {
    ($error:ty) => {
        impl From<zhenren_store::StoreError> for $error {
            fn from(error: zhenren_store::StoreError) -> Self {
                Self::Fault(error.into())
            }
        }

        impl From<zhenren_vault::VaultError> for $error {
            fn from(error: zhenren_vault::VaultError) -> Self {
                Self::Fault(error.into())
            }
        }

        impl zhenren_store::IsBusy for $error {
            fn is_busy(&self) -> bool {
                matches!(self, Self::Fault(fault) if fault.is_busy())
            }
        }
    };
}

pub(crate) use carries_faults;
