//! From a closed account to one whose apps may ask, step by step, each of them as an operator and
//! the tenant would take it.

use serde_json::json;
use zhenren_domain::application::{ApplicationState, Wished};
use zhenren_domain::holder::HolderKind;
use zhenren_usecases::accounts::record_real_name::{self, RealName};
use zhenren_usecases::agreements::accept::{self, Signing};
use zhenren_usecases::agreements::read as agreements;
use zhenren_usecases::applications::decide::{self, Verdict};
use zhenren_usecases::applications::{ApplicationError, read as applications, submit};
use zhenren_usecases::context::Context;
use zhenren_usecases::tenants::create_app::{self, NewApp};

use crate::memory::Tenant;
use crate::op::Step;
use crate::request::{Answer, Given, OPERATOR, nothing, of};
use crate::world::PERSON;

/// Calls a minute that an approval gives: never reached here.
const CALLS_A_MINUTE: u64 = 100_000;

/// Takes a step.
pub(crate) async fn take(context: &Context, tenant: &Tenant, step: Step) -> Answer {
    let account_id = &tenant.account_id;
    match step {
        Step::RealName => {
            let (name, number) = PERSON;
            let kind = HolderKind::Person;
            let real_name = RealName { kind, name, number };
            let done = record_real_name::record(context, &OPERATOR, account_id, &real_name).await;
            of(done, nothing)
        }
        Step::Agreement => {
            let versions = agreements::list(context, &OPERATOR, Some(account_id)).await;
            let newest = versions.unwrap().swap_remove(0);
            let signing = Signing {
                version: &newest.version,
                sha256: &newest.sha256,
                signer: PERSON.0,
            };
            let accepted = accept::accept(context, &OPERATOR, account_id, &signing).await;
            of(accepted.map(|it| it.acceptance), nothing)
        }
        Step::NewApp => {
            let new = NewApp::named(Some(account_id.clone()), "Another");
            let made = create_app::create(context, &OPERATOR, new).await;
            of(made, |made| {
                Given::App(Tenant {
                    account_id: made.account_id,
                    appid: made.app_id.to_string(),
                    secret: made.secret,
                    begins_ready: false,
                })
            })
        }
        Step::Application => apply(context, tenant).await,
        Step::Approval => approve(context, tenant).await,
    }
}

/// Whoever was not told that it was submitted finds it waiting, and is content.
async fn apply(context: &Context, tenant: &Tenant) -> Answer {
    let contact = json!({ "name": "A", "mobile": "13800000000", "email": "a@example.com" });
    let form = json!({
        "business_name": "Shop", "scene": "leases", "subject_type": "mini_program",
        "formal_name": "Shop", "formal_app_id": tenant.appid,
        "daily_calls_average": 5, "peak_calls_per_minute": CALLS_A_MINUTE,
        "average_calls_per_minute": 1,
        "product_contact": contact, "developer_contact": contact,
    });
    match submit::submit(context, &OPERATOR, &tenant.account_id, &form).await {
        Err(ApplicationError::Waiting) => of::<_, ()>(Ok("waiting"), nothing),
        submitted => of(submitted.map(|_| "waiting"), nothing),
    }
}

/// Approves what waits for this app; whoever was not told that it was approved finds it so.
async fn approve(context: &Context, tenant: &Tenant) -> Answer {
    let wanted = applications::wanted(Some(&tenant.account_id), None, "", 100);
    let all = applications::list(context, &OPERATOR, &wanted)
        .await
        .unwrap();
    let of_app = |state| {
        let is_it = move |it: &&zhenren_usecases::applications::Application| {
            it.row.formal_app_id.as_str() == tenant.appid && it.row.state == state
        };
        all.iter().find(is_it)
    };
    let Some(waiting) = of_app(ApplicationState::Submitted) else {
        let is_approved = of_app(ApplicationState::Approved).is_some();
        return of(
            is_approved
                .then_some("approved")
                .ok_or("nothing to approve"),
            nothing,
        );
    };
    let which = (&tenant.account_id, &waiting.row.id);
    let verdict = Verdict::Approve(Wished::default());
    let decided = decide::decide(context, &OPERATOR, which, &verdict).await;
    of(decided.map(|_| "approved"), nothing)
}
