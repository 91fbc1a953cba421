//! The metrics that Prometheus reads from a service that has published, and from one over Kafka.

use std::io::Write;
use std::process::{Command, Stdio};
use std::str::FromStr;

use crate::every_metric::every_metric;
use crate::published::published;
use crate::server::Server;
use crate::support;

fn value<T: FromStr>(text: &str, series: &str) -> T {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let value = line.unwrap_or_else(|| panic!("{series} is missing:\n{text}"));
    value.parse().unwrap_or_else(|_| panic!("{series} is {value}"))
}

fn count(text: &str, series: &str) -> u64 {
    value(text, series)
}

#[test]
fn the_newest_month_is_shown_as_deciles_and_verdicts_without_names() {
    let (_place, server) = published();
    let text = server.get("/metrics").body;
    // Rates are 0, 5, ... 100 %: R type 7 puts the deciles on the third, the eleventh and the nineteenth.
    for (decile, rate) in [("p10", 10.0), ("p50", 50.0), ("p90", 90.0)] {
        let series = format!("plumbline_measure_value{{decile=\"{decile}\",measure=\"dna_rate\",role=\"unknown\"}}");
        let found: f64 = value(&text, &series);
        assert!((found - rate).abs() < 1e-9, "{series} {found}");
    }
    let verdicts = [
        "please_check",
        "worth_a_look",
        "no_evidence",
        "in_line",
        "better_than_most",
        "too_few_to_tell",
        "wide_differences",
        "mixed",
    ];
    let with = |verdict| count(&text, &format!("plumbline_measure_cards{{measure=\"dna_rate\",verdict=\"{verdict}\"}}"));
    assert_eq!(verdicts.into_iter().map(with).sum::<u64>(), 21);
    let feeds = ["complete", "behind", "silent"].map(|state| count(&text, &format!("plumbline_feeds{{state=\"{state}\"}}")));
    assert_eq!(feeds.iter().sum::<u64>(), 1, "{feeds:?}");
    assert_eq!(count(&text, "plumbline_intake_rejected_total{reason=\"not_json\"}"), 0);
    assert_eq!(count(&text, "plumbline_revisions_total{cause=\"first\"}"), 21);
    assert_eq!((count(&text, "plumbline_refused_files"), count(&text, "plumbline_refused_dropped_total")), (0, 0));
    for private in ["70000", "A81001", "surgery", "9434765919", "2026-01"] {
        assert!(!text.contains(private), "{private} is in a metric");
    }
}

/// Requests have times that a slow machine changes: counts are what a test can know.
#[test]
fn requests_runs_syncs_and_rows_have_histograms_of_their_durations() {
    let (_place, server) = published();
    let posted = "plumbline_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/events\",status=\"200\"}";
    let before = server.get("/metrics").body;
    assert_eq!(count(&before, posted), 1);
    // The route is a template: a path would name a clinician.
    assert_eq!(server.get("/v1/scorecards/gmc%7C7000000").status, 200);
    assert_eq!(server.get("/v1/scorecards/nobody").status, 404);
    assert_eq!(server.get("/nowhere").status, 404);
    let text = server.get("/metrics").body;
    let requests = |route, status| {
        let labels = format!("{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}");
        count(&text, &format!("plumbline_http_request_duration_seconds_count{labels}"))
    };
    let clinician = "/v1/scorecards/{clinician}";
    assert_eq!([requests(clinician, 200), requests(clinician, 404), requests("none", 404)], [1, 1, 1]);
    assert!(count(&text, "plumbline_run_duration_seconds_count") >= 1);
    assert!(count(&text, "plumbline_log_sync_duration_seconds_count") >= 1);
    // Values such as bytes may hold the digits by chance.
    let series = text.lines().map(|line| line.rsplit_once(' ').map_or(line, |(series, _)| series));
    assert_eq!(series.filter(|series| series.contains("7000000")).collect::<Vec<_>>(), [""; 0], "a path is in a metric");
    event_to_row(&server, count(&text, "plumbline_event_to_row_lag_seconds_count"));
}

/// An event after the replay has a lag.
fn event_to_row(server: &Server, before: u64) {
    let event = support::encounter("e-late", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    let event = event.replacen('{', "{\"feed\":\"surgery\",", 1);
    assert_eq!(server.post("/v1/events", event.as_bytes()).json()["logged"], 1);
    server.until("/metrics", |scrape| count(&scrape.body, "plumbline_event_to_row_lag_seconds_count") > before);
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_itself_is_measured() {
    let (_place, server) = published();
    let text = server.get("/metrics").body;
    let [cpu, resident, virtual_memory, open, most, start]: [f64; 6] = [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
    ]
    .map(|series| value(&text, series));
    assert!(cpu > 0.0 && cpu < 3_600.0, "{cpu}");
    assert!(resident > f64::from(1 << 20) && resident < virtual_memory, "{resident} {virtual_memory}");
    // Standard streams, the listener, this connection and the log are open.
    assert!((6.0..most).contains(&open), "{open} {most}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64();
    assert!((now - 3_600.0..now + 1.0).contains(&start), "{start} {now}");
}

#[test]
fn no_metric_of_a_service_over_kafka_has_a_label_with_a_single_value() {
    let metrics = every_metric();
    let text = metrics.text().expect("all values are numbers");
    for (metric, label) in [
        ("plumbline_refused_dropped_total", "cause"),
        ("plumbline_publish_folds_total", "role"),
        ("plumbline_rebalances_total", "groups"),
        ("plumbline_task_restarts_total", "roles"),
        ("plumbline_transaction_duration_seconds", "end"),
    ] {
        let definition = metrics.definitions().into_iter().find(|one| one.name == metric).expect("it is defined");
        assert!(!definition.labels.iter().any(|one| one == label), "{definition:?}");
    }
    for series in ["plumbline_rebalances_total 0", "plumbline_broker_errors_total{kind=\"other\"} 0"] {
        assert!(text.lines().any(|line| line == series), "{series} is missing:\n{text}");
    }
}

/// Prometheus' own lint, where `PLUMBLINE_PROMTOOL` names promtool; CI requires it.
#[test]
fn promtool_accepts_all_metrics_over_the_embedded_log_and_over_kafka() {
    let Some(promtool) = std::env::var_os("PLUMBLINE_PROMTOOL") else {
        eprintln!("not linted: PLUMBLINE_PROMTOOL does not name promtool");
        return;
    };
    let (_place, server) = published();
    for text in [server.get("/metrics").body, every_metric().text().expect("all values are numbers")] {
        let mut lint = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("PLUMBLINE_PROMTOOL is a program");
        lint.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
        let output = lint.wait_with_output().expect("it ends");
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}\n{text}");
    }
}
