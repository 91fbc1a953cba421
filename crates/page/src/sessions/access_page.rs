//! The access log, for the auditor: who looked at which card, and when.

use maud::html;

use crate::frame::addresses::{as_csv, encoded};
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::Spreadsheet;
use crate::sessions::look_note::LookNote;
use crate::text::page_words::{say, text};
use crate::text::spoken_date::day;

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct AccessContent<'a> {
    /// The looks of this page of the list, newest first.
    pub looks: &'a [LookNote],
    /// The number of all looks.
    pub all: usize,
    /// Months for which looks are shown.
    pub months: u32,
    /// The address of the page.
    pub address: &'a str,
    /// The clinician of a selection.
    pub of: Option<&'a str>,
    /// The page of the list, from 1, and the number of pages.
    pub page: (usize, usize),
}

/// The page.
#[must_use]
pub fn access_page(content: &AccessContent<'_>, navigation: &Navigation) -> String {
    let title = text("access.heading");
    let (number, pages) = content.page;
    let selection = content.of.map(|of| format!("of={}", encoded(of)));
    let selected = selection.as_ref().map_or_else(|| content.address.to_owned(), |of| format!("{}?{of}", content.address));
    let at = |number: usize| {
        let of = selection.as_ref().map(|of| format!("{of}&")).unwrap_or_default();
        format!("{}?{of}page={number}", content.address)
    };
    let main = html! {
        h1 { (title) }
        p.lead { (say("access.lead", &[("count", &content.all.to_string()), ("months", &content.months.to_string())])) }
        @if content.looks.is_empty() { p.note { (text("access.none")) } }
        @else {
            table {
                caption { (text("access.caption")) }
                thead { tr {
                    @for key in ["day", "reader", "what", "clinician", "practice", "month"] { th scope="col" { (text(&format!("access.{key}"))) } }
                } }
                tbody {
                    @for look in content.looks {
                        tr {
                            th scope="row" { (day(look.day)) }
                            td { (look.who()) }
                            td { (look.what()) }
                            td { (look.clinician.clone().unwrap_or_else(|| text("access.everybody"))) }
                            td { (practice(look)) }
                            td { (look.of_month()) }
                        }
                    }
                }
            }
            p {
                @if number > 1 { a.apart href=(at(number - 1)) { (text("access.newer")) } " " }
                @if number < pages { a.apart href=(at(number + 1)) { (text("access.older")) } }
            }
        }
        p.screen-only { a href=(as_csv(&selected)) { (text("access.csv")) } }
        p.small.soft { (text("access.note")) }
    };
    document(navigation, &title, &main)
}

fn practice(look: &LookNote) -> String {
    match look.practice.as_deref() {
        None => text("access.every_practice"),
        Some("") => text("versions.all_practices"),
        Some(code) => code.to_owned(),
    }
}

/// The looks as rows.
#[must_use]
pub fn access_sheet(looks: &[LookNote]) -> Spreadsheet {
    let mut sheet = Spreadsheet::with_headings(["day", "reader", "role", "page", "clinician", "practice", "month", "revision"]);
    for look in looks {
        let month = look.month.map(|month| month.to_string()).unwrap_or_default();
        let revision = look.revision.map(|revision| revision.to_string()).unwrap_or_default();
        let (clinician, practice) = (look.clinician.as_deref().unwrap_or_default(), look.practice.as_deref().unwrap_or_default());
        sheet.add([&date(look), &look.reader, &look.role, &look.page, clinician, practice, &month, &revision]);
    }
    sheet
}

fn date(look: &LookNote) -> String {
    look.day.to_string()
}
