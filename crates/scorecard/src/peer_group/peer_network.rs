//! One version of one peer group with its members, and its chunks in the internal topic.

use std::collections::BTreeMap;

use crate::card::fingerprint::snapshot_id;
use crate::card::peer_snapshot::{GroupFigures, PeerSnapshot, PlaceSums, Purpose, Standardisation};
use crate::card::public_group::PeerKey;
use crate::card::snapshot_id::SnapshotId;
use crate::statistics::percentile::quantile_at;
use crate::sums::ratio::Ratio;
use crate::time::calendar::Timestamp;

/// Most members in one chunk of a snapshot. A record then stays below 100 KB.
pub const CHUNK: usize = 5_000;

/// Integer units of an expectation.
pub(crate) const MILLIONTHS: f64 = 1e6;

/// One version of a peer group.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerNetwork {
    /// The key of the group.
    pub key: PeerKey,
    /// Use of the figures.
    pub purpose: Purpose,
    /// The version.
    pub snapshot_id: SnapshotId,
    /// The cut that formed it.
    pub as_of: Timestamp,
    /// Whether it was frozen when the month became final.
    pub frozen: bool,
    /// Its figures.
    pub figures: GroupFigures,
    /// Sums of practices, primary care networks and localities, in order of level and code.
    pub places: Vec<PlaceSums>,
    /// Numerator and denominator of each member, in ascending order of value, ties by denominator.
    pub values: Vec<Ratio>,
}

/// An error in the chunks of a group.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadSnapshot {
    /// A chunk is missing.
    #[error("peer snapshot {id} of {key:?}: chunk {chunk} is missing; restore topic `peer-snapshots` from a backup")]
    Missing {
        /// The group.
        key: Box<PeerKey>,
        /// The version.
        id: SnapshotId,
        /// The chunk, from 0.
        chunk: u32,
    },
    /// The figures or members differ from those of the id.
    #[error(
        "peer snapshot of {key:?}: fingerprint of its figures and members is {found}, expected {expected}; restore the topic from a backup"
    )]
    Differs {
        /// The group.
        key: Box<PeerKey>,
        /// The id in the record.
        expected: SnapshotId,
        /// The id of what the record holds.
        found: SnapshotId,
    },
}

impl PeerNetwork {
    /// A version of a group, not frozen.
    #[must_use]
    pub fn new(key: PeerKey, as_of: Timestamp, figures: GroupFigures, places: Vec<PlaceSums>, values: Vec<Ratio>) -> PeerNetwork {
        let id = snapshot_id(&figures, &places, &values);
        PeerNetwork { key, purpose: Purpose::Month, snapshot_id: id, as_of, frozen: false, figures, places, values }
    }

    /// The members that decide what may be published: those of now, and at most those whose values are held. A group that is kept while
    /// members leave holds more values.
    #[must_use]
    pub fn size(&self) -> usize {
        match self.figures.members as usize {
            0 => self.values.len(),
            now => self.values.len().min(now),
        }
    }

    /// Its chunks, at least one.
    pub fn chunks(&self) -> impl Iterator<Item = PeerSnapshot> {
        let chunks = u32::try_from(self.values.len().div_ceil(CHUNK).max(1)).expect("fewer than 2^32 chunks of 5000 members");
        (0..chunks).map(move |chunk| self.chunk(chunk, chunks))
    }

    fn chunk(&self, chunk: u32, chunks: u32) -> PeerSnapshot {
        let first = chunk == 0;
        let values = self.values.chunks(CHUNK).nth(chunk as usize).unwrap_or_default();
        PeerSnapshot {
            key: self.key.clone(),
            purpose: self.purpose,
            snapshot_id: self.snapshot_id,
            as_of: self.as_of,
            frozen: self.frozen,
            chunk,
            chunks,
            figures: first.then(|| self.figures.clone()),
            places: if first { self.places.clone() } else { Vec::new() },
            values: values.to_vec(),
        }
    }

