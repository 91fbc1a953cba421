//! The units of a month at a cut, each with the sums of its windows. A unit is a person at one practice, or at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use scorecard::card::scorecard::MonthGaps;
use scorecard::completeness::feed_months::COVERED_MONTHS;
use scorecard::completeness::month_flags::MonthFlags;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::unit::{LeftOut, MONTHS, UnitKey, UnitMonth, UnitPart, has_card, windows_of};
use scorecard::registry::directory::{Directory, RowOwner};
use scorecard::sums::measure_sums::Sums;
use scorecard::time::calendar::Month;

use crate::rows::month_coverage::{FlaggedMonth, MonthCoverage, PersonFeeds};
use crate::rows::row_versions::{PracticePerson, RowVersionStore};

/// The rows of a cut by person of the registry.
#[derive(Debug)]
pub(crate) struct MonthUnits<'a> {
    rows: &'a RowVersionStore,
    directory: &'a Directory,
    persons: BTreeMap<String, PersonRows>,
    /// Months with missing rows.
    missing: &'a BTreeSet<Month>,
    measures: &'a MeasureSet,
}

/// The sums that measures leave out of their headline windows, by index of the measure.
type Unsent = BTreeMap<usize, LeftOut>;

/// The rows of a person.
#[derive(Debug, Default)]
struct PersonRows {
    all: Vec<OwnedRows>,
    /// The rows that the person's roll-up sums, computed when the first roll-up needs them. Most persons have none.
    rolled_up: OnceLock<Vec<OwnedRows>>,
}

impl PersonRows {
    fn has_two_practices(&self) -> bool {
        self.all.iter().any(|one| one.practice != self.all[0].practice)
    }

    fn rolled_up(&self, directory: &Directory, person: &str) -> &[OwnedRows] {
        self.rolled_up.get_or_init(|| self.all.iter().flat_map(|owned| owned.rolled_up(directory, person)).collect())
    }
}

/// The rows of a clinician id and a practice in the months in which they belong to one person and one practice of the registry.
#[derive(Clone, Debug)]
struct OwnedRows {
    rows: PracticePerson,
    /// Code of the practice.
    practice: Arc<str>,
    months: RangeInclusive<Month>,
}

impl OwnedRows {
    fn of(rows: &PracticePerson, owner: &RowOwner<'_>) -> OwnedRows {
        let practice = if owner.practice == *rows.1 { rows.1.clone() } else { Arc::from(&*owner.practice) };
        OwnedRows { rows: rows.clone(), practice, months: owner.first..=owner.last }
    }

    /// The same rows in the months in which the practice counts in the person's roll-up.
    fn rolled_up(&self, directory: &Directory, person: &str) -> impl Iterator<Item = OwnedRows> {
        let spans = directory.roll_up_spans(person, &self.practice, &self.months).into_iter().filter(|(_, counts)| *counts);
        spans.map(|(months, _)| OwnedRows { months, ..self.clone() })
    }
}

