//! The journal of the storage engine, checked before the engine reads it.
//!
//! The engine ends its recovery at the first byte that it does not understand, and truncates the file there: one flipped bit would
//! silently cost every later record. A crash, in contrast, leaves an unfinished batch at the end, which nobody acknowledged.
//!
//! ```text
//! batch  1: u8 | items: u32 | sequence: u64 | item... | 3: u8 | XXH3-64 of the items: u64 | "FJL" 3       little-endian
//! item   2: u8 | kind: u8 | compression: u8 | keyspace: u64 | key length: u16 | value length: u32 | stored length: u32 | key | value
//!        4: u8 | keyspace: u64                                                                 a cleared keyspace
//! ```
//!
//! Source: fjall 3.1, `journal/entry.rs`.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::log::log_record_layout::{parse_key, parse_value};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
/// Behind the checksum of each batch.
const TRAILER: &[u8; 4] = b"FJL\x03";
/// Bytes of the head of a batch.
const HEAD_BYTES: usize = 13;
/// Bytes of an item before its key.
const ITEM_BYTES: usize = 21;
/// Bytes of a cleared keyspace.
const CLEAR_BYTES: usize = 9;
/// Bytes of the end of a batch.
const END_BYTES: usize = 13;

/// The unit in which a disk writes.
const SECTOR_BYTES: usize = 512;

/// A record in a damaged batch, as far as its key is legible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DamagedRecord {
    /// Number of the topic in stored keys.
    pub topic: u8,
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
    /// The record's own key, such as the feed of events; empty if it is not legible.
    pub key: String,
}

/// The batches of one journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalScan {
    /// The whole batches, in order.
    pub valid: Vec<Range<usize>>,
    /// Bytes between them that are no batch, although they were written completely.
    pub damaged: Vec<Range<usize>>,
}

impl JournalScan {
    /// Finds the batches of a journal.
    #[must_use]
    pub fn of(bytes: &[u8]) -> JournalScan {
        // The engine reserves room with zeros.
        let bytes = &bytes[..bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)];
        let mut scan = JournalScan::default();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(end) = batch_at(bytes, at) {
                scan.valid.push(at..end);
                at = end;
                continue;
            }
            let next = (at + 1..bytes.len()).find(|from| batch_at(bytes, *from).is_some());
            let end = next.unwrap_or(bytes.len());
            if next.is_some() || is_finished(&bytes[at..]) && !has_unwritten_sector(bytes, at) {
                scan.damaged.push(at..end);
            }
            at = end;
        }
        scan
    }
}

/// The end of the whole batch that begins here.
fn batch_at(bytes: &[u8], at: usize) -> Option<usize> {
    let (end, checksum) = items_at(bytes, at)?;
    let stored = u64::from_le_bytes(bytes.get(end + 1..end + 9)?.try_into().ok()?);
    let trailer = bytes.get(end + 9..end + END_BYTES)?;
    (checksum == stored && trailer == TRAILER).then_some(end + END_BYTES)
}

/// The place behind the items of the batch that begins here, and their checksum.
fn items_at(bytes: &[u8], at: usize) -> Option<(usize, u64)> {
    if *bytes.get(at)? != START {
        return None;
    }
    let items = u32::from_le_bytes(bytes.get(at + 1..at + 5)?.try_into().ok()?);
    let first = at + HEAD_BYTES;
    let mut end = first;
    for _ in 0..items {
        end = item_at(bytes, end)?.end;
    }
    (*bytes.get(end)? == END).then(|| (end, xxh3_64(&bytes[first..end])))
}

/// An item with the places of its key and its value. A cleared keyspace has neither.
struct ItemPlace {
    key: Range<usize>,
    value: Range<usize>,
    end: usize,
}

