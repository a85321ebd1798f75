//! Who calls the account side, and which account they mean.
//!
//! Knows no role and no scope: what somebody may do is asked by the use cases.

use axum::http::{HeaderMap, header};
use zhenren_domain::ids::AccountId;
use zhenren_usecases::accounts::read;
use zhenren_usecases::operators::actor::{Actor, Denied};
use zhenren_usecases::operators::authenticate::{self, TokenError};

use crate::Api;
use crate::problem::{self, Problem};

/// What to send instead of what was sent.
const TOKEN_WANTED: &str = "Send Authorization: Bearer with the token of a sign-in (POST \
     /v1/account/sessions) or with an account token; neither appid and secret nor an access \
     token opens the account side.";

/// Whoever the token in `Authorization` belongs to.
pub(super) async fn actor(api: &Api, headers: &HeaderMap) -> Result<Actor, Problem> {
    authenticate::by_token(&api.context, bearer(headers)?)
        .await
        .map_err(|error| match error {
            TokenError::Invalid => invalid(),
            TokenError::Fault(fault) => Problem::fault(&fault),
        })
}

/// The token in `Authorization`.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| Problem::with_detail(&problem::CREDENTIALS_MISSING, TOKEN_WANTED))?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(invalid())
    }
}

/// The problem of a token that is not taken.
pub(super) fn invalid() -> Problem {
    Problem::with_detail(&problem::CREDENTIALS_INVALID, TOKEN_WANTED)
}

/// The account a call is about: the one that is named, or the token's own. An operator who names
/// one that is none is told so, whatever the call is. Whether the caller may do something to it is
/// not said here.
pub(super) async fn account(
    api: &Api,
    actor: &Actor,
    named: Option<&str>,
) -> Result<AccountId, Problem> {
    let id = meant(actor, named)?;
    // A token's own account exists, and another's looks to it as if it did not.
    if matches!(actor, Actor::AccountToken { .. }) {
        return Ok(id);
    }
    match read::is_known(&api.context, &id).await {
        Ok(true) => Ok(id),
        Ok(false) => Err(Problem::new(&problem::NOT_FOUND)),
        Err(fault) => Err(Problem::fault(&fault)),
    }
}

fn meant(actor: &Actor, named: Option<&str>) -> Result<AccountId, Problem> {
    match (named, actor) {
        // What is no id cannot belong to anybody.
        (Some(text), _) => AccountId::parse(text).map_err(|_| Problem::new(&problem::NOT_FOUND)),
        (None, Actor::AccountToken { account_id, .. }) => Ok(account_id.clone()),
        (None, Actor::Operator { .. } | Actor::CommandLine) => Err(Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "Name the account in the query: account_id=acc_….",
        )),
    }
}

/// The problem of a caller who may not.
pub(super) fn denied(denied: Denied) -> Problem {
    match denied {
        Denied::NotPermitted => Problem::new(&problem::NOT_PERMITTED),
        Denied::OtherAccount => Problem::new(&problem::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhenren_domain::ids::{AccountTokenId, OperatorId};
    use zhenren_domain::roles::{Role, Scope};

    #[test]
    fn a_token_means_its_own_account_and_an_operator_names_one() {
        let own = AccountId::from_number(1);
        let token = Actor::AccountToken {
            id: AccountTokenId::from_number(1),
            account_id: own.clone(),
            scope: Scope::Read,
        };
        let operator = Actor::Operator {
            id: OperatorId::from_number(1),
            role: Role::Owner,
        };
        assert_eq!(meant(&token, None).unwrap(), own);
        assert_eq!(meant(&operator, Some(own.as_str())).unwrap(), own);
        let code = |actor: &Actor, named| meant(actor, named).unwrap_err().code().name;
        assert_eq!(code(&operator, None), "parameter_invalid");
        assert_eq!(code(&token, Some("ver_1")), "not_found");
        assert_eq!(denied(Denied::OtherAccount).code().name, "not_found");
        assert_eq!(denied(Denied::NotPermitted).code().name, "not_permitted");
    }
}
