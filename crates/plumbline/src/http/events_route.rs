//! `POST /v1/events`: the events of a body go to intake, and each is answered after the log is durable.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Extension, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use codec::formats::record_decoder::{DecodeOutcome, DetailCounts};
use serde::Serialize;
use stream::log::with_sources;
use tokio::sync::oneshot;

use crate::http::element_places::ElementPlaces;
use crate::http::http_state::HttpState;
use crate::http::problem::{ProblemType, Refusal};
use crate::http::request_body::{self, BodyEncoding, check_type, encoding, too_large};
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{no_intake, panicked};
use crate::intake::binary_cloud_event::CloudEventHeaders;
use crate::intake::body_room::RoomPermit;
use crate::intake::dry_run::{DryRunAnswer, ElementGap};
use crate::intake::element_count;
use crate::intake::intake_worker::{ElementOutcome, Handover, Submission, SubmissionAnswer};
use crate::process::limits::ANSWER_CHECK_INTERVAL;
use crate::process::service_faults::FaultPlace;

/// The answer to a request with events.
pub(crate) async fn post(
    State(state): State<HttpState>,
    Extension(checked): Extension<CheckedRequest>,
    request: HttpRequest,
) -> Response {
    if state.intake.is_none() {
        return no_intake();
    }
    let headers = request.headers().clone();
    let (body, room) = match body(&state, &checked, request).await {
        Ok(read) => read,
        Err(refusal) => return refusal.into_response(),
    };
    let body = cloud_event(&headers).structured(&body).map_or(body, Bytes::from);
    let bytes = body.clone();
    let feed = checked.parameters.text("feed").map(str::to_owned);
    match checked.parameters.value("dry-run") {
        Ok(Some(true)) => return dry_run(state, checked, feed, body, room).await,
        Ok(Some(false) | None) => {}
        Err(refusal) => return refusal.into_response(),
    }
    let answer = match submit(&state, checked, feed.as_deref(), body, room).await {
        Ok(answer) => answer,
        Err(refusal) => return refusal.into_response(),
    };
    let most = state.max_elements;
    let answered = tokio::task::spawn_blocking(move || answered(&bytes, &answer, most)).await;
    answered.unwrap_or_else(|_| panicked("writing the answer"))
}

/// The attributes of a CloudEvent in binary mode.
fn cloud_event(headers: &HeaderMap) -> CloudEventHeaders<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    CloudEventHeaders { version: text("ce-specversion"), source: text("ce-source"), id: text("ce-id") }
}

/// The decoded body, with its room. It is refused as early as its headers, its bytes or its elements allow.
pub(crate) async fn body(
    state: &HttpState,
    checked: &CheckedRequest,
    request: HttpRequest,
) -> Result<(Bytes, RoomPermit), Refusal> {
    check_type(request.headers())?;
    let encoding = encoding(request.headers())?;
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let most = state.max_body;
    if declared.is_some_and(|bytes| bytes > most) {
        return Err(too_large(most));
    }
    // A body of unknown length may be as large as the largest, and so may an encoded one.
    let bytes = declared.filter(|_| encoding == BodyEncoding::Identity).unwrap_or(most);
    let room = state.room.enter(sender(checked), bytes).ok_or_else(no_room)?;
    let body = request_body::read(request.into_body(), most).await?;
    let most_elements = state.max_elements;
    let check = move || {
        let body = request_body::decoded(body, encoding, most)?;
        if body.trim_ascii().is_empty() {
            return Err(Refusal::new(ProblemType::EmptyBody, "the body is empty; send at least one event"));
        }
        if element_count::at_least(&body, most_elements) > most_elements {
            return Err(too_many(most_elements, "nothing of it was read; send it in parts"));
        }
        Ok(body)
    };
    let body = tokio::task::spawn_blocking(check).await;
    let body =
        body.unwrap_or_else(|_| Err(Refusal::new(ProblemType::Internal, "decoding the body failed; see the service's log")))?;
    Ok((body, room))
}

