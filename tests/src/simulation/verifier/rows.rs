//! Promise 1, second half, and promise 6: rows are the sums of their facts, marks are correct, counters add up, memory is
//! bounded.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::record::log_record::{ClinicianMonth, Mark, Record, RowKey};

use crate::simulation::instance::InstanceReport;
use crate::simulation::verifier::evidence::Evidence;
use crate::simulation::verifier::figures::Figures;
use crate::simulation::verifier::verdict::Verdict;

const ROW: &str = "a row is the sum of its facts at its tick";
const MARK: &str = "a mark follows all rows of its tick";
const KINDS: &str = "a mark counts the events of each kind that a feed sent";
const OUTCOMES: &str = "logged = accepted + duplicate + stale + conflict + sealed, each event exactly one of them";
const MEMORY: &str = "a fact is in memory exactly while it can change";
const LEAVING: &str = "a fact that has left memory never counts again";

/// Values of a row by measure set and position.
type Values = BTreeMap<(u128, u64), Figures>;

pub(crate) fn check(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut written: BTreeMap<RowKey, Values> = BTreeMap::new();
    let mut marked = BTreeSet::new();
    for filed in &evidence.months {
        match &filed.what {
            Record::ClinicianMonth(row) => {
                check_row(evidence, row, verdict);
                let set = evidence.set_of(&row.measure_set.to_string()).unwrap_or(&[]);
                if let Some(figures) = Figures::of_row(row, set) {
                    written.entry(row.key.clone()).or_default().insert((row.measure_set.0, row.position), figures);
                }
            }
            Record::Mark(mark) => {
                // A second mark of a tick may come from a task that sees less of the log. Publish needs only the first one.
                let again = !marked.insert((mark.partition, mark.position, mark.measure_set.0));
                check_mark(evidence, mark, &written, again || evidence.lost_its_beginning(), verdict);
            }
            other => verdict.broken(ROW, format!("clinician-months contains {other:?}")),
        }
    }
    for definition in &evidence.partitions {
        verdict.hold(definition.revived.is_empty(), LEAVING, || format!("{:?}", definition.revived));
    }
}

fn check_row(evidence: &Evidence<'_>, row: &ClinicianMonth, verdict: &mut Verdict) {
    let Some(tick) = evidence.tick_of(row.partition as usize, row.position) else {
        verdict.broken(ROW, format!("{:?} of partition {}: no counting tick at {}", row.key, row.partition, row.position));
        return;
    };
    let set = evidence.set_of(&row.measure_set.to_string()).unwrap_or(&[]);
    let wanted = tick.rows.get(&row.key).copied().unwrap_or_default().under(set);
    let got = Figures::of_row(row, set).unwrap_or_default();
    let same = if evidence.lost_its_beginning() { got.without_counters() == wanted.without_counters() } else { got == wanted };
    verdict.hold(same && tick.at == row.at, ROW, || format!("{:?} at {}: {got:?} instead of {wanted:?}", row.key, row.at));
    verdict.hold(row.key.month >= tick.open_from, ROW, || format!("{:?} at {}: its month is sealed", row.key, row.at));
}

fn check_mark(evidence: &Evidence<'_>, mark: &Mark, written: &BTreeMap<RowKey, Values>, may_freeze: bool, verdict: &mut Verdict) {
    let Some(tick) = evidence.tick_of(mark.partition as usize, mark.position) else {
        verdict.broken(MARK, format!("partition {}: no counting tick at {}", mark.partition, mark.position));
        return;
    };
    let frozen = mark.open_from > tick.open_from;
    verdict.hold(mark.at == tick.at && mark.open_from >= tick.open_from && (!frozen || may_freeze), MARK, || {
        format!("partition {} at {}: open from {} instead of {}", mark.partition, mark.at, mark.open_from, tick.open_from)
    });
    if !may_freeze {
        for feed in &mark.feeds {
            let wanted = tick.kinds.marked(&feed.feed, mark.open_from);
            verdict.hold(feed.kinds == wanted, KINDS, || {
                format!("partition {} at {}, {}: {:?} instead of {wanted:?}", mark.partition, mark.at, feed.feed, feed.kinds)
            });
        }
    }
    let set = evidence.set_of(&mark.measure_set.to_string()).unwrap_or(&[]);
    let mut rows = 0;
    for (key, figures) in tick.rows.iter().filter(|(key, _)| key.month >= mark.open_from) {
        let wanted = figures.under(set).without_counters();
        if figures.under(set) == Figures::default() {
            continue;
        }
        rows += 1;
        if may_freeze && wanted == Figures::default() {
            // Retractions before the log's beginning leave counters that the rest of the log cannot give.
            continue;
        }
        let upto = (mark.measure_set.0, 0)..=(mark.measure_set.0, mark.position);
        let got = written.get(key).and_then(|values| values.range(upto).next_back()).map(|(_, got)| got.without_counters());
        verdict.hold(got == Some(wanted), MARK, || {
            format!(
                "partition {} at {}, open from {}: {key:?} is {got:?} instead of {wanted:?}",
                mark.partition, mark.at, mark.open_from
            )
        });
    }
    verdict.hold(mark.rows == rows || may_freeze, MARK, || {
        format!("partition {} at {}: {} rows instead of {rows}", mark.partition, mark.at, mark.rows)
    });
}

/// Checks the final report of a partition's owner.
pub(crate) fn check_report(evidence: &Evidence<'_>, partition: u32, report: Option<&InstanceReport>, verdict: &mut Verdict) {
    let definition = &evidence.partitions[partition as usize];
    let expected = definition.outcomes;
    let all = expected.accepted + expected.duplicate + expected.stale + expected.conflict + expected.sealed;
    verdict.hold_tasks(all == evidence.events[partition as usize], OUTCOMES, || format!("{expected:?}"));
    let Some(outcomes) = report.and_then(|report| report.outcomes) else {
        verdict.hold_tasks(false, OUTCOMES, || format!("partition {partition} has no owner with a report"));
        return;
    };
    let got = (outcomes.accepted, outcomes.duplicate, outcomes.stale, outcomes.conflict, outcomes.sealed, outcomes.retracted);
    let wanted = (expected.accepted, expected.duplicate, expected.stale, expected.conflict, expected.sealed, expected.retracted);
    let facts = report.map_or(0, |report| report.facts);
    if evidence.start_of(partition) == 0 {
        verdict.hold_tasks(got == wanted, OUTCOMES, || format!("partition {partition}: {got:?} instead of {wanted:?}"));
        verdict.hold_tasks(facts == definition.facts(), MEMORY, || format!("{facts} facts instead of {}", definition.facts()));
    }
}
