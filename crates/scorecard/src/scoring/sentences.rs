//! The sentences of a card. Each situation has one sentence of the catalogue; numbers come from the card.

use crate::card::scorecard::{CardMeasure, Movement, VerdictWord};
use crate::measure::measure_set::{Direction, Measure};
use crate::measure::suppression::Suppression;
use crate::scoring::change_draft::ChangeDraft;
use crate::scoring::measure_draft::MeasureDraft;
use crate::scoring::network::ComparisonObstacle;
use crate::scoring::spoken_number::{bare, percent, with_short_unit, with_unit};
use crate::scoring::word_catalogue::WordCatalogue;
use crate::verdict::detection::{Supposition, Undetectable};
use crate::verdict::unit_sums::UnitSums;

/// Most characters of a sentence.
pub const LONGEST: usize = 140;

/// The sentence of a measure whose other fields are filled.
pub(crate) fn sentence(draft: &MeasureDraft<'_>) -> String {
    let text =
        |name: Option<&str>| first_fitting(shown(&draft.card), &draft.measure.definition.unit, |value| said(draft, value, name));
    let named = text(reference(&draft.card));
    // The comparator of the card names the reference network, too.
    if named.chars().count() <= LONGEST { named } else { text(None) }
}

/// The value that is compared: standardised, if the card has it, else the crude one. The card shows both.
fn shown(card: &CardMeasure) -> Option<f64> {
    let adjusted = card.case_mix.as_ref().and_then(|mix| mix.standardised).filter(|_| is_compared(card));
    adjusted.or(card.value)
}

/// Whether the value that is compared is a standardised one.
fn is_adjusted(card: &CardMeasure) -> bool {
    card.case_mix.as_ref().is_some_and(|mix| mix.standardised.is_some())
}

/// Whether the measure asks for an adjustment for patients that the compared value does not have. The value of a roll-up may then be
/// adjusted for its practices alone.
fn is_unadjusted(card: &CardMeasure) -> bool {
    card.case_mix.as_ref().is_some_and(|mix| mix.unknown.is_some() && !mix.is_adjusted_for_patients())
}

fn is_compared(card: &CardMeasure) -> bool {
    card.verdict.is_some_and(|verdict| verdict != VerdictWord::Mixed)
}

/// The first text of at most 140 characters, with the unit of the value shorter from one to the next. The card shows the unit next to the
/// sentence, too.
fn first_fitting(value: Option<f64>, unit: &str, said: impl Fn(&str) -> String) -> String {
    let spoken = |number: fn(f64, &str) -> String| said(&value.map(|of| number(of, unit)).unwrap_or_default());
    let fits = |text: &String| text.chars().count() <= LONGEST;
    [with_unit, with_short_unit].into_iter().map(spoken).find(fits).unwrap_or_else(|| spoken(bare))
}

fn said(draft: &MeasureDraft<'_>, value: &str, name: Option<&str>) -> String {
    let words = WordCatalogue::english();
    let card = &draft.card;
    let held = usize::from(card.held);
    if let Some(suppression) = draft.suppression {
        return suppressed(draft, suppression, &span(card, held));
    }
    if card.value.is_none() {
        return words.say("shown", "nothing", &[("span", &span(card, held))]);
    }
    let span = span(card, months_counted(card));
    let shown = [("value", value), ("span", span.as_str())];
    let alone = match draft.obstacle {
        ComparisonObstacle::OutOfScope => "out_of_scope",
        ComparisonObstacle::FewColleagues => "alone",
        ComparisonObstacle::AllAlike => "alike",
        ComparisonObstacle::UnknownChance => "uniform",
    };
    match (card.verdict, typical(card)) {
        (Some(VerdictWord::Mixed), _) => words.say("shown", "mixed", &shown),
        (Some(verdict), Some(typical)) => {
            let typical = of_network(bare(typical, &draft.measure.definition.unit), name);
            let key = match (is_unadjusted(card), is_adjusted(card)) {
                (true, _) => "unadjusted",
                (false, true) => "adjusted",
                (false, false) => "compared",
            };
            let compared = words.say("shown", key, &[shown[0], shown[1], ("typical", &typical)]);
            format!("{compared} {}", verdict_words(draft, verdict))
        }
        _ => words.say("shown", alone, &shown),
    }
}

/// Name of the reference network that a card is compared with.
fn reference(card: &CardMeasure) -> Option<&str> {
    card.comparator.as_ref()?.reference.as_deref()
}

/// The typical value with the name of the network that it comes from.
fn of_network(typical: String, name: Option<&str>) -> String {
    match name {
        Some(name) => WordCatalogue::english().say("shown", "reference", &[("typical", &typical), ("name", name)]),
        None => typical,
    }
}

/// Months of the window with a denominator. The value is of these months alone: the others have no work, or what the measure needs was
/// not sent for them.
fn months_counted(card: &CardMeasure) -> usize {
    let last = card.months_d.iter().rev().take(usize::from(card.window));
    last.filter(|d| **d > 0).count()
}

