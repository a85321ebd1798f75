//! `zhenren migrate` and `zhenren admin`: what an operator does at the machine.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use zhenren_domain::ids::AccountId;
use zhenren_domain::money::Fen;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::recharge::{self, RechargeError};
use zhenren_usecases::people::enrol::{self, EnrolError};
use zhenren_usecases::tenants::{create_app, demo};
use zhenren_vault::Vault;

use super::verify::{PHOTO_BYTES_MAX, photo_sentence, read_limited};
use crate::cli::AdminCommand;
use crate::config::{Config, Profile};
use crate::exit::{Exit, sentence};
use crate::wiring;

/// Creates or upgrades the tables.
pub(crate) async fn migrate(config: &Config) -> Result<Exit> {
    let pool = wiring::pool(config).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "there is no context before there are tables"
    )]
    let applied = pool.migrate(jiff::Timestamp::now()).await?;
    say!(
        "{applied} migration(s) applied, schema {}",
        zhenren_store::SCHEMA_VERSION
    );
    Ok(Exit::Good)
}

/// Runs one of the `admin` commands.
pub(crate) async fn run(config: &Config, command: AdminCommand) -> Result<Exit> {
    match command {
        AdminCommand::CreateKey { path } => create_key(&path),
        AdminCommand::CreateApp { account, name } => {
            let context = open(config).await?;
            create_app(&context, account.as_deref(), &name).await
        }
        AdminCommand::Recharge {
            account,
            fen,
            reference,
        } => {
            let context = open(config).await?;
            recharge(&context, &account, fen, &reference).await
        }
        AdminCommand::Enrol {
            account,
            name,
            id_number,
            photo,
        } => {
            let bytes = read_limited(&photo, PHOTO_BYTES_MAX)?;
            let analyzer = wiring::analyzer(config)?;
            let context = wiring::context(config, Some(Arc::clone(&analyzer))).await?;
            context.pool().migrate(context.now()).await?;
            if config.profile == Profile::Development {
                demo::ensure(&context).await?;
            }
            let account = account_of(account.as_deref())?;
            enrol(
                &context,
                &account,
                &Person { name, id_number },
                &photo,
                bytes,
            )
            .await
        }
    }
}

async fn open(config: &Config) -> Result<Context> {
    let context = wiring::context(config, None).await?;
    context.pool().migrate(context.now()).await?;
    Ok(context)
}

fn account_of(text: Option<&str>) -> Result<AccountId> {
    match text {
        None => Ok(demo::account_id()),
        Some(text) => AccountId::parse(text)
            .map_err(|error| sentence(Exit::Usage, format!("--account {text}: {error}"))),
    }
}

fn create_key(path: &Path) -> Result<Exit> {
    if path.exists() {
        let text = format!("{} is there already; it is not overwritten", path.display());
        return Err(sentence(Exit::Usage, text));
    }
    wiring::make_folder_of(path)?;
    Vault::load_or_create(path).context("the key file cannot be made")?;
    say!("{} made; back it up apart from the data", path.display());
    Ok(Exit::Good)
}

async fn create_app(context: &Context, account: Option<&str>, name: &str) -> Result<Exit> {
    let account = account.map(|text| account_of(Some(text))).transpose()?;
    let created = create_app::create(context, account, name)
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

async fn recharge(context: &Context, account: &str, fen: i64, reference: &str) -> Result<Exit> {
    let account = account_of(Some(account))?;
    let amount = Fen::new(fen).map_err(|error| sentence(Exit::Usage, error.to_string()))?;
    let balance = recharge::recharge(context, &account, amount, reference)
        .await
        .map_err(|error| match error {
            RechargeError::AccountUnknown => sentence(Exit::Usage, "there is no such account"),
            RechargeError::TooSmall => sentence(Exit::Usage, "the smallest recharge is 100 fen"),
            RechargeError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        })?;
    say!("available  {}", balance.available);
    say!("frozen     {}", balance.frozen);
    say!("spent      {}", balance.spent);
    Ok(Exit::Good)
}

struct Person {
    name: String,
    id_number: String,
}

async fn enrol(
    context: &Context,
    account: &AccountId,
    person: &Person,
    path: &Path,
    photo: Vec<u8>,
) -> Result<Exit> {
    let Person { name, id_number } = person;
    let enrolled = enrol::enrol_for(context, account, name, id_number, photo)
        .await
        .map_err(|error| match error {
            EnrolError::NameInvalid => sentence(Exit::Usage, "--name must have 1 to 64 characters"),
            EnrolError::NumberInvalid(error) => {
                sentence(Exit::Usage, format!("--id-number: {error}"))
            }
            EnrolError::Photo(refused) => photo_sentence(path, &refused),
            EnrolError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        })?;
    let verb = if enrolled.replaced {
        "replaced"
    } else {
        "enrolled"
    };
    say!("{verb}  {}", enrolled.id);
    Ok(Exit::Good)
}
