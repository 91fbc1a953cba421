//! What an operator's Prometheus reads from a service that has published.

use std::io::Write;
use std::process::{Command, Stdio};
use std::str::FromStr;

use crate::published::published;

fn value<T: FromStr>(text: &str, series: &str) -> T {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let value = line.unwrap_or_else(|| panic!("{series} is missing:\n{text}"));
    value.parse().unwrap_or_else(|_| panic!("{series} is {value}"))
}

fn count(text: &str, series: &str) -> u64 {
    value(text, series)
}

#[test]
fn the_newest_month_is_shown_as_deciles_and_bands_and_no_clinician_is_named() {
    let (_place, server) = published();
    let text = server.get("/metrics").body;
    // Rates are 0, 5, ... 100 %: R type 7 puts the deciles on the third, the eleventh and the nineteenth.
    for (decile, rate) in [("p10", 10.0), ("p50", 50.0), ("p90", 90.0)] {
        let series = format!("plumbline_measure_value{{decile=\"{decile}\",measure=\"dna_rate\",role=\"unknown\"}}");
        let found: f64 = value(&text, &series);
        assert!((found - rate).abs() < 1e-9, "{series} {found}");
    }
    let bands = ["far_below", "below", "within", "above", "far_above"];
    let in_band = |band| count(&text, &format!("plumbline_measure_cards{{band=\"{band}\",measure=\"dna_rate\"}}"));
    assert_eq!(bands.into_iter().map(in_band).sum::<u64>(), 21);
    let feeds = ["complete", "behind", "silent"].map(|state| count(&text, &format!("plumbline_feeds{{state=\"{state}\"}}")));
    assert_eq!(feeds.iter().sum::<u64>(), 1, "{feeds:?}");
    assert_eq!(count(&text, "plumbline_intake_rejected_total{reason=\"not_json\"}"), 0);
    assert_eq!(count(&text, "plumbline_revisions_total{cause=\"first\"}"), 21);
    assert_eq!(
        (count(&text, "plumbline_refused_files"), count(&text, "plumbline_refused_dropped_total{cause=\"age_or_room\"}")),
        (0, 0)
    );
    for private in ["70000", "A81001", "surgery", "9434765919", "2026-01"] {
        assert!(!text.contains(private), "{private} is in a metric");
    }
}

/// Prometheus' own lint, where `PLUMBLINE_PROMTOOL` names it; CI requires it.
#[test]
fn promtool_has_nothing_to_say() {
    let Some(promtool) = std::env::var_os("PLUMBLINE_PROMTOOL") else {
        eprintln!("not linted: PLUMBLINE_PROMTOOL does not name promtool");
        return;
    };
    let (_place, server) = published();
    let text = server.get("/metrics").body;
    let mut lint = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("PLUMBLINE_PROMTOOL is a program");
    lint.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let said = lint.wait_with_output().expect("it ends");
    assert!(said.status.success() && said.stdout.is_empty() && said.stderr.is_empty(), "{said:?}\n{text}");
}
