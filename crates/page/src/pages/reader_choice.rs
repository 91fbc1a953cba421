//! The first page of a demonstration: open the pages as one of its readers. A service with sign-in never serves it.

use maud::{Markup, html};

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::text::page_words::{counted, say, text};

/// One reader to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderLink {
    /// Name or id.
    pub label: String,
    /// The address of their first page.
    pub address: String,
    /// A few words, such as role and practice.
    pub note: String,
}

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct ReaderChoice<'a> {
    /// The folder of the cards.
    pub folder: &'a str,
    /// The clinicians of this page of the list.
    pub clinicians: &'a [ReaderLink],
    /// Number of all clinicians.
    pub all: usize,
    /// Addresses of the page before and of the next page of the list.
    pub around: (Option<&'a str>, Option<&'a str>),
    /// Leads of practices.
    pub leads: &'a [ReaderLink],
    /// Other readers.
    pub others: &'a [ReaderLink],
}

/// The page.
#[must_use]
pub fn reader_choice_page(choice: &ReaderChoice<'_>, navigation: &Navigation) -> String {
    let title = text("choice.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (say("choice.lead", &[("folder", choice.folder)])) }
        p.note { (text("choice.no_sign_in")) }
        div.pair {
            section aria-labelledby="leads" { h2 #leads { (text("choice.leads")) } (list(choice.leads)) }
            section aria-labelledby="others" { h2 #others { (text("choice.others")) } (list(choice.others)) }
        }
        section aria-labelledby="clinicians" {
            h2 #clinicians { (text("choice.clinicians")) }
            p { (counted("clinicians", i64::try_from(choice.all).unwrap_or(i64::MAX))) " " (text("choice.newest")) }
            (list(choice.clinicians))
            p {
                @if let Some(before) = choice.around.0 { a.apart href=(before) { (text("choice.before")) } " " }
                @if let Some(next) = choice.around.1 { a.apart href=(next) { (text("choice.next")) } }
            }
        }
    };
    document(navigation, &title, &main)
}

fn list(readers: &[ReaderLink]) -> Markup {
    html! {
        @if readers.is_empty() { p { (text("choice.nobody")) } }
        @else { ul.columns { @for reader in readers { li { a href=(reader.address) { (reader.label) } @if !reader.note.is_empty() { " " span.small.soft { (reader.note) } } } } } }
    }
}
