//! `zhenren admin limits`: how often an app may call.

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::ids::AppId;
use zhenren_usecases::context::Context;
use zhenren_usecases::limits::app::{self, AppLimits, CallLimits, InForce, LimitsError};
use zhenren_usecases::operators::actor::Actor;

use crate::exit::{Exit, sentence};

/// `zhenren admin limits`.
#[derive(Debug, Subcommand)]
pub(crate) enum LimitsCommand {
    /// Show the limits of an app and what was used of them.
    Show(Show),
    /// Replace the limits of an app; what is not given takes the configured default.
    Set(Set),
}

/// `zhenren admin limits show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The app.
    #[arg(long, value_name = "APP_ID")]
    app: String,
}

/// `zhenren admin limits set`.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The app.
    #[arg(long, value_name = "APP_ID")]
    app: String,
    /// Calls a minute; 0 for no limit.
    #[arg(long, value_name = "CALLS")]
    minute: Option<u64>,
    /// Calls a day of Asia/Shanghai; 0 for no limit.
    #[arg(long, value_name = "CALLS")]
    day: Option<u64>,
    /// Verifications it may open in all; no quota without it.
    #[arg(long, value_name = "CALLS")]
    quota: Option<u64>,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: LimitsCommand) -> Result<Exit> {
    let actor = Actor::CommandLine;
    let found = match command {
        LimitsCommand::Show(args) => app::show(context, &actor, None, &id(&args.app)?).await,
        LimitsCommand::Set(args) => {
            let own = CallLimits {
                minute_calls_max: args.minute,
                day_calls_max: args.day,
                calls_quota: args.quota,
            };
            app::set(context, &actor, None, &id(&args.app)?, own).await
        }
    };
    let found = found.map_err(|error| match error {
        LimitsError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        refused @ (LimitsError::Denied(_) | LimitsError::AppUnknown | LimitsError::OutOfRange) => {
            sentence(Exit::Usage, refused.to_string())
        }
    })?;
    print(&found);
    Ok(Exit::Good)
}

fn id(text: &str) -> Result<AppId> {
    AppId::parse(text).map_err(|error| sentence(Exit::Usage, format!("--app {text}: {error}")))
}

fn print(found: &AppLimits) {
    let line = |name: &str, own: Option<u64>, limit: &InForce| {
        let max = limit
            .max
            .map_or("no limit".to_owned(), |max| max.to_string());
        let whose = if own.is_some() { "own" } else { "default" };
        say!(
            "{name}  {max} ({whose}), used {} until {}",
            limit.used,
            limit.window.until
        );
    };
    say!("app     {}", found.app_id);
    line("minute", found.own.minute_calls_max, &found.minute);
    line("day   ", found.own.day_calls_max, &found.day);
    if let Some(quota) = found.own.calls_quota {
        say!("quota   {quota}, used {}", found.calls_count);
    } else {
        say!("quota   none");
    }
}
