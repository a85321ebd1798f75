//! Applications for access: submitted by a tenant, decided by a reviewer, once.

pub mod decide;
pub mod form;
pub mod read;
pub mod submit;

use thiserror::Error;
use zhenren_domain::application::{FieldError, Form};
use zhenren_store::applications as rows;

use crate::fault::{Fault, carries_faults};
use crate::operators::actor::Denied;

pub use zhenren_store::applications::Decision;

/// An application with its form.
#[derive(Clone, Debug)]
pub struct Application {
    /// The row, its form still as text.
    pub row: rows::Application,
    /// The form.
    pub form: Form,
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum ApplicationError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such application or account.
    #[error("there is no such application")]
    Unknown,
    /// Fields that cannot be taken; at least one.
    #[error("the form has fields that cannot be taken")]
    Fields(Vec<FieldError>),
    /// One of its apps waits for a decision already.
    #[error("an application for this app is waiting for a decision")]
    Waiting,
    /// It was decided before.
    #[error("the application was decided before")]
    Decided,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ApplicationError);

impl ApplicationError {
    /// Every complaint as one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Fields(fields) => {
                let said: Vec<String> = fields.iter().map(ToString::to_string).collect();
                format!("{}.", said.join("; "))
            }
            Self::Denied(_) | Self::Unknown | Self::Waiting | Self::Decided | Self::Fault(_) => {
                format!("{self}.")
            }
        }
    }
}

fn field(field: &str, demand: &'static str) -> ApplicationError {
    ApplicationError::Fields(vec![FieldError {
        field: field.to_owned(),
        demand,
    }])
}

/// A row whose form reads again.
fn whole(row: rows::Application) -> Result<Application, Fault> {
    let broken = || Fault::new("reading an application", "its form does not parse");
    let value = serde_json::from_str(row.form.reveal()).map_err(|_| broken())?;
    let form = form::read(&value).map_err(|_| broken())?;
    Ok(Application { row, form })
}
