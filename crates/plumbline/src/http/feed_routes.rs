//! `GET /v1/feeds`: the feeds of the partitions of this process. Their names are practices', so they are no labels of metrics.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use scorecard::fold::code_counts::CodeGaps;
use scorecard::time::calendar::{Day, Timestamp};
use serde_json::json;

use crate::http::http_state::HttpState;
use crate::http::responses::listed;

/// The newest record, the conflicts and the codes without a meaning of one feed, over all partitions.
#[derive(Clone, Copy, Debug)]
struct FeedState {
    last_received: Timestamp,
    newest_day: Option<Day>,
    conflicts: u64,
    codes: CodeGaps,
}

/// Each feed in order of the names: its newest record and day, its order of versions, its kept conflicts, and its versions whose codes
/// have no meaning. The order is null where this process does not know it. Newest record, day and codes are those of the last tick.
pub(crate) async fn feeds(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let mut feeds: BTreeMap<String, FeedState> = BTreeMap::new();
    for (coverage, conflicts, gaps) in state.status.owned(|one| (one.feeds.clone(), one.conflicts.clone(), one.code_gaps.clone()))
    {
        for one in coverage {
            let sent = FeedState {
                last_received: one.last_appended,
                newest_day: one.newest_day,
                conflicts: 0,
                codes: CodeGaps::default(),
            };
            let known = feeds.entry(one.feed.to_string()).or_insert(sent);
            known.last_received = known.last_received.max(sent.last_received);
            known.newest_day = known.newest_day.max(sent.newest_day);
        }
        for conflict in conflicts.iter() {
            feeds.entry(conflict.feed.to_string()).and_modify(|known| known.conflicts += 1);
        }
        for (feed, of) in gaps {
            feeds.entry(feed.to_string()).and_modify(|known| {
                known.codes.prescriptions += of.prescriptions;
                known.codes.orders += of.orders;
            });
        }
    }
    let line = |(feed, of): (&String, &FeedState)| {
        let newest_day = of.newest_day.map(|day| day.to_string());
        let settings = state.decoder.get().records.feed(feed);
        let versioning = (!settings.is_open()).then(|| settings.versioning.word());
        json!({
            "feed": feed,
            "last_received": of.last_received.to_string(),
            "newest_day": newest_day,
            "conflicts": of.conflicts,
            "versioning": versioning,
            "unmapped_prescriptions": of.codes.prescriptions,
            "uncategorised_orders": of.codes.orders,
        })
        .to_string()
    };
    listed(&feeds.iter().map(line).collect::<Vec<_>>(), &headers)
}
