//! `deploy/prometheus`: the scraped instances, and the alerts.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::files::{document, path, text};
use crate::shown::assert_shown;

const CONFIG: &str = "deploy/prometheus/prometheus.yml";
const RULES: &str = "deploy/prometheus/rules.yml";
const RULES_TEST: &str = "deploy/prometheus/rules_test.yml";

fn alerts() -> Vec<Value> {
    let rules = document(RULES);
    let groups = rules["groups"].as_array().expect("groups");
    groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

#[test]
fn every_alert_queries_series_that_a_service_shows() {
    for alert in alerts() {
        assert_shown(alert["expr"].as_str().expect("an expression"), alert["alert"].as_str().expect("a name"));
    }
}

#[test]
fn every_alert_describes_fault_and_cure_and_has_an_example_in_which_it_fires() {
    let examples = text(RULES_TEST);
    for alert in alerts() {
        let name = alert["alert"].as_str().expect("a name");
        for text in ["summary", "description"] {
            assert!(alert["annotations"][text].is_string(), "{name} has no {text}");
        }
        assert!(
            ["page", "ticket"].contains(&alert["labels"]["severity"].as_str().unwrap_or_default()),
            "{name}: how urgent is it?"
        );
        assert!(examples.contains(&format!("{{alertname=\"{name}\"")), "{RULES_TEST} never shows {name} firing");
    }
}

#[test]
fn the_rules_that_prometheus_reads_exist() {
    let folder = path(CONFIG);
    let folder = folder.parent().expect("a file is in a folder");
    for name in document(CONFIG)["rule_files"].as_array().expect("rules") {
        assert!(folder.join(name.as_str().expect("a name")).is_file(), "{name} does not exist");
    }
}

/// Prometheus' own checks, where `PLUMBLINE_PROMTOOL` names promtool; CI requires it.
#[test]
fn promtool_accepts_the_configuration_and_the_rules_and_each_alert_fires_when_it_should() {
    for (verb, noun, file) in [("check", "config", CONFIG), ("check", "rules", RULES), ("test", "rules", RULES_TEST)] {
        promtool(&[verb, noun], &path(file));
    }
}

/// Fails where promtool does. Without promtool it prints that it did not run.
pub fn promtool(args: &[&str], file: &Path) {
    let Some(promtool) = std::env::var_os("PLUMBLINE_PROMTOOL") else {
        eprintln!("promtool did not run: PLUMBLINE_PROMTOOL does not name it");
        return;
    };
    let output = Command::new(promtool).args(args).arg(file).output().expect("PLUMBLINE_PROMTOOL is a program");
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
