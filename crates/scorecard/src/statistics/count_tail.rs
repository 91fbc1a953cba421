//! Tails of Poisson and binomial counts, exact by the incomplete gamma and beta functions. Counts may be real: a count divided by a
//! design effect is one.
//!
//! Sources: NIST Digital Library of Mathematical Functions 8.17.5 and 8.17.22 (incomplete beta) and 8.4.8 (incomplete gamma); Loader
//! 2000 (densities without cancellation).

use crate::statistics::distribution::{TWO_PI, beta_fraction, deviance, gamma_tails, stirling_error};

/// P(N >= count) of a Poisson count with this expected value above 0: P(count, expected). 1 for no count.
#[must_use]
pub fn poisson_at_least(count: f64, expected: f64) -> f64 {
    if count > 0.0 { gamma_tails(count, expected).0 } else { 1.0 }
}

/// P(N <= count) of a Poisson count with this expected value above 0: Q(count + 1, expected).
#[must_use]
pub fn poisson_at_most(count: f64, expected: f64) -> f64 {
    gamma_tails(count + 1.0, expected).1
}

/// P(N < count) of a Poisson count: Q(count, expected). 0 for no count.
#[must_use]
pub fn poisson_below(count: f64, expected: f64) -> f64 {
    if count > 0.0 { gamma_tails(count, expected).1 } else { 0.0 }
}

/// P(N >= count) of a binomial count of `trials` trials with `chance` from 0 to 1: I of `chance` (count, trials - count + 1). 1 for no
/// count, 0 for a count of 1 or more above `trials`.
#[must_use]
pub fn binomial_at_least(count: f64, trials: f64, chance: f64) -> f64 {
    if count <= 0.0 {
        return 1.0;
    }
    let others = trials - count + 1.0;
    if others <= 0.0 { 0.0 } else { beta_tails(count, others, chance).0 }
}

/// P(N <= count) of a binomial count. 1 for all trials, 0 for a count of 1 or more below 0.
#[must_use]
pub fn binomial_at_most(count: f64, trials: f64, chance: f64) -> f64 {
    binomial_at_least(trials - count, trials, 1.0 - chance)
}

/// Lower and upper tail of the beta distribution at x from 0 to 1: I of x (a, b) and I of 1 - x (b, a). Both a and b are above 0.
fn beta_tails(a: f64, b: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x >= 1.0 {
        return (1.0, 0.0);
    }
    // x^a (1 - x)^b / B(a, b), from the density of a count of a in a + b trials.
    let front = a * b / (a + b) * binomial_density(a, b, x);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = front * beta_fraction(a, b, x) / a;
        (lower, 1.0 - lower)
    } else {
        let upper = front * beta_fraction(b, a, 1.0 - x) / b;
        (1.0 - upper, upper)
    }
}

/// gamma(a + b + 1) / (gamma(a + 1) gamma(b + 1)) x^a (1 - x)^b for real a and b above 0, without cancellation (Loader).
fn binomial_density(a: f64, b: f64, x: f64) -> f64 {
    let trials = a + b;
    let error = stirling_error(trials) - stirling_error(a) - stirling_error(b);
    let exponent = error - deviance(a, trials * x) - deviance(b, trials * (1.0 - x));
    libm::exp(exponent) * (trials / (TWO_PI * a * b)).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_counts_have_the_tails_of_their_definition() {
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-13, "{found} is not {expected}");
        // 1 - e^-2 (1 + 2), and e^-2 (1 + 2).
        near(poisson_at_least(2.0, 2.0), 0.593_994_150_290_161_9);
        near(poisson_at_most(1.0, 2.0), 0.406_005_849_709_838_1);
        near(poisson_below(2.0, 2.0), 0.406_005_849_709_838_1);
        // (6 x 9 + 4 x 3 + 1) / 256 and (81 + 108) / 256.
        near(binomial_at_least(2.0, 4.0, 0.25), 67.0 / 256.0);
        near(binomial_at_most(1.0, 4.0, 0.25), 189.0 / 256.0);
        assert_eq!((binomial_at_least(0.0, 4.0, 0.25), binomial_at_most(4.0, 4.0, 0.25)), (1.0, 1.0));
        assert_eq!((poisson_at_least(0.0, 2.0), poisson_below(0.0, 2.0)), (1.0, 0.0));
        assert_eq!((binomial_at_least(3.0, 4.0, 0.0), binomial_at_least(3.0, 4.0, 1.0)), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn tails_of_neighbouring_counts_add_up_to_1(count in 1u32..3_000, more in 1u32..3_000, chance in 0.001f64..0.999) {
            let (count, trials) = (f64::from(count), f64::from(count + more));
            let binomial = binomial_at_least(count, trials, chance) + binomial_at_most(count - 1.0, trials, chance);
            let poisson = poisson_at_least(count, trials * chance) + poisson_at_most(count - 1.0, trials * chance);
            prop_assert!((binomial - 1.0).abs() < 1e-11 && (poisson - 1.0).abs() < 1e-11);
        }

        #[test]
        fn tails_fall_with_the_count(count in 0u32..500, more in 1u32..500, chance in 0.01f64..0.99, phi in 1.0f64..5.0) {
            let (count, trials) = (f64::from(count) / phi, f64::from(count + more) / phi);
            let next = count + 1.0 / phi;
            prop_assert!(binomial_at_least(next, trials, chance) <= binomial_at_least(count, trials, chance) + 1e-14);
            prop_assert!(poisson_at_least(next, chance * trials) <= poisson_at_least(count, chance * trials) + 1e-14);
        }
    }
}
