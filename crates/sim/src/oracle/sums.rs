//! Sums as one row of integers, and the addition of one event.

use std::collections::BTreeMap;

use crate::oracle::case_mix::{CELLS, PatientSums};
use crate::oracle::delivery_reader::{Kind, Version};
use crate::oracle::measure_file::{Measure, Side};

/// Indexes of the sums that belong to no measure. The six answers start at [`ANSWERS`].
pub(crate) const FACTS: usize = 0;
pub(crate) const ENCOUNTERS: usize = 1;
pub(crate) const MINUTES: usize = 2;
pub(crate) const ITEMS: usize = 3;
pub(crate) const UNMAPPED: usize = 4;
pub(crate) const RESPONSES: usize = 5;
pub(crate) const UNKNOWN: usize = 6;
pub(crate) const NOSHOW_PLANNED: usize = 7;
pub(crate) const WITHOUT_COST: usize = 8;
pub(crate) const WITHOUT_ADQ: usize = 9;
pub(crate) const WITHOUT_QUANTITY: usize = 10;
const ANSWERS: usize = 11;
const BASE: usize = 17;

/// Indexes of the sums of a measure, counted from its first.
pub(crate) const FACTS_N: usize = 0;
pub(crate) const FACTS_D: usize = 1;
pub(crate) const N: usize = 2;
pub(crate) const D: usize = 3;
pub(crate) const N_SQUARES: usize = 4;
pub(crate) const D_SQUARES: usize = 5;
pub(crate) const N_QUANTITY: usize = 6;
pub(crate) const N_COST: usize = 7;
pub(crate) const D_QUANTITY: usize = 8;
pub(crate) const D_COST: usize = 9;
pub(crate) const PCA: usize = 10;
const EXCLUDED: usize = 11;
pub(crate) const UNKNOWN_FACTS: usize = 12;
/// Four signed sums of the numerator, then four of the denominator. Cards do not show them, but a card follows a change of them.
const SIGNED: [usize; 2] = [13, 17];
const FIELDS: usize = 21;

const ANSWER_NAMES: [&str; 6] = ["very_good", "good", "neither", "poor", "very_poor", "dont_know"];

/// A denominator that a measure leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LeftOut {
    pub facts: i128,
    pub d: i128,
    /// Whether any fact of either side is left out.
    pub any: bool,
}

impl LeftOut {
    pub(crate) fn add(&mut self, other: &LeftOut) {
        self.facts += other.facts;
        self.d += other.d;
        self.any |= other.any;
    }
}

/// All sums of a row or of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sums(Vec<i128>, ByCell);

/// Sums that are not zero of measures that adjust, by measure, cell of the patient, and whether it is the denominator's.
type ByCell = BTreeMap<(usize, usize, bool), i128>;

impl Sums {
    /// Zeros for this number of measures.
    pub(crate) fn zero(measures: usize) -> Sums {
        Sums(vec![0; BASE + FIELDS * measures], ByCell::new())
    }

    /// The sum at an index that belongs to no measure.
    pub(crate) fn base(&self, place: usize) -> i128 {
        self.0[place]
    }

    /// The sum at an index of one measure.
    pub(crate) fn of(&self, measure: usize, place: usize) -> i128 {
        self.0[BASE + FIELDS * measure + place]
    }

    fn add_to(&mut self, measure: usize, place: usize, amount: i128) {
        self.0[BASE + FIELDS * measure + place] += amount;
    }

    /// Takes numerator and denominator of a measure out.
    pub(crate) fn void(&mut self, measure: usize) -> LeftOut {
        let [facts_n, facts, d] = [FACTS_N, FACTS_D, D].map(|place| self.of(measure, place));
        for place in [FACTS_N, FACTS_D, N, D, N_SQUARES, D_SQUARES, N_QUANTITY, N_COST, D_QUANTITY, D_COST] {
            self.0[BASE + FIELDS * measure + place] = 0;
        }
        self.1.retain(|(of, _, _), _| *of != measure);
        LeftOut { facts, d, any: facts_n > 0 || facts > 0 }
    }

    /// Numerator and denominator of a measure by cell of the patients.
    pub(crate) fn by_patient(&self, measure: usize) -> PatientSums {
        let at = |cell: usize, of_d: bool| self.1.get(&(measure, cell, of_d)).copied().unwrap_or(0);
        let of = |cell: usize| (at(cell, false), at(cell, true));
        let by_cell: Vec<(i128, i128)> = (0..CELLS).map(of).collect();
        let known = by_cell.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        PatientSums { by_cell, unknown: (self.of(measure, N) - known.0, self.of(measure, D) - known.1) }
    }

