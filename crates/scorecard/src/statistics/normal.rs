//! The standard normal distribution: tails and quantiles, the same bits on every platform.
//!
//! Source: Wichura 1988, Appl Stat 37:477, algorithm AS 241, PPND16 (quantiles to 1 part in 1e16).

use std::f64::consts::SQRT_2;

/// The least tail with a quantile. A smaller tail counts as this one: z = 37.05.
pub const LEAST_TAIL: f64 = 1e-300;

/// Half a unit in the last place of 1: the largest tail is 1 less this.
const LAST_PLACE: f64 = f64::EPSILON / 2.0;

const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Numerator and denominator where the probability is 0.075 to 0.925, lowest power first.
const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
];

/// The same to 1.4e-11 from either end.
const TAIL: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        0.000_774_545_014_278_341_4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        0.000_547_593_808_499_534_5,
        1.050_750_071_644_416_9e-9,
    ],
];

/// The same beyond.
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        0.000_786_869_131_145_613_3,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_7e-15,
    ],
];

/// P(Z > z), from 0 to 1.
#[must_use]
pub fn upper_tail(z: f64) -> f64 {
    libm::erfc(z / SQRT_2) / 2.0
}

/// The density at z.
#[must_use]
pub fn density(z: f64) -> f64 {
    libm::exp(-z * z / 2.0 - LN_SQRT_TWO_PI)
}

/// The z with P(Z > z) = `tail`, from -8.2 to 37.05. A tail outside 1e-300 to 1 - 1.1e-16 counts as that end.
#[must_use]
pub fn z_of_upper_tail(tail: f64) -> f64 {
    -quantile(tail.clamp(LEAST_TAIL, 1.0 - LAST_PLACE))
}

/// The z with P(Z <= z) = `probability`, which is above 0 and below 1.
#[must_use]
pub fn quantile(probability: f64) -> f64 {
    let from_half = probability - 0.5;
    if from_half.abs() <= 0.425 {
        return from_half * rational(CENTRE, 0.180_625 - from_half * from_half);
    }
    let root = (-libm::log(probability.min(1.0 - probability))).sqrt();
    let distance = if root <= 5.0 { rational(TAIL, root - 1.6) } else { rational(FAR_TAIL, root - 5.0) };
    distance.copysign(from_half)
}

fn rational([numerator, denominator]: [[f64; 8]; 2], x: f64) -> f64 {
    let polynomial = |coefficients: [f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    polynomial(numerator) / polynomial(denominator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_and_tails_are_the_tables() {
        // 40 digits of mpmath, rounded: erfinv, and erfc by its continued fraction.
        let cases = [
            (0.75, 0.674_489_750_196_081_7),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813),
            (2.0 / 3.0, 0.430_727_299_295_457_5),
        ];
        for (probability, z) in cases {
            assert!((quantile(probability) - z).abs() < 1e-14, "{probability}");
            assert!((upper_tail(z) / (1.0 - probability) - 1.0).abs() < 1e-13, "{z}");
        }
        assert!((z_of_upper_tail(0.0) - 37.047_096_299_361_2).abs() < 1e-12);
        assert_eq!(quantile(0.5), 0.0);
    }

    proptest! {
        #[test]
        fn the_tail_at_a_quantile_is_the_probability_again(exponent in -299.0f64..-0.31) {
            let tail = libm::pow(10.0, exponent);
            let z = z_of_upper_tail(tail);
            // A relative error of 1e-14 in z moves a tail of 1e-300 by z^2 times as much.
            prop_assert!((upper_tail(z) / tail - 1.0).abs() < 1e-13 * (1.0 + z * z));
            prop_assert!((quantile(tail) + z).abs() <= 1e-14 * z.abs());
        }
    }
}
