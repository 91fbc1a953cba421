//! The units of a month at a cut: persons at their practices, and over all of them, with the sums of their windows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth, WINDOWS, has_card};
use scorecard::registry::directory::Directory;
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Month;

use crate::rows::row_versions::{PracticePerson, RowVersionStore};

/// The rows of a cut, seen by person.
#[derive(Debug)]
pub(crate) struct MonthUnits<'a> {
    rows: &'a RowVersionStore,
    /// The places of each person: (clinician id, practice).
    persons: BTreeMap<String, BTreeSet<PracticePerson>>,
    /// Months of which rows are known to be missing.
    missing: &'a BTreeSet<Month>,
    measures: usize,
}

impl<'a> MonthUnits<'a> {
    pub(crate) fn new(
        rows: &'a RowVersionStore,
        directory: &Directory,
        missing: &'a BTreeSet<Month>,
        measures: usize,
    ) -> MonthUnits<'a> {
        let mut persons: BTreeMap<String, BTreeSet<PracticePerson>> = BTreeMap::new();
        for place in rows.places() {
            persons.entry(directory.person_of(&place.0).to_owned()).or_default().insert(place.clone());
        }
        MonthUnits { rows, persons, missing, measures }
    }

    /// The units that a change at this place concerns: the person there, and over all practices.
    pub(crate) fn concerned(directory: &Directory, place: &PracticePerson) -> [UnitKey; 2] {
        let person = directory.person_of(&place.0).to_owned();
        let everywhere = UnitKey { person: person.clone(), practice: String::new() };
        [UnitKey { person, practice: place.1.to_string() }, everywhere]
    }

    /// All units that may have a card for this month.
    pub(crate) fn of_month(&self, directory: &Directory, month: Month) -> BTreeSet<UnitKey> {
        self.rows.places_in(month).iter().flat_map(|place| MonthUnits::concerned(directory, place)).collect()
    }

    /// One unit's sums, `None` when it has no card for this month.
    pub(crate) fn unit(&self, key: &UnitKey, month: Month) -> Option<UnitMonth> {
        let places = self.persons.get(&key.person)?;
        let chosen: Vec<&PracticePerson> = match key.is_roll_up() {
            true if self.practices_in_window(places, month) < 2 => return None,
            true => places.iter().collect(),
            false => places.iter().filter(|place| *place.1 == *key.practice).collect(),
        };
        if !has_card(&self.window(&chosen, month, 1)) {
            return None;
        }
        let months: [Sums; MONTHS] = std::array::from_fn(|at| self.window(&chosen, month.plus(back(at)), 1));
        let incomplete = WINDOWS.map(|months| self.missing.range(first_of(month, months)..=month).next().is_some());
        Some(UnitMonth::new(key.clone(), &months, incomplete))
    }

    /// At how many practices a person has facts in the 12 months that end with this one.
    fn practices_in_window(&self, places: &BTreeSet<PracticePerson>, month: Month) -> usize {
        let mut practices: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
        for place in places {
            *practices.entry(&place.1).or_default() += self.rows.facts(place, first_of(month, 12), month);
        }
        practices.values().filter(|facts| **facts > 0).count()
    }

    fn window(&self, places: &[&PracticePerson], month: Month, months: u8) -> Sums {
        let mut sums = Sums::zero(self.measures);
        for place in places {
            self.rows.add_window(place, first_of(month, months), month, &mut sums);
        }
        sums
    }

    /// The sums of a unit's own month, card or not: what its fingerprint and its counters are taken from.
    pub(crate) fn month_sums(&self, key: &UnitKey, month: Month) -> Sums {
        let places = self.persons.get(&key.person).into_iter().flatten();
        let chosen: Vec<&PracticePerson> = places.filter(|place| key.is_roll_up() || *place.1 == *key.practice).collect();
        self.window(&chosen, month, 1)
    }

    /// The feeds with a row of a unit in a month, in order of their names.
    pub(crate) fn feeds(&self, key: &UnitKey, month: Month) -> BTreeSet<Arc<str>> {
        let places = self.persons.get(&key.person).into_iter().flatten();
        let chosen = places.filter(|place| key.is_roll_up() || *place.1 == *key.practice);
        chosen.flat_map(|place| self.rows.feeds_of(place, month)).collect()
    }
}

/// How far the month at this place of twelve lies from the last: -11 to 0.
fn back(place: usize) -> i32 {
    i32::try_from(place + 1).expect("one of twelve") - i32::try_from(MONTHS).expect("twelve")
}

fn first_of(month: Month, months: u8) -> Month {
    month.plus(1 - i32::from(months))
}