    /// Restores the newest version of a group from its chunks, by number. Chunks of older versions are skipped, because a compacted
    /// topic can still hold some. `None` without chunks.
    ///
    /// # Errors
    /// [`BadSnapshot`] if chunks are missing or damaged.
    pub fn of_chunks(mut chunks: BTreeMap<u32, PeerSnapshot>) -> Result<Option<PeerNetwork>, BadSnapshot> {
        let Some(first) = chunks.remove(&0) else { return Ok(None) };
        let missing = |chunk| BadSnapshot::Missing { key: Box::new(first.key.clone()), id: first.snapshot_id, chunk };
        let mut values = first.values.clone();
        for chunk in 1..first.chunks {
            let next = chunks.remove(&chunk).filter(|next| next.snapshot_id == first.snapshot_id && next.as_of == first.as_of);
            values.extend(next.ok_or_else(|| missing(chunk))?.values);
        }
        let figures = first.figures.clone().ok_or_else(|| missing(0))?;
        let found = snapshot_id(&figures, &first.places, &values);
        if found != first.snapshot_id {
            return Err(BadSnapshot::Differs { key: Box::new(first.key), expected: first.snapshot_id, found });
        }
        let PeerSnapshot { key, purpose, snapshot_id, as_of, frozen, places, .. } = first;
        Ok(Some(PeerNetwork { key, purpose, snapshot_id, as_of, frozen, figures, places, values }))
    }

    /// Factor from the ratio of a member's pair to a ratio of integer units. Members of a standardised group have an expectation in
    /// millionths in place of their denominator.
    #[must_use]
    pub fn value_scale(&self) -> f64 {
        match self.figures.practice_centre {
            Some(centre) => centre * MILLIONTHS,
            None => 1.0,
        }
    }

    /// A quantile of the members as a ratio of integer units (R type 7). `None` without members.
    #[must_use]
    pub fn quantile_ratio(&self, part: u64, whole: u64) -> Option<f64> {
        Some(quantile_at(&self.values, part, whole)? * self.value_scale())
    }

    /// The sums of a place.
    #[must_use]
    pub fn place(&self, level: crate::card::peer_snapshot::Level, code: &str) -> Option<&PlaceSums> {
        let found = self.places.binary_search_by(|place| (place.level, &*place.code).cmp(&(level, code)));
        found.ok().map(|at| &self.places[at])
    }
}

/// Figures of a group without members.
#[must_use]
pub fn no_figures() -> GroupFigures {
    GroupFigures {
        members: 0,
        numerator: 0,
        denominator: 0,
        centre: None,
        gamma_cautious: None,
        gamma: None,
        phi: None,
        mixed: false,
        flipped: false,
        rare: false,
        estimating: 0,
        left_out: 0,
        event_size: None,
        relative_variance: None,
        typical_mean: None,
        numerator_price_pence: None,
        other_price_pence: None,
        standardisation: Standardisation::Crude,
        practice_centre: None,
        reference: None,
        season: Vec::new(),
        cells: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(size: i64) -> PeerNetwork {
        let key = PeerKey { measure: "dna_rate@1".into(), window: 12, role: "gp".into(), month: "2026-10".parse().unwrap() };
        let values = (0..size).map(|n| (n, 20_000)).collect();
        PeerNetwork::new(key, Timestamp(7), GroupFigures { phi: Some(1.5), ..no_figures() }, Vec::new(), values)
    }

    fn by_number(network: &PeerNetwork) -> BTreeMap<u32, PeerSnapshot> {
        network.chunks().map(|chunk| (chunk.chunk, chunk)).collect()
    }

    #[test]
    fn a_large_group_is_restored_from_its_chunks() {
        for size in [0, 6, 12_345] {
            let network = network(size);
            assert_eq!(PeerNetwork::of_chunks(by_number(&network)), Ok(Some(network)));
        }
        let sizes: Vec<usize> = network(12_345).chunks().map(|chunk| chunk.values.len()).collect();
        assert_eq!(sizes, [5_000, 5_000, 2_345]);
    }

    #[test]
    fn a_chunk_that_is_missing_old_or_damaged_is_named() {
        let network = network(7_000);
        let mut missing = by_number(&network);
        missing.remove(&1);
        assert!(matches!(PeerNetwork::of_chunks(missing), Err(BadSnapshot::Missing { chunk: 1, .. })));
        let mut old = by_number(&network);
        old.get_mut(&1).unwrap().as_of = Timestamp(6);
        assert!(matches!(PeerNetwork::of_chunks(old), Err(BadSnapshot::Missing { chunk: 1, .. })));
        let mut damaged = by_number(&network);
        damaged.get_mut(&0).unwrap().values[3].0 += 1;
        assert!(matches!(PeerNetwork::of_chunks(damaged), Err(BadSnapshot::Differs { .. })));
        let mut other = by_number(&network);
        other.get_mut(&0).unwrap().figures.as_mut().unwrap().phi = Some(2.0);
        assert!(matches!(PeerNetwork::of_chunks(other), Err(BadSnapshot::Differs { .. })));
    }
}
