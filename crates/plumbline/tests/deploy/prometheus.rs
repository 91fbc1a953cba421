//! `deploy/prometheus`: who is scraped, and what somebody has to look at.

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
fn every_alert_asks_for_series_that_a_service_shows() {
    for alert in alerts() {
        assert_shown(alert["expr"].as_str().expect("an expression"), alert["alert"].as_str().expect("a name"));
    }
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do_and_has_an_example_in_which_it_fires() {
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
fn the_rules_that_prometheus_reads_are_there() {
    let folder = path(CONFIG);
    let folder = folder.parent().expect("it lies in a folder");
    for name in document(CONFIG)["rule_files"].as_array().expect("rules") {
        assert!(folder.join(name.as_str().expect("a name")).is_file(), "{name} is not there");
    }
}

/// Prometheus' own checks, where `PLUMBLINE_PROMTOOL` names them; CI requires it.
#[test]
fn promtool_takes_the_configuration_and_the_rules_and_each_alert_fires_when_it_should() {
    for (verb, noun, file) in [("check", "config", CONFIG), ("check", "rules", RULES), ("test", "rules", RULES_TEST)] {
        promtool(&[verb, noun], &path(file));
    }
}

/// Fails where promtool does; where there is none, says so.
pub fn promtool(args: &[&str], file: &Path) {
    let Some(promtool) = std::env::var_os("PLUMBLINE_PROMTOOL") else {
        eprintln!("not asked: PLUMBLINE_PROMTOOL does not name promtool");
        return;
    };
    let said = Command::new(promtool).args(args).arg(file).output().expect("PLUMBLINE_PROMTOOL is a program");
    assert!(said.status.success(), "{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
}
