//! Fingerprints of rows and marks. A reader compares them to verify that it holds exactly a partition's state.

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use crate::measure::measure_set::SetHash;
use crate::record::log_record::{CellSum, Mark, RowKey};
use crate::sums::measure_sums::{MeasureSums, SignedSums, Sums};
use crate::time::calendar::Month;

/// Version of the canonical bytes.
const FORMAT: u8 = 2;

/// Added to the number of a side, so that no side has the number of a measure.
const FIRST_SIDE: u64 = 1 << 32;

/// Added to 16 times the number of a side plus its cell, so that no cell has the number of a side.
const FIRST_CELL: u64 = 1 << 48;

/// XXH3-128 over the canonical bytes of a row. A row of zeros does not exist and has the digest 0.
///
/// The bytes hold format, measure set, feed, clinician, practice, month, base sums, the non-zero sums of measures with their index,
/// and the non-zero signed sums of sides with 2^32 plus their number. They hold no position. The non-zero sums by case-mix cell follow
/// with 2^48 plus 16 times the side plus the cell.
///
/// A partition's digest is the sum of its rows' digests modulo 2^128, so that rows can be added and removed.
#[must_use]
pub fn row_digest(set: SetHash, key: &RowKey, sums: &Sums) -> u128 {
    if sums.is_zero() {
        return 0;
    }
    let mut hasher = Xxh3Default::new();
    hasher.update(&[FORMAT]);
    hasher.update(&set.0.to_le_bytes());
    for text in [&key.feed, &key.clinician, &key.practice] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(&key.month.0.to_le_bytes());
    for field in sums.base.fields() {
        hasher.update(&field.to_le_bytes());
    }
    for (index, measure) in sums.measures.iter().enumerate().filter(|(_, m)| !m.is_zero()) {
        hasher.update(&(index as u64).to_le_bytes());
        hasher.update(&measure_bytes(measure));
    }
    for (side, signed) in sums.signed() {
        hasher.update(&side_bytes(side as u64, signed));
    }
    for sum in sums.cells.iter() {
        hasher.update(&cell_bytes(sum));
    }
    hasher.digest128()
}

fn side_bytes(side: u64, signed: SignedSums) -> [u8; 40] {
    let mut bytes = [0; 40];
    let (number, sums) = bytes.split_at_mut(8);
    number.copy_from_slice(&(FIRST_SIDE + side).to_le_bytes());
    for (chunk, sum) in sums.chunks_exact_mut(8).zip(signed.0) {
        chunk.copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

fn cell_bytes(sum: CellSum) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (number, n) = bytes.split_at_mut(8);
    number.copy_from_slice(&(FIRST_CELL + 16 * u64::from(sum.side) + u64::from(sum.cell)).to_le_bytes());
    n.copy_from_slice(&sum.n.to_le_bytes());
    bytes
}

fn measure_bytes(sums: &MeasureSums) -> [u8; 120] {
    let mut bytes = [0; 120];
    let (squares, others) = sums.fields();
    let (first, rest) = bytes.split_at_mut(32);
    for (chunk, value) in first.chunks_exact_mut(16).zip(squares) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
    for (chunk, value) in rest.chunks_exact_mut(8).zip(others) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// XXH3-64 over all fields of a mark except the check itself.
#[must_use]
pub fn mark_check(mark: &Mark) -> u64 {
    let mut bytes = Vec::with_capacity(128 + mark.feeds.len() * 64);
    bytes.push(FORMAT);
    bytes.extend(mark.partition.to_le_bytes());
    bytes.extend(mark.at.0.to_le_bytes());
    bytes.extend(mark.position.to_le_bytes());
    bytes.extend(mark.digest.to_le_bytes());
    bytes.extend(mark.rows.to_le_bytes());
    bytes.extend(mark.measure_set.0.to_le_bytes());
    bytes.extend(mark.open_from.0.to_le_bytes());
    for feed in &mark.feeds {
        bytes.extend((feed.feed.len() as u64).to_le_bytes());
        bytes.extend(feed.feed.as_bytes());
        bytes.extend(feed.last_appended.0.to_le_bytes());
        bytes.extend(feed.newest_day.map_or(i32::MIN, |d| d.0).to_le_bytes());
        for &(Month(month), days) in &feed.days {
            bytes.extend(month.to_le_bytes());
            bytes.extend(days.to_le_bytes());
        }
        for kind in &feed.kinds {
            for text in [&kind.practice, &kind.kind] {
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            bytes.extend(kind.month.0.to_le_bytes());
            bytes.extend(kind.events.to_le_bytes());
            bytes.extend(kind.days.to_le_bytes());
            bytes.extend(kind.weekday_median.to_le_bytes());
        }
    }
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::measure_sums::Base;

    #[test]
    fn a_rows_digest_is_xxh3_of_its_canonical_bytes() {
        // Python's xxhash 4.1: i(*n) writes each n as eight bytes, w(*n) as sixteen, lowest first. text(t) is i(len(t)) + t.
        // The expression is
        // xxh3_128(b"\2" + w(7) + text("emis-1") + text("gmc|7000001") + text("A81001") + four bytes of 24310 +
        // i(1..20) + i(1) + w(-5, 2**70) + i(-3..7) + i(2**32 + 2) + i(9, -8, 7, -6))
        let expected = 0xaf23_f290_d716_97f8_0526_2cb2_45f8_c281;
        let key =
            RowKey { feed: "emis-1".into(), clinician: "gmc|7000001".into(), practice: "A81001".into(), month: Month(24_310) };
        let base = Base::of_fields([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
        let measure = MeasureSums::of_fields([-5, 1 << 70], [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7]);
        let signed = vec![SignedSums::default(), SignedSums::default(), SignedSums([9, -8, 7, -6])];
        let mut sums = Sums::new(base, vec![MeasureSums::default(), measure].into(), signed);
        assert_eq!(row_digest(SetHash(7), &key, &sums), expected);
        // The same, followed by i(2**48 + 16*2 + 9, -4) + i(2**48 + 16*3 + 15, 11).
        sums.cells.add(CellSum { side: 3, cell: 15, n: 11 });
        sums.cells.add(CellSum { side: 2, cell: 9, n: -4 });
        assert_eq!(row_digest(SetHash(7), &key, &sums), 0xf1da_0dbf_a85e_032b_a29d_52e8_142c_21c7);
        assert_eq!(row_digest(SetHash(7), &key, &Sums::new(Base::default(), vec![].into(), Vec::new())), 0);
    }
}
