//! Two calls about the same thing at once: only one of them counts, and nothing is left of the
//! other.

use std::sync::{Arc, Barrier};

use crate::common::World;
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zhenren_store::accounts;
use zhenren_usecases::analysis::scripted::{PASSES, PORTRAIT, ScriptedAnalyzer};
use zhenren_usecases::analysis::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question};
use zhenren_usecases::settings::Settings;
use zhenren_usecases::tenants::demo;
use zhenren_vault::EvidenceStore;

/// Reads two photographs at a time.
#[derive(Debug)]
struct PairAnalyzer(Barrier);

impl Analyzer for PairAnalyzer {
    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        self.0.wait();
        ScriptedAnalyzer.read_photo(photo)
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        ScriptedAnalyzer.measure_clip(clip, question)
    }
}

#[tokio::test]
async fn the_slower_of_two_same_questions_leaves_no_template_behind() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = EvidenceStore::local(folder.path()).unwrap();
    let analyzer = Arc::new(PairAnalyzer(Barrier::new(2)));
    let world = World::with_evidence(Settings::default(), analyzer, evidence).await;
    let photo = STANDARD.encode(PORTRAIT);
    let body = json!({ "reference": { "source": "caller_photo", "photo": photo } });
    let ask = || world.v1(Method::POST, "/v1/verifications", "order-0001", &body);
    let (one, other) = tokio::join!(ask(), ask());
    assert_eq!(one.status, StatusCode::CREATED, "{}", one.text);
    assert_eq!(one.json["id"], other.json["id"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_key_is_billed_once_although_its_verification_takes_no_more_starts() {
    let world = World::new().await;
    world.enrol().await;
    let key = world.user_id_key().await;
    world.begin_with_key(&key).await;
    world.advance_s(29 * 60);
    let late = world.begin_with_key(&key).await;
    assert_eq!(late.challenge().await.status, StatusCode::OK);
    assert_eq!(late.part(0, PASSES).await.status, StatusCode::OK);
    world.advance_s(61);
    let anew = world.begin_with_key(&key).await;
    assert_ne!(late.verify_result, anew.verify_result);
    assert_eq!(late.complete(&[PASSES]).await.code(), "attempt_ended");
    let info = world.getinfo(&late.verify_result).await;
    assert_eq!(info.json["identify_ret"], 90100, "{}", info.text);
    anew.record(PASSES).await;
    world.work().await;
    let info = world.getinfo(&anew.verify_result).await;
    assert_eq!(info.json["identify_ret"], 0, "{}", info.text);
    let mut tx = world.context.pool().read().await.unwrap();
    let account = accounts::find(&mut tx, &demo::account_id()).await.unwrap();
    let balance = account.unwrap().balance;
    assert_eq!((balance.frozen.get(), balance.spent.get()), (0, 85));
}
