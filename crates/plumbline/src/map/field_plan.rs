//! One field of a record, ready for use: where its value comes from, and how it is written.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::time::calendar::{LocalInstant, Zone};
use serde_json::Value;

use crate::map::chain::{LookupChain, LookupColumns};
use crate::map::civil_form::{CivilForm, CivilMoment};
use crate::map::decimal::Decimal;
use crate::map::lookup::TableLookup;
use crate::map::map_report::MapReport;
use crate::map::map_text::{FieldText, OneOrMore};
use crate::map::native_shape::{FieldForm, FieldShape, OF_PATIENTS};
use crate::map::table_reader::{CellFault, TableRow};

/// The form of dates where the map names none.
const DATE_FORM: &str = "YYYY-MM-DD[ hh:mm:ss]";
/// The form of times where the map names none.
const TIME_FORM: &str = "hh:mm[:ss]";

/// A field and its sources.
#[derive(Clone, Debug)]
pub(crate) struct FieldPlan {
    pub(crate) path: String,
    pub(crate) shape: FieldShape,
    /// One source, or those of the elements of a list.
    sources: Vec<FieldSource>,
}

#[derive(Clone, Debug)]
enum FieldSource {
    Constant(Value),
    Chains(ChainSource),
    Civil(Box<CivilSource>),
}

#[derive(Clone, Debug, Default)]
struct ChainSource {
    chains: Vec<LookupChain>,
    values: Option<BTreeMap<String, Value>>,
    otherwise: Option<Value>,
    present: Option<Value>,
    times: Option<Decimal>,
    mark: char,
    prefix: String,
}

#[derive(Clone, Debug)]
struct CivilSource {
    date: LookupChain,
    time: Option<LookupChain>,
    form: CivilForm,
    time_form: CivilForm,
    zone: Zone,
}

/// A cell that does not give a field its value. The text names column and form, never the cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldFault(pub(crate) String);

/// The defaults of a map that its fields share.
#[derive(Clone, Debug)]
pub(crate) struct FieldDefaults {
    pub(crate) zone: Zone,
    pub(crate) decimal: char,
}

/// The surroundings of a field in its map.
pub(crate) struct FieldContext<'c> {
    pub(crate) defaults: &'c FieldDefaults,
    pub(crate) lookups: &'c LookupColumns,
    pub(crate) slot: &'c mut dyn FnMut(&str) -> usize,
}

impl FieldPlan {
    /// Reads a field.
    ///
    /// # Errors
    /// The first mistake, without the name of the field.
    pub(crate) fn parse(
        path: &str,
        shape: FieldShape,
        text: &toml::Value,
        context: &mut FieldContext<'_>,
    ) -> Result<FieldPlan, String> {
        let sources = match text {
            toml::Value::Array(elements) if shape.form == FieldForm::Texts => {
                elements.iter().map(|element| FieldSource::parse(shape, element, context)).collect::<Result<_, _>>()?
            }
            toml::Value::Array(chains) if chains.iter().all(toml::Value::is_str) => {
                let from = toml::Table::from_iter([("from".to_owned(), toml::Value::Array(chains.clone()))]);
                vec![FieldSource::parse(shape, &toml::Value::Table(from), context)?]
            }
            toml::Value::Array(_) => {
                return Err("a list holds chains; write one table for { value }, values and the like".to_owned());
            }
            one => vec![FieldSource::parse(shape, one, context)?],
        };
        Ok(FieldPlan { path: path.to_owned(), shape, sources })
    }

    /// The look-ups of a field of the patient; none for another field.
    pub(crate) fn lookups_of_patients(&self) -> Vec<String> {
        if !OF_PATIENTS.contains(&self.path.as_str()) {
            return Vec::new();
        }
        self.sources.iter().flat_map(FieldSource::chains).flat_map(LookupChain::lookups).map(str::to_owned).collect()
    }

