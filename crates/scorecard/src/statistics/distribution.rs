//! Quantiles of the chi-square and of Student's t distribution, and binomial probabilities of small counts. They use no mathematics
//! of the platform, so that results are the same bits everywhere.
//!
//! Sources:
//! * NIST Digital Library of Mathematical Functions 8.11.4, 8.9.2 (incomplete gamma) and 8.17.22 (incomplete beta).
//! * C. Loader, "Fast and accurate computation of binomial probabilities", 2000 (densities without cancellation).
//! * Abramowitz and Stegun 26.7.5 (Student's t for many degrees of freedom).

use std::sync::OnceLock;

/// Lower and upper end of an interval.
pub type Ends = (f64, f64);

/// z of a two-sided 95 % interval.
pub const Z_95: f64 = 1.959_964;
/// z of a two-sided 99.8 % interval.
pub const Z_998: f64 = 3.090_232;

/// Most steps of a root search. Bisection alone needs about 60 to reach full precision.
const MOST_STEPS: u32 = 200;

const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;
pub(crate) const TWO_PI: f64 = std::f64::consts::TAU;
const EPSILON: f64 = f64::EPSILON;
/// Most terms of a series or fraction. They need a small multiple of the square root of their argument, and counts of a month are
/// far below its square.
const MOST_TERMS: u32 = 1_000_000;

/// Quantile of the chi-square distribution: the x with P(X <= x) = `probability`. `probability` is above 0 and below 1, `degrees` above 0.
#[must_use]
pub fn chi_square_quantile(probability: f64, degrees: f64) -> f64 {
    let shape = degrees / 2.0;
    let excess = |x: f64| {
        let (lower, upper) = gamma_tails(shape, x);
        // Only the smaller tail has full precision.
        if probability < 0.5 { lower - probability } else { (1.0 - probability) - upper }
    };
    let density = |x: f64| shape / x * poisson_density(shape, x);
    2.0 * solve(excess, density, gamma_start(probability, shape))
}

/// Start value for a quantile of the gamma distribution: Wilson and Hilferty 1931, with z after Abramowitz and Stegun 26.2.22.
fn gamma_start(probability: f64, shape: f64) -> f64 {
    let tail = (-2.0 * libm::log(probability.min(1.0 - probability))).sqrt();
    let z = tail - (2.307_53 + 0.270_61 * tail) / (1.0 + (0.992_29 + 0.044_81 * tail) * tail);
    let root = 1.0 - 1.0 / (9.0 * shape) + z.copysign(probability - 0.5) / (3.0 * shape.sqrt());
    // Below 0.1 the approximation is poor, and the function is flat on the wrong side of the quantile.
    if root > 0.1 { shape * root * root * root } else { shape.min(0.5) }
}

/// Degrees of freedom from which the expansion is exact to twelve digits.
const STUDENT_T_EXPANDED_FROM: u16 = 1_000;

