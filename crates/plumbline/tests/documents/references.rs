//! The reference pages say what the code says: options, metrics and routes. `UPDATE_DOCS=1` writes the pages instead of comparing them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use plumbline::config::options::{FEED_OPTIONS, INPUT_OPTIONS, OPTIONS, OptionOf, TOKEN_OPTIONS};
use plumbline::config::scope::SCOPE_WORDS;
use plumbline::http::problem::ProblemType;
use plumbline::http::routes::ROUTES;
use plumbline::kafka::settings::FIXED;
use plumbline::process::limits::fixed_limits;
use plumbline::process::metric_registry::MetricDefinition;

use crate::every_metric::every_metric;

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
    text += "\n## Tokens\n\nOne table per token, `[tokens.NAME]`. With one token every route but `/livez` and `/readyz` needs one.\n\n";
    options(&mut text, "tokens.NAME.", &TOKEN_OPTIONS);
    text += "\n";
    head(&mut text, &["scope", "right"]);
    SCOPE_WORDS.iter().for_each(|(word, meaning)| row(&mut text, &[&code(word), meaning]));
    text += "\n## Limits\n\nThese limits of requests are no options. `http.max-body` and its neighbours are.\n\n";
    head(&mut text, &["limit", "value", "beyond it"]);
    fixed_limits().iter().for_each(|(name, value, beyond)| row(&mut text, &[name, value, beyond]));
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
        "Bodies and answers are JSON. Lists are NDJSON for `Accept: application/x-ndjson`.\n\n\
         With one token in the configuration, a route needs a token with its scope as `Authorization: Bearer TOKEN`. Without tokens\n\
         every route is open to this machine. [Configuration](../operate/configuration.md#tokens) lists the scopes.\n\n",
    );
    head(&mut text, &["route", "scope", "parameters", "answer"]);
    for route in &ROUTES {
        let parameters: Vec<String> = route.parameters.iter().map(|name| code(name)).collect();
        let path = code(&format!("{} {}", route.method, route.path));
        row(&mut text, &[&path, route.access.words(), &parameters.join(", "), route.answer]);
    }
    text += "\nA parameter that a route does not list gets 400.\n\n## Problems\n\n\
             An error is `application/problem+json` (RFC 9457) with `type`, `title`, `status` and `detail`; `error` repeats `detail`.\n\
             The `type` is `urn:plumbline:problem:` and the name. A name never changes its meaning.\n\n";
    head(&mut text, &["problem", "status", "title"]);
    for problem in ProblemType::ALL {
        let (name, title) = problem.words();
        row(&mut text, &[&code(name), problem.status().as_str(), title]);
    }
    text +=
        "\n[Sending events](../integrate/http.md) and [reading cards](../subscribe/http.md) explain parameters and answers.\n";
    is("docs/reference/http-routes.md", "HTTP routes", &text);
}

#[test]
fn the_page_of_metrics_lists_every_metric() {
    let mut text = String::from(
        "`GET /metrics` answers in the text format of Prometheus. No label names a clinician, a patient or a practice.\n\
         `deploy/prometheus/rules.yml` holds alerts, `deploy/grafana` a dashboard.\n\
         Some metrics exist only over Kafka, only with a schema registry, or only where the process serves cards.\n\n",
    );
    head(&mut text, &["metric", "type", "labels", "meaning"]);
    for MetricDefinition { name, kind, labels, help } in every_metric().definitions() {
        let labels: Vec<String> = labels.iter().map(|label| code(label)).collect();
        row(&mut text, &[&code(&name), kind.word(), &labels.join(", "), &help]);
    }
    is("docs/operate/metrics.md", "Metrics", &text);
}
