//! What group commit promises: fewer waits for the disk than use cases, and nobody is told a lie.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use tempfile::TempDir;
use zhenren_domain::ids::AppId;

use crate::error::StoreError;
use crate::nonces;
use crate::sql::{Pool, Transaction};

const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

async fn open(folder: &TempDir) -> Pool {
    let pool = connect(folder).await;
    pool.migrate(START).await.unwrap();
    pool
}

async fn connect(folder: &TempDir) -> Pool {
    let url = format!("sqlite:{}/test.db", folder.path().display());
    Pool::connect(&url).await.unwrap()
}

fn app() -> AppId {
    AppId::from_number(1)
}

async fn write(tx: &mut Transaction, nonce: &str) {
    assert!(nonces::remember(tx, &app(), nonce, START).await.unwrap());
}

/// What everybody else can see.
async fn seen(pool: &Pool) -> Vec<String> {
    let mut tx = pool.read().await.unwrap();
    let sql = "SELECT nonce FROM nonces ORDER BY nonce";
    let rows = tx.fetch_all("nonces", sql, &[]).await.unwrap();
    rows.iter().map(|row| row.text("nonce").unwrap()).collect()
}

/// Lets every other task of this one thread run until it waits.
async fn let_others_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_that_queue_are_committed_by_few() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let before = pool.group_commits_count();
    // They all queue behind this one.
    let mut first = pool.begin().await.unwrap();
    write(&mut first, "first").await;
    let tasks: Vec<_> = (0..63)
        .map(|index| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut tx = pool.begin().await.unwrap();
                write(&mut tx, &format!("{index:02}")).await;
                tx.commit().await.unwrap();
            })
        })
        .collect();
    let_others_run().await;
    first.commit().await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    let commits = pool.group_commits_count() - before;
    assert!((1..=8).contains(&commits), "{commits} commits for 64");
    // Durable: another opening of the file finds them.
    pool.close().await;
    assert_eq!(seen(&connect(&folder).await).await.len(), 64);
}

#[tokio::test]
async fn one_alone_waits_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let before = pool.group_commits_count();
    for nonce in ["a", "b", "c"] {
        let mut tx = pool.begin().await.unwrap();
        write(&mut tx, nonce).await;
        tx.commit().await.unwrap();
    }
    assert_eq!(pool.group_commits_count() - before, 3);
    assert_eq!(seen(&pool).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_dropped_member_and_a_failed_one_undo_only_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let mut first = pool.begin().await.unwrap();
    write(&mut first, "kept 1").await;
    let cancelled = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.unwrap();
            write(&mut tx, "cancelled").await;
            std::future::pending::<()>().await;
        }
    });
    let_others_run().await;
    let failed = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.unwrap();
            write(&mut tx, "failed").await;
            let sql = "INSERT INTO nonces (app_id, nonce, expires_at) VALUES ('x', NULL, 0)";
            let error = tx.execute(sql, &[]).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        }
    });
    let last = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.unwrap();
            write(&mut tx, "kept 2").await;
            tx.commit().await.unwrap();
        }
    });
    let_others_run().await;
    let first = tokio::spawn(first.commit());
    let_others_run().await;
    cancelled.abort();
    assert!(cancelled.await.unwrap_err().is_cancelled());
    failed.await.unwrap();
    last.await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(seen(&pool).await, ["kept 1", "kept 2"]);
}

#[tokio::test]
async fn nobody_sees_or_is_told_before_the_disk_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let told = Arc::new(AtomicU32::new(0));
    let mut first = pool.begin().await.unwrap();
    write(&mut first, "first").await;
    // Queues behind, and keeps the group open after the first is done.
    let second = tokio::spawn({
        let (pool, told) = (pool.clone(), Arc::clone(&told));
        async move {
            let mut tx = pool.begin().await.unwrap();
            // In its own group it sees what the first did, and nobody else does.
            assert!(
                !nonces::remember(&mut tx, &app(), "first", START)
                    .await
                    .unwrap()
            );
            assert!(seen(&pool).await.is_empty());
            let_others_run().await;
            assert_eq!(
                told.load(Ordering::SeqCst),
                0,
                "the first was told too early"
            );
            write(&mut tx, "second").await;
            tx.commit().await.unwrap();
            told.fetch_add(1, Ordering::SeqCst);
        }
    });
    let_others_run().await;
    first.commit().await.unwrap();
    told.fetch_add(1, Ordering::SeqCst);
    // Whoever was told finds it.
    assert!(seen(&pool).await.contains(&"first".to_owned()));
    second.await.unwrap();
    assert_eq!(seen(&pool).await, ["first", "second"]);
}

#[tokio::test]
async fn a_group_that_sqlite_undoes_by_itself_fails_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let mut first = pool.begin().await.unwrap();
    write(&mut first, "lost").await;
    let second = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.unwrap();
            // `ON CONFLICT ROLLBACK` undoes everything at once, as a full disk would.
            let sql = "INSERT OR ROLLBACK INTO nonces (app_id, nonce, expires_at)
                VALUES ('x', NULL, 0)";
            tx.execute(sql, &[]).await.unwrap_err();
            // It cannot go on as if nothing had happened.
            let again = nonces::remember(&mut tx, &app(), "half", START).await;
            assert!(
                matches!(again, Err(StoreError::Unavailable(_))),
                "{again:?}"
            );
            tx.commit().await.unwrap_err();
        }
    });
    let_others_run().await;
    let error = first.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    second.await.unwrap();
    assert!(seen(&pool).await.is_empty());
    // The next one is not concerned.
    let mut tx = pool.begin().await.unwrap();
    write(&mut tx, "next").await;
    tx.commit().await.unwrap();
    assert_eq!(seen(&pool).await, ["next"]);
}

#[tokio::test]
async fn another_process_has_its_turn_between_groups() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    // Another opening of the file stands for another process: it shares nothing but the file.
    let other = connect(&folder).await;
    let mut held = other.begin().await.unwrap();
    write(&mut held, "other").await;
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut tx = pool.begin().await.unwrap();
            write(&mut tx, "ours").await;
            tx.commit().await.unwrap();
        }
    });
    let_others_run().await;
    assert!(!waiting.is_finished());
    held.commit().await.unwrap();
    waiting.await.unwrap();
    // And a dropped transaction gives the file back without anybody committing.
    drop(pool.begin().await.unwrap());
    let mut tx = other.begin().await.unwrap();
    write(&mut tx, "other again").await;
    tx.commit().await.unwrap();
    assert_eq!(seen(&pool).await, ["other", "other again", "ours"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_statement_runs_beside_the_executor_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder).await;
    let sql = "WITH RECURSIVE numbers (n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)
        SELECT CAST(COUNT(*) AS BIGINT) AS n FROM numbers";
    let is_slow = || {
        let slow = super::SLOW_STATEMENTS.lock().unwrap();
        slow.contains(&super::text(sql))
    };
    for _ in 0..2 {
        let mut tx = pool.read().await.unwrap();
        let rows = tx.fetch_all("numbers", sql, &[]).await.unwrap();
        assert_eq!(rows.first().unwrap().int("n").unwrap(), 50_000);
        assert!(is_slow());
    }
    assert_eq!(seen(&pool).await.len(), 0);
    let short = super::SLOW_STATEMENTS.lock().unwrap().len();
    assert_eq!(short, 1);
}
