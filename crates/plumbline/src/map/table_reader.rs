//! The rows of one file, one at a time: separated values, plain or gzipped. A row is bounded, so a file of any size needs no memory.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};
use flate2::bufread::MultiGzDecoder;

use crate::config::did_you_mean::unknown;
use crate::map::map_error::MapError;
use crate::map::table_files::TableFile;
use crate::process::limits::MAP_ROW_BYTES;

/// Lines of a row that has not the cells of its header, behind which a quotation mark counts as unclosed.
const SUSPICIOUS_LINES: u64 = 100;

const UNCLOSED: &str =
    "the last row begins here, and its quotation mark is not closed; correct it, or set quote = false in the map";

/// The encoding of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    /// With or without a byte order mark.
    #[default]
    Utf8,
    /// That of Western Windows.
    Windows1252,
}

/// The form of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableForm {
    pub(crate) separator: u8,
    /// Whether `"` quotes a cell.
    pub(crate) quotes: bool,
    pub(crate) encoding: TextEncoding,
    /// The columns of a file without a header.
    pub(crate) header: Option<Vec<String>>,
}

/// A row with the places of the columns that a map reads.
#[derive(Debug)]
pub(crate) struct TableRow<'r> {
    pub(crate) record: &'r ByteRecord,
    /// Number of the cell by slot.
    pub(crate) cells: &'r [usize],
    pub(crate) encoding: TextEncoding,
}

/// A cell that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellFault {
    pub(crate) slot: usize,
    pub(crate) fault: &'static str,
}

impl TableRow<'_> {
    /// The text of a cell without blanks around it; `None` if nothing is left.
    ///
    /// # Errors
    /// [`CellFault`] for bytes that are no text.
    pub(crate) fn cell(&self, slot: usize) -> Result<Option<Cow<'_, str>>, CellFault> {
        let bytes = self.record.get(self.cells[slot]).unwrap_or_default().trim_ascii();
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.contains(&0) {
            return Err(CellFault { slot, fault: "holds a zero byte" });
        }
        match (self.encoding, std::str::from_utf8(bytes)) {
            (TextEncoding::Utf8, Ok(text)) => Ok(Some(Cow::Borrowed(text.trim())).filter(|text| !text.is_empty())),
            (TextEncoding::Windows1252, Ok(text)) if text.is_ascii() => Ok(Some(Cow::Borrowed(text))),
            (TextEncoding::Windows1252, _) => Ok(Some(Cow::Owned(bytes.iter().map(|byte| of_windows(*byte)).collect()))),
            (TextEncoding::Utf8, Err(_)) => {
                Err(CellFault { slot, fault: "is not UTF-8; export UTF-8, or set encoding = \"windows-1252\" in the map" })
            }
        }
    }
}

/// The character of a byte. Source: WHATWG, Encoding, index windows-1252.
fn of_windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“',
        '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// A file whose header is read.
pub(crate) struct TableReader<'f> {
    file: &'f TableFile,
    form: &'f TableForm,
    rows: Reader<BoundedRead>,
    budget: Rc<Cell<u64>>,
    /// The last byte that was read and is not blank.
    last: Rc<Cell<u8>>,
    width: usize,
    cells: Vec<usize>,
}

/// A row, or the reason why it is none.
pub(crate) type RowOrFault<'r> = Result<TableRow<'r>, String>;

