//! The pages of groups: talks and meeting of a practice, the network, and the operations.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use page::frame::navigation::SitePart;
use page::pages::meeting_page::{MeetingContent, PracticeCards, meeting_page, meeting_sheet};
use page::pages::network_page::{NetworkContent, network_page, network_sheet};
use page::pages::notice_page::Notice;
use page::pages::operations_page::{OperationsContent, operations_page};
use page::pages::practice_team::NamedCard;
use page::pages::talks_page::{TalksContent, talks_page, talks_sheet};
use page::text::page_words::text;
use scorecard::card::scorecard::{Coverage, Scorecard, Status};
use scorecard::record::access_record::AccessRecord;
use scorecard::time::calendar::{Month, Timestamp};

use crate::page_view::open_pages::notice;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::site_reader::{PageMoment, SiteReader};
use crate::sign_in::access::card_access::{CardSight, newest_sight};
use crate::sign_in::access::page_access::PageKind;
use crate::sign_in::access::reader::Reader;
use crate::sign_in::access::revision_facts::revision_facts;

/// A request and its reader.
type PageFor<'a> = (&'a PageRequest, &'a SiteReader);

/// The answer of a page of a group. Each reader sees the pages of their own.
pub(crate) fn answer(cards: &PageCards, request: &PageRequest, site: &SiteReader) -> Result<PageAnswer> {
    let may = |page: PageKind, practice: &str| site.opening(page, practice).is_some();
    match &request.page {
        SitePage::Talks(practice, month) if may(PageKind::Talks, practice) => talks(cards, (request, site), practice, *month),
        SitePage::Meeting(practice, month) if may(PageKind::Meeting, practice) => {
            meeting(cards, (request, site), practice, *month)
        }
        SitePage::Network(month) if may(PageKind::Network, "") => network(cards, (request, site), *month),
        SitePage::Operations if may(PageKind::Operations, "") => operations(cards, site),
        _ => Ok(notice(cards, Some(site), &Notice::NotAllowed)),
    }
}

/// The month that was requested, else the newest final one. A page of a group shows final cards alone.
fn final_month(cards: &PageCards, wanted: Option<Month>) -> Result<Month, Notice> {
    let months = cards.final_months();
    let on = |month: Month| cards.schedule.zone.day_of(cards.schedule.final_from(month));
    match wanted.or(months.last().copied()) {
        Some(month) if months.contains(&month) => Ok(month),
        Some(month) => Err(Notice::NotFinal { month, on: on(month) }),
        None => match cards.last_month() {
            Some(month) => Err(Notice::NotFinal { month, on: on(month) }),
            None => Err(Notice::NoCards { reason: text("no_cards.text") }),
        },
    }
}

fn is_final(card: &Scorecard) -> bool {
    matches!(card.content.status, Status::Final | Status::Restated)
}

/// The talks of a practice. A provisional month shows who has a card, and no card.
fn talks(cards: &PageCards, (request, site): PageFor<'_>, practice: &str, wanted: Option<Month>) -> Result<PageAnswer> {
    let months = cards.final_months();
    let Some(month) = wanted.or(months.last().copied()).or(cards.last_month()) else {
        return Ok(notice(cards, Some(site), &Notice::NoCards { reason: text("no_cards.text") }));
    };
    let Some(reader) = site.opening(PageKind::Talks, practice) else {
        return Ok(notice(cards, Some(site), &Notice::NotAllowed));
    };
    let team = team(cards, reader, site, practice, month)?;
    if team.shown.is_empty() && team.waiting.is_empty() && !months.contains(&month) {
        let on = cards.schedule.zone.day_of(cards.schedule.final_from(month));
        return Ok(notice(cards, Some(site), &Notice::NotFinal { month, on }));
    }
    if !team.shown.is_empty() && !site.record(&look_at_team(reader, practice, month)) {
        return Ok(notice(cards, Some(site), &Notice::NotRecorded));
    }
    let named: Vec<NamedCard<'_>> = team.shown.iter().map(|(name, card)| NamedCard { name, card }).collect();
    let reading = TalksContent {
        practice,
        practice_name: cards.registry.practice(practice),
        month,
        final_on: cards.schedule.zone.day_of(cards.schedule.final_from(month)),
        measures: &cards.measures,
        groups: cards.groups(month),
        cards: &named,
        waiting: &team.waiting,
        months: &months,
    };
    if request.csv {
        return PageAnswer::csv(&talks_sheet(&reading), &format!("plumbline-talks-{practice}-{month}"));
    }
    let navigation = site.navigation(Some(practice)).at(SitePart::Talks);
    Ok(PageAnswer::html(200, talks_page(&reading, &navigation)))
}

/// The cards of a practice that a lead sees, each with the name of its clinician, and the names of those whose card waits.
#[derive(Default)]
struct LeadTeam {
    shown: Vec<(String, Scorecard)>,
    waiting: Vec<String>,
}

