//! `zhenren admin space`: service spaces of an account, their secrets, and which of them may call.

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::ids::{AccountId, SecretId, SpaceId};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::spaces::{SpaceError, allow_list, manage, secrets};

use crate::exit::{Exit, sentence};

/// Limit: no account has more.
const PAGE: u32 = 200;

/// `zhenren admin space`.
#[derive(Debug, Subcommand)]
pub(crate) enum SpaceCommand {
    /// Make a space and print its secret, once.
    Create(Create),
    /// List the spaces of an account.
    List(Whose),
    /// Remove a space that is not on the allow list.
    Remove(One),
    /// List the secrets of a space by id, never their texts.
    Secrets(One),
    /// Make another secret and print it, once; at most two are valid.
    AddSecret(One),
    /// Make a secret worthless.
    RevokeSecret(RevokeSecret),
    /// Show or replace the list of spaces that may call.
    AllowList(AllowList),
}

/// Whose spaces.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// `zhenren admin space create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    whose: Whose,
    /// What people call it.
    #[arg(long)]
    name: String,
}

/// One space.
#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    whose: Whose,
    /// Its id.
    #[arg(value_name = "SPC_ID")]
    id: String,
}

/// `zhenren admin space revoke-secret`.
#[derive(Debug, Args)]
pub(crate) struct RevokeSecret {
    #[command(flatten)]
    one: One,
    /// The secret's id.
    #[arg(value_name = "SEC_ID")]
    secret: String,
}

/// `zhenren admin space allow-list`.
#[derive(Debug, Args)]
pub(crate) struct AllowList {
    #[command(flatten)]
    whose: Whose,
    /// The spaces that may call from now on; without any the present list is shown.
    #[arg(long, value_name = "SPC_ID", num_args = 1.., conflicts_with = "none")]
    set: Vec<String>,
    /// Empty the list: every space may call.
    #[arg(long)]
    none: bool,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: SpaceCommand) -> Result<Exit> {
    let actor = &Actor::CommandLine;
    match command {
        SpaceCommand::Create(args) => {
            let account_id = super::account_of(&args.whose.account)?;
            let (space, secret) = manage::create(context, actor, &account_id, &args.name)
                .await
                .map_err(refused)?;
            say!("space   {}", space.id);
            say!("secret  {}", secret.secret);
            eprintln!("the secret is shown this once; only its digest is kept");
        }
        SpaceCommand::List(whose) => {
            let account_id = super::account_of(&whose.account)?;
            let found = manage::list(context, actor, &account_id, "", PAGE).await;
            for space in found.map_err(refused)? {
                say!("{}  {}", space.id, space.name);
            }
        }
        SpaceCommand::Remove(one) => {
            let (account_id, id) = ids(&one)?;
            let space = manage::remove(context, actor, &account_id, &id)
                .await
                .map_err(refused)?;
            say!("removed  {}", space.id);
        }
        SpaceCommand::Secrets(one) => list_secrets(context, &one).await?,
        SpaceCommand::AddSecret(one) => {
            let (account_id, id) = ids(&one)?;
            let made = secrets::make(context, actor, &account_id, &id)
                .await
                .map_err(refused)?;
            say!("id      {}", made.id);
            say!("secret  {}", made.secret);
            eprintln!("the secret is shown this once; only its digest is kept");
        }
        SpaceCommand::RevokeSecret(args) => {
            let (account_id, id) = ids(&args.one)?;
            let secret_id = SecretId::parse(&args.secret)
                .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", args.secret)))?;
            secrets::revoke(context, actor, (&account_id, &id), &secret_id)
                .await
                .map_err(refused)?;
            list_secrets(context, &args.one).await?;
        }
        SpaceCommand::AllowList(args) => show_or_set(context, &args).await?,
    }
    Ok(Exit::Good)
}

async fn list_secrets(context: &Context, one: &One) -> Result<()> {
    let (account_id, id) = ids(one)?;
    let found = secrets::list(context, &Actor::CommandLine, &account_id, &id)
        .await
        .map_err(refused)?;
    for secret in found {
        let state = secret.revoked_at.map(|at| format!("revoked {at}"));
        let state = state.unwrap_or_else(|| String::from("valid"));
        say!("{}  {}  {state}", secret.id, secret.created_at);
    }
    Ok(())
}

async fn show_or_set(context: &Context, args: &AllowList) -> Result<()> {
    let account_id = super::account_of(&args.whose.account)?;
    let actor = &Actor::CommandLine;
    let found = if args.none || !args.set.is_empty() {
        allow_list::set(context, actor, &account_id, &args.set).await
    } else {
        allow_list::read(context, actor, &account_id).await
    };
    for id in found.map_err(refused)? {
        say!("{id}");
    }
    Ok(())
}

fn ids(one: &One) -> Result<(AccountId, SpaceId)> {
    let id = SpaceId::parse(&one.id)
        .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", one.id)))?;
    Ok((super::account_of(&one.whose.account)?, id))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` hands over"
)]
fn refused(error: SpaceError) -> anyhow::Error {
    match error {
        SpaceError::Fault(ref fault) => sentence(Exit::Failure, fault.chain()),
        SpaceError::Denied(_)
        | SpaceError::Unknown
        | SpaceError::NameInvalid
        | SpaceError::Listed
        | SpaceError::SecretsFull
        | SpaceError::ListedUnknown
        | SpaceError::TooMany => sentence(Exit::Usage, error.to_string()),
    }
}
