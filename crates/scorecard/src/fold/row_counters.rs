//! The compact form of a row's sums. Each measure has only the cells that its amounts can fill, and cells of one kind of event are
//! neighbours. A row is a third the size of its [`Sums`], and a fact touches few cache lines of it.

use std::sync::Arc;

use wide::i32x4;

use crate::event::Answer;
use crate::fold::case_mix_cell::{CELLS, CaseMixCell};
use crate::fold::content::{Content, Figure, Figures};
use crate::fold::counted_patient::CountedPatient;
use crate::fold::signs::Signs;
use crate::fold::update_plan::{Multiple, Portion, Step, Steps, UpdatePlan};
use crate::measure::measure_set::{Amount, Measure, MeasureSet};
use crate::sums::cell_sum::{CellSum, CellSumList, cell_sides};
use crate::sums::measure_sums::{BASE_FIELDS, Base, MeasureSums, SIGNS, SignedSums, Sums};

/// Addition or subtraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn unit(self) -> i64 {
        if self == Sign::Plus { 1 } else { -1 }
    }

    /// The signs of a patient under this addition or subtraction.
    fn of_patient(self, signs: Signs) -> Signs {
        if self == Sign::Plus { signs } else { signs.opposite() }
    }
}

/// The fields of [`Base`] without its counters, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Facts,
    Encounters,
    Minutes,
    Items,
    UnmappedItems,
    Responses,
    UnknownStatus,
    NoshowPlannedMinutes,
    ItemsWithoutCost,
    ItemsWithoutAdq,
    ItemsWithoutQuantity,
    /// Number of these answers.
    Answer(Answer),
}

impl Field {
    pub(crate) fn cell(self) -> u32 {
        match self {
            Field::Facts => 0,
            Field::Encounters => 1,
            Field::Minutes => 2,
            Field::Items => 3,
            Field::UnmappedItems => 4,
            Field::Responses => 5,
            Field::UnknownStatus => 6,
            Field::NoshowPlannedMinutes => 7,
            Field::ItemsWithoutCost => 8,
            Field::ItemsWithoutAdq => 9,
            Field::ItemsWithoutQuantity => 10,
            Field::Answer(answer) => 11 + answer as u32,
        }
    }
}

/// One of the two sides of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Numerator,
    Denominator,
}

/// The counters of added, amended and retracted facts: the last fields of [`Base`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Recorded = BASE_FIELDS as isize - 3,
    Amended = BASE_FIELDS as isize - 2,
    Retracted = BASE_FIELDS as isize - 1,
}

/// The cells of one side of a measure.
#[derive(Clone, Copy, Debug)]
enum SideCounters {
    /// One cell: every fact counts 1, so facts, sum and sum of squares are equal.
    Count(u32),
    /// Three neighbouring cells for facts, sum and sum of squares, for amounts below 2^16.
    Narrow(u32),
    /// Two neighbouring cells for facts and sum, and a wide cell for the sum of squares.
    Wide { whole: u32, squares: u32 },
}

/// The cells of one measure.
#[derive(Clone, Copy, Debug)]
struct Columns {
    n: SideCounters,
    d: SideCounters,
    /// First of four cells, if the measure has a saving: quantity and cost of the numerator, then of the denominator.
    money: Option<u32>,
    /// First of three cells: adjusted patients, exclusions, unknown.
    left_out: u32,
    /// Signed cells of the numerator and the denominator.
    signed: [u32; 2],
    /// First of the 16 cells by patient of the numerator and the denominator, if the measure adjusts for its patients.
    by_patient: Option<[u32; 2]>,
}

/// The layout of a row's cells: first the fields of [`Base`] in their order, then the measures.
#[derive(Debug)]
pub(crate) struct Layout {
    columns: Vec<Columns>,
    whole: u32,
    squares: u32,
    /// The signed cell of each distinct side by the side's number.
    sides: Vec<u32>,
}

/// The amounts that one fact adds to the cells of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addend {
    whole: Vec<(u32, i64)>,
    squares: Vec<(u32, i128)>,
    /// Amounts of distinct sides by signed cell.
    signed: Vec<(u32, i64)>,
    /// Amounts of sides by the first of their cells by patient.
    by_patient: Vec<(u32, i64)>,
}

