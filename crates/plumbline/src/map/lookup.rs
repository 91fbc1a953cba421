//! A look-up in memory: rows of a file by their key, packed into one block of bytes.
//!
//! A row takes its own bytes, 16 bytes of lengths and about 20 bytes of index.

use scorecard::fold::fast_map::FastMap;
use xxhash_rust::xxh3::xxh3_64;

/// No entry before this one.
const NONE: u64 = u64::MAX;

/// Rows by their key. The last row of a key counts.
#[derive(Debug, Default)]
pub struct TableLookup {
    /// Entries one after the other: the offset of the entry before with the same hash, then the key and each value behind its length.
    bytes: Vec<u8>,
    /// Offset of the newest entry by the hash of its key.
    newest: FastMap<u64, u64>,
    rows: u64,
    /// Rows whose key an earlier row has with other values.
    replaced: u64,
}

impl TableLookup {
    /// Adds a row. `values` are in the order of the map's columns.
    pub fn insert<'v>(&mut self, key: &str, values: impl Iterator<Item = &'v str>) {
        let hash = xxh3_64(key.as_bytes());
        let before = self.newest.get(&hash).copied().unwrap_or(NONE);
        let start = self.bytes.len();
        self.bytes.extend(before.to_le_bytes());
        self.push(key);
        values.for_each(|value| self.push(value));
        self.rows += 1;
        if let Some(known) = self.find(key) {
            let own = start + 8 + 4 + key.len();
            if self.bytes[known..].starts_with(&self.bytes[own..]) {
                // The same row again costs nothing.
                self.bytes.truncate(start);
                return;
            }
            self.replaced += 1;
        }
        self.newest.insert(hash, start as u64);
    }

    fn push(&mut self, text: &str) {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend_from_slice(&text.as_bytes()[..length as usize]);
    }

    /// The offset of the values of a key.
    fn find(&self, key: &str) -> Option<usize> {
        let mut entry = self.newest.get(&xxh3_64(key.as_bytes())).copied().unwrap_or(NONE);
        while entry != NONE {
            let at = usize::try_from(entry).ok()?;
            let (held, values) = self.text(at + 8)?;
            if held == key {
                return Some(values);
            }
            entry = u64::from_le_bytes(self.bytes.get(at..at + 8)?.try_into().ok()?);
        }
        None
    }

    /// The text at an offset, and the offset behind it.
    fn text(&self, at: usize) -> Option<(&str, usize)> {
        let length = u32::from_le_bytes(self.bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let end = at + 4 + length;
        Some((std::str::from_utf8(self.bytes.get(at + 4..end)?).ok()?, end))
    }

    /// A value of the row with this key; `None` if there is no such row.
    #[must_use]
    pub fn get(&self, key: &str, column: usize) -> Option<&str> {
        let mut at = self.find(key)?;
        for _ in 0..column {
            at = self.text(at)?.1;
        }
        self.text(at).map(|(value, _)| value)
    }

    /// Number of rows that were added.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows whose key an earlier row had with other values.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Bytes in memory, about.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.capacity() as u64 + self.newest.capacity() as u64 * 18
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_of_a_key_counts_and_equal_rows_are_one() {
        let mut lookup = TableLookup::default();
        for n in 0..1_000 {
            let (key, value) = (format!("k{n}"), format!("v{n}"));
            lookup.insert(&key, [value.as_str(), ""].into_iter());
        }
        let size = lookup.bytes.len();
        lookup.insert("k7", ["v7", ""].into_iter());
        assert_eq!((lookup.bytes.len(), lookup.replaced()), (size, 0));
        lookup.insert("k7", ["w", "x"].into_iter());
        assert_eq!((lookup.get("k7", 0), lookup.get("k7", 1), lookup.get("k8", 0)), (Some("w"), Some("x"), Some("v8")));
        assert_eq!((lookup.get("k", 0), lookup.get("", 0), lookup.replaced(), lookup.rows()), (None, None, 1, 1_002));
        // Leading zeros are a part of a key.
        lookup.insert("07", ["zero", ""].into_iter());
        assert_eq!((lookup.get("7", 0), lookup.get("07", 0)), (None, Some("zero")));
    }
}
