//! The rounding of published numbers.

/// A real to nine significant digits.
pub(crate) fn nine_digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().expect("a real that was just written")
}
