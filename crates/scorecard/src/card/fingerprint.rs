//! Fingerprints that others can check, of a card's content, a month's sums and a peer group, and the ids of revisions and runs.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::card::canonical_json;
use crate::card::peer_snapshot::{GroupFigures, PlaceSums};
use crate::card::public_group::PeerGroup;
use crate::card::scorecard::Content;
use crate::card::snapshot_id::SnapshotId;
use crate::sums::measure_sums::{BASE_FIELDS, MeasureSums, Sums};
use crate::sums::ratio::Ratio;
use crate::time::calendar::Timestamp;

/// The namespace of every UUIDv5 of Plumbline.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x4817_6363_625e_4860_8f4e_15de_06b7_3ee0);

/// Number of cumulative counters at the end of a row's base. They describe the history of a month and not its content.
const COUNTERS: usize = 3;

/// Added to the number of a side, so that no side has the number of a measure.
const FIRST_SIDE: u64 = 1 << 32;

/// Added to 16 times the number of a side plus its cell, so that no cell has the number of a side.
const FIRST_CELL: u64 = 1 << 48;

/// Fingerprint of a card's content, 64 hexadecimal digits: SHA-256 of the canonical JSON (RFC 8785) of [`Content`].
///
/// A subscriber computes it from the card's JSON: remove `schema`, `scorecard_id`, `revision`, `supersedes`, `reasons`, `cut`, `run_id`,
/// `engine_version`, `measure_set`, `content_hash` and `quality`, then canonicalise and hash the rest.
#[must_use]
pub fn content_hash(content: &Content) -> String {
    /// Bytes of the canonical JSON of a large card.
    const LARGE: usize = 48 * 1024;
    let mut canonical = Vec::with_capacity(LARGE);
    canonical_json::write(content, &mut canonical).expect("a content has finite reals and no map");
    hexadecimal(&Sha256::digest(&canonical))
}

/// Fingerprint of the sums of a month, 32 hexadecimal digits.
///
/// The counters of recorded, amended and retracted events are left out, so months with equal content have equal fingerprints,
/// whatever their history.
///
/// XXH3-128 of little-endian integers: the base's fields in order, index and fields of each measure that is not zero, then 2^32 plus
/// the number and the signed sums of each side that is not zero.
///
/// The sums by case-mix cell that are not zero follow: 2^48 plus 16 times the side plus the cell, and the sum.
#[must_use]
pub fn month_sums(sums: &Sums) -> String {
    let mut bytes = Vec::with_capacity(1024);
    for field in &sums.base.fields()[..BASE_FIELDS - COUNTERS] {
        bytes.extend(field.to_le_bytes());
    }
    for (index, measure) in (0u64..).zip(&sums.measures) {
        if !measure.is_zero() {
            bytes.extend(index.to_le_bytes());
            push_measure(&mut bytes, measure);
        }
    }
    for (side, signed) in sums.signed() {
        bytes.extend((FIRST_SIDE + side as u64).to_le_bytes());
        signed.0.iter().for_each(|sum| bytes.extend(sum.to_le_bytes()));
    }
    for sum in sums.cells.iter() {
        bytes.extend((FIRST_CELL + 16 * u64::from(sum.side) + u64::from(sum.cell)).to_le_bytes());
        bytes.extend(sum.n.to_le_bytes());
    }
    hexadecimal(&xxh3_128(&bytes).to_be_bytes())
}

fn push_measure(bytes: &mut Vec<u8>, m: &MeasureSums) {
    for field in [m.facts_n, m.facts_d, m.n, m.d] {
        bytes.extend(field.to_le_bytes());
    }
    for field in [m.n_squares, m.d_squares] {
        bytes.extend(field.to_le_bytes());
    }
    for field in [m.n_quantity_milli, m.n_cost_pence, m.d_quantity_milli, m.d_cost_pence, m.pca, m.excluded, m.unknown] {
        bytes.extend(field.to_le_bytes());
    }
}

