//! What all facts of one class add to a row, with their figures left open: made once for a class, followed for every fact, however
//! little any two of them say alike.

use crate::fold::content::{Content, Figure, Figures};

/// A figure so many times.
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

    /// A product above 2^63 would be a drug of four million units and weight four million.
    pub(crate) fn value(self, figures: &Figures) -> i64 {
        figures.get(self.figure).saturating_mul(self.times)
    }

    /// Its square, of what counts, items and answers are.
    pub(crate) fn squared(self) -> Multiple {
        let figure = match self.figure {
            Figure::One => Figure::One,
            Figure::Items => Figure::ItemsSquared,
            other => unreachable!("amounts of {other:?} have wide squares"),
        };
        Multiple { figure, times: self.times * self.times }
    }
}

/// What is not the same of all facts of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Condition {
    /// The quantity is above so many thousandths an item.
    Over(u64),
    /// Minutes and days from booking to slot are there and within these bounds, both included; no bounds take everything.
    Within { minutes: Option<[u16; 2]>, lag_days: Option<[i32; 2]> },
}

impl Condition {
    pub(crate) fn holds(self, content: &Content) -> bool {
        match (self, content) {
            (Condition::Over(milli), Content::Prescription(said)) => {
                u128::from(said.quantity_milli) > u128::from(milli) * u128::from(said.items)
            }
            (Condition::Within { minutes, lag_days }, Content::Encounter(said)) => {
                within(minutes.map(|bounds| bounds.map(u32::from)), said.minutes) && within(lag_days, said.lag_days)
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

/// What a fact adds to one side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portion {
    pub amount: Multiple,
    /// Where it is there, only if this holds.
    pub condition: Option<Condition>,
}

impl Portion {
    /// What a fact that says this adds; `None` if it does not belong to the side.
    pub(crate) fn of(&self, content: &Content, figures: &Figures) -> Option<i64> {
        self.condition.is_none_or(|condition| condition.holds(content)).then(|| self.amount.value(figures))
    }
}

/// Adding to one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub cell: u32,
    pub amount: Multiple,
}

/// Steps that are taken together. Most of them add 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Steps {
    pub ones: Vec<u32>,
    pub whole: Vec<Step>,
    /// Of the wide cells: each adds the square of its amount.
    pub squares: Vec<Step>,
}

impl Steps {
    pub(crate) fn push(&mut self, cell: u32, amount: Multiple) {
        match amount {
            Multiple::ONE => self.ones.push(cell),
            amount => self.whole.push(Step { cell, amount }),
        }
    }

    fn shrink(&mut self) {
        self.ones.shrink_to_fit();
        self.whole.shrink_to_fit();
        self.squares.shrink_to_fit();
    }
}

/// What every fact of a class adds, and what those do of which a condition holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct UpdatePlan {
    pub always: Steps,
    pub conditional: Vec<(Condition, Steps)>,
}

impl UpdatePlan {
    /// The steps that belong to what has this condition.
    pub(crate) fn steps(&mut self, condition: Option<Condition>) -> &mut Steps {
        let Some(condition) = condition else { return &mut self.always };
        let at = self.conditional.iter().position(|(known, _)| *known == condition).unwrap_or_else(|| {
            self.conditional.push((condition, Steps::default()));
            self.conditional.len() - 1
        });
        &mut self.conditional[at].1
    }

    /// Gives back memory that nothing stands in.
    pub(crate) fn shrink(&mut self) {
        self.always.shrink();
        self.conditional.iter_mut().for_each(|(_, steps)| steps.shrink());
        self.conditional.shrink_to_fit();
    }
}
