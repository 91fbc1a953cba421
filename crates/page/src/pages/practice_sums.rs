//! The sums of a practice under the rule of disclosure: from counts that are rounded card by card, over at least five clinicians.

use scorecard::card::scorecard::{CardMeasure, Scorecard};
use scorecard::measure::measure_set::{Kind, Measure};
use scorecard::scoring::disclosure::{Audience, CardView, Count, disclose, total};

/// Least share of the denominator that the shown clinicians have together. Below it the sum could mislead.
const LEAST_SHARE: f64 = 0.8;
/// Integer units that count events.
const COUNTS: [&str; 3] = ["count", "items", "answers"];

/// The value of a practice, and the count that it is out of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PracticeSum {
    /// The value from the rounded counts, in the measure's unit.
    pub value: f64,
    /// The rounded denominator.
    pub d: i64,
}

/// Whether the rule allows sums of this measure: rates and proportions of counted events. Money, minutes and quantities cannot be rounded
/// like counts.
pub(crate) fn has_sums(measure: &Measure) -> bool {
    let units = [&measure.numerator, &measure.denominator].map(|side| side.definition.amount.unit_name());
    let counts = units.iter().all(|unit| COUNTS.contains(unit));
    counts && matches!(measure.definition.kind, Kind::Rate | Kind::Proportion) && !measure.definition.trial
}

/// The sum over these cards. `None` for fewer than five clinicians with shown counts, and where hidden counts could mislead.
pub(crate) fn practice_sum(cards: &[&Scorecard], measure: &Measure) -> Option<PracticeSum> {
    let parts: Vec<(Count, Count, i64)> = cards.iter().filter_map(|card| counts(card, measure)).collect();
    let shown: Vec<&(Count, Count, i64)> = parts.iter().filter(|(n, d, _)| n.shown().is_some() && d.shown().is_some()).collect();
    let n = total(shown.iter().map(|(n, ..)| *n))?;
    let d = total(shown.iter().map(|(_, d, _)| *d)).filter(|d| *d > 0)?;
    let (of_shown, of_all): (i64, i64) = (shown.iter().map(|part| part.2).sum(), parts.iter().map(|part| part.2).sum());
    let is_fair = of_shown as f64 >= LEAST_SHARE * of_all as f64;
    is_fair.then(|| measure.value(n, d)).flatten().map(|value| PracticeSum { value, d })
}

/// Numerator and denominator of one card under the rule, and the exact denominator, which is never shown.
fn counts(card: &Scorecard, measure: &Measure) -> Option<(Count, Count, i64)> {
    let definition = &measure.definition;
    let is_ours = |of: &&CardMeasure| *of.id == *definition.id && of.version == definition.version;
    let own = card.content.measures.iter().find(is_ours).filter(|own| own.value.is_some())?;
    let CardView::Blinded(blinded) = disclose(card, Audience::Analyst) else { return None };
    let disclosed = blinded.measures.iter().find(|of| of.id == *own.id)?.headline.clone();
    // Items of few events are few events.
    let of = |facts: Count, sum: i64| if facts == Count::Hidden { Count::Hidden } else { Count::of(sum) };
    Some((of(disclosed.n, own.n), of(disclosed.d, own.d), own.d))
}

/// The value at this share of sorted values, R type 7.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r_type_7() {
        // R: quantile(c(1, 2, 4, 8), c(.25, .5, .75)) is 1.75, 3, 5.
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.25, 0.5, 0.75].map(|share| quantile(&sorted, share)), [Some(1.75), Some(3.0), Some(5.0)]);
        assert_eq!((quantile(&[], 0.5), quantile(&[7.0], 0.9)), (None, Some(7.0)));
    }
}
