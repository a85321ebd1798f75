//! What the world outside holds: tickets, attempts, ids; and how an operation becomes a request.

use std::collections::BTreeMap;

use zhenren_domain::billing::BillingRules;
use zhenren_domain::challenge::ClockLog;
use zhenren_domain::ids::{AccountId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::tariff::Tariff;
use zhenren_usecases::analysis::scripted;
use zhenren_usecases::capture::begin::{Begun, Ticket};
use zhenren_usecases::capture::complete::Completion;
use zhenren_usecases::ledger::tariffs::NewTariff;
use zhenren_usecases::text::sha256_hex;
use zhenren_usecases::verifications::open::{
    Idempotency, Opening, ReferenceSource, Source, Subject,
};

use crate::op::{About, Op, Pick, Script, Step};
use crate::request::{Answer, Given, Held, Looked, Request};
use crate::standings::Standings;
use crate::world::{PERSON, STRANGER};

/// One that asks and pays.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) account_id: AccountId,
    pub(crate) appid: String,
    pub(crate) secret: String,
    /// Whether it may ask from the start; otherwise its account is closed.
    pub(crate) begins_ready: bool,
}

/// Limit: apps that are made on the way.
const TENANTS_COUNT_MAX: usize = 6;

/// Everything that was handed out.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) tenants: Vec<Tenant>,
    verifications: Vec<(Tenant, VerificationId)>,
    certificates: Vec<VerificationId>,
    tokens: Vec<String>,
    keys: Vec<(Tenant, String)>,
    results: Vec<(Tenant, String)>,
    attempts: Vec<Attempt>,
    /// What was booked under each reference of each account: the first amount counts.
    pub(crate) booked: BTreeMap<(AccountId, String), Fen>,
    /// What stands in the way of each app.
    pub(crate) standings: Standings,
    /// Whose each ticket is: the appid by capture token and by certificate.
    owners: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Attempt {
    appid: Option<String>,
    held: Held,
    parts: BTreeMap<u32, Vec<u8>>,
}

fn picked<T>(list: &[T], pick: Pick) -> Option<&T> {
    list.iter().rev().nth(usize::from(pick) % list.len().max(1))
}

impl Memory {
    /// What is known when these are set up.
    pub(crate) fn of(tenants: Vec<Tenant>) -> Self {
        Self {
            standings: Standings::of(&tenants),
            tenants,
            ..Self::default()
        }
    }

    /// The request an operation stands for; nothing when there is nothing to ask about.
    pub(crate) fn request(&self, op: &Op) -> Option<Request> {
        Some(match op {
            Op::OpenV1 { tenant, key, about } => {
                let idempotency = key.map(|key| Idempotency {
                    key: format!("order-{key:04}"),
                    body: format!("{about:?}").into_bytes(),
                });
                let opening = opening(*about, Source::V1, idempotency);
                Request::Open(self.tenant(*tenant).clone(), opening)
            }
            Op::OpenUnicloud { tenant, about } => {
                let opening = opening(*about, Source::Unicloud, None);
                Request::Open(self.tenant(*tenant).clone(), opening)
            }
            Op::IssueKey { tenant } => Request::IssueKey(self.tenant(*tenant).clone()),
            Op::BeginToken(pick) => {
                Request::Begin(Ticket::CaptureToken(picked(&self.tokens, *pick)?.clone()))
            }
            Op::BeginCertificate(pick) => {
                let id = picked(&self.certificates, *pick)?;
                Request::Begin(Ticket::CertifyId(id.to_string()))
            }
            Op::BeginKey(pick) => {
                let (tenant, key) = picked(&self.keys, *pick)?;
                Request::Begin(Ticket::UserIdKey {
                    appid: tenant.appid.clone(),
                    key: key.clone(),
                    check_alive_type: None,
                    openid: String::from("openid-1"),
                })
            }
            Op::Cancel(pick) => {
                let (tenant, id) = picked(&self.verifications, *pick)?;
                Request::Cancel(tenant.clone(), id.clone())
            }
            Op::Look(pick) => Request::Look(self.look(*pick)?),
            _ => return self.account_request(op),
        })
    }

