//! The truth about a clinician: the rates of their traffic, and the value of each measure that follows from them.

use crate::traffic::draw::Draw;
use crate::traffic::formulary::{APPLIANCE_SHARE, LOW_PRIORITY_PENCE};

/// The rates of one clinician. They are probabilities unless the text names another unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// A booked patient does not attend.
    pub noshow: f64,
    /// An appointment with a known booking time is booked on its day.
    pub same_day: f64,
    /// Mean minutes of an attended encounter.
    pub minutes: f64,
    /// Referrals for each attended encounter.
    pub referral: f64,
    /// New antibiotics for each attended encounter.
    pub antibiotic: f64,
    /// A new antibiotic is broad-spectrum.
    pub broad_spectrum: f64,
    /// New anti-inflammatories for each attended encounter.
    pub nsaid: f64,
    /// A new anti-inflammatory is neither ibuprofen nor naproxen.
    pub nsaid_nonpreferred: f64,
    /// Prescriptions of desogestrel for each attended encounter.
    pub desogestrel: f64,
    /// Desogestrel is prescribed by brand.
    pub desogestrel_branded: f64,
    /// Items of low priority for each attended encounter.
    pub low_priority: f64,
    /// Prescriptions of all other drugs for each attended encounter; may exceed 1.
    pub other: f64,
    /// A drug that has a brand is prescribed by its generic name.
    pub generic: f64,
    /// Price that they pay as a share of the usual price.
    pub price: f64,
    /// An answer is good or very good.
    pub positive: f64,
    /// Answers for each attended encounter.
    pub feedback: f64,
}

impl Rates {
    /// Rates around those of the network.
    pub(crate) fn around_the_network(draw: &mut Draw) -> Rates {
        Rates {
            noshow: draw.around(0.05, 0.35),
            same_day: draw.around(0.40, 0.25),
            minutes: draw.around(11.0, 0.15),
            referral: draw.around(0.06, 0.35),
            antibiotic: draw.around(0.09, 0.30),
            broad_spectrum: draw.around(0.10, 0.45),
            nsaid: draw.around(0.05, 0.30),
            nsaid_nonpreferred: draw.around(0.20, 0.45),
            desogestrel: draw.around(0.06, 0.20),
            desogestrel_branded: draw.around(0.30, 0.45),
            low_priority: draw.around(0.008, 0.40),
            other: draw.around(1.85, 0.15),
            generic: 1.0 - draw.around(0.18, 0.35),
            price: draw.around(1.0, 0.08),
            positive: 1.0 - draw.around(0.10, 0.45),
            feedback: draw.around(0.14, 0.20),
        }
    }

    /// The value, in the measure's unit, that this measure approaches as events grow in number; `None` where no rate decides it.
    #[must_use]
    pub fn value_of(&self, measure: &str) -> Option<f64> {
        Some(match measure {
            "antibiotics_per_1000" => 1000.0 * self.antibiotic,
            "broad_spectrum" => 100.0 * self.broad_spectrum,
            "consult_minutes" => self.minutes,
            "desogestrel_branded" => 100.0 * self.desogestrel_branded,
            "dna_rate" => 100.0 * self.noshow,
            "fft_positive" => 100.0 * self.positive,
            "generic_rate" => 100.0 * self.generic_share(),
            "low_priority_spend" => 10.0 * self.low_priority * LOW_PRIORITY_PENCE * self.price,
            "nsaid_nonpreferred" => 100.0 * self.nsaid_nonpreferred,
            "referral_rate" => 1000.0 * self.referral,
            "same_day_access" => 100.0 * self.same_day,
            _ => return None,
        })
    }

    /// Generic items of all items of drugs. Low-priority items are always generic; desogestrel follows its own rate.
    fn generic_share(&self) -> f64 {
        let usual = self.antibiotic + self.nsaid + self.other * (1.0 - APPLIANCE_SHARE);
        let generic = usual * self.generic + self.desogestrel * (1.0 - self.desogestrel_branded) + self.low_priority;
        generic / (usual + self.desogestrel + self.low_priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_follow_from_the_rates() {
        let rates = Rates {
            noshow: 0.05,
            same_day: 0.4,
            minutes: 11.0,
            referral: 0.06,
            antibiotic: 0.1,
            broad_spectrum: 0.1,
            nsaid: 0.1,
            nsaid_nonpreferred: 0.2,
            desogestrel: 0.1,
            desogestrel_branded: 0.5,
            low_priority: 0.0,
            other: 0.0,
            generic: 0.8,
            price: 1.0,
            positive: 0.9,
            feedback: 0.1,
        };
        assert_eq!(rates.value_of("dna_rate"), Some(5.0));
        // 0.2 items at 80 % and 0.1 at 50 %: 0.21 of 0.3.
        assert!((rates.value_of("generic_rate").expect("a rate decides it") - 70.0).abs() < 1e-9);
        assert_eq!(rates.value_of("uti_long_course"), None);
    }
}
