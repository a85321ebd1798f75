//! Whether the key file is the one this database was sealed with, asked before anybody else can.

use zhenren_store::apps;
use zhenren_store::secrets::{self, Holder};

use crate::context::Context;
use crate::fault::Fault;

/// What a look at the sealed secrets of the apps says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Every secret opens, or there is none yet.
    Fits,
    /// At least one does not open with these keys.
    OtherKeys,
}

/// Opens the secrets of every app.
pub async fn check(context: &Context) -> Result<Fit, Fault> {
    let mut tx = context.pool().read().await?;
    for app in apps::list(&mut tx).await? {
        let opened = secrets::active(&mut tx, context.vault(), Holder::App(&app.id)).await;
        match opened.map_err(Fault::from) {
            Ok(_) => {}
            Err(fault) if fault.is_about_keys() => return Ok(Fit::OtherKeys),
            Err(fault) => return Err(fault),
        }
    }
    Ok(Fit::Fits)
}
