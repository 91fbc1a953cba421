//! The units of a month at a cut, each with the sums of its windows. A unit is a person at one practice, or at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::peer_group::unit::{MONTHS, UnitKey, UnitMonth, UnitPart, has_card, windows_of};
use scorecard::registry::directory::Directory;
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Month;

use crate::rows::row_versions::{PracticePerson, RowVersionStore};

/// The rows of a cut by person of the registry.
#[derive(Debug)]
pub(crate) struct MonthUnits<'a> {
    rows: &'a RowVersionStore,
    /// The clinician ids and practices of each person.
    persons: BTreeMap<String, BTreeSet<PracticePerson>>,
    /// Months with missing rows.
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
        for person in rows.persons() {
            persons.entry(directory.person_of(&person.0).to_owned()).or_default().insert(person.clone());
        }
        MonthUnits { rows, persons, missing, measures }
    }

    /// The units that sum the rows of a person at a practice: the person there, and the person's roll-up.
    pub(crate) fn units_of(directory: &Directory, (clinician, practice): &PracticePerson) -> [UnitKey; 2] {
        let person = directory.person_of(clinician).to_owned();
        let roll_up = UnitKey { person: person.clone(), practice: String::new() };
        [UnitKey { person, practice: practice.to_string() }, roll_up]
    }

    /// All units that may have a card for this month.
    pub(crate) fn of_month(&self, directory: &Directory, month: Month) -> BTreeSet<UnitKey> {
        self.rows.persons_in(month).iter().flat_map(|person| MonthUnits::units_of(directory, person)).collect()
    }

    /// The sums of a unit; `None` when it has no card for this month.
    pub(crate) fn unit(&self, key: &UnitKey, month: Month) -> Option<UnitMonth> {
        let practices = self.persons.get(&key.person)?;
        let summed: Vec<&PracticePerson> = match key.is_roll_up() {
            true if self.practices_in_window(practices, month) < 2 => return None,
            true => practices.iter().collect(),
            false => practices.iter().filter(|(_, practice)| **practice == *key.practice).collect(),
        };
        if !has_card(&self.window(&summed, month, 1)) {
            return None;
        }
        let missing = self.missing.range(month.plus(months_back(0))..=month).copied().collect();
        let parts = if key.is_roll_up() { self.parts(&summed, month) } else { Vec::new() };
        Some(UnitMonth { missing, parts, ..UnitMonth::new(key.clone(), self.months(&summed, month)) })
    }

    /// The sums of each of the last 24 months, oldest first.
    fn months(&self, persons: &[&PracticePerson], month: Month) -> Vec<Sums> {
        (0..MONTHS).map(|at| self.window(persons, month.plus(months_back(at)), 1)).collect()
    }

    /// The practices of a roll-up, in order of their codes.
    fn parts(&self, persons: &[&PracticePerson], month: Month) -> Vec<UnitPart> {
        let mut practices: BTreeMap<&Arc<str>, Vec<&PracticePerson>> = BTreeMap::new();
        for person in persons {
            practices.entry(&person.1).or_default().push(person);
        }
        let part = |(practice, persons): (&Arc<str>, Vec<&PracticePerson>)| UnitPart {
            practice: practice.to_string(),
            windows: windows_of(&self.months(&persons, month)),
        };
        practices.into_iter().map(part).collect()
    }

    /// The number of practices at which a person has facts in the 12 months that end with this one.
    fn practices_in_window(&self, persons: &BTreeSet<PracticePerson>, month: Month) -> usize {
        let mut practices: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
        for person in persons {
            *practices.entry(&person.1).or_default() += self.rows.facts(person, first_of(month, 12), month);
        }
        practices.values().filter(|facts| **facts > 0).count()
    }

    fn window(&self, persons: &[&PracticePerson], month: Month, months: u8) -> Sums {
        let mut sums = Sums::zero(self.measures);
        for person in persons {
            self.rows.add_window(person, first_of(month, months), month, &mut sums);
        }
        sums
    }

    /// The sums of a unit's own month, with or without a card. Its fingerprint and its counters come from them.
    pub(crate) fn month_sums(&self, key: &UnitKey, month: Month) -> Sums {
        let summed: Vec<&PracticePerson> = self.summed_by(key).collect();
        self.window(&summed, month, 1)
    }

    /// The feeds with a row of a unit in a month, in order of their names.
    pub(crate) fn feeds(&self, key: &UnitKey, month: Month) -> BTreeSet<Arc<str>> {
        self.summed_by(key).flat_map(|person| self.rows.feeds_of(person, month)).collect()
    }

    fn summed_by(&self, key: &UnitKey) -> impl Iterator<Item = &PracticePerson> {
        let persons = self.persons.get(&key.person).into_iter().flatten();
        persons.filter(|(_, practice)| key.is_roll_up() || **practice == *key.practice)
    }
}

/// Months from the last of 24 months to the month at this index: -23 to 0.
fn months_back(index: usize) -> i32 {
    i32::try_from(index + 1).expect("one of 24") - i32::try_from(MONTHS).expect("two years")
}

fn first_of(month: Month, months: u8) -> Month {
    month.plus(1 - i32::from(months))
}
