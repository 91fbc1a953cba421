//! `plumbline run`: all roles in one process over the embedded log, or some of them over Kafka, from the first request to the last.

use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::config::options::Config;
use crate::deployment::data_directory::DataDirectory;
use crate::http::http_state::HttpState;
use crate::http::routes;
use crate::intake::consumer_session::TopicIntake;
use crate::intake::intake_worker::{IntakeSender, IntakeWorker};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::process::limits::{SHUTDOWN_GRACE, SHUTDOWN_POLL};
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::service_status::ServiceStatus;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::service::worker::WorkerContext;
use crate::service::worker_supervisor::WorkerSupervisor;

const ALONE: &str = "over the embedded log one process has all roles; name none, or set kafka.brokers";

/// Serves until somebody asks to stop; then nothing more is accepted, what was accepted is made durable and answered, and all
/// threads end.
///
/// # Errors
/// When the data folder or the brokers cannot be had, the address cannot be listened to, or the embedded log fails.
pub fn run(config: &Config, roles: ProcessRoles, clock: Clock, interrupt: &Interrupt) -> Result<()> {
    ensure!(config.kafka.is_some() || roles == ProcessRoles::ALL, ALONE);
    let stopping = ShutdownSignal::default();
    let site = open(config, roles, clock, &stopping, interrupt)?;
    let vitals = ServiceStatus::new(site.deployment.partitions);
    let work = WorkerContext {
        deployment: site.deployment.clone(),
        log: site.log.clone(),
        clock: site.clock.clone(),
        vitals: vitals.clone(),
        stopping: stopping.clone(),
        shelf: site.shelf.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the threads of HTTP cannot be started")?;
    let listening = || format!("{} cannot be listened to; free it, or name another address with `listen`", config.listen);
    let listener = runtime.block_on(TcpListener::bind(config.listen)).with_context(listening)?;
    let address = listener.local_addr().context("the address that is listened to")?;
    site.answers_at(&format!("http://{address}"))?;
    let posts = WorkerSupervisor::start(&work, roles)?;
    let (door, takers) = intake(config, roles, &site, &work, &posts)?;
    let served = HttpState::of(&site, config, door, vitals);
    let (close, closed) = watch::channel(());
    let server = runtime.spawn(serve(listener, served, closed));
    tell_address(config, address, roles);

    while !stopping.wait(SHUTDOWN_POLL) {
        if interrupt.asked() {
            info!("asked to stop: draining");
            break;
        }
    }
    drop(close);
    let drain = Duration::from_secs(config.drain_seconds.into());
    let drained = runtime.block_on(async { tokio::time::timeout(drain, server).await });
    if drained.is_err() {
        warn!("requests under way took longer than http.drain and were cut off");
        // Brokers that are away must not hold up the end; what was not answered is not known to be taken.
        stopping.ask();
    }
    // Ends what is still under way, and with it the last door.
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    stopping.ask();
    for taker in takers {
        // A panic was told as a failure by the thread's own guard.
        let _ = taker.join();
    }
    posts.join();
    drop(work);
    if let Some(failure) = stopping.take_failure() {
        return Err(failure);
    }
    info!("stopped");
    Ok(())
}

/// Opens the site. Brokers that cannot be reached are waited for; whoever does not want to may interrupt.
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

/// Starts what takes events, by requests and from topics.
fn intake(
    config: &Config,
    roles: ProcessRoles,
    site: &DataDirectory,
    work: &WorkerContext,
    posts: &WorkerSupervisor,
) -> Result<(Option<IntakeSender>, Vec<thread::JoinHandle<()>>)> {
    if !roles.has(ProcessRole::Intake) {
        return Ok((None, Vec::new()));
    }
    let (door, taking) = IntakeWorker::new(
        site.log.clone(),
        site.deployment.partitions,
        site.decoder.clone(),
        site.refused.clone(),
        site.clock.clone(),
        work.vitals.clone(),
        posts.tallies(),
    );
    let mut takers = vec![spawn_taking(taking, work.stopping.clone())?];
    if let Some(log) = site.log.kafka().filter(|_| !config.inputs.is_empty()) {
        let topics = TopicIntake {
            log: log.clone(),
            partitions: site.deployment.partitions,
            inputs: config.inputs.clone(),
            decoder: site.decoder.clone(),
            clock: site.clock.clone(),
            vitals: work.vitals.clone(),
            stopping: work.stopping.clone(),
        };
        takers.push(topics.start()?);
    }
    Ok((Some(door), takers))
}

fn spawn_taking(taking: IntakeWorker, stopping: ShutdownSignal) -> Result<thread::JoinHandle<()>> {
    let run = move || {
        let _guard = stopping.guard("intake");
        if let Err(error) = taking.run() {
            stopping.fail(anyhow::Error::new(error).context("intake"));
        }
    };
    thread::Builder::new().name("intake".to_owned()).spawn(run).context("a thread for intake cannot be started")
}

async fn serve(listener: TcpListener, served: HttpState, mut closed: watch::Receiver<()>) -> std::io::Result<()> {
    let asked = async move {
        // Nothing is ever sent: it ends when the sender is gone.
        let _ = closed.changed().await;
    };
    axum::serve(listener, routes::router(served)).with_graceful_shutdown(asked).await
}

/// On standard error in any case, for with port 0 nobody can know it otherwise.
fn tell_address(config: &Config, address: SocketAddr, roles: ProcessRoles) {
    info!(%address, data = %config.data.display(), %roles, "listening");
    // Whoever closed standard error does not read it.
    let _ = writeln!(std::io::stderr(), "plumbline: http://{address}, data in {}", config.data.display());
}
