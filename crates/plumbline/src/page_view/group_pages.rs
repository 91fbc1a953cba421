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
use scorecard::time::calendar::Month;

use crate::page_view::folder_cards::FolderCards;
use crate::page_view::open_pages::notice;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_request::{PageRequest, SitePage};
use crate::page_view::site_reader::SiteReader;

/// The answer of a page of a group. Each reader sees the pages of their own.
pub(crate) fn answer(cards: &FolderCards, request: &PageRequest) -> Result<PageAnswer> {
    match (&request.page, &request.reader) {
        (SitePage::Talks(practice, month), SiteReader::Lead(led)) if practice == led => talks(cards, request, practice, *month),
        (SitePage::Meeting(practice, month), reader) if may_meet(cards, reader, practice) => {
            meeting(cards, request, practice, *month)
        }
        (SitePage::Network(month), SiteReader::Analyst) => network(cards, request, *month),
        (SitePage::Operations, SiteReader::Operator) => operations(cards, request),
        _ => Ok(notice(cards, Some(&request.reader), &Notice::NotAllowed)),
    }
}

/// Whether a reader works at a practice or leads it.
fn may_meet(cards: &FolderCards, reader: &SiteReader, practice: &str) -> bool {
    match reader {
        SiteReader::Lead(led) => led == practice,
        SiteReader::Clinician(person) => cards.cards_of(person).iter().any(|key| key.practice == practice),
        _ => false,
    }
}

/// The month that was requested, else the newest final one. A page of a group shows final cards alone.
fn final_month(cards: &FolderCards, wanted: Option<Month>) -> Result<Month, Notice> {
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

fn talks(cards: &FolderCards, request: &PageRequest, practice: &str, wanted: Option<Month>) -> Result<PageAnswer> {
    let month = match final_month(cards, wanted) {
        Ok(month) => month,
        Err(why) => return Ok(notice(cards, Some(&request.reader), &why)),
    };
    let all = cards.of_month(month)?;
    let ours = || all.iter().filter(|card| card.content.subject.practice == practice);
    let name = |card: &Scorecard| cards.registry.shown(&card.content.subject.clinician).to_owned();
    let names: Vec<(String, &Scorecard)> = ours().filter(|card| is_final(card)).map(|card| (name(card), card)).collect();
    let named: Vec<NamedCard<'_>> = names.iter().map(|(name, card)| NamedCard { name, card }).collect();
    let waiting: Vec<String> = ours().filter(|card| !is_final(card)).map(name).collect();
    let reading = TalksContent {
        practice,
        practice_name: cards.registry.practice(practice),
        month,
        final_on: cards.schedule.zone.day_of(cards.schedule.final_from(month)),
        measures: &cards.measures,
        groups: cards.groups(month),
        cards: &named,
        waiting: &waiting,
        months: &cards.final_months(),
    };
    if request.csv {
        return PageAnswer::csv(&talks_sheet(&reading), &format!("plumbline-talks-{practice}-{month}"));
    }
    let navigation = request.reader.navigation(Some(practice)).at(SitePart::Talks);
    Ok(PageAnswer::html(200, talks_page(&reading, &navigation)))
}

/// The role of most cards; of several the first by name.
fn main_role(cards: &[Scorecard]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    cards.iter().for_each(|card| *counts.entry(&card.content.subject.role).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or_else(String::new, |(role, _)| role.to_owned())
}

fn meeting(cards: &FolderCards, request: &PageRequest, practice: &str, wanted: Option<Month>) -> Result<PageAnswer> {
    let month = match final_month(cards, wanted) {
        Ok(month) => month,
        Err(why) => return Ok(notice(cards, Some(&request.reader), &why)),
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
    let navigation = request.reader.navigation(Some(practice)).at(SitePart::Meeting);
    Ok(PageAnswer::html(200, meeting_page(&reading, &navigation)))
}

/// The feeds of a month, each once.
fn feeds(cards: &Arc<Vec<Scorecard>>) -> Vec<Coverage> {
    let all = cards.iter().flat_map(|card| &card.quality.feeds);
    let feeds: BTreeMap<&str, &Coverage> = all.map(|feed| (feed.feed.as_str(), feed)).collect();
    feeds.into_values().cloned().collect()
}

fn network(cards: &FolderCards, request: &PageRequest, wanted: Option<Month>) -> Result<PageAnswer> {
    let month = match final_month(cards, wanted) {
        Ok(month) => month,
        Err(why) => return Ok(notice(cards, Some(&request.reader), &why)),
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
    let navigation = request.reader.navigation(None).at(SitePart::Network);
    Ok(PageAnswer::html(200, network_page(&reading, &navigation)))
}

fn operations(cards: &FolderCards, request: &PageRequest) -> Result<PageAnswer> {
    let month = cards.last_month();
    let feeds = month.map(|month| Ok::<_, anyhow::Error>(feeds(&cards.of_month(month)?))).transpose()?.unwrap_or_default();
    let counts = &cards.counts;
    let reading =
        OperationsContent { month, feeds: &feeds, rejects: &counts.rejects, counts: &counts.counts, unmapped: &counts.unmapped };
    let navigation = request.reader.navigation(None).at(SitePart::Operations);
    Ok(PageAnswer::html(200, operations_page(&reading, &navigation)))
}
