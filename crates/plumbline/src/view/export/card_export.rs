//! The export of the newest revisions of cards, month by month, as one table.
//!
//! A named export reads one card at a time. A disclosed one holds the views of one month, because it sorts them.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::ValueEnum;
use scorecard::card::scorecard::Scorecard;
use scorecard::time::calendar::Month;
use stream::log::LogError;

use crate::process::limits::CARDS_PER_READ;
use crate::published_cards::card_index::{CardIndex, card_at, read_index};
use crate::published_cards::card_store::CardStore;
use crate::view::export::table_format::TableFormat;
use crate::view::export::table_row::{Column, TableWriter};
use crate::view::export::{disclosed_rows, named_rows};

/// The shape of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableShape {
    /// One row for each measure of each card.
    Long,
    /// One row for each card, with columns for each measure.
    Wide,
}

impl TableShape {
    /// All of them.
    pub const ALL: [TableShape; 2] = [TableShape::Long, TableShape::Wide];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TableShape::Long => "long",
            TableShape::Wide => "wide",
        }
    }
}

/// The rights of the reader of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Names and all figures.
    Named,
    /// The columns that everybody may see.
    Disclosed,
}

/// The cards and the form of an export. Empty lists choose everything.
#[derive(Clone, Debug)]
pub struct CardExport {
    /// The format.
    pub format: TableFormat,
    /// The shape.
    pub shape: TableShape,
    /// Names or disclosed figures.
    pub disclosure: Disclosure,
    /// The first month; the oldest one without.
    pub from: Option<Month>,
    /// The last month; the newest one without.
    pub to: Option<Month>,
    /// Practices; an empty code chooses roll-ups.
    pub practices: Vec<String>,
    /// Ids of measures.
    pub measures: Vec<String>,
    /// The role.
    pub role: Option<String>,
}

/// A failure of an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The cards cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The table cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The size of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Months with a card.
    pub months: u64,
    /// Cards in the table.
    pub cards: u64,
    /// Rows of the table.
    pub rows: u64,
}

impl CardExport {
    /// Writes the table. `running` is called between cards; once it is false, the export fails.
    ///
    /// # Errors
    /// [`ExportError`] when the cards cannot be read, the output fails, or the caller no longer wants it.
    pub fn write(
        &self,
        store: &mut CardStore,
        out: impl Write + Send,
        running: &dyn Fn() -> bool,
    ) -> Result<ExportCounts, ExportError> {
        let months = read_index(&store.index, CardIndex::months);
        let chosen = |month: &Month| self.from.is_none_or(|from| from <= *month) && self.to.is_none_or(|to| *month <= to);
        let months: Vec<Month> = months.into_iter().filter(chosen).collect();
        let measures = self.measure_ids(store, &months, running)?;
        let mut table = self.format.begin(&self.columns(&measures), out)?;
        let mut counts = ExportCounts::default();
        for month in months {
            counts.months += 1;
            match self.disclosure {
                Disclosure::Named => self.write_named(store, month, &measures, &mut *table, &mut counts, running)?,
                Disclosure::Disclosed => self.write_disclosed(store, month, &measures, &mut *table, &mut counts, running)?,
            }
        }
        table.finish()?;
        Ok(counts)
    }

    fn columns(&self, measures: &[String]) -> Vec<Column> {
        match (self.disclosure, self.shape) {
            (Disclosure::Named, TableShape::Long) => named_rows::long_columns(),
            (Disclosure::Named, TableShape::Wide) => named_rows::wide_columns(measures),
            (Disclosure::Disclosed, TableShape::Long) => disclosed_rows::long_columns(),
            (Disclosure::Disclosed, TableShape::Wide) => disclosed_rows::wide_columns(measures),
        }
    }

    /// The chosen measures, else those of the cards: cards of an older measure set may have others than the deployment. A named table of
    /// one row a measure does not need them.
    fn measure_ids(
        &self,
        store: &mut CardStore,
        months: &[Month],
        running: &dyn Fn() -> bool,
    ) -> Result<Vec<String>, ExportError> {
        if !self.measures.is_empty() || (self.disclosure, self.shape) == (Disclosure::Named, TableShape::Long) {
            return Ok(self.measures.clone());
        }
        let mut ids = BTreeSet::new();
        for month in months {
            self.each_card(store, *month, running, &mut |card| {
                for measure in &card.content.measures {
                    if !ids.contains(&*measure.id) && (self.disclosure == Disclosure::Named || !measure.trial) {
                        ids.insert(measure.id.to_string());
                    }
                }
                Ok(())
            })?;
        }
        Ok(ids.into_iter().collect())
    }

    fn write_named(
        &self,
        store: &mut CardStore,
        month: Month,
        measures: &[String],
        table: &mut dyn TableWriter,
        counts: &mut ExportCounts,
        running: &dyn Fn() -> bool,
    ) -> Result<(), ExportError> {
        let is_wanted = |id: &str| measures.is_empty() || measures.iter().any(|one| one == id);
        self.each_card(store, month, running, &mut |card| {
            let rows = match self.shape {
                TableShape::Long => named_rows::long_rows(card, is_wanted),
                TableShape::Wide => vec![named_rows::wide_row(card, measures)],
            };
            counts.cards += u64::from(!rows.is_empty());
            counts.rows += rows.len() as u64;
            Ok(rows.iter().try_for_each(|row| table.row(row))?)
        })
    }

    fn write_disclosed(
        &self,
        store: &mut CardStore,
        month: Month,
        measures: &[String],
        table: &mut dyn TableWriter,
        counts: &mut ExportCounts,
        running: &dyn Fn() -> bool,
    ) -> Result<(), ExportError> {
        let mut views = Vec::new();
        self.each_card(store, month, running, &mut |card| {
            views.extend(disclosed_rows::blinded(card));
            Ok(())
        })?;
        counts.cards += views.len() as u64;
        let mut write = |row: Vec<_>| {
            counts.rows += 1;
            table.row(&row)
        };
        match self.shape {
            TableShape::Long => disclosed_rows::long_rows(&views, measures).try_for_each(&mut write)?,
            TableShape::Wide => disclosed_rows::wide_rows(&views, measures).into_iter().try_for_each(&mut write)?,
        }
        Ok(())
    }

    /// Calls `each` with the newest revision of every chosen card of a month, in order of clinician and practice.
    fn each_card(
        &self,
        store: &mut CardStore,
        month: Month,
        running: &dyn Fn() -> bool,
        each: &mut dyn FnMut(&Scorecard) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut after = None;
        loop {
            let cards: Vec<_> = read_index(&store.index, |index| {
                let cards = index.month_cards(month, after.as_ref(), None);
                let ours = cards.filter(|card| self.practices.is_empty() || self.practices.contains(&card.key.practice));
                ours.take(CARDS_PER_READ).map(|card| (card.key.clone(), card.newest)).collect()
            });
            let Some((last, _)) = cards.last() else { return Ok(()) };
            after = Some(last.as_ref().clone());
            for (_, place) in &cards {
                if !running() {
                    return Err(io::Error::from(io::ErrorKind::Interrupted).into());
                }
                let card = card_at(&mut store.cards, *place)?;
                if self.role.as_ref().is_none_or(|role| *role == card.content.subject.role) {
                    each(&card)?;
                }
            }
        }
    }
}
