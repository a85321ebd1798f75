//! May this app call now, from there? Every authenticated call of the tenant side asks here once.
//!
//! A call must not cost a transaction, so a node reserves blocks of calls in the database and
//! hands them out from memory. A node that crashes loses the rest of its blocks: they count as
//! used, so the limit is never exceeded. An app's own limits and ranges are read again every
//! [`RULES_LIFE`]; a change made on this node takes effect with the next call.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::sync::Mutex as AsyncMutex;
use zhenren_domain::ids::AppId;
use zhenren_domain::limits::{LimitKind, Window, block};
use zhenren_store::limit_counters::{self, Tally};
use zhenren_store::{apps, retry_busy};

use super::{LimitReached, app};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::tenants::address_ranges;

/// Limit: how long a node goes on with the limits and ranges it read, and how long it takes a full
/// window for full before it looks again.
pub const RULES_LIFE: SignedDuration = SignedDuration::from_secs(1);

/// Limit: apps in memory before those of earlier days are forgotten.
const APPS_COUNT_MAX: usize = 1_024;

/// The windows of an app.
const KINDS: [LimitKind; 2] = [LimitKind::AppMinute, LimitKind::AppDay];

/// Why an app may not call now.
#[derive(Debug, Error)]
pub enum CallRefused {
    /// The app has a list of addresses, and this one is not on it.
    #[error("calls from this address are not allowed")]
    AddressNotAllowed(IpAddr),
    /// It called too often.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CallRefused);

/// What this node has reserved, app by app.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<AppId, Arc<AsyncMutex<Book>>>>);

/// What this node knows of one app.
#[derive(Debug, Default)]
struct Book {
    rules: Option<Rules>,
    blocks: [Option<Block>; KINDS.len()],
}

#[derive(Clone, Debug)]
struct Rules {
    read_at: Timestamp,
    max: [Option<u64>; KINDS.len()],
    ranges: Vec<ipnet::IpNet>,
}

/// Calls taken out of one window.
#[derive(Clone, Copy, Debug)]
struct Block {
    window: Window,
    max: u64,
    left: u64,
    /// When the window was found full.
    full_at: Option<Timestamp>,
}

impl Block {
    fn may_be_asked(&self, at: Timestamp) -> bool {
        self.left == 0 && self.full_at.is_none_or(|found| !is_fresh(found, at))
    }
}

impl Calls {
    fn book(&self, app_id: &AppId, at: Timestamp) -> Arc<AsyncMutex<Book>> {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if books.len() >= APPS_COUNT_MAX && !books.contains_key(app_id) {
            books.retain(|_, book| book.try_lock().map_or(true, |book| book.is_current(at)));
        }
        Arc::clone(books.entry(app_id.clone()).or_default())
    }

    fn all(&self) -> Vec<(AppId, Arc<AsyncMutex<Book>>)> {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = |(id, book): (&AppId, &Arc<AsyncMutex<Book>>)| (id.clone(), Arc::clone(book));
        books.iter().map(pair).collect()
    }

