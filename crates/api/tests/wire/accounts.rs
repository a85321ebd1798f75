//! Accounts: closed until somebody who is known has accepted the newest agreement.

use crate::common::{NAME, NUMBER, World};
use crate::operators::Tokens;
use crate::unicloud::{Caller, nonce};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::{Role, Scope};
use zhenren_store::audit;

/// An account that the owner made, and a way to call about it.
pub(crate) struct Tenant<'a> {
    pub(crate) world: &'a World,
    /// An operator who may everything.
    pub(crate) owner: String,
    /// A token of the account.
    pub(crate) own: String,
    pub(crate) id: String,
}

impl<'a> Tenant<'a> {
    /// A new, closed account.
    pub(crate) async fn new(world: &'a World, tokens: &Tokens<'_>) -> Self {
        let owner = tokens.operator(Role::Owner).await;
        let made = world
            .account_side(
                Method::POST,
                "/v1/account/accounts",
                &owner,
                &json!({ "name": "Shop" }),
            )
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(made.json["opened_at"], Value::Null);
        let id = made.text_of("id");
        let account_id = AccountId::parse(&id).unwrap();
        let own = tokens.account(&account_id, Scope::Manage).await;
        Self {
            world,
            owner,
            own,
            id,
        }
    }

    /// A new, open account.
    pub(crate) async fn open(world: &'a World, tokens: &Tokens<'_>) -> Self {
        let tenant = Self::new(world, tokens).await;
        let named = tenant.record().await;
        assert_eq!(named.status, StatusCode::OK, "{}", named.text);
        let accepted = tenant.accept(&json!({})).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.text);
        tenant
    }

    /// A call with the account's own token.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> crate::common::Reply {
        let path = format!("/v1/account{path}");
        self.world
            .account_side(method, &path, &self.own, body)
            .await
    }

    /// A call of the owner about this account.
    pub(crate) async fn owner_asks(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> crate::common::Reply {
        let path = format!("/v1/account{path}?account_id={}", self.id);
        self.world
            .account_side(method, &path, &self.owner, body)
            .await
    }

    async fn record(&self) -> crate::common::Reply {
        let papers = json!({
            "kind": "organisation", "name": "Shop Ltd", "number": "91110108ma00000070",
        });
        self.owner_asks(Method::PUT, "/real-name", &papers).await
    }

    /// Accepts the newest version, with some fields replaced.
    async fn accept(&self, change: &Value) -> crate::common::Reply {
        let listed = self.ask(Method::GET, "/agreements", &Value::Null).await;
        let newest = &listed.json["items"][0];
        let mut body = json!({
            "version": newest["version"], "sha256": newest["sha256"], "signer": "李四",
        });
        for (field, value) in change.as_object().unwrap() {
            body[field] = value.clone();
        }
        self.ask(Method::POST, "/acceptances", &body).await
    }

    /// Makes an app; answers its id and secret.
    pub(crate) async fn app(&self, kind: &str) -> (String, String) {
        let body = json!({ "name": kind, "kind": kind });
        let made = self.ask(Method::POST, "/apps", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(made.json["entitled"], false);
        (made.text_of("id"), made.text_of("secret"))
    }
}

#[tokio::test]
async fn an_account_opens_when_a_known_holder_accepts_the_newest_text() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::new(&world, &tokens).await;
    let refused = tenant.accept(&json!({})).await;
    assert_eq!(refused.code(), "real_name_missing", "{}", refused.text);
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let named = tenant.record().await;
    assert_eq!(
        named.json["real_name"]["number_masked"],
        "**************0070"
    );
    assert!(!named.text.contains("Shop Ltd"), "{}", named.text);
    assert!(!named.text.contains("91110108"), "{}", named.text);
    for (change, code) in [
        (json!({ "version": "0" }), "agreement_outdated"),
        (json!({ "sha256": "0".repeat(64) }), "agreement_differs"),
        (json!({ "signer": " " }), "parameter_invalid"),
    ] {
        assert_eq!(tenant.accept(&change).await.code(), code, "{change}");
    }
    let account = tenant.ask(Method::GET, "", &Value::Null).await;
    assert_eq!(account.json["opened_at"], Value::Null);
    let accepted = tenant.accept(&json!({})).await;
    assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.text);
    assert_eq!(accepted.json["opened_the_account"], true);
    let account = tenant.ask(Method::GET, "", &Value::Null).await;
    // 1 790 000 000 s is the evening of 21 September 2026 in Shanghai.
    assert_eq!(account.json["agreement"]["started_on"], "2026-09-21");
    assert_eq!(account.json["accepted_version"], "1");
    // Again: the same acceptance, nothing new.
    let again = tenant.accept(&json!({ "signer": "王五" })).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json["id"], accepted.json["id"]);
    assert_eq!(again.json["signer"], "李四");
}