    /// Marks the chains through these look-ups: a missed key may name a patient.
    pub(crate) fn hide_keys(&mut self, lookups: &BTreeSet<String>) {
        let own: Vec<&mut LookupChain> = self.sources.iter_mut().flat_map(FieldSource::chains_mut).collect();
        for chain in own {
            let is_private = chain.lookups().any(|name| lookups.contains(name));
            chain.is_private = is_private;
        }
    }

    /// The value for a row; `None` where it is absent.
    ///
    /// # Errors
    /// [`FieldFault`] for a cell that cannot be read.
    pub(crate) fn value(
        &self,
        row: &TableRow<'_>,
        columns: &[String],
        lookups: &BTreeMap<String, TableLookup>,
        report: &mut MapReport,
    ) -> Result<Option<Value>, FieldFault> {
        if self.shape.form != FieldForm::Texts {
            return self.sources[0].value(self.shape, row, columns, lookups, report);
        }
        let mut list = Vec::new();
        for source in &self.sources {
            list.extend(source.value(self.shape, row, columns, lookups, report)?);
        }
        Ok((!list.is_empty()).then_some(Value::Array(list)))
    }
}

impl FieldSource {
    fn parse(shape: FieldShape, text: &toml::Value, context: &mut FieldContext<'_>) -> Result<FieldSource, String> {
        let is_civil = matches!(shape.form, FieldForm::Instant | FieldForm::Day);
        let text = match text {
            toml::Value::String(chain) if is_civil => FieldText { date: Some(chain.clone()), ..FieldText::default() },
            toml::Value::String(chain) => FieldText { from: Some(OneOrMore::One(chain.clone())), ..FieldText::default() },
            toml::Value::Table(table) => {
                let text: Result<FieldText, toml::de::Error> = table.clone().try_into();
                text.map_err(|error| error.message().trim().replace('\n', " "))?
            }
            _ => return Err("write a chain such as COLUMN > LOOKUP.COLUMN, or a table such as { value = \"gmc\" }".to_owned()),
        };
        let has = [text.value.is_some(), text.from.is_some() || text.column.is_some(), text.date.is_some()];
        match (has, is_civil) {
            ([true, false, false], _) => Ok(FieldSource::Constant(constant(shape, text.value.as_ref().expect("it is there"))?)),
            ([false, true, false], false) => Ok(FieldSource::Chains(ChainSource::of(shape, &text, context)?)),
            ([false, false, true], true) => Ok(FieldSource::Civil(Box::new(CivilSource::of(shape, &text, context)?))),
            ([false, true, false], true) => {
                Err("this field is a date or a time; write { date = \"COLUMN\", form = \"DD/MM/YYYY\" }".to_owned())
            }
            ([false, false, true], false) => Err("this field is no date; write its column as from".to_owned()),
            _ => Err("write one of from, value and date".to_owned()),
        }
    }

    fn chains(&self) -> Vec<&LookupChain> {
        match self {
            FieldSource::Constant(_) => Vec::new(),
            FieldSource::Chains(source) => source.chains.iter().collect(),
            FieldSource::Civil(source) => source.time.iter().chain([&source.date]).collect(),
        }
    }

    fn chains_mut(&mut self) -> Vec<&mut LookupChain> {
        match self {
            FieldSource::Constant(_) => Vec::new(),
            FieldSource::Chains(source) => source.chains.iter_mut().collect(),
            FieldSource::Civil(source) => {
                let CivilSource { date, time, .. } = source.as_mut();
                time.iter_mut().chain([date]).collect()
            }
        }
    }

    fn value(
        &self,
        shape: FieldShape,
        row: &TableRow<'_>,
        columns: &[String],
        lookups: &BTreeMap<String, TableLookup>,
        report: &mut MapReport,
    ) -> Result<Option<Value>, FieldFault> {
        match self {
            FieldSource::Constant(value) => Ok(Some(value.clone())),
            FieldSource::Chains(source) => source.value(shape, row, columns, lookups, report),
            FieldSource::Civil(source) => source.value(shape, row, columns, lookups, report),
        }
    }
}

