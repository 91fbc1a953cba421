//! The series that a service shows once it has published: what alerts and dashboards may ask for. What only a service over Kafka
//! shows is taken from the source, where all metrics stand in one file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::promql::{Selector, selectors};
use crate::published::published;

/// Where every metric is registered.
const SOURCE: &str = include_str!("../../src/http/metrics.rs");
/// Labels that Prometheus adds.
const OF_THE_SCRAPE: [&str; 2] = ["instance", "job"];

/// A series without its value.
#[derive(Debug)]
pub struct Series {
    metric: String,
    labels: BTreeMap<String, String>,
}

static SHOWN: LazyLock<Vec<Series>> = LazyLock::new(|| {
    let (_place, server) = published();
    server.get("/metrics").body.lines().filter(|line| !line.starts_with('#')).map(series).collect()
});

fn series(line: &str) -> Series {
    let name = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line} has no value")).0;
    let (metric, labels) = name.split_once('{').unwrap_or((name, ""));
    let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
    let labels = labels.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect();
    Series { metric: metric.to_owned(), labels }
}

/// Names of everything that a service ever shows.
pub fn metrics() -> BTreeSet<String> {
    let registered = registered();
    for Series { metric, .. } in SHOWN.iter() {
        assert!(registered.contains(metric), "{metric} is shown and not found in the source");
    }
    registered
}

/// Names as the source registers them: the first text behind `registry,` or `options(`.
fn registered() -> BTreeSet<String> {
    let source: String = SOURCE.split_whitespace().collect();
    let calls = ["(registry,\"", "options(\""].into_iter().flat_map(|call| source.split(call).skip(1));
    calls.filter_map(|rest| rest.split('"').next()).map(|name| format!("plumbline_{name}")).collect()
}

/// Every series that an expression asks for has to be there, with each value of a label that it names.
pub fn assert_shown(expression: &str, asked_by: &str) {
    for selector in selectors(expression) {
        let candidates: Vec<&Series> = SHOWN.iter().filter(|series| series.metric == selector.metric).collect();
        if candidates.is_empty() {
            assert_in_the_source(&selector, asked_by);
        } else {
            assert_labels(&selector, &candidates, asked_by);
        }
    }
}

fn assert_labels(selector: &Selector, candidates: &[&Series], asked_by: &str) {
    for (label, values) in selector.labels.iter().filter(|(label, _)| !OF_THE_SCRAPE.contains(&label.as_str())) {
        let known: BTreeSet<&str> = candidates.iter().filter_map(|series| Some(series.labels.get(label)?.as_str())).collect();
        assert!(!known.is_empty(), "{asked_by}: {} has no label {label}", selector.metric);
        for value in values {
            assert!(known.contains(value.as_str()), "{asked_by}: {label} of {} is never {value}, but {known:?}", selector.metric);
        }
    }
}

/// Labels and their values stand in the source as they are shown.
fn assert_in_the_source(selector: &Selector, asked_by: &str) {
    assert!(registered().contains(&selector.metric), "{asked_by}: no service shows {}", selector.metric);
    for (label, values) in selector.labels.iter().filter(|(label, _)| !OF_THE_SCRAPE.contains(&label.as_str())) {
        for word in std::iter::once(label).chain(values) {
            assert!(SOURCE.contains(&format!("\"{word}\"")), "{asked_by}: {} never has {word}", selector.metric);
        }
    }
}
