//! `zhenren admin create-app`: an app and, when none is named, an account for it.

use anyhow::Result;
use clap::Args;
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::tenants::AppKind;
use zhenren_usecases::tenants::create_app::{self, CreateError, NewApp};

use super::challenge::ChallengeArgs;
use crate::exit::{Exit, sentence};

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct CreateApp {
    /// The account it belongs to; a new account is made without it.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
    /// What people see on the capture page.
    #[arg(long)]
    name: String,
    /// A test app: its verifications are counted against a quota.
    #[arg(long)]
    test: bool,
    /// Give it access without an application.
    #[arg(long)]
    grant: bool,
    #[command(flatten)]
    challenge: ChallengeArgs,
}

/// Makes the app and prints its secret, once.
pub(super) async fn run(context: &Context, args: &CreateApp) -> Result<Exit> {
    let account = args.account.as_deref().map(super::account_of).transpose()?;
    let kind = if args.test {
        AppKind::Test
    } else {
        AppKind::Formal
    };
    let new = NewApp {
        kind,
        is_granted: args.grant,
        challenge: args.challenge.wish()?,
        ..NewApp::named(account, &args.name)
    };
    let created = create_app::create(context, &Actor::CommandLine, new)
        .await
        .map_err(|error| match error {
            CreateError::Fault(ref fault) => sentence(Exit::Failure, fault.chain()),
            CreateError::Denied(_)
            | CreateError::AccountUnknown
            | CreateError::NameInvalid
            | CreateError::ChallengeInvalid(_) => sentence(Exit::Usage, error.to_string()),
        })?;
    say!("account  {}", created.account_id);
    say!("appid    {}", created.app_id);
    say!("secret   {}", created.secret);
    eprintln!("the secret is shown this once; only its digest is kept");
    Ok(Exit::Good)
}
