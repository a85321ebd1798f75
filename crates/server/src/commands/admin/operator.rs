//! `zhenren admin operator`: the people who run the platform. The first owner is made here.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::Role;
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::SecretText;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::change_operator::{self, Change, ChangeError, Password};
use zhenren_usecases::operators::create_operator::{self, CreateError, NewPerson};
use zhenren_usecases::operators::list_operators::{self, ListError, Operator};

use super::lines;
use crate::exit::{Exit, sentence};

/// Limit: operators that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin operator`.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Make an operator.
    Create(Create),
    /// List the operators.
    List,
    /// Give an operator another role.
    SetRole(SetRole),
    /// Keep an operator from signing in, at once.
    Disable(Named),
    /// Let an operator sign in again; lifts the lock of failed sign-ins as well.
    Enable(Named),
    /// Set another password, and sign the operator out everywhere.
    SetPassword(SetPassword),
}

/// `zhenren admin operator create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What is typed at the sign-in.
    #[arg(long)]
    login: String,
    /// `owner`, `finance`, `reviewer` or `read_only`.
    #[arg(long, value_parser = role)]
    role: Role,
    #[command(flatten)]
    password: PasswordSource,
}

/// Where the password comes from. Nothing asks for it, and it never is an argument: arguments are
/// seen by everybody on the machine.
#[derive(Debug, Args)]
pub(crate) struct PasswordSource {
    /// A file with the password in its first line (`-` for standard input); one is made up and
    /// printed once without it.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The login.
    #[arg(long)]
    login: String,
}

/// `zhenren admin operator set-role`.
#[derive(Debug, Args)]
pub(crate) struct SetRole {
    #[command(flatten)]
    named: Named,
    /// `owner`, `finance`, `reviewer` or `read_only`.
    #[arg(long, value_parser = role)]
    role: Role,
}

/// `zhenren admin operator set-password`.
#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    password: PasswordSource,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: OperatorCommand) -> Result<Exit> {
    match command {
        OperatorCommand::Create(args) => create(context, &args).await,
        OperatorCommand::List => list(context).await,
        OperatorCommand::SetRole(args) => {
            let role = Some(args.role);
            change(
                context,
                &args.named,
                Change {
                    role,
                    ..Change::default()
                },
            )
            .await
        }
        OperatorCommand::Disable(named) => {
            let is_disabled = Some(true);
            change(
                context,
                &named,
                Change {
                    is_disabled,
                    ..Change::default()
                },
            )
            .await
        }
        OperatorCommand::Enable(named) => {
            let is_disabled = Some(false);
            change(
                context,
                &named,
                Change {
                    is_disabled,
                    ..Change::default()
                },
            )
            .await
        }
        OperatorCommand::SetPassword(args) => {
            let chosen = args.password.read()?.map(Password::Chosen);
            let password = Some(chosen.unwrap_or(Password::MadeUp));
            change(
                context,
                &args.named,
                Change {
                    password,
                    ..Change::default()
                },
            )
            .await
        }
    }
}

async fn create(context: &Context, args: &Create) -> Result<Exit> {
    let new = NewPerson {
        login: &args.login,
        role: args.role,
        password: args.password.read()?,
    };
    let created = create_operator::create(context, &Actor::CommandLine, new)
        .await
        .map_err(|error| match error {
            CreateError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            refused @ (CreateError::Denied(_)
            | CreateError::LoginInvalid(_)
            | CreateError::PasswordRefused(_)
            | CreateError::LoginTaken
            | CreateError::Busy) => sentence(Exit::Usage, refused.to_string()),
        })?;
    print(&created.operator, created.password.as_ref());
    Ok(Exit::Good)
}

async fn list(context: &Context) -> Result<Exit> {
    let mut after: Option<(jiff::Timestamp, OperatorId)> = None;
    loop {
        let operators = list_operators::list(context, &Actor::CommandLine, after.take(), PAGE)
            .await
            .map_err(unlisted)?;
        for operator in &operators {
            let (id, role) = (&operator.id, operator.role.name());
            let state = if operator.disabled_at.is_some() {
                "disabled"
            } else {
                "active"
            };
            say!("{id}  {role:<9}  {state:<8}  {}", operator.login.reveal());
        }
        match operators.last() {
            Some(last) => after = Some((last.created_at, last.id.clone())),
            None => return Ok(Exit::Good),
        }
    }
}

async fn change(context: &Context, named: &Named, change: Change) -> Result<Exit> {
    let actor = Actor::CommandLine;
    let operator = list_operators::find_by_login(context, &actor, &named.login)
        .await
        .map_err(unlisted)?
        .ok_or_else(|| sentence(Exit::Usage, "there is no operator with this login"))?;
    let changed = change_operator::change(context, &actor, &operator.id, &change)
        .await
        .map_err(|error| match error {
            ChangeError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            refused @ (ChangeError::Denied(_)
            | ChangeError::OperatorUnknown
            | ChangeError::LastOwner
            | ChangeError::OwnPassword
            | ChangeError::PasswordRefused(_)
            | ChangeError::Busy) => sentence(Exit::Usage, refused.to_string()),
        })?;
    print(&changed.operator, changed.password.as_ref());
    Ok(Exit::Good)
}

fn unlisted(error: ListError) -> anyhow::Error {
    match error {
        ListError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        ListError::Denied(denied) => sentence(Exit::Usage, denied.to_string()),
    }
}

fn print(operator: &Operator, password: Option<&SecretText>) {
    say!("id        {}", operator.id);
    say!("login     {}", operator.login.reveal());
    say!("role      {}", operator.role.name());
    if let Some(at) = operator.disabled_at {
        say!("disabled  {at}");
    }
    if let Some(password) = password {
        say!("password  {}", password.reveal());
        eprintln!("the password is shown this once; change it after the first sign-in");
    }
}

impl PasswordSource {
    /// The first line of the file, without its end.
    fn read(&self) -> Result<Option<SecretText>> {
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        let [password] = lines::read("--password-file", path)?;
        Ok(Some(password))
    }
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| String::from("write owner, finance, reviewer or read_only"))
}
