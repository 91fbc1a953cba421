//! Checks one sentence against the numbers of its card. The words are a second copy of those of the specification.

use scorecard::card::scorecard::{CardMeasure, Grade, VerdictWord};
use scorecard::measure::measure_set::{Definition, Direction, Kind};

/// The facts that a sentence may speak of, next to the card.
pub struct Facts<'a> {
    pub definition: &'a Definition,
    /// Members of the network, and whether all have one value.
    pub members: usize,
    pub alike: bool,
    /// Whether the others are counted, because more than half are events of the numerator.
    pub flipped: bool,
    /// Whether the compared value is standardised.
    pub adjusted: bool,
}

/// The mistakes in the sentence of this measure.
pub fn faults(card: &CardMeasure, facts: &Facts<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{what}: {:?} of {card:?}", card.sentence));
        }
    };
    let text = card.sentence.as_str();
    must(text.chars().count() <= 140, "longer than 140 characters");
    must(text.ends_with('.') && !text.contains("  ") && !text.contains('{'), "not a sentence");
    must(held_is_said(card), "other months than those held");
    if card.suppressed.is_some() {
        must(text == suppressed(card, facts) || text.starts_with("Not shown: "), "another reason");
        must(card.verdict.is_none() && card.value.is_none(), "suppressed, and yet a value");
    } else if card.value.is_none() {
        must(text == format!("Nothing to measure {}.", span(card)), "something without a value");
    } else if let Some(verdict) = card.verdict.filter(|verdict| *verdict != VerdictWord::Mixed) {
        compared(card, facts, verdict, &mut must);
    } else {
        let rest = alone(card, facts);
        must(text.strip_suffix(rest).is_some_and(|value| is_value(value, card, card.value)), rest);
        must(card.z.is_none() && !text.contains("typical"), "compared without a verdict");
    }
    let grade = card.grade.is_none_or(|grade| matches!(grade, Grade::Moderate | Grade::Good));
    must(!text.contains("more than chance") || grade, "more than chance, and mostly chance");
    wrong
}

/// The months of a value are those with a denominator. Without a value they are those with any fact.
fn span(card: &CardMeasure) -> String {
    let window = usize::from(card.window);
    let with_work = card.months_d[24 - window..].iter().filter(|d| **d > 0).count();
    let held = if card.value.is_some() { with_work } else { usize::from(card.held) };
    if held == window { format!("in {window} months") } else { format!("in {held} of {window} months") }
}

/// Whether all months that are named are those of the span.
fn held_is_said(card: &CardMeasure) -> bool {
    let named = card.sentence.matches(" months").count();
    card.sentence.starts_with("Not shown") || (named == 1 && card.sentence.contains(&span(card)))
}

fn suppressed(card: &CardMeasure, facts: &Facts<'_>) -> String {
    let events = if facts.definition.minimum == 1 { "event" } else { "events" };
    format!("Too few to say: {} of the {} {events} needed {}.", card.facts_d, facts.definition.minimum, span(card))
}

