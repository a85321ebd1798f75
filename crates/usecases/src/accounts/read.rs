//! What is known of accounts. Of a holder only so much is told as is needed to recognise it.

use jiff::Timestamp;
use zhenren_domain::agreement::Agreement;
use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::accounts::{self, Holder};
use zhenren_store::agreements;

use super::AccountError;
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

pub use zhenren_store::accounts::Account;

/// Characters of a number's end that are shown.
const SHOWN_COUNT: usize = 4;

/// An account with what goes with it.
#[derive(Clone, Debug)]
pub struct Details {
    /// The account.
    pub account: Account,
    /// Its agreement as it stands now.
    pub agreement: Agreement,
    /// Who holds it.
    pub real_name: Option<ShownName>,
    /// The version of the agreement it accepted last.
    pub accepted_version: Option<String>,
}

/// What is shown of a real name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownName {
    /// A person or an organisation.
    pub kind: HolderKind,
    /// Its first character, then stars.
    pub name: String,
    /// Stars, then its last four characters.
    pub number: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: String,
}

/// Whether there is this account. Says nothing about what anybody may do to it.
pub async fn is_known(context: &Context, id: &AccountId) -> Result<bool, Fault> {
    let mut tx = context.pool().read().await?;
    Ok(accounts::find(&mut tx, id).await?.is_some())
}

/// One account.
pub async fn find(
    context: &Context,
    actor: &Actor,
    id: &AccountId,
) -> Result<Details, AccountError> {
    actor.may(Permission::Read, id)?;
    let mut tx = context.pool().read().await?;
    let account = accounts::find(&mut tx, id)
        .await?
        .ok_or(AccountError::Unknown)?;
    let holder = accounts::holder(&mut tx, context.vault(), id).await?;
    let accepted = agreements::acceptances(&mut tx, context.vault(), id).await?;
    Ok(Details {
        agreement: account.agreement.at(context.now()),
        account,
        real_name: holder.map(|holder| shown(&holder)),
        accepted_version: accepted.into_iter().next().map(|it| it.version),
    })
}

/// Accounts after this id, by id.
pub async fn list(
    context: &Context,
    actor: &Actor,
    after: &str,
    count_max: u32,
) -> Result<Vec<Account>, AccountError> {
    actor.may_everywhere(Permission::Read)?;
    let mut tx = context.pool().read().await?;
    Ok(accounts::list(&mut tx, after, count_max).await?)
}

fn shown(holder: &Holder) -> ShownName {
    let name: Vec<char> = holder.name.reveal().chars().collect();
    let number: Vec<char> = holder.number.reveal().chars().collect();
    let hidden_count = number.len().saturating_sub(SHOWN_COUNT);
    let masked = |shown: bool, c: &char| if shown { *c } else { '*' };
    ShownName {
        kind: holder.kind,
        name: (0..).zip(&name).map(|(i, c)| masked(i == 0, c)).collect(),
        number: (0..)
            .zip(&number)
            .map(|(i, c)| masked(i >= hidden_count, c))
            .collect(),
        recorded_at: holder.recorded_at,
        recorded_by: holder.recorded_by.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhenren_vault::SecretText;

    #[test]
    fn a_real_name_is_shown_masked() {
        let holder = Holder {
            kind: HolderKind::Person,
            name: SecretText::from("张三丰"),
            number: SecretText::from("11010519491231002X"),
            recorded_at: Timestamp::UNIX_EPOCH,
            recorded_by: String::from("opr_1"),
        };
        let shown = shown(&holder);
        assert_eq!(shown.name, "张**");
        assert_eq!(shown.number, "**************002X");
    }
}
