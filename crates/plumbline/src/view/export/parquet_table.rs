//! Apache Parquet: columns in groups of rows, without compression but with dictionaries. Every column may be null.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::view::export::table_row::{Cell, Column, ColumnKind, TableWriter};

/// Rows of a group. They are in memory until the group is written: about 20 MB.
const GROUP_ROWS: usize = 65_536;

/// Writes a Parquet file.
pub(crate) struct ParquetTable<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<ColumnBuffer>,
    rows: usize,
}

/// The cells of a column: the values, and for each cell 1 if it has one.
struct ColumnBuffer {
    values: ColumnValues,
    levels: Vec<i16>,
}

enum ColumnValues {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Real(Vec<f64>),
}

impl<W: Write + Send> ParquetTable<W> {
    pub(crate) fn begin(columns: &[Column], out: W) -> io::Result<ParquetTable<W>> {
        let fields = columns.iter().map(field).collect::<Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("row").with_fields(fields).build().map_err(failed)?;
        let properties =
            WriterProperties::builder().set_created_by(concat!("plumbline ", env!("CARGO_PKG_VERSION")).to_owned()).build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        let empty = |column: &Column| ColumnBuffer {
            values: match column.kind {
                ColumnKind::Text => ColumnValues::Text(Vec::new()),
                ColumnKind::Integer => ColumnValues::Integer(Vec::new()),
                ColumnKind::Real => ColumnValues::Real(Vec::new()),
            },
            levels: Vec::new(),
        };
        Ok(ParquetTable { writer, columns: columns.iter().map(empty).collect(), rows: 0 })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for buffer in &mut self.columns {
            let mut column = group.next_column()?.expect("the schema has the same columns");
            let levels = Some(&buffer.levels[..]);
            match &mut buffer.values {
                ColumnValues::Text(values) => {
                    column.typed::<ByteArrayType>().write_batch(values, levels, None)?;
                    values.clear();
                }
                ColumnValues::Integer(values) => {
                    column.typed::<Int64Type>().write_batch(values, levels, None)?;
                    values.clear();
                }
                ColumnValues::Real(values) => {
                    column.typed::<DoubleType>().write_batch(values, levels, None)?;
                    values.clear();
                }
            }
            buffer.levels.clear();
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> TableWriter for ParquetTable<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for (buffer, cell) in self.columns.iter_mut().zip(cells) {
            buffer.levels.push(i16::from(*cell != Cell::Empty));
            match (&mut buffer.values, cell) {
                (ColumnValues::Text(values), Cell::Text(text)) => values.push(ByteArray::from(text.as_str())),
                (ColumnValues::Integer(values), Cell::Integer(number)) => values.push(*number),
                (ColumnValues::Real(values), Cell::Real(number)) => values.push(*number),
                (_, Cell::Empty) => {}
                _ => unreachable!("a cell has the kind of its column"),
            }
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS { self.write_group().map_err(failed) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.write_group().map_err(failed)?;
        self.writer.finish().map_err(failed)?;
        self.writer.inner_mut().flush()
    }
}

fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.kind {
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Integer => (Physical::INT64, None),
        ColumnKind::Real => (Physical::DOUBLE, None),
    };
    let builder = Type::primitive_type_builder(&column.name, physical);
    Ok(Arc::new(builder.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build()?))
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