/// The cells of one row. Few sums of a month need more than 32 bits, or 64 bits for squares. The upper bits of those few are stored
/// separately, which halves the memory and the cache lines of a row.
#[derive(Debug)]
pub(crate) struct RowCounters {
    whole: Box<[u32]>,
    squares: Box<[u64]>,
    /// The signed sums of distinct sides, the four of a side together.
    signed: Box<[i32x4]>,
    /// The upper bits of cells by the cell's number: of whole cells, then of squares.
    whole_above: Vec<(u32, i64)>,
    squares_above: Vec<(u32, i64)>,
    /// The upper bits of signed sums by four times the cell's number plus the sign's.
    signed_above: Vec<(u32, i64)>,
}

impl Layout {
    /// The layout for the measures of a set.
    pub(crate) fn new(set: &MeasureSet) -> Layout {
        let mut layout = Layout { columns: Vec::new(), whole: 0, squares: 0, sides: signed_cells(set) };
        let measures: &[Arc<Measure>] = set.measures();
        layout.take(BASE_FIELDS);
        // Events of one class add to most of its denominators and to few of its numerators, so denominators are neighbours.
        let mut order: Vec<usize> = (0..measures.len()).collect();
        order.sort_by_key(|&index| measures[index].denominator.definition.event as u8);
        let mut sides = |amount: &dyn Fn(&Measure) -> Amount| {
            let mut sides = vec![SideCounters::Count(0); measures.len()];
            order.iter().for_each(|&index| sides[index] = layout.side(amount(&measures[index])));
            sides
        };
        let d = sides(&|measure| measure.denominator.definition.amount);
        let n = sides(&|measure| measure.numerator.definition.amount);
        let placed = measures.iter().zip(n.into_iter().zip(d)).enumerate();
        layout.columns = placed.map(|(index, (measure, (n, d)))| layout.place(measure, n, d, set.sides_of(index))).collect();
        // Cells by patient come last, so that they move no cell of a set without them.
        for index in (0..measures.len()).filter(|&index| measures[index].definition.is_adjusted()) {
            layout.columns[index].by_patient = Some([(); 2].map(|()| layout.take(usize::from(CELLS))));
        }
        layout
    }

    fn place(&mut self, measure: &Measure, n: SideCounters, d: SideCounters, sides: [usize; 2]) -> Columns {
        let signed = sides.map(|side| self.sides[side]);
        let money = measure.definition.saving.map(|_| self.take(4));
        Columns { n, d, money, left_out: self.take(3), signed, by_patient: None }
    }

    fn side(&mut self, amount: Amount) -> SideCounters {
        match amount {
            Amount::Count => SideCounters::Count(self.take(1)),
            Amount::Items | Amount::Answers => SideCounters::Narrow(self.take(3)),
            Amount::Quantity | Amount::Cost | Amount::Adq | Amount::Weight | Amount::Minutes => {
                self.squares += 1;
                SideCounters::Wide { whole: self.take(2), squares: self.squares - 1 }
            }
        }
    }

    /// Reserves this many cells and returns the first.
    fn take(&mut self, cells: usize) -> u32 {
        let first = self.whole;
        self.whole += u32::try_from(cells).expect("fewer than 2^32 cells");
        first
    }

    /// Cells of an empty row.
    pub(crate) fn zero(&self) -> RowCounters {
        RowCounters {
            whole: vec![0; self.whole as usize].into(),
            squares: vec![0; self.squares as usize].into(),
            signed: vec![i32x4::ZERO; self.sides.len()].into(),
            whole_above: Vec::new(),
            squares_above: Vec::new(),
            signed_above: Vec::new(),
        }
    }

    /// Adds to a plan: facts add this figure to a field of [`Base`].
    pub(crate) fn write_field(&self, field: Field, figure: Figure, to: &mut UpdatePlan) {
        debug_assert!(field.cell() < self.whole, "the fields of Base come first");
        to.always.push(field.cell(), Multiple::of(figure));
    }

