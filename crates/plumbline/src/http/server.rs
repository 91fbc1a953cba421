//! The server: accepts connections and serves each in a task of its own, until the service stops.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tracing::warn;

use crate::http::open_connections::{ConnectionPlace, ConnectionSlot, OpenConnections};
use crate::http::problem::ProblemType;
use crate::http::stalled_stream::StalledStream;
use crate::process::limits::{ACCEPT_PAUSE, HEAD_BYTES, HEAD_TIMEOUT};

/// The paths that connections for health checks answer.
const HEALTH_PATHS: [&str; 2] = ["/livez", "/readyz"];

/// The address of the other end of a connection: an extension of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// Serves until `closed` has no sender. Then it accepts nothing more, and returns when every request is answered.
pub async fn serve(listener: TcpListener, router: Router, connections: OpenConnections, mut closed: watch::Receiver<()>) {
    let service = TowerToHyperService::new(router);
    // Every connection holds a sender; the receiver ends with the last one.
    let (open, mut last) = mpsc::channel::<()>(1);
    while let Some(accepted) = accept(&listener, &mut closed).await {
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, PeerAddress(peer)),
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Without a place the connection is closed.
        let Some(slot) = connections.enter() else { continue };
        let number = slot.number();
        let (service, closed, open) = (service.clone(), closed.clone(), open.clone());
        let task = tokio::spawn(async move {
            connection((stream, peer), service, slot, closed).await;
            drop(open);
        });
        connections.set_task(number, task.abort_handle());
    }
    drop((listener, open));
    let _ = last.recv().await;
}

/// The next connection; `None` when the service stops.
async fn accept(listener: &TcpListener, closed: &mut watch::Receiver<()>) -> Option<io::Result<(TcpStream, SocketAddr)>> {
    // Nothing is ever sent: this ends when the sender is dropped.
    let mut stops = pin!(closed.changed());
    poll_fn(|context| {
        if stops.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        listener.poll_accept(context).map(Some)
    })
    .await
}

/// Serves one connection. When the service stops, it answers the request under way and ends.
async fn connection(
    (stream, peer): (TcpStream, PeerAddress),
    router: TowerToHyperService<Router>,
    slot: ConnectionSlot,
    mut closed: watch::Receiver<()>,
) {
    let slot = Arc::new(slot);
    let service = service_fn(|request| answer((request, peer), router.clone(), slot.clone()));
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    let mut served = pin!(builder.serve_connection(TokioIo::new(StalledStream::new(stream)), service));
    let mut stops = pin!(closed.changed());
    let mut stopping = false;
    // A connection that breaks off, or sends no HTTP, is its client's.
    let _ = poll_fn(|context| {
        if !stopping && stops.as_mut().poll(context).is_ready() {
            stopping = true;
            served.as_mut().graceful_shutdown();
        }
        served.as_mut().poll(context)
    })
    .await;
}

async fn answer(
    (mut request, peer): (hyper::Request<Incoming>, PeerAddress),
    router: TowerToHyperService<Router>,
    slot: Arc<ConnectionSlot>,
) -> Result<Response, Infallible> {
    if slot.place() == ConnectionPlace::Health && !HEALTH_PATHS.contains(&request.uri().path()) {
        let text = "too many connections are open, and this one answers health checks only; retry later";
        return Ok(ProblemType::Unavailable.response(text));
    }
    request.extensions_mut().insert(peer);
    slot.begin_request();
    let response = router.call(request).await;
    slot.end_request();
    response
}
