//! Where a fact is found by its hash: buckets of one cache line each, so that a look-up that finds nothing costs one miss, and
//! growing that copies nothing: the old index is dropped first and the new one made from the facts, in their order.

/// Entries of a bucket.
const PLACES: usize = 12;
/// The index grows when it holds so many of `PLACES` a bucket on the average: then one in four has spilled into the next one.
const FULL: (usize, usize) = (21, 2);
/// By how much it grows: less than twice, so that less of it is ever empty.
const GROWTH: (usize, usize) = (3, 2);
/// Buckets of the smallest index that holds anything.
const LEAST: usize = 16;

/// Twelve slots, a byte of each one's hash, how many of them are held, the first ones, and how many entries that belong here or before
/// stand behind it.
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

/// Slots by hash. It holds no hashes: whoever grows it says them again.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: Vec<Bucket>,
    held: usize,
}

/// A hash as the index uses it: where to look, and what to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hash {
    pub place: u64,
    pub tag: u8,
}

impl Index {
    /// How many slots it holds.
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    /// Whether one more makes it too full: then [`Index::grow`], and put everything in again.
    pub(crate) fn is_full(&self) -> bool {
        self.held * FULL.1 >= self.buckets.len() * FULL.0
    }

    /// Becomes larger and empty.
    pub(crate) fn grow(&mut self) {
        let buckets = (self.buckets.len() * GROWTH.0).div_ceil(GROWTH.1).max(LEAST);
        // Dropped first: two of them would be a peak.
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

    /// Reads where the hash belongs, so that it is near when it is looked for. Returns something to be used.
    pub(crate) fn touch(&self, hash: Hash) -> u32 {
        self.buckets.get(self.home(hash)).map_or(0, |bucket| bucket.spilled.into())
    }

    /// The slot with this hash for which `is` holds.
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

    /// Puts in a slot that is not there. The index must not be full.
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
            bucket.spilled = bucket.spilled.checked_add(1).expect("of keyed hashes no 65,536 belong into one bucket");
            at = self.after(at);
        }
    }

    /// Takes out this slot, which has this hash; says whether it was there.
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

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that crowd into few buckets.
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
    fn what_was_put_in_is_found_however_it_crowds() {
        let index = filled(1_000);
        assert_eq!(index.len(), 1_000);
        for slot in 0..1_000 {
            assert_eq!(index.find(crowded(slot), |found| found == slot), Some(slot));
        }
        assert_eq!(index.find(crowded(3), |_| false), None);
    }

    #[test]
    fn what_was_taken_out_hides_nothing_behind_it_and_leaves_nothing_behind() {
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
