//! The template of a photograph that came with a question. The photograph itself is not kept.

use zhenren_domain::ids::{AppId, EvidenceId, JobId, VerificationId};
use zhenren_domain::jobs::JobKind;
use zhenren_domain::retention::after;
use zhenren_store::Transaction;
use zhenren_store::evidence::{self, Evidence, EvidenceKind};
use zhenren_store::jobs::{self, NewJob};
use zhenren_vault::ObjectKey;

use crate::analysis::{PhotoRefused, Portrait, Template};
use crate::context::Context;
use crate::fault::Fault;

/// A template whose bytes are written and whose row is not yet.
#[derive(Debug)]
pub(crate) struct StoredTemplate {
    pub(crate) id: EvidenceId,
    evidence: Evidence,
    key: ObjectKey,
}

/// Reads a photograph off the async threads.
pub(crate) async fn read(context: &Context, photo: Vec<u8>) -> Result<Portrait, PhotoRefused> {
    let analyzer = context.analyzer()?;
    tokio::task::spawn_blocking(move || analyzer.read_photo(&photo))
        .await
        .map_err(|error| Fault::new("reading a photo", error))?
}

/// Makes the template and writes its sealed bytes.
pub(crate) async fn store(
    context: &Context,
    app_id: &AppId,
    verification_id: &VerificationId,
    photo: Vec<u8>,
) -> Result<StoredTemplate, PhotoRefused> {
    let portrait = read(context, photo).await?;
    let at = context.now();
    let settings = context.settings();
    // It is needed as long as an attempt may be made, and then no longer than the recording.
    let destroy_at = settings
        .retention
        .evidence_deadline(after(at, settings.verification_life));
    let id = EvidenceId::from_number(context.id_number());
    let evidence = Evidence {
        id: id.clone(),
        app_id: app_id.clone(),
        verification_id: Some(verification_id.clone()),
        attempt_id: None,
        kind: EvidenceKind::CallerPhoto,
        media_type: String::from("application/x-zhenren-template"),
        parts_count: 1,
        created_at: at,
        deadline_at: Some(destroy_at),
        key_destroyed_at: None,
        destroyed_at: None,
    };
    let key = ObjectKey::generate().map_err(Fault::from)?;
    let bytes = portrait.template.to_bytes();
    context
        .evidence()
        .put(id.as_str(), 0, &key, &bytes)
        .await
        .map_err(Fault::from)?;
    Ok(StoredTemplate { id, evidence, key })
}

/// Writes the row and plans the destruction, in the transaction of the question.
pub(crate) async fn keep(
    context: &Context,
    tx: &mut Transaction,
    stored: &StoredTemplate,
) -> Result<(), Fault> {
    evidence::insert(tx, context.vault(), &stored.evidence, &stored.key).await?;
    let at = context.now();
    let job = NewJob {
        id: &JobId::from_number(context.id_number()),
        kind: JobKind::DestroyEvidence,
        subject: stored.id.as_str(),
        run_at: stored.evidence.deadline_at.unwrap_or(at),
        at,
    };
    jobs::add(tx, &job).await?;
    Ok(())
}

/// Opens a kept template; nothing when its key is gone.
pub(crate) async fn open(
    context: &Context,
    tx: &mut Transaction,
    id: &EvidenceId,
) -> Result<Option<Template>, Fault> {
    let Some(key) = evidence::open_key(tx, context.vault(), id).await? else {
        return Ok(None);
    };
    let bytes = context.evidence().open(id.as_str(), 0, &key).await?;
    let template = Template::from_bytes(bytes.reveal());
    template
        .map(Some)
        .ok_or_else(|| Fault::new("opening a template", "it does not parse"))
}
