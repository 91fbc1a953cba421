//! A map over the files of a folder: look-ups are loaded, then the rows of each table stream.

use std::collections::BTreeMap;
use std::path::Path;

use crate::map::lookup::TableLookup;
use crate::map::map_error::MapError;
use crate::map::map_file::{LookupPlan, TableMap, TablePlan};
use crate::map::map_report::{KEY_SEPARATOR, MapReport, TableCounts};
use crate::map::native_shape::RecordKind;
use crate::map::row_plan::RowOutcome;
use crate::map::table_files::{self, TableFile};
use crate::map::table_reader::{CellFault, TableReader, TableRow};

/// A record of a row, with its place.
#[derive(Clone, Copy, Debug)]
pub struct MapRecord<'r> {
    /// The kind of record.
    pub kind: RecordKind,
    /// Line of the row in its file, from 1.
    pub line: u64,
    /// The record as one line of JSON, without its end.
    pub json: &'r [u8],
}

/// One file of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapSource {
    table: usize,
    file: TableFile,
}

impl MapSource {
    /// Name of the table and the file: `slots:Appointment_Slot.csv`.
    #[must_use]
    pub fn name(&self, map: &TableMap) -> String {
        format!("{}:{}", map.tables[self.table].rows.name, self.file.name)
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// The kind of record that it gives.
    #[must_use]
    pub fn kind(&self, map: &TableMap) -> RecordKind {
        map.tables[self.table].rows.kind
    }
}

/// A map with its look-ups in memory and its files found.
#[derive(Debug)]
pub struct MapRun<'m> {
    map: &'m TableMap,
    feed: Option<String>,
    lookups: BTreeMap<String, TableLookup>,
    /// The files of the tables, in the order of the map and of their names.
    pub sources: Vec<MapSource>,
    /// The files of the look-ups.
    pub lookup_files: Vec<std::path::PathBuf>,
    /// The account so far.
    pub report: MapReport,
}

impl<'m> MapRun<'m> {
    /// Finds the files, checks every header, and loads the look-ups. `feed` names the feed of the events.
    ///
    /// # Errors
    /// [`MapError`] for the first file that is missing or does not fit.
    pub fn load(map: &'m TableMap, dir: &Path, feed: Option<&str>) -> Result<MapRun<'m>, MapError> {
        let mut report = MapReport::default();
        let mut sources = Vec::new();
        for (table, plan) in map.tables.iter().enumerate() {
            report.tables.push((plan.rows.name.clone(), TableCounts::default()));
            let files = table_files::find(dir, &plan.source.pattern, plan.source.is_optional)?;
            if files.is_empty() {
                report.absent.push(plan.source.pattern.clone());
            }
            for file in files {
                TableReader::open(&file, &plan.source.form, &plan.rows.columns.0)?;
                sources.push(MapSource { table, file });
            }
        }
        let (mut lookups, mut lookup_files) = (BTreeMap::new(), Vec::new());
        for (name, plan) in &map.lookups {
            let mut lookup = TableLookup::default();
            let files = table_files::find(dir, &plan.source.pattern, plan.source.is_optional)?;
            if files.is_empty() {
                report.absent.push(plan.source.pattern.clone());
            }
            for file in &files {
                fill(name, &mut lookup, plan, file, &mut report)?;
            }
            lookup_files.extend(files.into_iter().map(|file| file.path));
            if lookup.replaced() > 0 {
                report.replaced.insert(name.clone(), lookup.replaced());
            }
            lookups.insert(name.clone(), lookup);
        }
        Ok(MapRun { map, feed: feed.map(str::to_owned), lookups, sources, lookup_files, report })
    }

    /// Bytes of the look-ups in memory, about.
    #[must_use]
    pub fn lookup_bytes(&self) -> u64 {
        self.lookups.values().map(TableLookup::size).sum()
    }

    /// Calls `each` with the record of every row of a file that gives one, in order.
    ///
    /// # Errors
    /// [`MapError`] where the file cannot be read on, and the first error of `each`.
    pub fn read<E: From<MapError>>(
        &mut self,
        source: &MapSource,
        each: &mut dyn FnMut(MapRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let TablePlan { source: plan, rows } = &self.map.tables[source.table];
        let reader = TableReader::open(&source.file, &plan.form, &rows.columns.0)?;
        let MapRun { feed, lookups, report, .. } = self;
        let mut json = Vec::new();
        reader.each(&mut |line, row| {
            let place = || format!("{}:{line}", source.file.name);
            let outcome = match row {
                Ok(row) => rows.record(&row, (feed.as_deref(), lookups), report, &place),
                Err(fault) => {
                    report.fault(format!("{}: {fault}", rows.name), place);
                    RowOutcome::Faulty
                }
            };
            let counts = &mut report.tables[source.table].1;
            counts.rows += 1;
            let record = match outcome {
                RowOutcome::Skipped => {
                    counts.skipped += 1;
                    return Ok(());
                }
                RowOutcome::Faulty => {
                    counts.faulty += 1;
                    return Ok(());
                }
                RowOutcome::Record(record) => record,
                RowOutcome::Retraction(record) => {
                    counts.retracted += 1;
                    record
                }
            };
            counts.records += 1;
            json.clear();
            serde_json::to_writer(&mut json, &record).expect("a vector takes everything");
            each(MapRecord { kind: rows.kind, line, json: &json })
        })
    }
}

/// Adds the rows of a file to a look-up.
fn fill(
    name: &str,
    lookup: &mut TableLookup,
    plan: &LookupPlan,
    file: &TableFile,
    report: &mut MapReport,
) -> Result<(), MapError> {
    let reader = TableReader::open(file, &plan.source.form, &plan.columns.0)?;
    reader.each(&mut |line, row| {
        let added = row.and_then(|row| add(lookup, plan, &row));
        if let Err(fault) = added {
            report.fault(format!("look-up {name}: {fault}"), || format!("{}:{line}", file.name));
        }
        Ok(())
    })
}

/// Adds a row to a look-up. A row without a key is left out.
pub(crate) fn add(lookup: &mut TableLookup, plan: &LookupPlan, row: &TableRow<'_>) -> Result<(), String> {
    let fault = |fault: CellFault| format!("column {} {}", plan.columns.0[fault.slot], fault.fault);
    let none = BTreeMap::new();
    for condition in &plan.skip {
        if condition.holds(row, &none).map_err(fault)? {
            return Ok(());
        }
    }
    let mut key = String::new();
    for (n, slot) in plan.key.iter().enumerate() {
        let Some(cell) = row.cell(*slot).map_err(fault)? else { return Ok(()) };
        key += if n > 0 { KEY_SEPARATOR } else { "" };
        key += &cell;
    }
    let mut values = Vec::new();
    for slot in &plan.values {
        values.push(row.cell(*slot).map_err(fault)?.unwrap_or_default());
    }
    lookup.insert(&key, values.iter().map(|value| &**value));
    Ok(())
}
