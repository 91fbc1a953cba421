//! The list of kinds.

use serde::{Deserialize, Serialize};

use crate::measure::kind::amount::AmountRules;
use crate::measure::kind::kind_rules::KindRules;
use crate::measure::kind::mean::MeanRules;
use crate::measure::kind::proportion::ProportionRules;
use crate::measure::kind::rate::RateRules;
use crate::measure::kind::share::ShareRules;

/// Declares [`Kind`] from one line for each kind: its name in Rust, its meaning, and its rules.
macro_rules! kinds {
    ($($kind:ident: $meaning:literal => $rules:expr,)+) => {
        /// The kind of a measure. Measure files and cards write it in lower case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Kind {
            $(#[doc = $meaning] $kind,)+
        }

        impl Kind {
            /// Every kind, in the order of the list.
            pub const ALL: &[Kind] = &[$(Kind::$kind),+];

            /// The rules of this kind.
            pub(crate) fn rules(self) -> &'static dyn KindRules {
                match self {
                    $(Kind::$kind => &$rules,)+
                }
            }
        }
    };
}

kinds! {
    Proportion: "Part of a whole, binomial." => ProportionRules,
    Rate: "Events per exposure, Poisson." => RateRules,
    Mean: "Mean of an amount." => MeanRules,
    Share: "Share of an amount." => ShareRules,
    Amount: "Amount per exposure, compound Poisson." => AmountRules,
}
