//! Really at the same time: many questions against a balance that is not for all of them.

use zhenren_domain::money::Fen;
use zhenren_store::testing::{Cluster, together};
use zhenren_store::{accounts, ledger};
use zhenren_usecases::ledger::recharge;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::verifications::open::OpenError;

use crate::memory::{Memory, Tenant};
use crate::op::{About, Op};
use crate::request::{Request, perform};
use crate::world::{FIRST_RECHARGE, Shard, World};

/// What the balance is brought to: nine times 0.85 yuan.
const BALANCE: Fen = Fen::of(765);

async fn nine_of_sixty_four(world: &World) {
    let memory = Memory::of(world.set_up().await);
    let Tenant { account_id, .. } = memory.tenants[0].clone();
    let missing = Fen::new(BALANCE.get() - FIRST_RECHARGE.0.get()).unwrap();
    recharge::recharge(
        &world.context,
        &Actor::CommandLine,
        &account_id,
        missing,
        "up to nine",
    )
    .await
    .unwrap();
    let answers = together(64, |number| {
        let op = Op::OpenV1 {
            tenant: 0,
            key: Some(u8::try_from(number).unwrap()),
            about: About::Enrolled,
        };
        let request: Request = memory.request(&op).unwrap();
        async move { perform(&world.context, &request).await }
    })
    .await;
    let refusal = format!("{:?}", Err::<(), _>(OpenError::InsufficientFen));
    let opened_count = answers.iter().filter(|answer| answer.is_ok).count();
    let refused_count = answers
        .iter()
        .filter(|answer| answer.text == refusal)
        .count();
    assert_eq!(
        (opened_count, refused_count),
        (9, 55),
        "{}: {answers:?}",
        world.name
    );
    let mut tx = world.context.pool().read().await.unwrap();
    let account = accounts::find(&mut tx, &account_id).await.unwrap().unwrap();
    assert_eq!(account.balance.available, Fen::ZERO, "{}", world.name);
    assert_eq!(account.balance.frozen, BALANCE, "{}", world.name);
    assert_eq!(
        ledger::books(&mut tx, &account_id).await.unwrap(),
        account.balance
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_at_once_the_balance_for_nine_pays_nine() {
    let cluster = Cluster::start_or_skip();
    let shard = Shard::new(cluster.as_ref(), 0).await;
    for world in shard.worlds(64).await {
        nine_of_sixty_four(&world).await;
        world.context.pool().close().await;
    }
    if let Some(cluster) = cluster {
        cluster.remove().await;
    }
}
