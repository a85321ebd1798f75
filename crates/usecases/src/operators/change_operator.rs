//! Changes of an operator by an owner: role, whether it may sign in, password. All of them or none.
//!
//! Who loses the right to sign in, or gets another password, is signed out everywhere at once. The
//! last active owner stays one: somebody must be able to let others in.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::{Permission, Role};
use zhenren_domain::sign_in::{self as rules, PasswordRefused};
use zhenren_store::operator_sessions::{self, failures};
use zhenren_store::operators::{self, Operator};
use zhenren_store::{Transaction, audit, retry_busy};
use zhenren_vault::SecretText;

use super::actor::{Actor, Denied};
use super::create_operator::made_up_password;
use super::hashing::{self, HashError, Turn};
use super::{failures_key, login_hash};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// What is to be changed; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another role.
    pub role: Option<Role>,
    /// Whether the operator may not sign in.
    pub is_disabled: Option<bool>,
    /// Another password.
    pub password: Option<Password>,
}

/// Where a new password comes from.
#[derive(Clone, Debug)]
pub enum Password {
    /// Somebody chose it.
    Chosen(SecretText),
    /// It is made up, and told this once.
    MadeUp,
}

/// An operator after the change.
#[derive(Debug)]
pub struct Changed {
    /// How it stands.
    pub operator: Operator,
    /// The password that was made up.
    pub password: Option<SecretText>,
}

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such operator.
    #[error("there is no such operator")]
    OperatorUnknown,
    /// Nobody could let others in any more.
    #[error("the last active owner can be neither disabled nor given another role")]
    LastOwner,
    /// One's own password is changed where the present one is asked for.
    #[error("one's own password is changed with the present one")]
    OwnPassword,
    /// The password is not taken.
    #[error(transparent)]
    PasswordRefused(#[from] PasswordRefused),
    /// Too many sign in at the same time.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ChangeError);

impl From<HashError> for ChangeError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Changes an operator.
pub async fn change(
    context: &Context,
    actor: &Actor,
    id: &OperatorId,
    change: &Change,
) -> Result<Changed, ChangeError> {
    actor.may_everywhere(Permission::ManageOperators)?;
    if change.password.is_some() && actor.must_be_operator().is_ok_and(|own| own == id) {
        return Err(ChangeError::OwnPassword);
    }
    let password = match &change.password {
        None => None,
        Some(Password::Chosen(text)) => Some(text.clone()),
        Some(Password::MadeUp) => Some(made_up_password(context)),
    };
    let hash = match &password {
        None => None,
        Some(password) => Some(checked_hash(context, id, password).await?),
    };
    let operator = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let before = find(context, &mut tx, id).await?;
        let mut step = Step {
            context,
            actor,
            before: &before,
            at: context.now(),
            tx: &mut tx,
        };
        step.role(change.role).await?;
        step.disabled(change.is_disabled).await?;
        step.password(hash.as_ref()).await?;
        let after = find(context, &mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, ChangeError>(after)
    })
    .await?;
    let is_made_up = matches!(change.password, Some(Password::MadeUp));
    Ok(Changed {
        operator,
        password: password.filter(|_| is_made_up),
    })
}

async fn find(
    context: &Context,
    tx: &mut Transaction,
    id: &OperatorId,
) -> Result<Operator, ChangeError> {
    operators::find(tx, context.vault(), id)
        .await?
        .ok_or(ChangeError::OperatorUnknown)
}

async fn checked_hash(
    context: &Context,
    id: &OperatorId,
    password: &SecretText,
) -> Result<SecretText, ChangeError> {
    let mut tx = context.pool().read().await?;
    let operator = find(context, &mut tx, id).await?;
    drop(tx);
    rules::check_password(operator.login.reveal(), password.reveal())?;
    Ok(hashing::hash(context, &Turn::wait().await?, password).await?)
}

/// The transaction while it changes one thing after the other, with a line in the log for each.
struct Step<'a> {
    context: &'a Context,
    actor: &'a Actor,
    before: &'a Operator,
    at: Timestamp,
    tx: &'a mut Transaction,
}

impl Step<'_> {
    async fn role(&mut self, wanted: Option<Role>) -> Result<(), ChangeError> {
        let Some(role) = wanted.filter(|role| *role != self.before.role) else {
            return Ok(());
        };
        if !operators::set_role(self.tx, &self.before.id, self.before.role, role).await? {
            return Err(ChangeError::LastOwner);
        }
        self.write("operator.role", role.name()).await
    }

    async fn disabled(&mut self, wanted: Option<bool>) -> Result<(), ChangeError> {
        let id = &self.before.id;
        match (wanted, self.before.disabled_at.is_some()) {
            (Some(true), false) => {
                if !operators::disable(self.tx, id, self.at).await? {
                    return Err(ChangeError::LastOwner);
                }
                operator_sessions::end_all(self.tx, id, "", self.at).await?;
                self.write("operator.disable", "").await
            }
            (Some(false), true) => {
                operators::enable(self.tx, id).await?;
                self.unlock().await?;
                self.write("operator.enable", "").await
            }
            // Enabling who is not disabled lifts a lock all the same.
            (Some(false), false) => self.unlock().await,
            (Some(true), true) | (None, _) => Ok(()),
        }
    }

    async fn password(&mut self, hash: Option<&SecretText>) -> Result<(), ChangeError> {
        let Some(hash) = hash else {
            return Ok(());
        };
        let (id, vault) = (&self.before.id, self.context.vault());
        if !operators::set_password(self.tx, vault, id, hash, self.at).await? {
            return Err(ChangeError::OperatorUnknown);
        }
        operator_sessions::end_all(self.tx, id, "", self.at).await?;
        self.unlock().await?;
        self.write("operator.password", "").await
    }

    async fn unlock(&mut self) -> Result<(), ChangeError> {
        let login_hash = login_hash(self.context, self.before.login.reveal());
        if failures::clear(self.tx, failures_key(&login_hash)).await? {
            self.write("operator.unlock", "").await?;
        }
        Ok(())
    }

    async fn write(&mut self, action: &str, detail: &str) -> Result<(), ChangeError> {
        let event = audit::Event {
            chain: audit::SYSTEM_CHAIN,
            at: self.at,
            actor: self.actor.name(),
            action,
            subject: self.before.id.as_str(),
            detail,
        };
        Ok(audit::append(self.tx, &event).await?)
    }
}