    /// Adds to a plan: facts add this portion to one side of the measure at this index. `is_priced` says that the facts have a
    /// quantity and a cost; without both, they add to neither in the sums of a saving.
    pub(crate) fn write(&self, measure: usize, half: Half, portion: &Portion, is_priced: bool, to: &mut UpdatePlan) {
        let columns = &self.columns[measure];
        let steps = to.steps(portion.condition);
        let side = if half == Half::Numerator { columns.n } else { columns.d };
        side.write(portion.amount, steps);
        if let Some(by_patient) = columns.by_patient {
            steps.by_patient.push(Step { cell: by_patient[half as usize], amount: portion.amount });
        }
        if let Some(money) = columns.money.filter(|_| is_priced) {
            let first = if half == Half::Numerator { money } else { money + 2 };
            steps.push(first, Multiple::of(Figure::QuantityMilli));
            steps.push(first + 1, Multiple::of(Figure::CostPence));
        }
    }

    /// Adds to a plan: facts are unknown for the measure at this index.
    pub(crate) fn write_unknown(&self, measure: usize, to: &mut UpdatePlan) {
        to.always.push(self.columns[measure].left_out + 2, Multiple::ONE);
    }

    /// The signed cell of one side of the measure at this index.
    pub(crate) fn signed_cell(&self, measure: usize, half: Half) -> u32 {
        let [n, d] = self.columns[measure].signed;
        if half == Half::Numerator { n } else { d }
    }

    /// Adds a fact's contribution to the measure at this index to an addend.
    pub(crate) fn put(&self, measure: usize, delta: &MeasureSums, to: &mut Addend) {
        let columns = &self.columns[measure];
        columns.n.put(delta.facts_n, delta.n, delta.n_squares, to);
        columns.d.put(delta.facts_d, delta.d, delta.d_squares, to);
        if let Some(money) = columns.money {
            let fields = [delta.n_quantity_milli, delta.n_cost_pence, delta.d_quantity_milli, delta.d_cost_pence];
            (money..).zip(fields).for_each(|(cell, value)| to.put(cell, value));
        }
        to.put(columns.left_out, delta.pca);
        to.put(columns.left_out + 1, delta.excluded);
        to.put(columns.left_out + 2, delta.unknown);
        let [n, d] = columns.signed;
        if delta.facts_n != 0 {
            to.put_signed(n, delta.n);
        }
        if delta.facts_d != 0 {
            to.put_signed(d, delta.d);
        }
        if let Some(by_patient) = columns.by_patient {
            to.by_patient.extend(by_patient.into_iter().zip([delta.n, delta.d]));
        }
    }

    /// The sums of these cells.
    pub(crate) fn sums(&self, cells: &RowCounters) -> Sums {
        let base = std::array::from_fn(|field| cells.whole(u32::try_from(field).expect("fewer than 2^32 cells")));
        let measures = self.columns.iter().map(|columns| columns.sums(cells)).collect();
        let signed = self.sides.iter().map(|&cell| cells.signed(cell)).collect();
        let mut sums = Sums::new(Base::of_fields(base), measures, signed);
        sums.cells = self.sums_by_patient(cells);
        sums
    }

    fn sums_by_patient(&self, cells: &RowCounters) -> CellSumList {
        let mut sums = CellSumList::default();
        for (index, columns) in self.columns.iter().enumerate() {
            for (side, first) in cell_sides(index).into_iter().zip(columns.by_patient.into_iter().flatten()) {
                let of = |cell: u8| CellSum { side, cell, n: cells.whole(first + u32::from(cell)) };
                (0..CELLS).for_each(|cell| sums.add(of(cell)));
            }
        }
        sums
    }
}

impl SideCounters {
    fn write(self, amount: Multiple, to: &mut Steps) {
        match self {
            SideCounters::Count(cell) => {
                debug_assert_eq!(amount, Multiple::ONE, "a fact that is only counted counts 1");
                to.push(cell, Multiple::ONE);
            }
            SideCounters::Narrow(first) => {
                to.push(first, Multiple::ONE);
                to.push(first + 1, amount);
                to.push(first + 2, amount.squared());
            }
            SideCounters::Wide { whole, squares } => {
                to.push(whole, Multiple::ONE);
                to.push(whole + 1, amount);
                to.squares.push(Step { cell: squares, amount });
            }
        }
    }

