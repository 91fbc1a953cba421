//! The pages with content, for a reader whose roles are known: the same for a folder and for a service.

use anyhow::Result;
use page::pages::notice_page::Notice;
use page::text::page_words::text;

use crate::page_view::event_finder::EventFinder;
use crate::page_view::group_pages;
use crate::page_view::look_pages;
use crate::page_view::open_pages;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::person_pages;
use crate::page_view::site_reader::SiteReader;

/// The answer of a page with content.
pub(crate) fn content_page(
    cards: &PageCards,
    events: &EventFinder,
    (request, site): (&PageRequest, &SiteReader),
    wanted: &dyn Fn() -> bool,
) -> Result<PageAnswer> {
    match &request.page {
        SitePage::Measures => Ok(open_pages::measures(cards, site)),
        SitePage::Month(_) | SitePage::Measure(..) => person_pages::answer(cards, events, (request, site), wanted),
        SitePage::Talks(..) | SitePage::Meeting(..) | SitePage::Network(_) | SitePage::Operations => {
            group_pages::answer(cards, request, site)
        }
        SitePage::Access => look_pages::answer(cards, request, site),
        SitePage::Absent(hint) => Ok(open_pages::notice(cards, Some(site), &Notice::NotFound { hint: hint.clone() })),
        SitePage::Choice(_) | SitePage::Stylesheet | SitePage::SignIn | SitePage::SignOut => {
            Ok(open_pages::notice(cards, Some(site), &Notice::NotFound { hint: text("home.other_address") }))
        }
    }
}