/// The words of a value that is compared with nobody.
fn alone(card: &CardMeasure, facts: &Facts<'_>) -> &'static str {
    match card.verdict {
        Some(_) => ". Colleagues differ too much in kind to compare.",
        None if facts.members < 20 => ". Too few similar clinicians to compare with.",
        None if facts.alike => ". All similar clinicians have the same value, so nothing is compared.",
        None => ". Recorded values vary too little to compare.",
    }
}

fn compared(card: &CardMeasure, facts: &Facts<'_>, verdict: VerdictWord, must: &mut impl FnMut(bool, &str)) {
    let text = card.sentence.as_str();
    let (Some((value, rest)), Some(z)) = (text.split_once("; a typical colleague "), card.z) else {
        return must(false, "no comparator");
    };
    let Some((typical, words)) = rest.split_once(". ") else { return must(false, "no verdict") };
    let adjusted = card.case_mix.as_ref().and_then(|mix| mix.standardised);
    let unadjusted = value.ends_with(", not adjusted for whom you see");
    let of_patients = card.case_mix.is_some_and(|mix| mix.is_adjusted_for_patients());
    must(unadjusted == (facts.definition.is_adjusted() && !of_patients), "a missing adjustment");
    let said = facts.adjusted && !unadjusted;
    must(adjusted.is_some() == facts.adjusted && value.ends_with(", adjusted") == said, "crude and adjusted values");
    let value = value.trim_end_matches(", not adjusted for whom you see");
    let shown = adjusted.or(card.value);
    must(is_value(value.trim_end_matches(", adjusted"), card, shown), "another value");
    let published = card.comparator.as_ref().and_then(|comparator| comparator.typical);
    must(is_number(typical, published), "another comparator");
    must(facts.members >= 20, "compared with fewer than 20");
    let expected = if unadjusted { short_words_of(card.direction, verdict) } else { words_of(card.direction, verdict) };
    must(expected.contains(&words.to_owned()), "other words");
    let pair = number(typical).zip(number(value.split(' ').next().unwrap_or_default()));
    let above = pair.map(|(typical, value)| value > typical);
    let below = pair.map(|(typical, value)| value < typical);
    let finding = matches!(verdict, VerdictWord::PleaseCheck | VerdictWord::WorthALook | VerdictWord::BetterThanMost);
    if finding || matches!(verdict, VerdictWord::Higher | VerdictWord::Lower) {
        must(if z > 0.0 { above } else { below } == Some(true), "another direction than its numbers");
        must(is_side_of(card.direction, verdict, z), "another side than its z");
    }
    let part = matches!(facts.definition.kind, Kind::Proportion | Kind::Share);
    must(!(part && words.contains("twice") && published > Some(34.0)), "twice of more than a third");
    must(!(facts.flipped && (words.contains("half") || words.contains("twice"))), "half of what is counted the other way");
    match verdict {
        VerdictWord::InLine => must(z.abs() < 1.2816, "in line beyond 1.28"),
        VerdictWord::NoEvidence => must(z.abs() > 1.2815, "no evidence within 1.28"),
        VerdictWord::Higher | VerdictWord::Lower => must(2.0 * tail(z.abs()) < 0.002_501, "clearly apart by little"),
        VerdictWord::TooFewToTell | VerdictWord::WideDifferences => {
            must(adverse(card.direction, z) < 1.96, "adverse, and not said")
        }
        _ => {}
    }
}

/// Whether a finding of a measure with this better side lies on this side of the typical colleague.
fn is_side_of(direction: Direction, verdict: VerdictWord, z: f64) -> bool {
    match verdict {
        VerdictWord::Higher => z > 0.0 && direction == Direction::None,
        VerdictWord::Lower => z < 0.0 && direction == Direction::None,
        VerdictWord::BetterThanMost => adverse(direction, z) < 0.0 && direction != Direction::None,
        _ => adverse(direction, z) > 0.0 && direction != Direction::None,
    }
}

/// The z towards the adverse side; 0 without a better side.
pub fn adverse(direction: Direction, z: f64) -> f64 {
    match direction {
        Direction::Low => z,
        Direction::High => -z,
        Direction::None => 0.0,
    }
}

/// P of a standard normal beyond z.
pub fn tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// The words that a verdict may have.
fn words_of(direction: Direction, verdict: VerdictWord) -> Vec<String> {
    let better = match direction {
        Direction::Low => "Lower is better",
        Direction::High => "Higher is better",
        Direction::None => "",
    };
    let words: &[&str] = match (verdict, direction) {
        (VerdictWord::PleaseCheck, _) => &[". Please check: more than chance and usual differences."],
        (VerdictWord::BetterThanMost, _) => &[": better than most."],
        (VerdictWord::WorthALook, Direction::Low) => &[". On the high side; chance alone does it to one in 40."],
        (VerdictWord::WorthALook, _) => &[". On the low side; chance alone does it to one in 40."],
        (VerdictWord::Higher, _) => &["Higher than most; neither is better."],
        (VerdictWord::Lower, _) => &["Lower than most; neither is better."],
        (VerdictWord::TooFewToTell, Direction::Low) => &[
            ". Too few to tell: even twice that would not show yet.",
            ". Too few to tell: a large difference would not show yet.",
        ],
        (VerdictWord::TooFewToTell, Direction::High) => &[
            ". Too few to tell: even half that would not show yet.",
            ". Too few to tell: a large difference would not show yet.",
        ],
        (VerdictWord::TooFewToTell, Direction::None) => {
            &["Too few to tell: even twice that would not show yet.", "Too few to tell: a large difference would not show yet."]
        }
        (VerdictWord::WideDifferences, Direction::None) => &[
            "Colleagues differ widely here; no evidence of a difference.",
            "Colleagues differ widely; no evidence of a difference.",
        ],
        (VerdictWord::WideDifferences, _) => &[
            ". Colleagues differ widely here; no evidence of a difference.",
            ". Colleagues differ widely; no evidence of a difference.",
        ],
        (VerdictWord::InLine, Direction::None) => &["In line with most colleagues."],
        (VerdictWord::InLine, _) => &[". In line with most colleagues."],
        (VerdictWord::NoEvidence, Direction::None) => &["No evidence of a difference."],
        (VerdictWord::NoEvidence, _) => &[". No evidence of a difference."],
        (VerdictWord::Mixed, _) => &[],
    };
    words.iter().map(|words| format!("{better}{words}")).collect()
}

/// The words that a verdict may have where the sentence says that nothing is adjusted.
fn short_words_of(direction: Direction, verdict: VerdictWord) -> Vec<String> {
    let better = match direction {
        Direction::Low => "Lower is better. ",
        Direction::High => "Higher is better. ",
        Direction::None => "",
    };
    let words = match (verdict, direction) {
        (VerdictWord::PleaseCheck, _) => "Please check: more than chance.",
        (VerdictWord::WorthALook, Direction::Low) => "On the high side; one in 40 by chance.",
        (VerdictWord::WorthALook, _) => "On the low side; one in 40 by chance.",
        (VerdictWord::TooFewToTell, Direction::High) => "Too few to tell even half that.",
        (VerdictWord::TooFewToTell, _) => "Too few to tell even twice that.",
        (VerdictWord::WideDifferences, _) => "Colleagues differ widely; no evidence.",
        _ => return words_of(direction, verdict),
    };
    let mut all = vec![format!("{better}{words}")];
    all.extend((verdict == VerdictWord::TooFewToTell).then(|| format!("{better}Too few to tell.")));
    all
}

/// Whether a text is this value with its unit, or a part of the unit, and the span.
fn is_value(text: &str, card: &CardMeasure, value: Option<f64>) -> bool {
    let Some(spoken) = text.strip_suffix(&span(card)) else { return false };
    is_quantity(spoken.trim_end(), &card.unit, value)
}

/// Whether a text is this value with its unit, or a part of the unit.
pub fn is_quantity(spoken: &str, unit: &str, value: Option<f64>) -> bool {
    let (digits, words) = spoken.split_once(' ').unwrap_or((spoken, ""));
    is_number(digits, value) && unit.trim_start_matches(['%', '£', ' ']).starts_with(words)
}

/// Whether a text is this number, rounded to the decimals that it shows.
fn is_number(text: &str, value: Option<f64>) -> bool {
    let decimals = text.trim_end_matches('%').split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let half = 0.5 / 10_f64.powi(i32::try_from(decimals).expect("few"));
    number(text).zip(value).is_some_and(|(number, value)| (number - value).abs() <= half * (1.0 + 1e-6))
}

/// The number of a text with a sign of its unit.
pub fn number(text: &str) -> Option<f64> {
    text.trim_matches(['%', '£']).replace(',', "").parse().ok()
}
