//! Sealing anew, stopped at one place after the other: nothing is lost, and the end is the same.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::path::Path;

use jiff::Timestamp;
use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Role;
use zhenren_store::Pool;
use zhenren_store::testing::{Stop, Stoppable};
use zhenren_usecases::accounts::record_real_name::{self, RealName};
use zhenren_usecases::accounts::{create, read};
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::keys::{self, Beginning};
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::create_operator::{self, NewPerson};
use zhenren_usecases::operators::list_operators;
use zhenren_usecases::settings::Settings;
use zhenren_vault::{EvidenceStore, Vault};

const ACTOR: Actor = Actor::CommandLine;

async fn context(folder: &Path) -> Context {
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let pool = Pool::connect(&url).await.unwrap();
    let clock = Clock::manual(Timestamp::from_second(1_790_000_000).unwrap());
    pool.migrate(clock.now()).await.unwrap();
    let (vault, _) = Vault::load_or_create(&folder.join("keys")).unwrap();
    Context::new(Pieces {
        clock,
        entropy: Entropy::System,
        pool,
        vault,
        evidence: EvidenceStore::in_memory(),
        analyzer: None,
        settings: Settings::default(),
    })
}

async fn assert_opens(context: &Context, account: &AccountId) {
    let found = read::find(context, &ACTOR, account).await.unwrap();
    assert!(found.real_name.is_some());
    let found = list_operators::find_by_login(context, &ACTOR, "wei").await;
    assert_eq!(found.unwrap().unwrap().login.reveal(), "wei");
}

#[tokio::test]
async fn stopped_anywhere_nothing_is_lost_and_the_rest_is_done_later() {
    let folder = tempfile::tempdir().unwrap();
    let first = context(folder.path()).await;
    let account = create::create(&first, &ACTOR, "Shop").await.unwrap();
    let real_name = RealName {
        kind: HolderKind::Person,
        name: "张三",
        number: "11010519491231002X",
    };
    record_real_name::record(&first, &ACTOR, &account, &real_name)
        .await
        .unwrap();
    let new = NewPerson {
        login: "wei",
        role: Role::Owner,
        password: None,
    };
    create_operator::create(&first, &ACTOR, new).await.unwrap();
    first.pool().close().await;
    let mut stop_after = 0;
    loop {
        Vault::rotate(&folder.path().join("keys")).unwrap();
        let context = context(folder.path()).await;
        assert_eq!(keys::old_count(&context).await.unwrap(), 4);
        let resealing = keys::reseal(&context, Beginning::Rotated);
        let mut resealing = Stoppable::new(Stop::After(stop_after), resealing);
        let is_done = resealing.run_to_stop().await.is_some();
        drop(resealing);
        context.pool().close().await;
        let context = self::context(folder.path()).await;
        assert_opens(&context, &account).await;
        if is_done {
            assert_eq!(keys::old_count(&context).await.unwrap(), 0);
            break;
        }
        let left = keys::old_count(&context).await.unwrap();
        let done = keys::reseal(&context, Beginning::Continued).await.unwrap();
        assert_eq!(done, left, "stopped after {stop_after}");
        assert_eq!(keys::old_count(&context).await.unwrap(), 0);
        assert_opens(&context, &account).await;
        context.pool().close().await;
        stop_after += 5;
    }
    assert!(stop_after > 50, "{stop_after}");
}