fn item_at(bytes: &[u8], at: usize) -> Option<ItemPlace> {
    match *bytes.get(at)? {
        CLEAR => Some(ItemPlace { key: at..at, value: at..at, end: at + CLEAR_BYTES }),
        ITEM => {
            let head = bytes.get(at..at + ITEM_BYTES)?;
            let key_bytes = usize::from(u16::from_le_bytes([head[11], head[12]]));
            let value_bytes = u32::from_le_bytes([head[17], head[18], head[19], head[20]]) as usize;
            let key = at + ITEM_BYTES;
            let end = key.checked_add(key_bytes)?.checked_add(value_bytes).filter(|end| *end <= bytes.len())?;
            Some(ItemPlace { key: key..key + key_bytes, value: key + key_bytes..end, end })
        }
        _ => None,
    }
}

/// Whether the last bytes were written to their end, so that a damage and no crash made them illegible.
fn is_finished(tail: &[u8]) -> bool {
    // A crash inside the trailer leaves less than all of its bytes.
    let is_whole = |(end, checksum): (usize, u64)| {
        tail.len() >= end + END_BYTES && tail.get(end + 1..end + 9).is_some_and(|sum| sum == checksum.to_le_bytes())
    };
    tail.ends_with(TRAILER) || items_at(tail, 0).is_some_and(is_whole)
}

/// Whether a loss of power left a hole in the last bytes: a disk may write the sectors of one sync in any order.
fn has_unwritten_sector(bytes: &[u8], from: usize) -> bool {
    let sectors = bytes[from.next_multiple_of(SECTOR_BYTES).min(bytes.len())..].chunks_exact(SECTOR_BYTES);
    sectors.into_iter().any(|sector| sector.iter().all(|byte| *byte == 0))
}

/// The records of a damaged range whose keys are legible.
fn records_of(bytes: &[u8], range: &Range<usize>) -> Vec<DamagedRecord> {
    let bytes = &bytes[range.clone()];
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some(item) = item_at(bytes, at).filter(|item| !item.key.is_empty()) else {
            at += 1;
            continue;
        };
        match parse_key(&bytes[item.key.clone()]) {
            Some((topic, partition, offset)) if (1..=11).contains(&topic) => {
                let key = parse_value(&bytes[item.value]).map_or_else(String::new, |(_, key, _)| key.to_owned());
                found.push(DamagedRecord { topic, partition, offset, key });
                at = item.end;
            }
            _ => at += 1,
        }
    }
    found
}

/// A damaged journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalDamage {
    /// The file.
    pub file: PathBuf,
    /// Number of damaged places.
    pub places: usize,
    /// Their records whose keys are legible.
    pub records: Vec<DamagedRecord>,
}

/// The damage in the journals of an engine's folder.
///
/// # Errors
/// The file system's.
pub fn damage(engine: &Path) -> io::Result<Vec<JournalDamage>> {
    let mut found = Vec::new();
    for file in journals(engine)? {
        let bytes = fs::read(&file)?;
        let scan = JournalScan::of(&bytes);
        if !scan.damaged.is_empty() {
            let records = scan.damaged.iter().flat_map(|range| records_of(&bytes, range)).collect();
            found.push(JournalDamage { file, places: scan.damaged.len(), records });
        }
    }
    Ok(found)
}

/// Rewrites the journals of an engine's folder, a copy, with their whole batches alone.
///
/// # Errors
/// The file system's.
pub fn keep_whole_batches(engine: &Path) -> io::Result<()> {
    for file in journals(engine)? {
        let bytes = fs::read(&file)?;
        let whole: Vec<&[u8]> = JournalScan::of(&bytes).valid.into_iter().map(|range| &bytes[range]).collect();
        fs::write(&file, whole.concat())?;
    }
    Ok(())
}

