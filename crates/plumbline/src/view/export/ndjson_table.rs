//! NDJSON: one object a line with every column; an empty cell is null.

use std::io::{self, Write};

use serde_json::json;

use crate::view::export::table_row::{Cell, Column, TableWriter};

/// Writes NDJSON.
pub(crate) struct NdjsonTable<W: Write> {
    /// The names as JSON, each with its colon.
    names: Vec<String>,
    out: W,
}

impl<W: Write> NdjsonTable<W> {
    pub(crate) fn begin(columns: &[Column], out: W) -> NdjsonTable<W> {
        NdjsonTable { names: columns.iter().map(|column| format!("{}:", json!(column.name))).collect(), out }
    }
}

impl<W: Write> TableWriter for NdjsonTable<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let mut separator = "{";
        for (name, cell) in self.names.iter().zip(cells) {
            let value = match cell {
                Cell::Empty => json!(null),
                Cell::Text(text) => json!(text),
                Cell::Integer(number) => json!(number),
                Cell::Real(number) => json!(number),
            };
            write!(self.out, "{separator}{name}{value}")?;
            separator = ",";
        }
        self.out.write_all(b"}\n")
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}
