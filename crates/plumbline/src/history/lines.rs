//! Raw records of one file: the lines of NDJSON, or one JSON document; plain or gzipped. The form is detected from the content.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use codec::formats::record_decoder::RecordFormat;
use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;

use crate::process::limits::{FORMAT_PROBE_BYTES, INPUT_DOCUMENT_BYTES, INPUT_LINE_BYTES};

/// One raw record.
#[derive(Debug, PartialEq, Eq)]
pub enum RawRecord<'a> {
    /// A line without its end, or a whole document, never blank. For a binary file its beginning, which the decoder rejects by name.
    Bytes(&'a [u8]),
    /// A record longer than this limit in bytes; its content is skipped.
    TooLong(usize),
    /// Damaged gzip data; the rest of the file is not read.
    Damaged,
}

/// Calls `each` with the line number (from 1) and the content of every raw record of the file, in order.
///
/// # Errors
/// The file system's, and the first error of `each`.
pub fn read<E: From<io::Error>>(path: &Path, each: &mut dyn FnMut(u64, RawRecord<'_>) -> Result<(), E>) -> Result<(), E> {
    if let Some(head) = foreign(path)? {
        return each(1, RawRecord::Bytes(&head));
    }
    if let Some(document) = document(path)? {
        return match document {
            Document::Whole(bytes) => each(1, RawRecord::Bytes(&bytes)),
            Document::TooLong => each(1, RawRecord::TooLong(INPUT_DOCUMENT_BYTES)),
        };
    }
    let mut reader = open(path)?;
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        match next_line(&mut reader, &mut line) {
            Ok(Line::End) => return Ok(()),
            Ok(Line::TooLong) => each(number, RawRecord::TooLong(INPUT_LINE_BYTES))?,
            Ok(Line::Whole) => {
                let bytes = if number == 1 { without_byte_order_mark(&line) } else { &line };
                let bytes = bytes.trim_ascii();
                if !bytes.is_empty() {
                    each(number, RawRecord::Bytes(bytes))?;
                }
            }
            Err(error) if of_gzip(&error) => return each(number, RawRecord::Damaged),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Calls `each` with every raw record of a stream, in order: the lines of NDJSON, or one JSON document; plain or gzipped.
///
/// A stream cannot be read twice, so a document is held in memory whole.
///
/// # Errors
/// The stream's, and the first error of `each`.
pub fn read_stream<E: From<io::Error>>(
    stream: impl Read + 'static,
    each: &mut dyn FnMut(u64, RawRecord<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = unzipped(BufReader::with_capacity(1 << 16, stream))?;
    let (mut number, mut is_first) = (0, true);
    let mut line = Vec::new();
    loop {
        number += 1;
        match next_line(&mut reader, &mut line) {
            Ok(Line::End) => return Ok(()),
            Ok(Line::TooLong) => each(number, RawRecord::TooLong(INPUT_LINE_BYTES))?,
            Ok(Line::Whole) => {
                let bytes = if number == 1 { without_byte_order_mark(&line) } else { &line }.trim_ascii();
                if bytes.is_empty() {
                    continue;
                }
                // A value that goes on behind the first line: the stream is one document.
                if std::mem::take(&mut is_first) && begins_document(bytes) {
                    let mut document = bytes.to_owned();
                    let rest = (INPUT_DOCUMENT_BYTES as u64).saturating_sub(document.len() as u64) + 1;
                    document.push(b'\n');
                    reader.by_ref().take(rest).read_to_end(&mut document)?;
                    if document.len() > INPUT_DOCUMENT_BYTES {
                        return each(number, RawRecord::TooLong(INPUT_DOCUMENT_BYTES));
                    }
                    return each(number, RawRecord::Bytes(document.trim_ascii()));
                }
                each(number, RawRecord::Bytes(bytes))?;
            }
            Err(error) if of_gzip(&error) => return each(number, RawRecord::Damaged),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a line begins a JSON value that ends on a later line.
fn begins_document(line: &[u8]) -> bool {
    matches!(line.last(), Some(b'{' | b'[' | b','))
        && serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

/// Whether the first byte that is not blank starts a JSON object or array.
///
/// # Errors
/// The file system's.
pub fn looks_like_json(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    match open(path)?.take(FORMAT_PROBE_BYTES).read_to_end(&mut start) {
        Ok(_) => {}
        Err(error) if of_gzip(&error) => return Ok(false),
        Err(error) => return Err(error),
    }
    Ok(without_byte_order_mark(&start).trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'[')))
}

/// The beginning of a file in a format without lines. Split at line ends it would become thousands of rejects.
fn foreign(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    match open(path)?.take(FORMAT_PROBE_BYTES).read_to_end(&mut head) {
        Err(error) if !of_gzip(&error) => Err(error),
        _ => match RecordFormat::of(&head) {
            RecordFormat::Json | RecordFormat::Fhir | RecordFormat::Unknown => Ok(None),
            RecordFormat::Avro | RecordFormat::Refused => Ok(Some(head)),
        },
    }
}

enum Document {
    Whole(Vec<u8>),
    TooLong,
}

/// The file as one JSON value, if that value spans several lines.
fn document(path: &Path) -> io::Result<Option<Document>> {
    let mut first = Vec::new();
    let mut reader = open(path)?;
    let whole = loop {
        match next_line(&mut reader, &mut first) {
            Ok(Line::Whole) if without_byte_order_mark(&first).trim_ascii().is_empty() => {}
            Ok(Line::Whole) => break true,
            Ok(Line::TooLong) => break false,
            Ok(Line::End) => return Ok(None),
            Err(error) if of_gzip(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    };
    let unfinished = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).is_err_and(|error| error.is_eof());
    if whole && !unfinished(without_byte_order_mark(&first)) {
        return Ok(None);
    }
    // A truncated first line looks the same, so the whole file is parsed. Two values in a row are an error here: then it is NDJSON.
    let mut reader = open(path)?;
    skip_byte_order_mark(&mut reader)?;
    if serde_json::from_reader::<_, IgnoredAny>(&mut reader).is_err() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    open(path)?.take(INPUT_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > INPUT_DOCUMENT_BYTES {
        return Ok(Some(Document::TooLong));
    }
    Ok(Some(Document::Whole(without_byte_order_mark(&bytes).trim_ascii().to_owned())))
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    unzipped(BufReader::with_capacity(1 << 16, File::open(path)?))
}

fn unzipped(mut file: BufReader<impl Read + 'static>) -> io::Result<Box<dyn BufRead>> {
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Whether flate2 found invalid or truncated gzip data. A failing disk has other kinds of errors.
fn of_gzip(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads up to the next line end. `line` holds only the beginning of a line that is too long.
fn next_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let mut length = 0;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(if length == 0 { Line::End } else { of_length(length) });
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let content = &available[..end.unwrap_or(available.len())];
        let room = INPUT_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&content[..content.len().min(room)]);
        let used = content.len() + usize::from(end.is_some());
        length += used;
        reader.consume(used);
        if end.is_some() {
            return Ok(of_length(length - 1));
        }
    }
}

fn of_length(length: usize) -> Line {
    if length > INPUT_LINE_BYTES { Line::TooLong } else { Line::Whole }
}

fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn skip_byte_order_mark(reader: &mut dyn BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes as text, the rest as the variant's name.
    fn records(content: &[u8]) -> Vec<(u64, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, content).unwrap();
        let mut seen = Vec::new();
        read::<io::Error>(&path, &mut |line, raw| {
            seen.push(match raw {
                RawRecord::Bytes(bytes) => (line, String::from_utf8(bytes.to_owned()).unwrap()),
                other => (line, format!("{other:?}")),
            });
            Ok(())
        })
        .unwrap();
        seen
    }

    fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_keep_their_numbers_over_blank_ones_and_windows_line_ends() {
        let expected = numbered(&[(1, "{\"a\":1}"), (4, "{\"b\":2}"), (5, "{\"c\":3}")]);
        let text = "\u{feff}{\"a\":1}\r\n\r\n  \n{\"b\":2}\r\n{\"c\":3}".as_bytes();
        assert_eq!(records(text), expected);
        assert_eq!(records(&gzipped(text)), expected);
        let two_members = [gzipped(&text[..12]), gzipped(&text[12..])].concat();
        assert_eq!(records(&two_members), expected);
    }

    #[test]
    fn a_document_over_many_lines_is_one_record() {
        let text = "\n{\n  \"resourceType\": \"Bundle\",\n  \"entry\": []\n}\n";
        assert_eq!(records(text.as_bytes()), numbered(&[(1, text.trim())]));
        assert_eq!(records(&gzipped(text.as_bytes())), numbered(&[(1, text.trim())]));
    }

    #[test]
    fn a_broken_line_is_a_record_and_not_the_end() {
        assert_eq!(records(b"{\"a\":\n{\"b\":2}\n"), numbered(&[(1, "{\"a\":"), (2, "{\"b\":2}")]));
        assert_eq!(records(b"rubbish\n{\"b\":2}\n"), numbered(&[(1, "rubbish"), (2, "{\"b\":2}")]));
        assert_eq!(records(b"{\"b\":2}\n{\"a\":"), numbered(&[(1, "{\"b\":2}"), (2, "{\"a\":")]));
    }

    #[test]
    fn a_line_without_an_end_is_bounded_and_the_next_one_is_read() {
        let mut text = vec![b'x'; INPUT_LINE_BYTES + 1];
        text.extend_from_slice(b"\n{}\n");
        assert_eq!(records(&text), numbered(&[(1, "TooLong(16777216)"), (2, "{}")]));
    }

    #[test]
    fn a_long_document_on_one_line_is_read_whole() {
        let text = format!("[\"{}\"]", "y".repeat(INPUT_LINE_BYTES));
        assert_eq!(records(text.as_bytes()), numbered(&[(1, text.as_str())]));
    }

    #[test]
    fn a_damaged_archive_says_so_after_its_last_whole_line() {
        let lines: String = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let whole = gzipped(lines.as_bytes());
        let seen = records(&whole[..whole.len() / 2]);
        assert!(seen.len() > 1);
        assert_eq!(seen.last().unwrap().1, "Damaged");
        assert!(seen[..seen.len() - 1].iter().all(|(line, text)| *text == format!("{{\"n\":{}}}", line - 1)));
    }

    #[test]
    fn a_file_of_another_format_is_one_record_however_many_line_ends_it_holds() {
        assert_eq!(records(b"PK\x03\x04zip\n\n\nzip\n").len(), 1);
        assert_eq!(records(b"<Bundle>\n<entry/>\n</Bundle>\n").len(), 1);
    }

    #[test]
    fn an_empty_file_holds_nothing() {
        assert!(records(b"").is_empty());
        assert!(records(b"\n\n").is_empty());
    }
}
