//! `pitlane serve`: puts store, engine, fleet and HTTP together, and takes them apart again.

use std::{io::IsTerminal as _, path::Path, process::ExitCode, sync::Arc, time::Duration};

use pitlane_agent::{AgentSettings, DemoSettings, Url, demo};
use pitlane_api::{Role, Timestamp};
use pitlane_supervisor::{NoResult, Supervisor, panic_message};
use tokio::{net::TcpListener, sync::watch};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::{
    engine,
    exit::{Failure, USAGE},
    local::{self, Local},
    private,
    token::{self, ENROL_TTL, EnrolmentShape},
};
use crate::{
    assets::Console,
    descriptors::Descriptors,
    fleet::{Agents, Backoff, Fleet, FleetSettings},
    http,
    settings::{LogFormat, PrintLink, ServeGiven, Settings},
    store::{self, SecretHash, SqliteStore, Store, patiently},
};

/// Names the token in `local.json` for people; there is one, made anew at each start.
const LOCAL_TOKEN: &str = "this machine's terminal";
/// Names the token with which the demo sets its scene for people. A person's token may be called the same, and is not touched.
const DEMO_TOKEN: &str = "the demo";
/// How long a start waits for a database that another process keeps busy: a copy or a repair of a large one takes minutes, and a server that ends
/// itself meanwhile helps nobody.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Limits are tidied this often.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Runs the control plane until it is told to end.
pub async fn run(ServeGiven(given): ServeGiven) -> Result<ExitCode, Failure> {
    let mut settings = Settings::read(given)?;
    start_log(settings.log_format, &settings.log_level)?;
    let mut told_to_end = std::pin::pin!(told_to_end()?);
    make_data_dir(&settings.data_dir, settings.allow_shared_data_dir)?;
    let store = tokio::select! {
        opened = SqliteStore::open_patiently(settings.database(), PATIENCE, waits) => Arc::new(opened?),
        () = &mut told_to_end => return Ok(ExitCode::SUCCESS),
    };
    let claim = store.claim()?;
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        let hint =
            if error.kind() == std::io::ErrorKind::AddrInUse { ". Something listens there already; choose another port with --listen" } else { "" };
        Failure::new(USAGE, format!("--listen {}: {error}{hint}", settings.listen))
    })?;
    // Port 0 becomes the one the system chose.
    settings.listen = listener.local_addr().map_err(|error| Failure::here(error.to_string()))?;

    let fleet = start_fleet(&settings, store.clone()).await?;
    let (shut_down, shutdown) = watch::channel(false);
    let app = http::App::new(settings.clone(), store.clone(), fleet.clone(), Console::chosen(), shutdown.clone())?;
    let bounds = bounds(&settings);
    // Beside the fleet's, since they end after it (these) or before it (the companions).
    let (tasks, companions) = (Supervisor::default(), Supervisor::default());
    fleet.supervisor().adopt(&tasks);
    fleet.supervisor().adopt(&companions);
    let mut server = std::pin::pin!(tasks.detached("http.server", http::serve(listener, http::router(app.clone()), bounds, shutdown.clone())));
    tasks.keep("http.tidy", move || {
        let app = app.clone();
        async move {
            let mut every = tokio::time::interval(TIDY_EVERY);
            loop {
                every.tick().await;
                app.tidy();
            }
        }
    });

    let (dismiss, dismissed) = watch::channel(false);
    // Without its listener the server is of no use: it ends, and whoever watches over the process starts it again.
    let ended_early = tokio::select! {
        () = told_to_end => None,
        served = &mut server => Some(served),
        // Here it may wait for another process that writes to the database.
        failed = begin(&settings, store.as_ref(), &companions, &dismissed) => return Err(failed),
    };
    match &ended_early {
        None => tracing::info!("told to end: finishing what is under way"),
        Some(_) => tracing::error!("the server's listener ended: finishing what is under way"),
    }
    // The companions say goodbye while somebody still listens.
    dismiss.send_replace(true);
    companions.finish().await;
    // Streams end with this and with the fleet's hub, and the server waits for its streams.
    shut_down.send_replace(true);
    fleet.shutdown().await;
    let (early, served) = match ended_early {
        Some(served) => (true, served),
        None => (false, server.await),
    };
    tasks.shutdown().await;
    store.close().await;
    drop(claim);
    match served {
        Ok(Ok(())) if early => Err(Failure::here("the listener ended by itself")),
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(error)) => Err(Failure::here(format!("the listener failed: {error}"))),
        Err(NoResult::Panicked(panic)) => Err(Failure::here(format!("the server failed: {panic}"))),
        Err(NoResult::ShutDown) => Err(Failure::here("the server was cut off")),
    }
}

