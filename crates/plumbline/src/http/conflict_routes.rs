//! `GET /v1/conflicts`: the latest versions that the partitions of this process left out.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::http::http_state::HttpState;
use crate::http::request_guard::CheckedRequest;
use crate::http::responses::listed;
use crate::view::conflicts_view::ConflictLine;

/// The latest conflicts, newest first.
pub(crate) async fn conflicts(
    State(state): State<HttpState>,
    Extension(CheckedRequest { parameters, .. }): Extension<CheckedRequest>,
    headers: HeaderMap,
) -> Response {
    let limit = match parameters.limit() {
        Ok(limit) => limit,
        Err(wrong) => return wrong.into_response(),
    };
    let feed = parameters.text("feed");
    let kept = state.status.owned(|partition| partition.conflicts.clone());
    let mut found: Vec<_> =
        kept.iter().flat_map(|kept| kept.iter()).filter(|one| feed.is_none_or(|feed| *one.feed == *feed)).collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.received_at));
    let lines =
        found.into_iter().take(limit).map(|one| serde_json::to_string(&ConflictLine::from(one)).expect("texts serialize"));
    listed(&lines.collect::<Vec<_>>(), &headers)
}
