//! The plan by which all facts of one class change a row. It is computed once for a class and applied to each fact's own figures.

use crate::fold::content::{Content, Figure, Figures};

/// A multiple of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Multiple {
    pub figure: Figure,
    pub times: i64,
}

impl Multiple {
    pub(crate) const ONE: Multiple = Multiple::of(Figure::One);

    pub(crate) const fn of(figure: Figure) -> Multiple {
        Multiple { figure, times: 1 }
    }

    /// The product for these figures. It saturates: a product above 2^63 needs a quantity of 4 million and a weight of 4 million.
    pub(crate) fn value(self, figures: &Figures) -> i64 {
        figures.get(self.figure).saturating_mul(self.times)
    }

    /// Its square, for counts, items and answers.
    pub(crate) fn squared(self) -> Multiple {
        let figure = match self.figure {
            Figure::One => Figure::One,
            Figure::Items => Figure::ItemsSquared,
            other => unreachable!("amounts of {other:?} have wide squares"),
        };
        Multiple { figure, times: self.times * self.times }
    }
}

/// A condition that differs between facts of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Condition {
    /// The quantity of one item is above this many thousandths.
    Over(u64),
    /// Minutes and days from booking to slot exist and are within these bounds, both included. Without bounds every fact matches.
    Within { minutes: Option<[u16; 2]>, lag_days: Option<[i32; 2]> },
}

impl Condition {
    pub(crate) fn holds(self, content: &Content) -> bool {
        match (self, content) {
            (Condition::Over(milli), Content::Prescription(fields)) => {
                fields.quantity_milli.is_some_and(|quantity| u128::from(quantity) > u128::from(milli) * u128::from(fields.items))
            }
            (Condition::Within { minutes, lag_days }, Content::Encounter(fields)) => {
                within(minutes.map(|bounds| bounds.map(u32::from)), fields.minutes) && within(lag_days, fields.lag_days)
            }
            _ => false,
        }
    }
}

fn within<T: PartialOrd>(bounds: Option<[T; 2]>, value: Option<T>) -> bool {
    match (bounds, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some([low, high]), Some(value)) => low <= value && value <= high,
    }
}

/// The amount that a fact adds to one side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portion {
    pub amount: Multiple,
    /// If set, the amount counts only under this condition.
    pub condition: Option<Condition>,
}

impl Portion {
    /// The amount of a fact with this content. `None` if it does not belong to the side.
    pub(crate) fn of(&self, content: &Content, figures: &Figures) -> Option<i64> {
        self.condition.is_none_or(|condition| condition.holds(content)).then(|| self.amount.value(figures))
    }
}

/// An addition to one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub cell: u32,
    pub amount: Multiple,
}

/// Steps under one condition. Most of them add 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Steps {
    pub ones: Vec<u32>,
    pub whole: Vec<Step>,
    /// Steps on wide cells: each adds the square of its amount.
    pub squares: Vec<Step>,
    /// Signed cells that add 1 with the signs of the patient.
    pub signed_ones: Vec<u32>,
    /// Other signed cells, by the amount that they add.
    pub signed: Vec<(Multiple, Vec<u32>)>,
    /// Steps of sides with a cell for each case-mix cell: the first of the side's 16 cells. A fact adds to the one of its patient.
    pub by_patient: Vec<Step>,
}

impl Steps {
    pub(crate) fn push(&mut self, cell: u32, amount: Multiple) {
        match amount {
            Multiple::ONE => self.ones.push(cell),
            amount => self.whole.push(Step { cell, amount }),
        }
    }

    pub(crate) fn push_signed(&mut self, cell: u32, amount: Multiple) {
        if amount == Multiple::ONE {
            return self.signed_ones.push(cell);
        }
        match self.signed.iter_mut().find(|(known, _)| *known == amount) {
            Some((_, cells)) => cells.push(cell),
            None => self.signed.push((amount, vec![cell])),
        }
    }

    fn shrink(&mut self) {
        self.by_patient.shrink_to_fit();
        self.signed_ones.shrink_to_fit();
        self.signed.iter_mut().for_each(|(_, cells)| cells.shrink_to_fit());
        self.signed.shrink_to_fit();
        self.ones.shrink_to_fit();
        self.whole.shrink_to_fit();
        self.squares.shrink_to_fit();
    }
}

/// The steps of every fact of a class, and the steps under each condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct UpdatePlan {
    pub always: Steps,
    pub conditional: Vec<(Condition, Steps)>,
}

impl UpdatePlan {
    /// The steps under this condition.
    pub(crate) fn steps(&mut self, condition: Option<Condition>) -> &mut Steps {
        let Some(condition) = condition else { return &mut self.always };
        let at = self.conditional.iter().position(|(known, _)| *known == condition).unwrap_or_else(|| {
            self.conditional.push((condition, Steps::default()));
            self.conditional.len() - 1
        });
        &mut self.conditional[at].1
    }

    /// Frees unused capacity.
    pub(crate) fn shrink(&mut self) {
        self.always.shrink();
        self.conditional.iter_mut().for_each(|(_, steps)| steps.shrink());
        self.conditional.shrink_to_fit();
    }
}
