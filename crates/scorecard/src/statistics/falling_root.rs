//! The root of a falling function.

/// Most steps of a root search. The limit ends the search on any data.
const MOST_STEPS: u32 = 200;

/// Relative width of the interval at which a search ends.
const PRECISION: f64 = 1e-14;

/// Steps within which an interval must become half as wide; else the next step halves it.
const PATIENCE: u32 = 3;

/// Least factor of the value at an end that stays.
const LEAST_FACTOR: f64 = 0.1;

/// Root of a falling function between a point above 0 and a point not above 0, by false position. The value at an end that stays twice
/// becomes smaller, so that both ends close in (Anderson and Björck).
///
/// Each point is its position and the function's value there. The search ends when the points are closer than 1e-14 of the root, or of
/// `size` if the root is smaller.
///
/// Source: Anderson and Björck 1973, BIT 13:253.
pub(crate) fn falling_root(f: impl Fn(f64) -> f64, above: (f64, f64), below: (f64, f64), size: f64) -> f64 {
    let mut ends = RootEnds { low: above, high: below, moved: LastMove::Neither };
    let mut width = ends.width();
    for step in 1..=MOST_STEPS {
        let tolerance = PRECISION * ends.high.0.abs().max(size);
        if ends.high.1 == 0.0 || ends.width() <= tolerance {
            break;
        }
        let slow = step % PATIENCE == 0 && ends.width() > width / 2.0;
        let next = if slow { f64::midpoint(ends.low.0, ends.high.0) } else { ends.false_position() };
        if step % PATIENCE == 0 {
            width = ends.width();
        }
        // A step off an end, so that a root next to it is found from both sides.
        let next = next.max(ends.low.0 + tolerance / 2.0).min(ends.high.0 - tolerance / 2.0);
        ends.replace((next, f(next)));
    }
    ends.high.0
}

/// The two ends of an interval that holds a root.
struct RootEnds {
    low: (f64, f64),
    high: (f64, f64),
    moved: LastMove,
}

/// The end that moved in the last step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastMove {
    Neither,
    Low,
    High,
}

impl RootEnds {
    fn width(&self) -> f64 {
        self.high.0 - self.low.0
    }

    fn false_position(&self) -> f64 {
        self.high.0 - self.high.1 * self.width() / (self.high.1 - self.low.1)
    }

    /// Replaces the end on the side of this point. The other end's value becomes smaller if this one moved before.
    fn replace(&mut self, point: (f64, f64)) {
        let factor = |before: f64| {
            let factor = 1.0 - point.1 / before;
            if factor > LEAST_FACTOR { factor } else { 0.5 }
        };
        if point.1 > 0.0 {
            self.high.1 *= if self.moved == LastMove::Low { factor(self.low.1) } else { 1.0 };
            (self.low, self.moved) = (point, LastMove::Low);
        } else {
            self.low.1 *= if self.moved == LastMove::High { factor(self.high.1) } else { 1.0 };
            (self.high, self.moved) = (point, LastMove::High);
        }
    }
}

/// Root of a falling function between `low` and `high`, or the end that is nearer to it, from a guess at it and a first step.
///
/// A good guess saves most of the work. The search ends as that of [`falling_root`] with a `size` of 1.
pub(crate) fn falling_root_near(f: impl Fn(f64) -> f64, guess: f64, step: f64, (low, high): (f64, f64)) -> f64 {
    let guess = guess.clamp(low, high);
    let at_guess = f(guess);
    let (direction, end) = if at_guess > 0.0 { (1.0, high) } else { (-1.0, low) };
    let (mut near, mut step) = ((guess, at_guess), step);
    while near.0 != end {
        let position = (near.0 + direction * step).clamp(low, high);
        let far = (position, f(position));
        if (far.1 > 0.0) != (at_guess > 0.0) {
            let (above, below) = if at_guess > 0.0 { (near, far) } else { (far, near) };
            return falling_root(f, above, below, 1.0);
        }
        (near, step) = (far, 4.0 * step);
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_root_below_0_is_as_exact_as_one_above() {
        for root in [-7.25, -1e-3, 0.5, 3.0] {
            let f = |x: f64| root * root * root - x * x * x;
            let found = falling_root(f, (-10.0, f(-10.0)), (10.0, f(10.0)), 1.0);
            assert!((found - root).abs() <= 1e-10, "{found} is not {root}");
        }
    }

    proptest! {
        #[test]
        fn any_guess_and_step_find_the_same_root(root in -3.0f64..3.0, guess in -5.0f64..5.0, step in 0.001f64..2.0, bend in 0.1f64..5.0) {
            // Steep on one side, flat on the other.
            let f = |x: f64| libm::exp(bend * (root - x)) - 1.0;
            let found = falling_root_near(f, guess, step, (-4.0, 4.0));
            prop_assert!((found - root).abs() < 1e-12, "{found} is not {root}");
        }

        #[test]
        fn a_root_outside_gives_the_nearer_end(root in 4.0f64..9.0, guess in -5.0f64..5.0, step in 0.001f64..2.0) {
            prop_assert_eq!(falling_root_near(|x| root - x, guess, step, (-4.0, 4.0)), 4.0);
            prop_assert_eq!(falling_root_near(|x| -root - x, guess, step, (-4.0, 4.0)), -4.0);
        }
    }
}
