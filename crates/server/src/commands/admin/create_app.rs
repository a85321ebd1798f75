//! `zhenren admin create-app`: an app and, when none is named, an account for it.

use anyhow::Result;
use clap::Args;
use zhenren_usecases::context::Context;
use zhenren_usecases::tenants::create_app;

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
}

/// Makes the app and prints its secret, once.
pub(super) async fn run(context: &Context, args: &CreateApp) -> Result<Exit> {
    let account = args.account.as_deref().map(super::account_of).transpose()?;
    let created = create_app::create(context, account, &args.name)
        .await?
        .ok_or_else(|| {
            sentence(
                Exit::Usage,
                "there is no such account, or the name is empty",
            )
        })?;
    say!("account  {}", created.account_id);
    say!("appid    {}", created.app_id);
    say!("secret   {}", created.secret);
    eprintln!("the secret is shown this once; only its digest is kept");
    Ok(Exit::Good)
}
