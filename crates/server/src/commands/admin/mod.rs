//! `zhenren admin`: what an operator does at the machine. One file for each noun (or older single
//! command) with what can be typed and what it does; it acts as `Actor::CommandLine`.
//!
//! Knows no rule: the use cases it calls are those of `/v1/account/…`.

mod account;
mod agreement;
mod app;
mod application;
mod audit;
mod balance;
mod billing;
mod challenge;
mod create_app;
mod create_key;
mod enrol;
mod key;
mod ledger;
mod limits;
mod lines;
mod operator;
mod recharge;
mod records;
mod space;
mod statistics;
mod tariff;
mod token;

use anyhow::Result;
use clap::Subcommand;
use zhenren_domain::ids::AccountId;
use zhenren_usecases::context::Context;

use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::wiring;

/// `zhenren admin`.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Accounts, and who really holds them.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Versions of the agreement; accepting one opens an account.
    #[command(subcommand)]
    Agreement(agreement::AgreementCommand),
    /// Applications for access.
    #[command(subcommand)]
    Application(application::ApplicationCommand),
    /// Apps, their secrets and address ranges.
    #[command(subcommand)]
    App(app::AppCommand),
    /// Service spaces, their secrets and the allow list.
    #[command(subcommand)]
    Space(space::SpaceCommand),
    /// Make an app and print its secret, once.
    CreateApp(create_app::CreateApp),
    /// Put money on an account.
    Recharge(recharge::Recharge),
    /// Enrol a person, or replace the photograph of one.
    Enrol(enrol::Enrol),
    /// Make a master key file for production.
    CreateKey(create_key::CreateKey),
    /// The master keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// How often an app may call.
    #[command(subcommand)]
    Limits(limits::LimitsCommand),
    /// The people who run the platform.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Who changed what.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// How an account stands: money, agreement year, prices.
    Balance(balance::Balance),
    /// Every move of money of an account, newest first.
    Ledger(ledger::Ledger),
    /// What an account asked on one day of the last thirty.
    Records(records::Records),
    /// What each day of an account added up to.
    Statistics(statistics::Statistics),
    /// Prices for the time to come.
    #[command(subcommand)]
    Tariff(tariff::TariffCommand),
    /// Whether an account pays for attacks as well.
    #[command(subcommand)]
    Billing(billing::BillingCommand),
    /// Tokens with which a tenant's own programs run its account.
    #[command(subcommand)]
    Token(token::TokenCommand),
}

/// Runs one of them.
pub(crate) async fn run(config: &Config, command: AdminCommand) -> Result<Exit> {
    match command {
        AdminCommand::CreateKey(args) => create_key::run(&args),
        AdminCommand::Enrol(args) => enrol::run(config, &args).await,
        AdminCommand::Key(command) => key::run(config, &command).await,
        AdminCommand::Account(command) => account::run(&open(config).await?, command).await,
        AdminCommand::Agreement(command) => agreement::run(&open(config).await?, command).await,
        AdminCommand::Application(command) => application::run(&open(config).await?, command).await,
        AdminCommand::App(command) => app::run(&open(config).await?, command).await,
        AdminCommand::Space(command) => space::run(&open(config).await?, command).await,
        AdminCommand::CreateApp(args) => create_app::run(&open(config).await?, &args).await,
        AdminCommand::Recharge(args) => recharge::run(&open(config).await?, &args).await,
        AdminCommand::Limits(command) => limits::run(&open(config).await?, command).await,
        AdminCommand::Operator(command) => operator::run(&open(config).await?, command).await,
        AdminCommand::Audit(command) => audit::run(&open(config).await?, command).await,
        AdminCommand::Balance(args) => balance::run(&open(config).await?, &args).await,
        AdminCommand::Ledger(args) => ledger::run(&open(config).await?, &args).await,
        AdminCommand::Records(args) => records::run(&open(config).await?, args).await,
        AdminCommand::Statistics(args) => statistics::run(&open(config).await?, &args).await,
        AdminCommand::Tariff(command) => tariff::run(&open(config).await?, command).await,
        AdminCommand::Billing(command) => billing::run(&open(config).await?, command).await,
        AdminCommand::Token(command) => token::run(&open(config).await?, command).await,
    }
}

/// A context over an upgraded database, without an engine.
async fn open(config: &Config) -> Result<Context> {
    let context = wiring::context(config, None).await?;
    context.pool().migrate(context.now()).await?;
    Ok(context)
}

/// The account that `--account` names.
fn account_of(text: &str) -> Result<AccountId> {
    AccountId::parse(text)
        .map_err(|error| sentence(Exit::Usage, format!("--account {text}: {error}")))
}
