//! The columns and cells of a table. Rows are written one by one, so a table of any size needs little memory.

use std::io;

/// The kind of a column's cells. Every cell may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A real number.
    Real,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: lower-case letters, digits and underscores.
    pub name: String,
    /// The kind of its cells.
    pub kind: ColumnKind,
    /// Its meaning, with its unit.
    pub help: &'static str,
}

impl Column {
    pub(crate) fn new(name: impl Into<String>, kind: ColumnKind, help: &'static str) -> Column {
        Column { name: name.into(), kind, help }
    }
}

/// A cell, of the kind of its column or empty. An unknown number is empty, never 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing: not known, not shown, or not on the card.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Real(f64),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A text that may be missing.
    pub(crate) fn text_of(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Empty, Cell::text)
    }

    /// A real number that may be missing.
    pub(crate) fn real(value: Option<f64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Real)
    }

    /// A whole number that may be missing.
    pub(crate) fn integer(value: Option<i64>) -> Cell {
        value.map_or(Cell::Empty, Cell::Integer)
    }
}

/// Writes the rows of a table in one format.
pub trait TableWriter {
    /// Writes one row, with a cell for each column.
    ///
    /// # Errors
    /// When the output fails.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;

    /// Writes the end of the table.
    ///
    /// # Errors
    /// When the output fails.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