/// Quantile of Student's t distribution at 0.975, for a two-sided 95 % interval. `degrees` is 1 or more.
///
/// Quantiles of whole degrees are computed once, because every card needs some.
#[must_use]
pub fn student_t_975(degrees: f64) -> f64 {
    static WHOLE: OnceLock<Vec<f64>> = OnceLock::new();
    if degrees >= f64::from(STUDENT_T_EXPANDED_FROM) {
        return student_t_expansion(degrees);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 999")]
    let whole = degrees as usize;
    if whole >= 1 && whole as f64 == degrees {
        let all = || (1..STUDENT_T_EXPANDED_FROM).map(|degrees| student_t_exact(f64::from(degrees))).collect();
        return WHOLE.get_or_init(all)[whole - 1];
    }
    student_t_exact(degrees)
}

fn student_t_exact(degrees: f64) -> f64 {
    let start = student_t_expansion(degrees);
    let excess = |t: f64| 0.025 - student_t_upper_tail(t, degrees);
    let density = |t: f64| {
        let constant = libm::lgamma((degrees + 1.0) / 2.0) - libm::lgamma(degrees / 2.0);
        let power = (degrees + 1.0) / 2.0 * libm::log1p(t * t / degrees);
        libm::exp(constant - power) / (degrees * std::f64::consts::PI).sqrt()
    };
    solve(excess, density, start)
}

/// Abramowitz and Stegun 26.7.5 at 0.975: its error falls with the fifth power of the degrees of freedom.
fn student_t_expansion(degrees: f64) -> f64 {
    let z = 1.959_963_984_540_054;
    let z2 = z * z;
    let g1 = z * (z2 + 1.0) / 4.0;
    let g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
    z + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees
}

/// Root of a rising function above 0 by Newton's method, with bisection where a step leaves the known interval.
fn solve(excess: impl Fn(f64) -> f64, density: impl Fn(f64) -> f64, start: f64) -> f64 {
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut x = start;
    for _ in 0..MOST_STEPS {
        let over = excess(x);
        if over > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let newton = x - over / density(x);
        let inside = newton > low && newton < high;
        let halved = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * x };
        let next = if inside { newton } else { halved };
        let step = (next - x).abs();
        x = next;
        // Each step squares Newton's error: after a step of 1e-9 the result is exact.
        let enough = if inside { 1e-9 } else { 2.0 * EPSILON };
        if step <= enough * x {
            break;
        }
    }
    x
}

/// Lower and upper tail of the gamma distribution of this shape: the regularised incomplete gamma functions P and Q.
pub(crate) fn gamma_tails(shape: f64, x: f64) -> (f64, f64) {
    if x < shape + 1.0 {
        let lower = poisson_density(shape, x) * gamma_series(shape, x);
        (lower, 1.0 - lower)
    } else {
        let upper = shape * poisson_density(shape, x) * gamma_fraction(shape, x);
        (1.0 - upper, upper)
    }
}

/// Sum of x^k / ((a + 1) ... (a + k)) over k (DLMF 8.11.4).
fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..MOST_TERMS {
        term *= x / (a + f64::from(k));
        sum += term;
        if term <= sum * EPSILON {
            break;
        }
    }
    sum
}

/// The continued fraction of the upper tail (DLMF 8.9.2 in its even form), by Lentz's method.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / f64::MIN_POSITIVE;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..MOST_TERMS {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() <= EPSILON {
            break;
        }
    }
    fraction
}

fn nonzero(value: f64) -> f64 {
    if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value }
}

/// lambda^x e^-lambda / gamma(x + 1) for real x, without cancellation (Loader).
fn poisson_density(x: f64, lambda: f64) -> f64 {
    if x == 0.0 {
        return libm::exp(-lambda);
    }
    libm::exp(-stirling_error(x) - deviance(x, lambda)) / (TWO_PI * x).sqrt()
}

/// ln x! minus Stirling's approximation of it.
pub(crate) fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        return libm::lgamma(x + 1.0) - (x + 0.5) * libm::log(x) + x - LN_SQRT_TWO_PI;
    }
    let square = x * x;
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    series.iter().rev().fold(0.0, |sum, coefficient| sum / square + coefficient) / x
}

/// x ln(x / mean) + mean - x.
pub(crate) fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * libm::log(x / mean) - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// P(T > t) for t above 0.
fn student_t_upper_tail(t: f64, degrees: f64) -> f64 {
    let (a, b) = (degrees / 2.0, 0.5);
    let square = t * t;
    let x = degrees / (degrees + square);
    let y = square / (degrees + square);
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(-a * libm::log1p(square / degrees) + b * libm::log(y) - log_beta);
    let both =
        if x < (a + 1.0) / (a + b + 2.0) { front * beta_fraction(a, b, x) / a } else { 1.0 - front * beta_fraction(b, a, y) / b };
    both / 2.0
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
pub(crate) fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..MOST_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / nonzero(1.0 + numerator * d);
            c = nonzero(1.0 + numerator / c);
            factor = c * d;
            fraction *= factor;
        }
        if (factor - 1.0).abs() <= EPSILON {
            break;
        }
    }
    fraction
}

