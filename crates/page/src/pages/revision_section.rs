//! The versions of a card and the reasons of each, other cards of the person, and the same card in other forms.

use maud::{Markup, html};
use scorecard::card::scorecard::{Cause, Reason, Scorecard};

use crate::frame::addresses::{Addresses, as_csv};
use crate::pages::open_card::{OpenCard, RevisionNote};
use crate::text::page_words::{say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month};

/// Months of other cards that are linked.
const MOST_MONTHS: usize = 12;
/// Versions that are listed: the first and the newest ones.
const MOST_VERSIONS: usize = 8;
/// Letters of a fingerprint that people compare.
const FINGERPRINT: usize = 8;

/// The section.
pub(crate) fn revisions(reading: &OpenCard<'_>, card: &Scorecard, addresses: &Addresses) -> Markup {
    let own = addresses.month(card.content.period.month, &card.content.subject.practice);
    let left_out = reading.revisions.len().saturating_sub(MOST_VERSIONS);
    let shown = reading.revisions.iter().enumerate().filter(|(at, _)| *at == 0 || *at > left_out);
    let fingerprint: String = card.measure_set.chars().take(FINGERPRINT).collect();
    html! {
        section aria-labelledby="versions" {
            h2 #versions { (text("versions.heading")) }
            ul {
                @for (at, note) in shown {
                    @if left_out > 0 && at == left_out + 1 { li { (say("versions.left_out", &[("count", &left_out.to_string())])) } }
                    li { (version(note)) }
                }
            }
            (other_cards(reading, card, addresses))
            p.screen-only { a href=(as_csv(&own)) { (text("versions.csv")) } }
            p.small.soft {
                (say("versions.made_by", &[("definitions", &fingerprint), ("program", &card.engine_version)])) " " (text("versions.wrong"))
            }
        }
    }
}

fn version(note: &RevisionNote) -> String {
    let reasons: Vec<String> = note.reasons.iter().map(reason).collect();
    let reasons = if reasons.is_empty() { text("reason.none") } else { reasons.join("; ") };
    say("versions.one", &[("number", &note.revision.to_string()), ("day", &day(note.day)), ("reasons", &reasons)])
}

/// A reason of a version in words.
pub(crate) fn reason(reason: &Reason) -> String {
    let number = match (reason.cause, reason.events) {
        (Cause::Late | Cause::Amended | Cause::Retracted, 1) => "_one",
        (Cause::Late | Cause::Amended | Cause::Retracted, _) => "_many",
        _ => "",
    };
    say(&format!("reason.{}{number}", reason.cause.word()), &[("count", &grouped(reason.events))])
}

/// The other cards of this month, and the cards of other months at this practice.
fn other_cards(reading: &OpenCard<'_>, card: &Scorecard, addresses: &Addresses) -> Markup {
    let (own_month, own_practice) = (card.content.period.month, card.content.subject.practice.as_str());
    let at = |practice: &str| if practice.is_empty() { text("versions.all_practices") } else { practice.to_owned() };
    let of_month: Vec<_> = reading.cards.iter().filter(|link| link.month == own_month && link.practice != own_practice).collect();
    let others = reading.cards.iter().rev().filter(|link| link.month != own_month && link.practice == own_practice);
    let others: Vec<_> = others.take(MOST_MONTHS).collect();
    html! {
        @if !of_month.is_empty() {
            p.screen-only {
                (text("versions.same_month"))
                @for link in of_month { " " a.apart href=(addresses.month(link.month, &link.practice)) { (at(&link.practice)) } }
            }
        }
        @if !others.is_empty() {
            p.screen-only {
                (text("versions.other_months"))
                @for link in others { " " a.apart href=(addresses.month(link.month, &link.practice)) { (month(link.month)) } }
            }
        }
    }
}
