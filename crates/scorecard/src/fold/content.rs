//! The content of an event that decides its contribution to a row.

use crate::event::{Category, Mode};
use crate::measure::absent::AbsentField;

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    Encounter,
    Prescription,
    Feedback,
    Order,
    Observation,
}

/// Number of kinds.
pub(crate) const KINDS: usize = FactKind::Observation as usize + 1;

impl FactKind {
    pub(crate) const ALL: [FactKind; KINDS] =
        [FactKind::Encounter, FactKind::Prescription, FactKind::Feedback, FactKind::Order, FactKind::Observation];
}

/// The content of a fact. With the fact's row, traits, shape and adjusted measures it decides the contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Encounter(EncounterContent),
    Prescription(PrescriptionContent),
    Feedback {
        /// Number of the answers.
        answers: u32,
    },
    Order {
        /// `None` if no code tells it.
        category: Option<Category>,
    },
    /// An observation contributes nothing.
    Observation,
}

/// Content of an encounter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EncounterContent {
    pub mode: Mode,
    pub minutes: Option<u32>,
    pub planned_minutes: Option<u32>,
    /// Days from booking to slot.
    pub lag_days: Option<i32>,
}

/// Content of a prescription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PrescriptionContent {
    /// Number of the code; 0 is an unmapped drug.
    pub code: u32,
    pub quantity_milli: Option<u32>,
    pub cost_pence: Option<u32>,
    pub adq_milli: Option<u32>,
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
            Content::Observation => FactKind::Observation,
        }
    }

    /// Whether a fact with this content lacks a field. A fact lacks no field that its kind does not have.
    pub(crate) fn lacks(&self, field: AbsentField) -> bool {
        match (self, field) {
            (Content::Prescription(fields), AbsentField::Cost) => fields.cost_pence.is_none(),
            (Content::Prescription(fields), AbsentField::Adq) => fields.adq_milli.is_none(),
            (Content::Prescription(fields), AbsentField::Quantity) => fields.quantity_milli.is_none(),
            (Content::Encounter(fields), AbsentField::Minutes) => fields.minutes.is_none(),
            (Content::Encounter(fields), AbsentField::LagDays) => fields.lag_days.is_none(),
            _ => false,
        }
    }
}

/// The numbers of a content that sums add up.
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

/// Number of figures.
const FIGURES: usize = Figure::PlannedMinutes as usize + 1;

/// The figures of one content; 0 for figures that it lacks. No plan adds a figure that its facts lack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures([i64; FIGURES]);

impl Figures {
    pub(crate) fn of(content: &Content) -> Figures {
        let mut figures = [0; FIGURES];
        let mut set = |figure: Figure, value: i64| figures[figure as usize] = value;
        set(Figure::One, 1);
        match content {
            Content::Prescription(fields) => {
                let items = i64::from(fields.items);
                set(Figure::Items, items);
                set(Figure::ItemsSquared, items * items);
                set(Figure::QuantityMilli, fields.quantity_milli.map_or(0, i64::from));
                set(Figure::CostPence, fields.cost_pence.map_or(0, i64::from));
                set(Figure::AdqMilli, fields.adq_milli.map_or(0, i64::from));
            }
            Content::Encounter(fields) => {
                set(Figure::Minutes, fields.minutes.map_or(0, i64::from));
                set(Figure::PlannedMinutes, fields.planned_minutes.map_or(0, i64::from));
            }
            Content::Feedback { .. } | Content::Order { .. } | Content::Observation => {}
        }
        Figures(figures)
    }

    pub(crate) fn get(&self, figure: Figure) -> i64 {
        self.0[figure as usize]
    }
}
