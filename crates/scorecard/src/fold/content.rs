//! What an event says, so far as it decides what its fact adds to a row.

use crate::event::{Category, Mode};

/// Which of the four kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    Encounter,
    Prescription,
    Feedback,
    Order,
}

/// What a fact says: all that decides what it adds, but where it stands, its traits and shape, and for which measures its patient is
/// adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Encounter(EncounterContent),
    Prescription(PrescriptionContent),
    Feedback {
        /// Number of the answers.
        answers: u32,
    },
    Order {
        category: Category,
    },
}

/// What is said of an encounter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EncounterContent {
    pub mode: Mode,
    pub minutes: Option<u32>,
    pub planned_minutes: Option<u32>,
    /// Days from booking to slot.
    pub lag_days: Option<i32>,
}

/// What is said of a prescription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrescriptionContent {
    /// Number of the code; 0 is an unmapped drug.
    pub code: u32,
    pub quantity_milli: u32,
    pub cost_pence: u32,
    pub adq_milli: u32,
    pub items: u16,
    pub repeat: bool,
}

impl Content {
    pub(crate) fn kind(&self) -> FactKind {
        match self {
            Content::Encounter(_) => FactKind::Encounter,
            Content::Prescription(_) => FactKind::Prescription,
            Content::Feedback { .. } => FactKind::Feedback,
            Content::Order { .. } => FactKind::Order,
        }
    }
}

/// The numbers that sums are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Figure {
    One,
    Items,
    ItemsSquared,
    QuantityMilli,
    CostPence,
    AdqMilli,
    Minutes,
    PlannedMinutes,
}

/// How many there are.
const FIGURES: usize = Figure::PlannedMinutes as usize + 1;

/// The figures of one content; of what it does not say, 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures([i64; FIGURES]);

impl Figures {
    pub(crate) fn of(content: &Content) -> Figures {
        let mut figures = [0; FIGURES];
        let mut set = |figure: Figure, value: i64| figures[figure as usize] = value;
        set(Figure::One, 1);
        match content {
            Content::Prescription(said) => {
                let items = i64::from(said.items);
                set(Figure::Items, items);
                set(Figure::ItemsSquared, items * items);
                set(Figure::QuantityMilli, said.quantity_milli.into());
                set(Figure::CostPence, said.cost_pence.into());
                set(Figure::AdqMilli, said.adq_milli.into());
            }
            Content::Encounter(said) => {
                set(Figure::Minutes, said.minutes.map_or(0, i64::from));
                set(Figure::PlannedMinutes, said.planned_minutes.map_or(0, i64::from));
            }
            Content::Feedback { .. } | Content::Order { .. } => {}
        }
        Figures(figures)
    }

    pub(crate) fn get(&self, figure: Figure) -> i64 {
        self.0[figure as usize]
    }
}