    fn put(self, facts: i64, sum: i64, squares: i128, to: &mut Addend) {
        match self {
            SideCounters::Count(cell) => {
                debug_assert!(facts == sum && i128::from(sum) == squares, "a fact that is only counted counts 1");
                to.put(cell, facts);
            }
            SideCounters::Narrow(first) => {
                to.put(first, facts);
                to.put(first + 1, sum);
                to.put(first + 2, i64::try_from(squares).expect("amounts are items of 16 bits, or answers of one record"));
            }
            SideCounters::Wide { whole, squares: cell } => {
                to.put(whole, facts);
                to.put(whole + 1, sum);
                if squares != 0 {
                    to.squares.push((cell, squares));
                }
            }
        }
    }

    /// Facts, sum, sum of squares.
    fn sums(self, cells: &RowCounters) -> (i64, i64, i128) {
        let whole = |cell| cells.whole(cell);
        match self {
            SideCounters::Count(cell) => (whole(cell), whole(cell), whole(cell).into()),
            SideCounters::Narrow(first) => (whole(first), whole(first + 1), whole(first + 2).into()),
            SideCounters::Wide { whole: first, squares } => (whole(first), whole(first + 1), cells.squares(squares)),
        }
    }
}

impl Columns {
    fn sums(&self, cells: &RowCounters) -> MeasureSums {
        let (facts_n, n, n_squares) = self.n.sums(cells);
        let (facts_d, d, d_squares) = self.d.sums(cells);
        let whole = |cell| cells.whole(cell);
        let money = |place: u32| self.money.map_or(0, |first| whole(first + place));
        MeasureSums {
            facts_n,
            facts_d,
            n,
            d,
            n_squares,
            d_squares,
            n_quantity_milli: money(0),
            n_cost_pence: money(1),
            d_quantity_milli: money(2),
            d_cost_pence: money(3),
            pca: whole(self.left_out),
            excluded: whole(self.left_out + 1),
            unknown: whole(self.left_out + 2),
        }
    }
}

impl Addend {
    /// Adds an amount for a field of [`Base`].
    pub(crate) fn put_field(&mut self, field: Field, value: i64) {
        self.put(field.cell(), value);
    }

    fn put(&mut self, cell: u32, value: i64) {
        if value != 0 {
            self.whole.push((cell, value));
        }
    }

    /// Adds an amount to a distinct side, once for all measures that share the side.
    fn put_signed(&mut self, cell: u32, amount: i64) {
        if !self.signed.iter().any(|(known, _)| *known == cell) {
            self.signed.push((cell, amount));
        }
    }
}

/// The signed cell of each distinct side: sides of one class of events are neighbours, those without codes first.
fn signed_cells(set: &MeasureSet) -> Vec<u32> {
    let mut order: Vec<usize> = (0..set.sides().len()).collect();
    order.sort_by_key(|&side| (set.sides()[side].event as u8, !set.sides()[side].codes.is_empty()));
    let mut cells = vec![0; order.len()];
    (0..).zip(order).for_each(|(cell, side)| cells[side] = cell);
    cells
}

impl RowCounters {
    /// Loads the cells that most facts change into the processor's cache. The caller must use the result, or the read is optimised
    /// away.
    pub(crate) fn touch(&self) -> u32 {
        /// Cells of a cache line, and number of lines to load.
        const LINE: usize = 16;
        const LINES: usize = 4;
        let signed = self.signed.iter().step_by(LINE / SIGNS).take(LINES).fold(0, |touched, cells| touched ^ cells.to_array()[0]);
        self.whole.iter().step_by(LINE).take(LINES).fold(signed.cast_unsigned(), |touched, cell| touched ^ cell)
    }

    /// Adds the addend of a fact of this patient, or subtracts it.
    pub(crate) fn add(&mut self, addend: &Addend, patient: CountedPatient, sign: Sign) {
        let unit = sign.unit();
        for &(cell, value) in &addend.whole {
            self.add_whole(cell, unit * value);
        }
        for &(cell, value) in &addend.squares {
            self.add_square(cell, i128::from(unit) * value);
        }
        for &(cell, amount) in &addend.signed {
            self.add_signed_amount(&[cell], sign.of_patient(patient.signs), amount);
        }
        if let Some(cell) = patient.cell {
            addend.by_patient.iter().for_each(|&(first, value)| self.add_whole(place_of(first, cell), unit * value));
        }
    }

