//! The time of every request by its route, such as `/v1/scorecards/{clinician}`: a path would name a clinician.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::HistogramVec;

use crate::http::problem::ProblemType;
use crate::process::metric_registry::MetricRegistry;

/// Reading a card aims at 0.1 s, and sending events at 0.25 s, the sync included. Explanations fold the log and take longer.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// The label of a path that no route matches.
const UNMATCHED: &str = "none";

/// Durations and refusals of requests. Clones observe the same metrics.
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    durations: HistogramVec,
    /// By problem, in the order of [`ProblemType::ALL`].
    problems: Arc<[AtomicU64; ProblemType::ALL.len()]>,
}

impl RequestMetrics {
    /// Adds the histograms.
    #[must_use]
    pub fn register(registry: &MetricRegistry) -> RequestMetrics {
        let help =
            "Time from a request to its response, by route, method and status. High: clients wait; see the log's sync first.";
        let labels = ["route", "method", "status"];
        let durations = registry.histograms("plumbline_http_request_duration_seconds", help, &labels, &BOUNDS);
        let problems: Arc<[AtomicU64; ProblemType::ALL.len()]> = Arc::new([const { AtomicU64::new(0) }; ProblemType::ALL.len()]);
        let read = problems.clone();
        let help = "Requests that were refused or failed, by type of problem. High: a client is misconfigured, or attacks.";
        registry.counters("plumbline_http_problems_total", help, ["problem"], move || {
            let count = |(problem, count): (ProblemType, &AtomicU64)| ([problem.words().0], count.load(Ordering::Relaxed));
            ProblemType::ALL.into_iter().zip(read.iter()).map(count).collect()
        });
        RequestMetrics { durations, problems }
    }

    /// Shows a route before its first request.
    pub fn begin(&self, route: &str, method: &str) {
        let _ = self.durations.with_label_values(&[route, method, "200"]);
    }
}

/// Passes a request on and observes its duration. A request whose client hung up is not observed.
pub async fn observe(State(metrics): State<RequestMetrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_label(&request);
    let response = next.run(request).await;
    let status = response.status();
    let labels = [route.as_ref().map_or(UNMATCHED, MatchedPath::as_str), method, status.as_str()];
    metrics.durations.with_label_values(&labels).observe(begun.elapsed().as_secs_f64());
    if let Some(problem) = response.extensions().get::<ProblemType>() {
        metrics.problems[*problem as usize].fetch_add(1, Ordering::Relaxed);
    }
    response
}

/// Clients may invent methods; a label has few values.
fn method_label(request: &Request) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}
