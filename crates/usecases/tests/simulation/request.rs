//! Requests with everything in them, so that the same one can be made again, on both databases;
//! and what is answered, as text to compare.

use std::fmt::Debug;

use zhenren_domain::billing::BillingRules;
use zhenren_domain::ids::{AccountId, AccountTokenId, AppId, AttemptId, VerificationId};
use zhenren_domain::mode::Circumstances;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::Reason;
use zhenren_domain::roles::Scope;
use zhenren_domain::standing::Standing;
use zhenren_usecases::apps::freeze;
use zhenren_usecases::capture::access::{self, AttemptAccess};
use zhenren_usecases::capture::begin::{self, Page, Ticket};
use zhenren_usecases::capture::complete::{self, Completion};
use zhenren_usecases::capture::{cancel as leave, challenge, receive_part, status};
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::tariffs::{self, NewTariff};
use zhenren_usecases::ledger::{balance, billing_rules, recharge};
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::tenants::{Caller, issue_user_id_key};
use zhenren_usecases::verifications::open::{self, Opening, Source};
use zhenren_usecases::verifications::{cancel, query_certificate, query_verify_result, read};

use crate::doors::{Door, knock};
use crate::memory::Tenant;
use crate::op::{Hand, Step};
use crate::steps;

/// A capture attempt as its device knows it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: AttemptId,
    pub(crate) token: String,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Recharge(AccountId, Fen, String),
    Open(Tenant, Opening),
    IssueKey(Tenant),
    Begin(Ticket),
    Draw(Held),
    Put(Held, u32, String, Vec<u8>),
    Complete(Held, Completion),
    Leave(Held),
    Cancel(Tenant, VerificationId),
    Look(Looked),
    AddTariff(Box<NewTariff>),
    SetBillingRules(AccountId, BillingRules),
    /// Freezes, or lifts it.
    Freeze(Tenant, Hand, bool),
    Step(Tenant, Step),
}

/// What somebody reads.
#[derive(Clone, Debug)]
pub(crate) enum Looked {
    Attempt(Held),
    Report(Tenant, VerificationId),
    Certificate(Tenant, VerificationId),
    Result(Tenant, String),
    Balance(AccountId),
}

/// Who books and changes prices.
pub(crate) const OPERATOR: Actor = Actor::CommandLine;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) is_ok: bool,
    pub(crate) given: Given,
}

/// What the asker holds afterwards.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Nothing,
    Opened(open::Opened),
    Key(String),
    Begun(begin::Begun),
    Retry(String),
    App(Tenant),
}

impl Request {
    /// Whether the same request, after it was answered well, must change nothing any more.
    pub(crate) fn is_repeatable(&self) -> bool {
        match self {
            Self::Open(_, opening) => opening.idempotency.is_some(),
            // A page that is loaded again supersedes the attempt; a new key is a new key.
            Self::Begin(ticket) => matches!(ticket, Ticket::CaptureToken(_)),
            // The audit log says that somebody did it again.
            Self::IssueKey(_)
            | Self::AddTariff(_)
            | Self::SetBillingRules(..)
            | Self::Step(_, Step::RealName | Step::NewApp) => false,
            Self::Recharge(..)
            | Self::Draw(_)
            | Self::Put(..)
            | Self::Complete(..)
            | Self::Leave(_)
            | Self::Cancel(..)
            | Self::Look(_)
            | Self::Freeze(..)
            | Self::Step(_, Step::Agreement | Step::Application | Step::Approval) => true,
        }
    }
}

pub(crate) fn of<T: Debug, E: Debug>(
    result: Result<T, E>,
    given: impl FnOnce(T) -> Given,
) -> Answer {
    let text = format!("{result:?}");
    match result {
        Ok(value) => Answer {
            text,
            is_ok: true,
            given: given(value),
        },
        Err(_) => Answer {
            text,
            is_ok: false,
            given: Given::Nothing,
        },
    }
}

pub(crate) fn nothing<T>(_: T) -> Given {
    Given::Nothing
}