    /// What is asked on the account side.
    fn account_request(&self, op: &Op) -> Option<Request> {
        Some(match op {
            Op::Recharge {
                tenant,
                fen,
                reference,
            } => {
                let account_id = self.tenant(*tenant).account_id.clone();
                let reference = format!("bank-{reference}");
                Request::Recharge(account_id, Fen::of(*fen), reference)
            }
            Op::ChangeTariff { tenant, tiers } => Request::AddTariff(Box::new(NewTariff {
                account_id: tenant.map(|tenant| self.tenant(tenant).account_id.clone()),
                tariff: Tariff::parse(tiers).unwrap(),
                valid_from: None,
                valid_until: None,
            })),
            Op::ToggleAttackBilling { tenant, bills } => {
                let account_id = self.tenant(*tenant).account_id.clone();
                let bills_attacks = *bills;
                Request::SetBillingRules(account_id, BillingRules { bills_attacks })
            }
            Op::FreezeApp { tenant, by } => {
                Request::Freeze(self.tenant(*tenant).clone(), *by, true)
            }
            Op::UnfreezeApp { tenant, by } => {
                Request::Freeze(self.tenant(*tenant).clone(), *by, false)
            }
            Op::OpenAccount {
                step: Step::NewApp, ..
            } if self.tenants.len() >= TENANTS_COUNT_MAX => return None,
            Op::OpenAccount { tenant, step } => Request::Step(self.tenant(*tenant).clone(), *step),
            _ => return self.device_request(op),
        })
    }

    /// The app that a request of a tenant or a page is for.
    pub(crate) fn asking_appid<'a>(&'a self, request: &'a Request) -> Option<&'a str> {
        match request {
            Request::Open(tenant, _)
            | Request::IssueKey(tenant)
            | Request::Cancel(tenant, _)
            | Request::Look(
                Looked::Report(tenant, _)
                | Looked::Certificate(tenant, _)
                | Looked::Result(tenant, _),
            ) => Some(&tenant.appid),
            Request::Begin(Ticket::UserIdKey { appid, .. }) => Some(appid),
            Request::Begin(Ticket::CaptureToken(ticket) | Ticket::CertifyId(ticket)) => {
                self.owners.get(ticket).map(String::as_str)
            }
            _ => None,
        }
    }

    fn device_request(&self, op: &Op) -> Option<Request> {
        let attempt = |pick: &Pick| picked(&self.attempts, *pick);
        Some(match op {
            Op::Draw(pick) => Request::Draw(attempt(pick)?.held.clone()),
            Op::Leave(pick) => Request::Leave(attempt(pick)?.held.clone()),
            Op::Upload {
                attempt: pick,
                index,
                script,
            } => {
                let bytes = clip(*script).to_vec();
                let held = attempt(pick)?.held.clone();
                Request::Put(held, u32::from(*index), sha256_hex(&bytes), bytes)
            }
            Op::CorruptPart(pick) => {
                let held = attempt(pick)?.held.clone();
                let bytes = b"bytes that changed on the way".to_vec();
                Request::Put(held, 0, sha256_hex(scripted::PASSES), bytes)
            }
            Op::Complete {
                attempt: pick,
                is_honest,
            } => {
                let attempt = attempt(pick)?;
                Request::Complete(attempt.held.clone(), completion(attempt, *is_honest))
            }
            _ => return None,
        })
    }

    fn look(&self, pick: Pick) -> Option<Looked> {
        Some(match pick {
            0 => Looked::Attempt(self.attempts.last()?.held.clone()),
            1 => {
                let (tenant, id) = self.verifications.last()?;
                Looked::Report(tenant.clone(), id.clone())
            }
            _ if self.results.is_empty() && self.certificates.is_empty() => {
                Looked::Balance(self.tenant(0).account_id.clone())
            }
            _ if self.results.is_empty() => {
                Looked::Certificate(self.tenant(0).clone(), self.certificates.last()?.clone())
            }
            _ => {
                let (tenant, result) = self.results.last()?;
                Looked::Result(tenant.clone(), result.clone())
            }
        })
    }

    fn tenant(&self, number: u8) -> &Tenant {
        &self.tenants[usize::from(number) % self.tenants.len()]
    }

