//! `deploy/grafana`: the dashboard, and the provisioning that adds it to Grafana.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::files::{below, document, text};
use crate::prometheus::promtool;
use crate::promql::selectors;
use crate::shown::{assert_shown, metric_of, metrics};
use crate::support::Place;

const DASHBOARD: &str = "deploy/grafana/dashboards/plumbline.json";
const DATASOURCES: &str = "deploy/grafana/provisioning/datasources/prometheus.yml";
/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

fn dashboard() -> Value {
    serde_json::from_str(&text(DASHBOARD)).unwrap_or_else(|error| panic!("{DASHBOARD}: {error}"))
}

fn panels() -> Vec<Value> {
    dashboard()["panels"].as_array().expect("panels").clone()
}

fn title(panel: &Value) -> &str {
    panel["title"].as_str().expect("a title")
}

/// All expressions, each with the title of its panel.
fn expressions() -> Vec<(String, String)> {
    let of = |panel: &Value| {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let expression = |target: Value| target["expr"].as_str().expect("an expression").to_owned();
        targets.into_iter().map(|target| (title(panel).to_owned(), expression(target))).collect::<Vec<_>>()
    };
    panels().iter().flat_map(of).collect()
}

/// Every value under this key, at any depth.
fn under<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get(key));
            entries.values().for_each(|value| under(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|item| under(item, key, found)),
        _ => {}
    }
}

#[test]
fn every_panel_queries_series_that_a_service_shows() {
    for (panel, expression) in expressions() {
        assert_shown(&expression, &panel);
    }
    for variable in dashboard()["templating"]["list"].as_array().expect("variables") {
        assert_shown(variable["definition"].as_str().expect("a query"), variable["name"].as_str().expect("a name"));
    }
}

#[test]
fn every_metric_that_a_service_shows_has_a_panel() {
    let asked: BTreeSet<String> =
        expressions().iter().flat_map(|(_, expr)| selectors(expr)).map(|one| metric_of(&one.metric)).collect();
    let unseen: Vec<String> = metrics().into_iter().filter(|metric| !asked.contains(metric)).collect();
    assert!(unseen.is_empty(), "no panel of {DASHBOARD} shows {unseen:?}");
}

#[test]
fn panels_have_their_own_ids_and_descriptions_and_do_not_overlap() {
    let panels = panels();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have the same id");
    let mut taken = BTreeSet::new();
    for panel in &panels {
        let row = panel["type"] == "row";
        assert!(row || panel["description"].as_str().is_some_and(|text| text.len() > 20), "{} is not explained", title(panel));
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect("a number"));
        assert!(x + w <= COLUMNS, "{} leaves the grid", title(panel));
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{} overlaps another panel at {cell:?}", title(panel));
        }
    }
}

#[test]
fn targets_of_a_panel_have_different_names() {
    for panel in panels() {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let names: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().expect("a name")).collect();
        assert_eq!(names.len(), targets.len(), "{}", title(&panel));
    }
}

#[test]
fn every_panel_and_variable_names_a_datasource_that_is_provisioned() {
    let provisioned = document(DATASOURCES);
    let known: Vec<(&str, &str)> = provisioned["datasources"].as_array().expect("datasources").iter().map(reference).collect();
    let dashboard = dashboard();
    let mut named = Vec::new();
    under(&dashboard, "datasource", &mut named);
    assert!(named.len() > panels().len(), "panels and their targets name one");
    for one in named {
        assert!(known.contains(&reference(one)), "{one} is not among {known:?}");
    }
}

fn reference(datasource: &Value) -> (&str, &str) {
    let [kind, uid] = ["type", "uid"].map(|key| datasource[key].as_str().unwrap_or_else(|| panic!("{datasource} has no {key}")));
    (kind, uid)
}

#[test]
fn variables_that_are_used_are_declared() {
    let dashboard = dashboard();
    let declared: Vec<&str> =
        dashboard["templating"]["list"].as_array().expect("variables").iter().filter_map(|one| one["name"].as_str()).collect();
    for (panel, expression) in expressions() {
        for used in expression.split('$').skip(1) {
            let known = declared.iter().any(|name| used.starts_with(name)) || used.starts_with("__rate_interval");
            assert!(known, "{panel}: ${used} is not declared");
        }
    }
}

#[test]
fn it_is_one_dashboard() {
    assert_eq!(below("deploy/grafana/dashboards", ".json"), [DASHBOARD]);
}

/// As rules, because promtool reads no dashboards. JSON is YAML.
#[test]
fn promtool_can_read_every_expression() {
    let record = |(at, (_, expression)): (usize, (String, String))| {
        let expression = expression.replace("$__rate_interval", "5m");
        json!({ "record": format!("panel:expression:{at}"), "expr": expression })
    };
    let rules: Vec<Value> = expressions().into_iter().enumerate().map(record).collect();
    let place = Place::new();
    let file = place.put("rules.json", json!({ "groups": [{ "name": "dashboard", "rules": rules }] }).to_string());
    promtool(&["check", "rules"], &file);
}
