//! Rows as the units of a month: persons at their practices and their roll-ups, with the sums of their windows.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::oracle::fold::{Row, RowKey};
use crate::oracle::registry::{Staff, SubjectRole, Unit};
use crate::oracle::sums::FACTS;

/// The windows in months. Each ends with the card's month.
pub(crate) const WINDOWS: [i32; 3] = [1, 3, 12];

/// A unit with a card for the month.
#[derive(Clone, Debug)]
pub(crate) struct UnitMonth {
    pub unit: Unit,
    /// Role on the month's last day.
    pub standing: SubjectRole,
    pub in_scope: bool,
    /// Sums of the month, and of the 3 and the 12 months that end with it.
    pub windows: Vec<Row>,
    /// Sums of each of the 24 months that end with it, oldest first.
    pub months: Vec<Row>,
}

/// The rows of a cut and the staff of the registry.
pub(crate) struct Books<'a> {
    pub rows: &'a BTreeMap<RowKey, Row>,
    pub staff: &'a Staff,
    pub measures: usize,
}

impl Books<'_> {
    /// The months with a row.
    pub(crate) fn months(&self) -> BTreeSet<Month> {
        self.rows.keys().map(|key| key.0).collect()
    }

    /// The rows of each person in a month, by practice and, under the empty practice, their sum.
    pub(crate) fn month(&self, month: Month) -> BTreeMap<Unit, Row> {
        let mut units: BTreeMap<Unit, Row> = BTreeMap::new();
        let of_month = self.rows.range((month, String::new(), String::new())..(month.plus(1), String::new(), String::new()));
        for ((_, clinician, practice), row) in of_month {
            let person = self.staff.person_of(clinician, month.last_day());
            let practice = self.staff.practice_of(practice, month.last_day());
            for practice in [practice.as_str(), ""] {
                let unit = Unit { person: person.clone(), practice: practice.to_owned() };
                units.entry(unit).or_insert_with(|| Row::zero(self.measures)).add(row);
            }
        }
        units
    }

    /// The units with a card for a month.
    pub(crate) fn units(&self, month: Month) -> Vec<UnitMonth> {
        let years: Vec<BTreeMap<Unit, Row>> = (-23..=0).map(|back| self.month(month.plus(back))).collect();
        let with_facts = years[23].iter().filter(|(_, row)| row.sums.base(FACTS) > 0).map(|(unit, _)| unit);
        let units = with_facts.filter(|unit| !unit.is_roll_up() || practices(&years[12..], &unit.person) >= 2);
        units.map(|unit| self.unit(unit, month, &years)).collect()
    }

    fn unit(&self, unit: &Unit, month: Month, years: &[BTreeMap<Unit, Row>]) -> UnitMonth {
        let of = |rows: &BTreeMap<Unit, Row>| rows.get(unit).cloned().unwrap_or_else(|| Row::zero(self.measures));
        let months: Vec<Row> = years.iter().map(of).collect();
        let window = |length: i32| {
            let mut sum = Row::zero(self.measures);
            let from = months.len() - usize::try_from(length).expect("1, 3 or 12");
            months[from..].iter().for_each(|row| sum.add(row));
            sum
        };
        let day = month.last_day();
        UnitMonth {
            standing: self.staff.standing(unit, day),
            in_scope: unit.is_roll_up() || self.staff.in_scope(&unit.practice, day),
            windows: WINDOWS.into_iter().map(window).collect(),
            months: months.clone(),
            unit: unit.clone(),
        }
    }
}

/// The number of practices at which a person has facts in these months.
fn practices(year: &[BTreeMap<Unit, Row>], person: &str) -> usize {
    let mut facts: BTreeMap<&str, i128> = BTreeMap::new();
    for (unit, row) in year.iter().flatten().filter(|(unit, _)| unit.person == person && !unit.is_roll_up()) {
        *facts.entry(&unit.practice).or_default() += row.sums.base(FACTS);
    }
    facts.values().filter(|n| **n > 0).count()
}
