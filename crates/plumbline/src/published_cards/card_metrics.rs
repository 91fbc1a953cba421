//! The metrics of published cards: runs, revisions, and the newest month over all clinicians.

use std::sync::{Arc, RwLock};

use scorecard::card::scorecard::Cause;
use scorecard::measure::measure_set::MeasureSet;
use stream::deployment::Deployment;

use crate::process::metric_registry::MetricRegistry;
use crate::published_cards::card_index::{CardIndex, read_index};
use crate::published_cards::newest_month::{Spread, VERDICTS};

/// Every cause of a revision. A cause that never occurred is shown as 0.
const CAUSES: [Cause; 8] = [
    Cause::First,
    Cause::Late,
    Cause::Amended,
    Cause::Retracted,
    Cause::Attribution,
    Cause::DefinitionChange,
    Cause::Final,
    Cause::Coverage,
];
const DECILES: [&str; 3] = ["p10", "p50", "p90"];

/// Adds the metrics of the cards in this index.
pub fn register(registry: &MetricRegistry, index: &Arc<RwLock<CardIndex>>, deployment: &Deployment) {
    counts(registry, index);
    let (read, schedule) = (index.clone(), deployment.schedule.clone());
    let help = "End of the newest month that has a card, in seconds since 1970. Older than two months: publication is behind.";
    registry.gauge("plumbline_last_published_month_timestamp_seconds", help, move || {
        let end = schedule.end_of(read_index(&read, CardIndex::last_month)?).0 / 1_000;
        u64::try_from(end).ok()
    });
    network(registry, index, deployment.measures.clone());
}

fn counts(registry: &MetricRegistry, index: &Arc<RwLock<CardIndex>>) {
    let read = index.clone();
    let help = "Runs since the log began, by outcome. High for skipped: the log does not reach back far enough for some cuts.";
    registry.counters("plumbline_runs_total", help, ["outcome"], move || {
        read_index(&read, |index| vec![(["published"], index.counts().published), (["skipped"], index.counts().skipped)])
    });
    let read = index.clone();
    let help = "Revisions since the log began, by cause; a revision with two causes counts for each. High for late or amended: history \
                changes often.";
    registry.counters("plumbline_revisions_total", help, ["cause"], move || {
        read_index(&read, |index| {
            let revisions = &index.counts().revisions;
            CAUSES.map(|cause| ([cause.word()], revisions.get(cause.word()).copied().unwrap_or(0))).to_vec()
        })
    });
    let read = index.clone();
    let help = "Published cards without the withdrawn ones.";
    registry.gauge("plumbline_cards", help, move || read_index(&read, |index| index.counts().cards));
}

/// The newest month over all clinicians, without roll-ups.
fn network(registry: &MetricRegistry, index: &Arc<RwLock<CardIndex>>, measures: Arc<MeasureSet>) {
    let read = index.clone();
    let help = "First decile, median and ninth decile of a measure in the newest month, in the measure's unit, by role. Headline \
                window, groups of 20 or more. The measure says whether high is good.";
    registry.gauges("plumbline_measure_value", help, ["measure", "role", "decile"], move || {
        let spreads = read_index(&read, |index| index.newest().spreads(&measures));
        spreads.into_iter().flat_map(deciles).collect()
    });
    let read = index.clone();
    let help = "Cards of the newest month by role, without roll-ups, and whether any measure is compared with colleagues. Only \
                `no`: fewer than 20 clinicians of the role, or practices of other settings than gp.";
    registry.gauges("plumbline_role_cards", help, ["role", "compared"], move || {
        read_index(&read, |index| {
            let of = |(role, counts): (&str, [u64; 2])| {
                ["yes", "no"]
                    .into_iter()
                    .zip(counts)
                    .map(|(word, count)| ([role.to_owned(), word.to_owned()], count as f64))
                    .collect()
            };
            index.newest().by_role().into_iter().flat_map::<Vec<_>, _>(of).collect()
        })
    });
    let read = index.clone();
    let help = "Cards of the newest month by verdict of a measure, without roll-ups. High for please_check or better_than_most: \
                many clinicians differ by more than chance and usual differences.";
    registry.gauges("plumbline_measure_cards", help, ["measure", "verdict"], move || {
        read_index(&read, |index| {
            let verdicts = index.newest().by_verdict();
            let cards = |(measure, counts): (&str, [u64; VERDICTS.len()])| {
                VERDICTS
                    .iter()
                    .zip(counts)
                    .map(|((_, verdict), count)| ([measure.to_owned(), (*verdict).to_owned()], count as f64))
                    .collect()
            };
            verdicts.into_iter().flat_map::<Vec<_>, _>(cards).collect()
        })
    });
}

fn deciles(spread: Spread) -> impl Iterator<Item = ([String; 3], f64)> {
    let Spread { measure, role, deciles } = spread;
    DECILES.into_iter().zip(deciles).map(move |(decile, value)| ([measure.clone(), role.clone(), decile.to_owned()], value))
}