/// Id of a version of a peer group: XXH3-128 of its figures and places as compact JSON, then of its members.
///
/// Each member adds numerator and denominator as little-endian 64-bit integers, in ascending order of value, ties by denominator.
#[must_use]
pub fn snapshot_id(figures: &GroupFigures, places: &[PlaceSums], values: &[Ratio]) -> SnapshotId {
    let mut bytes = serde_json::to_vec(&(figures, places)).expect("figures have text keys and finite reals");
    for (n, d) in values {
        bytes.extend(n.to_le_bytes());
        bytes.extend(d.to_le_bytes());
    }
    SnapshotId::of_value(xxh3_128(&bytes))
}

/// Fingerprint of a peer group's published record: XXH3-128 of its compact JSON without the cut. A version with the same figures is
/// not published again.
#[must_use]
pub fn group_fingerprint(group: &PeerGroup) -> u128 {
    let timeless = PeerGroup { as_of: Timestamp(0), ..group.clone() };
    xxh3_128(&serde_json::to_vec(&timeless).expect("a group has text keys and finite reals"))
}

/// Id of one revision of the card with this key: UUIDv5 of `key|revision` in [`NAMESPACE`].
#[must_use]
pub fn scorecard_id(key: &str, revision: u32) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{key}|{revision}").as_bytes()).to_string()
}

/// Id of the run at this cut: UUIDv5 of `run|` and the cut in milliseconds in [`NAMESPACE`].
#[must_use]
pub fn run_id(cut: Timestamp) -> String {
    Uuid::new_v5(&NAMESPACE, format!("run|{}", cut.0).as_bytes()).to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::cell_sum::CellSum;
    use crate::sums::measure_sums::SignedSums;

    #[test]
    fn ids_of_revisions_and_runs_are_uuids_of_version_5_that_others_compute_too() {
        // Expected: crates/scorecard/reference/names.py (Python's uuid.uuid5).
        assert_eq!(scorecard_id("gmc%7C7012345|A81001|2026-10", 1), "9849f62a-2da8-52b1-9dcb-0ea72bfe1e5f");
        assert_eq!(run_id(Timestamp(1_793_761_200_000)), "4127253a-7430-5eaa-abd8-1cbe39f35a6c");
    }

    #[test]
    fn counters_are_no_part_of_a_months_fingerprint_and_everything_else_is() {
        let zero = month_sums(&Sums::zero(2));
        let with = |change: &dyn Fn(&mut Sums)| {
            let mut sums = Sums::zero(2);
            change(&mut sums);
            month_sums(&sums)
        };
        assert_eq!(with(&|s| s.base.recorded = 1), zero);
        assert_eq!(with(&|s| s.base.amended = 1), zero);
        assert_eq!(with(&|s| s.base.retracted = 1), zero);
        let differing = [
            with(&|s| s.base.facts = 1),
            with(&|s| s.base.answers[5] = 1),
            with(&|s| s.measures[0].facts_n = 1),
            with(&|s| s.measures[1].facts_n = 1),
            with(&|s| s.measures[1].n_squares = 1),
            with(&|s| s.measures[1].d_squares = 1 << 64),
            with(&|s| s.measures[1].excluded = 1),
            with(&|s| s.measures[1].unknown = 1),
            with(&|s| s.add_signed(0, SignedSums([1, 0, 0, 0]))),
            with(&|s| s.add_signed(1, SignedSums([1, 0, 0, 0]))),
            with(&|s| s.add_signed(1, SignedSums([0, 0, 0, -1]))),
            with(&|s| s.cells.add(CellSum { side: 1, cell: 0, n: 1 })),
            with(&|s| s.cells.add(CellSum { side: 0, cell: 15, n: 1 })),
            with(&|s| s.cells.add(CellSum { side: 0, cell: 15, n: 2 })),
        ];
        for (i, one) in differing.iter().enumerate() {
            assert_ne!(*one, zero);
            assert!(!differing[..i].contains(one), "{i}");
        }
    }
}
