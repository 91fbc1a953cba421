//! `GET /v1/changes`: published revisions in the order of publication, as a list, as a list that waits for the next change, or as
//! server-sent events.
//!
//! Source of the events: HTML Living Standard, section 9.2.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Duration;

use crate::config::quantity;
use crate::http::http_state::HttpState;
use crate::http::parameters::Parameters;
use crate::http::problem::{ProblemType, Refusal};
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{accepts, listed, no_cards};
use crate::http::subscribe::channel_body::{PieceSender, channel};
use crate::process::limits::{CHANGE_WAIT_MOST, EVENT_HEARTBEAT, EVENT_RETRY, PAGE_ENTRIES_MOST};
use crate::published_cards::card_index::{CardChange, CardIndex, read_index};
use crate::published_cards::card_store::CardStore;

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: &str = "last-event-id";
const ENDING: &str = "the service is stopping; continue after its restart";

/// Published revisions behind a position, in the form that the client accepts.
pub(crate) async fn changes(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let Some(store) = state.cards.clone() else { return no_cards() };
    let is_stream = accepts(&headers, EVENT_STREAM);
    let request = match ChangeRequest::read(&parameters, &headers, is_stream) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    let newest = read_index(&store.index, CardIndex::revisions);
    if request.after > newest {
        let text = format!(
            "the newest change of this process is {newest}, and the request continues behind {}; retry, and read from 0 if the \
             log of the deployment was replaced",
            request.after
        );
        return ProblemType::Unavailable.response(&text);
    }
    let waits = is_stream || (request.wait > Duration::ZERO && request.after == newest);
    let place = match waits.then(|| state.followers.clone().try_acquire_owned()).transpose() {
        Ok(place) => place,
        Err(_) => {
            return ProblemType::Busy.response("too many clients follow the changes; retry after the seconds of Retry-After");
        }
    };
    match place {
        Some(place) if is_stream => event_stream(store, request.after, place),
        Some(_) => {
            store.wait_beyond(request.after, request.wait).await;
            listed(&lines(&store, request.after, request.limit), &headers)
        }
        None => listed(&lines(&store, request.after, request.limit), &headers),
    }
}

/// The position, the size and the patience of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChangeRequest {
    after: usize,
    limit: usize,
    wait: Duration,
}

impl ChangeRequest {
    fn read(parameters: &Parameters, headers: &HeaderMap, is_stream: bool) -> Result<ChangeRequest, Refusal> {
        let malformed = |text: String| Err(Refusal::new(ProblemType::MalformedParameter, text));
        let mut after = parameters.value("after")?.unwrap_or(0);
        let wait = parameters.text("wait").map(quantity::seconds).transpose();
        let wait = match wait {
            Ok(wait) => Duration::from_secs(wait.unwrap_or(0).into()),
            Err(_) => return malformed("wait is not valid; write a duration such as 30s".to_owned()),
        };
        if wait > CHANGE_WAIT_MOST {
            return malformed(format!("wait is out of range; write at most {}s", CHANGE_WAIT_MOST.as_secs()));
        }
        if !is_stream {
            return Ok(ChangeRequest { after, limit: parameters.limit()?, wait });
        }
        if let Some(name) = ["limit", "wait"].into_iter().find(|name| parameters.text(name).is_some()) {
            return malformed(format!("{name} has no meaning for {EVENT_STREAM}; leave it out"));
        }
        // A client that reconnects repeats the address, and adds the header.
        if let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
            let number = id.to_str().ok().and_then(|id| id.parse().ok());
            let Some(number) = number else {
                return malformed(
                    "Last-Event-ID is no sequence of a change; send the id of the last event, or no header".to_owned(),
                );
            };
            after = number;
        }
        Ok(ChangeRequest { after, limit: PAGE_ENTRIES_MOST, wait })
    }
}

/// The changes as JSON, one a line.
fn lines(store: &CardStore, after: usize, limit: usize) -> Vec<String> {
    numbered_lines(store, after, limit).into_iter().map(|(_, line)| line).collect()
}

