//! `zhenren all`, `serve` and `work`: the long-running process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use zhenren_api::{Api, DemoApp, Settings};
use zhenren_usecases::context::Context;
use zhenren_usecases::limits::calls;
use zhenren_usecases::operators::demo as demo_operator;
use zhenren_usecases::operators::demo::DemoOperator;
use zhenren_usecases::tenants::address_ranges;
use zhenren_usecases::tenants::check_keys::{self, Fit};
use zhenren_usecases::tenants::demo;
use zhenren_usecases::worker::{self, WorkerSettings};

use crate::config::{Config, Profile};
use crate::exit::{Exit, sentence};
use crate::{logging, wiring};

/// What this process does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    serves: bool,
    works: bool,
}

impl Parts {
    /// Both.
    pub(crate) const ALL: Self = Self {
        serves: true,
        works: true,
    };
    /// HTTP only.
    pub(crate) const SERVE: Self = Self {
        serves: true,
        works: false,
    };
    /// Jobs only.
    pub(crate) const WORK: Self = Self {
        serves: false,
        works: true,
    };
}

/// Runs until it is told to stop.
pub(crate) fn run(config: Config, parts: Parts) -> Result<Exit> {
    logging::start(&config.log);
    super::runtime()?.block_on(async move {
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            wait_for_signal().await;
            tracing::info!("stopping: running work is finished, nothing new is taken");
            stop.send_replace(true);
        });
        live(&config, parts, stopped).await?;
        Ok(Exit::Good)
    })
}

async fn live(config: &Config, parts: Parts, stopped: watch::Receiver<bool>) -> Result<()> {
    // Photographs are read where they arrive, so a serving process needs the engine too.
    let analyzer = wiring::analyzer(config)?;
    let context = wiring::context(config, Some(analyzer)).await?;
    let _keys = wiring::key_file_shared(config)?;
    prepare(config, parts, &context).await?;
    let demo = demo(config, &context).await?;
    let mut workers = Vec::new();
    if parts.works {
        let settings = WorkerSettings {
            poll_ms: u64::from(config.worker.poll_ms),
            concurrency: config.worker.concurrency,
        };
        workers.push(tokio::spawn(worker::run(
            context.clone(),
            settings,
            stopped.clone(),
        )));
    }
    if parts.serves {
        serve(config, &context, demo, stopped.clone()).await?;
    }
    for worker in workers {
        worker.await.context("the worker panicked")?;
    }
    // What was reserved and not used is for the other nodes, and for the next start.
    if let Err(fault) = calls::give_back(&context).await {
        tracing::warn!(error = fault.chain(), "reserved calls stay counted as used");
    }
    context.pool().close().await;
    Ok(())
}

/// One node brings its tables up to date; of several, `zhenren migrate` does.
async fn prepare(config: &Config, parts: Parts, context: &Context) -> Result<()> {
    if (parts.serves && parts.works) || config.profile == Profile::Development {
        context
            .pool()
            .migrate(context.now())
            .await
            .context("the database cannot be upgraded")?;
    } else {
        context.pool().check_schema().await?;
    }
    if config.profile == Profile::Production {
        refuse_demo(config, context).await?;
    }
    if check_keys::check(context).await? == Fit::OtherKeys {
        return Err(sentence(
            Exit::Config,
            format!(
                "the database {} was sealed with other keys than those in {}; name its own key \
                 file in `vault.master_key_file`, or start with an empty database",
                shown_url(&config.database.url),
                config.vault.master_key_file
            ),
        ));
    }
    worker::plan_sweeps(context).await?;
    Ok(())
}

/// Production starts without anything whose secret lies in a file beside the key.
async fn refuse_demo(config: &Config, context: &Context) -> Result<()> {
    let found = if demo::exists(context).await? {
        "app"
    } else if demo_operator::exists(context).await? {
        "operator"
    } else {
        return Ok(());
    };
    Err(sentence(
        Exit::Config,
        format!(
            "the database {} holds the demo {found} of the development profile; the production \
             profile refuses it. Start with an empty database",
            shown_url(&config.database.url)
        ),
    ))
}

/// A database URL without its password.
fn shown_url(url: &str) -> String {
    match url.split_once('@') {
        Some((_, host)) => format!("postgres://…@{host}"),
        None => url.to_owned(),
    }
}

/// What the development profile makes for itself.
struct Demo {
    app: DemoApp,
    /// Nobody when a person has the login.
    operator: Option<DemoOperator>,
}

async fn demo(config: &Config, context: &Context) -> Result<Option<Demo>> {
    if config.profile != Profile::Development {
        return Ok(None);
    }
    let ready = demo::ensure(context).await?;
    let app = DemoApp {
        appid: ready.appid,
        secret: ready.secret,
    };
    let operator = demo_operator::ensure(context).await?;
    Ok(Some(Demo { app, operator }))
}

async fn serve(
    config: &Config,
    context: &Context,
    demo: Option<Demo>,
    mut stopped: watch::Receiver<bool>,
) -> Result<()> {
    let address = config.bind_address()?;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let text = format!("{address} cannot be listened on ({error}); set `server.bind`");
        sentence(Exit::Config, text)
    })?;
    // Port 0 asks the system for a free one; the URL must name the one it gave.
    let bound = listener.local_addr()?;
    let public_url = if config.server.public_url.is_empty() {
        format!("http://{bound}")
    } else {
        config.public_url()
    };
    if let Some(demo) = &demo {
        write_demo_file(config, &public_url, demo)?;
    }
    announce(&public_url, demo.as_ref());
    let settings = Settings {
        public_url,
        capture_origins: config.server.capture_origins.clone(),
        // The texts were checked when they were read.
        trusted_proxies: config
            .server
            .trusted_proxies
            .iter()
            .filter_map(|text| address_ranges::parse(text))
            .collect(),
        demo: demo.map(|demo| demo.app),
    };
    let api = Api {
        context: context.clone(),
        settings: Arc::new(settings),
    };
    let until = async move {
        // A closed channel means the process is going down as well.
        let _ended = stopped.wait_for(|stop| *stop).await;
    };
    let service = zhenren_api::router(api).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(until)
        .await?;
    Ok(())
}

/// What `zhenren simulate` and the console's tests read: beside the key, for the same eyes only.
fn write_demo_file(config: &Config, public_url: &str, demo: &Demo) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = Path::new(&config.vault.master_key_file).with_file_name("demo.json");
    let text = json!({
        "url": public_url,
        "appid": demo.app.appid,
        "secret": demo.app.secret,
        "operator_login": demo.operator.as_ref().map(|operator| &operator.login),
        "operator_password": demo.operator.as_ref().map(|operator| &operator.password),
    });
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")?;
    Ok(())
}

/// The one line a person needs, and what the demo app is called.
fn announce(public_url: &str, demo: Option<&Demo>) {
    match demo {
        Some(Demo { app, operator }) => {
            eprintln!("demo app   appid {}   secret {}", app.appid, app.secret);
            if let Some(operator) = operator {
                let (login, password) = (&operator.login, &operator.password);
                eprintln!("operator   login {login}   password {password}");
            }
            println!("{public_url}/demo");
        }
        None => println!("{public_url}"),
    }
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be listened for; only a kill ends this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
