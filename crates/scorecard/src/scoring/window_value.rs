//! One measure on a card: its windows, with comparisons and the sentence in the headline window.

use crate::card::round::published;
use crate::card::scorecard::{CardMeasure, Grade, WindowValue};
use crate::chance::confidence::confidence;
use crate::chance::reliability::is_reliable;
use crate::chance::trend::trend;
use crate::measure::measure_set::Measure;
use crate::measure::suppression::Suppression;
use crate::peer_group::unit::{UnitMonth, WINDOWS, window_index};
use crate::scoring::benchmark::Benchmark;
use crate::scoring::comparison::Comparison;
use crate::scoring::peer_position::Network;
use crate::scoring::points::{Achievement, Contribution};
use crate::scoring::saving::saving_estimate;
use crate::scoring::sentence::sentence;
use crate::sums::measure_sums::MeasureSums;

/// One measure for one unit.
#[must_use]
pub fn card_measure(benchmark: &Benchmark<'_>, unit: &UnitMonth, comparison: &Comparison<'_>) -> CardMeasure {
    let definition = &benchmark.measure.definition;
    CardMeasure {
        id: benchmark.id.clone(),
        version: definition.version,
        kind: definition.kind,
        domain: definition.domain,
        giant: definition.giant,
        unit: benchmark.unit.clone(),
        n_unit: benchmark.n_unit.clone(),
        d_unit: benchmark.d_unit.clone(),
        direction: definition.direction,
        headline: definition.window,
        windows: windows(benchmark, unit, comparison),
    }
}

fn windows(benchmark: &Benchmark<'_>, unit: &UnitMonth, comparison: &Comparison<'_>) -> Vec<WindowValue> {
    // Filled in place, because windows are large and a card has many.
    let mut windows: Vec<WindowValue> = (0..WINDOWS.len()).map(|window| bare(benchmark, window, unit)).collect();
    for (window, shown) in windows.iter_mut().enumerate() {
        fill(shown, benchmark, window, unit, comparison);
    }
    windows
}

/// A window with only its sums.
fn bare(benchmark: &Benchmark<'_>, window: usize, unit: &UnitMonth) -> WindowValue {
    let own = &unit.windows[window].measures[benchmark.index];
    WindowValue {
        incomplete: unit.incomplete[window],
        n: own.n,
        d: own.d,
        facts_n: own.facts_n,
        facts_d: own.facts_d,
        pca: own.pca,
        ..WindowValue::empty(WINDOWS[window])
    }
}

fn fill(shown: &mut WindowValue, benchmark: &Benchmark<'_>, window: usize, unit: &UnitMonth, comparison: &Comparison<'_>) {
    let (measure, sums) = (benchmark.measure, &unit.windows[window]);
    let own = &sums.measures[benchmark.index];
    let suppression = Suppression::of(measure, benchmark.index, sums);
    shown.suppressed = suppression.map(|s| s.name().to_owned());
    let is_headline = window == window_index(measure.definition.window);
    if suppression.is_none() && own.d > 0 {
        shown.value = measure.value(own.n, own.d).and_then(published);
        shown.ci95 = confidence(measure, own);
        shown.peer = benchmark.columns[window].and_then(|column| comparison.peer(column, (own.n, own.d)));
        if is_headline {
            fill_headline(shown, benchmark, own, unit, comparison.network(benchmark.index));
        }
    } else if is_headline && suppression.is_some() {
        shown.grade = Some(Grade::Insufficient);
    }
    if is_headline {
        shown.sentence = Some(sentence(&measure.definition, shown, suppression));
    }
}

/// Fills the fields of the headline window.
fn fill_headline(
    shown: &mut WindowValue,
    benchmark: &Benchmark<'_>,
    own: &MeasureSums,
    unit: &UnitMonth,
    network: Option<&Network<'_>>,
) {
    let measure = benchmark.measure;
    if let Some(position) = network.and_then(|network| network.position(own)) {
        shown.funnel = Some(position.funnel);
        shown.reliability = position.reliability;
        shown.grade = Some(position.grade);
        shown.shrunk = position.shrunk;
    }
    let thresholds = network.and_then(|network| network.peers.group.lower.zip(network.peers.group.upper));
    shown.qof = achievement(measure, (own.n, own.d), thresholds).and_then(|a| a.published());
    shown.saving = network.and_then(|network| saving_estimate(measure, own, network));
    let year = &unit.windows[WINDOWS.len() - 1].measures[benchmark.index];
    shown.trend = trend(measure, unit.months_of(benchmark.index), year);
}

/// The achievement of a ratio of integer units, by the thresholds of the measure file, else by those of the quarter.
fn achievement(measure: &Measure, own: (i64, i64), of_quarter: Option<(f64, f64)>) -> Option<Achievement> {
    let points = measure.definition.points?;
    let thresholds = points.lower.zip(points.upper).or(of_quarter)?;
    Achievement::of(points.available, thresholds, measure.value(own.0, own.1)?)
}

/// The contribution of a measure to the sums of points.
#[must_use]
pub fn contribution(measure: &Measure, card: &CardMeasure) -> Contribution {
    let headline = headline(card).filter(|window| window.value.is_some());
    let thresholds = |window: &WindowValue| window.qof.map(|qof| (qof.lower, qof.upper));
    Contribution {
        domain: measure.definition.domain,
        offered: measure.definition.points.map_or(0.0, |points| points.available),
        achievement: headline.and_then(|window| achievement(measure, (window.n, window.d), thresholds(window))),
        reliable: headline.is_some_and(|window| is_reliable(window.grade)),
        measures: u32::from(headline.is_some()),
    }
}

/// The headline window of a measure on a card.
#[must_use]
pub fn headline(card: &CardMeasure) -> Option<&WindowValue> {
    card.windows.iter().find(|window| window.window == card.headline)
}
