//! The verifier's own sums of a row, by name instead of by index, and their fingerprint.

use std::collections::BTreeMap;
use std::fmt;

use scorecard::record::log_record::ClinicianMonth;
use xxhash_rust::xxh3::xxh3_128;

use crate::simulation::counted_fact::{CountedFact, DrugCode, Numbers};
use crate::simulation::measure_sets::{ALL_NAMES, adjusts, contribute, is_second, side_numbers};

/// The sums of a row, or of several rows, for the measures of both sets.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Facts, encounters, minutes, items, unmapped items, responses, unknown status, planned minutes of no-shows, items without cost,
    /// without daily quantities and without quantity, six answers.
    pub base: [i64; 17],
    /// Unmapped items that the second set's code files know.
    pub mapped_later: i64,
    /// Recorded, amended, retracted.
    pub counters: [i64; 3],
    /// In the order of [`ALL_NAMES`].
    pub measures: [Numbers; 8],
}

/// Shows only fields that are not zero, so that messages stay readable.
impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.base, self.counters)?;
        for (name, m) in ALL_NAMES.iter().zip(&self.measures).filter(|(_, m)| **m != Numbers::default()) {
            let sides = (m.facts_n, m.facts_d, m.n, m.d, m.n_squares, m.d_squares);
            write!(
                f,
                " {name}: {sides:?} {:?} pca {} excluded {} unknown {} signed {:?} by cell {:?}",
                (m.n_quantity, m.n_cost, m.d_quantity, m.d_cost),
                m.pca,
                m.excluded,
                m.unknown,
                m.signed,
                m.by_cell
            )?;
        }
        Ok(())
    }
}

impl Figures {
    /// Number of facts.
    pub(crate) fn facts(&self) -> i64 {
        self.base[0]
    }

    /// Adds one event.
    pub(crate) fn count(&mut self, event: &CountedFact) {
        if !event.excluded {
            self.count_base(event);
        }
        for (name, to) in ALL_NAMES.iter().zip(&mut self.measures) {
            contribute(name, event, to);
        }
    }

    fn count_base(&mut self, event: &CountedFact) {
        self.base[0] += 1;
        if event.is_prescription {
            self.base[3] += event.items;
            let is_bnf = matches!(event.code, DrugCode::Bnf(_));
            self.base[4] += if is_bnf { 0 } else { event.items };
            self.mapped_later += if is_bnf || event.code == DrugCode::Unmapped { 0 } else { event.items };
            for (place, amount) in [(8, event.cost), (9, event.adq), (10, event.quantity)] {
                self.base[place] += if amount.is_none() { event.items } else { 0 };
            }
        }
        if event.is_encounter {
            if event.attended && event.activity {
                self.base[1] += 1;
                self.base[2] += event.minutes.unwrap_or(0);
            }
            self.base[6] += i64::from(!event.attended && !event.noshow);
            self.base[7] += if event.noshow && event.attendance { event.planned } else { 0 };
        }
        if event.is_feedback {
            self.base[5] += 1;
            if let Some(answer) = event.answer {
                self.base[11 + answer] += 1;
            }
        }
    }

    /// Adds other sums.
    pub(crate) fn add(&mut self, other: &Figures) {
        for (mine, theirs) in self.base.iter_mut().zip(other.base) {
            *mine += theirs;
        }
        self.mapped_later += other.mapped_later;
        for (mine, theirs) in self.counters.iter_mut().zip(other.counters) {
            *mine += theirs;
        }
        for (mine, theirs) in self.measures.iter_mut().zip(other.measures) {
            mine.facts_n += theirs.facts_n;
            mine.facts_d += theirs.facts_d;
            mine.n += theirs.n;
            mine.d += theirs.d;
            mine.n_squares += theirs.n_squares;
            mine.d_squares += theirs.d_squares;
            mine.n_quantity += theirs.n_quantity;
            mine.n_cost += theirs.n_cost;
            mine.d_quantity += theirs.d_quantity;
            mine.d_cost += theirs.d_cost;
            mine.pca += theirs.pca;
            mine.excluded += theirs.excluded;
            mine.unknown += theirs.unknown;
            for (sum, more) in mine.signed.iter_mut().flatten().zip(theirs.signed.iter().flatten()) {
                *sum += more;
            }
            for (sum, more) in mine.by_cell.iter_mut().flatten().zip(theirs.by_cell.iter().flatten()) {
                *sum += more;
            }
        }
    }

    /// The sums of one measure.
    pub(crate) fn measure(&self, name: &str) -> &Numbers {
        let at = ALL_NAMES.iter().position(|one| *one == name).expect("the simulation's measures are all in the list");
        &self.measures[at]
    }

    /// The sums of one measure, to be changed.
    pub(crate) fn measure_mut(&mut self, name: &str) -> &mut Numbers {
        let at = ALL_NAMES.iter().position(|one| *one == name).expect("the simulation's measures are all in the list");
        &mut self.measures[at]
    }

