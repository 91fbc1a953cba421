//! A table, ready for use: the conditions and the fields of its rows, and the record that a row gives.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::config::did_you_mean::unknown;
use crate::map::chain::{LookupChain, LookupColumns};
use crate::map::field_plan::{FieldContext, FieldDefaults, FieldFault, FieldPlan};
use crate::map::lookup::TableLookup;
use crate::map::map_report::{MapReport, MissedKeys};
use crate::map::map_text::ConditionText;
use crate::map::native_shape::{FEEDBACK_ITEMS, FaultCost, FieldForm, FieldShape, RecordKind};
use crate::map::table_reader::{CellFault, TableRow};

/// A condition on a row.
#[derive(Clone, Debug)]
pub(crate) enum RowCondition {
    /// The value of a chain is one of these, or for `false` none of these.
    Listed(LookupChain, Vec<String>, bool),
    /// Whether the value is absent.
    Empty(LookupChain, bool),
    /// All hold.
    All(Vec<RowCondition>),
}

/// The columns of a file in the order of their slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnSlots(pub(crate) Vec<String>);

impl ColumnSlots {
    /// The slot of a column; a new one for a new name.
    pub(crate) fn slot(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

impl RowCondition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The mistake.
    pub(crate) fn parse(text: &ConditionText, lookups: &LookupColumns, slots: &mut ColumnSlots) -> Result<RowCondition, String> {
        let ConditionText { from, is, not, empty, all } = text;
        if !all.is_empty() {
            if from.is_some() || is.is_some() || not.is_some() || empty.is_some() {
                return Err("a condition with all has nothing else".to_owned());
            }
            return Ok(RowCondition::All(
                all.iter().map(|one| RowCondition::parse(one, lookups, slots)).collect::<Result<_, _>>()?,
            ));
        }
        let Some(from) = from else { return Err("a condition needs from".to_owned()) };
        let chain = LookupChain::parse(from, lookups, &mut |column| slots.slot(column))?;
        match (is, not, empty) {
            (Some(is), None, None) => Ok(RowCondition::Listed(chain, is.clone(), true)),
            (None, Some(not), None) => Ok(RowCondition::Listed(chain, not.clone(), false)),
            (None, None, Some(empty)) => Ok(RowCondition::Empty(chain, *empty)),
            _ => Err("a condition has one of is, not and empty".to_owned()),
        }
    }

    /// Whether it holds for a row. A key that is not found is no value, and is not counted here.
    pub(crate) fn holds(&self, row: &TableRow<'_>, lookups: &BTreeMap<String, TableLookup>) -> Result<bool, CellFault> {
        let value = |chain: &LookupChain| {
            let mut uncounted = MissedKeys::default();
            chain.value(row, lookups, &mut uncounted).map(|value| value.map(Cow::into_owned))
        };
        Ok(match self {
            RowCondition::Listed(chain, words, is) => {
                let found = value(chain)?.unwrap_or_default();
                words.contains(&found) == *is
            }
            RowCondition::Empty(chain, empty) => value(chain)?.is_none() == *empty,
            RowCondition::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(row, lookups)? {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct RowPlan {
    pub(crate) name: String,
    pub(crate) kind: RecordKind,
    pub(crate) columns: ColumnSlots,
    pub(crate) skip: Vec<RowCondition>,
    pub(crate) retract: Vec<RowCondition>,
    fields: Vec<FieldPlan>,
}

/// The outcome of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowOutcome {
    /// A record.
    Record(Value),
    /// An event with the action `retract`.
    Retraction(Value),
    /// A condition skips it.
    Skipped,
    /// A fault of the row, which the report counts.
    Faulty,
}

impl RowPlan {
    /// A table without fields.
    pub(crate) fn new(name: &str, kind: RecordKind) -> RowPlan {
        let (columns, skip, retract, fields) = (ColumnSlots::default(), Vec::new(), Vec::new(), Vec::new());
        RowPlan { name: name.to_owned(), kind, columns, skip, retract, fields }
    }

    /// Adds the fields of a table. Every mistake is named.
    pub(crate) fn add_fields(&mut self, text: &toml::Table, defaults: &FieldDefaults, lookups: &LookupColumns) -> Vec<String> {
        let mut mistakes = Vec::new();
        let known = self.kind.fields();
        self.add_level("", text, &known, (defaults, lookups), &mut mistakes);
        for shape in known.iter().filter(|shape| shape.is_required) {
            if !self.fields.iter().any(|field| field.path == shape.name) {
                mistakes.push(format!("fields: {} is missing, and every {} has it", shape.name, self.kind.word()));
            }
        }
        let has = |path: &str| self.fields.iter().any(|field| field.path.starts_with(path));
        if self.kind == RecordKind::Feedback && !has("feedback.answer") && !has(FEEDBACK_ITEMS) {
            mistakes.push("fields: feedback.answer or a feedback.items.QUESTION is missing".to_owned());
        }
        mistakes
    }

    /// The look-ups that lead to the patient.
    pub(crate) fn lookups_of_patients(&self) -> impl Iterator<Item = String> {
        self.fields.iter().flat_map(FieldPlan::lookups_of_patients)
    }

    /// Marks the chains through these look-ups: a missed key may name a patient.
    pub(crate) fn hide_keys(&mut self, lookups: &BTreeSet<String>) {
        self.fields.iter_mut().for_each(|field| field.hide_keys(lookups));
    }

    fn add_level(
        &mut self,
        above: &str,
        text: &toml::Table,
        known: &[FieldShape],
        shared: (&FieldDefaults, &LookupColumns),
        mistakes: &mut Vec<String>,
    ) {
        for (name, value) in text {
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            let item = self.kind == RecordKind::Feedback && path.starts_with(FEEDBACK_ITEMS) && path.len() > FEEDBACK_ITEMS.len();
            let item = item.then_some(FieldShape {
                name: FEEDBACK_ITEMS,
                form: FieldForm::Text,
                cost: FaultCost::Field,
                is_required: false,
            });
            let shape = known.iter().copied().find(|shape| shape.name == path).or(item);
            let is_group = known.iter().any(|shape| shape.name.starts_with(&format!("{path}.")))
                || self.kind == RecordKind::Feedback && FEEDBACK_ITEMS == format!("{path}.");
            match (shape, value) {
                (Some(shape), value) => {
                    let (defaults, lookups) = shared;
                    let columns = &mut self.columns;
                    let mut context = FieldContext { defaults, lookups, slot: &mut |column| columns.slot(column) };
                    match FieldPlan::parse(&path, shape, value, &mut context) {
                        Ok(field) if self.fields.iter().any(|other| other.path == path) => {
                            mistakes.push(format!("fields.{}: the field is there twice", field.path));
                        }
                        Ok(field) => self.fields.push(field),
                        Err(mistake) => mistakes.push(format!("fields.{path}: {mistake}")),
                    }
                }
                (None, toml::Value::Table(inner)) if is_group => self.add_level(&path, inner, known, shared, mistakes),
                (None, _) => {
                    let names: Vec<&str> = known.iter().map(|shape| shape.name).collect();
                    mistakes.push(format!("fields: {}", unknown(&format!("field of a {}", self.kind.word()), &path, &names)));
                }
            }
        }
    }

    /// The record of a row. Faults are counted; `place` names the row.
    pub(crate) fn record(
        &self,
        row: &TableRow<'_>,
        (feed, lookups): (Option<&str>, &BTreeMap<String, TableLookup>),
        report: &mut MapReport,
        place: &dyn Fn() -> String,
    ) -> RowOutcome {
        let outcome = self.conditions(row, lookups).and_then(|(is_skipped, is_retracted)| {
            if is_skipped {
                return Ok(RowOutcome::Skipped);
            }
            self.fields(row, (feed, lookups), is_retracted, report, place)
        });
        outcome.unwrap_or_else(|FieldFault(fault)| {
            report.fault(format!("{}: {fault}", self.name), place);
            RowOutcome::Faulty
        })
    }

    /// Whether the row is skipped, and whether it retracts.
    fn conditions(&self, row: &TableRow<'_>, lookups: &BTreeMap<String, TableLookup>) -> Result<(bool, bool), FieldFault> {
        let any = |conditions: &[RowCondition]| {
            for condition in conditions {
                let held = condition.holds(row, lookups);
                if held.map_err(|fault| FieldFault(format!("column {} {}", self.columns.0[fault.slot], fault.fault)))? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok((any(&self.skip)?, any(&self.retract)?))
    }

    fn fields(
        &self,
        row: &TableRow<'_>,
        (feed, lookups): (Option<&str>, &BTreeMap<String, TableLookup>),
        is_retracted: bool,
        report: &mut MapReport,
        place: &dyn Fn() -> String,
    ) -> Result<RowOutcome, FieldFault> {
        let mut record = Map::new();
        for field in &self.fields {
            let FieldPlan { path, shape, .. } = field;
            if is_retracted && !OF_RETRACTIONS.contains(&path.as_str()) {
                continue;
            }
            match field.value(row, &self.columns.0, lookups, report) {
                Ok(Some(value)) => put(&mut record, path, value),
                Ok(None) if shape.is_required => return Err(FieldFault(format!("{path} has no value"))),
                Ok(None) => {}
                Err(fault) if shape.cost == FaultCost::Row => return Err(fault),
                Err(FieldFault(fault)) => report.fault(format!("{}: {fault}, so {path} is absent", self.name), place),
            }
        }
        if let (false, Some(feed)) = (self.kind.is_registry(), feed) {
            record.insert("feed".to_owned(), feed.into());
        }
        record.insert("type".to_owned(), self.kind.word().into());
        if is_retracted {
            record.insert("action".to_owned(), "retract".into());
            return Ok(RowOutcome::Retraction(Value::Object(record)));
        }
        Ok(RowOutcome::Record(Value::Object(record)))
    }
}

/// The fields of a retraction.
const OF_RETRACTIONS: [&str; 4] = ["feed", "id", "version", "recorded_at"];

/// Puts a value at a path such as `feedback.items.listened`. The name of a question may hold dots.
fn put(record: &mut Map<String, Value>, path: &str, value: Value) {
    let (head, tail) = match path.strip_prefix(FEEDBACK_ITEMS) {
        Some(question) => (Some("feedback"), ("items", Some(question))),
        None => match path.split_once('.') {
            Some((group, name)) => (Some(group), (name, None)),
            None => (None, (path, None)),
        },
    };
    let group = match head {
        Some(group) => inner(record, group),
        None => record,
    };
    match tail {
        (items, Some(question)) => drop(inner(group, items).insert(question.to_owned(), value)),
        (name, None) => drop(group.insert(name.to_owned(), value)),
    }
}

fn inner<'r>(record: &'r mut Map<String, Value>, name: &str) -> &'r mut Map<String, Value> {
    let value = record.entry(name).or_insert_with(|| Value::Object(Map::new()));
    value.as_object_mut().expect("a group holds no value of its own")
}