fn team(cards: &PageCards, reader: &Reader, site: &SiteReader, practice: &str, month: Month) -> Result<LeadTeam> {
    let PageMoment { now, wait_seconds, .. } = site.moment;
    let mut team = LeadTeam::default();
    for key in cards.keys_at(practice, month) {
        let mut revisions = cards.revisions(&key)?;
        let name = cards.registry.shown(&key.clinician).to_owned();
        match newest_sight(reader, (&key.clinician, practice), &revision_facts(&revisions), wait_seconds, now) {
            (CardSight::Named(_), at) => team.shown.push((name, revisions.swap_remove(at))),
            (CardSight::ReadyOnly, _) => team.waiting.push(name),
            _ => {}
        }
    }
    Ok(team)
}

/// The look that a page of talks is: one record for all cards on it.
fn look_at_team(reader: &Reader, practice: &str, month: Month) -> AccessRecord {
    AccessRecord {
        at: Timestamp(0),
        reader: reader.person.clone().unwrap_or_default(),
        role: reader.role.word().to_owned(),
        page: "talks".to_owned(),
        clinician: None,
        practice: Some(practice.to_owned()),
        month: Some(month),
        revision: None,
    }
}

/// The role of most cards; of several the first by name.
fn main_role(cards: &[Scorecard]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    cards.iter().for_each(|card| *counts.entry(&card.content.subject.role).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or_else(String::new, |(role, _)| role.to_owned())
}

fn meeting(cards: &PageCards, (request, site): PageFor<'_>, practice: &str, wanted: Option<Month>) -> Result<PageAnswer> {
    let month = match final_month(cards, wanted) {
        Ok(month) => month,
        Err(why) => return Ok(notice(cards, Some(site), &why)),
    };
    let all = cards.of_month(month)?;
    let role = main_role(&all);
    let mut practices: BTreeMap<&str, Vec<&Scorecard>> = BTreeMap::new();
    let compared = all.iter().filter(|card| is_final(card) && card.content.subject.role == role);
    for card in compared.filter(|card| !card.content.subject.practice.is_empty()) {
        practices.entry(&card.content.subject.practice).or_default().push(card);
    }
    let practices: Vec<PracticeCards<'_>> =
        practices.into_iter().map(|(practice, cards)| PracticeCards { practice, cards }).collect();
    let reading = MeetingContent {
        practice,
        practice_name: cards.registry.practice(practice),
        month,
        measures: &cards.measures,
        practices: &practices,
        months: &cards.final_months(),
    };
    if request.csv {
        return PageAnswer::csv(&meeting_sheet(&reading), &format!("plumbline-meeting-{practice}-{month}"));
    }
    let navigation = site.navigation(Some(practice)).at(SitePart::Meeting);
    Ok(PageAnswer::html(200, meeting_page(&reading, &navigation)))
}

/// The feeds of a month, each once.
fn feeds(cards: &Arc<Vec<Scorecard>>) -> Vec<Coverage> {
    let all = cards.iter().flat_map(|card| &card.quality.feeds);
    let feeds: BTreeMap<&str, &Coverage> = all.map(|feed| (feed.feed.as_str(), feed)).collect();
    feeds.into_values().cloned().collect()
}

fn network(cards: &PageCards, (request, site): PageFor<'_>, wanted: Option<Month>) -> Result<PageAnswer> {
    let month = match final_month(cards, wanted) {
        Ok(month) => month,
        Err(why) => return Ok(notice(cards, Some(site), &why)),
    };
    let all = cards.of_month(month)?;
    let ours: Vec<&Scorecard> = all.iter().filter(|card| is_final(card) && !card.content.subject.practice.is_empty()).collect();
    let reading = NetworkContent {
        month,
        measures: &cards.measures,
        groups: cards.groups(month),
        cards: &ours,
        feeds: &feeds(&all),
        months: &cards.final_months(),
    };
    if request.csv {
        return PageAnswer::csv(&network_sheet(&reading), &format!("plumbline-network-{month}"));
    }
    let navigation = site.navigation(None).at(SitePart::Network);
    Ok(PageAnswer::html(200, network_page(&reading, &navigation)))
}

fn operations(cards: &PageCards, site: &SiteReader) -> Result<PageAnswer> {
    let month = cards.last_month();
    let feeds = month.map(|month| Ok::<_, anyhow::Error>(feeds(&cards.of_month(month)?))).transpose()?.unwrap_or_default();
    let counts = &cards.counts;
    let reading =
        OperationsContent { month, feeds: &feeds, rejects: &counts.rejects, counts: &counts.counts, unmapped: &counts.unmapped };
    let navigation = site.navigation(None).at(SitePart::Operations);
    Ok(PageAnswer::html(200, operations_page(&reading, &navigation)))
}
