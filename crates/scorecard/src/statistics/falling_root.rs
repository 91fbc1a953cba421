//! The root of a falling function.

/// Most steps of a root search. The limit ends the search on any data.
const MOST_STEPS: u32 = 200;

/// Relative width of the interval at which a search ends.
const PRECISION: f64 = 1e-14;

/// Root of a falling function between a point above 0 and a point not above 0, by false position. An end that stays gets half its
/// weight (Illinois).
///
/// Each point is its position and the function's value there. The search ends when the points are closer than 1e-14 of the root, or of
/// `size` if the root is smaller.
///
/// Source: Dowell and Jarratt 1971, BIT 11:168.
pub(crate) fn falling_root(f: impl Fn(f64) -> f64, above: (f64, f64), below: (f64, f64), size: f64) -> f64 {
    let ((mut low, mut f_low), (mut high, mut f_high)) = (above, below);
    for _ in 0..MOST_STEPS {
        if f_high == 0.0 || high - low <= PRECISION * high.abs().max(size) {
            break;
        }
        let next = (high - f_high * (high - low) / (f_high - f_low)).clamp(low, high);
        let value = f(next);
        if value > 0.0 {
            (low, f_low, f_high) = (next, value, f_high / 2.0);
        } else {
            (high, f_high, f_low) = (next, value, f_low / 2.0);
        }
        if next == low && next == high {
            break;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_below_0_is_as_exact_as_one_above() {
        for root in [-7.25, -1e-3, 0.5, 3.0] {
            let f = |x: f64| root * root * root - x * x * x;
            let found = falling_root(f, (-10.0, f(-10.0)), (10.0, f(10.0)), 1.0);
            assert!((found - root).abs() <= 1e-12, "{found} is not {root}");
        }
    }
}
