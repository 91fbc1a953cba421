//! The pages of one person's card: a month and a measure, for the clinician and for the clinical lead of the practice.

use anyhow::Result;
use page::frame::navigation::{Navigation, SitePart};
use page::pages::event_section::MeasureEvents;
use page::pages::measure_page::{measure_page, measure_sheet};
use page::pages::month_page::{month_page, month_sheet};
use page::pages::notice_page::Notice;
use page::pages::open_card::{CardLink, OpenCard, RevisionNote};
use page::text::page_words::say;
use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::fold::explanation::Explanation;
use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::{Month, Timestamp};

use crate::config::did_you_mean::{nearest, shown};
use crate::page_view::event_finder::EventFinder;
use crate::page_view::folder_cards::FolderCards;
use crate::page_view::open_pages::notice;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_request::{EventChoice, PageRequest, SitePage};
use crate::page_view::site_reader::SiteReader;
use crate::published_cards::card_key::CardKey;

/// The answer of a page of one card.
pub(crate) fn answer(
    cards: &FolderCards,
    events: &EventFinder,
    request: &PageRequest,
    wanted: &dyn Fn() -> bool,
) -> Result<PageAnswer> {
    let refused = |why: &Notice| Ok(notice(cards, Some(&request.reader), why));
    let (person, audience) = match (&request.reader, &request.of) {
        (SiteReader::Clinician(person), None) => (person, Audience::Own),
        (SiteReader::Lead(_), Some(person)) => (person, Audience::ClinicalLead),
        _ => return refused(&Notice::NotAllowed),
    };
    let keys = cards.cards_of(person);
    let Some(newest) = keys.last().map(|key| key.month) else { return refused(&unknown_person(cards, person)) };
    let month = match &request.page {
        SitePage::Month(month) => month.unwrap_or(newest),
        SitePage::Measure(month, _) => *month,
        _ => newest,
    };
    let key = match chosen(&keys, month, request, audience) {
        Ok(key) => key,
        Err(why) => return refused(&why),
    };
    let revisions = cards.revisions(key)?;
    let Some(card) = revisions.last() else { return refused(&nothing(request, &keys, month)) };
    let is_final = matches!(card.content.status, Status::Final | Status::Restated);
    if audience == Audience::ClinicalLead && !is_final {
        let on = cards.schedule.zone.day_of(cards.schedule.final_from(month));
        return refused(&Notice::NotFinal { month, on });
    }
    let texts = CardTexts::of(cards, &keys, &revisions, card);
    let reading = texts.reading(cards, card, audience);
    let part = if audience == Audience::Own { SitePart::Month } else { SitePart::Talks };
    let mut navigation = request.reader.navigation(Some(&key.practice)).at(part);
    if audience == Audience::ClinicalLead {
        navigation.addresses = navigation.addresses.of(person);
    }
    match &request.page {
        SitePage::Measure(_, id) => measure(cards, events, request, &reading, id, &navigation, wanted),
        _ if request.csv => PageAnswer::csv(&month_sheet(&reading), &format!("plumbline-{month}-{}", key.practice)),
        _ => Ok(PageAnswer::html(200, month_page(&reading, &navigation))),
    }
}

/// The card of the month that the address names. Without a practice it is the first one at a single practice.
fn chosen<'k>(keys: &'k [CardKey], month: Month, request: &PageRequest, audience: Audience) -> Result<&'k CardKey, Notice> {
    let of_month = || keys.iter().filter(|key| key.month == month);
    let led = match &request.reader {
        SiteReader::Lead(practice) => Some(practice),
        _ => None,
    };
    let practice = request.practice.as_ref().or(led);
    let found = match practice {
        Some(practice) => of_month().find(|key| key.practice == *practice),
        None => of_month().find(|key| !key.practice.is_empty()).or_else(|| of_month().next()),
    };
    let Some(key) = found else { return Err(nothing(request, keys, month)) };
    if audience == Audience::ClinicalLead && Some(&key.practice) != led {
        return Err(Notice::NotAllowed);
    }
    Ok(key)
}

fn nothing(request: &PageRequest, keys: &[CardKey], month: Month) -> Notice {
    let address = |key: &CardKey| {
        let addresses = request.reader.addresses();
        let addresses = request.of.as_ref().map_or_else(|| addresses.clone(), |person| addresses.of(person));
        (key.month, addresses.month(key.month, &key.practice))
    };
    let newest = keys.iter().rev().find(|key| !key.practice.is_empty()).or(keys.last());
    Notice::NothingInMonth { month, newest: newest.map(address) }
}

/// A person without a card. The address may be anything, so only a known name is repeated.
pub(crate) fn unknown_person(cards: &FolderCards, person: &str) -> Notice {
    let clinicians = cards.clinicians();
    let hint = match nearest(person, clinicians.iter().map(String::as_str)) {
        Some(near) => say("choice.near_person", &[("near", shown(near))]),
        None => say("choice.no_person", &[]),
    };
    Notice::NotFound { hint }
}

