//! Operators, their sign-ins, and tokens of accounts.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, AccountTokenId, OperatorId};
use zhenren_domain::roles::{Role, Scope};
use zhenren_vault::SecretText;

use super::world::{START, World, after, together};
use crate::account_tokens::{self, AccountToken, TokenState};
use crate::operator_sessions::{self, SessionState, failures};
use crate::operators::{self, NewOperator};
use crate::value::values;
use crate::{StoreError, Transaction, audit, retry_busy};

/// Keeps an operator whose login, password and hashes are all made of its number.
async fn operator(world: &World, role: Role) -> OperatorId {
    let number = world.number();
    let id = OperatorId::from_number(number);
    let mut tx = world.pool.begin().await.unwrap();
    assert!(insert(world, &mut tx, &id, &format!("login{number}"), role).await);
    tx.commit().await.unwrap();
    id
}

async fn insert(
    world: &World,
    tx: &mut Transaction,
    id: &OperatorId,
    login: &str,
    role: Role,
) -> bool {
    let new = NewOperator {
        id,
        login: &SecretText::from(login),
        login_hash: &format!("hash of {login}"),
        password_hash: &SecretText::from(format!("password of {login}")),
        role,
        at: START,
    };
    operators::insert(tx, &world.vault, &new).await.unwrap()
}

pub(super) async fn an_operator_is_read_back_and_has_one_login(world: &World) {
    let (vault, id) = (&world.vault, OperatorId::from_number(world.number()));
    let mut tx = world.pool.begin().await.unwrap();
    assert!(insert(world, &mut tx, &id, "wei", Role::Finance).await);
    let other = OperatorId::from_number(world.number());
    assert!(!insert(world, &mut tx, &other, "wei", Role::Owner).await);
    assert!(!operators::is_known(&mut tx, &other).await.unwrap());
    let found = operators::find(&mut tx, vault, &id).await.unwrap().unwrap();
    assert_eq!((found.login.reveal(), found.role), ("wei", Role::Finance));
    assert_eq!((found.created_at, found.disabled_at), (START, None));
    let by_login = operators::find_by_login(&mut tx, vault, "hash of wei").await;
    assert_eq!(by_login.unwrap().unwrap().id, id);
    let none = operators::find_by_login(&mut tx, vault, "wei").await;
    assert!(none.unwrap().is_none());

    // The password: as it was given, sealed, and moved to another operator it does not open.
    let hash = operators::password_hash(&mut tx, vault, &id).await.unwrap();
    assert_eq!(hash.unwrap().reveal(), "password of wei");
    assert!(insert(world, &mut tx, &other, "li", Role::Owner).await);
    let sql = "UPDATE operators SET password_sealed =
            (SELECT o.password_sealed FROM operators AS o WHERE o.id = $1)
        WHERE id = $2";
    tx.execute(sql, values![&id, &other]).await.unwrap();
    let moved = operators::password_hash(&mut tx, vault, &other).await;
    assert!(matches!(moved, Err(StoreError::Vault(_))), "{moved:?}");

    let new = SecretText::from("new");
    assert!(
        operators::set_password(&mut tx, vault, &id, &new, after(9))
            .await
            .unwrap()
    );
    // Another cost is only kept for the password it was computed of.
    let late = SecretText::from("late");
    assert!(
        !operators::rehash(&mut tx, vault, &id, &late, START)
            .await
            .unwrap()
    );
    let anew = SecretText::from("anew");
    assert!(
        operators::rehash(&mut tx, vault, &id, &anew, after(9))
            .await
            .unwrap()
    );
    let hash = operators::password_hash(&mut tx, vault, &id).await.unwrap();
    assert_eq!(hash.unwrap().reveal(), "anew");
    let none = OperatorId::from_number(0);
    assert!(
        !operators::set_password(&mut tx, vault, &none, &new, START)
            .await
            .unwrap()
    );
}