/// Each token has a share of the room. Without tokens each feed has one.
pub(crate) fn sender(checked: &CheckedRequest) -> &str {
    match checked.rights.token_name() {
        "" => checked.parameters.text("feed").unwrap_or_default(),
        token => token,
    }
}

pub(crate) fn no_room() -> Refusal {
    let text = "too many bodies wait for the log; send this again after the seconds of Retry-After";
    Refusal::new(ProblemType::NoRoom, text)
}

pub(crate) fn too_many(most: usize, cure: &str) -> Refusal {
    Refusal::new(ProblemType::TooManyElements, format!("the body holds more than {most} elements; {cure}"))
}

/// Hands the body to intake and waits until its events are durable.
pub(crate) async fn submit(
    state: &HttpState,
    checked: CheckedRequest,
    feed: Option<&str>,
    body: Bytes,
    room: RoomPermit,
) -> Result<SubmissionAnswer, Refusal> {
    let feed = feed.map(|name| state.decoder.get().feed(name));
    if state.status.faults.at(FaultPlace::Brokers).is_some() {
        return Err(brokers_away("nothing of this body was read"));
    }
    if let Some(shortage) = state.disk.shortage() {
        return Err(Refusal::new(
            ProblemType::DiskFull,
            format!("{shortage}; nothing of this body was read, send it again then"),
        ));
    }
    let (reply, answer) = oneshot::channel();
    let submission = Submission { body, feed, rights: checked.rights, most_elements: state.max_elements, reply, room };
    match state.intake.as_ref().map_or(Handover::Ended, |intake| intake.hand_in(submission)) {
        Handover::Queued => durable(state, answer).await,
        Handover::Full => Err(no_room()),
        Handover::Ended => Err(log_failed(state)),
    }
}

/// Waits for the answer of intake. It ends the wait when no broker answers: the log acknowledges nothing meanwhile.
async fn durable(state: &HttpState, mut answer: oneshot::Receiver<SubmissionAnswer>) -> Result<SubmissionAnswer, Refusal> {
    loop {
        match tokio::time::timeout(ANSWER_CHECK_INTERVAL, &mut answer).await {
            Ok(answer) => return answer.map_err(|_| log_failed(state)),
            Err(_) if state.status.faults.at(FaultPlace::Brokers).is_some() => {
                return Err(brokers_away("some of these events may be in the log, and each event counts once"));
            }
            Err(_) => {}
        }
    }
}

fn brokers_away(meanwhile: &str) -> Refusal {
    let text = format!("no broker answers; {meanwhile}; send the body again after the seconds of Retry-After");
    Refusal::new(ProblemType::Unavailable, text)
}

fn log_failed(state: &HttpState) -> Refusal {
    if let Some(failure) = state.status.disk_failure() {
        return Refusal::new(ProblemType::DiskFull, format!("{failure}; send these events again after a restart of the service"));
    }
    let text = "the log failed before these events were durable; send them again after a restart of the service";
    Refusal::new(ProblemType::LogFailed, text)
}

/// The answer of a request that stores nothing. The body keeps its room until it is answered, as a real one does.
async fn dry_run(state: HttpState, checked: CheckedRequest, feed: Option<String>, body: Bytes, room: RoomPermit) -> Response {
    if state.status.faults.at(FaultPlace::Brokers).is_some() {
        return brokers_away("nothing of this body was read").into_response();
    }
    let run = move || {
        let _room = room;
        let (most, codes) = (state.max_elements, state.deployment.measures.codes());
        let limits = (most, state.clock.now());
        match state.dry_runner.run(&body, feed.as_deref(), &checked.rights.source(), limits, codes) {
            Ok(answer) if answer.beyond > 0 => {
                too_many(most, "the first of them were read; send the body in parts").into_response()
            }
            Ok(answer) => EventsAnswer::of_dry_run(&body, &answer).response(),
            Err(error) => {
                let text = format!("the registry cannot be read: {}; send the body again", with_sources(&error));
                ProblemType::Unavailable.response(&text)
            }
        }
    };
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|_| panicked("the dry run"))
}

