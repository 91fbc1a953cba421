//! Exports of published cards as tables: their rows, and the formats that write them.

pub mod card_export;
pub(crate) mod disclosed_rows;
pub(crate) mod named_rows;
pub mod table_format;
pub(crate) mod csv_table;
pub(crate) mod ndjson_table;
pub(crate) mod avro_table;
#[cfg(feature = "parquet")]
pub(crate) mod parquet_table;
pub mod table_row;
