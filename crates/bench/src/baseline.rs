//! What the machine can do at best: axum, group commit, one insert.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use jiff::Timestamp;
use zhenren_domain::ids::AppId;
use zhenren_store::{Pool, nonces};

#[derive(Clone)]
struct Bare {
    pool: Pool,
    app_id: AppId,
    count: Arc<AtomicU64>,
}

/// Serves until it is killed; prints its address first, as the server does.
pub(crate) async fn serve(database: &str) -> Result<()> {
    let pool = Pool::connect(database).await?;
    pool.migrate(Timestamp::UNIX_EPOCH).await?;
    let bare = Bare {
        pool,
        app_id: AppId::from_number(1),
        count: Arc::default(),
    };
    let router = Router::new()
        .route("/insert", post(insert))
        .with_state(bare);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn insert(State(bare): State<Bare>, _body: Bytes) -> Result<StatusCode, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let number = bare.count.fetch_add(1, Ordering::Relaxed).to_string();
    let mut tx = bare.pool.begin().await.map_err(failed)?;
    nonces::remember(&mut tx, &bare.app_id, &number, Timestamp::MAX)
        .await
        .map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(StatusCode::CREATED)
}
