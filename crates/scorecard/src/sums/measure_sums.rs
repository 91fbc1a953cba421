//! The sums of one clinician month for every measure of the set. Integers only, so that the same events in any order give the
//! same bits.

use std::ops::{AddAssign, SubAssign};

use crate::sums::cell_sum::CellSumList;

/// Sums that belong to no single measure. They are counts unless the name says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Facts in this row. A card exists while this is above 0.
    pub facts: i64,
    /// Attended encounters.
    pub encounters: i64,
    /// Minutes of attended encounters.
    pub minutes: i64,
    /// Items prescribed, mapped or not, repeats included.
    pub items: i64,
    /// Items of unmapped drugs.
    pub unmapped_items: i64,
    /// Feedback responses.
    pub responses: i64,
    /// Encounters with unknown status.
    pub unknown_status: i64,
    /// Planned minutes of encounters that the patient did not attend.
    pub noshow_planned_minutes: i64,
    /// Items without a cost.
    pub items_without_cost: i64,
    /// Items without average daily quantities.
    pub items_without_adq: i64,
    /// Items without a quantity.
    pub items_without_quantity: i64,
    /// Friends and Family answers in the order of [`crate::event::Answer`].
    pub answers: [i64; 6],
    /// Facts ever added to this row for the first time, cumulative. Changes of the counters give the reasons of a revision.
    pub recorded: i64,
    /// Amendments of facts of this row or moved into it, cumulative.
    pub amended: i64,
    /// Retractions of facts of this row, cumulative.
    pub retracted: i64,
}

/// Number of fields of [`Base`], with one for each answer.
pub const BASE_FIELDS: usize = 20;

impl Base {
    /// Its fields in order, for canonical bytes.
    #[must_use]
    pub fn fields(&self) -> [i64; BASE_FIELDS] {
        let a = &self.answers;
        [
            self.facts,
            self.encounters,
            self.minutes,
            self.items,
            self.unmapped_items,
            self.responses,
            self.unknown_status,
            self.noshow_planned_minutes,
            self.items_without_cost,
            self.items_without_adq,
            self.items_without_quantity,
            a[0],
            a[1],
            a[2],
            a[3],
            a[4],
            a[5],
            self.recorded,
            self.amended,
            self.retracted,
        ]
    }

    /// The base with these fields, in the order of [`Base::fields`].
    #[must_use]
    pub fn of_fields(fields: [i64; BASE_FIELDS]) -> Base {
        let [facts, encounters, minutes, items, unmapped_items, responses, unknown_status, noshow_planned_minutes, rest @ ..] =
            fields;
        let [items_without_cost, items_without_adq, items_without_quantity, rest @ ..] = rest;
        let [a, b, c, d, e, f, recorded, amended, retracted] = rest;
        let answers = [a, b, c, d, e, f];
        Base {
            facts,
            encounters,
            minutes,
            items,
            unmapped_items,
            responses,
            unknown_status,
            noshow_planned_minutes,
            items_without_cost,
            items_without_adq,
            items_without_quantity,
            answers,
            recorded,
            amended,
            retracted,
        }
    }

    fn add(&mut self, other: &Base, sign: i64) {
        self.facts += sign * other.facts;
        self.encounters += sign * other.encounters;
        self.minutes += sign * other.minutes;
        self.items += sign * other.items;
        self.unmapped_items += sign * other.unmapped_items;
        self.responses += sign * other.responses;
        self.unknown_status += sign * other.unknown_status;
        self.noshow_planned_minutes += sign * other.noshow_planned_minutes;
        self.items_without_cost += sign * other.items_without_cost;
        self.items_without_adq += sign * other.items_without_adq;
        self.items_without_quantity += sign * other.items_without_quantity;
        for (mine, theirs) in self.answers.iter_mut().zip(other.answers) {
            *mine += sign * theirs;
        }
        self.recorded += sign * other.recorded;
        self.amended += sign * other.amended;
        self.retracted += sign * other.retracted;
    }
}