#[tokio::test]
async fn a_newer_version_is_to_be_accepted_and_does_not_move_the_year() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    world.advance_s(40 * 86_400);
    let text = json!({ "version": "2026-11", "text": "The second text." });
    // The sign-in of forty days ago is over.
    let owner = tokens.operator(Role::Owner).await;
    let path = "/v1/account/agreements";
    let published = world.account_side(Method::POST, path, &owner, &text);
    assert_eq!(published.await.status, StatusCode::CREATED);
    let again = world.account_side(Method::POST, path, &owner, &text);
    assert_eq!(again.await.code(), "version_taken");
    let old = tenant.accept(&json!({ "version": "1" })).await;
    assert_eq!(old.code(), "agreement_outdated");
    let accepted = tenant.accept(&json!({})).await;
    assert_eq!(accepted.status, StatusCode::CREATED);
    assert_eq!(accepted.json["opened_the_account"], false);
    let account = tenant.ask(Method::GET, "", &Value::Null).await;
    assert_eq!(account.json["agreement"]["started_on"], "2026-09-21");
    assert_eq!(account.json["accepted_version"], "2026-11");
    let kept = tenant.ask(Method::GET, "/acceptances", &Value::Null).await;
    let versions: Vec<&Value> = kept.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["version"])
        .collect();
    assert_eq!(versions, ["2026-11", "1"]);
    let first = tenant.ask(Method::GET, "/agreements/1", &Value::Null).await;
    let digest = crate::common::sha256_hex(first.text_of("text").as_bytes());
    assert_eq!(first.text_of("sha256"), digest, "texts never change");
    let none = tenant.ask(Method::GET, "/agreements/7", &Value::Null).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn papers_are_checked() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::new(&world, &tokens).await;
    for (kind, name, number, words) in [
        ("shop", "A", NUMBER, "kind must be"),
        ("simulated", "A", NUMBER, "neither person nor organisation"),
        ("person", "", NUMBER, "legal name"),
        ("person", "A", "310101199801011234", "check character"),
        ("organisation", "A", "91110108MA00000071", "check character"),
        ("organisation", "A", NUMBER, "wrong check character"),
    ] {
        let body = json!({ "kind": kind, "name": name, "number": number });
        let reply = tenant.owner_asks(Method::PUT, "/real-name", &body).await;
        assert_eq!(reply.code(), "parameter_invalid", "{}", reply.text);
        assert!(reply.text_of("detail").contains(words), "{}", reply.text);
    }
    let body = json!({ "kind": "person", "name": NAME, "number": NUMBER });
    let reply = tenant.owner_asks(Method::PUT, "/real-name", &body).await;
    assert_eq!(reply.json["real_name"]["name_masked"], "张*");
    // The log says that it was recorded, not what.
    let mut tx = world.context.pool().read().await.unwrap();
    let lines = audit::list(&mut tx, &tenant.id, 0, 9).await.unwrap();
    let last = lines.last().unwrap();
    assert_eq!(last.action, "account.real_name");
    assert_eq!(last.detail, "person");
    let all = format!("{lines:?}");
    assert!(!all.contains(NUMBER) && !all.contains(NAME));
}

/// Every door of an account that is not open.
#[tokio::test]
async fn a_closed_account_is_answered_nothing() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::new(&world, &tokens).await;
    let (appid, secret) = tenant.app("formal").await;
    let app = Door::of(&world, &appid, &secret);
    let answers = app.knock(1).await;
    let expected = Answers {
        token: 0,
        wechat: 48001,
        unicloud: 55023,
        v1: (403, "service_not_opened"),
        capture: 10006,
    };
    assert_eq!(answers, expected);
}

/// An app at all doors.
pub(crate) struct Door<'a> {
    world: &'a World,
    appid: String,
    secret: String,
}

/// What the doors answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) token: i64,
    pub(crate) wechat: i64,
    pub(crate) unicloud: i64,
    pub(crate) v1: (u16, &'static str),
    pub(crate) capture: i64,
}

impl<'a> Door<'a> {
    pub(crate) fn of(world: &'a World, appid: &str, secret: &str) -> Self {
        Self {
            world,
            appid: appid.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// The token call.
    pub(crate) async fn token(&self) -> crate::common::Reply {
        let path = format!(
            "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
            self.appid, self.secret
        );
        self.world.get(&path).await
    }

    /// `getuseridkey` with this token.
    pub(crate) async fn key(&self, token: &str) -> crate::common::Reply {
        let body = json!({ "name": NAME, "id_card_number": NUMBER });
        self.world.face("getuseridkey", token, &body).await
    }

    /// `POST /v1/verifications`.
    pub(crate) async fn v1(&self, key: &str) -> crate::common::Reply {
        let basic = crate::common::basic(&self.appid, &self.secret);
        let headers = [("authorization", basic.as_str()), ("idempotency-key", key)];
        let body = json!({
            "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" },
        });
        let path = "/v1/verifications";
        self.world
            .call(Method::POST, path, &headers, body.to_string())
            .await
    }

    /// `getCertifyId`.
    pub(crate) async fn certify(&self, number: u32) -> Value {
        let caller = Caller {
            world: self.world,
            appid: self.appid.clone(),
            secret: self.secret.clone(),
        };
        let body = json!({ "realName": NAME, "idCard": NUMBER });
        caller.call("getCertifyId", &nonce(number), &body).await
    }

    /// The start of a capture with a key.
    pub(crate) async fn begin(&self, key: &str) -> crate::common::Reply {
        let ticket = json!({ "appid": self.appid, "user_id_key": key });
        self.world.begin(&ticket).await
    }

    /// Knocks at every door; `number` tells repeated knocks apart.
    pub(crate) async fn knock(&self, number: u32) -> Answers {
        let token = self.token().await;
        let code = token.errcode();
        let given = token.text_of("access_token");
        let wechat = self.key(&given).await.errcode();
        let v1 = self.v1(&format!("knock-{number:04}")).await;
        let name = v1.code().to_owned();
        let known = zhenren_api::problem::ALL.iter().find(|it| it.name == name);
        let begun = self.begin(&"0".repeat(32)).await;
        Answers {
            token: code,
            wechat,
            unicloud: self.certify(number).await["errCode"].as_i64().unwrap(),
            v1: (v1.status.as_u16(), known.map_or("", |code| code.name)),
            capture: begun.errcode(),
        }
    }
}