    /// Reads an app's limits and ranges anew at its next call.
    pub(crate) async fn forget_rules(&self, app_id: &AppId, at: Timestamp) {
        self.book(app_id, at).lock().await.rules = None;
    }
}

impl Book {
    /// Whether anything in it is of now; an app that is quiet for a day is not.
    fn is_current(&self, at: Timestamp) -> bool {
        self.blocks
            .iter()
            .flatten()
            .any(|block| block.window.until > at)
    }
}

/// Lets one call of an app through, or says why not.
pub async fn admit(context: &Context, app_id: &AppId, from: IpAddr) -> Result<(), CallRefused> {
    let book = context.calls().book(app_id, context.now());
    // Calls of one app that find their block empty wait here while one of them fetches the next.
    let mut book = book.lock().await;
    // Asked only now: whoever waited over the end of a minute belongs to the new one.
    let at = context.now();
    let rules = rules(context, &mut book, app_id, at).await?;
    if !address_ranges::covers(&rules.ranges, from) {
        return Err(CallRefused::AddressNotAllowed(from.to_canonical()));
    }
    let returned = turn(&mut book.blocks, &rules, at);
    let is_wanted = |block: &Option<Block>| block.is_some_and(|block| block.may_be_asked(at));
    if !returned.is_empty() || book.blocks.iter().any(is_wanted) {
        fetch(context, app_id, &mut book.blocks, &returned, at).await?;
    }
    // The longer wait is the true one.
    for (kind, block) in KINDS.into_iter().zip(&book.blocks).rev() {
        if block.is_some_and(|block| block.left == 0) {
            return Err(LimitReached::at(kind, at).into());
        }
    }
    for block in book.blocks.iter_mut().flatten() {
        block.left -= 1;
    }
    Ok(())
}

/// Puts back what this node has reserved, when it goes down in order.
pub async fn give_back(context: &Context) -> Result<(), Fault> {
    for (app_id, book) in context.calls().all() {
        let mut book = book.lock().await;
        let blocks = std::mem::take(&mut book.blocks);
        let returned: Vec<(LimitKind, Block)> = KINDS
            .into_iter()
            .zip(blocks)
            .filter_map(|(kind, block)| Some((kind, block.filter(|block| block.left > 0)?)))
            .collect();
        if returned.is_empty() {
            continue;
        }
        fetch(
            context,
            &app_id,
            &mut [None; KINDS.len()],
            &returned,
            context.now(),
        )
        .await?;
    }
    Ok(())
}

async fn rules(
    context: &Context,
    book: &mut Book,
    app_id: &AppId,
    at: Timestamp,
) -> Result<Rules, Fault> {
    if let Some(rules) = book
        .rules
        .as_ref()
        .filter(|rules| is_fresh(rules.read_at, at))
    {
        return Ok(rules.clone());
    }
    let mut tx = context.pool().read().await?;
    let own = apps::find(&mut tx, app_id).await?.map(|app| app.limits);
    let own = own.unwrap_or_default();
    let rules = Rules {
        read_at: at,
        max: KINDS.map(|kind| app::max(context, kind, &own)),
        ranges: apps::address_ranges(&mut tx, app_id).await?,
    };
    book.rules = Some(rules.clone());
    Ok(rules)
}

/// A clock that was set back makes everything stale.
fn is_fresh(read_at: Timestamp, at: Timestamp) -> bool {
    let age = at.duration_since(read_at);
    age >= SignedDuration::ZERO && age < RULES_LIFE
}

/// Brings the blocks to the present window and the present limits. Answers what is to be put back
/// because the limit changed; the rest of a window that is over is of no use to anybody.
fn turn(
    blocks: &mut [Option<Block>; KINDS.len()],
    rules: &Rules,
    at: Timestamp,
) -> Vec<(LimitKind, Block)> {
    let mut returned = Vec::new();
    for ((kind, block), max) in KINDS.into_iter().zip(blocks).zip(rules.max) {
        let window = kind.window(at);
        if let Some(known) = *block {
            if known.window == window && Some(known.max) == max {
                continue;
            }
            if known.window == window && known.left > 0 {
                returned.push((kind, known));
            }
        }
        *block = max.map(|max| Block {
            window,
            max,
            left: 0,
            full_at: None,
        });
    }
    returned
}

/// Puts back what is too much and reserves where nothing is left, in one transaction.
async fn fetch(
    context: &Context,
    app_id: &AppId,
    blocks: &mut [Option<Block>; KINDS.len()],
    returned: &[(LimitKind, Block)],
    at: Timestamp,
) -> Result<(), Fault> {
    let subject = app_id.as_str();
    let wanted = *blocks;
    let fetched = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        for (kind, block) in returned {
            let (window, left) = (block.window, block.left);
            limit_counters::give_back(&mut tx, *kind, subject, window, left).await?;
        }
        let mut fetched = wanted;
        for (kind, slot) in KINDS.into_iter().zip(&mut fetched) {
            let Some(empty) = slot.as_mut().filter(|block| block.may_be_asked(at)) else {
                continue;
            };
            let tally = Tally {
                kind,
                subject: subject.to_owned(),
                window: empty.window,
                max: empty.max,
            };
            empty.left = limit_counters::reserve(&mut tx, &tally, block(empty.max)).await?;
            empty.full_at = (empty.left == 0).then_some(at);
        }
        tx.commit().await?;
        Ok::<_, Fault>(fetched)
    })
    .await?;
    *blocks = fetched;
    Ok(())
}