pub(super) async fn operators_are_listed_in_pages(world: &World) {
    let mut made = Vec::new();
    for role in Role::ALL {
        made.push(operator(world, role).await);
    }
    let mut tx = world.pool.read().await.unwrap();
    let mut seen = Vec::new();
    let mut last = None;
    loop {
        let after = last.as_ref().map(|(at, id)| (*at, id));
        let page = operators::list(&mut tx, &world.vault, after, 3)
            .await
            .unwrap();
        let Some(end) = page.last() else { break };
        last = Some((end.created_at, end.id.clone()));
        seen.extend(page.into_iter().map(|operator| operator.id));
    }
    assert_eq!(seen, made);
}

pub(super) async fn the_last_active_owner_stays(world: &World) {
    let one = operator(world, Role::Owner).await;
    let finance = operator(world, Role::Finance).await;
    let mut tx = world.pool.begin().await.unwrap();
    let tx = &mut tx;
    assert!(!operators::disable(tx, &one, START).await.unwrap());
    for role in [Role::Finance, Role::Reviewer, Role::ReadOnly] {
        assert!(
            !operators::set_role(tx, &one, Role::Owner, role)
                .await
                .unwrap()
        );
    }
    assert!(operators::disable(tx, &finance, START).await.unwrap());
    assert!(!operators::disable(tx, &finance, START).await.unwrap());
    // A disabled owner lets nobody in, so it does not count.
    assert!(
        operators::set_role(tx, &finance, Role::Finance, Role::Owner)
            .await
            .unwrap()
    );
    assert!(!operators::disable(tx, &one, START).await.unwrap());
    assert!(operators::enable(tx, &finance).await.unwrap());
    assert!(!operators::enable(tx, &finance).await.unwrap());
    // From a role it does not have (any more), nothing is changed.
    let stale = operators::set_role(tx, &one, Role::Finance, Role::Reviewer).await;
    assert!(!stale.unwrap());
    assert!(
        operators::set_role(tx, &one, Role::Owner, Role::ReadOnly)
            .await
            .unwrap()
    );
}