    pub(crate) fn add(&mut self, other: &Sums) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine += theirs);
        self.add_by_cell(other, 1);
    }

    pub(crate) fn take(&mut self, other: &Sums) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine -= theirs);
        self.add_by_cell(other, -1);
    }

    fn add_by_cell(&mut self, other: &Sums, sign: i128) {
        for (at, theirs) in &other.1 {
            *self.1.entry(*at).or_default() += sign * theirs;
        }
        if !other.1.is_empty() {
            self.1.retain(|_, sum| *sum != 0);
        }
    }
}

/// The addition of a record whose patient is in this cell to its row.
pub(crate) fn contribution(version: &Version, measures: &[Measure], cell: Option<usize>) -> Sums {
    let mut sums = Sums::zero(measures.len());
    if version.excluded.is_none() {
        add_base(&mut sums, &version.kind);
    }
    for (index, measure) in measures.iter().enumerate() {
        add_measure(&mut sums, index, measure, version, cell);
    }
    sums
}

fn add_base(sums: &mut Sums, kind: &Kind) {
    sums.0[FACTS] = 1;
    match kind {
        Kind::Encounter { status, minutes, planned, .. } => match status.as_str() {
            "attended" => {
                sums.0[ENCOUNTERS] = 1;
                sums.0[MINUTES] = minutes.unwrap_or(0);
            }
            "noshow" => sums.0[NOSHOW_PLANNED] = planned.unwrap_or(0),
            _ => sums.0[UNKNOWN] = 1,
        },
        Kind::Prescription { code, items, quantity, cost, adq, .. } => {
            sums.0[ITEMS] = *items;
            sums.0[UNMAPPED] = if code.is_none() { *items } else { 0 };
            for (place, value) in [(WITHOUT_COST, cost), (WITHOUT_ADQ, adq), (WITHOUT_QUANTITY, quantity)] {
                sums.0[place] = if value.is_none() { *items } else { 0 };
            }
        }
        Kind::Feedback { answer, .. } => {
            sums.0[RESPONSES] = 1;
            if let Some(place) = ANSWER_NAMES.iter().position(|name| Some(*name) == answer.as_deref()) {
                sums.0[ANSWERS + place] = 1;
            }
        }
        Kind::Order { .. } | Kind::Nothing(_) => {}
    }
}

fn add_measure(sums: &mut Sums, index: usize, measure: &Measure, version: &Version, cell: Option<usize>) {
    let (n, d) = (part(&measure.numerator, &version.kind), part(&measure.denominator, &version.kind));
    let is_unknown = matches!(n, SidePart::Unknown) || matches!(d, SidePart::Unknown);
    let is_out = matches!(n, SidePart::Out) || matches!(d, SidePart::Out);
    let (n, d) = match (n, d) {
        (SidePart::Outside, SidePart::Outside) => return,
        (n, d) if !is_unknown && !is_out => (n.amount(), d.amount()),
        _ if is_unknown => (None, None),
        _ => return,
    };
    if version.excluded.is_some() {
        return sums.add_to(index, EXCLUDED, 1);
    }
    if is_unknown {
        return sums.add_to(index, UNKNOWN_FACTS, 1);
    }
    let success = n.is_some() != (measure.direction == "low");
    if version.adjusted.contains(&measure.id) && !success {
        return sums.add_to(index, PCA, 1);
    }
    let money = match &version.kind {
        Kind::Prescription { quantity: Some(quantity), cost: Some(cost), .. } if measure.saving.is_some() => (*quantity, *cost),
        _ => (0, 0),
    };
    let n_places = [FACTS_N, N, N_SQUARES, N_QUANTITY, N_COST];
    let d_places = [FACTS_D, D, D_SQUARES, D_QUANTITY, D_COST];
    for ((amount, places), (signed, of_d)) in
        [(n, n_places), (d, d_places)].into_iter().zip(SIGNED.into_iter().zip([false, true]))
    {
        let Some(x) = amount else { continue };
        if let Some(cell) = cell.filter(|_| measure.adjusts()) {
            *sums.1.entry((index, cell, of_d)).or_default() += x;
        }
        for (place, sign) in (signed..).zip(version.patient.signs) {
            sums.add_to(index, place, sign * x);
        }
        for (place, added) in places.into_iter().zip([1, x, x * x, money.0, money.1]) {
            sums.add_to(index, place, added);
        }
    }
}

