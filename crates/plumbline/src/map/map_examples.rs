//! The examples in a map's file: each names a row and the record that it gives.

use std::collections::BTreeMap;

use csv::ByteRecord;
use serde_json::Value;

use crate::config::did_you_mean::unknown;
use crate::map::lookup::TableLookup;
use crate::map::map_file::TableMap;
use crate::map::map_report::MapReport;
use crate::map::map_run::add;
use crate::map::map_text::ExampleText;
use crate::map::row_plan::{ColumnSlots, RowOutcome};
use crate::map::table_reader::{TableRow, TextEncoding};

/// The result of the examples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExampleReport {
    /// Examples that give what they say.
    pub passed: usize,
    /// The others, a text each.
    pub failed: Vec<String>,
    /// Tables without an example.
    pub untested: Vec<String>,
}

/// Runs the examples of a map.
#[must_use]
pub fn examples(map: &TableMap) -> ExampleReport {
    let mut report = ExampleReport::default();
    for (n, example) in (1..).zip(&map.examples) {
        match run(map, example) {
            Ok(()) => report.passed += 1,
            Err(fault) => report.failed.push(format!("example {n} (table {:?}): {fault}", example.table)),
        }
    }
    let is_untested = |name: &&String| !map.examples.iter().any(|example| example.table == **name);
    report.untested = map.tables.iter().map(|table| &table.rows.name).filter(is_untested).cloned().collect();
    report
}

fn run(map: &TableMap, example: &ExampleText) -> Result<(), String> {
    let names: Vec<&str> = map.tables.iter().map(|table| table.rows.name.as_str()).collect();
    let table = map.tables.iter().find(|table| table.rows.name == example.table);
    let table = table.ok_or_else(|| unknown("table", &example.table, &names))?;
    let lookups = lookups(map, example)?;
    let record = record(&table.rows.columns, &example.row)?;
    let cells: Vec<usize> = (0..table.rows.columns.0.len()).collect();
    let row = TableRow { record: &record, cells: &cells, encoding: TextEncoding::Utf8 };
    let mut report = MapReport::default();
    let outcome = table.rows.record(&row, (None, &lookups), &mut report, &|| "the example".to_owned());
    let given = match outcome {
        RowOutcome::Skipped => Value::from("skipped"),
        RowOutcome::Faulty => Value::from("faulty"),
        RowOutcome::Record(record) | RowOutcome::Retraction(record) => record,
    };
    let expected = match example.gives.trim() {
        word @ ("skipped" | "faulty") => Value::from(word),
        json => serde_json::from_str(json).map_err(|error| format!("gives is no JSON, and not skipped or faulty: {error}"))?,
    };
    if given == expected {
        return Ok(());
    }
    let faults = report.text();
    Err(format!("it gives\n  {given}\nnot\n  {expected}\n{faults}").trim_end().to_owned())
}

fn lookups(map: &TableMap, example: &ExampleText) -> Result<BTreeMap<String, TableLookup>, String> {
    let names: Vec<&str> = map.lookups.keys().map(String::as_str).collect();
    if let Some(name) = example.lookups.keys().find(|name| !map.lookups.contains_key(*name)) {
        return Err(unknown("look-up", name, &names));
    }
    let mut found = BTreeMap::new();
    for (name, plan) in &map.lookups {
        let mut lookup = TableLookup::default();
        for row in example.lookups.get(name).into_iter().flatten() {
            let record = record(&plan.columns, row).map_err(|fault| format!("look-up {name}: {fault}"))?;
            let cells: Vec<usize> = (0..plan.columns.0.len()).collect();
            add(&mut lookup, plan, &TableRow { record: &record, cells: &cells, encoding: TextEncoding::Utf8 })?;
        }
        found.insert(name.clone(), lookup);
    }
    Ok(found)
}

/// The cells of an example in the order of slots; a column that it leaves out is empty.
fn record(columns: &ColumnSlots, row: &BTreeMap<String, String>) -> Result<ByteRecord, String> {
    let names: Vec<&str> = columns.0.iter().map(String::as_str).collect();
    if let Some(name) = row.keys().find(|name| !columns.0.contains(name)) {
        return Err(unknown("column that the map reads", name, &names));
    }
    Ok(columns.0.iter().map(|column| row.get(column).map_or("", String::as_str)).collect::<Vec<_>>().into())
}
