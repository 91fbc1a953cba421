//! The resources behind a card: measures, peer groups, runs, and the entries of the registry.

use std::ops::ControlFlow;

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use codec::json::record_lines;
use scorecard::card::public_group::PeerKey;
use scorecard::measure::measure_set::Measure;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Month;
use serde_json::{Value, json};
use stream::log::{Log, LogError, Topic};

use crate::http::http_state::HttpState;
use crate::http::parameters::Parameters;
use crate::http::problem::ProblemType;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::{listed, no_cards, panicked};
use crate::http::subscribe::card_filter::measure_ids;
use crate::http::subscribe::next_page::add_link;
use crate::published_cards::card_index::{CardIndex, read_index};

/// The lines of a page, and the position of the next one.
type Page = (Vec<String>, Option<String>);

/// The measures of the deployment, in order of their ids, as in their files. Examples are left out.
pub(crate) async fn measures(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let lines: Vec<String> = state.deployment.measures.measures().iter().map(|measure| measure_line(measure)).collect();
    listed(&lines, &headers)
}

fn measure_line(measure: &Measure) -> String {
    let mut value = serde_json::to_value(&measure.definition).expect("a definition that was read can be written");
    if let Value::Object(fields) = &mut value {
        fields.remove("examples");
        fields.insert("short".to_owned(), json!(measure.definition.short_name()));
        fields.insert("key".to_owned(), json!(measure.name()));
    }
    value.to_string()
}

/// The newest public groups of a month, in order of measure, window and role.
pub(crate) async fn peer_groups(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let measures = parameters.text("measure").map(|text| measure_ids(text, &state.deployment.measures)).transpose();
    let (month, limit, measures) = match (parameters.value::<Month>("month"), parameters.limit(), measures) {
        (Ok(month), Ok(limit), Ok(measures)) => (month, limit, measures),
        (Err(wrong), ..) | (_, Err(wrong), _) | (.., Err(wrong)) => return wrong.into_response(),
    };
    let Some(store) = state.cards else { return no_cards() };
    let Some(month) = month.or_else(|| read_index(&store.index, CardIndex::last_month)) else {
        return listed(&[], &headers);
    };
    let role = parameters.text("role");
    let after = parameters.text("after");
    let wanted = |key: &PeerKey| {
        let id = key.measure.split_once('@').map_or(&*key.measure, |(id, _)| id);
        key.month == month
            && measures.as_ref().is_none_or(|ids| ids.iter().any(|one| one == id))
            && role.is_none_or(|role| *role == *key.role)
            && after.is_none_or(|after| position(key).as_str() > after)
    };
    let mut groups: Vec<(String, u64)> = read_index(&store.index, |index| {
        let wanted = index.groups().iter().filter(|(key, _)| wanted(key));
        wanted.map(|(key, offset)| (position(key), *offset)).collect()
    });
    groups.sort();
    let more = groups.len() > limit;
    groups.truncate(limit);
    let next = groups.last().filter(|_| more).map(|(position, _)| position.clone());
    let mut log = store.cards;
    let read = move || {
        let line = |(_, offset): (String, u64)| record_line(&mut log, Topic::PeerGroups, offset);
        Ok((groups.into_iter().map(line).collect::<Result<_, _>>()?, next))
    };
    page(read, "/v1/peer-groups", &parameters.with([("month", month.to_string())]), &headers).await
}

/// The position of a group in its month. Its parts contain no line end.
fn position(key: &PeerKey) -> String {
    format!("{}\n{:02}\n{}", key.measure, key.window, key.role)
}

/// The run records, oldest first.
pub(crate) async fn runs(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let Some(store) = state.cards else { return no_cards() };
    let line = |record: Record, _| if let Record::Run(run) = record { Some(record_lines::run(&run)) } else { None };
    topic_page(store.cards, Topic::Runs, "/v1/runs", line, &parameters, &headers).await
}

/// The entries of the registry, oldest first, each with its offset.
pub(crate) async fn registry(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let line = |record: Record, offset| match record {
        Record::Registry(entry) => Some(json!({ "offset": offset, "entry": entry }).to_string()),
        _ => None,
    };
    topic_page(state.log, Topic::Registry, "/v1/registry", line, &parameters, &headers).await
}

/// A page of the records of a topic with one partition, behind the offset `after`.
async fn topic_page(
    mut log: impl Log + Send + 'static,
    topic: Topic,
    path: &str,
    line: fn(Record, u64) -> Option<String>,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Response {
    let (after, limit) = match (parameters.value::<u64>("after"), parameters.limit()) {
        (Ok(after), Ok(limit)) => (after, limit),
        (Err(wrong), _) | (_, Err(wrong)) => return wrong.into_response(),
    };
    let read = move || {
        let first = log.bounds(topic, 0)?.start;
        let mut next = after.map_or(first, |after| after.saturating_add(1).max(first));
        let (mut lines, mut more) = (Vec::new(), false);
        loop {
            let read = log.read(topic, 0, next, limit, &mut |entry| {
                let Some(text) = line(entry.record, entry.offset) else { return ControlFlow::Continue(()) };
                if lines.len() == limit {
                    more = true;
                    return ControlFlow::Break(());
                }
                lines.push((entry.offset, text));
                ControlFlow::Continue(())
            })?;
            if more || read == next {
                let next = lines.last().filter(|_| more).map(|(offset, _)| offset.to_string());
                return Ok((lines.into_iter().map(|(_, line)| line).collect(), next));
            }
            next = read;
        }
    };
    page(read, path, parameters, headers).await
}

/// A page that a blocking thread reads.
async fn page(
    read: impl FnOnce() -> Result<Page, LogError> + Send + 'static,
    path: &str,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Response {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((lines, next))) => {
            let mut response = listed(&lines, headers);
            if let Some(next) = next {
                add_link(&mut response, path, parameters, &next);
            }
            response
        }
        Ok(Err(failed)) => ProblemType::Internal.response(&failed.to_string()),
        Err(_) => panicked("reading the log"),
    }
}

/// The record at an offset as a line of JSON.
fn record_line(log: &mut impl Log, topic: Topic, offset: u64) -> Result<String, LogError> {
    let mut found = None;
    log.read(topic, 0, offset, 1, &mut |entry| {
        if let Record::PeerGroup(group) = entry.record {
            found = Some(record_lines::peer_group(&group));
        }
        ControlFlow::Break(())
    })?;
    found.ok_or_else(|| LogError::Missing { what: format!("the peer group at offset {offset}") })
}
