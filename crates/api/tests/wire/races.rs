//! Two calls about the same thing at once: only one of them counts, and nothing is left of the
//! other.

use std::sync::{Arc, Barrier};

use crate::common::{NAME, NUMBER, World};
use crate::unicloud::{Caller, nonce};
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zhenren_domain::ids::AppId;
use zhenren_domain::ledger::Balance;
use zhenren_domain::money::Fen;
use zhenren_store::testing::together;
use zhenren_store::{accounts, apps, ledger};
use zhenren_usecases::analysis::scripted::{PASSES, PORTRAIT, ScriptedAnalyzer};
use zhenren_usecases::analysis::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question};
use zhenren_usecases::ledger::recharge;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::settings::Settings;
use zhenren_usecases::tenants::demo;
use zhenren_vault::EvidenceStore;

/// Reads two photographs at a time.
#[derive(Debug)]
struct PairAnalyzer(Barrier);

impl Analyzer for PairAnalyzer {
    fn features_model(&self) -> &str {
        ScriptedAnalyzer.features_model()
    }

    fn hears_digits(&self) -> bool {
        false
    }

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

/// How many ask at once, and for how many of them the balance is.
const CROWD: u32 = 64;
const PAID_FOR: i64 = 9;
const PRICE_FEN: i64 = 85;

/// A tenant with money for nine.
async fn tenant_for_nine(world: &World) -> (String, String) {
    let app = world.stranger().await;
    let account_id = account_of(world, &app.0).await;
    let amount = Fen::new(PAID_FOR * PRICE_FEN).unwrap();
    recharge::recharge(
        &world.context,
        &Actor::CommandLine,
        &account_id,
        amount,
        "for nine",
    )
    .await
    .unwrap();
    app
}

async fn account_of(world: &World, appid: &str) -> zhenren_domain::ids::AccountId {
    let mut tx = world.context.pool().read().await.unwrap();
    let app = apps::find(&mut tx, &AppId::parse(appid).unwrap()).await;
    app.unwrap().unwrap().account_id
}

/// Nine holds, nothing left, and the books agree.
async fn nine_are_frozen(world: &World, appid: &str) {
    let account_id = account_of(world, appid).await;
    let mut tx = world.context.pool().read().await.unwrap();
    let account = accounts::find(&mut tx, &account_id).await.unwrap().unwrap();
    let frozen = Fen::new(PAID_FOR * PRICE_FEN).unwrap();
    let wanted = Balance {
        available: Fen::ZERO,
        frozen,
        spent: Fen::ZERO,
    };
    assert_eq!(account.balance, wanted);
    assert_eq!(ledger::books(&mut tx, &account_id).await.unwrap(), wanted);
}

fn count<T: PartialEq>(answers: &[T], wanted: &T) -> usize {
    answers.iter().filter(|answer| *answer == wanted).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_questions_at_once_the_balance_for_nine_pays_nine() {
    World::on_both("questions", async |world| {
        let app = tenant_for_nine(world).await;
        let body = json!({
            "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" },
        });
        let answers = together(CROWD, |number| {
            let (app, body) = (&app, &body);
            async move {
                let key = format!("order-{number:04}");
                let path = "/v1/verifications";
                let reply = world.v1_as(app, Method::POST, path, &key, body).await;
                (reply.status, reply.code().to_owned())
            }
        })
        .await;
        let created = (StatusCode::CREATED, String::new());
        let refused = (
            StatusCode::PAYMENT_REQUIRED,
            String::from("insufficient_balance"),
        );
        assert_eq!(count(&answers, &created), 9, "{answers:?}");
        assert_eq!(count(&answers, &refused), 55, "{answers:?}");
        nine_are_frozen(world, &app.0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_certificates_at_once_the_balance_for_nine_pays_nine() {
    World::on_both("certificates", async |world| {
        let (appid, secret) = tenant_for_nine(world).await;
        let body = json!({ "realName": NAME, "idCard": NUMBER });
        let answers = together(CROWD, |number| {
            let caller = Caller {
                world,
                appid: appid.clone(),
                secret: secret.clone(),
            };
            let body = &body;
            async move {
                let answer = caller.call("getCertifyId", &nonce(number), body).await;
                answer["errCode"].as_i64().unwrap()
            }
        })
        .await;
        assert_eq!(count(&answers, &0), 9, "{answers:?}");
        assert_eq!(count(&answers, &54100), 55, "{answers:?}");
        nine_are_frozen(world, &appid).await;
    })
    .await;
}
