//! The doors of a tenant and of its pages: by secret (`/v1`), by access token (`/v1` and WeChat), by
//! signature (uniCloud), and with a page's ticket. After every operation apps stand before them, and
//! what stands in its way must be what the model says.
//!
//! A knock that is let in by token or signature leaves a trace (a token, a nonce), the same on
//! every database; the others leave none.

use std::net::{IpAddr, Ipv4Addr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zhenren_domain::standing::Standing;
use zhenren_usecases::capture::begin::{self, BeginError, Page, Ticket};
use zhenren_usecases::context::Context;
use zhenren_usecases::tenants::authenticate_signed::{self, Signed};
use zhenren_usecases::tenants::issue_access_token::{self, IssueError};
use zhenren_usecases::tenants::{Caller, authenticate};
use zhenren_usecases::text::{hex, sha256_hex};

use crate::check::{Wrong, ensure};
use crate::memory::{Memory, Tenant};
use crate::op::Op;
use crate::world::World;

/// Where a tenant comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Secret,
    Token,
    Signature,
}

/// Says who one is. A door that closes before that answers with what stands in the way.
pub(crate) async fn knock(
    context: &Context,
    tenant: &Tenant,
    door: Door,
) -> Result<Caller, Standing> {
    let caller = match door {
        Door::Secret => authenticate::by_secret(context, &tenant.appid, &tenant.secret)
            .await
            .unwrap(),
        Door::Token => {
            let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let Tenant { appid, secret, .. } = tenant;
            match issue_access_token::issue(context, appid, secret, from).await {
                Err(IssueError::Frozen) => return Err(Standing::Frozen),
                issued => authenticate::by_token(context, &issued.unwrap().token)
                    .await
                    .unwrap(),
            }
        }
        Door::Signature => signed(context, tenant).await,
    };
    Ok(caller)
}

async fn signed(context: &Context, tenant: &Tenant) -> Caller {
    let (timestamp_ms, nonce) = (
        context.now().as_millisecond().to_string(),
        hex(&context.random_bytes::<16>()),
    );
    let (method, path, body) = ("POST", "/unicloud/v1/getCertifyId", b"{}");
    let message = format!(
        "v1\n{method}\n{path}\n{timestamp_ms}\n{nonce}\n{}",
        sha256_hex(body)
    );
    let verifier = sha256_hex(tenant.secret.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(verifier.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    let call = Signed {
        appid: &tenant.appid,
        timestamp_ms: &timestamp_ms,
        nonce: &nonce,
        signature: &signature,
        space: None,
        method,
        path,
        body,
    };
    authenticate_signed::authenticate(context, &call)
        .await
        .unwrap()
}

/// Whether a page of this app is let in: with a ticket that nobody has, so that it changes nothing.
async fn of_page(context: &Context, tenant: &Tenant) -> Standing {
    let ticket = Ticket::UserIdKey {
        appid: tenant.appid.clone(),
        key: "0".repeat(64),
        check_alive_type: None,
        openid: String::from("openid-1"),
    };
    let page = Page {
        consent_version: String::from("1"),
        ..Page::default()
    };
    match begin::begin(context, ticket, &page).await {
        Err(BeginError::NotReady(standing)) => standing,
        Err(BeginError::UserIdKeyInvalid) => Standing::Ready,
        other => unreachable!("a key that nobody has was answered {other:?}"),
    }
}

/// Every door, after an operation: for everybody when it changed how somebody stands, otherwise for
/// whoever is frozen and one of the others, by turns.
pub(crate) async fn all(
    world: &World,
    memory: &Memory,
    (turn, op): (usize, &Op),
) -> Result<(), Wrong> {
    for (number, tenant) in memory.tenants.iter().enumerate() {
        let wanted = memory.standings.of_app(&tenant.appid);
        let is_turn = number == turn % memory.tenants.len();
        if !(is_turn || wanted == Standing::Frozen || op.changes_standings()) {
            continue;
        }
        let mut met = vec![("page", of_page(&world.context, tenant).await)];
        for door in [Door::Secret, Door::Token, Door::Signature] {
            let caller = knock(&world.context, tenant, door).await;
            let standing = caller.map_or_else(|standing| standing, |caller| caller.standing);
            let name = match door {
                Door::Secret => "secret",
                Door::Token => "token",
                Door::Signature => "signature",
            };
            met.push((name, standing));
        }
        for (door, standing) in met {
            ensure!(
                standing == wanted,
                "{} on {} is {wanted:?} and met {standing:?} at the door by {door}",
                tenant.appid,
                world.name
            );
        }
    }
    Ok(())
}