/// The sequences of the changes, and the changes as JSON.
fn numbered_lines(store: &CardStore, after: usize, limit: usize) -> Vec<(usize, String)> {
    read_index(&store.index, |index| {
        let (first, changes) = index.changes(after, limit);
        changes.iter().zip(first..).map(|(change, sequence)| (sequence, change_line(change, sequence))).collect()
    })
}

/// A client passes the `sequence` of the last change as `after` of its next request.
fn change_line(change: &CardChange, sequence: usize) -> String {
    let CardChange { key, revision, cut, status } = change;
    json!({
        "sequence": sequence,
        "clinician": key.clinician,
        "practice": key.practice,
        "month": key.month.to_string(),
        "revision": revision,
        "status": status,
        "cut": cut.to_string(),
    })
    .to_string()
}

/// All changes behind `after` and every later one as events, until the client or the service ends.
fn event_stream(store: CardStore, after: usize, place: OwnedSemaphorePermit) -> Response {
    let (sender, body) = channel();
    tokio::spawn(async move {
        // A client that hung up needs no end.
        let _ = follow(&store, after, &sender).await;
        drop(place);
    });
    // Proxies that collect an answer before they pass it on would delay events.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), "no");
    ([(header::CONTENT_TYPE, EVENT_STREAM), unbuffered], body).into_response()
}

/// Writes events until the service ends. `None` when the client hung up.
async fn follow(store: &CardStore, mut after: usize, sender: &PieceSender) -> Option<()> {
    let send = async |text: String| sender.send(Ok(Bytes::from(text))).await.ok();
    send(format!("retry: {}\n\n", EVENT_RETRY.as_millis())).await?;
    loop {
        let lines = numbered_lines(store, after, PAGE_ENTRIES_MOST);
        if !lines.is_empty() {
            let mut events = String::new();
            for (sequence, line) in &lines {
                after = *sequence;
                // A line of JSON contains no line end.
                write!(events, "id: {after}\nevent: change\ndata: {line}\n\n").expect("a String takes all");
            }
            send(events).await?;
        } else if store.ends() {
            return send(format!(": {ENDING}\n\n")).await;
        } else if !store.wait_beyond(after, EVENT_HEARTBEAT).await {
            send(":\n\n".to_owned()).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, id: Option<&str>, is_stream: bool) -> Result<ChangeRequest, String> {
        let uri = format!("/v1/changes{query}").parse().unwrap();
        let parameters = Parameters::read(&uri, &["after", "limit", "wait"]).unwrap();
        let headers = id.map(|id| (HeaderName::from_static(LAST_EVENT_ID), id.parse().unwrap())).into_iter().collect();
        ChangeRequest::read(&parameters, &headers, is_stream).map_err(|refusal| refusal.detail)
    }

    #[test]
    fn a_position_is_the_last_events_id_before_the_parameter() {
        assert_eq!(read("?after=3", Some("7"), true).unwrap().after, 7);
        assert_eq!(read("?after=3", Some(""), true).unwrap().after, 3);
        assert_eq!(read("?after=3", Some("7"), false).unwrap().after, 3, "a list has no events");
        for id in ["x", "-1", "1.5", "99999999999999999999999", "9434765919x"] {
            let refused = read("", Some(id), true).unwrap_err();
            assert!(refused.starts_with("Last-Event-ID") && !refused.contains("943"), "{refused}");
        }
    }

    #[test]
    fn a_wait_is_a_duration_of_at_most_a_minute() {
        assert_eq!(read("?wait=30s", None, false).unwrap().wait, Duration::from_secs(30));
        assert_eq!(read("", None, false).unwrap().wait, Duration::ZERO);
        for (query, cure) in [("?wait=30", "30s"), ("?wait=61s", "at most 60s"), ("?wait=9434765919", "30s")] {
            assert!(read(query, None, false).unwrap_err().ends_with(cure), "{query}");
        }
        assert!(read("?wait=30s", None, true).unwrap_err().contains("leave it out"));
        assert!(read("?limit=5", None, true).unwrap_err().contains("leave it out"));
    }
}
