//! `GET /v1/feeds`: the feeds of the partitions of this process. Their names are practices', so they are no labels of metrics.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use scorecard::time::calendar::{Day, Timestamp};
use serde_json::json;

use crate::http::http_state::HttpState;
use crate::http::responses::listed;

/// The newest record and the conflicts of one feed, over all partitions.
#[derive(Clone, Copy, Debug)]
struct FeedState {
    last_received: Timestamp,
    newest_day: Option<Day>,
    conflicts: u64,
}

/// Each feed with its newest record, its newest day, and its kept conflicts, in order of the names.
pub(crate) async fn feeds(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let mut feeds: BTreeMap<String, FeedState> = BTreeMap::new();
    for (coverage, conflicts) in state.status.owned(|partition| (partition.feeds.clone(), partition.conflicts.clone())) {
        for one in coverage {
            let sent = FeedState { last_received: one.last_appended, newest_day: one.newest_day, conflicts: 0 };
            let known = feeds.entry(one.feed.to_string()).or_insert(sent);
            known.last_received = known.last_received.max(sent.last_received);
            known.newest_day = known.newest_day.max(sent.newest_day);
        }
        for conflict in conflicts.iter() {
            feeds.entry(conflict.feed.to_string()).and_modify(|known| known.conflicts += 1);
        }
    }
    let line = |(feed, of): (&String, &FeedState)| {
        let newest_day = of.newest_day.map(|day| day.to_string());
        json!({"feed": feed, "last_received": of.last_received.to_string(), "newest_day": newest_day, "conflicts": of.conflicts})
            .to_string()
    };
    listed(&feeds.iter().map(line).collect::<Vec<_>>(), &headers)
}