fn answered(body: &[u8], answer: &SubmissionAnswer, most: usize) -> Response {
    if answer.beyond > 0 {
        let cure = "the first of them were read; send the body in parts: each event counts once";
        return too_many(most, cure).into_response();
    }
    EventsAnswer::of(body, answer).response()
}

/// The answer to a body: counts, and each element.
#[derive(Serialize)]
struct EventsAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<DryRunCounts<'a>>,
    received: usize,
    logged: usize,
    registered: usize,
    skipped: usize,
    rejected: usize,
    not_kept: u64,
    /// Absent when every event has a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_version: Option<u64>,
    events: Vec<ElementAnswer<'a>>,
}

/// One element of the answer.
#[derive(Serialize)]
struct ElementAnswer<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// The id that a rejected element names. A logged event has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    outcome: &'a ElementOutcome,
    #[serde(skip_serializing_if = "<[ElementGap]>::is_empty")]
    gaps: &'a [ElementGap],
}

/// The counts that only a dry run answers.
#[derive(Serialize)]
struct DryRunCounts<'a> {
    /// Elements with a gap, by reason.
    gaps: BTreeMap<&'static str, u64>,
    dropped_details: &'a DetailCounts,
    rounded_details: &'a DetailCounts,
    impossible_numbers: &'a DetailCounts,
    unknown_fields: u64,
}

impl<'a> EventsAnswer<'a> {
    fn of(body: &[u8], answer: &'a SubmissionAnswer) -> EventsAnswer<'a> {
        let without_version = Some(answer.without_version).filter(|count| *count > 0);
        EventsAnswer { not_kept: answer.not_kept, without_version, ..EventsAnswer::of_elements(body, &answer.elements, &[]) }
    }

    fn of_dry_run(body: &[u8], answer: &'a DryRunAnswer) -> EventsAnswer<'a> {
        let mut gaps = BTreeMap::new();
        for gap in answer.gaps.iter().flatten() {
            *gaps.entry(gap.reason.word()).or_default() += 1;
        }
        let DecodeOutcome { unknown_fields, dropped_details, rounded_details, impossible_numbers, .. } = &answer.decoded;
        let counts = DryRunCounts { gaps, dropped_details, rounded_details, impossible_numbers, unknown_fields: *unknown_fields };
        EventsAnswer { dry_run: Some(counts), ..EventsAnswer::of_elements(body, &answer.elements, &answer.gaps) }
    }

    fn of_elements(body: &[u8], elements: &'a [ElementOutcome], gaps: &'a [Vec<ElementGap>]) -> EventsAnswer<'a> {
        let count = |of: fn(&ElementOutcome) -> bool| elements.iter().filter(|outcome| of(outcome)).count();
        let places = ElementPlaces::of(body, elements.len());
        let element = |(index, outcome): (usize, &'a ElementOutcome)| {
            let id = matches!(outcome, ElementOutcome::Rejected { .. }).then(|| places.id(index)).flatten();
            let gaps = gaps.get(index).map(Vec::as_slice).unwrap_or_default();
            ElementAnswer { index, line: places.line(index), id, outcome, gaps }
        };
        EventsAnswer {
            dry_run: None,
            received: elements.len(),
            logged: count(|outcome| matches!(outcome, ElementOutcome::Logged { .. })),
            registered: count(|outcome| matches!(outcome, ElementOutcome::Registered)),
            skipped: count(|outcome| matches!(outcome, ElementOutcome::Skipped { .. })),
            rejected: count(|outcome| matches!(outcome, ElementOutcome::Rejected { .. })),
            not_kept: 0,
            without_version: None,
            events: elements.iter().enumerate().map(element).collect(),
        }
    }

    fn response(&self) -> Response {
        let is_nothing = self.rejected > 0 && self.rejected == self.received;
        let status = if is_nothing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let text = serde_json::to_string(self).expect("numbers and texts serialize") + "\n";
        (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    }
}
