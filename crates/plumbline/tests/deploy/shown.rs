//! The series that alerts and dashboards may query: those of a service that has published, and those that only a service over Kafka shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use plumbline::process::metric_registry::{MetricDefinition, MetricRegistry};

use crate::every_metric::every_metric;
use crate::promql::{Selector, selectors};
use crate::published::published;

/// Labels that Prometheus adds.
const OF_THE_SCRAPE: [&str; 2] = ["instance", "job"];
/// The parts of a histogram.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// A series without its value.
#[derive(Debug)]
pub struct Series {
    metric: String,
    labels: BTreeMap<String, String>,
}

static EVERY_METRIC: LazyLock<MetricRegistry> = LazyLock::new(every_metric);

static SHOWN: LazyLock<Vec<Series>> = LazyLock::new(|| {
    let (_place, server) = published();
    let scrapes = [server.get("/metrics").body, EVERY_METRIC.text().expect("all values are numbers")];
    scrapes.iter().flat_map(|scrape| scrape.lines()).filter(|line| !line.starts_with('#')).map(series).collect()
});

fn series(line: &str) -> Series {
    let name = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line} has no value")).0;
    let (metric, labels) = name.split_once('{').unwrap_or((name, ""));
    let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once('='));
    let labels = labels.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect();
    Series { metric: metric.to_owned(), labels }
}

/// Names of all metrics that a service may show.
pub fn metrics() -> BTreeSet<String> {
    EVERY_METRIC.definitions().into_iter().map(|definition| definition.name).collect()
}

/// The metric of a series, which for a histogram has a longer name.
pub fn metric_of(series: &str) -> String {
    definition_of(series).unwrap_or_else(|| panic!("no service shows {series}")).name
}

fn definition_of(series: &str) -> Option<MetricDefinition> {
    let whole = PARTS.iter().find_map(|part| series.strip_suffix(part)).unwrap_or(series);
    EVERY_METRIC.definitions().into_iter().find(|definition| definition.name == series || definition.name == whole)
}

/// Every series that an expression queries exists, with each label value that it names.
pub fn assert_shown(expression: &str, asked_by: &str) {
    for selector in selectors(expression) {
        assert!(definition_of(&selector.metric).is_some(), "{asked_by}: no service shows {}", selector.metric);
        let candidates: Vec<&Series> = SHOWN.iter().filter(|series| series.metric == selector.metric).collect();
        assert!(!candidates.is_empty(), "{asked_by}: {} has no series", selector.metric);
        assert_labels(&selector, &candidates, asked_by);
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

#[test]
fn a_service_shows_no_metric_that_is_not_listed() {
    for series in SHOWN.iter() {
        assert!(definition_of(&series.metric).is_some(), "{series:?} is not among the definitions");
    }
}
