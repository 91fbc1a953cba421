//! Amounts: the value that one fact adds to a side of a measure.

use serde::{Deserialize, Serialize};

/// The amount that a matching fact adds to its side. Sums are integers in the unit named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amount {
    /// 1.
    Count,
    /// Items.
    Items,
    /// Quantity in thousandths.
    Quantity,
    /// Cost in pence.
    Cost,
    /// Average daily quantities in thousandths.
    Adq,
    /// Minutes.
    Minutes,
    /// Quantity times the code's weight, in millionths.
    Weight,
    /// Number of answers to the side's questions.
    Answers,
}

impl Amount {
    /// Number of integer units in one whole unit: 1000 for a quantity.
    #[must_use]
    pub fn units(self) -> i64 {
        match self {
            Amount::Count | Amount::Items | Amount::Cost | Amount::Minutes | Amount::Answers => 1,
            Amount::Quantity | Amount::Adq => 1_000,
            Amount::Weight => 1_000_000,
        }
    }

    /// Name of its integer unit on cards and in explanations.
    #[must_use]
    pub fn unit_name(self) -> &'static str {
        match self {
            Amount::Count => "count",
            Amount::Items => "items",
            Amount::Quantity => "quantity_milli",
            Amount::Cost => "pence",
            Amount::Adq => "adq_milli",
            Amount::Minutes => "minutes",
            Amount::Weight => "weight_micro",
            Amount::Answers => "answers",
        }
    }

    /// Whether it counts events rather than measures them: only counts are binomial or Poisson.
    #[must_use]
    pub fn is_count(self) -> bool {
        match self {
            Amount::Count | Amount::Items | Amount::Answers => true,
            Amount::Quantity | Amount::Cost | Amount::Adq | Amount::Minutes | Amount::Weight => false,
        }
    }
}