/// The part of an event in a side.
enum SidePart {
    /// The side does not count it.
    Outside,
    /// The side counts this amount.
    Counts(i128),
    /// It lacks a field of the side and is unknown.
    Unknown,
    /// It lacks a field of the side and is out of both sides.
    Out,
}

impl SidePart {
    fn amount(&self) -> Option<i128> {
        match self {
            SidePart::Counts(amount) => Some(*amount),
            SidePart::Outside | SidePart::Unknown | SidePart::Out => None,
        }
    }
}

/// The part of an event in a side: first without the values of fields that it may lack, then with them.
fn part(side: &Side, kind: &Kind) -> SidePart {
    let lacks: Vec<&str> = match kind {
        Kind::Encounter { minutes, lag_days, .. } => {
            [("minutes", minutes.is_none()), ("lag_days", lag_days.is_none())].into_iter().filter(|f| f.1).map(|f| f.0).collect()
        }
        Kind::Prescription { quantity, cost, adq, .. } => {
            let fields = [("quantity", quantity.is_none()), ("cost", cost.is_none()), ("adq", adq.is_none())];
            fields.into_iter().filter(|f| f.1).map(|f| f.0).collect()
        }
        _ => Vec::new(),
    };
    let missing: Vec<&str> = side.needs().into_iter().filter(|field| lacks.contains(field)).collect();
    if missing.is_empty() {
        return amount(side, kind).map_or(SidePart::Outside, SidePart::Counts);
    }
    let mut free = side.clone();
    (free.minutes, free.lag_days) = (None, None);
    if amount(&free, kind).is_none() {
        return SidePart::Outside;
    }
    if missing.iter().any(|field| side.is_unknown_without(field)) { SidePart::Unknown } else { SidePart::Out }
}

/// The addition of an event to a side; `None` when the side does not count it. An absent field adds 0: [`part`] treats it.
fn amount(side: &Side, kind: &Kind) -> Option<i128> {
    match kind {
        Kind::Encounter { mode, status, lag_days, minutes, .. } => {
            let there = match side.event.as_str() {
                "activity" => status == "attended",
                "attendance" => status != "unknown",
                _ => false,
            };
            let counts = there
                && names(&side.statuses, Some(status))
                && names(&side.modes, Some(mode))
                && within(side.minutes, *minutes)
                && within(side.lag_days, *lag_days);
            counts.then(|| if side.amount.as_deref() == Some("minutes") { minutes.unwrap_or(0) } else { 1 })
        }
        Kind::Prescription { code, quantity, items, cost, adq, repeat } => {
            let counts = side.event == "prescription"
                && side.repeat.is_none_or(|wanted| wanted == *repeat)
                && side.takes_drug(code.as_deref(), *quantity, *items);
            counts.then(|| match side.amount.as_deref() {
                Some("items") => *items,
                Some("quantity") => quantity.unwrap_or(0),
                Some("cost") => cost.unwrap_or(0),
                Some("adq") => adq.unwrap_or(0),
                Some("weight") => quantity.unwrap_or(0) * side.weight(code.as_deref()),
                _ => 1,
            })
        }
        Kind::Feedback { items, .. } if side.event == "feedback" && side.amount.as_deref() == Some("answers") => {
            let counts = |(asked, given): &(&String, &String)| {
                side.questions.contains(asked) || side.top_answers.get(*asked) == Some(*given)
            };
            let counted = items.iter().filter(counts).count() as i128;
            (counted > 0).then_some(counted)
        }
        Kind::Feedback { answer, items } => {
            let asked = side.question.as_ref().map(|question| items.get(question));
            let counts = side.event == "feedback"
                && names(&side.answers, answer.as_ref())
                && asked.is_none_or(|given| given.is_some() && (side.top_answer.is_none() || given == side.top_answer.as_ref()));
            counts.then_some(1)
        }
        Kind::Order { category, .. } => (side.event == "order" && names(&side.categories, Some(category))).then_some(1),
        Kind::Nothing(_) => None,
    }
}

/// Whether a list names a value. An empty list matches every value.
fn names(list: &[String], value: Option<&String>) -> bool {
    list.is_empty() || value.is_some_and(|value| list.contains(value))
}

/// Whether a value exists and is within bounds, both included. Without bounds every value matches.
fn within(bounds: Option<[i64; 2]>, value: Option<i128>) -> bool {
    bounds.is_none_or(|[low, high]| value.is_some_and(|value| (i128::from(low)..=i128::from(high)).contains(&value)))
}
