//! The treatment of events that lack a field which a side of a measure needs.

use serde::{Deserialize, Serialize};

/// The treatment of an event that lacks a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AbsentRule {
    /// The event counts as unknown for the measure.
    Unknown,
    /// The event is in neither side of the measure.
    Out,
}

/// A field that an event may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentField {
    /// The drug's code. No measure counts such items as unknown: the row counts them, and their share decides.
    Code,
    /// Cost.
    Cost,
    /// Average daily quantities.
    Adq,
    /// Quantity.
    Quantity,
    /// Minutes.
    Minutes,
    /// Days from booking to slot.
    LagDays,
}

/// The treatment of each field, as in a measure file: `absent = { cost = "out" }`. A field that is not named has the default of
/// [`AbsentRules::rule`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsentRules {
    /// Treatment of an unmapped drug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<AbsentRule>,
    /// Treatment of an absent cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<AbsentRule>,
    /// Treatment of absent average daily quantities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adq: Option<AbsentRule>,
    /// Treatment of an absent quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<AbsentRule>,
    /// Treatment of absent minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<AbsentRule>,
    /// Treatment of an absent booking time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_days: Option<AbsentRule>,
}

impl AbsentField {
    /// All fields.
    pub const ALL: [AbsentField; 6] = [
        AbsentField::Code,
        AbsentField::Cost,
        AbsentField::Adq,
        AbsentField::Quantity,
        AbsentField::Minutes,
        AbsentField::LagDays,
    ];

    /// Its name in measure files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AbsentField::Code => "code",
            AbsentField::Cost => "cost",
            AbsentField::Adq => "adq",
            AbsentField::Quantity => "quantity",
            AbsentField::Minutes => "minutes",
            AbsentField::LagDays => "lag_days",
        }
    }
}

impl AbsentRules {
    /// Whether the file names no field.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == AbsentRules::default()
    }

    /// The treatment that the file names for a field.
    #[must_use]
    pub fn named(&self, field: AbsentField) -> Option<AbsentRule> {
        match field {
            AbsentField::Code => self.code,
            AbsentField::Cost => self.cost,
            AbsentField::Adq => self.adq,
            AbsentField::Quantity => self.quantity,
            AbsentField::Minutes => self.minutes,
            AbsentField::LagDays => self.lag_days,
        }
    }

    /// The treatment of a field: the file's, else `out` for minutes and booking time and `unknown` for the others.
    #[must_use]
    pub fn rule(&self, field: AbsentField) -> AbsentRule {
        let default = match field {
            AbsentField::Minutes | AbsentField::LagDays => AbsentRule::Out,
            AbsentField::Code | AbsentField::Cost | AbsentField::Adq | AbsentField::Quantity => AbsentRule::Unknown,
        };
        self.named(field).unwrap_or(default)
    }
}
