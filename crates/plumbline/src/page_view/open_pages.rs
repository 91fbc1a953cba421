//! The pages that are the same for everybody: the choice of a reader, the measures, the sign-in, empty states and errors.

use std::collections::BTreeSet;

use anyhow::Result;
use page::frame::navigation::{Navigation, SitePart};
use page::pages::catalogue_page::catalogue_page;
use page::pages::notice_page::{Notice, notice_page};
use page::pages::reader_choice::{ReaderChoice, ReaderLink, reader_choice_page};
use page::pages::sign_in_page::{SignInWays, sign_in_page};
use page::text::measure_words::role;
use page::text::page_words::{say, text};
use scorecard::time::calendar::Month;

use crate::page_view::demo_reader::DemoReader;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::site_reader::SiteReader;

/// Clinicians on one page of the list.
const CLINICIANS_A_PAGE: usize = 200;
/// Most practices whose leads are listed.
const MOST_LEADS: usize = 100;

/// The choice of a reader.
pub(crate) fn choice(cards: &PageCards, number: usize) -> Result<PageAnswer> {
    let clinicians = cards.clinicians();
    let Some(month) = cards.last_month() else {
        return Ok(notice(cards, None, &Notice::NoCards { reason: text("no_cards.text") }));
    };
    let pages = clinicians.len().div_ceil(CLINICIANS_A_PAGE).max(1);
    let number = number.clamp(1, pages);
    let first = (number - 1) * CLINICIANS_A_PAGE;
    let shown = &clinicians[first..clinicians.len().min(first + CLINICIANS_A_PAGE)];
    let links: Vec<ReaderLink> = shown.iter().map(|person| clinician(cards, person)).collect();
    let page_of = |number: usize| format!("/?page={number}");
    let (before, next) = ((number > 1).then(|| page_of(number - 1)), (number < pages).then(|| page_of(number + 1)));
    let choice = ReaderChoice {
        folder: &cards.folder().display().to_string(),
        clinicians: &links,
        all: clinicians.len(),
        around: (before.as_deref(), next.as_deref()),
        leads: &leads(cards, month)?,
        others: &others(),
    };
    Ok(PageAnswer::html(200, reader_choice_page(&choice, &at_home())))
}

fn at_home() -> Navigation {
    Navigation { footer: Some(text("choice.footer")), ..Navigation::default() }
}

/// A clinician with role and practices of the newest card.
fn clinician(cards: &PageCards, person: &str) -> ReaderLink {
    let keys = cards.cards_of(person);
    let newest = keys.last().map(|key| key.month);
    let of_newest = keys.iter().filter(|key| Some(key.month) == newest && !key.practice.is_empty());
    let practices: Vec<&str> = of_newest.map(|key| key.practice.as_str()).collect();
    let held = newest.and_then(|month| cards.registry.role(person, practices.first()?, month));
    let words = held.map(|held| format!("{}, ", role(&held))).unwrap_or_default();
    ReaderLink {
        label: cards.registry.shown(person).to_owned(),
        address: DemoReader::Clinician(person.to_owned()).home(),
        note: format!("{words}{}", practices.join(", ")),
    }
}

/// A lead for each practice with a card of this month.
fn leads(cards: &PageCards, month: Month) -> Result<Vec<ReaderLink>> {
    let all = cards.of_month(month)?;
    let practices: BTreeSet<&str> =
        all.iter().map(|card| card.content.subject.practice.as_str()).filter(|code| !code.is_empty()).collect();
    let link = |practice: &str| {
        let leads = cards.registry.leads_at(practice, month.last_day());
        let names: Vec<&str> = leads.iter().map(|person| cards.registry.shown(person)).collect();
        ReaderLink {
            label: say("choice.lead_of", &[("practice", cards.registry.practice(practice).unwrap_or(practice))]),
            address: DemoReader::Lead(practice.to_owned()).home(),
            note: if names.is_empty() { text("choice.no_lead") } else { names.join(&text("lists.and")) },
        }
    };
    Ok(practices.into_iter().take(MOST_LEADS).map(link).collect())
}

fn others() -> Vec<ReaderLink> {
    let link = |key: &str, address: String| ReaderLink {
        label: text(&format!("choice.{key}")),
        address,
        note: text(&format!("choice.{key}_note")),
    };
    vec![
        link("analyst", DemoReader::Analyst.home()),
        link("operator", DemoReader::Operator.home()),
        link("catalogue", "/measures".to_owned()),
        link("sign_in", "/signin".to_owned()),
    ]
}

/// The catalogue of measures.
pub(crate) fn measures(cards: &PageCards, site: &SiteReader) -> PageAnswer {
    let navigation = site.navigation(None).at(SitePart::Measures);
    PageAnswer::html(200, catalogue_page(&cards.measures, &navigation))
}

/// The sign-in page of a deployment, as a picture: nobody signs in to a folder.
pub(crate) fn sign_in() -> PageAnswer {
    let ways = SignInWays { open: Some("/"), ..SignInWays::default() };
    PageAnswer::html(200, sign_in_page(&ways, &at_home()))
}

/// An empty state or an error.
pub(crate) fn notice(cards: &PageCards, site: Option<&SiteReader>, notice: &Notice) -> PageAnswer {
    let in_folder = site.is_none_or(|site| site.looks.is_none());
    let notice = match notice {
        Notice::NoCards { .. } if in_folder => {
            &Notice::NoCards { reason: say("no_cards.folder", &[("folder", &cards.folder().display().to_string())]) }
        }
        other => other,
    };
    let navigation = site.map_or_else(at_home, |site| site.navigation(None));
    PageAnswer::html(notice.status(), notice_page(notice, "/", &navigation))
}
