//! The reference pages say what the code says: options, metrics and routes. `UPDATE_DOCS=1` writes the pages instead of comparing them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use codec::identity::keys::Keys;
use plumbline::config::options::{FEED_OPTIONS, INPUT_OPTIONS, OPTIONS, OptionOf};
use plumbline::http::metrics::Metrics;
use plumbline::http::routes::ROUTES;
use plumbline::kafka::contact::Contact;
use plumbline::kafka::schema_registry::registry::RegistryCounts;
use plumbline::kafka::settings::FIXED;
use plumbline::process::clock::Clock;
use plumbline::process::service_status::{InputStatus, ServiceStatus};
use plumbline::rejects::reject_store::RejectStore;
use promises::world::{deployment, utc};

use crate::published::published;
use crate::support::Place;

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p plumbline --test documents references";

/// The page is this text; with `UPDATE_DOCS=1` it becomes this text.
fn is(page: &str, title: &str, text: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let expected = format!("# {title}\n\n<!-- This page is generated: {COMMAND} -->\n\n{}\n", text.trim());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap_or_else(|error| panic!("{page}: {error}"));
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}; run {COMMAND}"));
    let differs = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    assert!(found == expected, "{page} differs from the code, first in {differs:?}; run {COMMAND}");
}

/// A row of a table.
fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(text, "| {} |", cells.join(" | ")).expect("a String takes all");
}

