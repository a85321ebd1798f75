//! Typed, prefixed ids: a tenant's id can never be passed where a hold's is wanted.
//!
//! An id is a prefix and a body of lower-case letters and digits. The body is always given by the
//! caller (usually a time-ordered number from `Context`); nothing here mints anything.

use std::fmt;

/// Limit: a 128-bit number in hexadecimal is 32 characters; room for readable demo ids is kept.
pub const ID_BODY_LENGTH_MAX: usize = 40;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Another kind of id, or none at all.
    #[error("id does not start with {expected}")]
    WrongPrefix {
        /// The prefix this kind of id has, with its underscore.
        expected: &'static str,
    },
    /// The part after the prefix is empty, too long, or has other characters than `a-z0-9`.
    #[error("id has characters or a length that ids never have")]
    MalformedBody,
}

fn check_body(body: &str) -> Result<(), IdError> {
    let fits = !body.is_empty() && body.len() <= ID_BODY_LENGTH_MAX;
    if fits
        && body
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        Ok(())
    } else {
        Err(IdError::MalformedBody)
    }
}

macro_rules! ids {
    ($($(#[$text:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$text])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The id of this number: 32 hexadecimal digits after the prefix.
            pub fn from_number(number: u128) -> Self {
                Self(format!(concat!($prefix, "{:032x}"), number))
            }

            /// The id with this readable body, for ids that people choose (demo data).
            pub fn from_body(body: &str) -> Result<Self, IdError> {
                check_body(body)?;
                Ok(Self(format!(concat!($prefix, "{}"), body)))
            }

            /// Parses the whole text, prefix included.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let body = text
                    .strip_prefix($prefix)
                    .ok_or(IdError::WrongPrefix { expected: $prefix })?;
                check_body(body)?;
                Ok(Self(text.to_owned()))
            }

            /// The number it was made from; nothing when people chose it.
            pub fn number(&self) -> Option<u128> {
                let body = self.0.strip_prefix($prefix).filter(|body| body.len() == 32)?;
                u128::from_str_radix(body, 16).ok()
            }

            /// The whole text, prefix included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    )+};
}

ids! {
    /// The account of a tenant: the organisation that asks and pays.
    AccountId = "acc_";
    /// An app of a tenant; doubles as the `appid` of the dialects.
    AppId = "app_";
    /// One secret of an app.
    SecretId = "sec_";
    /// One paid question about one person; doubles as uniCloud's `certifyId`.
    VerificationId = "ver_";
    /// One try at recording.
    AttemptId = "att_";
    /// A person enrolled by a tenant.
    PersonId = "per_";
    /// One evidence object.
    EvidenceId = "evi_";
    /// A price reserved for one verification.
    HoldId = "hld_";
    /// One immutable line of the ledger.
    EntryId = "ent_";
    /// Work that must happen later.
    JobId = "job_";
    /// Somebody who runs the platform.
    OperatorId = "opr_";
    /// A token with which a tenant runs its own account.
    AccountTokenId = "tok_";
    /// An application for access.
    ApplicationId = "apl_";
    /// A service space: a tenant's cloud functions that ask together.
    SpaceId = "spc_";
    /// One acceptance of one version of the agreement.
    AcceptanceId = "acp_";
    /// A table of prices with the time it is valid.
    TariffId = "trf_";
}

impl HoldId {
    /// The hold of a verification: the same body, since each has one.
    pub fn of(verification_id: &VerificationId) -> Self {
        let body = verification_id
            .as_str()
            .trim_start_matches(VerificationId::PREFIX);
        Self(format!("{}{body}", Self::PREFIX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_round_trip_through_text() {
        let id = VerificationId::from_number(7);
        assert_eq!(id.to_string(), "ver_00000000000000000000000000000007");
        assert_eq!(VerificationId::parse(id.as_str()), Ok(id));
        assert_eq!(
            AppId::from_body("demo").map(|id| id.to_string()),
            Ok("app_demo".to_owned())
        );
    }

    #[test]
    fn another_kind_of_id_and_odd_characters_are_refused() {
        assert_eq!(
            VerificationId::parse("att_0001"),
            Err(IdError::WrongPrefix { expected: "ver_" })
        );
        for text in ["ver_", "ver_A", "ver_a b", "ver_../x", "ver_é"] {
            assert_eq!(
                VerificationId::parse(text),
                Err(IdError::MalformedBody),
                "{text}"
            );
        }
        let long = format!("ver_{}", "a".repeat(ID_BODY_LENGTH_MAX + 1));
        assert_eq!(VerificationId::parse(&long), Err(IdError::MalformedBody));
    }
}