impl AddAssign<&Base> for Base {
    fn add_assign(&mut self, other: &Base) {
        self.add(other, 1);
    }
}

/// The sums of one measure. `n` and `d` are in the measure's own integer units ([`crate::measure::measure_set::Amount`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeasureSums {
    /// Facts in the numerator.
    pub facts_n: i64,
    /// Facts in the denominator.
    pub facts_d: i64,
    /// Numerator.
    pub n: i64,
    /// Denominator.
    pub d: i64,
    /// Sum of the squares of the numerator's amounts.
    pub n_squares: i128,
    /// Sum of the squares of the denominator's amounts.
    pub d_squares: i128,
    /// Quantity of the numerator set in thousandths; 0 unless the measure has a saving.
    pub n_quantity_milli: i64,
    /// Cost of the numerator set in pence; 0 unless the measure has a saving.
    pub n_cost_pence: i64,
    /// Quantity of the denominator set in thousandths; 0 unless the measure has a saving.
    pub d_quantity_milli: i64,
    /// Cost of the denominator set in pence; 0 unless the measure has a saving.
    pub d_cost_pence: i64,
    /// Facts left out because the patient is adjusted for this measure.
    pub pca: i64,
    /// Facts left out as administrative or of a test patient.
    pub excluded: i64,
    /// Facts left out because they lack a field that a side counts.
    pub unknown: i64,
}

/// Number of fields of [`MeasureSums`] without its sums of squares.
pub const MEASURE_FIELDS: usize = 11;

impl MeasureSums {
    /// Whether all fields are 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == MeasureSums::default()
    }

    /// Its fields in order, for canonical bytes: the sums of squares, then all others.
    #[must_use]
    pub fn fields(&self) -> ([i128; 2], [i64; MEASURE_FIELDS]) {
        let others = [
            self.facts_n,
            self.facts_d,
            self.n,
            self.d,
            self.n_quantity_milli,
            self.n_cost_pence,
            self.d_quantity_milli,
            self.d_cost_pence,
            self.pca,
            self.excluded,
            self.unknown,
        ];
        ([self.n_squares, self.d_squares], others)
    }

    /// The sums with these fields, in the order of [`MeasureSums::fields`].
    #[must_use]
    pub fn of_fields([n_squares, d_squares]: [i128; 2], others: [i64; MEASURE_FIELDS]) -> MeasureSums {
        let [facts_n, facts_d, n, d, n_quantity_milli, n_cost_pence, d_quantity_milli, d_cost_pence, rest @ ..] = others;
        let [pca, excluded, unknown] = rest;
        MeasureSums {
            facts_n,
            facts_d,
            n,
            d,
            n_squares,
            d_squares,
            n_quantity_milli,
            n_cost_pence,
            d_quantity_milli,
            d_cost_pence,
            pca,
            excluded,
            unknown,
        }
    }

    fn add(&mut self, other: &MeasureSums, sign: i64) {
        self.facts_n += sign * other.facts_n;
        self.facts_d += sign * other.facts_d;
        self.n += sign * other.n;
        self.d += sign * other.d;
        self.n_squares += i128::from(sign) * other.n_squares;
        self.d_squares += i128::from(sign) * other.d_squares;
        self.n_quantity_milli += sign * other.n_quantity_milli;
        self.n_cost_pence += sign * other.n_cost_pence;
        self.d_quantity_milli += sign * other.d_quantity_milli;
        self.d_cost_pence += sign * other.d_cost_pence;
        self.pca += sign * other.pca;
        self.excluded += sign * other.excluded;
        self.unknown += sign * other.unknown;
    }
}

impl AddAssign<&MeasureSums> for MeasureSums {
    fn add_assign(&mut self, other: &MeasureSums) {
        self.add(other, 1);
    }
}

