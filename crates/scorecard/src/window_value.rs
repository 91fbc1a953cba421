//! One measure on a card: its windows, and in the headline window what is said of it.

use crate::card::{CardMeasure, Grade, WindowValue};
use crate::comparison::Comparison;
use crate::funnel::standing;
use crate::interval::confidence;
use crate::measure::Measure;
use crate::points::{Achievement, Contribution};
use crate::reliability::is_reliable;
use crate::round::published;
use crate::saving::saving_estimate;
use crate::sentence::sentence;
use crate::suppression::Suppression;
use crate::trend::trend;
use crate::unit::{UnitMonth, WINDOWS, window_index};

/// The measure at this index of its set, for one unit.
#[must_use]
pub fn card_measure(measure: &Measure, index: usize, unit: &UnitMonth, comparison: &Comparison<'_>) -> CardMeasure {
    let definition = &measure.definition;
    let name = measure.name();
    CardMeasure {
        id: definition.id.clone(),
        version: definition.version,
        kind: definition.kind,
        domain: definition.domain,
        giant: definition.giant,
        unit: definition.unit.clone(),
        n_unit: measure.numerator.definition.amount.unit_name().to_owned(),
        d_unit: measure.denominator.definition.amount.unit_name().to_owned(),
        direction: definition.direction,
        headline: definition.window,
        windows: (0..WINDOWS.len()).map(|window| window_value(measure, index, window, unit, &name, comparison)).collect(),
    }
}

fn window_value(
    measure: &Measure,
    index: usize,
    window: usize,
    unit: &UnitMonth,
    name: &str,
    comparison: &Comparison<'_>,
) -> WindowValue {
    let sums = &unit.windows[window];
    let own = &sums.measures[index];
    let months = WINDOWS[window];
    let suppression = Suppression::of(measure, index, sums);
    let mut shown = WindowValue {
        window: months,
        incomplete: unit.incomplete[window],
        n: own.n,
        d: own.d,
        facts_n: own.facts_n,
        facts_d: own.facts_d,
        pca: own.pca,
        value: None,
        ci95: None,
        suppressed: suppression.map(|s| s.name().to_owned()),
        peer: None,
        funnel: None,
        reliability: None,
        grade: None,
        shrunk: None,
        qof: None,
        saving: None,
        trend: None,
        sentence: None,
    };
    let headline = window == window_index(measure.definition.window);
    if suppression.is_none() && own.d > 0 {
        shown.value = measure.value(own.n, own.d).and_then(published);
        shown.ci95 = confidence(measure, own);
        let column = comparison.column(name, months);
        shown.peer = column.and_then(|column| comparison.peer(column, (own.n, own.d)));
        if headline {
            let network = column.and_then(|column| comparison.network(column));
            if let Some(standing) = network.and_then(|network| standing(measure, own, network)) {
                shown.funnel = Some(standing.funnel);
                shown.reliability = standing.reliability;
                shown.grade = Some(standing.grade);
                shown.shrunk = standing.shrunk;
            }
            let thresholds = network.and_then(|network| network.group.lower.zip(network.group.upper));
            shown.qof = achievement(measure, (own.n, own.d), thresholds).and_then(|a| a.published());
            shown.saving = network.and_then(|network| saving_estimate(measure, own, network));
            let year = &unit.windows[WINDOWS.len() - 1].measures[index];
            shown.trend = trend(measure, unit.months_of(index), year);
        }
    } else if headline && suppression.is_some() {
        shown.grade = Some(Grade::Insufficient);
    }
    if headline {
        shown.sentence = Some(sentence(&measure.definition, &shown, suppression));
    }
    shown
}

/// What a ratio of integer units earns: by the file's own thresholds, else by those of the quarter.
fn achievement(measure: &Measure, own: (i64, i64), of_quarter: Option<(f64, f64)>) -> Option<Achievement> {
    let points = measure.definition.points?;
    let thresholds = points.lower.zip(points.upper).or(of_quarter)?;
    Achievement::of(points.available, thresholds, measure.value(own.0, own.1)?)
}

/// What a measure of a card brings to the sums of points.
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
