//! The verifier's own sums of a row, by name instead of by index, and their fingerprint.

use std::fmt;

use scorecard::record::log_record::ClinicianMonth;
use xxhash_rust::xxh3::xxh3_128;

use crate::simulation::counted_fact::{CountedFact, Numbers};
use crate::simulation::measure_sets::{ALL_NAMES, contribute};

/// The sums of a row, or of several rows, for the measures of both sets.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Facts, encounters, minutes, items, unmapped items, responses, unknown status, planned minutes of no-shows, six answers.
    pub base: [i64; 14],
    /// Recorded, amended, retracted.
    pub counters: [i64; 3],
    /// In the order of [`ALL_NAMES`].
    pub measures: [Numbers; 6],
}

/// Shows only fields that are not zero, so that messages stay readable.
impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.base, self.counters)?;
        for (name, m) in ALL_NAMES.iter().zip(&self.measures).filter(|(_, m)| **m != Numbers::default()) {
            let sides = (m.facts_n, m.facts_d, m.n, m.d, m.n_squares, m.d_squares);
            write!(
                f,
                " {name}: {sides:?} {:?} pca {} excluded {}",
                (m.n_quantity, m.n_cost, m.d_quantity, m.d_cost),
                m.pca,
                m.excluded
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
            self.base[4] += if event.code.is_none() { event.items } else { 0 };
        }
        if event.is_encounter {
            if event.attended && event.activity {
                self.base[1] += 1;
                self.base[2] += event.minutes;
            }
            self.base[6] += i64::from(!event.attended && !event.noshow);
            self.base[7] += if event.noshow && event.attendance { event.planned } else { 0 };
        }
        if event.is_feedback {
            self.base[5] += 1;
            if let Some(answer) = event.answer {
                self.base[8 + answer] += 1;
            }
        }
    }

    /// Adds other sums.
    pub(crate) fn add(&mut self, other: &Figures) {
        for (mine, theirs) in self.base.iter_mut().zip(other.base) {
            *mine += theirs;
        }
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
        }
    }

    /// The sums of one measure.
    pub(crate) fn measure(&self, name: &str) -> &Numbers {
        let at = ALL_NAMES.iter().position(|one| *one == name).expect("the simulation's measures are all in the list");
        &self.measures[at]
    }

    /// These sums without measures outside of this set.
    pub(crate) fn under(&self, set: &[&str]) -> Figures {
        let mut bare = *self;
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

    /// The sums of a row of the topic; `None` when it names an unknown measure.
    pub(crate) fn of_row(row: &ClinicianMonth) -> Option<Figures> {
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
                a[0],
                a[1],
                a[2],
                a[3],
                a[4],
                a[5],
            ],
            counters: [b.recorded, b.amended, b.retracted],
            measures: [Numbers::default(); 6],
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
            };
        }
        Some(figures)
    }

    /// The fingerprint of a month's sums, as on a card: XXH3-128 of little-endian integers. They are the fields of the base, then
    /// index and fields of each measure of the set that is not zero.
    pub(crate) fn fingerprint(&self, set: &[&str]) -> String {
        let mut bytes = Vec::new();
        for field in self.base {
            bytes.extend(field.to_le_bytes());
        }
        for (index, name) in (0u64..).zip(set) {
            let m = self.measure(name);
            if *m == Numbers::default() {
                continue;
            }
            bytes.extend(index.to_le_bytes());
            for field in [m.facts_n, m.facts_d, m.n, m.d] {
                bytes.extend(field.to_le_bytes());
            }
            bytes.extend(m.n_squares.to_le_bytes());
            bytes.extend(m.d_squares.to_le_bytes());
            for field in [m.n_quantity, m.n_cost, m.d_quantity, m.d_cost, m.pca, m.excluded] {
                bytes.extend(field.to_le_bytes());
            }
        }
        format!("{:032x}", xxh3_128(&bytes))
    }
}
