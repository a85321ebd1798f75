//! Agreements and who accepted them, applications and how they are decided, spaces and their list.

use zhenren_domain::application::ApplicationState;
use zhenren_domain::ids::{AcceptanceId, AccountId, AppId, ApplicationId, SpaceId};
use zhenren_vault::SecretText;

use super::world::{START, World, after, together};
use crate::agreements::{self, Acceptance, AgreementText};
use crate::applications::{self, Application, Decision, Wanted};
use crate::spaces::{self, Space};
use crate::{StoreError, retry_busy};

fn text(version: &str, second: i64) -> AgreementText {
    AgreementText {
        version: version.to_owned(),
        body: format!("text of {version}"),
        sha256: version.repeat(64),
        published_at: after(second),
        published_by: String::from("opr_1"),
    }
}

pub(super) async fn versions_are_published_once_and_the_last_is_the_newest(world: &World) {
    let mut tx = world.pool.begin().await.unwrap();
    assert_eq!(agreements::newest(&mut tx).await.unwrap(), None);
    // The order of publishing counts, not that of names or clocks.
    for (version, second) in [("9", 5), ("1", 5), ("5", 2)] {
        assert!(
            agreements::publish(&mut tx, &text(version, second))
                .await
                .unwrap()
        );
    }
    assert!(!agreements::publish(&mut tx, &text("9", 8)).await.unwrap());
    let newest = agreements::newest(&mut tx).await.unwrap();
    assert_eq!(newest, Some(text("5", 2)));
    let found = agreements::find(&mut tx, "9").await.unwrap();
    assert_eq!(found, Some(text("9", 5)));
    assert_eq!(agreements::find(&mut tx, "7").await.unwrap(), None);
    let all = agreements::list(&mut tx).await.unwrap();
    assert_eq!(all, [text("5", 2), text("1", 5), text("9", 5)]);
}

pub(super) async fn a_version_is_accepted_once_by_each_account(world: &World) {
    let account = world.account(0).await;
    let mut tx = world.pool.begin().await.unwrap();
    for version in ["1", "2"] {
        agreements::publish(&mut tx, &text(version, 0))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let vault = &world.vault;
    let of = |version: &'static str, second| Acceptance {
        id: AcceptanceId::from_number(world.number()),
        account_id: account.clone(),
        version: version.to_owned(),
        sha256: version.repeat(64),
        signer: SecretText::from("李四"),
        accepted_by: String::from("tok_1"),
        accepted_at: after(second),
    };
    let answers = together(8, |index| {
        let acceptance = of("1", index.into());
        async move {
            retry_busy(|| async {
                let mut tx = world.pool.begin().await?;
                let is_new = agreements::accept(&mut tx, vault, &acceptance).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(is_new)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|is_new| **is_new).count(), 1);
    let mut tx = world.pool.begin().await.unwrap();
    let second = of("2", 99);
    assert!(agreements::accept(&mut tx, vault, &second).await.unwrap());
    let found = agreements::acceptances(&mut tx, vault, &account)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], second);
    let sql = "SELECT id, signer_sealed FROM agreement_acceptances";
    for row in tx
        .fetch_all("agreement_acceptances", sql, &[])
        .await
        .unwrap()
    {
        let sealed = row.bytes("signer_sealed").unwrap();
        let plain = "李四".as_bytes();
        assert!(!sealed.windows(plain.len()).any(|part| part == plain));
    }
}

fn application(world: &World, account: &AccountId, apps: (&AppId, Option<&AppId>)) -> Application {
    Application {
        id: ApplicationId::from_number(world.number()),
        account_id: account.clone(),
        formal_app_id: apps.0.clone(),
        test_app_id: apps.1.cloned(),
        state: ApplicationState::Submitted,
        form: SecretText::from("{\"mobile\":\"13800000000\"}"),
        submitted_at: START,
        submitted_by: String::from("tok_1"),
        decision: None,
    }
}

async fn submit(world: &World, application: &Application) -> bool {
    retry_busy(|| async {
        let mut tx = world.pool.begin().await?;
        let kept = applications::submit(&mut tx, &world.vault, application).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(kept)
    })
    .await
    .unwrap()
}

pub(super) async fn an_app_has_one_undecided_application(world: &World) {
    let account = world.account(0).await;
    let [formal, test, other] = [
        world.app(&account).await,
        world.app(&account).await,
        world.app(&account).await,
    ];
    let waiting: Vec<Application> = (0..8)
        .map(|_| application(world, &account, (&formal, Some(&test))))
        .collect();
    let answers = together(8, |index| {
        submit(world, &waiting[usize::try_from(index).unwrap()])
    })
    .await;
    assert_eq!(answers.iter().filter(|kept| **kept).count(), 1);
    // Neither of the two apps may be in another one, in neither role.
    for apps in [
        (&test, None),
        (&other, Some(&formal)),
        (&other, Some(&test)),
    ] {
        assert!(!submit(world, &application(world, &account, apps)).await);
    }
    assert!(submit(world, &application(world, &account, (&other, None))).await);
}

pub(super) async fn an_application_is_decided_once(world: &World) {
    let account = world.account(0).await;
    let formal = world.app(&account).await;
    let first = application(world, &account, (&formal, None));
    assert!(submit(world, &first).await);
    let refusals = ["no scene", "no contact", "no name"];
    let answers = together(9, |index| {
        let refusal = refusals
            .get(usize::try_from(index).unwrap())
            .map(|text| (*text).to_owned());
        let decision = Decision {
            at: after(index.into()),
            by: format!("opr_{index}"),
            refusal,
        };
        let id = &first.id;
        async move {
            let done = retry_busy(|| async {
                let mut tx = world.pool.begin().await?;
                let done = applications::decide(&mut tx, &world.vault, id, &decision).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(done)
            })
            .await;
            done.unwrap().then_some(decision)
        }
    })
    .await;
    let [winner] = &answers.into_iter().flatten().collect::<Vec<_>>()[..] else {
        panic!("not exactly one decision");
    };
    let mut tx = world.pool.begin().await.unwrap();
    let vault = &world.vault;
    let found = applications::find(&mut tx, vault, &first.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.decision.as_ref(), Some(winner));
    let state = match winner.refusal {
        None => ApplicationState::Approved,
        Some(_) => ApplicationState::Refused,
    };
    assert_eq!((found.state, &found.form), (state, &first.form));
}

pub(super) async fn applications_are_listed_by_account_and_state(world: &World) {
    let account = world.account(0).await;
    let formal = world.app(&account).await;
    let first = application(world, &account, (&formal, None));
    assert!(submit(world, &first).await);
    let decision = Decision {
        at: after(1),
        by: String::from("opr_1"),
        refusal: Some(String::from("no scene")),
    };
    let vault = &world.vault;
    let mut tx = world.pool.begin().await.unwrap();
    let done = applications::decide(&mut tx, &world.vault, &first.id, &decision).await;
    assert!(done.unwrap());
    tx.commit().await.unwrap();
    let second = application(world, &account, (&formal, None));
    assert!(
        submit(world, &second).await,
        "a decided one is in nobody's way"
    );
    let mut tx = world.pool.read().await.unwrap();
    let foreign = AccountId::from_number(7);
    let submitted = Some(ApplicationState::Submitted);
    for (account_id, state, after, count) in [
        (None, None, "", 2),
        (Some(&account), None, "", 2),
        (Some(&foreign), None, "", 0),
        (None, submitted, "", 1),
        (Some(&account), Some(ApplicationState::Refused), "", 1),
        (None, None, first.id.as_str(), 1),
    ] {
        let wanted = Wanted {
            account_id,
            state,
            after,
            count_max: 9,
        };
        let found = applications::list(&mut tx, vault, &wanted).await.unwrap();
        assert_eq!(found.len(), count, "{wanted:?}");
    }
}

/// Two spaces of one account and one of another.
async fn make_spaces(world: &World, account: &AccountId, other: &AccountId) -> Vec<SpaceId> {
    let mut tx = world.pool.begin().await.unwrap();
    let mut ids: Vec<SpaceId> = Vec::new();
    for owner in [account, account, other] {
        let space = Space {
            id: SpaceId::from_number(world.number()),
            account_id: owner.clone(),
            name: String::from("functions"),
            created_at: START,
        };
        spaces::create(&mut tx, &space).await.unwrap();
        let found = spaces::find(&mut tx, owner, &space.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&space));
        ids.push(space.id);
    }
    tx.commit().await.unwrap();
    ids
}

