//! Whom a verification or an attempt is counted for: a person, a user, a device, an address.
//!
//! Counted in the transaction that opens or begins, one statement, all or none; what fails later
//! in that transaction was not counted. Only keyed hashes are kept.

use std::net::IpAddr;

use zhenren_domain::identity_number::normalise;
use zhenren_domain::ids::AccountId;
use zhenren_domain::limits::LimitKind;
use zhenren_store::limit_counters::{self, Counting, Tally};
use zhenren_store::{StoreError, Transaction};

use super::LimitReached;
use crate::context::Context;
use crate::ledger::freeze::NewVerification;

/// Counts a verification for the person it is about: once for the account that asks, and once for
/// the app's own id of them.
pub(crate) async fn opening(
    context: &Context,
    tx: &mut Transaction,
    new: &NewVerification,
) -> Result<Option<LimitReached>, StoreError> {
    let number = new.subject.number.as_ref();
    let identity = number.map(|number| identity(&new.account_id, number.reveal()));
    let user = new.subject.tenant_reference.as_ref();
    let user = user.map(|user| format!("{}/{}", new.app_id, user.reveal()));
    let subjects = [
        (LimitKind::IdentityDay, identity),
        (LimitKind::UserDay, user),
    ];
    count(context, tx, subjects).await
}

/// Counts an attempt for the device and the address it is begun from, as far as they are known.
pub(crate) async fn attempt(
    context: &Context,
    tx: &mut Transaction,
    device_id: Option<&str>,
    address: Option<IpAddr>,
) -> Result<Option<LimitReached>, StoreError> {
    let subjects = [
        (LimitKind::AddressHour, address.map(network)),
        (LimitKind::DeviceDay, device_id.map(str::to_owned)),
    ];
    count(context, tx, subjects).await
}

/// Counts a sign-in for the address it is tried from.
pub(crate) async fn sign_in(
    context: &Context,
    tx: &mut Transaction,
    address: IpAddr,
) -> Result<Option<LimitReached>, StoreError> {
    count(
        context,
        tx,
        [(LimitKind::SignInHour, Some(network(address)))],
    )
    .await
}

/// Whether a verification about this person would be refused; counts nothing.
pub(crate) async fn is_identity_full(
    context: &Context,
    tx: &mut Transaction,
    account_id: &AccountId,
    number: &str,
) -> Result<Option<LimitReached>, StoreError> {
    let kind = LimitKind::IdentityDay;
    let Some(tally) = tally(context, kind, &identity(account_id, number)) else {
        return Ok(None);
    };
    let used = limit_counters::used(tx, kind, &tally.subject, tally.window).await?;
    Ok((used >= tally.max).then(|| LimitReached::at(kind, context.now())))
}

async fn count<const COUNT: usize>(
    context: &Context,
    tx: &mut Transaction,
    subjects: [(LimitKind, Option<String>); COUNT],
) -> Result<Option<LimitReached>, StoreError> {
    let tallies: Vec<Tally> = subjects
        .into_iter()
        .filter_map(|(kind, plain)| tally(context, kind, &plain?))
        .collect();
    Ok(match limit_counters::count(tx, &tallies).await? {
        Counting::Counted => None,
        Counting::Full(kind) => Some(LimitReached::at(kind, context.now())),
    })
}

/// What to count; nothing when the limit is switched off.
fn tally(context: &Context, kind: LimitKind, plain: &str) -> Option<Tally> {
    let max = context.settings().limits.max(kind)?;
    Some(Tally {
        kind,
        // A hash of its own for each kind, so that counters cannot be joined to people's rows.
        subject: context.vault().token_hash(kind.name(), plain),
        window: kind.window(context.now()),
        max,
    })
}

/// A person as one account knows them: however many apps it has.
fn identity(account_id: &AccountId, number: &str) -> String {
    format!("{account_id}/{}", normalise(number))
}

/// An address, or of the many that one line has in IPv6, what they share: the first 64 bits.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_network() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
            ("2001:db8:0:1:ffff::1", "2001:db8:0:1::/64"),
            ("2001:db8:0:2::1", "2001:db8:0:2::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn one_number_is_one_person_to_one_account() {
        let (one, other) = (AccountId::from_number(1), AccountId::from_number(2));
        assert_eq!(
            identity(&one, " 11010519491231002x "),
            identity(&one, "11010519491231002X")
        );
        assert_ne!(
            identity(&one, "11010519491231002X"),
            identity(&other, "11010519491231002X")
        );
    }
}
