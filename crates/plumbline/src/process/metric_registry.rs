//! The metrics of a process. Each metric is defined once, next to the value that it shows.
//!
//! Prometheus' scrape reads a value that the process keeps anyway, such as a count or an offset. A duration is observed in a
//! [`Histogram`] when it ends. Labels come from small closed sets and never name a clinician, a patient, a practice or a month.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, GaugeVec, Histogram, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder};
use scorecard::time::calendar::Timestamp;

use crate::process::clock::Clock;

/// The reason why a definition in the code cannot fail.
const SOUND: &str = "names in the code are valid, and each is defined once";

/// How the value of a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only rises, and starts at 0 with the process.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It counts observations by upper bound, and sums them.
    Histogram,
}

impl MetricKind {
    /// The word of Prometheus' text format.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

/// A metric without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricDefinition {
    /// The full name.
    pub name: String,
    /// How its value moves.
    pub kind: MetricKind,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// The meaning of the value, and of a high one.
    pub help: String,
}

/// Every metric of a process. Clones share the metrics.
#[derive(Clone, Default)]
pub struct MetricRegistry {
    registry: Registry,
    definitions: Arc<Mutex<Vec<MetricDefinition>>>,
}

impl MetricRegistry {
    /// A counter without labels.
    pub fn counter(&self, name: &str, help: &str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.counters(name, help, [], move || vec![(NO_LABELS, read())]);
    }

    /// A counter of seconds without labels. It is not shown while `read` returns `None`.
    pub fn seconds_counter(&self, name: &str, help: &str, read: impl Fn() -> Option<f64> + Send + Sync + 'static) {
        self.counted(name, help, [], move || read().map(|seconds| (NO_LABELS, seconds)).into_iter().collect());
    }

    /// A counter for each combination of label values. `read` returns all combinations, also those that count 0.
    pub fn counters<const N: usize, L: AsRef<str>>(
        &self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        read: impl Fn() -> Vec<([L; N], u64)> + Send + Sync + 'static,
    ) {
        self.counted(name, help, labels, move || read().into_iter().map(|(values, count)| (values, count as f64)).collect());
    }

    fn counted<const N: usize, L: AsRef<str>>(
        &self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        read: impl Fn() -> Vec<([L; N], f64)> + Send + Sync + 'static,
    ) {
        let options = Opts::new(name, help);
        self.scraped(MetricKind::Counter, move || {
            let counters = CounterVec::new(options.clone(), &labels).expect(SOUND);
            for (values, count) in read() {
                counters.with_label_values(&values.each_ref().map(AsRef::as_ref)).inc_by(count);
            }
            counters
        });
    }

    /// A gauge without labels. It is not shown while `read` returns `None`.
    pub fn gauge<R: Into<Option<u64>>>(&self, name: &str, help: &str, read: impl Fn() -> R + Send + Sync + 'static) {
        self.gauges(name, help, [], move || read().into().map(|value| (NO_LABELS, value as f64)).into_iter().collect());
    }

