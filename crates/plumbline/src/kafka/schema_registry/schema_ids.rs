//! The ids of a schema registry and what they stand for: those that are known, for ever, and those that are not, for a while.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use codec::avro::known_schema::KnownSchema;

/// Ids of known schemas that are kept. A schema has a few: one a subject's version with other docs, in some registries.
const MOST_KNOWN: usize = 512;

/// Places of the table; twice as many as are used, so that a search ends soon.
const PLACES: usize = 2 * MOST_KNOWN;

/// Ids without a known schema that are kept.
const MOST_STRANGERS: usize = 1_024;

/// So long a registry's "there is no such id" is believed: whoever wrote the record may be registered elsewhere, and copied late.
const ABSENT_FOR: Duration = Duration::from_secs(60);

/// Registry ids of known schemas. Reading takes no lock; entries are added and never change, for a registry gives an id once.
///
/// A hash table of open addressing: a place holds the registry's id in its upper half and ours in the lower, 0 is empty.
pub struct SchemaIds {
    places: Box<[AtomicU64]>,
}

impl Default for SchemaIds {
    /// A table without entries.
    fn default() -> SchemaIds {
        SchemaIds { places: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl SchemaIds {
    /// What an id stands for, as far as it is known: the id in our own range.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<u32> {
        for place in probe(id) {
            match parts(self.places[place].load(Ordering::Relaxed)) {
                (_, 0) => return None,
                (there, ours) if there == id => return Some(ours),
                _ => {}
            }
        }
        None
    }

    /// Notes what an id stands for. A full table stays as it is: the id will be asked for again. Not for several threads at once.
    pub fn insert(&self, id: u32, known: KnownSchema) {
        if self.entries().count() >= MOST_KNOWN || self.get(id).is_some() {
            return;
        }
        let empty = probe(id).find(|place| self.places[*place].load(Ordering::Relaxed) == 0);
        let place = empty.expect("half of the places are never used");
        self.places[place].store(u64::from(id) << 32 | u64::from(known.id()), Ordering::Relaxed);
    }

    /// Every entry, in no order.
    pub fn entries(&self) -> impl Iterator<Item = (u32, KnownSchema)> {
        self.places.iter().filter_map(|place| {
            let (id, ours) = parts(place.load(Ordering::Relaxed));
            KnownSchema::of_id(ours).map(|known| (id, known))
        })
    }
}

impl fmt::Debug for SchemaIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}

/// The places in which an id may stand, in order.
fn probe(id: u32) -> impl Iterator<Item = usize> {
    let first = id as usize % PLACES;
    (first..PLACES).chain(0..first)
}

/// The registry's id and ours.
fn parts(place: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = place.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

/// Why an id has no known schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownId {
    /// It stands for another schema, for ever.
    OtherSchema,
    /// The registry has nothing under it; believed for a minute.
    Absent,
}

/// Ids that stand for no known schema, so that each is asked for once. When there are too many the oldest is forgotten.
#[derive(Debug, Default)]
pub struct UnknownIds {
    ids: BTreeMap<u32, (UnknownId, Instant)>,
}

impl UnknownIds {
    /// Why an id has no known schema, if that is known `now`.
    #[must_use]
    pub fn get(&self, id: u32, now: Instant) -> Option<UnknownId> {
        match self.ids.get(&id) {
            Some((UnknownId::Absent, since)) if now.saturating_duration_since(*since) >= ABSENT_FOR => None,
            Some((why, _)) => Some(*why),
            None => None,
        }
    }

    /// Notes that an id has no known schema.
    pub fn insert(&mut self, id: u32, why: UnknownId, now: Instant) {
        if self.ids.len() >= MOST_STRANGERS && !self.ids.contains_key(&id) {
            let oldest = self.ids.iter().min_by_key(|(_, (_, since))| *since).map(|(id, _)| *id);
            oldest.map(|id| self.ids.remove(&id));
        }
        self.ids.insert(id, (why, now));
    }
}

#[cfg(test)]
mod tests {
    use codec::avro::encoding::Form;

    use super::*;

    const TICK: KnownSchema = KnownSchema::Record(Form::Tick);
    const ROLE: KnownSchema = KnownSchema::Record(Form::Role);

    #[test]
    fn ids_that_share_a_place_are_told_apart() {
        let ids = SchemaIds::default();
        let step = u32::try_from(PLACES).expect("small");
        // The last place of the table, so that the search goes on at its beginning.
        let last = step - 1;
        ids.insert(last, TICK);
        ids.insert(last + step, ROLE);
        assert_eq!(ids.get(last), Some(TICK.id()));
        assert_eq!(ids.get(last + step), Some(ROLE.id()));
        assert_eq!(ids.get(last + 2 * step), None);
        assert_eq!(ids.get(0), None);
        // A registry gives an id once.
        ids.insert(last, ROLE);
        assert_eq!(ids.get(last), Some(TICK.id()));
    }

    #[test]
    fn a_full_table_takes_no_more_and_keeps_what_it_has() {
        let ids = SchemaIds::default();
        let most = u32::try_from(MOST_KNOWN).expect("small");
        for id in 1..=most + 10 {
            ids.insert(id, TICK);
        }
        assert_eq!(ids.entries().count(), MOST_KNOWN);
        assert_eq!((ids.get(1), ids.get(most), ids.get(most + 1)), (Some(TICK.id()), Some(TICK.id()), None));
    }

    #[test]
    fn an_absent_id_is_believed_for_a_minute_and_another_schema_for_ever() {
        let start = Instant::now();
        let mut strangers = UnknownIds::default();
        strangers.insert(7, UnknownId::Absent, start);
        strangers.insert(8, UnknownId::OtherSchema, start);
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(strangers.get(7, later(59)), Some(UnknownId::Absent));
        assert_eq!(strangers.get(7, later(60)), None);
        assert_eq!(strangers.get(8, later(1_000_000)), Some(UnknownId::OtherSchema));
        assert_eq!(strangers.get(9, start), None);
    }

    #[test]
    fn of_too_many_strangers_the_oldest_is_forgotten() {
        let start = Instant::now();
        let mut strangers = UnknownIds::default();
        let most = u32::try_from(MOST_STRANGERS).expect("small");
        for id in 0..=most {
            strangers.insert(id, UnknownId::OtherSchema, start + Duration::from_secs(id.into()));
        }
        assert_eq!(strangers.ids.len(), MOST_STRANGERS);
        assert_eq!(strangers.get(0, start), None);
        assert_eq!(strangers.get(most, start), Some(UnknownId::OtherSchema));
    }
}
