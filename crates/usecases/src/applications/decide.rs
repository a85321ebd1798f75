//! Approving an application, which gives its apps access and limits, or refusing it with a reason.

use zhenren_domain::application::{self, Grant, Wished};
use zhenren_domain::ids::{AccountId, ApplicationId};
use zhenren_domain::roles::Permission;
use zhenren_store::applications::{self as rows, Decision};
use zhenren_store::apps::{self, CallLimits};
use zhenren_store::{Transaction, retry_busy};

use super::{Application, ApplicationError, whole};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;

/// What is decided.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Access, with these limits instead of those that follow from the form.
    Approve(Wished),
    /// No access, for this reason.
    Refuse(String),
}

/// Decides an application of an account, once.
pub async fn decide(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &ApplicationId),
    verdict: &Verdict,
) -> Result<Application, ApplicationError> {
    actor.may(Permission::DecideApplication, account_id)?;
    let complaint = |error| ApplicationError::Fields(vec![error]);
    let refusal = match verdict {
        Verdict::Approve(_) => None,
        Verdict::Refuse(reason) => Some(application::reason(reason).map_err(complaint)?),
    };
    let decided = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let found = rows::find(&mut tx, context.vault(), id)
            .await?
            .filter(|row| row.account_id == *account_id)
            .ok_or(ApplicationError::Unknown)?;
        let found = whole(found)?;
        let decision = Decision {
            at: context.now(),
            by: actor.name().to_owned(),
            refusal: refusal.clone(),
        };
        // First of all: of two who decide, one meets a row that is decided and changes nothing.
        if !rows::decide(&mut tx, context.vault(), id, &decision).await? {
            return Err(ApplicationError::Decided);
        }
        let action = match verdict {
            Verdict::Approve(wished) => {
                let quota = context.settings().test_calls_quota;
                let grant = Grant::of(&found.form, *wished, quota).map_err(complaint)?;
                grant_access(&mut tx, &found, &grant).await?;
                "application.approve"
            }
            Verdict::Refuse(_) => "application.refuse",
        };
        let said = (action, id.as_str(), found.row.formal_app_id.as_str());
        note(context, &mut tx, actor, account_id, said).await?;
        let decided = rows::find(&mut tx, context.vault(), id).await?;
        tx.commit().await?;
        Ok::<_, ApplicationError>(whole(decided.ok_or(ApplicationError::Unknown)?)?)
    })
    .await?;
    // Its limits are in force with the next call.
    let row = &decided.row;
    for app_id in [&row.formal_app_id].into_iter().chain(&row.test_app_id) {
        context.calls().forget_rules(app_id, context.now()).await;
    }
    Ok(decided)
}

/// Both apps may ask; only the one for trying out has a quota.
async fn grant_access(
    tx: &mut Transaction,
    found: &Application,
    grant: &Grant,
) -> Result<(), ApplicationError> {
    let limits = CallLimits {
        minute_calls_max: Some(grant.minute_calls_max),
        day_calls_max: grant.day_calls_max,
        calls_quota: None,
    };
    apps::grant(tx, &found.row.formal_app_id, &limits).await?;
    if let Some(test_app_id) = &found.row.test_app_id {
        let limits = CallLimits {
            calls_quota: Some(grant.calls_quota),
            ..limits
        };
        apps::grant(tx, test_app_id, &limits).await?;
    }
    Ok(())
}