    fn learn_attempt(&mut self, appid: Option<String>, ticket: &Ticket, begun: &Begun) {
        let held = Held {
            id: begun.attempt_id.clone(),
            token: begun.attempt_token.clone(),
        };
        self.attempts.push(Attempt {
            appid,
            held,
            parts: BTreeMap::new(),
        });
        if let (Ticket::UserIdKey { appid, .. }, Some(result)) = (ticket, &begun.verify_result) {
            let tenant = self.tenants.iter().find(|tenant| tenant.appid == *appid);
            self.results
                .extend(tenant.map(|it| (it.clone(), result.clone())));
        }
    }

    /// Keeps what was handed out.
    pub(crate) fn learn(&mut self, request: &Request, answer: &Answer) {
        if !answer.is_ok {
            return;
        }
        self.standings.learn(request);
        match (request, &answer.given) {
            (Request::Recharge(account_id, amount, reference), _) => {
                let key = (account_id.clone(), reference.clone());
                self.booked.entry(key).or_insert(*amount);
            }
            (Request::Open(tenant, opening), Given::Opened(opened)) => {
                let id = opened.verification_id.clone();
                let tickets = opened.capture_token.iter().cloned();
                for ticket in tickets.chain([id.to_string()]) {
                    self.owners.insert(ticket, tenant.appid.clone());
                }
                if opening.source == Source::Unicloud {
                    self.certificates.push(id.clone());
                }
                self.verifications.push((tenant.clone(), id));
                self.tokens.extend(opened.capture_token.clone());
            }
            (Request::IssueKey(tenant), Given::Key(key)) => {
                self.keys.push((tenant.clone(), key.clone()));
            }
            (Request::Begin(ticket), Given::Begun(begun)) => {
                let appid = self.asking_appid(request).map(str::to_owned);
                self.learn_attempt(appid, ticket, begun);
            }
            (Request::Put(held, index, _, bytes), _) => {
                let attempt = self.attempts.iter_mut().find(|it| it.held.id == held.id);
                if let Some(attempt) = attempt {
                    attempt.parts.insert(*index, bytes.clone());
                }
            }
            (Request::Look(Looked::Attempt(held)), Given::Retry(token)) => {
                let attempt = self.attempts.iter().find(|it| it.held.id == held.id);
                let appid = attempt.and_then(|it| it.appid.clone());
                self.owners.extend(appid.map(|it| (token.clone(), it)));
                self.tokens.push(token.clone());
            }
            (Request::Step(..), Given::App(tenant)) => {
                self.standings.add(tenant);
                self.tenants.push(tenant.clone());
            }
            _ => {}
        }
    }
}

fn opening(about: About, source: Source, idempotency: Option<Idempotency>) -> Opening {
    let (name, id_number) = if about == About::Stranger {
        STRANGER
    } else {
        PERSON
    };
    Opening {
        subject: Subject {
            name: name.to_owned(),
            id_number: id_number.to_owned(),
        },
        user_id: None,
        challenge: None,
        reference: match about {
            About::Enrolled | About::Stranger => ReferenceSource::Enrolled,
            About::CallerPhoto => ReferenceSource::CallerPhoto(scripted::PORTRAIT.to_vec()),
            About::EmptyPhoto => ReferenceSource::CallerPhoto(scripted::EMPTY_PHOTO.to_vec()),
        },
        idempotency,
        source,
    }
}

const fn clip(script: Script) -> &'static [u8] {
    match script {
        Script::Passes => scripted::PASSES,
        Script::OtherPerson => scripted::OTHER_PERSON,
        Script::NoFace => scripted::NO_FACE,
        Script::IgnoresPrompts => scripted::IGNORES_PROMPTS,
        Script::Unreadable => scripted::UNREADABLE,
        Script::Breaks => scripted::BREAKS,
    }
}

/// What a device says that sent these parts; or another sum of them.
fn completion(attempt: &Attempt, is_honest: bool) -> Completion {
    let whole: Vec<u8> = attempt.parts.values().flatten().copied().collect();
    Completion {
        parts_count: u32::try_from(attempt.parts.len()).unwrap(),
        size_bytes: u64::try_from(whole.len()).unwrap(),
        sha256: sha256_hex(if is_honest { &whole } else { b"others" }),
        media_type: String::from("video/webm"),
        clock: ClockLog::default(),
    }
}