/// What the server does once somebody can reach it: leaves the token for commands, says where it is, and lets its companions in. Ends only where that
/// fails.
async fn begin(settings: &Settings, store: &SqliteStore, companions: &Supervisor, dismissed: &watch::Receiver<bool>) -> Failure {
    match welcome_everybody(settings, store, companions, dismissed).await {
        Ok(()) => std::future::pending().await,
        Err(failure) => failure,
    }
}

async fn welcome_everybody(
    settings: &Settings,
    store: &SqliteStore,
    companions: &Supervisor,
    dismissed: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    leave_local_file(settings, store).await?;
    welcome(settings, store).await?;
    if settings.with_agent {
        let agent = agent_settings(settings, store).await?;
        accompany(companions, "companion.agent", dismissed, move |down| pitlane_agent::run(agent.clone(), down));
    }
    if settings.with_demo {
        let cast = demo_settings(settings, store).await?;
        accompany(companions, "companion.demo", dismissed, move |down| demo::run(cast.clone(), down));
    }
    Ok(())
}

/// What connections may take: as set, and as the system allows.
fn bounds(settings: &Settings) -> http::Bounds {
    let descriptors = Descriptors::raise();
    let connections = descriptors.connections(settings.max_connections);
    if connections < settings.max_connections {
        tracing::warn!(
            max_connections = settings.max_connections,
            open_files = descriptors.allowed,
            "the system allows fewer open files than --max-connections needs: {connections} connections are taken. Raise LimitNOFILE (systemd) or `ulimit -n`."
        );
    }
    if settings.proxy_is_not_named() {
        tracing::warn!(
            "--tls-terminated-upstream without --trusted-proxies: X-Forwarded-For is believed from loopback only, so everybody who comes through a \
             proxy on another machine counts as one address. Name the proxy's address."
        );
    }
    http::Bounds {
        connections,
        per_address: if connections < settings.max_connections {
            settings.max_connections_per_address.min(connections.div_ceil(2))
        } else {
            settings.max_connections_per_address
        },
        trusted_proxies: settings.trusted_proxies.clone().into(),
        // As long as fifty requests may take, and a second at most: who allows thousands a second is not made to wait.
        pause: Duration::from_millis((50_000 / u64::from(settings.rate_per_second.max(1))).clamp(10, 1_000)),
        ..http::Bounds::default()
    }
}

async fn start_fleet(settings: &Settings, store: Arc<SqliteStore>) -> Result<Arc<Fleet>, Failure> {
    let fleet_settings = FleetSettings {
        name: settings.fleet_name.clone(),
        production: settings.production,
        thresholds: settings.thresholds.clone(),
        backoff: Backoff { first: settings.retry_first, max: settings.retry_max, ..Backoff::default() },
        machine_id: pitlane_agent::collect::host::machine_id(),
        upkeep_after: settings.upkeep_after,
        ..FleetSettings::default()
    };
    let agents = Arc::new(Agents::for_fleet(&fleet_settings));
    let engine = engine::start(settings, &store, &agents)?;
    Fleet::start(fleet_settings, store, engine, agents).await.map_err(|error| Failure::here(error.to_string()))
}

/// Starts the log, to standard error. A panic is written to it as well, with where it was.
pub fn start_log(format: LogFormat, level: &str) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, panic = panic_message(panic.payload()), backtrace = %std::backtrace::Backtrace::capture(), "a panic");
    }));
    let filter = EnvFilter::try_new(level).map_err(|error| Failure::new(USAGE, format!("--log-level {level}: {error}")))?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => registry.with(layer.with_target(false).with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_span_list(false)).try_init(),
    };
    started.map_err(|error| Failure::here(error.to_string()))
}

