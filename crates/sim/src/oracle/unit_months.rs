//! Rows as the units of a month: persons at their practices and their roll-ups, with the sums of their windows.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::oracle::fold::{Row, RowKey};
use crate::oracle::measure_file::Measure;
use crate::oracle::registry::{Staff, SubjectRole, Unit};
use crate::oracle::sendings::{MissingData, Needs};
use crate::oracle::sums::{FACTS, LeftOut};
use crate::oracle::unit_gaps::UnitGaps;

/// Sums that measures leave out of a month, by index of the measure.
type LeftOutByMeasure = BTreeMap<usize, LeftOut>;

/// The rows of a month without what measures leave out, and what they leave out.
type MonthRows = BTreeMap<Unit, (Row, LeftOutByMeasure)>;

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
    /// Missing data of its last 12 months.
    pub missing: BTreeMap<Month, MissingData>,
    /// Denominators that measures leave out of their headline windows for it, by index. Windows and months do not have them.
    pub left_out: LeftOutByMeasure,
}

/// The rows of a cut and the staff of the registry.
pub(crate) struct Books<'a> {
    pub rows: &'a BTreeMap<RowKey, Row>,
    pub staff: &'a Staff,
    pub measures: &'a [Measure],
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
            let roll_up = self.staff.rolls_up(&person, &practice, month).then(String::new);
            for practice in std::iter::once(practice).chain(roll_up) {
                let unit = Unit { person: person.clone(), practice };
                units.entry(unit).or_insert_with(|| Row::zero(self.measures.len())).add(row);
            }
        }
        units
    }

    /// The units of each of the 12 months that end with this one, oldest first.
    pub(crate) fn year(&self, month: Month) -> Vec<(Month, BTreeMap<Unit, Row>)> {
        (-11..=0).map(|back| month.plus(back)).map(|of| (of, self.month(of))).collect()
    }

    /// The missing data of a unit: those of the person at its practice, or at every practice that a roll-up sums and that has facts in the
    /// month.
    pub(crate) fn missing(
        &self,
        unit: &Unit,
        year: &[(Month, BTreeMap<Unit, Row>)],
        gaps: &UnitGaps<'_>,
    ) -> BTreeMap<Month, MissingData> {
        let mut missing: BTreeMap<Month, MissingData> = BTreeMap::new();
        for (of, rows) in year {
            if !unit.is_roll_up() {
                missing.insert(*of, gaps.of(unit, *of, rows));
                continue;
            }
            for (one, row) in rows.iter().filter(|(one, _)| one.person == unit.person && !one.is_roll_up()) {
                if row.sums.base(FACTS) > 0 && self.staff.rolls_up(&one.person, &one.practice, *of) {
                    missing.entry(*of).or_default().add(&gaps.of(one, *of, rows));
                }
            }
        }
        missing.retain(|_, data| !data.is_empty());
        missing
    }

    /// The rows of a month without what measures leave out, and the denominators that they leave out.
    fn sent(&self, month: Month, rows: &BTreeMap<Unit, Row>, gaps: &UnitGaps<'_>) -> MonthRows {
        let mut sent: MonthRows = BTreeMap::new();
        let needs: Vec<Needs> = self.measures.iter().map(Measure::kinds).collect();
        for (unit, mut row) in rows.clone().into_iter().filter(|(unit, _)| !unit.is_roll_up()) {
            let mut left_out: LeftOutByMeasure = BTreeMap::new();
            let missing = gaps.of(&unit, month, rows);
            for (index, needs) in needs.iter().enumerate() {
                if missing.voids(needs) {
                    left_out.insert(index, row.sums.void(index));
                }
            }
            let roll_up = self.staff.rolls_up(&unit.person, &unit.practice, month).then(String::new);
            for practice in std::iter::once(unit.practice.clone()).chain(roll_up) {
                let at = Unit { person: unit.person.clone(), practice };
                let (sum, out) = sent.entry(at).or_insert_with(|| (Row::zero(self.measures.len()), BTreeMap::new()));
                sum.add(&row);
                for (index, one) in &left_out {
                    out.entry(*index).or_default().add(one);
                }
            }
        }
        sent
    }

    /// The units with a card for a month.
    pub(crate) fn units(&self, month: Month, gaps: &UnitGaps<'_>) -> Vec<UnitMonth> {
        let years: Vec<BTreeMap<Unit, Row>> = (-23..=0).map(|back| self.month(month.plus(back))).collect();
        let with_facts = years[23].iter().filter(|(_, row)| row.sums.base(FACTS) > 0).map(|(unit, _)| unit);
        let units = with_facts.filter(|unit| !unit.is_roll_up() || self.practices(&years[12..], month, &unit.person) >= 2);
        let sent: Vec<_> = (-23..=0).zip(&years).map(|(back, rows)| self.sent(month.plus(back), rows, gaps)).collect();
        let year = self.year(month);
        units.map(|unit| UnitMonth { missing: self.missing(unit, &year, gaps), ..self.unit(unit, month, &sent) }).collect()
    }

    /// The number of practices that a roll-up sums and at which its person has facts in the year that ends with this month.
    fn practices(&self, year: &[BTreeMap<Unit, Row>], month: Month, person: &str) -> usize {
        let mut facts: BTreeMap<&str, i128> = BTreeMap::new();
        for (of, rows) in (-11..=0).map(|back| month.plus(back)).zip(year) {
            let is_summed =
                |unit: &&Unit| unit.person == person && !unit.is_roll_up() && self.staff.rolls_up(person, &unit.practice, of);
            for unit in rows.keys().filter(is_summed) {
                *facts.entry(&unit.practice).or_default() += rows[unit].sums.base(FACTS);
            }
        }
        facts.values().filter(|n| **n > 0).count()
    }

    fn unit(&self, unit: &Unit, month: Month, years: &[MonthRows]) -> UnitMonth {
        let nothing = || (Row::zero(self.measures.len()), BTreeMap::new());
        let of = |rows: &MonthRows| rows.get(unit).cloned().unwrap_or_else(nothing);
        let (months, out): (Vec<Row>, Vec<LeftOutByMeasure>) = years.iter().map(of).unzip();
        let mut left_out: LeftOutByMeasure = BTreeMap::new();
        for (at, of_month) in out.iter().enumerate() {
            for (index, one) in of_month {
                let window = usize::try_from(self.measures[*index].window).expect("3 or 12");
                if at + window >= months.len() {
                    left_out.entry(*index).or_default().add(one);
                }
            }
        }
        let window = |length: i32| {
            let mut sum = Row::zero(self.measures.len());
            let from = months.len() - usize::try_from(length).expect("1, 3 or 12");
            months[from..].iter().for_each(|row| sum.add(row));
            sum
        };
        let day = month.last_day();
        UnitMonth {
            standing: self.staff.standing(unit, day),
            in_scope: unit.is_roll_up() || self.staff.in_scope(&unit.practice, day),
            windows: WINDOWS.into_iter().map(window).collect(),
            missing: BTreeMap::new(),
            left_out,
            months: months.clone(),
            unit: unit.clone(),
        }
    }
}
