//! A body that another task or thread writes piece by piece. Few pieces wait, so a slow client holds little memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// Pieces that wait for the client.
const WAITING_PIECES: usize = 4;

/// The writing end. A stream without an end is cut off, so that a client notices that a part is missing.
pub(crate) type PieceSender = mpsc::Sender<io::Result<Bytes>>;

#[derive(Debug)]
struct ChannelBody(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for ChannelBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// A body and its writing end. The body ends when the last sender is dropped.
pub(crate) fn channel() -> (PieceSender, Body) {
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    (sender, Body::new(ChannelBody(receiver)))
}