pub(super) async fn two_owners_cannot_disable_each_other(world: &World) {
    let owners = [
        operator(world, Role::Owner).await,
        operator(world, Role::Owner).await,
    ];
    let disabled = together(2, |index| {
        let id = &owners[usize::try_from(index).unwrap()];
        async move {
            retry_busy(|| async move {
                let mut tx = world.pool.begin().await?;
                let is_done = operators::disable(&mut tx, id, START).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(is_done)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(disabled.iter().filter(|is_done| **is_done).count(), 1);
}

pub(super) async fn a_sign_in_lives_until_something_ends_it(world: &World) {
    let (wei, li) = (
        operator(world, Role::Owner).await,
        operator(world, Role::Finance).await,
    );
    let mut tx = world.pool.begin().await.unwrap();
    let tx = &mut tx;
    for (token, operator, until) in [
        ("one", &wei, 100),
        ("two", &wei, 200),
        ("three", &wei, 200),
        ("li", &li, 200),
    ] {
        operator_sessions::begin(tx, token, operator, START, after(until))
            .await
            .unwrap();
    }
    for (token, second, state) in [
        ("one", 99, alive(&wei, Role::Owner, 100)),
        ("one", 100, SessionState::Over),
        ("two", 100, alive(&wei, Role::Owner, 200)),
        ("none", 0, SessionState::Unknown),
    ] {
        let found = operator_sessions::look_up(tx, token, after(second)).await;
        assert_eq!(found.unwrap(), state, "{token} at {second}");
    }
    assert!(operator_sessions::end(tx, "two", after(1)).await.unwrap());
    assert!(!operator_sessions::end(tx, "two", after(2)).await.unwrap());
    let found = operator_sessions::look_up(tx, "two", after(3))
        .await
        .unwrap();
    assert_eq!(found, SessionState::Over);
    // Of `one` and `three`, the spared one stays; the other operator's are not touched.
    let ended = operator_sessions::end_all(tx, &wei, "three", after(4)).await;
    assert_eq!(ended.unwrap(), 1);
    let found = operator_sessions::look_up(tx, "one", after(5))
        .await
        .unwrap();
    assert_eq!(found, SessionState::Over);
    let found = operator_sessions::look_up(tx, "three", after(5))
        .await
        .unwrap();
    assert_eq!(found, alive(&wei, Role::Owner, 200));
    let found = operator_sessions::look_up(tx, "li", after(5))
        .await
        .unwrap();
    assert_eq!(found, alive(&li, Role::Finance, 200));
    assert_eq!(operator_sessions::sweep(tx, after(150)).await.unwrap(), 1);
    let found = operator_sessions::look_up(tx, "one", after(8))
        .await
        .unwrap();
    assert_eq!(found, SessionState::Unknown);
}

fn alive(operator: &OperatorId, role: Role, until: i64) -> SessionState {
    SessionState::Alive {
        operator_id: operator.clone(),
        role,
        created_at: START,
        expires_at: after(until),
    }
}

/// The role of the moment, and none for who is disabled.
pub(super) async fn a_sign_in_has_what_its_operator_has_now(world: &World) {
    let _owner = operator(world, Role::Owner).await;
    let li = operator(world, Role::Finance).await;
    let mut tx = world.pool.begin().await.unwrap();
    let tx = &mut tx;
    operator_sessions::begin(tx, "li", &li, START, after(200))
        .await
        .unwrap();
    assert!(
        operators::set_role(tx, &li, Role::Finance, Role::Reviewer)
            .await
            .unwrap()
    );
    let found = operator_sessions::look_up(tx, "li", after(5))
        .await
        .unwrap();
    assert_eq!(found, alive(&li, Role::Reviewer, 200));
    assert!(operators::disable(tx, &li, after(6)).await.unwrap());
    let found = operator_sessions::look_up(tx, "li", after(7))
        .await
        .unwrap();
    assert_eq!(found, SessionState::Over);
}

pub(super) async fn failed_sign_ins_add_up_and_lock(world: &World) {
    let mut counts = together(20, |_| async {
        retry_busy(|| async {
            let mut tx = world.pool.begin().await?;
            let count = failures::add(&mut tx, "wei", after(10), START).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(count)
        })
        .await
        .unwrap()
    })
    .await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<u32>>());

    let mut tx = world.pool.begin().await.unwrap();
    let tx = &mut tx;
    failures::lock(tx, "wei", after(99)).await.unwrap();
    let found = failures::find(tx, "wei").await.unwrap();
    assert_eq!((found.count, found.locked_until), (0, Some(after(99))));
    assert_eq!(
        failures::find(tx, "li").await.unwrap(),
        failures::Failures::default()
    );
    // What lies too far back is not in a row.
    assert_eq!(
        failures::add(tx, "wei", after(20), after(10))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        failures::add(tx, "wei", after(30), after(10))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        failures::add(tx, "wei", after(40), after(31))
            .await
            .unwrap(),
        1
    );
    // A lock that still holds is not swept.
    assert_eq!(failures::sweep(tx, after(50), after(98)).await.unwrap(), 0);
    assert_eq!(failures::add(tx, "li", after(40), START).await.unwrap(), 1);
    // Touched, it is not swept, and counts as many as before.
    failures::touch(tx, "li", after(60)).await.unwrap();
    assert_eq!(failures::sweep(tx, after(50), after(98)).await.unwrap(), 0);
    assert_eq!(failures::find(tx, "li").await.unwrap().count, 1);
    assert!(failures::clear(tx, "li").await.unwrap());
    assert!(!failures::clear(tx, "li").await.unwrap());
    failures::touch(tx, "li", after(60)).await.unwrap();
    assert!(!failures::clear(tx, "li").await.unwrap());
    assert_eq!(failures::sweep(tx, after(50), after(100)).await.unwrap(), 1);
    let gone = failures::lock(tx, "wei", after(200)).await;
    assert!(matches!(gone, Err(StoreError::Conflict { .. })), "{gone:?}");
}

fn token(world: &World, account_id: &AccountId, expires_at: Option<Timestamp>) -> AccountToken {
    AccountToken {
        id: AccountTokenId::from_number(world.number()),
        account_id: account_id.clone(),
        name: String::from("程序"),
        scope: Scope::Manage,
        created_at: START,
        created_by: String::from("command_line"),
        expires_at,
        revoked_at: None,
    }
}

pub(super) async fn an_account_token_is_valid_until_it_ends_or_is_revoked(world: &World) {
    let (own, other) = (world.account(0).await, world.account(0).await);
    let endless = token(world, &own, None);
    let short = token(world, &own, Some(after(60)));
    let mut tx = world.pool.begin().await.unwrap();
    let tx = &mut tx;
    account_tokens::insert(tx, "endless", &endless)
        .await
        .unwrap();
    account_tokens::insert(tx, "short", &short).await.unwrap();
    for (hash, second, state) in [
        ("endless", 1_000_000, TokenState::Alive(endless.clone())),
        ("short", 59, TokenState::Alive(short.clone())),
        ("short", 60, TokenState::Over),
        ("none", 0, TokenState::Unknown),
    ] {
        let found = account_tokens::look_up(tx, hash, after(second)).await;
        assert_eq!(found.unwrap(), state, "{hash} at {second}");
    }
    let first = account_tokens::list(tx, &own, None, 1).await.unwrap();
    assert_eq!(first.first(), Some(&endless));
    let next = account_tokens::list(tx, &own, Some((START, &endless.id)), 5).await;
    assert_eq!(next.unwrap(), [short]);
    // Another account neither sees nor revokes it.
    assert!(
        account_tokens::list(tx, &other, None, 5)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        account_tokens::find(tx, &other, &endless.id).await.unwrap(),
        None
    );
    assert!(
        !account_tokens::revoke(tx, &other, &endless.id, START)
            .await
            .unwrap()
    );
    assert!(
        account_tokens::revoke(tx, &own, &endless.id, after(5))
            .await
            .unwrap()
    );
    assert!(
        !account_tokens::revoke(tx, &own, &endless.id, after(6))
            .await
            .unwrap()
    );
    let found = account_tokens::find(tx, &own, &endless.id).await.unwrap();
    assert_eq!(found.unwrap().revoked_at, Some(after(5)));
    let found = account_tokens::look_up(tx, "endless", after(7)).await;
    assert_eq!(found.unwrap(), TokenState::Over);
}

pub(super) async fn every_audit_chain_is_known_by_name(world: &World) {
    let mut tx = world.pool.begin().await.unwrap();
    for chain in ["system", "acc_b", "acc_a"] {
        let event = audit::Event {
            chain,
            at: START,
            actor: "command_line",
            action: "test",
            subject: "none",
            detail: "",
        };
        audit::append(&mut tx, &event).await.unwrap();
    }
    // One chain loses its head, another all of its lines: both are still looked at, and broken.
    let sql = "DELETE FROM audit_heads WHERE chain = $1";
    tx.execute(sql, values!["acc_a"]).await.unwrap();
    let sql = "DELETE FROM audit_log WHERE chain = $1";
    tx.execute(sql, values!["acc_b"]).await.unwrap();
    let chains = audit::chains(&mut tx, "", 10).await.unwrap();
    assert_eq!(chains, ["acc_a", "acc_b", "system"]);
    assert_eq!(audit::chains(&mut tx, "acc_a", 1).await.unwrap(), ["acc_b"]);
    for (chain, broken) in [("acc_a", Some(2)), ("acc_b", Some(1)), ("system", None)] {
        let found = audit::first_broken(&mut tx, chain).await.unwrap();
        assert_eq!(found, broken, "{chain}");
    }
    assert_eq!(
        audit::head(&mut tx, "acc_a").await.unwrap(),
        (0, String::new())
    );
}
