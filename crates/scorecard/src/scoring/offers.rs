//! The offers of a card: one thing to try, what to check, what to keep doing, what changed.

use crate::card::scorecard::{Movement, Suggestion, VerdictWord};
use crate::measure::measure_set::Direction;
use crate::scoring::measure_draft::{LEAST_FOR_PLACE, MeasureDraft};
use crate::scoring::points_draft::PointsDraft;
use crate::scoring::sentences::reason;
use crate::verdict::findings::least_looks;

/// Most measures of a list.
const MOST: usize = 3;

/// Largest probability that the true value is no worse than the typical colleague's, for the one thing to try. It is shared among the
/// measures that might be offered: the furthest of many is far by chance alone.
const MOST_DOUBT: f64 = 0.025;

fn id(draft: &MeasureDraft<'_>) -> String {
    draft.card.id.to_string()
}

fn is_reliable(draft: &MeasureDraft<'_>) -> bool {
    draft.card.reliability.is_some_and(|reliability| reliability >= LEAST_FOR_PLACE)
}

/// The first ids of these drafts in order of a figure, ties in the order of the measures.
fn first(mut drafts: Vec<(f64, &MeasureDraft<'_>)>) -> Vec<String> {
    drafts.sort_by(|a, b| a.0.total_cmp(&b.0));
    drafts.into_iter().map(|(_, draft)| id(draft)).take(MOST).collect()
}

/// The one thing to try: reliable, in one's own control, surely worse than the typical colleague's, not improving; of several the
/// one furthest away. `None` if there is none.
pub(crate) fn one_thing(drafts: &[MeasureDraft<'_>]) -> Option<Suggestion> {
    let places: Vec<(&PointsDraft, &MeasureDraft<'_>)> =
        drafts.iter().filter(|draft| may_be_offered(draft)).filter_map(|draft| Some((draft.points.as_ref()?, draft))).collect();
    let doubt = MOST_DOUBT / places.len() as f64;
    let sure = places.into_iter().filter(|(points, draft)| points.p_worse() >= 1.0 - doubt && !improves(draft));
    let candidates = sure.map(|(points, draft)| (points.place.mean, draft));
    let (_, draft) = candidates.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Suggestion { measure: id(draft), action: draft.measure.definition.actions.first()?.clone(), reason: reason(draft)? })
}

/// Whether a measure is reliable, in the clinician's own control, and with an action.
fn may_be_offered(draft: &MeasureDraft<'_>) -> bool {
    let definition = &draft.measure.definition;
    definition.controllable && !definition.trial && !definition.actions.is_empty() && is_reliable(draft)
}

/// Whether a signal says that the value moves to the better side.
fn improves(draft: &MeasureDraft<'_>) -> bool {
    let better = match draft.measure.definition.direction {
        Direction::Low => Movement::Down,
        Direction::High => Movement::Up,
        Direction::None => return false,
    };
    draft.change.as_ref().is_some_and(|change| change.change.signal && change.change.direction == better)
}

/// Measures to check, by p; then those worth a look, if a card has more of them than chance explains.
pub(crate) fn check(drafts: &[MeasureDraft<'_>]) -> Vec<String> {
    let of = |word: VerdictWord| -> Vec<(f64, &MeasureDraft<'_>)> {
        let matching = drafts.iter().filter(|draft| draft.card.verdict == Some(word));
        matching.filter_map(|draft| Some((draft.sides()?.0, draft))).collect()
    };
    let looks = of(VerdictWord::WorthALook);
    let compared = drafts.iter().filter(|draft| draft.sides().is_some()).count();
    let enough = looks.len() >= least_looks(compared);
    let mut ids = first(of(VerdictWord::PleaseCheck));
    ids.extend(first(if enough { looks } else { Vec::new() }));
    ids.truncate(MOST);
    ids
}

/// Measures to keep doing: favourable findings by p, then reliable places above the middle, best first.
pub(crate) fn keep(drafts: &[MeasureDraft<'_>]) -> Vec<String> {
    let found = drafts.iter().filter(|draft| draft.card.verdict == Some(VerdictWord::BetterThanMost));
    let mut ids = first(found.filter_map(|draft| Some((draft.sides()?.1, draft))).collect());
    let others = drafts.iter().filter(|draft| !ids.contains(&id(draft)) && is_reliable(draft));
    let above = others.filter_map(|draft| Some((-draft.points.as_ref()?.place.mean, draft))).filter(|(place, _)| *place < 0.0);
    ids.extend(first(above.collect()));
    ids.truncate(MOST);
    ids
}

/// Measures that changed, by p.
pub(crate) fn changed(drafts: &[MeasureDraft<'_>]) -> Vec<String> {
    let signals = drafts.iter().filter_map(|draft| Some((draft.change.as_ref()?, draft)));
    first(signals.filter(|(change, _)| change.change.signal).map(|(change, draft)| (change.p, draft)).collect())
}