    /// These sums without measures outside of this set, and with the codes that its code files know.
    pub(crate) fn under(&self, set: &[&str]) -> Figures {
        let mut bare = *self;
        let known = std::mem::take(&mut bare.mapped_later);
        bare.base[4] -= if is_second(set) { known } else { 0 };
        for (name, numbers) in ALL_NAMES.iter().zip(&mut bare.measures) {
            if !set.contains(name) {
                *numbers = Numbers::default();
            }
        }
        bare
    }

    /// These sums without the counters, which depend on the order of arrival.
    pub(crate) fn without_counters(&self) -> Figures {
        Figures { counters: [0; 3], ..*self }
    }

    /// The sums of a row of the topic under a set; `None` when it names an unknown measure or side.
    pub(crate) fn of_row(row: &ClinicianMonth, set: &[&str]) -> Option<Figures> {
        let b = &row.base;
        let a = &b.answers;
        let mut figures = Figures {
            base: [
                b.facts,
                b.encounters,
                b.minutes,
                b.items,
                b.unmapped_items,
                b.responses,
                b.unknown_status,
                b.noshow_planned_minutes,
                b.items_without_cost,
                b.items_without_adq,
                b.items_without_quantity,
                a[0],
                a[1],
                a[2],
                a[3],
                a[4],
                a[5],
            ],
            mapped_later: 0,
            counters: [b.recorded, b.amended, b.retracted],
            measures: [Numbers::default(); 8],
        };
        for (name, m) in &row.measures {
            let at = ALL_NAMES.iter().position(|one| *one == &**name)?;
            figures.measures[at] = Numbers {
                facts_n: m.facts_n,
                facts_d: m.facts_d,
                n: m.n,
                d: m.d,
                n_squares: m.n_squares,
                d_squares: m.d_squares,
                n_quantity: m.n_quantity_milli,
                n_cost: m.n_cost_pence,
                d_quantity: m.d_quantity_milli,
                d_cost: m.d_cost_pence,
                pca: m.pca,
                excluded: m.excluded,
                unknown: m.unknown,
                ..Numbers::default()
            };
        }
        let numbers = side_numbers(set);
        let last = numbers.iter().flatten().max().copied();
        let known = row.signed.iter().all(|(side, signed)| Some(*side) <= last && !signed.is_zero());
        for (name, sides) in set.iter().zip(&numbers) {
            let at = ALL_NAMES.iter().position(|one| one == name)?;
            let of = |side: u32| row.signed.iter().find(|(number, _)| *number == side).map_or([0; 4], |(_, signed)| signed.0);
            figures.measures[at].signed = sides.map(of);
        }
        for sum in &row.cells {
            // Twice the measure's place in the set, plus 1 for the denominator.
            let name = set.get(sum.side as usize / 2).filter(|name| adjusts(name))?;
            let at = ALL_NAMES.iter().position(|one| one == name)?;
            let held = &mut figures.measures[at].by_cell[sum.side as usize % 2][usize::from(sum.cell)];
            *held = Some(sum.n).filter(|n| *n != 0 && *held == 0)?;
        }
        known.then_some(figures)
    }

    /// The fingerprint of a month's sums, as on a card: XXH3-128 of little-endian integers. They are the fields of the base, then
    /// index and fields of each measure of the set that is not zero. Behind them are the sides that are not zero: 2^32 plus the number,
    /// and the four sums. The last are the sums by cell that are not zero: 2^48 plus 16 times the side of the measure plus the cell, and
    /// the sum.
    pub(crate) fn fingerprint(&self, set: &[&str]) -> String {
        let mut bytes = Vec::new();
        for field in self.under(set).base {
            bytes.extend(field.to_le_bytes());
        }
        for (index, name) in (0u64..).zip(set) {
            let m = Numbers { signed: [[0; 4]; 2], by_cell: [[0; 16]; 2], ..*self.measure(name) };
            if m == Numbers::default() {
                continue;
            }
            bytes.extend(index.to_le_bytes());
            for field in [m.facts_n, m.facts_d, m.n, m.d] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(m.n_squares.to_le_bytes());
            bytes.extend(m.d_squares.to_le_bytes());
            for field in [m.n_quantity, m.n_cost, m.d_quantity, m.d_cost, m.pca, m.excluded, m.unknown] {
                bytes.extend(field.to_le_bytes());
            }
        }
        let mut sides = BTreeMap::new();
        for (name, numbers) in set.iter().zip(side_numbers(set)) {
            sides.extend(numbers.into_iter().zip(self.measure(name).signed));
        }
        for (side, signed) in sides.into_iter().filter(|(_, signed)| *signed != [0; 4]) {
            bytes.extend(((1_u64 << 32) + u64::from(side)).to_le_bytes());
            signed.iter().for_each(|sum| bytes.extend(sum.to_le_bytes()));
        }
        let by_cell = set.iter().flat_map(|name| self.measure(name).by_cell);
        for (at, sum) in (0_u64..).zip(by_cell.flatten()).filter(|(_, sum)| *sum != 0) {
            bytes.extend(((1_u64 << 48) + at).to_le_bytes());
            bytes.extend(sum.to_le_bytes());
        }
        format!("{:032x}", xxh3_128(&bytes))
    }
}
