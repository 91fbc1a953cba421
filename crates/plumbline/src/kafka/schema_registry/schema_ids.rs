//! The ids of a schema registry: known schemas are cached for good, 404 responses for a minute.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use codec::avro::known_schema::KnownSchema;

use crate::process::limits::{ABSENT_SCHEMA_ID_LIFETIME, KNOWN_SCHEMA_IDS, UNKNOWN_SCHEMA_IDS};

/// Slots of the hash table. At least half of them stay empty, so a search ends soon.
const SLOTS: usize = 2 * KNOWN_SCHEMA_IDS;

/// Registry ids of known schemas. Reads take no lock. Entries never change, because a registry never reuses an id.
///
/// A hash table with open addressing: a slot holds the registry's id in its upper half and Plumbline's in the lower; 0 is empty.
pub struct SchemaIds {
    slots: Box<[AtomicU64]>,
}

impl Default for SchemaIds {
    /// A table without entries.
    fn default() -> SchemaIds {
        SchemaIds { slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl SchemaIds {
    /// Plumbline's own id of a registry's id, if its schema is known.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<u32> {
        for slot in probe(id) {
            match parts(self.slots[slot].load(Ordering::Relaxed)) {
                (_, 0) => return None,
                (there, ours) if there == id => return Some(ours),
                _ => {}
            }
        }
        None
    }

    /// Adds an entry. A full table ignores it, and the registry is asked again. Only one thread at a time may call it.
    pub fn insert(&self, id: u32, known: KnownSchema) {
        if self.entries().count() >= KNOWN_SCHEMA_IDS || self.get(id).is_some() {
            return;
        }
        let empty = probe(id).find(|slot| self.slots[*slot].load(Ordering::Relaxed) == 0);
        let slot = empty.expect("half of the slots stay empty");
        self.slots[slot].store(u64::from(id) << 32 | u64::from(known.id()), Ordering::Relaxed);
    }

    /// Every entry, in no order.
    pub fn entries(&self) -> impl Iterator<Item = (u32, KnownSchema)> {
        self.slots.iter().filter_map(|slot| {
            let (id, ours) = parts(slot.load(Ordering::Relaxed));
            KnownSchema::of_id(ours).map(|known| (id, known))
        })
    }
}

impl fmt::Debug for SchemaIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}

/// The slots of an id, in the order of the search.
fn probe(id: u32) -> impl Iterator<Item = usize> {
    let first = id as usize % SLOTS;
    (first..SLOTS).chain(0..first)
}

/// The registry's id and ours.
fn parts(slot: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = slot.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

/// Why an id has no known schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownId {
    /// It names a schema that is not Plumbline's. That never changes.
    OtherSchema,
    /// The registry does not know it. Cached for a minute.
    Absent,
}

/// Ids without a known schema, so that each is asked for once. A full cache drops its oldest entry.
#[derive(Debug, Default)]
pub struct UnknownIds {
    ids: BTreeMap<u32, (UnknownId, Instant)>,
}

impl UnknownIds {
    /// Why an id has no known schema; `None` when the registry must be asked `now`.
    #[must_use]
    pub fn get(&self, id: u32, now: Instant) -> Option<UnknownId> {
        match self.ids.get(&id) {
            Some((UnknownId::Absent, since)) if now.saturating_duration_since(*since) >= ABSENT_SCHEMA_ID_LIFETIME => None,
            Some((why, _)) => Some(*why),
            None => None,
        }
    }

    /// Caches that an id has no known schema.
    pub fn insert(&mut self, id: u32, why: UnknownId, now: Instant) {
        if self.ids.len() >= UNKNOWN_SCHEMA_IDS && !self.ids.contains_key(&id) {
            let oldest = self.ids.iter().min_by_key(|(_, (_, since))| *since).map(|(id, _)| *id);
            oldest.map(|id| self.ids.remove(&id));
        }
        self.ids.insert(id, (why, now));
    }
}

#[cfg(test)]
mod tests {
    use codec::avro::encoding::Form;

    use std::time::Duration;

    use super::*;

    const TICK: KnownSchema = KnownSchema::Record(Form::Tick);
    const ROLE: KnownSchema = KnownSchema::Record(Form::Role);

    #[test]
    fn ids_that_share_a_slot_are_distinguished() {
        let ids = SchemaIds::default();
        let step = u32::try_from(SLOTS).expect("small");
        // The last slot of the table: the search wraps around.
        let last = step - 1;
        ids.insert(last, TICK);
        ids.insert(last + step, ROLE);
        assert_eq!(ids.get(last), Some(TICK.id()));
        assert_eq!(ids.get(last + step), Some(ROLE.id()));
        assert_eq!(ids.get(last + 2 * step), None);
        assert_eq!(ids.get(0), None);
        // A registry never reuses an id.
        ids.insert(last, ROLE);
        assert_eq!(ids.get(last), Some(TICK.id()));
    }

    #[test]
    fn a_full_table_keeps_its_entries_and_adds_none() {
        let ids = SchemaIds::default();
        let most = u32::try_from(KNOWN_SCHEMA_IDS).expect("small");
        for id in 1..=most + 10 {
            ids.insert(id, TICK);
        }
        assert_eq!(ids.entries().count(), KNOWN_SCHEMA_IDS);
        assert_eq!((ids.get(1), ids.get(most), ids.get(most + 1)), (Some(TICK.id()), Some(TICK.id()), None));
    }

    #[test]
    fn an_absent_id_is_cached_for_a_minute_and_another_schema_for_good() {
        let start = Instant::now();
        let mut unknown = UnknownIds::default();
        unknown.insert(7, UnknownId::Absent, start);
        unknown.insert(8, UnknownId::OtherSchema, start);
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(unknown.get(7, later(59)), Some(UnknownId::Absent));
        assert_eq!(unknown.get(7, later(60)), None);
        assert_eq!(unknown.get(8, later(1_000_000)), Some(UnknownId::OtherSchema));
        assert_eq!(unknown.get(9, start), None);
    }

    #[test]
    fn a_full_cache_of_unknown_ids_drops_the_oldest() {
        let start = Instant::now();
        let mut unknown = UnknownIds::default();
        let most = u32::try_from(UNKNOWN_SCHEMA_IDS).expect("small");
        for id in 0..=most {
            unknown.insert(id, UnknownId::OtherSchema, start + Duration::from_secs(id.into()));
        }
        assert_eq!(unknown.ids.len(), UNKNOWN_SCHEMA_IDS);
        assert_eq!(unknown.get(0, start), None);
        assert_eq!(unknown.get(most, start), Some(UnknownId::OtherSchema));
    }
}