/// Texts that a reading borrows.
struct CardTexts {
    leads: Vec<String>,
    revisions: Vec<RevisionNote>,
    links: Vec<CardLink>,
}

impl CardTexts {
    fn of(cards: &FolderCards, keys: &[CardKey], revisions: &[Scorecard], card: &Scorecard) -> CardTexts {
        let day = |at: Timestamp| cards.schedule.zone.day_of(at);
        let note = |card: &Scorecard| RevisionNote {
            revision: card.revision,
            day: day(card.cut),
            reasons: card.reasons.iter().cloned().collect(),
        };
        CardTexts {
            leads: cards.registry.leads(&card.content.subject.practice, card.content.period.month),
            revisions: revisions.iter().map(note).collect(),
            links: keys.iter().map(|key| CardLink { month: key.month, practice: key.practice.clone() }).collect(),
        }
    }

    fn reading<'a>(&'a self, cards: &'a FolderCards, card: &'a Scorecard, audience: Audience) -> OpenCard<'a> {
        let month = card.content.period.month;
        OpenCard {
            card,
            measures: &cards.measures,
            groups: cards.groups(month),
            audience,
            name: cards.registry.name(&card.content.subject.clinician),
            practice_name: cards.registry.practice(&card.content.subject.practice),
            leads: &self.leads,
            final_on: cards.schedule.zone.day_of(cards.schedule.final_from(month)),
            revisions: &self.revisions,
            cards: if audience == Audience::Own { &self.links } else { &[] },
        }
    }
}

/// The page of a measure, or its rows.
fn measure(
    cards: &FolderCards,
    events: &EventFinder,
    request: &PageRequest,
    reading: &OpenCard<'_>,
    id: &str,
    navigation: &Navigation,
    wanted: &dyn Fn() -> bool,
) -> Result<PageAnswer> {
    let found = EventSearch::of(cards, events, request, reading.card, id, wanted);
    let listed = found.listed(request);
    let page = if request.csv {
        let month = reading.card.content.period.month;
        measure_sheet(reading, id, listed).map(|sheet| PageAnswer::csv(&sheet, &format!("plumbline-{month}-{id}"))).transpose()?
    } else {
        measure_page(reading, id, figures(cards, reading.card, id), listed, navigation).map(|page| PageAnswer::html(200, page))
    };
    Ok(page.unwrap_or_else(|| notice(cards, Some(&request.reader), &absent(reading.card, id))))
}

/// The figures of the group that a measure of a card was compared with.
fn figures<'a>(cards: &'a FolderCards, card: &Scorecard, id: &str) -> Option<&'a GroupFigures> {
    let measure = card.content.measures.iter().find(|measure| *measure.id == *id)?;
    cards.figures(measure.comparator.as_ref()?.snapshot_id)
}

fn absent(card: &Scorecard, id: &str) -> Notice {
    let known: Vec<&str> = card.content.measures.iter().map(|measure| &*measure.id).collect();
    let hint = match nearest(id, known.into_iter()) {
        Some(near) => say("choice.near_measure", &[("near", near)]),
        None => say("choice.no_measure", &[]),
    };
    Notice::NotFound { hint }
}

/// The events of a measure, as far as the reader wants them.
enum EventSearch {
    Later,
    Known(Explanation),
    Absent(String, String),
}

impl EventSearch {
    fn of(
        cards: &FolderCards,
        events: &EventFinder,
        request: &PageRequest,
        card: &Scorecard,
        id: &str,
        wanted: &dyn Fn() -> bool,
    ) -> EventSearch {
        let index = cards.measures.index_of(id).filter(|_| request.events != EventChoice::Later);
        let Some(index) = index else { return EventSearch::Later };
        let Some(log) = cards.events() else {
            return EventSearch::Absent(say("events.no_log", &[]), command(cards, card, id));
        };
        match events.explanation(log, card, index, wanted) {
            Ok(explanation) => EventSearch::Known(explanation),
            Err(why) => EventSearch::Absent(why, command(cards, card, id)),
        }
    }

    fn listed(&self, request: &PageRequest) -> MeasureEvents<'_> {
        match self {
            EventSearch::Later => MeasureEvents::Offered,
            EventSearch::Known(explanation) => {
                MeasureEvents::Known { explanation, page: request.number, all: request.events == EventChoice::All }
            }
            EventSearch::Absent(reason, command) => MeasureEvents::Absent { reason, command },
        }
    }
}

/// The command that lists the same events.
fn command(cards: &FolderCards, card: &Scorecard, id: &str) -> String {
    let subject = &card.content.subject;
    let practice = if subject.practice.is_empty() { "all" } else { &subject.practice };
    let folder = cards.folder().display();
    format!("plumbline explain '{}' {} {id} --practice {practice} --data {folder}", subject.clinician, card.content.period.month)
}
