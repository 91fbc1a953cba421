//! Variance-stabilising scales: on them, chance has nearly the same variance for all values.
//!
//! Source: Spiegelhalter 2005, Qual Saf Health Care 14:347: the arcsine of the square root of a proportion, the square
//! root of observed over expected for a count. Both have the variance 1 / (4 x events).

/// The arcsine of the square root of a ratio. `None` outside 0 to 1.
#[must_use]
pub fn arcsine(ratio: f64) -> Option<f64> {
    (0.0..=1.0).contains(&ratio).then(|| libm::asin(ratio.sqrt()))
}

/// The ratio at this position of the arcsine scale, from 0 to 1. Positions beyond an end give the ratio at that end.
#[must_use]
pub fn from_arcsine(position: f64) -> f64 {
    let sine = libm::sin(position.clamp(0.0, std::f64::consts::FRAC_PI_2));
    (sine * sine).min(1.0)
}

/// The square root of a ratio over the expected one. `None` for a ratio below 0 or an expected one of 0.
#[must_use]
pub fn root_of_expected(ratio: f64, expected: f64) -> Option<f64> {
    (ratio >= 0.0 && expected > 0.0).then(|| (ratio / expected).sqrt())
}

/// The ratio at this position of the square-root scale. Positions below 0 give 0.
#[must_use]
pub fn from_root(position: f64, expected: f64) -> f64 {
    let root = position.max(0.0);
    expected * root * root
}

/// Variance by chance on either scale, for this many events: trials of a proportion, expected events of a count.
#[must_use]
pub fn root_variance(events: f64) -> f64 {
    1.0 / (4.0 * events)
}
