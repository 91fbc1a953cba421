//! Chunks: records of one file that one request carries, each on a line of its own.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::intake::element_count;
use crate::process::limits::{SEND_CHUNK_BYTES, SEND_CHUNK_ELEMENTS};

/// Records of one file, in its order. Each takes one line of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The body of the request.
    pub(crate) body: Vec<u8>,
    records: Vec<ChunkRecord>,
    elements: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ChunkRecord {
    /// Line of the source, from 1.
    line: u64,
    /// One past its last byte in the body, without the line end.
    end: usize,
}

impl Chunk {
    /// A chunk of one record.
    #[cfg(test)]
    pub(crate) fn of(record: &[u8], line: u64) -> Chunk {
        let mut chunk = Chunk::default();
        chunk.push(record, line);
        chunk
    }

    /// Adds a record that begins on this line of its source. Its line breaks become spaces: JSON has none within a text.
    pub(crate) fn push(&mut self, record: &[u8], line: u64) {
        self.elements += element_count::at_least(record, SEND_CHUNK_ELEMENTS).max(1);
        let blank = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
        self.body.extend(record.iter().map(blank));
        self.records.push(ChunkRecord { line, end: self.body.len() });
        self.body.push(b'\n');
    }

    /// Whether this record fits behind the others.
    pub(crate) fn fits(&self, record: &[u8]) -> bool {
        self.records.is_empty() || self.elements < SEND_CHUNK_ELEMENTS && self.body.len() + record.len() < SEND_CHUNK_BYTES
    }

    /// Number of records.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The line of the source that holds a line of the body, from 1.
    pub(crate) fn source_line(&self, line: u64) -> Option<u64> {
        let record = usize::try_from(line.checked_sub(1)?).ok()?;
        self.records.get(record).map(|record| record.line)
    }

    /// First and last line of the source.
    pub(crate) fn lines(&self) -> (u64, u64) {
        let line = |record: Option<&ChunkRecord>| record.map_or(0, |record| record.line);
        (line(self.records.first()), line(self.records.last()))
    }

    /// The records with their lines.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let bytes = &self.body[start..record.end];
            start = record.end + 1;
            (record.line, bytes)
        })
    }

    /// The same records in two chunks; `None` for one record that has no parts.
    pub(crate) fn halves(&self) -> Option<[Chunk; 2]> {
        if let [only] = self.records.as_slice() {
            let parts = parts(&self.body[..only.end])?;
            return (parts.len() > 1).then(|| halved(parts.iter().map(|part| (only.line, part.as_bytes())), parts.len()));
        }
        Some(halved(self.records(), self.len()))
    }
}

fn halved<'r>(records: impl Iterator<Item = (u64, &'r [u8])>, count: usize) -> [Chunk; 2] {
    let mut halves = [Chunk::default(), Chunk::default()];
    for (n, (line, record)) in records.enumerate() {
        halves[usize::from(n >= count.div_ceil(2))].push(record, line);
    }
    halves
}

/// The members of a list, or a Bundle of each half of a Bundle's entries. Entries that refer to each other by `urn:` stay together,
/// because such a name means something inside of one Bundle only.
fn parts(record: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(record).ok()?;
    if text.trim_start().starts_with('[') {
        let members: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        return Some(members.into_iter().map(|member| member.get().to_owned()).collect());
    }
    let Bundle { resource_type, kind, id, entry } = serde_json::from_str(text).ok()?;
    if resource_type != "Bundle" || entry.len() < 2 || text.contains("\"urn:") {
        return None;
    }
    let head = [("type", kind), ("id", id)].into_iter().filter_map(|(name, value)| Some(format!("\"{name}\":{},", value?.get())));
    let head: String = head.collect();
    let half = |entries: &[&RawValue]| {
        let entries: Vec<&str> = entries.iter().map(|entry| entry.get()).collect();
        format!("{{\"resourceType\":\"Bundle\",{head}\"entry\":[{}]}}", entries.join(","))
    };
    let (first, second) = entry.split_at(entry.len().div_ceil(2));
    Some(vec![half(first), half(second)])
}

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(rename = "resourceType", default)]
    resource_type: String,
    #[serde(rename = "type", borrow, default)]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entry: Vec<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(chunk: &Chunk) -> Vec<(u64, &str)> {
        chunk.records().map(|(line, bytes)| (line, std::str::from_utf8(bytes).unwrap())).collect()
    }

    #[test]
    fn a_record_over_lines_takes_one_line_and_keeps_its_place() {
        let mut chunk = Chunk::of(b"{\"a\":1}", 3);
        chunk.push(b"{\r\n \"b\": 2\n}", 7);
        assert_eq!(texts(&chunk), [(3, "{\"a\":1}"), (7, "{   \"b\": 2 }")]);
        assert_eq!(chunk.body.iter().filter(|byte| **byte == b'\n').count(), 2);
        assert_eq!((chunk.source_line(1), chunk.source_line(2), chunk.source_line(3)), (Some(3), Some(7), None));
        assert_eq!(chunk.lines(), (3, 7));
    }

    #[test]
    fn a_chunk_halves_down_to_one_element() {
        let mut chunk = Chunk::default();
        (1..=3).for_each(|n| chunk.push(format!("{{\"n\":{n}}}").as_bytes(), n));
        let [one, other] = chunk.halves().unwrap();
        assert_eq!((texts(&one), texts(&other)), (vec![(1, "{\"n\":1}"), (2, "{\"n\":2}")], vec![(3, "{\"n\":3}")]));
        assert_eq!(other.halves(), None);
        let [one, other] = Chunk::of(b"[{\"n\":1}, {\"n\":2}]", 9).halves().unwrap();
        assert_eq!((texts(&one), texts(&other)), (vec![(9, "{\"n\":1}")], vec![(9, "{\"n\":2}")]));
    }

    #[test]
    fn the_entries_of_a_bundle_part_unless_they_refer_to_each_other() {
        let bundle = |entry: &str| format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{entry}]}}"#);
        let [one, other] = Chunk::of(bundle(r#"{"a":1},{"b":2},{"c":3}"#).as_bytes(), 1).halves().unwrap();
        assert_eq!(texts(&one), [(1, bundle(r#"{"a":1},{"b":2}"#).as_str())]);
        assert_eq!(texts(&other), [(1, bundle(r#"{"c":3}"#).as_str())]);
        assert_eq!(Chunk::of(bundle(r#"{"fullUrl":"urn:uuid:1"},{"b":2}"#).as_bytes(), 1).halves(), None);
    }
}