impl<'f> TableReader<'f> {
    /// Opens a file and finds these columns in its header.
    ///
    /// # Errors
    /// [`MapError`] for an unreadable file, another encoding, and each column that is missing or named twice.
    pub(crate) fn open(file: &'f TableFile, form: &'f TableForm, columns: &[String]) -> Result<TableReader<'f>, MapError> {
        let unreadable = |source| MapError::Unreadable { path: file.path.clone(), source };
        let mut input = BufReader::with_capacity(1 << 16, File::open(&file.path).map_err(unreadable)?);
        let is_gzip = input.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
        let mut input: Box<dyn BufRead> =
            if is_gzip { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input))) } else { Box::new(input) };
        let head = input.fill_buf().map_err(|error| broken(file, &error))?;
        if let Some(fault) = foreign(head) {
            return Err(MapError::file(&file.name, None, fault));
        }
        let (budget, last) = (Rc::new(Cell::new(MAP_ROW_BYTES)), Rc::new(Cell::new(0)));
        let rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(form.separator)
            // A carriage return stays with the last cell, where it is trimmed. Lines then count as they do in an editor.
            .terminator(Terminator::Any(b'\n'))
            .quoting(form.quotes)
            .from_reader(BoundedRead { inner: input, budget: budget.clone(), last: last.clone() });
        let mut reader = TableReader { file, form, rows, budget, last, width: 0, cells: Vec::new() };
        let header = match &form.header {
            Some(header) => header.clone(),
            None => reader.header()?,
        };
        reader.width = header.len();
        reader.cells = reader.find(&header, columns)?;
        Ok(reader)
    }

    fn header(&mut self) -> Result<Vec<String>, MapError> {
        let mut record = ByteRecord::new();
        if !self.next(&mut record)? {
            return Err(MapError::file(&self.file.name, None, "the file is empty; it needs a header"));
        }
        let name = |cell: &[u8]| {
            let text = String::from_utf8_lossy(cell);
            text.trim_start_matches('\u{feff}').trim().trim_matches('"').to_owned()
        };
        Ok(record.iter().map(name).collect())
    }

    /// The places of columns in a header. Every mistake is named at once.
    fn find(&self, header: &[String], columns: &[String]) -> Result<Vec<usize>, MapError> {
        let names: Vec<&str> = header.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let (mut cells, mut mistakes) = (Vec::new(), Vec::new());
        for column in columns {
            let mut places = header.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(place), None) => cells.push(place),
                (Some(_), Some(_)) => mistakes.push(format!("the header names {column:?} twice; rename one of the two")),
                (None, _) if names.len() == 1 && columns.len() > 1 => {
                    mistakes.push(format!("the header has no column {column:?}; it has only one, so check separator in the map"));
                }
                (None, _) => mistakes.push(format!("the header has no such column: {}", unknown("column", column, &names))),
            }
        }
        if mistakes.is_empty() { Ok(cells) } else { Err(MapError::file(&self.file.name, Some(1), mistakes.join("; "))) }
    }

    /// Calls `each` with line and content of every row. A row without any cell is no row.
    ///
    /// # Errors
    /// [`MapError`] where the file cannot be read on, and the first error of `each`.
    pub(crate) fn each<E: From<MapError>>(mut self, each: &mut dyn FnMut(u64, RowOrFault<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut record = ByteRecord::new();
        let mut open = None;
        while self.next(&mut record)? {
            open = None;
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            let extra = record.iter().skip(self.width).any(|cell| !cell.trim_ascii().is_empty());
            if record.len() >= self.width && !extra {
                // The last cell of a file may be one that is never closed.
                if record.iter().next_back().is_some_and(|cell| cell.trim_ascii_end().contains(&b'\n')) {
                    open = Some(line);
                }
                let row = TableRow { record: &record, cells: &self.cells, encoding: self.form.encoding };
                each(line, Ok(row))?;
                continue;
            }
            let lines = self.rows.position().line().saturating_sub(line);
            if lines > SUSPICIOUS_LINES {
                let fault = format!(
                    "a row of {lines} lines begins here, so a quotation mark is not closed; correct it, or set quote = false in the map"
                );
                return Err(MapError::file(&self.file.name, Some(line), fault).into());
            }
            each(line, Err(format!("a row has {} cells, and the header {}", record.len(), self.width)))?;
        }
        match open.filter(|_| self.last.get() != b'"') {
            Some(line) => Err(MapError::file(&self.file.name, Some(line), UNCLOSED).into()),
            None => Ok(()),
        }
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, MapError> {
        self.budget.set(MAP_ROW_BYTES);
        let line = self.rows.position().line();
        self.rows.read_byte_record(record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(_) if self.budget.get() == 0 => {
                let most = MAP_ROW_BYTES >> 20;
                let fault = format!(
                    "a row from here on is longer than {most} MiB; close its quotation mark, or set quote = false in the map if the file \
                     does not quote"
                );
                MapError::file(&self.file.name, Some(line), fault)
            }
            csv::ErrorKind::Io(error) => broken(self.file, &error),
            other => MapError::file(&self.file.name, Some(line), format!("{other:?}")),
        })
    }
}

/// Reads at most as many bytes as the budget holds.
struct BoundedRead {
    inner: Box<dyn BufRead>,
    budget: Rc<Cell<u64>>,
    last: Rc<Cell<u8>>,
}

impl Read for BoundedRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.get() == 0 {
            return Err(io::Error::other("the row is too long"));
        }
        let read = self.inner.read(buffer)?;
        self.budget.set(self.budget.get().saturating_sub(read as u64));
        if let Some(last) = buffer[..read].trim_ascii_end().last() {
            self.last.set(*last);
        }
        Ok(read)
    }
}

fn broken(file: &TableFile, error: &io::Error) -> MapError {
    let is_gzip = matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
    let fault = if is_gzip { "the gzip data are damaged; compress the file again".to_owned() } else { error.to_string() };
    MapError::file(&file.name, None, fault)
}

