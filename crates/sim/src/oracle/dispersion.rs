//! Over-dispersion of a network, reliability of one member's value, and the trend of its months.

use std::cmp::Ordering;

use crate::oracle::colleagues::{Group, LEAST_NETWORK, Member};
use crate::oracle::measure_file::{Measure, real};
use crate::oracle::round::nine_digits;

/// The 90th centile of the standard normal distribution.
const BOUND: f64 = 1.281_551_565_544_600_4;
/// Mean square of a standard normal variable that is winsorised at that centile.
const NORMAL: f64 = 0.678_654_558_952_874_7;

/// The network of a measure on the scale on which chance is equal for all members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Network {
    target: f64,
    /// Mean size of one event, weighted by size.
    event_size: f64,
    /// Mean squared winsorised z and variance between members, where the data suffice.
    pub spread: Option<(f64, f64)>,
}

/// The position of one unit in its network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkPosition {
    /// Distance from the target in standard deviations of chance.
    pub z: Option<f64>,
    /// The same distance with the variance between members included.
    pub z_adjusted: Option<f64>,
    /// Mean squared winsorised z of the network.
    pub phi: Option<f64>,
    /// Variance between the members.
    pub tau2: Option<f64>,
    /// Reliability, from 0 to 1.
    pub reliability: Option<f64>,
    /// `insufficient`, `low`, `moderate` or `good`.
    pub grade: &'static str,
    /// The value shrunk towards the target, in the measure's unit.
    pub shrunk: Option<f64>,
}

/// The trend of a unit's months.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OracleTrend {
    /// Value of the last month minus value of the month before.
    pub difference: Option<f64>,
    /// Consecutive months on the last one's side of the value of all twelve.
    pub run: i32,
    /// Tabular cumulative sum around the unit's own value.
    pub cusum: Option<f64>,
}

/// A ratio on the scale of the measure's kind.
fn on_scale(measure: &Measure, target: f64, ratio: f64) -> Option<f64> {
    match measure.kind.as_str() {
        "proportion" | "share" if ratio > 1.0 => None,
        "proportion" | "share" => Some(ratio.sqrt().asin()),
        "mean" => Some(measure.value_of_ratio(ratio)),
        _ if target > 0.0 => Some((ratio / target).sqrt()),
        _ => None,
    }
}

/// The ratio at a point of that scale.
fn from_scale(measure: &Measure, target: f64, place: f64) -> f64 {
    match measure.kind.as_str() {
        "proportion" | "share" => place.clamp(0.0, std::f64::consts::FRAC_PI_2).sin().powi(2),
        "mean" => (place / measure.value_of_ratio(1.0)).max(0.0),
        _ => target * place.max(0.0).powi(2),
    }
}

/// Variance of chance on that scale.
fn by_chance(measure: &Measure, target: f64, event_size: f64, own: &Member) -> Option<f64> {
    let (n, d, spread) = (real(own.n), real(own.d), real(own.spread));
    let variance = match measure.kind.as_str() {
        "proportion" => measure.denominator.units() / (4.0 * d),
        "share" => spread / (4.0 * d * d),
        "mean" => {
            let variance = real(own.d * own.spread - own.n * own.n) / real(own.d * (own.d - 1));
            variance / d * measure.value_of_ratio(1.0).powi(2)
        }
        "amount" => {
            let size = if own.n > 0 { spread / n } else { 0.0 };
            size.max(event_size) / (4.0 * target * d)
        }
        _ => measure.numerator.units() / (4.0 * target * d),
    };
    (variance.is_finite() && variance > 0.0).then_some(variance)
}

impl Network {
    /// The network of this group, if it is large enough.
    pub(crate) fn of(measure: &Measure, group: &Group) -> Option<Network> {
        if group.members.len() < LEAST_NETWORK {
            return None;
        }
        let numerator = group.total(|m| m.n);
        let target = real(numerator) / real(group.total(|m| m.d));
        let size = real(group.total(|m| m.spread)) / real(numerator);
        let event_size = if measure.kind == "amount" && size.is_finite() { nine_digits(size) } else { 0.0 };
        let mut network = Network { target, event_size, spread: None };
        let members: Vec<(f64, f64)> = group.members.iter().filter_map(|m| network.place(measure, m)).collect();
        network.spread = spread(&members);
        Some(network)
    }

    /// Distance from the target and variance of chance.
    fn place(&self, measure: &Measure, own: &Member) -> Option<(f64, f64)> {
        let place = on_scale(measure, self.target, real(own.n) / real(own.d))?;
        let distance = place - on_scale(measure, self.target, self.target)?;
        Some((distance, by_chance(measure, self.target, self.event_size, own)?))
    }