    /// A gauge for each combination of label values that `read` returns.
    pub fn gauges<const N: usize, L: AsRef<str>>(
        &self,
        name: &str,
        help: &str,
        labels: [&'static str; N],
        read: impl Fn() -> Vec<([L; N], f64)> + Send + Sync + 'static,
    ) {
        let options = Opts::new(name, help);
        self.scraped(MetricKind::Gauge, move || {
            let gauges = GaugeVec::new(options.clone(), &labels).expect(SOUND);
            for (values, value) in read() {
                gauges.with_label_values(&values.each_ref().map(AsRef::as_ref)).set(value);
            }
            gauges
        });
    }

    /// A histogram for each combination of label values, with the upper `bounds` of its buckets; a last bucket holds all observations.
    #[must_use]
    pub fn histograms(&self, name: &str, help: &str, labels: &[&'static str], bounds: &[f64]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        let histograms = HistogramVec::new(options, labels).expect(SOUND);
        self.add(MetricKind::Histogram, histograms.clone());
        histograms
    }

    /// A histogram without labels.
    #[must_use]
    pub fn histogram(&self, name: &str, help: &str, bounds: &[f64]) -> Histogram {
        let histogram = histogram(name, help, bounds);
        self.observed(&histogram);
        histogram
    }

    /// Adds a histogram that [`histogram`] created.
    pub fn observed(&self, histogram: &Histogram) {
        self.add(MetricKind::Histogram, histogram.clone());
    }

    /// Every metric that was added, in order of names.
    #[must_use]
    pub fn definitions(&self) -> Vec<MetricDefinition> {
        let mut definitions = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        definitions.sort_by(|a, b| a.name.cmp(&b.name));
        definitions
    }

    /// All values in Prometheus' text format, in order of names.
    ///
    /// # Errors
    /// [`prometheus::Error`] when a value cannot be written as text.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    fn scraped<C: Collector + 'static>(&self, kind: MetricKind, read: impl Fn() -> C + Send + Sync + 'static) {
        self.add(kind, ScrapedMetric { description: description(&read()), read });
    }

    fn add(&self, kind: MetricKind, collector: impl Collector + 'static) {
        let Desc { fq_name, help, variable_labels, .. } = description(&collector);
        self.registry.register(Box::new(collector)).expect(SOUND);
        let definition = MetricDefinition { name: fq_name, kind, labels: variable_labels, help };
        self.definitions.lock().unwrap_or_else(PoisonError::into_inner).push(definition);
    }
}

impl fmt::Debug for MetricRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricRegistry").field("definitions", &self.definitions()).finish_non_exhaustive()
    }
}

/// A histogram of a value that is older than the registry. [`MetricRegistry::observed`] adds it.
#[must_use]
pub fn histogram(name: &str, help: &str, bounds: &[f64]) -> Histogram {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec())).expect(SOUND)
}

/// Whole seconds from `at` to now; 0 for the future.
#[must_use]
pub fn age_seconds(clock: &Clock, at: Timestamp) -> u64 {
    u64::try_from((clock.now().0 - at.0) / 1_000).unwrap_or(0)
}

const NO_LABELS: [&str; 0] = [];

/// A metric whose values are read at each scrape.
struct ScrapedMetric<R> {
    description: Desc,
    read: R,
}

impl<C: Collector, R: Fn() -> C + Send + Sync> Collector for ScrapedMetric<R> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.description]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.read)().collect()
    }
}

fn description(collector: &impl Collector) -> Desc {
    Desc::clone(collector.desc().first().expect("every metric has one description"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_scrape_reads_the_values_of_that_moment() {
        let registry = MetricRegistry::default();
        let value = Arc::new(AtomicU64::new(3));
        let read = value.clone();
        registry.counter("a_total", "A.", move || read.load(Ordering::Relaxed));
        assert_eq!(registry.text().unwrap(), "# HELP a_total A.\n# TYPE a_total counter\na_total 3\n");
        value.store(5, Ordering::Relaxed);
        assert!(registry.text().unwrap().ends_with("\na_total 5\n"));
    }

    #[test]
    fn a_gauge_that_is_not_known_yet_is_defined_and_not_shown() {
        let registry = MetricRegistry::default();
        registry.gauge("lag_seconds", "Lag.", || None);
        assert_eq!(registry.text().unwrap(), "");
        assert_eq!(registry.definitions()[0].name, "lag_seconds");
    }

    #[test]
    fn definitions_hold_kind_labels_and_help() {
        let registry = MetricRegistry::default();
        let _ = registry.histograms("b_seconds", "B.", &["route"], &[0.1, 1.0]);
        registry.gauges("a", "A.", ["state"], || vec![(["on"], 1.0)]);
        let [a, b] = &registry.definitions()[..] else { panic!("{registry:?}") };
        assert_eq!((a.name.as_str(), a.kind, &a.labels[..]), ("a", MetricKind::Gauge, &["state".to_owned()][..]));
        assert_eq!((b.name.as_str(), b.kind, b.help.as_str()), ("b_seconds", MetricKind::Histogram, "B."));
    }

    #[test]
    fn an_age_is_in_whole_seconds_and_never_negative() {
        let clock = Clock::standing_at(Timestamp(10_999));
        assert_eq!([Timestamp(1_000), Timestamp(20_000)].map(|at| age_seconds(&clock, at)), [9, 0]);
    }
}
