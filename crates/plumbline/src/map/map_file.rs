//! A map, read and checked. Every mistake is reported at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use scorecard::time::calendar::Zone;
use xxhash_rust::xxh3::xxh3_128;

use crate::map::chain::LookupColumns;
use crate::map::field_plan::FieldDefaults;
use crate::map::map_error::MapError;
use crate::map::map_text::{ConditionText, ExampleText, FormText, LookupText, MapText, TableText};
use crate::map::row_plan::{ColumnSlots, RowCondition, RowPlan};
use crate::map::table_files::check_pattern;
use crate::map::table_reader::{TableForm, TextEncoding};
use crate::process::limits::MAP_FILE_BYTES;

/// The version of the form that this code reads.
const FORM: u32 = 1;

/// A map from the tables of one folder to events and registry entries.
#[derive(Debug)]
pub struct TableMap {
    /// Its name for people.
    pub name: String,
    pub(crate) lookups: BTreeMap<String, LookupPlan>,
    pub(crate) tables: Vec<TablePlan>,
    pub(crate) examples: Vec<ExampleText>,
    /// A hash of its text.
    pub(crate) hash: u128,
}

/// A look-up and the file that fills it.
#[derive(Debug)]
pub(crate) struct LookupPlan {
    pub(crate) source: FilePlan,
    /// Slots of the key.
    pub(crate) key: Vec<usize>,
    /// Slots of the values, in the order in which the map names their columns.
    pub(crate) values: Vec<usize>,
    pub(crate) columns: ColumnSlots,
    pub(crate) skip: Vec<RowCondition>,
}

/// A table and its file.
#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) source: FilePlan,
    pub(crate) rows: RowPlan,
}

/// A pattern of files, and their form.
#[derive(Clone, Debug)]
pub(crate) struct FilePlan {
    pub(crate) pattern: String,
    pub(crate) form: TableForm,
    pub(crate) is_optional: bool,
}

impl TableMap {
    /// Reads a map.
    ///
    /// # Errors
    /// [`MapError::Unreadable`], and [`MapError::Mistakes`] with every mistake.
    pub fn read(path: &Path) -> Result<TableMap, MapError> {
        let mut text = String::new();
        let file = File::open(path).and_then(|file| file.take(MAP_FILE_BYTES).read_to_string(&mut text));
        file.map_err(|source| MapError::Unreadable { path: path.to_owned(), source })?;
        TableMap::parse(&path.display().to_string(), &text)
    }

    /// A text that another text of the map has not.
    pub(crate) fn fingerprint(&self) -> String {
        format!("map {:032x}", self.hash)
    }

    /// The names of its tables.
    pub fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.rows.name.as_str())
    }

    /// Reads the text of a map. `name` is that of its file in messages.
    ///
    /// # Errors
    /// [`MapError::Mistakes`] with every mistake, one a line.
    pub fn parse(name: &str, text: &str) -> Result<TableMap, MapError> {
        let map: MapText = toml::from_str(text).map_err(|error| MapError::Mistakes(format!("{name}: {error}")))?;
        let mut mistakes = Vec::new();
        let found = TableMap::of(map, xxh3_128(text.as_bytes()), &mut mistakes);
        if mistakes.is_empty() {
            return Ok(found);
        }
        let lines: Vec<String> = mistakes.into_iter().map(|mistake| format!("{name}: {mistake}")).collect();
        Err(MapError::Mistakes(lines.join("\n")))
    }

    fn of(map: MapText, hash: u128, mistakes: &mut Vec<String>) -> TableMap {
        let MapText { map: version, name, zone, decimal, files, lookups, tables, examples } = map;
        if version != FORM {
            mistakes.push(format!("map = {version} is a form that this version does not read; it reads {FORM}"));
        }
        if tables.is_empty() {
            mistakes.push("there is no [[tables]], so the map gives nothing".to_owned());
        }
        let zone = zone.map_or(Ok(Zone::london()), |zone| Zone::named(&zone)).unwrap_or_else(|error| {
            mistakes.push(format!("zone: {error}"));
            Zone::london()
        });
        let defaults = FieldDefaults { zone, decimal: decimal.unwrap_or('.') };
        if !matches!(defaults.decimal, '.' | ',') {
            mistakes.push("decimal is not . or ,".to_owned());
        }
        let columns: LookupColumns = lookups.iter().map(|(name, lookup)| (name.clone(), lookup.columns.clone())).collect();
        let plans = lookups.iter().map(|(name, lookup)| {
            let mut own = Vec::new();
            let plan = LookupPlan::of(lookup, &files, &mut own);
            mistakes.extend(own.into_iter().map(|mistake| format!("lookups.{name}: {mistake}")));
            (name.clone(), plan)
        });
        let plans = plans.collect();
        let mut found: Vec<TablePlan> = Vec::new();
        for table in &tables {
            let mut own = Vec::new();
            if found.iter().any(|other| other.rows.name == table.name) {
                own.push("another table has this name".to_owned());
            }
            found.push(TablePlan::of(table, &files, (&defaults, &columns), &mut own));
            mistakes.extend(own.into_iter().map(|mistake| format!("table {:?}: {mistake}", table.name)));
        }
        let of_patients: BTreeSet<String> = found.iter().flat_map(|table| table.rows.lookups_of_patients()).collect();
        found.iter_mut().for_each(|table| table.rows.hide_keys(&of_patients));
        TableMap { name, lookups: plans, tables: found, examples, hash }
    }
}

