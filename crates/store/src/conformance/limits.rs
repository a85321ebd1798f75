//! Counters: never above their limit, whoever counts at the same time.

use zhenren_domain::limits::{LimitKind, Window};

use super::world::{START, World, after, together};
use crate::limit_counters::{self, Counting, Tally};
use crate::{StoreError, retry_busy};

fn tally(kind: LimitKind, subject: &str, max: u64) -> Tally {
    Tally {
        kind,
        subject: subject.to_owned(),
        window: kind.window(START),
        max,
    }
}

/// Counts in a transaction that is committed only when everything was counted.
async fn count(world: &World, tallies: &[Tally]) -> Counting {
    retry_busy(|| async {
        let mut tx = world.pool.begin().await?;
        let counting = limit_counters::count(&mut tx, tallies).await?;
        if counting == Counting::Counted {
            tx.commit().await?;
        }
        Ok::<_, StoreError>(counting)
    })
    .await
    .unwrap()
}

async fn used(world: &World, kind: LimitKind, subject: &str, window: Window) -> u64 {
    let mut tx = world.pool.read().await.unwrap();
    limit_counters::used(&mut tx, kind, subject, window)
        .await
        .unwrap()
}

async fn used_now(world: &World, kind: LimitKind, subject: &str) -> u64 {
    used(world, kind, subject, kind.window(START)).await
}

pub(super) async fn sixty_four_calls_against_nine_left(world: &World) {
    let one = tally(LimitKind::AppMinute, "app_1", 20);
    for _ in 0..11 {
        assert_eq!(
            count(world, std::slice::from_ref(&one)).await,
            Counting::Counted
        );
    }
    let answers = together(64, |_| count(world, std::slice::from_ref(&one))).await;
    let counted = answers
        .iter()
        .filter(|it| **it == Counting::Counted)
        .count();
    let full = Counting::Full(LimitKind::AppMinute);
    let refused = answers.iter().filter(|it| **it == full).count();
    assert_eq!((counted, refused), (9, 55));
    assert_eq!(used_now(world, LimitKind::AppMinute, "app_1").await, 20);
}

pub(super) async fn blocks_shrink_near_the_end_and_come_back(world: &World) {
    let one = tally(LimitKind::AppDay, "app_1", 100);
    let reserve = |block| {
        let one = &one;
        async move {
            retry_busy(|| async {
                let mut tx = world.pool.begin().await?;
                let granted = limit_counters::reserve(&mut tx, one, block).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(granted)
            })
            .await
            .unwrap()
        }
    };
    for (block, granted) in [(60, 60), (60, 20), (60, 10), (7, 7), (7, 2), (7, 1), (7, 0)] {
        assert_eq!(reserve(block).await, granted, "of {block}");
    }
    assert_eq!(used_now(world, LimitKind::AppDay, "app_1").await, 100);
    let mut tx = world.pool.begin().await.unwrap();
    // More than was ever taken is not given back.
    for (subject, count) in [("app_1", 101), ("app_1", 30), ("app_2", 1)] {
        limit_counters::give_back(&mut tx, one.kind, subject, one.window, count)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(used_now(world, LimitKind::AppDay, "app_1").await, 70);
    let granted: u64 = together(40, |_| reserve(7)).await.iter().sum();
    assert_eq!(granted, 30);
}

pub(super) async fn all_counters_or_none(world: &World) {
    let tallies = [
        tally(LimitKind::AddressHour, "a", 5),
        tally(LimitKind::DeviceDay, "d", 3),
        tally(LimitKind::IdentityDay, "i", 2),
        tally(LimitKind::UserDay, "u", 9),
    ];
    for expected in [
        Counting::Counted,
        Counting::Counted,
        Counting::Full(LimitKind::IdentityDay),
    ] {
        assert_eq!(count(world, &tallies).await, expected);
    }
    for tally in &tallies {
        assert_eq!(used_now(world, tally.kind, &tally.subject).await, 2);
    }
    assert_eq!(count(world, &[]).await, Counting::Counted);
    // The first that is full is named, and a limit that was lowered refuses at once.
    let lowered: Vec<Tally> = tallies
        .iter()
        .map(|tally| Tally {
            max: 1,
            ..tally.clone()
        })
        .collect();
    assert_eq!(
        count(world, &lowered).await,
        Counting::Full(LimitKind::AddressHour)
    );
    // Different subjects of one kind do not know each other.
    let other = [tally(LimitKind::IdentityDay, "other", 2)];
    assert_eq!(count(world, &other).await, Counting::Counted);
}

pub(super) async fn windows_are_counted_apart_and_forgotten(world: &World) {
    let kind = LimitKind::AppMinute;
    let first = tally(kind, "app_1", 1);
    let next = Tally {
        window: kind.window(after(60)),
        ..first.clone()
    };
    for (tally, expected) in [
        (&first, Counting::Counted),
        (&first, Counting::Full(kind)),
        (&next, Counting::Counted),
        (&next, Counting::Full(kind)),
    ] {
        assert_eq!(count(world, std::slice::from_ref(tally)).await, expected);
    }
    let mut tx = world.pool.begin().await.unwrap();
    for (second, forgotten) in [(59, 0), (60, 1), (60, 0)] {
        let found = limit_counters::sweep(&mut tx, after(second)).await;
        assert_eq!(found.unwrap(), forgotten, "at {second} s");
    }
    tx.commit().await.unwrap();
    assert_eq!(used(world, kind, "app_1", first.window).await, 0);
    assert_eq!(used(world, kind, "app_1", next.window).await, 1);
}
