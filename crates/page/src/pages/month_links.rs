//! The links from a page of one month to the same page of other months.

use maud::{Markup, html};
use scorecard::time::calendar::Month;

use crate::text::page_words::text;
use crate::text::spoken_date::month;

/// Most other months.
const MOST_MONTHS: usize = 12;

/// The links of the page of `shown`, newest month first.
pub(crate) fn month_links(shown: Month, months: &[Month], address: impl Fn(Month) -> String) -> Markup {
    let others: Vec<&Month> = months.iter().rev().filter(|other| **other != shown).take(MOST_MONTHS).collect();
    html! {
        @if !others.is_empty() {
            p.screen-only {
                (text("versions.other_months"))
                @for other in others { " " a.apart href=(address(*other)) { (month(*other)) } }
            }
        }
    }
}