impl ChainSource {
    fn of(shape: FieldShape, text: &FieldText, context: &mut FieldContext<'_>) -> Result<ChainSource, String> {
        let given = [&text.time, &text.form, &text.time_form, &text.zone];
        if given.into_iter().any(Option::is_some) {
            return Err("time, form, time_form and zone belong to a field with date".to_owned());
        }
        let mut chains = Vec::new();
        for chain in text.from.iter().flat_map(OneOrMore::list) {
            chains.push(LookupChain::parse(chain, context.lookups, context.slot)?);
        }
        chains.extend(text.column.as_ref().map(|column| LookupChain::column((context.slot)(column))));
        let values = |table: &toml::Table| -> Result<BTreeMap<String, Value>, String> {
            table.iter().map(|(word, value)| Ok((word.clone(), constant(shape, value)?))).collect()
        };
        let one = |value: &toml::Value| constant(shape, value);
        let times = text.times.as_ref().map(factor).transpose()?;
        if times.is_some() && !matches!(shape.form, FieldForm::Whole | FieldForm::Number) {
            return Err("times belongs to a number".to_owned());
        }
        if text.prefix.is_some() && !matches!(shape.form, FieldForm::Text | FieldForm::Texts) {
            return Err("prefix belongs to a text".to_owned());
        }
        Ok(ChainSource {
            chains,
            values: text.values.as_ref().map(values).transpose()?,
            otherwise: text.otherwise.as_ref().map(one).transpose()?,
            present: text.present.as_ref().map(one).transpose()?,
            times,
            mark: text.decimal.unwrap_or(context.defaults.decimal),
            prefix: text.prefix.clone().unwrap_or_default(),
        })
    }

    fn value(
        &self,
        shape: FieldShape,
        row: &TableRow<'_>,
        columns: &[String],
        lookups: &BTreeMap<String, TableLookup>,
        report: &mut MapReport,
    ) -> Result<Option<Value>, FieldFault> {
        for chain in &self.chains {
            let found = chain.value(row, lookups, &mut report.missed).map_err(|fault| of_cell(fault, columns))?;
            let Some(found) = found else { continue };
            if let Some(present) = &self.present {
                return Ok(Some(present.clone()));
            }
            if let Some(values) = &self.values {
                return match values.get(&*found).or(self.otherwise.as_ref()) {
                    Some(value) => Ok(Some(value.clone())),
                    None => Err(FieldFault(format!("{} holds a value that values does not list", named(chain, columns)))),
                };
            }
            let read = self.written(shape.form, &found);
            let expected = || match shape.form {
                FieldForm::Bool => "is not true or false".to_owned(),
                _ => format!("is no number with the decimal mark {:?}", self.mark),
            };
            return read.map(Some).ok_or_else(|| FieldFault(format!("{} {}", named(chain, columns), expected())));
        }
        Ok(self.otherwise.clone())
    }

    /// A text in the form of the field.
    fn written(&self, form: FieldForm, text: &str) -> Option<Value> {
        match form {
            FieldForm::Whole | FieldForm::Number => {
                let number = Decimal::parse(text, self.mark)?;
                let number = self.times.map_or(number, |times| number.times(times));
                let number = if form == FieldForm::Whole { number.rounded() } else { number };
                serde_json::from_str(&number.text()).ok()
            }
            FieldForm::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "1" => Some(Value::Bool(true)),
                "false" | "f" | "no" | "n" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            FieldForm::Text | FieldForm::Texts | FieldForm::Instant | FieldForm::Day => {
                Some(Value::String(format!("{}{text}", self.prefix)))
            }
        }
    }
}