fn head(text: &mut String, cells: &[&str]) {
    row(text, cells);
    writeln!(text, "|{}", "---|".repeat(cells.len())).expect("a String takes all");
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

fn options(text: &mut String, prefix: &str, options: &[OptionOf]) {
    head(text, &["option", "default", "meaning"]);
    for OptionOf { key, default, help } in options {
        row(text, &[&code(&format!("{prefix}{key}")), &code(default), help]);
    }
}

#[test]
fn the_page_of_configuration_lists_every_option() {
    let mut text = String::from(
        "`plumbline config show` prints every option with its value and its origin. `plumbline check` names every mistake.\n\n\
         A command-line option overrides an environment variable, which overrides the file, which overrides the default.\n\
         The variable of an option has the prefix `PLUMBLINE_`: `http.max-body` is `PLUMBLINE_HTTP_MAX_BODY`.\n\
         Durations are written `90s`, `5m`, `12h` or `3d`; sizes `512KiB`, `64MiB` or `1GiB`. An empty default means: not set.\n\n\
         ## Options\n\n",
    );
    options(&mut text, "", &OPTIONS);
    text += "\n## Feeds\n\nOne table per feed, `[feeds.NAME]`. A feed without a table has the defaults.\n\n";
    options(&mut text, "feeds.NAME.", &FEED_OPTIONS);
    text +=
        "\n## Input topics\n\nOne table per topic that practice systems write, `[inputs.TOPIC]`. They need `kafka.brokers`.\n\n";
    options(&mut text, "inputs.TOPIC.", &INPUT_OPTIONS);
    text += "\n## Client properties\n\n`[kafka.properties]` passes properties to every client of the brokers, as librdkafka names them. \
             These are fixed, because a promise depends on them:\n\n";
    head(&mut text, &["property", "value", "promise"]);
    for (property, value, promise) in FIXED {
        row(&mut text, &[&code(property), &code(value), promise]);
    }
    is("docs/operate/configuration.md", "Configuration", &text);
}

#[test]
fn the_page_of_routes_lists_every_route() {
    let mut text = String::from(
        "Bodies and answers are JSON. Lists are NDJSON for `Accept: application/x-ndjson`. An error is `{\"error\":\"...\"}`.\n\n\
         | access | needs |\n|---|---|\n\
         | open | no token |\n\
         | feed token | `Authorization: Bearer` with the token of the feed, once any feed has one, or the service listens beyond loopback |\n\
         | reader token | `Authorization: Bearer` with the reader token, once `http.read-token-sha256` is set |\n\n",
    );
    head(&mut text, &["route", "access", "answer"]);
    for route in &ROUTES {
        row(&mut text, &[&code(&format!("{} {}", route.method, route.path)), route.access.words(), route.answer]);
    }
    text +=
        "\n[Sending events](../integrate/http.md) and [reading cards](../subscribe/http.md) explain parameters and answers.\n";
    is("docs/reference/http-routes.md", "HTTP routes", &text);
}

/// A metric as a scrape shows it.
#[derive(Debug, Default, PartialEq, Eq)]
struct MetricOfPage {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// The metrics of a scrape by name.
fn metrics(scrape: &str) -> BTreeMap<String, MetricOfPage> {
    let mut found: BTreeMap<String, MetricOfPage> = BTreeMap::new();
    for line in scrape.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            found.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            found.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if let Some((sample, labels)) = line.split_once('{') {
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| found.get_key_value(sample.strip_suffix(part)?));
            let name = family.map_or(sample, |(name, _)| name.as_str()).to_owned();
            let labels = labels.split("=\"").filter_map(|part| part.rsplit([',', '"', '{']).next());
            let known = labels.filter(|label| *label != "le" && label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            found.entry(name).or_default().labels.extend(known.filter(|label| !label.is_empty()).map(str::to_owned));
        }
    }
    found
}

/// A scrape of a process over Kafka that has an input topic and a schema registry, without any broker.
fn over_kafka() -> String {
    let place = Place::new();
    let vitals = ServiceStatus::new(1);
    vitals.inputs().insert(("gp-encounters".to_owned(), 0), InputStatus::default());
    let metrics = Metrics {
        vitals,
        index: None,
        brokers: Some(Contact::default()),
        schema_registry: Some(RegistryCounts { answered: 0, failed: 0 }),
        refused: RejectStore::new(&place.path("refused"), &Keys::fixed(), 0),
        deployment: deployment(1, utc(2026, 1, 1, 3)),
        clock: Clock::standing_at(utc(2026, 1, 1, 3)),
    };
    metrics.text(&prometheus::Registry::new()).expect("an empty registry takes all metrics")
}

fn table(text: &mut String, metrics: &BTreeMap<String, MetricOfPage>) {
    head(text, &["metric", "type", "labels", "meaning"]);
    for (name, MetricOfPage { kind, help, labels }) in metrics {
        let labels: Vec<String> = labels.iter().map(|label| code(label)).collect();
        row(text, &[&code(name), kind, &labels.join(", "), help]);
    }
}

#[test]
fn the_page_of_metrics_lists_every_metric() {
    let (_place, server) = published();
    let everywhere = metrics(&server.get("/metrics").body);
    let mut kafka = metrics(&over_kafka());
    kafka.retain(|name, _| !everywhere.contains_key(name));
    assert!(everywhere.len() > 20 && kafka.len() > 5, "{everywhere:?} {kafka:?}");
    for (name, metric) in everywhere.iter().chain(&kafka) {
        assert!(!metric.help.is_empty() && !metric.kind.is_empty(), "{name} has no help or type: {metric:?}");
    }
    let mut text = String::from(
        "`GET /metrics` answers in the text format of Prometheus. No label names a clinician, a patient or a practice.\n\
         `deploy/prometheus/rules.yml` holds alerts, `deploy/grafana` a dashboard.\n\n## Every service\n\n",
    );
    table(&mut text, &everywhere);
    text += "\n## Services over Kafka\n\n";
    table(&mut text, &kafka);
    is("docs/operate/metrics.md", "Metrics", &text);
}

#[test]
fn labels_of_a_scrape_are_read_without_their_values() {
    let scrape = "# HELP a_total Help.\n# TYPE a_total counter\na_total{one=\"x, y=\",two=\"z\"} 1\n# HELP b Help.\n# TYPE b histogram\n\
                  b_bucket{route=\"/v1\",le=\"0.1\"} 1\nb_sum{route=\"/v1\"} 1\n";
    let found = metrics(scrape);
    let labels = |name: &str| found[name].labels.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!((labels("a_total"), labels("b")), (vec!["one", "two"], vec!["route"]));
}