fn journals(engine: &Path) -> io::Result<Vec<PathBuf>> {
    if !engine.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(engine)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jnl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::log_record_layout::{begin_value, key};
    use scorecard::time::calendar::Timestamp;
    use stream::log::Topic;

    /// A batch with one record of `events`, as the engine writes it.
    fn batch(offset: u64) -> Vec<u8> {
        let key = key(Topic::Events, 3, offset);
        let mut value = Vec::new();
        begin_value(&mut value, Timestamp(5), "north");
        value.extend_from_slice(b"record");
        let mut item = vec![ITEM, 0, 0];
        item.extend_from_slice(&1u64.to_le_bytes());
        item.extend_from_slice(&u16::try_from(key.len()).unwrap().to_le_bytes());
        item.extend_from_slice(&[u32::try_from(value.len()).unwrap().to_le_bytes(); 2].concat());
        item.extend_from_slice(&key);
        item.extend_from_slice(&value);
        let mut bytes = vec![START, 1, 0, 0, 0];
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&item);
        bytes.push(END);
        bytes.extend_from_slice(&xxh3_64(&item).to_le_bytes());
        bytes.extend_from_slice(TRAILER);
        bytes
    }

    #[test]
    fn no_flipped_bit_of_a_journal_is_silent_and_it_costs_one_batch() {
        let whole: Vec<u8> = (0..4).flat_map(batch).chain([0; 64]).collect();
        let of_batch = batch(0).len();
        assert_eq!((JournalScan::of(&whole).valid.len(), JournalScan::of(&whole).damaged.len()), (4, 0));
        for bit in 0..4 * of_batch * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let scan = JournalScan::of(&flipped);
            let hit = bit / 8 / of_batch;
            let place = bit / 8 % of_batch;
            if (5..HEAD_BYTES).contains(&place) {
                // The sequence of a batch has no checksum. It changes the order of versions of one key, and every key is written once.
                assert_eq!((scan.valid.len(), scan.damaged.len()), (4, 0), "bit {bit}");
                continue;
            }
            let left: Vec<usize> = (0..4).filter(|number| *number != hit).map(|number| number * of_batch).collect();
            assert_eq!(scan.valid.iter().map(|range| range.start).collect::<Vec<_>>(), left, "bit {bit}");
            let whole = hit * of_batch..(hit + 1) * of_batch;
            assert_eq!(scan.damaged, std::slice::from_ref(&whole), "bit {bit}");
        }
    }

    #[test]
    fn an_unfinished_batch_at_the_end_is_that_of_a_crash() {
        let whole = [batch(0), batch(1)].concat();
        for cut in batch(0).len()..whole.len() {
            let scan = JournalScan::of(&whole[..cut]);
            assert_eq!((scan.valid.len(), scan.damaged.len()), (1, 0), "cut at {cut}");
        }
    }

    #[test]
    fn a_hole_in_the_last_batch_is_that_of_a_loss_of_power() {
        let mut long = batch(1);
        // A value of three sectors.
        let item = HEAD_BYTES..long.len() - END_BYTES;
        let value_bytes = item.len() - ITEM_BYTES - 13 + 3 * SECTOR_BYTES;
        let mut filled = long[item].to_vec();
        filled.extend(vec![7; 3 * SECTOR_BYTES]);
        filled[13..21].copy_from_slice(&[u32::try_from(value_bytes).unwrap().to_le_bytes(); 2].concat());
        long.truncate(HEAD_BYTES);
        long.extend_from_slice(&filled);
        long.push(END);
        long.extend_from_slice(&xxh3_64(&filled).to_le_bytes());
        long.extend_from_slice(TRAILER);
        let first = batch(0).len();
        let mut bytes = [batch(0), long].concat();
        assert_eq!(JournalScan::of(&bytes).valid.len(), 2);
        let mut flipped = bytes.clone();
        flipped[first + 700] ^= 1;
        assert_eq!(JournalScan::of(&flipped).damaged.len(), 1, "a bit is no hole");
        bytes[SECTOR_BYTES..2 * SECTOR_BYTES].fill(0);
        assert_eq!((JournalScan::of(&bytes).valid.len(), JournalScan::of(&bytes).damaged.len()), (1, 0));
    }

    #[test]
    fn a_damaged_batch_names_its_records() {
        let mut bytes = [batch(0), batch(7), batch(8)].concat();
        let last_byte_of_value = batch(0).len() * 2 - END_BYTES - 1;
        bytes[last_byte_of_value] ^= 4;
        let scan = JournalScan::of(&bytes);
        let expected = DamagedRecord { topic: 1, partition: 3, offset: 7, key: "north".to_owned() };
        assert_eq!(records_of(&bytes, &scan.damaged[0]), [expected]);
    }
}