/// The months of the window, and how many of them hold something.
fn span(card: &CardMeasure, held: usize) -> String {
    let key = if held < usize::from(card.window) { "part" } else { "whole" };
    let (held, window) = (held.to_string(), card.window.to_string());
    WordCatalogue::english().say("span", key, &[("held", &held), ("window", &window)])
}

/// The typical clinician's value as the card publishes it, so that a sentence never says more than its comparator.
fn typical(card: &CardMeasure) -> Option<f64> {
    card.comparator.as_ref()?.typical
}

fn suppressed(draft: &MeasureDraft<'_>, suppression: Suppression, span: &str) -> String {
    let words = WordCatalogue::english();
    let card = &draft.card;
    match suppression {
        Suppression::DenominatorBelowMinimum => {
            let (facts, minimum) = (card.facts_d.to_string(), draft.measure.definition.minimum);
            let key = if minimum == 1 { "too_few_one" } else { "too_few" };
            let minimum = minimum.to_string();
            words.say("shown", key, &[("facts", facts.as_str()), ("minimum", &minimum), ("span", span)])
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
        // The word `adjusted` needs the room.
        VerdictWord::WideDifferences if is_adjusted(&draft.card) && !is_unadjusted(&draft.card) => "wide_adjusted",
        VerdictWord::WideDifferences => "wide",
        VerdictWord::InLine => "in_line",
        VerdictWord::NoEvidence | VerdictWord::Mixed => "no_evidence",
    };
    let key = if is_unadjusted(&draft.card) { short_key(key) } else { key };
    let text = words.say("verdict", key, &[("better", &better)]);
    // Findings hold the better side in their own sentence.
    let own = matches!(verdict, VerdictWord::PleaseCheck | VerdictWord::BetterThanMost | VerdictWord::WorthALook);
    if own || better.is_empty() { text } else { format!("{better}. {text}") }
}

/// The shorter words of a verdict, where the sentence says that nothing is adjusted and needs the room.
fn short_key(key: &'static str) -> &'static str {
    match key {
        "please_check" => "please_check_unadjusted",
        "look_high" => "look_high_unadjusted",
        "look_low" => "look_low_unadjusted",
        "too_few_twice" => "too_few_twice_unadjusted",
        "too_few_half" => "too_few_half_unadjusted",
        "too_few_others" => "too_few_others_unadjusted",
        "wide" => "wide_unadjusted",
        other => other,
    }
}

fn too_few_key(draft: &MeasureDraft<'_>) -> &'static str {
    match draft.comparison.map(|comparison| (comparison.is_exact, comparison.undetectable)) {
        Some((true, Some((Undetectable::TooFew, Supposition::Twice)))) => "too_few_twice",
        Some((true, Some((Undetectable::TooFew, Supposition::Half)))) => "too_few_half",
        _ => "too_few_others",
    }
}

/// The sentence of a signal.
pub(crate) fn change_sentence(measure: &Measure, draft: &ChangeDraft) -> Option<String> {
    let words = WordCatalogue::english();
    let unit = &measure.definition.unit;
    let key = if draft.change.direction == Movement::Up { "up" } else { "down" };
    let value = |sums: &UnitSums| measure.value(sums.n, sums.d);
    let earlier = bare(value(&draft.before.sums)?, unit);
    let (now, before) = (span_now(draft), span_before(draft));
    let said = |value: &str| {
        let values = [("value", value), ("now", now.as_str()), ("earlier", &earlier), ("before", &before)];
        words.say("change", key, &values)
    };
    Some(first_fitting(Some(value(&draft.now.sums)?), unit, said))
}

/// The months of the window that changed.
fn span_now(draft: &ChangeDraft) -> String {
    let (months, held) = (usize::from(draft.change.months), draft.now.held);
    let key = match months {
        1 => "last_month",
        _ if held < months => "last_part",
        _ => "last",
    };
    let (months, held) = (months.to_string(), held.to_string());
    WordCatalogue::english().say("span", key, &[("months", &months), ("held", &held)])
}

/// The months of the baseline.
fn span_before(draft: &ChangeDraft) -> String {
    let key = match (draft.is_year_before, draft.before.held) {
        (true, 12) => "year_before",
        (true, _) => "year_before_part",
        (false, _) => "half_year_before",
    };
    WordCatalogue::english().say("span", key, &[("held", &draft.before.held.to_string())])
}

/// Why a measure is the one thing to try.
pub(crate) fn reason(draft: &MeasureDraft<'_>) -> Option<String> {
    let unit = &draft.measure.definition.unit;
    let typical = of_network(bare(typical(&draft.card)?, unit), reference(&draft.card));
    let is_shown_adjusted = is_adjusted(&draft.card) && is_compared(&draft.card);
    let key = match (is_unadjusted(&draft.card), is_shown_adjusted) {
        (true, _) => "reason_unadjusted",
        (false, true) => "reason_adjusted",
        (false, false) => "reason",
    };
    let said = |value: &str| WordCatalogue::english().say("one_thing", key, &[("value", value), ("typical", &typical)]);
    Some(first_fitting(Some(shown(&draft.card)?), unit, said))
}