/// Makes a request.
pub(crate) async fn perform(context: &Context, request: &Request) -> Answer {
    match request {
        Request::Recharge(account, amount, reference) => {
            let booked = recharge::recharge(context, &OPERATOR, account, *amount, reference).await;
            of(booked, nothing)
        }
        Request::Open(tenant, opening) => {
            let door = match opening.source {
                Source::Unicloud => Door::Signature,
                Source::V1 => Door::Secret,
            };
            match admitted(context, tenant, door).await {
                Err(answer) => answer,
                Ok(caller) => {
                    let opened = open::open(context, &caller, opening.clone()).await;
                    of(opened, Given::Opened)
                }
            }
        }
        Request::IssueKey(tenant) => match admitted(context, tenant, Door::Token).await {
            Err(answer) => answer,
            Ok(caller) => {
                let (name, number) = crate::world::PERSON;
                let key = issue_user_id_key::issue(context, &caller, name, number).await;
                of(key, |key| Given::Key(key.key))
            }
        },
        Request::Begin(ticket) => {
            let page = Page {
                consent_version: String::from("1"),
                ..Page::default()
            };
            of(
                begin::begin(context, ticket.clone(), &page).await,
                Given::Begun,
            )
        }
        Request::Cancel(tenant, id) => match admitted(context, tenant, Door::Secret).await {
            Err(answer) => answer,
            Ok(caller) => of(cancel::cancel(context, &caller, id).await, nothing),
        },
        Request::Look(looked) => look(context, looked).await,
        Request::AddTariff(new) => of(tariffs::add(context, &OPERATOR, new).await, nothing),
        Request::SetBillingRules(account, rules) => {
            let changed = billing_rules::change(context, &OPERATOR, account, *rules).await;
            of(changed, nothing)
        }
        Request::Freeze(tenant, hand, is_frozen) => {
            set_frozen(context, tenant, *hand, *is_frozen).await
        }
        Request::Step(tenant, step) => steps::take(context, tenant, *step).await,
        Request::Draw(held)
        | Request::Put(held, ..)
        | Request::Complete(held, _)
        | Request::Leave(held) => match access::open(context, &held.id, &held.token).await {
            Err(error) => of::<(), _>(Err(error), nothing),
            Ok(access) => act(context, &access, request).await,
        },
    }
}

/// What the device of an attempt does.
async fn act(context: &Context, access: &AttemptAccess, request: &Request) -> Answer {
    match request {
        Request::Put(_, index, sha256, bytes) => {
            let taken = receive_part::receive(context, access, *index, sha256, bytes).await;
            of(taken, nothing)
        }
        Request::Complete(_, completion) => {
            let complete = complete::complete(context, access, completion.clone()).await;
            of(complete, nothing)
        }
        Request::Leave(_) => of(
            leave::cancel(context, access, Reason::Cancelled).await,
            nothing,
        ),
        _ => of(
            challenge::draw(context, access, Circumstances::default()).await,
            nothing,
        ),
    }
}

async fn look(context: &Context, looked: &Looked) -> Answer {
    let tenant = match looked {
        Looked::Attempt(held) => {
            let access = match access::open(context, &held.id, &held.token).await {
                Err(error) => return of::<(), _>(Err(error), nothing),
                Ok(access) => access,
            };
            return of(status::wait(context, &access, 0).await, |status| {
                let retry = status.result.and_then(|ending| ending.retry);
                retry.map_or(Given::Nothing, Given::Retry)
            });
        }
        Looked::Balance(account) => {
            return of(balance::read(context, &OPERATOR, account).await, nothing);
        }
        Looked::Report(tenant, _) | Looked::Certificate(tenant, _) | Looked::Result(tenant, _) => {
            tenant
        }
    };
    let caller = match admitted(context, tenant, Door::Secret).await {
        Err(answer) => return answer,
        Ok(caller) => caller,
    };
    match looked {
        Looked::Report(_, id) => of(read::read(context, &caller, id).await, nothing),
        Looked::Certificate(_, id) => {
            let found = query_certificate::query(context, &caller, id.as_str(), None).await;
            of(found, nothing)
        }
        Looked::Result(_, token) => {
            let found = query_verify_result::query(context, &caller, token).await;
            of(found, nothing)
        }
        Looked::Attempt(_) | Looked::Balance(_) => unreachable!("answered above"),
    }
}

async fn set_frozen(context: &Context, tenant: &Tenant, hand: Hand, is_frozen: bool) -> Answer {
    let actor = match hand {
        Hand::Operator => OPERATOR,
        Hand::Tenant => Actor::AccountToken {
            id: AccountTokenId::from_number(1),
            account_id: tenant.account_id.clone(),
            scope: Scope::Manage,
        },
    };
    let app_id = AppId::parse(&tenant.appid).unwrap();
    let which = (&tenant.account_id, &app_id);
    of(
        freeze::set(context, &actor, which, is_frozen).await,
        nothing,
    )
}

/// What every door does first: who calls, and whether they may.
async fn admitted(context: &Context, tenant: &Tenant, door: Door) -> Result<Caller, Answer> {
    let caller = knock(context, tenant, door)
        .await
        .map_err(|refusal| of::<(), _>(Err(refusal), nothing))?;
    if caller.standing == Standing::Ready {
        Ok(caller)
    } else {
        Err(of::<(), _>(Err(caller.standing), nothing))
    }
}
