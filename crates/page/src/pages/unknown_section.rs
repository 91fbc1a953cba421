//! The unknown of a card: measures without a value, unknown values, months with gaps, and facts that no card knows.

use maud::{Markup, html};
use scorecard::card::scorecard::{CardMeasure, MonthGaps, Scorecard, VerdictWord};

use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::month;

/// Most months of gaps that are named.
const MOST_MONTHS: usize = 6;

/// The section.
pub(crate) fn unknown(card: &Scorecard) -> Markup {
    let measures = &card.content.measures;
    let hidden = |reason: &str| names(measures.iter().filter(|measure| measure.suppressed.as_deref() == Some(reason)));
    let few = hidden("denominator_below_minimum");
    let not_sent = hidden("not_sent");
    let open = [VerdictWord::TooFewToTell, VerdictWord::WideDifferences, VerdictWord::Mixed];
    let untold = measures.iter().filter(|measure| measure.verdict.is_some_and(|verdict| open.contains(&verdict))).count();
    html! {
        section aria-labelledby="unknown" {
            h2 #unknown { (text("unknown.heading")) }
            ul {
                @if untold > 0 { li { strong { (text("unknown.chance")) } " " (counted("untold", i64::try_from(untold).unwrap_or(i64::MAX))) } }
                @if !few.is_empty() { li { strong { (text("unknown.few")) } " " (few) "." } }
                @if !not_sent.is_empty() { li { strong { (text("unknown.not_sent")) } " " (not_sent) "." } }
                @for count in &card.content.unknown {
                    li {
                        strong { (text(&format!("unknown_kind.{}", kind(&count.kind)))) } " "
                        (say("unknown.of", &[("unknown", &grouped(count.unknown)), ("of", &grouped(count.of))]))
                    }
                }
                @for gaps in card.content.coverage.iter().rev().take(MOST_MONTHS) { li { strong { (month(gaps.month)) ":" } " " (gap(gaps)) } }
                @if card.content.coverage.len() > MOST_MONTHS {
                    li { (counted("more_months", i64::try_from(card.content.coverage.len() - MOST_MONTHS).unwrap_or(i64::MAX))) }
                }
                li { strong { (text("unknown.never")) } " " (text("unknown.never_text")) }
            }
        }
    }
}

/// A kind of values that the catalogue knows.
fn kind(kind: &str) -> &str {
    match kind {
        "codes" | "statuses" | "costs" | "quantities" | "adq" => kind,
        _ => "other",
    }
}

fn names<'a>(measures: impl Iterator<Item = &'a CardMeasure>) -> String {
    measures.map(|measure| measure.name.to_string()).collect::<Vec<_>>().join("; ")
}

/// The gaps of one month in words.
pub(crate) fn gap(gaps: &MonthGaps) -> String {
    if gaps.missing {
        return text("unknown.missing");
    }
    let days = gaps.gaps.iter().map(|gap| {
        let key = if gap.days == 1 { "unknown.gap_day" } else { "unknown.gap_days" };
        say(key, &[("days", &gap.days.to_string()), ("kind", &data_kind(&gap.kind))])
    });
    let not_sent = gaps.not_sent.iter().map(|kind| say("unknown.kind_not_sent", &[("kind", &data_kind(kind))]));
    days.chain(not_sent).collect::<Vec<_>>().join("; ") + "."
}

/// A kind of data in words: `all` is every kind.
fn data_kind(kind: &str) -> String {
    if kind == "all" { text("unknown.any_event") } else { kind.replace('_', " ") }
}
