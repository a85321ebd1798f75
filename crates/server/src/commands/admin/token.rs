//! `zhenren admin token`: tokens with which a tenant's own programs run its account.

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use zhenren_domain::ids::AccountTokenId;
use zhenren_domain::roles::Scope;
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::create_token::{self, CreateError, NewToken};
use zhenren_usecases::operators::list_tokens::{self, ListError};
use zhenren_usecases::operators::revoke_token::{self, RevokeError};

use crate::exit::{Exit, sentence};

/// Limit: tokens that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin token`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, once.
    Create(Create),
    /// List the tokens of an account, never their texts.
    List(List),
    /// Make a token worthless.
    Revoke(Revoke),
}

/// `zhenren admin token create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The account it runs.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// What people call it.
    #[arg(long)]
    name: String,
    /// `manage` or `read`.
    #[arg(long, default_value = "read", value_parser = scope)]
    scope: Scope,
    /// When it ends by itself, in RFC 3339; never without it.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
}

/// `zhenren admin token list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// `zhenren admin token revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// The token's id.
    #[arg(value_name = "TOK_ID")]
    id: String,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: TokenCommand) -> Result<Exit> {
    match command {
        TokenCommand::Create(args) => create(context, &args).await,
        TokenCommand::List(args) => list(context, &args).await,
        TokenCommand::Revoke(args) => revoke(context, &args).await,
    }
}

async fn create(context: &Context, args: &Create) -> Result<Exit> {
    let account_id = super::account_of(&args.account)?;
    let new = NewToken {
        name: &args.name,
        scope: args.scope,
        expires_at: args.expires_at,
    };
    let made = create_token::create(context, &Actor::CommandLine, &account_id, &new)
        .await
        .map_err(|error| match error {
            CreateError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            refused @ (CreateError::Denied(_)
            | CreateError::AccountUnknown
            | CreateError::NameInvalid
            | CreateError::EndsInThePast
            | CreateError::ReachesFurther) => sentence(Exit::Usage, refused.to_string()),
        })?;
    say!("id     {}", made.token.id);
    say!("token  {}", made.text);
    eprintln!("the token is shown this once; only its keyed hash is kept");
    Ok(Exit::Good)
}

async fn list(context: &Context, args: &List) -> Result<Exit> {
    let account_id = super::account_of(&args.account)?;
    let mut after = None;
    loop {
        let tokens = list_tokens::list(
            context,
            &Actor::CommandLine,
            &account_id,
            after.take(),
            PAGE,
        )
        .await
        .map_err(|error| match error {
            ListError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            refused @ ListError::Denied(_) => sentence(Exit::Usage, refused.to_string()),
        })?;
        for token in &tokens {
            let state = match (token.revoked_at, token.expires_at) {
                (Some(at), _) => format!("revoked {at}"),
                (None, Some(at)) => format!("until {at}"),
                (None, None) => String::from("without end"),
            };
            let (id, scope, name) = (&token.id, token.scope.name(), &token.name);
            say!("{id}  {scope:<6}  {state}  {name}");
        }
        match tokens.last() {
            Some(last) => after = Some((last.created_at, last.id.clone())),
            None => return Ok(Exit::Good),
        }
    }
}

async fn revoke(context: &Context, args: &Revoke) -> Result<Exit> {
    let account_id = super::account_of(&args.account)?;
    let id = AccountTokenId::parse(&args.id)
        .map_err(|error| sentence(Exit::Usage, format!("{}: {error}", args.id)))?;
    revoke_token::revoke(context, &Actor::CommandLine, &account_id, &id)
        .await
        .map_err(|error| match error {
            RevokeError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            refused @ (RevokeError::Denied(_) | RevokeError::TokenUnknown) => {
                sentence(Exit::Usage, refused.to_string())
            }
        })?;
    say!("revoked  {id}");
    Ok(Exit::Good)
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::from_name(name).ok_or_else(|| String::from("write manage or read"))
}
