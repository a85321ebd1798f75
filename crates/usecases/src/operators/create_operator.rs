//! A new operator, with a password that was chosen or one that is made up and told this once.

use thiserror::Error;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::{Permission, Role};
use zhenren_domain::sign_in::{self as rules, LoginInvalid, PasswordRefused};
use zhenren_store::operators::{self, NewOperator, Operator};
use zhenren_store::{audit, retry_busy};
use zhenren_vault::SecretText;

use super::actor::{Actor, Denied};
use super::hashing::{self, HashError, Turn};
use super::login_hash;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text::hex;

/// Why there is none.
#[derive(Debug, Error)]
pub enum CreateError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The login is none.
    #[error(transparent)]
    LoginInvalid(#[from] LoginInvalid),
    /// The password is not taken.
    #[error(transparent)]
    PasswordRefused(#[from] PasswordRefused),
    /// Another operator has this login.
    #[error("another operator has this login")]
    LoginTaken,
    /// Too many sign in at the same time.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CreateError);

impl From<HashError> for CreateError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// An operator that is wanted.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// What is typed at the sign-in.
    pub login: &'a str,
    /// What for.
    pub role: Role,
    /// The password; one is made up without it.
    pub password: Option<SecretText>,
}

/// A new operator.
#[derive(Debug)]
pub struct Created {
    /// What is kept of it.
    pub operator: Operator,
    /// The password that was made up.
    pub password: Option<SecretText>,
}

/// Makes an operator.
pub async fn create(
    context: &Context,
    actor: &Actor,
    new: NewPerson<'_>,
) -> Result<Created, CreateError> {
    actor.may_everywhere(Permission::ManageOperators)?;
    let login = SecretText::from(rules::login(new.login)?);
    let made_up = new.password.is_none();
    let password = new.password.unwrap_or_else(|| made_up_password(context));
    rules::check_password(login.reveal(), password.reveal())?;
    let hash = hashing::hash(context, &Turn::wait().await?, &password).await?;
    let id = OperatorId::from_number(context.id_number());
    let operator = keep(context, actor, &id, &login, new.role, &hash).await?;
    Ok(Created {
        operator,
        password: made_up.then_some(password),
    })
}

/// 128 random bits.
pub(super) fn made_up_password(context: &Context) -> SecretText {
    SecretText::from(hex(&context.random_bytes::<16>()))
}

/// Keeps a checked operator.
pub(crate) async fn keep(
    context: &Context,
    actor: &Actor,
    id: &OperatorId,
    login: &SecretText,
    role: Role,
    password_hash: &SecretText,
) -> Result<Operator, CreateError> {
    let login_hash = login_hash(context, login.reveal());
    retry_busy(|| async {
        let at = context.now();
        let new = NewOperator {
            id,
            login,
            login_hash: &login_hash,
            password_hash,
            role,
            at,
        };
        let mut tx = context.pool().begin().await?;
        if !operators::insert(&mut tx, context.vault(), &new).await? {
            return Err(CreateError::LoginTaken);
        }
        let event = audit::Event {
            chain: audit::SYSTEM_CHAIN,
            at,
            actor: actor.name(),
            action: "operator.create",
            subject: id.as_str(),
            detail: role.name(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(Operator {
            id: id.clone(),
            login: login.clone(),
            role,
            created_at: at,
            password_changed_at: at,
            disabled_at: None,
        })
    })
    .await
}
