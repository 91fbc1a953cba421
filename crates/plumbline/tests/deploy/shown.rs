//! The series that a service shows once it has published: what alerts and dashboards may ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::promql::{Selector, selectors};
use crate::published::published;

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

/// Names of everything that is shown.
pub fn metrics() -> BTreeSet<&'static str> {
    SHOWN.iter().map(|series| series.metric.as_str()).collect()
}

/// Every series that an expression asks for has to be there, with each value of a label that it names.
pub fn assert_shown(expression: &str, asked_by: &str) {
    for selector in selectors(expression) {
        let candidates: Vec<&Series> = SHOWN.iter().filter(|series| series.metric == selector.metric).collect();
        assert!(!candidates.is_empty(), "{asked_by}: no service shows {}", selector.metric);
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
