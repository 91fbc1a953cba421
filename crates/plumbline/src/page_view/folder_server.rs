//! The server of the pages of one folder, from its start to Ctrl-C.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::http::open_connections::OpenConnections;
use crate::http::server;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_handler::{PageState, answer};
use crate::process::interrupt::Interrupt;
use crate::process::limits::{SHUTDOWN_GRACE, SHUTDOWN_POLL};

/// Most connections of one reader's browsers.
const MOST_CONNECTIONS: usize = 64;

/// Serves the pages on the loopback until Ctrl-C. Port 0 is any free port; the address goes to standard error.
///
/// # Errors
/// When the port cannot be used.
pub fn serve(cards: PageCards, port: u16, interrupt: &Interrupt) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the threads of HTTP")?;
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listening = || format!("listening on {wanted} failed; choose another port with --port, or leave it out");
    let listener = runtime.block_on(TcpListener::bind(wanted)).with_context(listening)?;
    let address = listener.local_addr().context("reading the address of the pages")?;
    let folder = cards.folder().display().to_string();
    let state = Arc::new(PageState::new(cards, address));
    let router = Router::new().fallback(answer).with_state(state);
    let (close, closed) = watch::channel(());
    let pages = runtime.spawn(server::serve(listener, router, OpenConnections::new(MOST_CONNECTIONS), closed));
    // A closed standard error has no reader.
    let _ = writeln!(std::io::stderr(), "plumbline: http://{address}, the pages of {folder}; Ctrl-C ends them");
    while !interrupt.asked() {
        thread::sleep(SHUTDOWN_POLL);
    }
    drop(close);
    // A request that takes longer is cut off: it only reads.
    let _ = runtime.block_on(async { tokio::time::timeout(SHUTDOWN_GRACE, pages).await });
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    Ok(())
}