pub(super) async fn a_space_on_the_list_is_not_removed(world: &World) {
    let account = world.account(0).await;
    let other = world.account(0).await;
    let ids = make_spaces(world, &account, &other).await;
    let mut tx = world.pool.begin().await.unwrap();
    let [one, two, foreign] = &ids[..] else {
        panic!()
    };
    assert_eq!(
        spaces::find(&mut tx, &account, foreign).await.unwrap(),
        None
    );
    let set = spaces::set_allow_list(&mut tx, &account, &[one.clone(), two.clone()], START).await;
    assert_eq!(set.unwrap(), None);
    let set = spaces::set_allow_list(&mut tx, &account, std::slice::from_ref(one), after(1)).await;
    assert_eq!(set.unwrap(), None);
    assert_eq!(
        spaces::allow_list(&mut tx, &account).await.unwrap(),
        std::slice::from_ref(one)
    );
    assert!(
        spaces::allow_list(&mut tx, &other)
            .await
            .unwrap()
            .is_empty()
    );
    for (who, id, removed) in [
        (&account, one, false),
        (&account, foreign, false),
        (&other, two, false),
        (&account, two, true),
        (&account, two, false),
    ] {
        let done = spaces::remove(&mut tx, who, id, after(2)).await.unwrap();
        assert_eq!(done, removed, "{id}");
    }
    assert_eq!(spaces::find(&mut tx, &account, two).await.unwrap(), None);
    let left = spaces::list(&mut tx, &account, "", 9).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(
        spaces::list(&mut tx, &account, one.as_str(), 9)
            .await
            .unwrap()
            .is_empty()
    );
    // Neither what was removed nor what is another's can be listed.
    for id in [two, foreign] {
        let refused =
            spaces::set_allow_list(&mut tx, &account, std::slice::from_ref(id), START).await;
        assert_eq!(refused.unwrap().as_ref(), Some(id));
    }
}
