//! The access log as a page, for the auditor.

use anyhow::Result;
use page::frame::navigation::SitePart;
use page::pages::notice_page::Notice;
use page::sessions::access_page::{AccessContent, access_page, access_sheet};
use page::sessions::look_note::LookNote;

use crate::page_view::open_pages::notice;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::person_pages::look_note;
use crate::page_view::site_reader::SiteReader;
use crate::process::limits::ACCESS_MONTHS;
use crate::sign_in::access::page_access::PageKind;

/// Looks on one page.
const LOOKS_A_PAGE: usize = 100;

/// The page, or all looks as rows.
pub(crate) fn answer(cards: &PageCards, request: &PageRequest, site: &SiteReader) -> Result<PageAnswer> {
    let Some(log) = site.looks.as_ref().filter(|_| site.opening(PageKind::AccessLog, "").is_some()) else {
        return Ok(notice(cards, Some(site), &Notice::NotAllowed));
    };
    debug_assert_eq!(request.page, SitePage::Access);
    let found = log.of(request.of.as_deref(), site.moment.now);
    let pages = found.len().div_ceil(LOOKS_A_PAGE).max(1);
    let number = request.number.clamp(1, pages);
    let notes: Vec<LookNote> = found.iter().map(|look| look_note(cards, look)).collect();
    if request.csv {
        return PageAnswer::csv(&access_sheet(&notes), "plumbline-access");
    }
    let first = (number - 1) * LOOKS_A_PAGE;
    let content = AccessContent {
        looks: &notes[first..notes.len().min(first + LOOKS_A_PAGE)],
        all: notes.len(),
        months: ACCESS_MONTHS.unsigned_abs(),
        address: "/access",
        of: request.of.as_deref(),
        page: (number, pages),
    };
    Ok(PageAnswer::html(200, access_page(&content, &site.navigation(None).at(SitePart::Access))))
}
