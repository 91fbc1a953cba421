//! The index of facts by hash. Each bucket is one cache line, so that a look-up without a result costs one cache miss.
//!
//! Growth drops the old index first and fills the new one from the facts, so that two indexes never exist at once.

/// Slots of a bucket.
const PLACES: usize = 12;
/// Load at which the index grows: 21/2 of 12 slots a bucket on average. At this load one bucket in four has spilled.
const FULL: (usize, usize) = (21, 2);
/// Growth factor. It is below 2, so that less of the index is empty.
const GROWTH: (usize, usize) = (3, 2);
/// Buckets of the smallest index that is not empty.
const LEAST_BUCKETS: usize = 16;

/// Twelve slots with one byte of each hash. `held` is the number of used slots, the first ones. `spilled` is the number of entries
/// that belong here or before and are stored in a later bucket.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Bucket {
    slots: [u32; PLACES],
    tags: [u8; PLACES],
    held: u16,
    spilled: u16,
}

const _: () = assert!(size_of::<Bucket>() == 64, "a bucket is a cache line");

const EMPTY: Bucket = Bucket { slots: [0; PLACES], tags: [0; PLACES], held: 0, spilled: 0 };

/// Slots by hash. It stores no full hashes: after growth the caller inserts each slot again with its hash.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: Vec<Bucket>,
    held: usize,
}

/// A hash in the form of the index: `place` picks the bucket, `tag` the slots to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash {
    pub place: u64,
    pub tag: u8,
}

impl Index {
    /// Number of slots in the index.
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    /// Whether the index must grow before the next insert: call [`Index::grow`], then insert every slot again.
    pub(crate) fn is_full(&self) -> bool {
        self.held * FULL.1 >= self.buckets.len() * FULL.0
    }

    /// Grows the index and empties it.
    pub(crate) fn grow(&mut self) {
        let buckets = (self.buckets.len() * GROWTH.0).div_ceil(GROWTH.1).max(LEAST_BUCKETS);
        // Drop the old index first, so that peak memory stays at one index.
        self.buckets = Vec::new();
        self.buckets = vec![EMPTY; buckets];
        self.held = 0;
    }

    fn home(&self, hash: Hash) -> usize {
        let scaled = u128::from(hash.place) * self.buckets.len() as u128;
        usize::try_from(scaled >> 64).expect("below the number of buckets")
    }

    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 }
    }

    /// Loads the bucket of this hash into the processor's cache. The caller must use the result, or the read is optimised away.
    pub(crate) fn touch(&self, hash: Hash) -> u32 {
        self.buckets.get(self.home(hash)).map_or(0, |bucket| bucket.spilled.into())
    }

    /// The slot with this hash for which `is` returns true.
    pub(crate) fn find(&self, hash: Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.held == 0 {
            return None;
        }
        let mut at = self.home(hash);
        loop {
            let bucket = &self.buckets[at];
            for (place, (&slot, &tag)) in (0..).zip(bucket.slots.iter().zip(&bucket.tags)) {
                if tag == hash.tag && place < bucket.held && is(slot) {
                    return Some(slot);
                }
            }
            if bucket.spilled == 0 {
                return None;
            }
            at = self.after(at);
        }
    }

    /// Inserts a new slot. The index must not be full.
    pub(crate) fn insert(&mut self, hash: Hash, slot: u32) {
        let mut at = self.home(hash);
        loop {
            let bucket = &mut self.buckets[at];
            let place = usize::from(bucket.held);
            if place < PLACES {
                bucket.slots[place] = slot;
                bucket.tags[place] = hash.tag;
                bucket.held += 1;
                self.held += 1;
                return;
            }
            bucket.spilled = bucket.spilled.checked_add(1).expect("fewer than 65,536 keyed hashes belong to one bucket");
            at = self.after(at);
        }
    }

    /// Removes this slot with this hash. Returns whether it was in the index.
    pub(crate) fn remove(&mut self, hash: Hash, slot: u32) -> bool {
        if self.find(hash, |found| found == slot).is_none() {
            return false;
        }
        let mut at = self.home(hash);
        loop {
            let bucket = &mut self.buckets[at];
            let held = usize::from(bucket.held);
            if let Some(place) = bucket.slots[..held].iter().position(|&held| held == slot) {
                bucket.slots[place] = bucket.slots[held - 1];
                bucket.tags[place] = bucket.tags[held - 1];
                bucket.held -= 1;
                self.held -= 1;
                return true;
            }
            bucket.spilled -= 1;
            at = self.after(at);
        }
    }

    /// Bytes of all buckets.
    pub(crate) fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of few buckets.
    fn crowded(slot: u32) -> Hash {
        Hash { place: u64::from(slot % 7) << 61, tag: slot.to_le_bytes()[0] % 5 }
    }

    fn filled(slots: u32) -> Index {
        let mut index = Index::default();
        for slot in 0..slots {
            if index.is_full() {
                index.grow();
                (0..slot).for_each(|before| index.insert(crowded(before), before));
            }
            index.insert(crowded(slot), slot);
        }
        index
    }

    #[test]
    fn every_inserted_slot_is_found_in_crowded_buckets() {
        let index = filled(1_000);
        assert_eq!(index.len(), 1_000);
        for slot in 0..1_000 {
            assert_eq!(index.find(crowded(slot), |found| found == slot), Some(slot));
        }
        assert_eq!(index.find(crowded(3), |_| false), None);
    }

    #[test]
    fn a_removed_slot_hides_no_other_slot_and_leaves_no_trace() {
        let mut index = filled(1_000);
        for slot in (0..1_000).filter(|slot| slot % 3 != 0) {
            assert!(index.remove(crowded(slot), slot));
            assert!(!index.remove(crowded(slot), slot));
        }
        for slot in 0..1_000 {
            assert_eq!(index.find(crowded(slot), |found| found == slot), (slot % 3 == 0).then_some(slot));
        }
        (0..1_000).filter(|slot| slot % 3 == 0).for_each(|slot| assert!(index.remove(crowded(slot), slot)));
        assert_eq!(index.len(), 0);
        assert!(index.buckets.iter().all(|bucket| bucket.spilled == 0 && bucket.held == 0));
    }
}