    /// Applies a plan with this content of a fact of this patient, or reverts it.
    pub(crate) fn apply(&mut self, plan: &UpdatePlan, content: &Content, patient: CountedPatient, sign: Sign) {
        let figures = Figures::of(content);
        let patient = CountedPatient { signs: sign.of_patient(patient.signs), ..patient };
        self.take(&plan.always, &figures, patient, sign.unit());
        for (condition, steps) in &plan.conditional {
            if condition.holds(content) {
                self.take(steps, &figures, patient, sign.unit());
            }
        }
    }

    fn take(&mut self, steps: &Steps, figures: &Figures, patient: CountedPatient, unit: i64) {
        for &cell in &steps.ones {
            self.add_whole(cell, unit);
        }
        for step in &steps.whole {
            self.add_whole(step.cell, unit * step.amount.value(figures));
        }
        for step in &steps.squares {
            let amount = i128::from(step.amount.value(figures));
            self.add_square(step.cell, i128::from(unit) * amount * amount);
        }
        self.add_signed(&steps.signed_ones, patient.signs.of_amount(1));
        for (amount, cells) in &steps.signed {
            self.add_signed_amount(cells, patient.signs, amount.value(figures));
        }
        for step in &steps.by_patient {
            let Some(cell) = patient.cell else { return };
            self.add_whole(place_of(step.cell, cell), unit * step.amount.value(figures));
        }
    }

    /// Increments a counter.
    pub(crate) fn count(&mut self, counter: Counter) {
        self.add_whole(counter as u32, 1);
    }

    fn add_whole(&mut self, cell: u32, value: i64) {
        let held = &mut self.whole[cell as usize];
        let sum = i64::from(*held) + (value & i64::from(u32::MAX));
        *held = u32::try_from(sum & i64::from(u32::MAX)).expect("masked to 32 bits");
        let above = (value >> u32::BITS) + (sum >> u32::BITS);
        if above != 0 {
            add_above(&mut self.whole_above, cell, above);
        }
    }

    fn add_square(&mut self, cell: u32, value: i128) {
        let held = &mut self.squares[cell as usize];
        let sum = i128::from(*held) + (value & i128::from(u64::MAX));
        *held = u64::try_from(sum & i128::from(u64::MAX)).expect("masked to 64 bits");
        let above = (value >> u64::BITS) + (sum >> u64::BITS);
        if above != 0 {
            add_above(&mut self.squares_above, cell, i64::try_from(above).expect("squares of 64 bits are below 2^127"));
        }
    }

    /// Adds an amount with the signs of a patient to the four sums of each of these signed cells.
    fn add_signed_amount(&mut self, cells: &[u32], signs: Signs, amount: i64) {
        match i32::try_from(amount) {
            Ok(amount) => self.add_signed(cells, signs.of_amount(amount)),
            Err(_) => cells.iter().for_each(|&cell| self.add_signed_wide(cell, signs, amount)),
        }
    }

    /// Adds four values to each of these signed cells. One check at the end finds a sum that left its range.
    fn add_signed(&mut self, cells: &[u32], values: i32x4) {
        let signed = &mut self.signed[..];
        let mut overflow = i32x4::ZERO;
        for &cell in cells {
            let held = &mut signed[cell as usize];
            let sum = *held + values;
            overflow |= (*held ^ sum) & (values ^ sum);
            *held = sum;
        }
        if overflow.to_bitmask() != 0 {
            cells.iter().for_each(|&cell| self.carry_signed(cell, values));
        }
    }

    /// Carries into the upper bits behind an addition of these values that left the range of 32 bits.
    #[cold]
    fn carry_signed(&mut self, cell: u32, values: i32x4) {
        let sums = self.signed[cell as usize].to_array();
        for ((place, value), sum) in (0..).zip(values.to_array()).zip(sums) {
            let held = sum.wrapping_sub(value);
            if (held ^ sum) & (value ^ sum) < 0 {
                add_above(&mut self.signed_above, signed_place(cell, place), i64::from(value.signum()));
            }
        }
    }

