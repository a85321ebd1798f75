//! The three kinds of column, as parameters.

use jiff::Timestamp;
use zhenren_domain::ids::{
    AcceptanceId, AccountId, AccountTokenId, AppId, ApplicationId, AttemptId, EntryId, EvidenceId,
    HoldId, JobId, OperatorId, PersonId, SecretId, SpaceId, TariffId, VerificationId,
};
use zhenren_domain::money::Fen;

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BYTEA`.
    Bytes(Option<Vec<u8>>),
}

macro_rules! from {
    ($($type:ty => $kind:ident, |$value:ident| $result:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$kind(Some($result))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                value.map_or(Self::$kind(None), Self::from)
            }
        }
    )+};
}

from! {
    i64 => Int, |value| value;
    u32 => Int, |value| i64::from(value);
    // Counts and sizes stay far below 63 bits.
    u64 => Int, |value| i64::try_from(value).unwrap_or(i64::MAX);
    bool => Int, |value| i64::from(value);
    Timestamp => Int, |value| value.as_microsecond();
    Fen => Int, |value| value.get();
    &str => Text, |value| value.to_owned();
    String => Text, |value| value;
    Vec<u8> => Bytes, |value| value;
}

macro_rules! from_ids {
    ($($id:ty),+) => {$(
        impl From<&$id> for Value {
            fn from(id: &$id) -> Self {
                Self::Text(Some(id.as_str().to_owned()))
            }
        }
        impl From<Option<&$id>> for Value {
            fn from(id: Option<&$id>) -> Self {
                Self::Text(id.map(|id| id.as_str().to_owned()))
            }
        }
    )+};
}

from_ids!(
    AcceptanceId,
    AccountId,
    AccountTokenId,
    AppId,
    ApplicationId,
    AttemptId,
    EntryId,
    EvidenceId,
    HoldId,
    JobId,
    OperatorId,
    PersonId,
    SecretId,
    SpaceId,
    TariffId,
    VerificationId
);

/// A list of parameters of different kinds.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;
