//! CSV for spreadsheets: UTF-8 with a byte order mark, a header, CRLF, a decimal point. No cell is a formula.
//!
//! Source: RFC 4180; OWASP, CSV Injection.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use page::frame::spreadsheet::text_cell;

use crate::view::export::table_row::{Cell, Column, TableWriter};

/// Without it, Excel reads UTF-8 as the code page of the machine.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes CSV.
pub(crate) struct CsvTable<W: Write>(Writer<W>);

impl<W: Write> CsvTable<W> {
    pub(crate) fn begin(columns: &[Column], mut out: W) -> io::Result<CsvTable<W>> {
        out.write_all(BYTE_ORDER_MARK)?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        writer.write_record(columns.iter().map(|column| &column.name))?;
        Ok(CsvTable(writer))
    }
}

impl<W: Write> TableWriter for CsvTable<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty => self.0.write_field("")?,
                Cell::Text(text) => self.0.write_field(text_cell(text))?,
                Cell::Integer(number) => self.0.write_field(number.to_string())?,
                Cell::Real(number) => self.0.write_field(number.to_string())?,
            }
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::export::table_row::ColumnKind;

    #[test]
    fn odd_texts_are_quoted_and_no_cell_is_a_formula() {
        let columns = [("a", ColumnKind::Text), ("b", ColumnKind::Real)].map(|(name, kind)| Column::new(name, kind, ""));
        let mut out = Vec::new();
        let mut table = Box::new(CsvTable::begin(&columns, &mut out).unwrap());
        for (text, number) in
            [("gmc|\"7\",\r\nx", Cell::Real(-0.5)), ("=1+1", Cell::Empty), ("\t=1", Cell::Real(1e-7)), ("", Cell::Real(1e21))]
        {
            table.row(&[Cell::text(text), number]).unwrap();
        }
        table.finish().unwrap();
        let expected = "\u{feff}a,b\r\n\"gmc|\"\"7\"\",\r\nx\",-0.5\r\n'=1+1,\r\n'\t=1,0.0000001\r\n,1000000000000000000000\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
