//! How often one app may call, and how often it did: read, and changed by an operator.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::limits::{LimitKind, Limits, Window};
use zhenren_domain::roles::Permission;
pub use zhenren_store::apps::CallLimits;
use zhenren_store::apps::{self, App, AppKind};
use zhenren_store::{Transaction, audit, limit_counters, retry_busy};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};

/// Limit: the largest number of calls that can be asked for, as in the configuration.
pub const CALLS_MAX: u64 = 1_000_000_000;

/// The limits of an app and what was used of them.
#[derive(Clone, Debug)]
pub struct AppLimits {
    /// Which app.
    pub app_id: AppId,
    /// Its own limits.
    pub own: CallLimits,
    /// Verifications opened against its quota.
    pub calls_count: u64,
    /// This minute.
    pub minute: InForce,
    /// This day.
    pub day: InForce,
}

/// One limit at this moment.
#[derive(Clone, Copy, Debug)]
pub struct InForce {
    /// Calls the window takes; nothing when it is not limited.
    pub max: Option<u64>,
    /// Calls so far, what nodes have reserved included.
    pub used: u64,
    /// The window.
    pub window: Window,
}

/// Why limits are not shown or not changed.
#[derive(Debug, Error)]
pub enum LimitsError {
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The account has no such app.
    #[error("there is no such app")]
    AppUnknown,
    /// A number is larger than any limit.
    #[error("a limit is a number from 0 to {CALLS_MAX}")]
    OutOfRange,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(LimitsError);

/// How many calls a window takes: the app's own number before the configured one, 0 for no limit.
pub(super) fn max(context: &Context, kind: LimitKind, own: &CallLimits) -> Option<u64> {
    let own = match kind {
        LimitKind::AppMinute => own.minute_calls_max,
        LimitKind::AppDay => own.day_calls_max,
        LimitKind::IdentityDay
        | LimitKind::UserDay
        | LimitKind::DeviceDay
        | LimitKind::AddressHour
        | LimitKind::SignInHour => None,
    };
    match own {
        None => context.settings().limits.max(kind),
        Some(max) => (max > 0).then_some(max),
    }
}

/// The limits of an app. `account_id` may be left out by whoever reaches every account.
pub async fn show(
    context: &Context,
    actor: &Actor,
    account_id: Option<&AccountId>,
    app_id: &AppId,
) -> Result<AppLimits, LimitsError> {
    let mut tx = context.pool().read().await?;
    let app = find(&mut tx, actor, Permission::Read, account_id, app_id).await?;
    present(context, &mut tx, app).await
}

/// Replaces the limits of an app. A test app always has a quota: the configured one when none is
/// named.
pub async fn set(
    context: &Context,
    actor: &Actor,
    account_id: Option<&AccountId>,
    app_id: &AppId,
    own: CallLimits,
) -> Result<AppLimits, LimitsError> {
    let numbers = [own.minute_calls_max, own.day_calls_max, own.calls_quota];
    let permission = Permission::DecideApplication;
    let changed = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let app = find(&mut tx, actor, permission, account_id, app_id).await?;
        if numbers
            .into_iter()
            .flatten()
            .any(|number| number > CALLS_MAX)
        {
            return Err(LimitsError::OutOfRange);
        }
        let mut own = own;
        if app.kind == AppKind::Test && own.calls_quota.is_none() {
            own.calls_quota = Some(context.settings().test_calls_quota);
        }
        apps::set_limits(&mut tx, app_id, &own).await?;
        let text = |number: Option<u64>| number.map_or("-".to_owned(), |it| it.to_string());
        let [minute, day, quota] =
            [own.minute_calls_max, own.day_calls_max, own.calls_quota].map(text);
        let event = audit::Event {
            chain: app.account_id.as_str(),
            at: context.now(),
            actor: actor.name(),
            action: "app.limits",
            subject: app_id.as_str(),
            detail: &format!("minute={minute} day={day} quota={quota}"),
        };
        audit::append(&mut tx, &event).await?;
        let changed = present(context, &mut tx, App { limits: own, ..app }).await?;
        tx.commit().await?;
        Ok(changed)
    })
    .await?;
    context.calls().forget_rules(app_id, context.now()).await;
    Ok(changed)
}

async fn find(
    tx: &mut Transaction,
    actor: &Actor,
    permission: Permission,
    account_id: Option<&AccountId>,
    app_id: &AppId,
) -> Result<App, LimitsError> {
    if let Some(account_id) = account_id {
        actor.may(permission, account_id)?;
    }
    let app = apps::find(tx, app_id).await?;
    let app = app.filter(|app| account_id.is_none_or(|id| *id == app.account_id));
    let app = app.ok_or(LimitsError::AppUnknown)?;
    actor.may(permission, &app.account_id)?;
    Ok(app)
}

async fn present(
    context: &Context,
    tx: &mut Transaction,
    app: App,
) -> Result<AppLimits, LimitsError> {
    let at = context.now();
    let mut in_force = Vec::with_capacity(2);
    for kind in [LimitKind::AppMinute, LimitKind::AppDay] {
        let window = kind.window(at);
        in_force.push(InForce {
            max: max(context, kind, &app.limits),
            used: limit_counters::used(tx, kind, app.id.as_str(), window).await?,
            window,
        });
    }
    let [minute, day] = <[InForce; 2]>::try_from(in_force).expect("two kinds were looked at");
    Ok(AppLimits {
        app_id: app.id,
        own: app.limits,
        calls_count: app.calls_count,
        minute,
        day,
    })
}

/// The configured limits, for whoever may look at an account.
pub fn configured<'a>(
    context: &'a Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<&'a Limits, Denied> {
    actor.may(Permission::Read, account_id)?;
    Ok(&context.settings().limits)
}
