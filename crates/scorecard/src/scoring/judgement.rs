//! The decisions that need all measures of a card: which comparisons are findings, and which changes are signals.

use crate::card::round::short;
use crate::card::scorecard::{Comparisons, VerdictWord};
use crate::measure::measure_set::Direction;
use crate::scoring::measure_draft::{Comparison, MeasureDraft};
use crate::verdict::constants::{CAP, CHANGE_RATE, CHECK_RATE, LATER_BOUND};
use crate::verdict::detection::Undetectable;
use crate::verdict::findings::{Findings, expected_looks, is_worth_a_look};

/// Fills verdicts and signals. Returns the number of comparisons and of those worth a look.
pub(crate) fn judge(drafts: &mut [MeasureDraft<'_>]) -> Comparisons {
    let sides: Vec<(usize, f64, f64)> =
        drafts.iter().enumerate().filter_map(|(at, draft)| draft.sides().map(|(adverse, good)| (at, adverse, good))).collect();
    let adverse: Vec<f64> = sides.iter().map(|(_, adverse, _)| *adverse).collect();
    let good: Vec<f64> = sides.iter().map(|(_, _, good)| *good).collect();
    let (adverse_found, good_found) = (Findings::of(&adverse, CHECK_RATE).found, Findings::of(&good, CHECK_RATE).found);
    for (candidate, (at, adverse, _)) in sides.iter().enumerate() {
        let found = match (adverse_found[candidate], good_found[candidate]) {
            (true, _) => Some(VerdictWord::PleaseCheck),
            (_, true) => Some(VerdictWord::BetterThanMost),
            _ if is_worth_a_look(*adverse) => Some(VerdictWord::WorthALook),
            _ => None,
        };
        drafts[*at].card.verdict = found;
    }
    for draft in drafts.iter_mut() {
        draft.card.verdict = draft.card.verdict.or_else(|| rest(draft));
    }
    signal(drafts);
    let is_look = |draft: &&MeasureDraft<'_>| draft.card.verdict == Some(VerdictWord::WorthALook);
    Comparisons {
        made: count(sides.len()),
        expected: short(expected_looks(sides.len())),
        looks: count(drafts.iter().filter(is_look).count()),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("a card has few measures")
}

/// The verdict where there is no finding.
fn rest(draft: &MeasureDraft<'_>) -> Option<VerdictWord> {
    let Some(comparison) = &draft.comparison else {
        return draft.mixed.then_some(VerdictWord::Mixed);
    };
    if draft.measure.definition.direction == Direction::None
        && let Some(word) = without_better_side(comparison)
    {
        return Some(word);
    }
    Some(match comparison.undetectable {
        Some((Undetectable::TooFew, _)) => VerdictWord::TooFewToTell,
        Some((Undetectable::DifferWidely, _)) => VerdictWord::WideDifferences,
        None if comparison.z.adjusted.abs() < LATER_BOUND => VerdictWord::InLine,
        None => VerdictWord::NoEvidence,
    })
}

/// Clearly higher or lower: no single two-sided p above the cap is enough.
fn without_better_side(comparison: &Comparison) -> Option<VerdictWord> {
    let (high, low) = (comparison.z.p_high(), comparison.z.p_low());
    match high {
        _ if 2.0 * high <= CAP => Some(VerdictWord::Higher),
        _ if 2.0 * low <= CAP => Some(VerdictWord::Lower),
        _ => None,
    }
}

/// Marks the signals among the monitored changes of the card.
fn signal(drafts: &mut [MeasureDraft<'_>]) {
    let p: Vec<f64> = drafts.iter().filter_map(|draft| draft.change.as_ref()).map(|change| change.p).collect();
    let found = Findings::of(&p, CHANGE_RATE).found;
    for (draft, found) in drafts.iter_mut().filter_map(|draft| draft.change.as_mut()).zip(found) {
        draft.change.signal = found && draft.is_large;
    }
}
