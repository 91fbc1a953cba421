//! `plumbline run`: all roles on one machine over the embedded log, from the first request to the last.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::{info, warn};

use crate::card_index::CardIndex;
use crate::clock::Clock;
use crate::config::Config;
use crate::http;
use crate::interrupt::Interrupt;
use crate::served::{Served, room};
use crate::site::Site;
use crate::stopping::Stopping;
use crate::taking::Taking;
use crate::vitals::Vitals;
use crate::workers::{Work, Workers};

/// How often it is looked at whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Serves until somebody asks to stop; then nothing more is accepted, what was accepted is made durable and answered, and all
/// threads end.
///
/// # Errors
/// When the data folder cannot be had, the address cannot be listened to, or the log fails.
pub fn run(config: &Config, clock: Clock, interrupt: &Interrupt) -> Result<()> {
    let site = Site::open(config, clock)?;
    let vitals = Vitals::new(site.deployment.partitions);
    let stopping = Stopping::default();
    let work = Work {
        deployment: site.deployment.clone(),
        log: site.log.clone(),
        clock: site.clock.clone(),
        vitals: vitals.clone(),
        stopping: stopping.clone(),
        index: Arc::new(RwLock::new(CardIndex::default())),
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
    let workers = Workers::start(&work)?;
    let (door, taking) = Taking::new(
        site.log.clone(),
        site.deployment.partitions,
        site.retry.clone(),
        site.refused.clone(),
        site.clock.clone(),
        vitals.clone(),
        workers.tallies(),
    );
    let taker = spawn_taking(taking, stopping.clone())?;
    let served = Served {
        door,
        room: room(config.max_waiting),
        max_body: config.max_body,
        feeds: site.retry.feeds.clone(),
        refused: site.refused.clone(),
        explaining: Arc::new(Semaphore::new(1)),
        index: work.index.clone(),
        log: site.log.clone(),
        vitals,
        deployment: site.deployment.clone(),
        clock: site.clock.clone(),
    };
    let (close, closed) = watch::channel(());
    let server = runtime.spawn(serve(listener, served, closed));
    tell_address(config, address);

    while !stopping.wait(LOOK) {
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
    }
    // Ends what is still under way, and with it the last door.
    runtime.shutdown_timeout(Duration::from_secs(1));
    // A panic was told as a failure by the thread's own guard.
    let _ = taker.join();
    stopping.ask();
    workers.join();
    drop(work);
    if let Some(failure) = stopping.failure() {
        bail!(failure);
    }
    info!("stopped");
    Ok(())
}

fn spawn_taking(taking: Taking, stopping: Stopping) -> Result<thread::JoinHandle<()>> {
    let run = move || {
        let _guard = stopping.guard("intake");
        if let Err(error) = taking.run() {
            stopping.fail(format!("intake: {error}"));
        }
    };
    thread::Builder::new().name("intake".to_owned()).spawn(run).context("a thread for intake cannot be started")
}

async fn serve(listener: TcpListener, served: Served, mut closed: watch::Receiver<()>) -> std::io::Result<()> {
    let asked = async move {
        // Nothing is ever sent: it ends when the sender is gone.
        let _ = closed.changed().await;
    };
    axum::serve(listener, http::router(served)).with_graceful_shutdown(asked).await
}

/// On standard error in any case, for with port 0 nobody can know it otherwise.
fn tell_address(config: &Config, address: SocketAddr) {
    info!(%address, data = %config.data.display(), "listening");
    // Whoever closed standard error does not read it.
    let _ = writeln!(std::io::stderr(), "plumbline: http://{address}, data in {}", config.data.display());
}