/// Probabilities of 0, 1, 2... successes in `trials` trials, each with `chance` from 0 to 0.5. Computed by recurrence, for few
/// expected successes.
pub fn binomial_probabilities(trials: u32, chance: f64) -> impl Iterator<Item = f64> {
    let first = libm::exp(f64::from(trials) * libm::log1p(-chance));
    let odds = chance / (1.0 - chance);
    (0..=trials).scan(first, move |probability, count| {
        let this = *probability;
        *probability *= odds * f64::from(trials - count) / f64::from(count + 1);
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chi_square_quantiles_are_exact_to_thirteen_digits() {
        // crates/scorecard/reference/distributions.py: series in 60 digits.
        let cases = [
            (0.025, 2.0, 0.050_635_615_968_579_75),
            (0.975, 2.0, 7.377_758_908_227_872_5),
            (0.025, 5.0, 0.831_211_613_486_662_4),
            (0.975, 7.0, 16.012_764_274_629_323),
            (0.001, 1.0, 1.570_797_149_262_489_8e-6),
            (0.999, 3.0, 16.266_236_196_238_133),
            (0.025, 20.0, 9.590_777_392_264_867),
            (0.975, 22.0, 36.780_712_084_035_56),
            (0.001, 400.0, 318.259_602_348_978_15),
            (0.999, 402.0, 495.349_940_402_180_44),
            (0.025, 3001.0, 2_851.059_634_153_011),
            (0.975, 3003.0, 3_156.779_388_235_591_3),
        ];
        for (probability, degrees, expected) in cases {
            let found = chi_square_quantile(probability, degrees);
            assert!((found / expected - 1.0).abs() < 1e-13, "{probability} {degrees}: {found} is not {expected}");
        }
    }

    #[test]
    fn students_t_is_exact_to_twelve_digits_from_one_degree_of_freedom_to_thousands() {
        // crates/scorecard/reference/distributions.py: the finite trigonometric form in 60 digits.
        let cases = [
            (1.0, 12.706_204_736_174_705),
            (2.0, 4.302_652_729_749_464),
            (3.0, 3.182_446_305_283_709_5),
            (9.0, 2.262_157_162_798_205_3),
            (10.0, 2.228_138_851_986_275),
            (30.0, 2.042_272_456_301_238),
            (199.0, 1.971_956_544_251_754),
            (500.0, 1.964_719_837_467_367_8),
            (999.0, 1.962_341_461_133_45),
            (1000.0, 1.962_339_080_826_408_5),
            (5000.0, 1.960_438_551_706_508),
        ];
        for (degrees, expected) in cases {
            let found = student_t_975(degrees);
            assert!((found / expected - 1.0).abs() < 1e-12, "{degrees}: {found} is not {expected}");
        }
    }

    #[test]
    fn binomial_probabilities_of_three_trials_are_the_binomial_theorems() {
        let found: Vec<f64> = binomial_probabilities(3, 0.25).collect();
        for (found, expected) in found.iter().zip([27.0, 27.0, 9.0, 1.0]) {
            assert!((found - expected / 64.0).abs() < 1e-16);
        }
        assert_eq!(found.len(), 4);
        assert_eq!(binomial_probabilities(3, 0.0).collect::<Vec<_>>(), [1.0, 0.0, 0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn chi_square_quantiles_rise_with_probability_and_degrees(degrees in 0.01f64..20_000.0, p in 0.001f64..0.5, q in 0.5f64..0.999) {
            let (low, high) = (chi_square_quantile(p, degrees), chi_square_quantile(q, degrees));
            prop_assert!(0.0 <= low && low <= high);
            prop_assert!(low <= chi_square_quantile(p, degrees * 1.01));
            // The tails at the quantile give the probability again.
            let (lower, upper) = gamma_tails(degrees / 2.0, high / 2.0);
            prop_assert!((upper - (1.0 - q)).abs() < 1e-11 && (lower + upper - 1.0).abs() < 1e-12);
        }
    }
}
