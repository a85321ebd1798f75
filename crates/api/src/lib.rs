//! HTTP: the dialects `wechat`, `unicloud` and `v1`, the capture side, the demo and the pages.
//!
//! A handler translates and calls one use case. Knows no SQL, no keys, no thresholds.

pub mod account;
mod asked;
mod auth;
mod body;
mod capture;
mod client_address;
mod demo;
mod extract;
mod headers;
mod health;
mod pages;
pub mod problem;
mod request_id;
mod router;
pub mod tables;
mod unicloud;
mod v1;
mod wechat;

use std::sync::Arc;

use ipnet::IpNet;
use zhenren_usecases::context::Context;

pub use pages::are_built as are_pages_built;
pub use router::router;

/// What the rooms share.
#[derive(Clone, Debug)]
pub struct Api {
    /// What the use cases need.
    pub context: Context,
    /// What only HTTP needs.
    pub settings: Arc<Settings>,
}

/// What only HTTP needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address people's browsers use, without a final slash.
    pub public_url: String,
    /// Origins of other hosts' pages that may call the capture side.
    pub capture_origins: Vec<String>,
    /// Proxies whose word about the caller's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The demo app, in the development profile only; without it there is no `/demo`.
    pub demo: Option<DemoApp>,
}

/// The credentials the demo back end uses, like any tenant would.
#[derive(Clone)]
pub struct DemoApp {
    /// Its appid.
    pub appid: String,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for DemoApp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DemoApp")
            .field("appid", &self.appid)
            .finish_non_exhaustive()
    }
}
