//! What follows from a transition of a verification: an attempt that ended with it is told who
//! pays; when it closed, its hold resolves with it (invariant I2).

use zhenren_domain::billing::{Billing, BillingRules, bill};
use zhenren_domain::ids::EntryId;
use zhenren_domain::ledger::HoldState;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::retention::after;
use zhenren_domain::tariff::civil_day;
use zhenren_domain::verification::{Closing, State, Verification};
use zhenren_store::usage::{self, Usage};
use zhenren_store::verifications::{self, Billed, Record};
use zhenren_store::{Transaction, attempts, payers};
use zhenren_store::{audit, identity_keys, ledger};

use crate::context::Context;
use crate::fault::Fault;

/// Writes the transition of `before` and everything that follows from it.
pub(crate) async fn advance(
    context: &Context,
    tx: &mut Transaction,
    before: &Record,
    after: Verification,
) -> Result<Record, Fault> {
    verifications::advance(tx, &before.verification, &after).await?;
    let record = Record {
        verification: after,
        ..before.clone()
    };
    let billing = billing_of(tx, &record).await?;
    // Every way an attempt can end (answered, cancelled, expired, superseded, given up) comes
    // through here, as the attempt that was running before and is not any more.
    let former = before.verification.state.attempt_id();
    if let Some(ended) = former
        && record.verification.state.attempt_id() != former
    {
        attempts::record_billing(tx, ended, billing).await?;
    }
    if let State::Closed(closing) = &record.verification.state {
        close(context, tx, &record, closing, billing).await?;
    }
    Ok(record)
}

/// Who pays for what ended. Only what closes a verification can be billable.
async fn billing_of(tx: &mut Transaction, record: &Record) -> Result<Billing, Fault> {
    let verification = &record.verification;
    let free = |reason| Billing {
        billable: false,
        ..bill(reason, BillingRules::default())
    };
    Ok(match &verification.state {
        State::Closed(closing) => {
            bill(closing.reason, payers::rules(tx, &record.account_id).await?)
        }
        State::Open => free(verification.last_reason.unwrap_or(Reason::Cancelled)),
        // The attempt that was pushed aside by a new one.
        State::Capturing { .. } | State::Analyzing { .. } => free(Reason::Cancelled),
    })
}

async fn close(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
    closing: &Closing,
    billing: Billing,
) -> Result<(), Fault> {
    let id = &record.verification.id;
    let mut settled = Fen::ZERO;
    let hold = ledger::hold_of(tx, id).await?;
    if let Some(hold) = hold.filter(|hold| hold.state == HoldState::Frozen) {
        let entry = EntryId::from_number(context.id_number());
        if billing.billable {
            settled = ledger::settle(tx, &hold, &entry, closing.at).await?.settled;
        } else {
            ledger::release(tx, &hold, &entry, closing.at).await?;
        }
    }
    verifications::record_billing(tx, id, &Billed { billing, settled }).await?;
    if let (Outcome::Accepted, Some(hash)) = (closing.outcome, &record.identity_key_hash) {
        identity_keys::mark_passed(tx, hash, closing.at).await?;
    }
    // Who would have let it expire forgets the person when the answer is too old.
    let forget_at = after(closing.at, context.settings().retention.result);
    verifications::set_due(tx, id, forget_at).await?;
    let event = audit::Event {
        chain: record.account_id.as_str(),
        at: closing.at,
        actor: "worker",
        action: "verification.close",
        subject: id.as_str(),
        detail: closing.outcome.name(),
    };
    audit::append(tx, &event).await?;
    let counted = Usage::closing(closing.outcome, billing, settled);
    let day = civil_day(closing.at);
    usage::add(tx, &record.account_id, &record.app_id, day, &counted).await?;
    Ok(())
}