impl LookupPlan {
    fn of(text: &LookupText, files: &FormText, mistakes: &mut Vec<String>) -> LookupPlan {
        let mut columns = ColumnSlots::default();
        if text.key.list().is_empty() || text.columns.is_empty() {
            mistakes.push("key and columns need a column each".to_owned());
        }
        let key = text.key.list().iter().map(|column| columns.slot(column)).collect();
        let values = text.columns.iter().map(|column| columns.slot(column)).collect();
        // A look-up reads its own columns alone, so no circle of look-ups can be written.
        let skip = conditions("skip", &text.skip, &LookupColumns::new(), &mut columns, mistakes);
        let source = FilePlan::of(&text.file, text.optional, &text.form, files, mistakes);
        LookupPlan { source, key, values, columns, skip }
    }
}

impl TablePlan {
    fn of(
        text: &TableText,
        files: &FormText,
        (defaults, lookups): (&FieldDefaults, &LookupColumns),
        mistakes: &mut Vec<String>,
    ) -> TablePlan {
        let mut rows = RowPlan::new(&text.name, text.gives);
        rows.skip = conditions("skip", &text.skip, lookups, &mut rows.columns, mistakes);
        rows.retract = conditions("retract", &text.retract, lookups, &mut rows.columns, mistakes);
        if rows.kind.is_registry() && !rows.retract.is_empty() {
            mistakes.push("retract: entries of the registry are not retracted; use skip".to_owned());
        }
        mistakes.extend(rows.add_fields(&text.fields, defaults, lookups));
        TablePlan { source: FilePlan::of(&text.file, text.optional, &text.form, files, mistakes), rows }
    }
}

fn conditions(
    name: &str,
    texts: &[ConditionText],
    lookups: &LookupColumns,
    columns: &mut ColumnSlots,
    mistakes: &mut Vec<String>,
) -> Vec<RowCondition> {
    let mut found = Vec::new();
    for text in texts {
        match RowCondition::parse(text, lookups, columns) {
            Ok(condition) => found.push(condition),
            Err(mistake) => mistakes.push(format!("{name}: {mistake}")),
        }
    }
    found
}

impl FilePlan {
    fn of(pattern: &str, is_optional: bool, own: &FormText, files: &FormText, mistakes: &mut Vec<String>) -> FilePlan {
        if let Err(mistake) = check_pattern(pattern) {
            mistakes.push(mistake);
        }
        let separator = match own.separator.as_deref().or(files.separator.as_deref()).unwrap_or(",") {
            "tab" | "\t" => b'\t',
            one if one.len() == 1 && matches!(one.as_bytes()[0], b',' | b';' | b'|' | b'~' | b'^') => one.as_bytes()[0],
            _ => {
                mistakes.push("separator is none of \",\", \";\", \"|\", \"~\", \"^\" and \"tab\"".to_owned());
                b','
            }
        };
        let encoding = match own.encoding.as_deref().or(files.encoding.as_deref()).unwrap_or("utf-8") {
            "utf-8" => TextEncoding::Utf8,
            "windows-1252" => TextEncoding::Windows1252,
            _ => {
                mistakes.push("encoding is neither \"utf-8\" nor \"windows-1252\"".to_owned());
                TextEncoding::Utf8
            }
        };
        let quotes = own.quote.or(files.quote).unwrap_or(true);
        let header = own.header.clone().or_else(|| files.header.clone());
        FilePlan { pattern: pattern.to_owned(), form: TableForm { separator, quotes, encoding, header }, is_optional }
    }
}