/// Listens for Ctrl-C and SIGTERM from now on; what it gives back ends when one of them comes.
///
/// # Errors
/// Where the system does not let this process listen.
pub fn told_to_end() -> Result<impl Future<Output = ()> + Send, Failure> {
    let failed = |error: std::io::Error| Failure::here(format!("signals cannot be heard: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(failed)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

async fn down(mut shutdown: watch::Receiver<bool>) {
    // An error means that the server itself is gone.
    let _ = shutdown.wait_for(|down| *down).await;
}

/// Keeps a companion going until it is dismissed. `run` gets what is done then.
fn accompany<Fut, E>(companions: &Supervisor, name: &'static str, dismissed: &watch::Receiver<bool>, run: impl Fn(Down) -> Fut + Send + 'static)
where
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: std::fmt::Display + 'static,
{
    let (over, dismissed) = (dismissed.clone(), dismissed.clone());
    companions.keep_until(
        name,
        move || *over.borrow(),
        move || {
            let running = run(Box::pin(down(dismissed.clone())));
            async move { running.await.map_err(|error| error.to_string()) }
        },
    );
}

fn waits(what: String) {
    tracing::warn!("{what}");
}

/// A write at the start, which waits for other processes as the opening does.
async fn at_start<T, F: Future<Output = store::Result<T>>>(store: &SqliteStore, write: impl FnMut() -> F) -> Result<T, Failure> {
    Ok(patiently(store.path(), PATIENCE, waits, write).await?)
}

type Down = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn make_data_dir(folder: &Path, shared: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(USAGE, format!("--data-dir {}: {error}", folder.display()));
    if folder.is_dir() {
        let exposed = private::exposed(folder);
        if exposed.is_empty() {
            return Ok(());
        }
        if shared {
            tracing::warn!("--allow-shared-data-dir: {}", exposed.join("; "));
            return Ok(());
        }
        return Err(Failure::new(
            USAGE,
            format!(
                "--data-dir: {}. Whoever gets at it has the database and an admin's token. Where that is meant, say so with --allow-shared-data-dir",
                exposed.join("; ")
            ),
        ));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(failed)
}

/// Makes the token with which commands of the same user are let in, and revokes the one of the last start.
async fn leave_local_file(settings: &Settings, store: &SqliteStore) -> Result<(), Failure> {
    // Versions that did not note which token was theirs left its secret there.
    let earlier = local::read(&settings.data_dir).map(|local| SecretHash::of(&local.token));
    let secret = renewed_token(store, LOCAL_TOKEN, Role::Admin, None, earlier).await?;
    let local = Local { server: settings.local_url(), console: settings.browse_url(), token: secret };
    local::write(&settings.data_dir, &local).map_err(|error| Failure::here(format!("{}: {error}", local::path(&settings.data_dir).display())))
}

/// Makes a token of the server's own, and revokes the one of the last start: that very one, since a person's token may have the same name.
async fn renewed_token(store: &SqliteStore, name: &str, role: Role, valid: Option<Duration>, earlier: Option<SecretHash>) -> Result<String, Failure> {
    let now = Timestamp::now();
    let expires_at = valid.map(|span| token::later(now, span)).transpose()?;
    let (secret, kept) = token::api_token(name, role, now, expires_at);
    at_start(store, || store.renew_own_token(&kept, earlier.as_ref())).await?;
    Ok(secret)
}

/// Says where it is, and how to get in: to a terminal, unless told otherwise.
async fn welcome(settings: &Settings, store: &SqliteStore) -> Result<(), Failure> {
    let console = settings.browse_url();
    println!("Pitlane {} serves the fleet {:?} at {console}", env!("CARGO_PKG_VERSION"), settings.fleet_name);
    let print = match settings.print_link {
        PrintLink::Always => true,
        PrintLink::Never => false,
        PrintLink::Auto => std::io::stdout().is_terminal(),
    };
    if print {
        let (secret, code) = token::sign_in_code(&token::user(), Role::Admin, Timestamp::now())?;
        at_start(store, || store.create_sign_in_code(&code, &[])).await?;
        println!("\n  Sign in, once and within ten minutes:\n\n    {console}/sign-in#{secret}\n");
    } else {
        println!("To sign in: pitlane sign-in-link --data-dir {}", settings.data_dir.display());
    }
    Ok(())
}

async fn enrolment(store: &SqliteStore, shape: EnrolmentShape) -> Result<String, Failure> {
    let expires_at = token::later(Timestamp::now(), ENROL_TTL)?;
    let (secret, kept) = token::enrolment_token(shape, "pitlane serve", expires_at);
    at_start(store, || store.create_enrolment_token(&kept, &[])).await?;
    Ok(secret)
}

fn own_url(settings: &Settings) -> Result<Url, Failure> {
    settings.local_url().parse().map_err(|error| Failure::here(format!("{}: {error}", settings.local_url())))
}

/// This machine's own agent goes through the front door like any other.
async fn agent_settings(settings: &Settings, store: &SqliteStore) -> Result<AgentSettings, Failure> {
    // It may have enrolled with another state directory before; on its own server it may have its node back.
    let shape = EnrolmentShape { allow_replace: true, ..EnrolmentShape::default() };
    let token = enrolment(store, shape).await?;
    Ok(AgentSettings { state_dir: Some(settings.data_dir.join("agent")), ..AgentSettings::new(own_url(settings)?, Some(token)) })
}

async fn demo_settings(settings: &Settings, store: &SqliteStore) -> Result<DemoSettings, Failure> {
    let shape = EnrolmentShape { multi_use: true, allow_replace: true, ..EnrolmentShape::default() };
    let enrolment_token = enrolment(store, shape).await?;
    // Only long enough to set the scene; what people see of it is its name.
    let operator_token = renewed_token(store, DEMO_TOKEN, Role::Operator, Some(Duration::from_secs(3_600)), None).await?;
    Ok(DemoSettings {
        server: own_url(settings)?,
        token: Some(enrolment_token),
        operator_token: Some(operator_token),
        nodes: demo::DEFAULT_NODES,
        seed: 1,
        state_dir: settings.data_dir.join("demo"),
        concurrency: demo::DEFAULT_CONCURRENCY,
    })
}