/// The cure for a file that is no table of bytes.
fn foreign(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the file is UTF-16; export it as UTF-8"),
        [b'P', b'K', 3, 4, ..] => Some("the file is a zip archive or a workbook; unpack it, or export it as separated values"),
        [b'P', b'A', b'R', b'1', ..] => Some("the file is Parquet; export it as separated values"),
        [0, ..] | [_, 0, ..] => Some("the file holds zero bytes, as UTF-16 does; export it as UTF-8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comma() -> TableForm {
        TableForm { separator: b',', quotes: true, encoding: TextEncoding::Utf8, header: None }
    }

    /// The cells of these columns, or the fault of the row, by line.
    fn read(content: &[u8], form: &TableForm, columns: &[&str]) -> Result<Vec<(u64, String)>, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = TableFile { name: "t.csv".to_owned(), path: dir.path().join("t.csv") };
        std::fs::write(&file.path, content).unwrap();
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let mut rows = Vec::new();
        let reader = TableReader::open(&file, form, &columns).map_err(|error| error.to_string())?;
        let read: Result<(), MapError> = reader.each(&mut |line, row| {
            let text = match row {
                Ok(row) => {
                    let cell = |slot| match row.cell(slot) {
                        Ok(cell) => cell.map_or("-".to_owned(), Cow::into_owned),
                        Err(fault) => fault.fault.to_owned(),
                    };
                    (0..columns.len()).map(cell).collect::<Vec<_>>().join("|")
                }
                Err(fault) => fault,
            };
            rows.push((line, text));
            Ok(())
        });
        read.map_err(|error| error.to_string())?;
        Ok(rows)
    }

    fn texts(rows: Result<Vec<(u64, String)>, String>) -> Vec<String> {
        rows.unwrap().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn cells_are_trimmed_quoted_ones_may_hold_line_breaks_and_lines_are_those_of_the_file() {
        let content = "\u{feff} a ,\"b\",c\r\n 01 ,\"x,\r\ny\",\r\n\r\n,,\r\n2,\"say \"\"hi\"\"\",z\r\n";
        let rows = read(content.as_bytes(), &comma(), &["c", "a", "b"]).unwrap();
        assert_eq!(rows, [(2, "-|01|x,\r\ny".to_owned()), (6, "z|2|say \"hi\"".to_owned())]);
    }

    #[test]
    fn separators_files_without_quotes_and_files_without_a_header_are_read() {
        let tab = TableForm { separator: b'\t', quotes: false, ..comma() };
        assert_eq!(texts(read(b"a\tb\n1\t\"5' \n", &tab, &["a", "b"])), ["1|\"5'"]);
        let header = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(texts(read(b"1|2\n", &TableForm { separator: b'|', header, ..comma() }, &["b"])), ["2"]);
    }

    #[test]
    fn rows_with_other_cells_than_the_header_are_faulty_and_the_next_one_is_read() {
        let rows = read(b"a,b\n1\n1,2,3\n1,2,,\n3,4\n", &comma(), &["b"]).unwrap();
        let expected = ["a row has 1 cells, and the header 2", "a row has 3 cells, and the header 2", "2", "4"];
        assert_eq!(rows.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_missing_and_doubled_column_is_named_at_once() {
        let refused = read(b"Date,Slot,Slot\n", &comma(), &["Dates", "Slot"]).unwrap_err();
        assert!(refused.contains("did you mean \"Date\"?") && refused.contains("names \"Slot\" twice"), "{refused}");
        assert!(read(b"Date,Slot,Slot\n", &comma(), &["Date"]).is_ok(), "a doubled column that nobody reads does no harm");
        let refused = read(b"a;b\n", &comma(), &["a", "b"]).unwrap_err();
        assert!(refused.contains("check separator"), "{refused}");
        assert!(read(b"", &comma(), &["a"]).unwrap_err().contains("empty"));
    }

    #[test]
    fn encodings_are_named_and_windows_1252_is_read_where_the_map_says_so() {
        assert!(read(b"\xff\xfea\0", &comma(), &["a"]).unwrap_err().contains("UTF-16"));
        assert!(read(b"a\0,\0b\0", &comma(), &["a"]).unwrap_err().contains("UTF-16"));
        assert!(read(b"PK\x03\x04", &comma(), &["a"]).unwrap_err().contains("workbook"));
        assert!(texts(read(b"a\nZo\xeb\n", &comma(), &["a"]))[0].contains("windows-1252"));
        let windows = TableForm { encoding: TextEncoding::Windows1252, ..comma() };
        assert_eq!(texts(read(b"a\nZo\xeb \x80\n", &windows, &["a"])), ["Zoë €"]);
        assert_eq!(texts(read(b"a,b\n1,x\0y\n", &comma(), &["a", "b"])), ["1|holds a zero byte"]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_ends_the_file_with_its_line() {
        for row in ["3,\"4\n", "\"3,4\n"] {
            let content = format!("a,b\n1,2\n{row}{}", "5,6\n".repeat(200));
            let refused = read(content.as_bytes(), &comma(), &["a"]).unwrap_err();
            assert!(refused.starts_with("t.csv:3:") && refused.contains("quotation mark"), "{refused}");
        }
        assert_eq!(texts(read(b"a,b\n1,\"2\n3\"\n", &comma(), &["b"])), ["2\n3"], "a last cell may hold lines");
        let mut content = b"a,b\n1,\"".to_vec();
        content.resize(usize::try_from(MAP_ROW_BYTES).unwrap() + (1 << 20), b'x');
        let refused = read(&content, &comma(), &["a"]).unwrap_err();
        assert!(refused.starts_with("t.csv:2:") && refused.contains("16 MiB"), "{refused}");
    }
}
