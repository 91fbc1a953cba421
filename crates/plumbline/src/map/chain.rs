//! A chain: a column, or several joined, followed by look-ups: `CodeId > drug.DmdProductCodeId > bnf.bnf_code`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::config::did_you_mean::unknown;
use crate::map::lookup::TableLookup;
use crate::map::map_report::{KEY_SEPARATOR, MissedKeys};
use crate::map::table_reader::{CellFault, TableRow};

/// The text between the columns of a joined value, such as an id.
const JOINED: &str = "|";

/// Columns of the row, then look-ups one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookupChain {
    /// Slots of the row's columns, joined to one key.
    pub(crate) slots: Vec<usize>,
    steps: Vec<Step>,
    /// Whether a missed key may name a patient.
    pub(crate) is_private: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    lookup: String,
    column: usize,
}

/// The columns of the look-ups of a map, by name.
pub(crate) type LookupColumns = BTreeMap<String, Vec<String>>;

impl LookupChain {
    /// Reads a chain. `slot` gives the slot of a column of the table.
    ///
    /// # Errors
    /// An empty part, or a look-up or column that the map does not declare.
    pub(crate) fn parse(text: &str, lookups: &LookupColumns, slot: &mut dyn FnMut(&str) -> usize) -> Result<LookupChain, String> {
        let mut parts = text.split('>').map(str::trim);
        let columns: Vec<&str> = parts.next().unwrap_or_default().split('+').map(str::trim).collect();
        if columns.iter().any(|column| column.is_empty()) {
            return Err(format!("{text:?} has an empty column; write COLUMN, or COLUMN > LOOKUP.COLUMN"));
        }
        let mut steps = Vec::new();
        for part in parts {
            let Some((name, column)) = part.split_once('.') else {
                return Err(format!("{part:?} is no step; write it as LOOKUP.COLUMN"));
            };
            let names: Vec<&str> = lookups.keys().map(String::as_str).collect();
            let known = lookups.get(name.trim()).ok_or_else(|| unknown("look-up", name.trim(), &names))?;
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let column = known
                .iter()
                .position(|known| known == column.trim())
                .ok_or_else(|| format!("{}: columns of [lookups.{}]", unknown("column", column.trim(), &names), name.trim()))?;
            steps.push(Step { lookup: name.trim().to_owned(), column });
        }
        Ok(LookupChain { slots: columns.into_iter().map(slot).collect(), steps, is_private: false })
    }

    /// A chain of one column, whose name may hold any character.
    pub(crate) fn column(slot: usize) -> LookupChain {
        LookupChain { slots: vec![slot], steps: Vec::new(), is_private: false }
    }

    /// The names of the look-ups behind the column.
    pub(crate) fn lookups(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.lookup.as_str())
    }

    /// The look-ups behind the column, for a message.
    pub(crate) fn steps_text(&self) -> String {
        self.steps.iter().map(|step| format!(" > {}", step.lookup)).collect()
    }

    /// The value for a row. `None` where a cell on the way is empty, or a key is not found, which `missed` counts.
    ///
    /// # Errors
    /// [`CellFault`] for a cell that is no text.
    pub(crate) fn value<'r>(
        &self,
        row: &'r TableRow<'_>,
        lookups: &'r BTreeMap<String, TableLookup>,
        missed: &mut MissedKeys,
    ) -> Result<Option<Cow<'r, str>>, CellFault> {
        let Some(mut value) = self.key(row)? else { return Ok(None) };
        if self.steps.is_empty() && self.slots.len() > 1 {
            value = Cow::Owned(value.replace(KEY_SEPARATOR, JOINED));
        }
        for step in &self.steps {
            let lookup = lookups.get(&step.lookup).expect("the map was checked");
            match lookup.get(&value, step.column) {
                Some("") => return Ok(None),
                Some(found) => value = Cow::Borrowed(found),
                None => {
                    missed.add(&step.lookup, &value, self.is_private);
                    return Ok(None);
                }
            }
        }
        Ok(Some(value))
    }

    /// The cells of the row's columns as one key. `None` if one of them is empty.
    fn key<'r>(&self, row: &'r TableRow<'_>) -> Result<Option<Cow<'r, str>>, CellFault> {
        if let [only] = self.slots.as_slice() {
            return row.cell(*only);
        }
        let mut key = String::new();
        for (n, slot) in self.slots.iter().enumerate() {
            let Some(cell) = row.cell(*slot)? else { return Ok(None) };
            key += if n > 0 { KEY_SEPARATOR } else { "" };
            key += &cell;
        }
        Ok(Some(Cow::Owned(key)))
    }
}
