//! The formats of a table, by their words.

use std::io::{self, Write};

use clap::ValueEnum;

use crate::view::export::avro_table::AvroTable;
use crate::view::export::csv_table::CsvTable;
use crate::view::export::ndjson_table::NdjsonTable;
#[cfg(feature = "parquet")]
use crate::view::export::parquet_table::ParquetTable;
use crate::view::export::table_row::{Column, TableWriter};

/// A format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// CSV for spreadsheets.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// An Avro object container file.
    Avro,
    /// Apache Parquet, in builds with the feature `parquet`.
    Parquet,
}

/// The cure for a build without Parquet.
const NO_PARQUET: &str = "this build writes no Parquet; choose another format, or build with `--features parquet`";

impl TableFormat {
    /// All of them.
    pub const ALL: [TableFormat; 4] = [TableFormat::Csv, TableFormat::Ndjson, TableFormat::Avro, TableFormat::Parquet];

    /// Its word, which is the extension of its files too.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TableFormat::Csv => "csv",
            TableFormat::Ndjson => "ndjson",
            TableFormat::Avro => "avro",
            TableFormat::Parquet => "parquet",
        }
    }

    /// The type of its content, for `Accept` and `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            TableFormat::Csv => "text/csv",
            TableFormat::Ndjson => "application/x-ndjson",
            TableFormat::Avro => "application/avro",
            TableFormat::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Whether this build writes the format.
    ///
    /// # Errors
    /// The cure.
    pub fn check(self) -> Result<(), &'static str> {
        if self == TableFormat::Parquet && !cfg!(feature = "parquet") { Err(NO_PARQUET) } else { Ok(()) }
    }

    /// Whether the format is no text.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, TableFormat::Avro | TableFormat::Parquet)
    }

    /// Begins a table with these columns.
    ///
    /// # Errors
    /// When the output fails.
    pub fn begin<'w>(self, columns: &[Column], out: impl Write + Send + 'w) -> io::Result<Box<dyn TableWriter + 'w>> {
        Ok(match self {
            TableFormat::Csv => Box::new(CsvTable::begin(columns, out)?),
            TableFormat::Ndjson => Box::new(NdjsonTable::begin(columns, out)),
            TableFormat::Avro => Box::new(AvroTable::begin(columns, out)?),
            #[cfg(feature = "parquet")]
            TableFormat::Parquet => Box::new(ParquetTable::begin(columns, out)?),
            #[cfg(not(feature = "parquet"))]
            TableFormat::Parquet => return Err(io::Error::new(io::ErrorKind::Unsupported, NO_PARQUET)),
        })
    }
}
