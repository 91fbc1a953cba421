//! One's own course: the points of a run chart, with centre and limits.

use scorecard::card::scorecard::CardMeasure;
use scorecard::measure::measure_set::Measure;
use scorecard::time::calendar::Month;

/// Months with fewer events in the denominator are no points.
const LEAST_EVENTS: i64 = 5;
/// With a smaller median of the denominator two months make one point.
const LEAST_MEDIAN: i64 = 10;
/// Factor from the mean moving range to the limits. Source: Provost and Murray, The Health Care Data Guide: charts of individuals.
const RANGE_FACTOR: f64 = 2.66;
/// Months of the picture.
const MONTHS: usize = 24;

/// One point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoursePoint {
    /// Its first month.
    pub first: Month,
    /// Its last month.
    pub last: Month,
    /// Numerator, in integer units.
    pub n: i64,
    /// Denominator, in integer units.
    pub d: i64,
    /// Its value in the measure's unit.
    pub value: f64,
}

/// The points with centre and limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The points, oldest first.
    pub points: Vec<CoursePoint>,
    /// Months of a point: 1 or 2.
    pub block: usize,
    /// Mean of the points that centre and limits come from.
    pub centre: f64,
    /// Lower and upper limit by the moving range; `None` for fewer than six points.
    pub limits: Option<(f64, f64)>,
    /// Where the card calls the change a signal: the index of the first point of the change, and the mean from there on.
    pub step: Option<(usize, f64)>,
}

/// The course of a card's measure up to this month. `None` for fewer than three points.
#[must_use]
pub fn course(card: &CardMeasure, measure: &Measure, month: Month) -> Option<Course> {
    let (n, d) = (&card.months_n, &card.months_d);
    let block = block(d);
    let points = points(n, d, block, measure, month);
    if points.len() < 3 {
        return None;
    }
    let signal = card.change.as_ref().filter(|change| change.signal);
    let from = signal.map(|change| month.plus(1 - i32::from(change.months)));
    let step = from.and_then(|from| points.iter().position(|point| point.first >= from)).filter(|at| *at >= 3);
    let (before, after) = points.split_at(step.unwrap_or(points.len()));
    let centre = mean(before, measure)?;
    let step = step.and_then(|at| Some((at, mean(after, measure)?)));
    Some(Course { limits: limits(before, centre, &card.unit), block, centre, step, points })
}

fn block(d: &[i64]) -> usize {
    let mut with_events: Vec<i64> = d.iter().copied().filter(|d| *d > 0).collect();
    with_events.sort_unstable();
    let median = with_events.get(with_events.len() / 2).copied().unwrap_or(0);
    if median < LEAST_MEDIAN { 2 } else { 1 }
}

fn points(n: &[i64], d: &[i64], block: usize, measure: &Measure, month: Month) -> Vec<CoursePoint> {
    let months = n.len().min(d.len()).min(MONTHS);
    let begin = n.len() - months + (months % block);
    let point = |at: usize| {
        let back = i32::try_from(n.len() - at).ok()?;
        let (n, d): (i64, i64) = (n[at..at + block].iter().sum(), d[at..at + block].iter().sum());
        let first = month.plus(1 - back);
        let last = first.plus(i32::try_from(block).ok()? - 1);
        let value = measure.value(n, d).filter(|_| d >= LEAST_EVENTS)?;
        Some(CoursePoint { first, last, n, d, value })
    };
    (begin..n.len()).step_by(block).filter_map(point).collect()
}

fn mean(points: &[CoursePoint], measure: &Measure) -> Option<f64> {
    measure.value(points.iter().map(|point| point.n).sum(), points.iter().map(|point| point.d).sum())
}

fn limits(points: &[CoursePoint], centre: f64, unit: &str) -> Option<(f64, f64)> {
    let moves: Vec<f64> = points.windows(2).map(|pair| (pair[1].value - pair[0].value).abs()).collect();
    if points.len() < 6 {
        return None;
    }
    let reach = RANGE_FACTOR * moves.iter().sum::<f64>() / moves.len() as f64;
    let most = if unit.starts_with('%') { 100.0 } else { f64::INFINITY };
    Some(((centre - reach).max(0.0), (centre + reach).min(most)))
}

impl Course {
    /// Whether a point is outside the limits. After a signal no point is, because the change explains them.
    #[must_use]
    pub fn is_outside(&self, at: usize) -> bool {
        let value = self.points[at].value;
        self.step.is_none() && self.limits.is_some_and(|(low, high)| value < low - 1e-9 || value > high + 1e-9)
    }
}
