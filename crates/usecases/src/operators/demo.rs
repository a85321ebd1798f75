//! The demo operator of the development profile, an owner.
//!
//! The password is a function of the key file, like the demo app's secret: random for each
//! installation, the same at each start. Made once; what a person changes about it afterwards stays.

use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::Role;
use zhenren_store::operators;
use zhenren_vault::SecretText;

use super::actor::Actor;
use super::create_operator::{self, CreateError};
use super::hashing::{self, HashError, Turn};
use crate::context::Context;
use crate::fault::Fault;

/// The login, and the body of the id.
const LOGIN: &str = "demo";

/// The demo operator's credentials.
#[derive(Clone)]
pub struct DemoOperator {
    /// What is typed at the sign-in.
    pub login: String,
    /// The password it was made with.
    pub password: String,
}

impl std::fmt::Debug for DemoOperator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DemoOperator")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

fn id() -> OperatorId {
    OperatorId::from_body(LOGIN).expect("the body is lower-case letters")
}

/// Whether this database holds the demo operator.
pub async fn exists(context: &Context) -> Result<bool, Fault> {
    let mut tx = context.pool().read().await?;
    Ok(operators::is_known(&mut tx, &id()).await?)
}

/// Makes the operator when it is not there; nothing when somebody else has the login.
pub async fn ensure(context: &Context) -> Result<Option<DemoOperator>, Fault> {
    let password = context
        .vault()
        .derived_token("demo-operator-password", LOGIN);
    if !exists(context).await? {
        let turn = Turn::wait().await.map_err(|error| match error {
            HashError::Busy => Fault::new("hashing", "too many wait"),
            HashError::Fault(fault) => fault,
        })?;
        let hash = hashing::hash(context, &turn, &password).await?;
        let login = SecretText::from(LOGIN);
        let kept = create_operator::keep(
            context,
            &Actor::CommandLine,
            &id(),
            &login,
            Role::Owner,
            &hash,
        )
        .await;
        match kept {
            Ok(_) => {}
            // Another process made it a moment ago, or the login is somebody else's.
            Err(CreateError::LoginTaken) if exists(context).await? => {}
            Err(CreateError::LoginTaken) => return Ok(None),
            Err(error) => return Err(Fault::new("making the demo operator", error)),
        }
    }
    Ok(Some(DemoOperator {
        login: LOGIN.to_owned(),
        password: password.reveal().to_owned(),
    }))
}
