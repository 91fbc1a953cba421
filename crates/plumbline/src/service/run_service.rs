//! `plumbline run`: all roles in one process over the embedded log, or some of them over Kafka, from the first request to the last.

use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use stream::log::LogError;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::config_file::ConfigSources;
use crate::config::options::Config;
use crate::deployment::configuration_reload::{ConfigurationReload, ReloadedValues};
use crate::deployment::data_directory::DataDirectory;
use crate::http::http_state::HttpState;
use crate::http::{routes, server};
use crate::intake::consumer_session::TopicIntake;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::intake_worker::{IntakeSender, IntakeWorker};
use crate::log::any_log::AnyLog;
use crate::page_view::page_service::PageService;
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{SHUTDOWN_GRACE, SHUTDOWN_POLL};
use crate::process::metric_registry::MetricRegistry;
use crate::process::reloadable::Reloadable;
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::service_status::ServiceStatus;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::published_cards::card_store::CardStore;
use crate::service::broker_clock;
use crate::service::clock_check;
use crate::service::disk_failure::keeps_reading;
use crate::service::log_ends_file::LogEndsFile;
use crate::service::metric_sources::MetricSources;
use crate::service::private_folder::{make_private, set_private_umask};
use crate::service::worker::WorkerContext;
use crate::service::worker_metrics::WorkerMetrics;
use crate::service::worker_supervisor::WorkerSupervisor;

const ALONE: &str = "over the embedded log one process has all roles; remove the roles, or set kafka.brokers";