    /// Adds an amount of more than 32 bits: its upper bits at once, then the lower ones.
    #[cold]
    fn add_signed_wide(&mut self, cell: u32, signs: Signs, amount: i64) {
        let mut low = [0; SIGNS];
        for ((place, low), sign) in (0..).zip(&mut low).zip(signs.of_amount(1).to_array()) {
            let value = i64::from(sign).saturating_mul(amount);
            let [a, b, c, d, ..] = value.to_le_bytes();
            *low = i32::from_le_bytes([a, b, c, d]);
            let above = (i128::from(value) - i128::from(*low)) >> u32::BITS;
            add_above(
                &mut self.signed_above,
                signed_place(cell, place),
                i64::try_from(above).expect("the upper half of 64 bits"),
            );
        }
        self.add_signed(&[cell], i32x4::new(low));
    }

    fn signed(&self, cell: u32) -> SignedSums {
        let lower = self.signed[cell as usize].to_array();
        SignedSums(std::array::from_fn(|place| {
            let above = above(&self.signed_above, signed_place(cell, u32::try_from(place).expect("four signs")));
            (above << u32::BITS) + i64::from(lower[place])
        }))
    }

    fn whole(&self, cell: u32) -> i64 {
        (above(&self.whole_above, cell) << u32::BITS) + i64::from(self.whole[cell as usize])
    }

    fn squares(&self, cell: u32) -> i128 {
        (i128::from(above(&self.squares_above, cell)) << u64::BITS) + i128::from(self.squares[cell as usize])
    }
}

/// The cell of a patient among the 16 of a side.
fn place_of(first: u32, cell: CaseMixCell) -> u32 {
    first + u32::from(cell.number())
}

/// The number of one of the four sums of a signed cell.
fn signed_place(cell: u32, place: u32) -> u32 {
    4 * cell + place
}

fn above(all: &[(u32, i64)], cell: u32) -> i64 {
    all.iter().find(|(of, _)| *of == cell).map_or(0, |(_, above)| *above)
}

#[cold]
fn add_above(all: &mut Vec<(u32, i64)>, cell: u32, value: i64) {
    match all.iter_mut().find(|(of, _)| *of == cell) {
        Some((_, above)) => *above += value,
        None => all.push((cell, value)),
    }
    all.retain(|(_, above)| *above != 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_above_its_cell_is_exact_and_returns_to_zero() {
        let layout = Layout { columns: Vec::new(), whole: 4, squares: 2, sides: vec![0, 1] };
        let patient = CountedPatient { signs: Signs::of_byte(0b1010), cell: CaseMixCell::of_number(1) };
        let mut cells = layout.zero();
        let values = [1, i64::from(u32::MAX), 1 << 32, 7, i64::MAX >> 3, 12_345_678_901];
        let (mut sum, mut square_sum) = (0, 0);
        for value in values {
            let square = i128::from(value) * i128::from(value);
            let addend = Addend {
                whole: vec![(1, value)],
                squares: vec![(0, square)],
                signed: vec![(1, value)],
                by_patient: vec![(2, value)],
            };
            cells.add(&addend, patient, Sign::Plus);
            (sum, square_sum) = (sum + value, square_sum + square);
            assert_eq!([0, 1, 2, 3].map(|cell| cells.whole(cell)), [0, sum, 0, sum]);
            assert_eq!((cells.squares(0), cells.squares(1)), (square_sum, 0));
            assert_eq!((cells.signed(0).0, cells.signed(1).0), ([0; 4], [-sum, sum, -sum, sum]));
        }
        for value in values {
            let square = i128::from(value) * i128::from(value);
            let addend = Addend {
                whole: vec![(1, value)],
                squares: vec![(0, square)],
                signed: vec![(1, value)],
                by_patient: vec![(2, value)],
            };
            cells.add(&addend, patient, Sign::Minus);
            (sum, square_sum) = (sum - value, square_sum - square);
            assert_eq!((cells.whole(1), cells.whole(3), cells.squares(0)), (sum, sum, square_sum));
            assert_eq!(cells.signed(1).0, [-sum, sum, -sum, sum]);
        }
        assert!(cells.whole_above.is_empty() && cells.squares_above.is_empty() && cells.signed_above.is_empty());
    }
}
