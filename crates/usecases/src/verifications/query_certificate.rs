//! The answer behind a `certifyId` of the uniCloud dialect, for the caller it was made for.

use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::codes::{AuthState, unicloud_auth_state, unicloud_sub_code};
use zhenren_domain::ids::VerificationId;
use zhenren_domain::measurements::{CueKind, Measurements};
use zhenren_domain::outcome::Outcome;
use zhenren_domain::retention::Readable;
use zhenren_store::verifications::{self, Door, Record};
use zhenren_store::{Transaction, attempts};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::tenants::Caller;

/// What the dialect answers.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Where it stands.
    pub auth_state: AuthState,
    /// Which kind of failure it was; with FAIL only.
    pub sub_code: Option<&'static str>,
    /// Similarity and picture quality, 0 to 100 each, for people to read; with SUCCESS only.
    pub scores: Option<(f64, f64)>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// Never issued, purged, or another's.
    #[error("certificate is unknown")]
    Unknown,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(QueryError);

/// Looks the answer up.
pub async fn query(
    context: &Context,
    caller: &Caller,
    certify_id: &str,
    user_id: Option<&str>,
) -> Result<Certificate, QueryError> {
    let id = VerificationId::parse(certify_id).map_err(|_| QueryError::Unknown)?;
    let mut tx = context.pool().read().await?;
    let record = verifications::find_of_app(&mut tx, context.vault(), &caller.app_id, &id)
        .await?
        .filter(|record| record.door == Door::Unicloud && is_for(record, user_id))
        .ok_or(QueryError::Unknown)?;
    let state = &record.verification.state;
    let auth_state = unicloud_auth_state(state);
    let mut answer = Certificate {
        auth_state,
        sub_code: None,
        scores: None,
    };
    let Some(closing) = record.verification.closing() else {
        return Ok(answer);
    };
    match context
        .settings()
        .retention
        .readable(closing.at, context.now())
    {
        Readable::Result => {}
        Readable::Tombstone | Readable::Gone => return Err(QueryError::Unknown),
    }
    match closing.outcome {
        Outcome::Accepted => answer.scores = scores(&mut tx, &id).await?,
        Outcome::Rejected | Outcome::Inconclusive => {
            answer.sub_code = Some(unicloud_sub_code(closing.reason));
        }
    }
    Ok(answer)
}

/// Whether the caller names the person the certificate was made for. A leaked certificate must
/// not be bound to somebody else's account.
fn is_for(record: &Record, user_id: Option<&str>) -> bool {
    match (&record.subject.tenant_reference, user_id) {
        (Some(kept), given) => given
            .unwrap_or_default()
            .as_bytes()
            .ct_eq(kept.reveal().as_bytes())
            .into(),
        (None, _) => true,
    }
}

async fn scores(tx: &mut Transaction, id: &VerificationId) -> Result<Option<(f64, f64)>, Fault> {
    let attempts = attempts::of_verification(tx, id).await?;
    let analysis = attempts
        .last()
        .and_then(|attempt| attempt.analysis.as_ref());
    Ok(analysis.and_then(|analysis| read_scores(&analysis.measurements)))
}

fn read_scores(measurements: &Measurements) -> Option<(f64, f64)> {
    let score = measurements
        .value(CueKind::ComparisonScore)?
        .clamp(0.0, 1.0)
        * 100.0;
    // The weakest side of the best frame, each as a share of what is plenty.
    let share = |cue: CueKind, plenty: f64| measurements.value(cue).map(|value| value / plenty);
    let sides = [
        share(CueKind::Sharpness, 100.0),
        share(CueKind::InterEyeDistance, 80.0),
    ];
    let weakest = sides
        .into_iter()
        .flatten()
        .fold(1.0_f64, f64::min)
        .clamp(0.0, 1.0);
    Some((score, weakest * 100.0))
}