impl<'a> MonthUnits<'a> {
    pub(crate) fn new(
        rows: &'a RowVersionStore,
        directory: &'a Directory,
        missing: &'a BTreeSet<Month>,
        measures: &'a MeasureSet,
    ) -> MonthUnits<'a> {
        let mut persons: BTreeMap<String, PersonRows> = BTreeMap::new();
        for person in rows.persons() {
            for owner in directory.row_owners(&person.0, &person.1) {
                let owned = OwnedRows::of(person, &owner);
                persons.entry(owner.person.into_owned()).or_default().all.push(owned);
            }
        }
        MonthUnits { rows, directory, persons, missing, measures }
    }

    /// The units that sum a month's rows of a clinician id at a practice: the person there, and the person's roll-up. The registry as
    /// of the last day of the month names them.
    pub(crate) fn units_of(directory: &Directory, (clinician, practice): &PracticePerson, month: Month) -> [UnitKey; 2] {
        let day = month.last_day();
        let person = directory.person_of(clinician, day).into_owned();
        let roll_up = UnitKey { person: person.clone(), practice: String::new() };
        [UnitKey { person, practice: directory.practice_of(practice, day).into_owned() }, roll_up]
    }

    /// All units that may have a card for this month.
    pub(crate) fn of_month(&self, directory: &Directory, month: Month) -> BTreeSet<UnitKey> {
        self.rows.persons_in(month).iter().flat_map(|person| MonthUnits::units_of(directory, person, month)).collect()
    }

    /// The sums of a unit under this coverage of the month; `None` when it has no card for this month.
    pub(crate) fn unit(&self, key: &UnitKey, month: Month, coverage: &MonthCoverage) -> Option<UnitMonth> {
        let has_two_practices = || self.persons.get(&key.person).is_some_and(PersonRows::has_two_practices);
        if key.is_roll_up() && !has_two_practices() {
            return None;
        }
        let summed: Vec<&OwnedRows> = self.summed_by(key).collect();
        if key.is_roll_up() && self.practices_in_window(&summed, month) < 2 {
            return None;
        }
        if !has_card(&self.sums_of(&summed, month)) {
            return None;
        }
        let parts = if key.is_roll_up() { self.parts(&key.person, &summed, month, coverage) } else { Vec::new() };
        let (months, unsent) = self.months(&key.person, &summed, month, coverage);
        let coverage = self.coverage(key, month, coverage);
        Some(UnitMonth { coverage, parts, unsent, ..UnitMonth::new(key.clone(), months) })
    }

    /// The months of which a card of this unit lacks data, oldest first.
    pub(crate) fn coverage(&self, key: &UnitKey, month: Month, coverage: &MonthCoverage) -> Vec<MonthGaps> {
        let shown = |at: usize| {
            let of = month.plus(months_back(at));
            let flags = if at < MONTHS - COVERED_MONTHS { MonthFlags::default() } else { self.flags(key, of, coverage) };
            flags.shown(of, self.missing.contains(&of))
        };
        (0..MONTHS).filter_map(shown).collect()
    }

    /// The flags of a unit in a month: those of the person at its practice, or at all practices where the person of a roll-up has facts.
    fn flags(&self, key: &UnitKey, month: Month, coverage: &MonthCoverage) -> MonthFlags {
        if !key.is_roll_up() {
            return self.flagged(&key.person, &key.practice, month, coverage).map(|of| *of.flags()).unwrap_or_default();
        }
        let mut flags = MonthFlags::default();
        let worked = |owned: &&OwnedRows| owned.months.contains(&month) && self.rows.facts(&owned.rows, month, month) > 0;
        for owned in self.summed_by(key).filter(worked) {
            if let Some(of) = self.flagged(&key.person, &owned.practice, month, coverage) {
                flags.add(of.flags());
            }
        }
        flags
    }

    /// The coverage of a person at a practice in a month; `None` where it lacks nothing.
    fn flagged(&self, person: &str, practice: &str, month: Month, coverage: &MonthCoverage) -> Option<FlaggedMonth> {
        coverage.flagged(person, practice, month, &|person| self.person_feeds(person, practice, month))
    }

    /// The feeds with facts of a person at a practice in a month.
    fn person_feeds(&self, person: &str, practice: &str, month: Month) -> PersonFeeds {
        let all = self.persons.get(person).map_or(&[][..], |rows| &rows.all);
        let there = all.iter().filter(|owned| *owned.practice == *practice && owned.months.contains(&month));
        there.flat_map(|owned| self.rows.feeds_with_facts(&owned.rows, month)).collect()
    }

    /// The sums of each of the last 24 months without what measures leave out, oldest first, and the sums left out.
    fn months(&self, person: &str, owned: &[&OwnedRows], month: Month, coverage: &MonthCoverage) -> (Vec<Sums>, Unsent) {
        let mut unsent = Unsent::new();
        let mut sent = |at: usize| {
            let of = month.plus(months_back(at));
            let flagged = |one: &OwnedRows| self.flagged(person, &one.practice, of, coverage);
            let months: Vec<(&OwnedRows, Option<FlaggedMonth>)> = owned.iter().map(|one| (*one, flagged(one))).collect();
            self.sent_sums(&months, at, of, &mut unsent)
        };
        let months = (0..MONTHS).map(&mut sent).collect();
        (months, unsent)
    }

    /// The sums of the month `of` at this place of 24 without what measures leave out of its rows.
    fn sent_sums(&self, rows: &[(&OwnedRows, Option<FlaggedMonth>)], at: usize, of: Month, unsent: &mut Unsent) -> Sums {
        let mut sums = Sums::zero(self.measures.measures().len());
        for (one, flagged) in rows {
            let leaving = flagged.as_ref().map_or(&[][..], FlaggedMonth::unsent);
            if leaving.is_empty() {
                self.add_to(one, of, &mut sums);
                continue;
            }
            let mut part = self.sums_of(&[one], of);
            for &index in leaving {
                let left_out = LeftOut::take(self.measures, index, &mut part);
                let window = usize::from(self.measures.measures()[index].definition.window);
                if at >= MONTHS - window {
                    unsent.entry(index).or_default().add(&left_out);
                }
            }
            sums += &part;
        }
        sums
    }

    /// The practices of a roll-up, in order of their codes.
    fn parts(&self, person: &str, owned: &[&OwnedRows], month: Month, coverage: &MonthCoverage) -> Vec<UnitPart> {
        let mut practices: BTreeMap<&Arc<str>, Vec<&OwnedRows>> = BTreeMap::new();
        for owned in owned {
            practices.entry(&owned.practice).or_default().push(owned);
        }
        let part = |(practice, owned): (&Arc<str>, Vec<&OwnedRows>)| UnitPart {
            practice: practice.to_string(),
            windows: windows_of(&self.months(person, &owned, month, coverage).0),
        };
        practices.into_iter().map(part).collect()
    }

    /// The number of practices of a roll-up at which its person has facts in the 12 months that end with this one.
    fn practices_in_window(&self, owned: &[&OwnedRows], month: Month) -> usize {
        let mut practices: BTreeMap<&Arc<str>, i64> = BTreeMap::new();
        for OwnedRows { rows, practice, months } in owned {
            let (first, last) = (first_of(month, 12).max(*months.start()), month.min(*months.end()));
            if first <= last {
                *practices.entry(practice).or_default() += self.rows.facts(rows, first, last);
            }
        }
        practices.values().filter(|facts| **facts > 0).count()
    }

    /// The sums of these rows in one month.
    fn sums_of(&self, owned: &[&OwnedRows], month: Month) -> Sums {
        let mut sums = Sums::zero(self.measures.measures().len());
        owned.iter().for_each(|owned| self.add_to(owned, month, &mut sums));
        sums
    }

    /// Adds the sums of these rows in one month.
    fn add_to(&self, owned: &OwnedRows, month: Month, sums: &mut Sums) {
        if owned.months.contains(&month) {
            self.rows.add_window(&owned.rows, month, month, sums);
        }
    }

    /// The sums of a unit's own month, with or without a card. Its fingerprint and its counters come from them.
    pub(crate) fn month_sums(&self, key: &UnitKey, month: Month) -> Sums {
        let summed: Vec<&OwnedRows> = self.summed_by(key).collect();
        self.sums_of(&summed, month)
    }

    /// The feeds with a row of a unit in a month, in order of their names.
    pub(crate) fn feeds(&self, key: &UnitKey, month: Month) -> BTreeSet<Arc<str>> {
        let of_month = self.summed_by(key).filter(|owned| owned.months.contains(&month));
        of_month.flat_map(|owned| self.rows.feeds_of(&owned.rows, month)).collect()
    }

    /// The roll-up that sums the rows of a unit at a practice in a month, if any.
    pub(crate) fn roll_up_of(&self, key: &UnitKey, month: Month) -> Option<UnitKey> {
        let roll_up = UnitKey { person: key.person.clone(), practice: String::new() };
        let counts = |owned: &OwnedRows| *owned.practice == *key.practice && owned.months.contains(&month);
        let is_summed = self.summed_by(&roll_up).any(counts);
        is_summed.then_some(roll_up)
    }

    fn summed_by<'s>(&'s self, key: &'s UnitKey) -> impl Iterator<Item = &'s OwnedRows> {
        let of_person = self.persons.get(&key.person);
        let owned = match key.is_roll_up() {
            true => of_person.map(|rows| rows.rolled_up(self.directory, &key.person)),
            false => of_person.map(|rows| &*rows.all),
        };
        owned.into_iter().flatten().filter(|owned| key.is_roll_up() || *owned.practice == *key.practice)
    }
}

/// Months from the last of 24 months to the month at this index: -23 to 0.
fn months_back(index: usize) -> i32 {
    i32::try_from(index + 1).expect("one of 24") - i32::try_from(MONTHS).expect("two years")
}

fn first_of(month: Month, months: u8) -> Month {
    month.plus(1 - i32::from(months))
}