impl SubAssign<&MeasureSums> for MeasureSums {
    fn sub_assign(&mut self, other: &MeasureSums) {
        self.add(other, -1);
    }
}

/// Number of signs of a patient.
pub const SIGNS: usize = 4;

/// The signed sums of one distinct side: for each of the four signs of a patient, the sum of sign times amount over its facts.
///
/// They estimate how much the facts of one patient resemble each other, without any patient in the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedSums(pub [i64; SIGNS]);

impl SignedSums {
    /// Whether all four are 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; SIGNS]
    }

    fn add(&mut self, other: &SignedSums, sign: i64) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += sign * theirs);
    }
}

/// All sums of one row or one window: [`Base`], one [`MeasureSums`] for each measure in the order of the measure set, and the
/// [`SignedSums`] of its distinct sides. Measures that adjust for their patients add sums by case-mix cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Sums that belong to no single measure.
    pub base: Base,
    /// By index of the measure in its set.
    pub measures: Box<[MeasureSums]>,
    /// By number of the side in the set, without the zeros at the end. [`Sums::signed_of`] reads them.
    signed: Vec<SignedSums>,
    /// By side and case-mix cell; empty unless a measure adjusts for its patients.
    pub cells: CellSumList,
}

impl Sums {
    /// Zero sums for a set with this many measures.
    #[must_use]
    pub fn zero(measures: usize) -> Sums {
        Sums { measures: vec![MeasureSums::default(); measures].into(), ..Sums::default() }
    }

    /// Sums with these parts and without case mix; `signed` is by number of the side.
    #[must_use]
    pub fn new(base: Base, measures: Box<[MeasureSums]>, signed: Vec<SignedSums>) -> Sums {
        let mut sums = Sums { base, measures, signed, cells: CellSumList::default() };
        sums.trim();
        sums
    }

    /// The signed sums of the side with this number.
    #[must_use]
    pub fn signed_of(&self, side: usize) -> SignedSums {
        self.signed.get(side).copied().unwrap_or_default()
    }

    /// The sides whose signed sums are not all 0, by number.
    pub fn signed(&self) -> impl Iterator<Item = (usize, SignedSums)> {
        self.signed.iter().copied().enumerate().filter(|(_, sums)| !sums.is_zero())
    }

    /// Adds to the signed sums of the side with this number.
    pub fn add_signed(&mut self, side: usize, sums: SignedSums) {
        if self.signed.len() <= side {
            self.signed.resize(side + 1, SignedSums::default());
        }
        self.signed[side].add(&sums, 1);
        self.trim();
    }

    /// Removes the zeros at the end, so that equal sums are equal values.
    fn trim(&mut self) {
        let used = self.signed.iter().rposition(|sums| !sums.is_zero()).map_or(0, |last| last + 1);
        self.signed.truncate(used);
    }

    fn add(&mut self, other: &Sums, sign: i64) {
        self.base.add(&other.base, sign);
        for (mine, theirs) in self.measures.iter_mut().zip(&other.measures) {
            mine.add(theirs, sign);
        }
        if self.signed.len() < other.signed.len() {
            self.signed.resize(other.signed.len(), SignedSums::default());
        }
        self.signed.iter_mut().zip(&other.signed).for_each(|(mine, theirs)| mine.add(theirs, sign));
        self.trim();
        self.cells.add_all(&other.cells, sign);
    }

    /// Whether all sums are 0. Such a row does not exist.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        let counts_nothing = self.measures.iter().all(MeasureSums::is_zero) && self.signed.is_empty() && self.cells.is_empty();
        self.base == Base::default() && counts_nothing
    }
}

impl AddAssign<&Sums> for Sums {
    fn add_assign(&mut self, other: &Sums) {
        self.add(other, 1);
    }
}

impl SubAssign<&Sums> for Sums {
    fn sub_assign(&mut self, other: &Sums) {
        self.add(other, -1);
    }
}
