//! The model of what stands in the way of each app: what was frozen by whom, which accounts are
//! open, which apps were given access. The real thing is asked at every door (`doors.rs`).

use std::collections::BTreeMap;

use zhenren_domain::ids::AccountId;
use zhenren_domain::standing::Standing;

use crate::check::{Wrong, ensure};
use crate::memory::Tenant;
use crate::op::{Hand, Step};
use crate::request::{Answer, Request};

#[derive(Debug, Default)]
struct App {
    account_id: Option<AccountId>,
    frozen_by: Option<Hand>,
    is_applied_for: bool,
    has_access: bool,
}

#[derive(Debug, Default)]
struct Account {
    has_real_name: bool,
    is_open: bool,
}

/// Every app and account.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    apps: BTreeMap<String, App>,
    accounts: BTreeMap<AccountId, Account>,
}

impl Standings {
    pub(crate) fn of(tenants: &[Tenant]) -> Self {
        let mut standings = Self::default();
        for tenant in tenants {
            standings.add(tenant);
        }
        standings
    }

    /// A new app, of an account that may be known.
    pub(crate) fn add(&mut self, tenant: &Tenant) {
        let app = App {
            account_id: Some(tenant.account_id.clone()),
            has_access: tenant.begins_ready,
            ..App::default()
        };
        self.apps.insert(tenant.appid.clone(), app);
        let account = self.accounts.entry(tenant.account_id.clone()).or_default();
        account.has_real_name |= tenant.begins_ready;
        account.is_open |= tenant.begins_ready;
    }

    /// What must stand in the way of this app.
    pub(crate) fn of_app(&self, appid: &str) -> Standing {
        let app = &self.apps[appid];
        let account_id = app.account_id.as_ref().unwrap();
        let is_open = self.accounts[account_id].is_open;
        Standing::of(app.frozen_by.is_some(), is_open, app.has_access)
    }

    /// Whether a request that changes them must be answered well; nothing about other requests.
    fn must_be_done(&self, request: &Request) -> Option<bool> {
        match request {
            Request::Freeze(tenant, by, is_frozen) => {
                let frozen_by = self.apps[&tenant.appid].frozen_by;
                Some(*is_frozen || (frozen_by, *by) != (Some(Hand::Operator), Hand::Tenant))
            }
            Request::Step(tenant, step) => {
                let app = &self.apps[&tenant.appid];
                match step {
                    Step::RealName | Step::NewApp => Some(true),
                    Step::Agreement => Some(self.accounts[&tenant.account_id].has_real_name),
                    // A test app cannot be applied for alone.
                    Step::Application => None,
                    Step::Approval => Some(app.is_applied_for),
                }
            }
            _ => None,
        }
    }

    /// Holds an answer against the model.
    pub(crate) fn check(
        &self,
        request: &Request,
        appid: Option<&str>,
        answer: &Answer,
    ) -> Result<(), Wrong> {
        if let Some(is_done) = self.must_be_done(request) {
            let text = &answer.text;
            ensure!(answer.is_ok == is_done, "{request:?} was answered {text}");
        }
        let Some(appid) = appid else { return Ok(()) };
        let standing = self.of_app(appid);
        let refusals = [
            Standing::Frozen,
            Standing::AccountNotOpen,
            Standing::NotEntitled,
        ];
        // A door that names the standing must name the right one; one that is open, none at all.
        let said = refusals.into_iter().find(|it| {
            [format!("Err({it:?})"), format!("Err(NotReady({it:?}))")].contains(&answer.text)
        });
        let is_refused = standing != Standing::Ready;
        ensure!(
            said.is_none_or(|said| said == standing) && !(is_refused && answer.is_ok),
            "{appid} is {standing:?} and was answered {}",
            answer.text
        );
        Ok(())
    }

    /// Takes note of what was done.
    pub(crate) fn learn(&mut self, request: &Request) {
        match request {
            Request::Freeze(tenant, by, is_frozen) => {
                let frozen_by = &mut self.apps.get_mut(&tenant.appid).unwrap().frozen_by;
                *frozen_by = match (*is_frozen, *frozen_by) {
                    (false, _) => None,
                    // An operator takes over what a tenant froze, and not the other way round.
                    (true, Some(Hand::Operator)) => Some(Hand::Operator),
                    (true, _) => Some(*by),
                };
            }
            Request::Step(tenant, step) => {
                let app = self.apps.get_mut(&tenant.appid).unwrap();
                let account = self.accounts.get_mut(&tenant.account_id).unwrap();
                match step {
                    Step::RealName => account.has_real_name = true,
                    Step::Agreement => account.is_open = true,
                    Step::NewApp => {}
                    Step::Application => app.is_applied_for = true,
                    Step::Approval => app.has_access = true,
                }
            }
            _ => {}
        }
    }
}