    /// The position of a unit with this number of facts in its denominator.
    pub(crate) fn standing(&self, measure: &Measure, own: &Member, facts: i128) -> NetworkPosition {
        let place = self.place(measure, own);
        let tau2 = self.spread.map(|(_, tau2)| tau2);
        let both = place.zip(tau2);
        let reliability = both.map(|((_, variance), tau2)| tau2 / (tau2 + variance));
        let shrunk = |((distance, _), reliability): ((f64, f64), f64)| {
            let start = on_scale(measure, self.target, self.target).expect("somebody has a place");
            measure.value_of_ratio(from_scale(measure, self.target, start + reliability * distance))
        };
        NetworkPosition {
            z: place.map(|(distance, variance)| distance / variance.sqrt()),
            z_adjusted: both.map(|((distance, variance), tau2)| distance / (variance + tau2).sqrt()),
            phi: self.spread.map(|(phi, _)| phi),
            tau2,
            reliability,
            grade: match reliability {
                _ if facts < 10 => "insufficient",
                Some(r) if r >= 0.7 => "good",
                Some(r) if r >= 0.5 => "moderate",
                _ => "low",
            },
            shrunk: place.zip(reliability).map(shrunk),
        }
    }
}

/// Mean squared winsorised z, and the variance between members.
fn spread(members: &[(f64, f64)]) -> Option<(f64, f64)> {
    if members.len() < 2 {
        return None;
    }
    let count = real(members.len() as i128);
    let mut z: Vec<f64> = members.iter().map(|(distance, variance)| distance / variance.sqrt()).collect();
    z.sort_by(f64::total_cmp);
    let at = |tenths: usize| {
        let place = (z.len() - 1) * tenths;
        let above = z.get(place / 10 + 1).copied().unwrap_or(z[place / 10]);
        z[place / 10] + real((place % 10) as i128) / 10.0 * (above - z[place / 10])
    };
    let (low, high) = (at(1), at(9));
    let phi = z.iter().map(|z| z.clamp(low, high).powi(2)).sum::<f64>() / count;
    let tau2 = between(members);
    Some((nine_digits(phi), nine_digits(tau2)))
}

/// The variance between members at which the winsorised adjusted z have the mean square of a winsorised standard normal, found by
/// bisection.
fn between(members: &[(f64, f64)]) -> f64 {
    let wanted = NORMAL * real(members.len() as i128 - 1);
    let bounded = |tau2: f64| -> f64 {
        let square = |(distance, variance): &(f64, f64)| (distance.powi(2) / (variance + tau2)).min(BOUND.powi(2));
        members.iter().map(square).sum()
    };
    if bounded(0.0) <= wanted {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while bounded(high) > wanted {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if bounded(middle) > wanted { low = middle } else { high = middle }
    }
    high
}

/// The trend of twelve months, oldest first; `whole` has their sums.
pub(crate) fn moved(measure: &Measure, months: &[(i128, i128)], whole: &Member) -> Option<OracleTrend> {
    let seen: Vec<(i128, i128)> = months.iter().copied().filter(|(_, d)| *d > 0).collect();
    if seen.len() < 2 {
        return None;
    }
    let side = |(n, d): &(i128, i128)| (n * whole.d).cmp(&(whole.n * d));
    let last = side(seen.last().expect("two months"));
    let run = i32::try_from(seen.iter().rev().take_while(|month| side(month) == last).count()).expect("twelve");
    let [.., before, now] = months else { return None };
    let own = Network { target: real(whole.n) / real(whole.d), event_size: 0.0, spread: None };
    let step = |(n, d): &(i128, i128)| {
        let place = on_scale(measure, own.target, real(*n) / real(*d))? - on_scale(measure, own.target, own.target)?;
        let variance = by_chance(measure, own.target, own.event_size, whole)? * real(whole.d) / real(*d);
        Some(place / variance.sqrt())
    };
    let steps: Vec<f64> = seen.iter().filter_map(step).collect();
    let (mut up, mut down) = (0.0_f64, 0.0_f64);
    for step in &steps {
        up = (up + step - 0.5).max(0.0);
        down = (down - step - 0.5).max(0.0);
    }
    Some(OracleTrend {
        difference: (before.1 > 0 && now.1 > 0).then(|| measure.value(now.0, now.1) - measure.value(before.0, before.1)),
        run: match last {
            Ordering::Greater => run,
            Ordering::Less => -run,
            Ordering::Equal => 0,
        },
        cusum: (!steps.is_empty()).then_some(if up >= down { up } else { -down }),
    })
}
