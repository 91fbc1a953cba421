//! The sentences of a card. Each situation has one sentence of the catalogue; numbers come from the card.

use crate::card::scorecard::{CardMeasure, Movement, VerdictWord};
use crate::measure::measure_set::{Direction, Measure};
use crate::measure::suppression::Suppression;
use crate::scoring::change_draft::ChangeDraft;
use crate::scoring::measure_draft::MeasureDraft;
use crate::scoring::spoken_number::{bare, percent, with_short_unit, with_unit};
use crate::scoring::word_catalogue::WordCatalogue;
use crate::verdict::detection::{Supposition, Undetectable};
use crate::verdict::unit_sums::UnitSums;

/// Most characters of a sentence.
pub const LONGEST: usize = 140;

/// The sentence of a measure whose other fields are filled.
pub(crate) fn sentence(draft: &MeasureDraft<'_>) -> String {
    let unit = &draft.measure.definition.unit;
    let spoken = |value: fn(f64, &str) -> String| said(draft, &draft.card.value.map(|of| value(of, unit)).unwrap_or_default());
    // An operator's unit can be long. The card also shows it next to the sentence.
    first_fitting([spoken(with_unit), spoken(with_short_unit)])
}

fn first_fitting(texts: [String; 2]) -> String {
    let [long, short] = texts;
    if long.chars().count() <= LONGEST { long } else { short }
}

fn said(draft: &MeasureDraft<'_>, value: &str) -> String {
    let words = WordCatalogue::english();
    let card = &draft.card;
    if let Some(suppression) = draft.suppression {
        return suppressed(draft, suppression);
    }
    let window = card.window.to_string();
    if card.value.is_none() {
        return words.say("shown", "nothing", &[("window", &window)]);
    }
    let held = card.held.to_string();
    let key = if card.held < card.window { "part" } else { "whole" };
    let span = words.say("span", key, &[("held", &held), ("window", &window)]);
    let shown = [("value", value), ("span", span.as_str())];
    match (card.verdict, typical(card)) {
        (Some(VerdictWord::Mixed), _) => words.say("shown", "mixed", &shown),
        (Some(verdict), Some(typical)) => {
            let typical = bare(typical, &draft.measure.definition.unit);
            let compared = words.say("shown", "compared", &[shown[0], shown[1], ("typical", &typical)]);
            format!("{compared} {}", verdict_words(draft, verdict))
        }
        _ => words.say("shown", "alone", &shown),
    }
}

/// The typical clinician's value as the card publishes it, so that a sentence never says more than its comparator.
fn typical(card: &CardMeasure) -> Option<f64> {
    card.comparator.as_ref()?.typical
}

fn suppressed(draft: &MeasureDraft<'_>, suppression: Suppression) -> String {
    let words = WordCatalogue::english();
    let card = &draft.card;
    match suppression {
        Suppression::DenominatorBelowMinimum => {
            let (facts, minimum) = (card.facts_d.to_string(), draft.measure.definition.minimum.to_string());
            let values = [("facts", facts.as_str()), ("minimum", &minimum), ("window", &card.window.to_string())];
            words.say("shown", "too_few", &values)
        }
        Suppression::UnknownStatusAboveLimit => {
            let of = draft.unknown_status + card.facts_d;
            let share = 100.0 * draft.unknown_status as f64 / of as f64;
            words.say("shown", "unknown_status", &[("percent", &format!("{}%", percent(share)))])
        }
        Suppression::UnknownAboveLimit => words.say("shown", "unknown", &[]),
        Suppression::NotSent => words.say("shown", "not_sent", &[]),
    }
}

fn verdict_words(draft: &MeasureDraft<'_>, verdict: VerdictWord) -> String {
    let words = WordCatalogue::english();
    let direction = draft.measure.definition.direction;
    let better = match direction {
        Direction::Low => words.say("better", "low", &[]),
        Direction::High => words.say("better", "high", &[]),
        Direction::None => String::new(),
    };
    let key = match verdict {
        VerdictWord::PleaseCheck => "please_check",
        VerdictWord::BetterThanMost => "better_than_most",
        VerdictWord::WorthALook if direction == Direction::High => "look_low",
        VerdictWord::WorthALook => "look_high",
        VerdictWord::Higher => "higher",
        VerdictWord::Lower => "lower",
        VerdictWord::TooFewToTell => too_few_key(draft),
        VerdictWord::WideDifferences => "wide",
        VerdictWord::InLine => "in_line",
        VerdictWord::NoEvidence | VerdictWord::Mixed => "no_evidence",
    };
    let text = words.say("verdict", key, &[("better", &better)]);
    // Findings hold the better side in their own sentence.
    let own = matches!(verdict, VerdictWord::PleaseCheck | VerdictWord::BetterThanMost | VerdictWord::WorthALook);
    if own || better.is_empty() { text } else { format!("{better}. {text}") }
}

fn too_few_key(draft: &MeasureDraft<'_>) -> &'static str {
    match draft.comparison.map(|comparison| (comparison.flipped, comparison.undetectable)) {
        Some((false, Some((Undetectable::TooFew, Supposition::Twice)))) => "too_few_twice",
        Some((false, Some((Undetectable::TooFew, Supposition::Half)))) => "too_few_half",
        _ => "too_few_others",
    }
}

/// The sentence of a signal.
pub(crate) fn change_sentence(measure: &Measure, draft: &ChangeDraft) -> Option<String> {
    let unit = &measure.definition.unit;
    let change = &draft.change;
    let key = match (change.direction, change.months) {
        (Movement::Up, 1) => "up_month",
        (Movement::Down, 1) => "down_month",
        (Movement::Up, _) => "up",
        (Movement::Down, _) => "down",
    };
    let value = |sums: &UnitSums| measure.value(sums.n, sums.d);
    let (last, now, before) = (value(&draft.window)?, value(&draft.years.0)?, value(&draft.years.1)?);
    let (now, before, months) = (bare(now, unit), bare(before, unit), change.months.to_string());
    let spoken = |last: String| {
        let values = [("value", last.as_str()), ("months", &months), ("now", &now), ("before", &before)];
        WordCatalogue::english().say("change", key, &values)
    };
    Some(first_fitting([spoken(with_unit(last, unit)), spoken(with_short_unit(last, unit))]))
}

/// Why a measure is the one thing to try.
pub(crate) fn reason(draft: &MeasureDraft<'_>) -> Option<String> {
    let unit = &draft.measure.definition.unit;
    let typical = bare(typical(&draft.card)?, unit);
    let value = draft.card.value?;
    let spoken = |value: String| WordCatalogue::english().say("one_thing", "reason", &[("value", &value), ("typical", &typical)]);
    Some(first_fitting([spoken(with_unit(value, unit)), spoken(with_short_unit(value, unit))]))
}