impl CivilSource {
    fn of(shape: FieldShape, text: &FieldText, context: &mut FieldContext<'_>) -> Result<CivilSource, String> {
        let of_chains = text.values.is_some() || text.otherwise.is_some() || text.present.is_some();
        if of_chains || text.times.is_some() || text.decimal.is_some() || text.prefix.is_some() {
            return Err("a field with date takes time, form, time_form and zone".to_owned());
        }
        let form = CivilForm::parse(text.form.as_deref().unwrap_or(DATE_FORM))?;
        if !form.has_date() {
            return Err(format!("form {:?} has no date; write one such as DD/MM/YYYY", form.text()));
        }
        let chain = |text: &str, context: &mut FieldContext<'_>| LookupChain::parse(text, context.lookups, context.slot);
        let date = chain(text.date.as_deref().unwrap_or_default(), context)?;
        if shape.form == FieldForm::Day && text.time.is_some() {
            return Err("this field is a day, so it has no time".to_owned());
        }
        let time = text.time.as_deref().map(|time| chain(time, context)).transpose()?;
        let zone = text.zone.as_deref().map(|zone| Zone::named(zone).map_err(|error| error.to_string())).transpose()?;
        Ok(CivilSource {
            date,
            time,
            form,
            time_form: CivilForm::parse(text.time_form.as_deref().unwrap_or(TIME_FORM))?,
            zone: zone.unwrap_or_else(|| context.defaults.zone.clone()),
        })
    }

    fn value(
        &self,
        shape: FieldShape,
        row: &TableRow<'_>,
        columns: &[String],
        lookups: &BTreeMap<String, TableLookup>,
        report: &mut MapReport,
    ) -> Result<Option<Value>, FieldFault> {
        let Some(date) = read(&self.date, &self.form, row, columns, lookups, report)? else { return Ok(None) };
        let time = match &self.time {
            Some(chain) => read(chain, &self.time_form, row, columns, lookups, report)?,
            None => None,
        };
        if shape.form == FieldForm::Day {
            return Ok(date.day.map(|day| Value::String(day.to_string())));
        }
        let Some(instant) = date.with_time(time).instant(&self.zone) else { return Ok(None) };
        let at = match instant {
            LocalInstant::Once(at) => at,
            LocalInstant::Twice(at) => {
                report.twice += 1;
                at
            }
            LocalInstant::Skipped(at) => {
                report.skipped_times += 1;
                at
            }
        };
        Ok(Some(Value::String(at.to_string())))
    }
}

fn read(
    chain: &LookupChain,
    form: &CivilForm,
    row: &TableRow<'_>,
    columns: &[String],
    lookups: &BTreeMap<String, TableLookup>,
    report: &mut MapReport,
) -> Result<Option<CivilMoment>, FieldFault> {
    let found = chain.value(row, lookups, &mut report.missed).map_err(|fault| of_cell(fault, columns))?;
    let Some(text) = found else { return Ok(None) };
    let unread = || FieldFault(format!("{} is no date or time of the form {}", named(chain, columns), form.text()));
    form.read(&text).map(Some).ok_or_else(unread)
}

fn of_cell(fault: CellFault, columns: &[String]) -> FieldFault {
    FieldFault(format!("column {} {}", columns[fault.slot], fault.fault))
}

/// The columns of a chain, for a message.
fn named(chain: &LookupChain, columns: &[String]) -> String {
    let names: Vec<&str> = chain.slots.iter().map(|slot| columns[*slot].as_str()).collect();
    format!("column {}{}", names.join(" + "), chain.steps_text())
}

/// A constant of the map in the form of its field.
fn constant(shape: FieldShape, value: &toml::Value) -> Result<Value, String> {
    let value: Value = match value {
        toml::Value::String(text) => Value::from(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(word) => Value::from(*word),
        _ => return Err("a constant is a text, a number, true or false".to_owned()),
    };
    let fits = match shape.form {
        FieldForm::Text | FieldForm::Texts | FieldForm::Instant | FieldForm::Day => value.is_string(),
        FieldForm::Whole => value.is_i64() || value.is_u64(),
        FieldForm::Number => value.is_number(),
        FieldForm::Bool => value.is_boolean(),
    };
    let form = match shape.form {
        FieldForm::Whole | FieldForm::Number => "a number",
        FieldForm::Bool => "true or false",
        _ => "a text",
    };
    if fits { Ok(value) } else { Err(format!("{value} does not fit; this field is {form}")) }
}

fn factor(value: &toml::Value) -> Result<Decimal, String> {
    let text = match value {
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        _ => String::new(),
    };
    Decimal::parse(&text, '.').ok_or_else(|| "times is no number with a few decimals, such as 100 or 0.001".to_owned())
}
