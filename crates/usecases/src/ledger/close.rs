//! What follows from a transition of a verification: when it closed, its hold resolves with it
//! (invariant I2); when it is open again, the next attempt gets its token.

use zhenren_domain::billing::bill;
use zhenren_domain::ids::EntryId;
use zhenren_domain::jobs::JobKind;
use zhenren_domain::ledger::HoldState;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::Outcome;
use zhenren_domain::retention::after;
use zhenren_domain::verification::{Closing, State, Verification};
use zhenren_store::verifications::{self, Billed, Record};
use zhenren_store::{Transaction, audit, capture_tokens, identity_keys, jobs, ledger};

use crate::context::Context;
use crate::fault::Fault;
use crate::verifications::open::issue_token;

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
    match &record.verification.state {
        State::Closed(closing) => close(context, tx, &record, closing).await?,
        State::Open => {
            if record.verification.is_startable(context.now()) {
                issue_token(context, tx, &record).await?;
            }
        }
        State::Capturing { .. } | State::Analyzing { .. } => {}
    }
    Ok(record)
}

async fn close(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
    closing: &Closing,
) -> Result<(), Fault> {
    let id = &record.verification.id;
    let billing = bill(closing.reason);
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
    capture_tokens::revoke(tx, id, closing.at).await?;
    if let (Outcome::Accepted, Some(hash)) = (closing.outcome, &record.identity_key_hash) {
        identity_keys::mark_passed(tx, hash, closing.at).await?;
    }
    // The same job that would have expired it forgets the person when the answer is too old.
    let forget_at = after(closing.at, context.settings().retention.result);
    jobs::reschedule(tx, JobKind::ExpireVerification, id.as_str(), forget_at).await?;
    let event = audit::Event {
        chain: record.account_id.as_str(),
        at: closing.at,
        actor: "worker",
        action: "verification.close",
        subject: id.as_str(),
        detail: closing.outcome.name(),
    };
    audit::append(tx, &event).await?;
    Ok(())
}
