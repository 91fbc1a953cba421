//! Birth dates and sexes of patients whose resources a decoder has seen, for events in other records of the same feed.
//!
//! They are held in memory only and never leave the decoder: an event keeps an age band and a sex. The table knows a patient by a
//! keyed hash of its identifier. An event that arrives before its patient has neither.

use std::sync::{PoisonError, RwLock};

use scorecard::event::Sex;
use scorecard::fold::fast_map::FastMap;

use crate::formats::birth_date::BirthDate;

/// The birth date and the sex of a patient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatientTraits {
    pub(crate) born: Option<BirthDate>,
    pub(crate) sex: Option<Sex>,
}

/// Patients of one half of the table. Two halves of hash tables need at most 64 MiB.
const HALF: usize = 900_000;

/// The patients that were seen. A full half replaces the other one, so that at least the last 900,000 patients are known.
#[derive(Debug)]
pub(crate) struct Demographics {
    halves: RwLock<[FastMap<u64, PatientTraits>; 2]>,
    half: usize,
}

impl Default for Demographics {
    fn default() -> Demographics {
        Demographics::of_size(HALF)
    }
}

impl Demographics {
    fn of_size(half: usize) -> Demographics {
        Demographics { halves: RwLock::default(), half }
    }

    /// Remembers a patient. The last resource of a patient counts; one without birth date and sex forgets it.
    pub(crate) fn remember(&self, key: u64, traits: PatientTraits) {
        // A poisoned lock still holds complete entries: each is inserted in one step.
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *halves;
        if traits == PatientTraits::default() {
            young.remove(&key);
            old.remove(&key);
            return;
        }
        if young.len() >= self.half && !young.contains_key(&key) {
            *old = std::mem::take(young);
        }
        young.insert(key, traits);
    }

    /// The traits of a patient; none if the patient was not seen.
    pub(crate) fn of(&self, key: u64) -> PatientTraits {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        halves.iter().find_map(|half| half.get(&key)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn female() -> PatientTraits {
        PatientTraits { born: BirthDate::parse("1980"), sex: Some(Sex::Female) }
    }

    #[test]
    fn the_last_resource_of_a_patient_counts() {
        let seen = Demographics::default();
        assert_eq!(seen.of(1), PatientTraits::default());
        seen.remember(1, female());
        assert_eq!(seen.of(1), female());
        seen.remember(1, PatientTraits { sex: Some(Sex::Male), ..female() });
        assert_eq!(seen.of(1).sex, Some(Sex::Male));
        seen.remember(1, PatientTraits::default());
        assert_eq!(seen.of(1), PatientTraits::default());
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_last_patients() {
        let seen = Demographics::of_size(10);
        (0..1_000).for_each(|key| seen.remember(key, female()));
        assert!((990..1_000).all(|key| seen.of(key) == female()));
        assert_eq!(seen.halves.read().expect("no test holds it").iter().map(FastMap::len).sum::<usize>(), 20);
    }
}
