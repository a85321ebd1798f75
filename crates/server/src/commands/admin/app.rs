//! `zhenren admin app`: the apps of an account, their secrets and address ranges. New ones are
//! made with `create-app`.

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_domain::wish::Wish;
use zhenren_usecases::apps::update::{self, Change};
use zhenren_usecases::apps::{App, AppError, address_ranges, freeze, read, secrets};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;

use super::challenge::{ChallengeArgs, line};
use crate::exit::{Exit, sentence};

/// Limit: apps that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin app`.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// List the apps of an account.
    List(List),
    /// Show what an app asks of people, or replace it.
    Challenge(Challenge),
    /// Kill the secrets and tokens of an app until it is unfrozen.
    Freeze(One),
    /// Bring the secrets and tokens of an app back.
    Unfreeze(One),
    /// List the secrets of an app by id, never their texts.
    Secrets(One),
    /// Make another secret and print it, once; at most two are valid.
    AddSecret(One),
    /// Make a secret worthless.
    RevokeSecret(RevokeSecret),
    /// Show or replace the address ranges an app may call from.
    AddressRanges(Ranges),
}

/// `zhenren admin app list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// One app.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Whose it is.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// Its id.
    #[arg(value_name = "APP_ID")]
    id: String,
}

/// `zhenren admin app challenge`.
#[derive(Debug, Args)]
pub(crate) struct Challenge {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    wish: ChallengeArgs,
    /// Go back to the operator's challenge.
    #[arg(long)]
    none: bool,
}

/// `zhenren admin app revoke-secret`.
#[derive(Debug, Args)]
pub(crate) struct RevokeSecret {
    #[command(flatten)]
    one: One,
    /// The secret's id.
    #[arg(value_name = "SEC_ID")]
    secret: String,
}

/// `zhenren admin app address-ranges`.
#[derive(Debug, Args)]
pub(crate) struct Ranges {
    #[command(flatten)]
    one: One,
    /// The new ranges, such as 192.0.2.0/24; without any the present ones are shown.
    #[arg(long, value_name = "RANGE", num_args = 1.., conflicts_with = "none")]
    set: Vec<String>,
    /// Let the app call from everywhere.
    #[arg(long)]
    none: bool,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: AppCommand) -> Result<Exit> {
    match command {
        AppCommand::List(args) => list(context, &super::account_of(&args.account)?).await,
        AppCommand::Challenge(args) => challenge(context, &args).await,
        AppCommand::Freeze(one) => set_frozen(context, &one, true).await,
        AppCommand::Unfreeze(one) => set_frozen(context, &one, false).await,
        AppCommand::Secrets(one) => list_secrets(context, &one).await,
        AppCommand::AddSecret(one) => {
            let (account_id, id) = ids(&one)?;
            let made = secrets::make(context, &Actor::CommandLine, &account_id, &id)
                .await
                .map_err(refused)?;
            say!("id      {}", made.id);
            say!("secret  {}", made.secret);
            eprintln!("the secret is shown this once; only its digest is kept");
            Ok(Exit::Good)
        }
        AppCommand::RevokeSecret(args) => {
            let (account_id, id) = ids(&args.one)?;
            let secret_id = SecretId::parse(&args.secret)
                .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", args.secret)))?;
            let names = (&account_id, &id);
            secrets::revoke(context, &Actor::CommandLine, names, &secret_id)
                .await
                .map_err(refused)?;
            list_secrets(context, &args.one).await
        }
        AppCommand::AddressRanges(args) => ranges(context, &args).await,
    }
}

async fn list(context: &Context, account_id: &AccountId) -> Result<Exit> {
    let mut after = String::new();
    loop {
        let found = read::list(context, &Actor::CommandLine, account_id, &after, PAGE)
            .await
            .map_err(refused)?;
        found.iter().for_each(tell);
        match found.last() {
            Some(last) => after = last.id.to_string(),
            None => return Ok(Exit::Good),
        }
    }
}

/// Without any flag it is only shown; a flag replaces the whole.
async fn challenge(context: &Context, args: &Challenge) -> Result<Exit> {
    let (account_id, id) = ids(&args.one)?;
    let wish = args.wish.wish()?;
    let actor = &Actor::CommandLine;
    let is_empty = wish == Wish::default();
    let found = match (args.none, is_empty) {
        (true, false) => {
            let text = "give --none or what the app asks for, not both";
            return Err(sentence(Exit::Usage, text.to_owned()));
        }
        (false, true) => read::find(context, actor, &account_id, &id).await,
        (true, true) | (false, false) => {
            let change = Change {
                challenge: Some(wish),
                ..Change::default()
            };
            update::update(context, actor, (&account_id, &id), &change).await
        }
    };
    let app = found.map_err(refused)?;
    say!("{}  {}", app.id, line(&app.challenge));
    Ok(Exit::Good)
}

async fn set_frozen(context: &Context, one: &One, is_frozen: bool) -> Result<Exit> {
    let (account_id, id) = ids(one)?;
    let names = (&account_id, &id);
    let app = freeze::set(context, &Actor::CommandLine, names, is_frozen)
        .await
        .map_err(refused)?;
    tell(&app);
    Ok(Exit::Good)
}

async fn list_secrets(context: &Context, one: &One) -> Result<Exit> {
    let (account_id, id) = ids(one)?;
    let found = secrets::list(context, &Actor::CommandLine, &account_id, &id)
        .await
        .map_err(refused)?;
    for secret in found {
        let state = secret.revoked_at.map(|at| format!("revoked {at}"));
        let state = state.unwrap_or_else(|| String::from("valid"));
        say!("{}  {}  {state}", secret.id, secret.created_at);
    }
    Ok(Exit::Good)
}

async fn ranges(context: &Context, args: &Ranges) -> Result<Exit> {
    let (account_id, id) = ids(&args.one)?;
    let actor = &Actor::CommandLine;
    let found = if args.none || !args.set.is_empty() {
        address_ranges::set(context, actor, (&account_id, &id), &args.set).await
    } else {
        address_ranges::list(context, actor, &account_id, &id).await
    };
    for range in found.map_err(refused)? {
        say!("{range}");
    }
    Ok(Exit::Good)
}

fn tell(app: &App) {
    let access = match (app.frozen_at.is_some(), app.entitled) {
        (true, _) => "frozen",
        (false, true) => "access",
        (false, false) => "no access",
    };
    say!("{}  {:<6}  {access}  {}", app.id, app.kind.name(), app.name);
}

fn ids(one: &One) -> Result<(AccountId, AppId)> {
    let id = AppId::parse(&one.id)
        .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", one.id)))?;
    Ok((super::account_of(&one.account)?, id))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` hands over"
)]
fn refused(error: AppError) -> anyhow::Error {
    match error {
        AppError::Fault(ref fault) => sentence(Exit::Failure, fault.chain()),
        AppError::Denied(_)
        | AppError::Unknown
        | AppError::NameInvalid
        | AppError::ChallengeInvalid(_)
        | AppError::SecretsFull
        | AppError::RangeInvalid(_)
        | AppError::TooManyRanges => sentence(Exit::Usage, error.to_string()),
    }
}
