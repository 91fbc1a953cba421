//! z on the hyperbolic scale, limited to a bound: the form that a fit computes most often.
//!
//! asinh(x) is the logarithm of x + sqrt(1 + x^2), the arm of x. A difference of two is the logarithm of a quotient of arms, which needs
//! no logarithm where it is beyond the bound.

/// z for one spread and one bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimitedZ {
    spread: f64,
    bound: f64,
    /// Quotient of arms at which z is the bound.
    most: f64,
}

impl LimitedZ {
    /// z for a spread and a bound above 0.
    pub(crate) fn new(spread: f64, bound: f64) -> LimitedZ {
        LimitedZ { spread, bound, most: libm::exp(bound * spread / 2.0) }
    }

    /// The arm of a root of 0 or more.
    pub(crate) fn arm(&self, root: f64) -> f64 {
        let x = self.spread * root;
        x + (1.0 + x * x).sqrt()
    }

    /// z of the roots with these arms, from minus to plus the bound. Its error is below 1e-12 for a spread of 0.001 or more.
    pub(crate) fn z(&self, a: f64, b: f64) -> f64 {
        if a >= self.most * b {
            return self.bound;
        }
        if b >= self.most * a {
            return -self.bound;
        }
        2.0 / self.spread * libm::log(a / b)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::placed_unit::hyperbolic;

    proptest! {
        #[test]
        fn limited_z_is_the_hyperbolic_scale_between_its_bounds(a in 0.0f64..200.0, b in 0.1f64..200.0, spread in 0.001f64..3.0) {
            let limited = LimitedZ::new(spread, 1.3);
            let expected = hyperbolic(a, b, spread).clamp(-1.3, 1.3);
            prop_assert!((limited.z(limited.arm(a), limited.arm(b)) - expected).abs() < 2e-12);
        }
    }
}
