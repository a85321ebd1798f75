//! `zhenren admin application`: applications for access.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::application::{ApplicationState, Wished};
use zhenren_domain::ids::ApplicationId;
use zhenren_usecases::applications::decide::{self, Verdict};
use zhenren_usecases::applications::{Application, ApplicationError, form, read, submit};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;

use crate::commands::verify::read_limited;
use crate::exit::{Exit, sentence};

/// Limit: bytes of a form.
const FORM_BYTES_MAX: u64 = 64 * 1024;
/// Limit: applications that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin application`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// Submit a form.
    Submit(Submit),
    /// List applications of one account or of all.
    List(List),
    /// Print an application with its form, as JSON.
    Show(One),
    /// Give the apps of an application access.
    Approve(Approve),
    /// Refuse an application.
    Refuse(Refuse),
}

/// `zhenren admin application submit`.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The account that applies.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// The form, a JSON file; docs/ACCOUNTS.md lists its fields.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

/// `zhenren admin application list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this account.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
    /// Only those that are `submitted`, `approved` or `refused`.
    #[arg(long, value_parser = state)]
    state: Option<ApplicationState>,
}

/// One application.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Whose it is.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// Its id.
    #[arg(value_name = "APL_ID")]
    id: String,
}

/// `zhenren admin application approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    one: One,
    /// Calls per minute of each app; the form's peak, at least 60, without it.
    #[arg(long)]
    minute_calls_max: Option<u64>,
    /// Calls per day of each app; the configured default without it.
    #[arg(long)]
    day_calls_max: Option<u64>,
    /// Verifications of the test app in all; the configured quota without it.
    #[arg(long)]
    calls_quota: Option<u64>,
}

/// `zhenren admin application refuse`.
#[derive(Debug, Args)]
pub(crate) struct Refuse {
    #[command(flatten)]
    one: One,
    /// Why, in words for the applicant.
    #[arg(long)]
    reason: String,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: ApplicationCommand) -> Result<Exit> {
    match command {
        ApplicationCommand::Submit(args) => submit(context, &args).await,
        ApplicationCommand::List(args) => list(context, &args).await,
        ApplicationCommand::Show(one) => {
            let account_id = super::account_of(&one.account)?;
            let found = read::find(context, &Actor::CommandLine, &account_id, &id(&one)?)
                .await
                .map_err(refused)?;
            tell(&found);
            say!("{:#}", form::write(&found.form));
            Ok(Exit::Good)
        }
        ApplicationCommand::Approve(args) => {
            let wished = Wished {
                minute_calls_max: args.minute_calls_max,
                day_calls_max: args.day_calls_max,
                calls_quota: args.calls_quota,
            };
            decide(context, &args.one, Verdict::Approve(wished)).await
        }
        ApplicationCommand::Refuse(args) => {
            decide(context, &args.one, Verdict::Refuse(args.reason)).await
        }
    }
}

async fn submit(context: &Context, args: &Submit) -> Result<Exit> {
    let account_id = super::account_of(&args.account)?;
    let bytes = read_limited(&args.file, FORM_BYTES_MAX)?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|error| sentence(Exit::Usage, format!("--file is no JSON: {error}")))?;
    let made = submit::submit(context, &Actor::CommandLine, &account_id, &value)
        .await
        .map_err(refused)?;
    tell(&made);
    Ok(Exit::Good)
}

async fn list(context: &Context, args: &List) -> Result<Exit> {
    let account_id = args.account.as_deref().map(super::account_of).transpose()?;
    let mut after = String::new();
    loop {
        let wanted = read::wanted(account_id.as_ref(), args.state, &after, PAGE);
        let found = read::list(context, &Actor::CommandLine, &wanted)
            .await
            .map_err(refused)?;
        for application in &found {
            tell(application);
        }
        match found.last() {
            Some(last) => after = last.row.id.to_string(),
            None => return Ok(Exit::Good),
        }
    }
}

async fn decide(context: &Context, one: &One, verdict: Verdict) -> Result<Exit> {
    let account_id = super::account_of(&one.account)?;
    let id = id(one)?;
    let found = decide::decide(context, &Actor::CommandLine, (&account_id, &id), &verdict)
        .await
        .map_err(refused)?;
    tell(&found);
    Ok(Exit::Good)
}

/// One line: no names and no telephones.
fn tell(application: &Application) {
    let row = &application.row;
    let state = row.state.name();
    say!(
        "{}  {state}  {}  {}",
        row.id,
        row.account_id,
        row.formal_app_id
    );
}

fn id(one: &One) -> Result<ApplicationId> {
    ApplicationId::parse(&one.id)
        .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", one.id)))
}

fn state(name: &str) -> Result<ApplicationState, String> {
    ApplicationState::from_name(name)
        .ok_or_else(|| String::from("write submitted, approved or refused"))
}

fn refused(error: ApplicationError) -> anyhow::Error {
    match error {
        ApplicationError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        ApplicationError::Denied(_)
        | ApplicationError::Unknown
        | ApplicationError::Fields(_)
        | ApplicationError::Waiting
        | ApplicationError::Decided => sentence(
            Exit::Usage,
            error.sentence().trim_end_matches('.').to_owned(),
        ),
    }
}