/// Serves until a signal to stop. Then it accepts nothing more, answers every accepted request once its events are durable, and ends
/// all threads.
///
/// # Errors
/// When the data folder, the brokers or the address cannot be used, the clock is wrong, or the embedded log fails.
pub fn run(
    (config, sources): (&Config, ConfigSources),
    roles: ProcessRoles,
    clock: Clock,
    accept_clock: bool,
    interrupt: &Interrupt,
) -> Result<()> {
    ensure!(config.kafka.is_some() || roles == ProcessRoles::ALL, ALONE);
    set_private_umask();
    make_private(&config.data, &config.keys);
    let stopping = ShutdownSignal::default();
    let data = match open(config, roles, clock, &stopping, interrupt) {
        Ok(data) => data,
        // A signal to stop during the start is no failure.
        Err(error) if interrupt.asked() && matches!(error.downcast_ref(), Some(LogError::Stopping { .. })) => {
            info!("stopped");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if !accept_clock {
        check_clock(&data, roles)?;
    }
    if let AnyLog::Local(log) = &data.log {
        LogEndsFile::next_to(log).check(log)?;
    }
    let status = ServiceStatus::new(data.deployment.partitions);
    let metrics = MetricRegistry::default();
    MetricSources::of(&data, status.clone()).register(&metrics);
    let values = ReloadedValues::of(config, &data);
    let reload = ConfigurationReload::new(sources, config, roles, values.clone(), &data);
    reload.register_metrics(&metrics);
    let work = WorkerContext {
        deployment: data.deployment.clone(),
        measures: values.measures.clone(),
        log: data.log.clone(),
        clock: data.clock.clone(),
        status: status.clone(),
        stopping: stopping.clone(),
        cards: data.shelf.clone(),
        metrics: WorkerMetrics::register(&metrics),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the threads of HTTP")?;
    let listening = || format!("listening on {} failed; free the address, or set another with `listen`", config.listen);
    let listener = runtime.block_on(TcpListener::bind(config.listen)).with_context(listening)?;
    let address = listener.local_addr().context("reading the address that the service listens on")?;
    data.answers_at(&format!("http://{address}"))?;
    let workers = WorkerSupervisor::start(&work, roles)?;
    let (sender, intakes) = intake(config, roles, &data, (&work, &values.decoder), &workers)?;
    let pages = PageService::of(config, &data, address)?;
    let follower = pages.as_ref().map(|pages| pages.follow(stopping.clone())).transpose()?;
    let looks = pages.as_ref().map(PageService::looks);
    let state = HttpState::of(&data, config, sender, status.clone(), metrics, looks, (values, reload.clone()));
    let (close, closed) = watch::channel(());
    let connections = state.connections.clone();
    let server = runtime.spawn(server::serve(
        listener,
        routes::router(state, pages.as_ref().map(PageService::router)),
        connections,
        closed,
    ));
    print_address(config, address, roles);

    while !stopping.wait(SHUTDOWN_POLL) {
        if interrupt.asked() {
            info!("signal to stop: draining");
            break;
        }
        if interrupt.take_reload() {
            // The log has the outcome.
            let _ = reload.run();
        }
    }
    drop(close);
    // An event stream has no end of its own.
    data.shelf.iter().for_each(CardStore::end);
    let drain = Duration::from_secs(config.drain_seconds.into());
    let drained = runtime.block_on(async { tokio::time::timeout(drain, server).await });
    if drained.is_err() {
        warn!("requests took longer than http.drain and were cut off");
        // Unreachable brokers must not delay the end. The client of an unanswered request sends it again.
        stopping.ask();
    }
    // Ends the remaining requests, and with them the last sender to intake.
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    stopping.ask();
    for intake in intakes.into_iter().chain(follower) {
        // The guard of the thread has reported a panic as a failure.
        let _ = intake.join();
    }
    workers.join();
    drop(work);
    // After a clean stop the ends are those of now, not those of a few seconds ago.
    if let AnyLog::Local(log) = &data.log
        && let Err(error) = LogEndsFile::next_to(log).note(log)
    {
        warn!(%error, "the ends of the log are not noted");
    }
    if let Some(failure) = status.disk_failure() {
        return Err(anyhow!(failure));
    }
    if let Some(failure) = stopping.take_failure() {
        return Err(failure);
    }
    if let Some(loss) = status.faults.first().filter(|fault| fault.loss.is_some()) {
        return Err(anyhow!(loss.text));
    }
    info!("stopped");
    Ok(())
}

/// Refuses a start with a wrong clock. A process that only serves cards writes nothing, and a demonstration's clock is fast on purpose.
fn check_clock(data: &DataDirectory, roles: ProcessRoles) -> Result<()> {
    let writes = [ProcessRole::Intake, ProcessRole::Tally, ProcessRole::Publish].into_iter().any(|role| roles.has(role));
    match &data.log {
        AnyLog::Local(log) => clock_check::check(&mut log.clone(), &data.deployment.schedule, data.clock.now())?,
        AnyLog::Kafka(log) if writes && !data.clock.is_fast() => broker_clock::check(&mut (**log).clone(), &data.clock)?,
        AnyLog::Kafka(_) => {}
    }
    Ok(())
}

/// Opens the data directory. It waits for unreachable brokers until a signal to stop.
fn open(
    config: &Config,
    roles: ProcessRoles,
    clock: Clock,
    stopping: &ShutdownSignal,
    interrupt: &Interrupt,
) -> Result<DataDirectory> {
    if config.kafka.is_none() {
        return DataDirectory::open(config, clock, roles, stopping);
    }
    thread::scope(|scope| {
        let opening = scope.spawn(|| DataDirectory::open(config, clock, roles, stopping));
        while !opening.is_finished() {
            if interrupt.asked() {
                stopping.ask();
            }
            thread::sleep(SHUTDOWN_POLL);
        }
        opening.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    })
}

/// Starts the threads of intake, for requests and for input topics.
fn intake(
    config: &Config,
    roles: ProcessRoles,
    data: &DataDirectory,
    (work, decoders): (&WorkerContext, &Reloadable<IntakeDecoder>),
    workers: &WorkerSupervisor,
) -> Result<(Option<IntakeSender>, Vec<thread::JoinHandle<()>>)> {
    if !roles.has(ProcessRole::Intake) {
        return Ok((None, Vec::new()));
    }
    let (sender, worker) = IntakeWorker::new(
        data.log.clone(),
        data.deployment.partitions,
        decoders.clone(),
        data.refused.clone(),
        data.clock.clone(),
        work.status.clone(),
        workers.tallies(),
    );
    let mut intakes = vec![spawn_intake(worker, work.clone())?];
    if let Some(log) = data.log.kafka().filter(|_| !config.inputs.is_empty()) {
        let topics = TopicIntake {
            log: log.clone(),
            partitions: data.deployment.partitions,
            inputs: config.inputs.clone(),
            decoder: data.decoder.clone(),
            clock: data.clock.clone(),
            status: work.status.clone(),
            stopping: work.stopping.clone(),
        };
        intakes.push(topics.clone().watch()?);
        intakes.push(topics.start()?);
    }
    Ok((Some(sender), intakes))
}

fn spawn_intake(worker: IntakeWorker, work: WorkerContext) -> Result<thread::JoinHandle<()>> {
    let run = move || {
        let _guard = work.stopping.guard("intake");
        if let Err(error) = worker.run()
            && !keeps_reading(&work, "intake", &error)
        {
            work.stopping.fail(anyhow::Error::new(error).context("intake"));
        }
    };
    thread::Builder::new().name("intake".to_owned()).spawn(run).context("starting the thread of intake")
}

/// Writes the address to standard error at any log level: with port 0 it is not known otherwise.
fn print_address(config: &Config, address: SocketAddr, roles: ProcessRoles) {
    info!(%address, data = %config.data.display(), %roles, "listening");
    // A closed standard error has no reader.
    let _ = writeln!(std::io::stderr(), "plumbline: http://{address}, data in {}", config.data.display());
}
