//! A small line of the last 12 months.

use maud::{Markup, html};

use crate::figure::plot_scale::{PlotScale, tenth};

/// Least months with a value for a line of months.
const LEAST_MONTHS: usize = 9;
/// Least quarters with a value for a line of three months at a time.
const LEAST_QUARTERS: usize = 4;
const FIRST: f64 = 3.0;
const STEP: f64 = 7.6;

/// The points of the line, and how many months each joins.
#[derive(Clone, Debug, PartialEq)]
pub struct SparkPoints {
    /// The values, oldest first.
    pub values: Vec<Option<f64>>,
    /// 1 or 3.
    pub months: u8,
}

/// The points of the last 12 of these months. `value` divides; `None` where too few months have a value.
#[must_use]
pub fn spark_points(n: &[i64], d: &[i64], value: &dyn Fn(i64, i64) -> Option<f64>) -> Option<SparkPoints> {
    let first = n.len().min(d.len()).checked_sub(12)?;
    let last = |at: usize| value(n[at], d[at]);
    let months: Vec<Option<f64>> = (first..first + 12).map(last).collect();
    let known = |values: &[Option<f64>]| values.iter().flatten().count();
    if known(&months) >= LEAST_MONTHS {
        return Some(SparkPoints { values: months, months: 1 });
    }
    let sum = |of: &[i64], at: usize| of[at.saturating_sub(2)..=at].iter().sum();
    let quarters: Vec<Option<f64>> = (first..first + 12).map(|at| value(sum(n, at), sum(d, at))).collect();
    (known(&quarters) >= LEAST_QUARTERS).then_some(SparkPoints { values: quarters, months: 3 })
}

/// The line with this title. A month without a value is a gap.
#[must_use]
pub fn spark_line(points: &SparkPoints, title: &str) -> Markup {
    let known: Vec<f64> = points.values.iter().flatten().copied().collect();
    let (low, high) = known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let room = (high - low) * 0.1;
    let y = PlotScale { values: (low - room, high + room), places: (19.0, 3.0) };
    let x = |at: usize| tenth(FIRST + STEP * at as f64);
    let last = points.values.iter().enumerate().rev().find_map(|(at, value)| value.map(|value| (at, value)));
    html! {
        svg.spark width="92" height="22" viewBox="0 0 92 22" role="img" {
            title { (title) }
            path.grid d=(format!("M0 {}H90", y.at(median(known)))) {}
            path.course.thin d=(broken_line(&points.values, &x, &|value| y.at(value))) {}
            @if let Some((at, value)) = last { circle.point cx=(x(at)) cy=(y.at(value)) r="2.6" {} }
        }
    }
}

/// A path through the known values; it begins again after a gap.
pub(crate) fn broken_line(values: &[Option<f64>], x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut joined = false;
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            path += &format!("{}{} {}", if joined { 'L' } else { 'M' }, x(at), y(*value));
        }
        joined = value.is_some();
    }
    path
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(n: i64, d: i64) -> Option<f64> {
        (d > 0).then(|| 100.0 * n as f64 / d as f64)
    }

    #[test]
    fn few_months_are_shown_three_at_a_time_and_fewer_not_at_all() {
        let d: Vec<i64> = (0..24).map(|at| if at >= 12 && at % 2 == 0 { 10 } else { 0 }).collect();
        let n: Vec<i64> = d.iter().map(|d| d / 5).collect();
        let points = spark_points(&n, &d, &percent).unwrap();
        assert_eq!((points.months, points.values.len()), (3, 12));
        assert!(points.values.iter().flatten().all(|value| *value == 20.0));
        let mut late = vec![0; 24];
        late[23] = 10;
        // One month is in one window of three only: its own.
        assert_eq!(spark_points(&late, &late, &percent), None);
        assert_eq!(spark_points(&[], &[], &percent), None);
    }

    #[test]
    fn a_month_without_a_value_breaks_the_line() {
        let values = [Some(1.0), Some(2.0), None, Some(3.0)];
        assert_eq!(broken_line(&values, &|at| at as f64, &|value| value), "M0 1L1 2M3 3");
    }
}
