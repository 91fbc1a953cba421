//! The pages of one person's card: a month and a measure, for the clinician and for the clinical lead of the practice.

use anyhow::Result;
use page::frame::navigation::{Navigation, SitePart};
use page::pages::event_section::MeasureEvents;
use page::pages::measure_page::{measure_page, measure_sheet};
use page::pages::month_page::{month_page, month_sheet};
use page::pages::notice_page::Notice;
use page::pages::open_card::{CardLink, OpenCard, RevisionNote};
use page::sessions::look_note::LookNote;
use page::text::page_words::say;
use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::scorecard::Scorecard;
use scorecard::fold::explanation::Explanation;
use scorecard::record::access_record::AccessRecord;
use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::{Month, Timestamp};

use crate::config::did_you_mean::{nearest, shown};
use crate::page_view::event_finder::EventFinder;
use crate::page_view::open_pages::notice;
use crate::page_view::page_answer::PageAnswer;
use crate::page_view::page_cards::PageCards;
use crate::page_view::page_request::{EventChoice, PageRequest, SitePage};
use crate::page_view::site_reader::{PageMoment, SiteReader};
use crate::published_cards::card_key::CardKey;
use crate::sign_in::access::card_access::{CardSight, newest_sight};
use crate::sign_in::access::reader::{Reader, ReaderRole};
use crate::sign_in::access::revision_facts::{CardPhase, revision_facts};

/// The answer of a page of one card. Without a person in the address it is the reader's own.
pub(crate) fn answer(
    cards: &PageCards,
    events: &EventFinder,
    (request, site): (&PageRequest, &SiteReader),
    wanted: &dyn Fn() -> bool,
) -> Result<PageAnswer> {
    let refused = |why: &Notice| Ok(notice(cards, Some(site), why));
    let role = if request.of.is_some() { ReaderRole::Lead } else { ReaderRole::Own };
    let Some(reader) = site.as_role(role) else { return refused(&Notice::NotAllowed) };
    let Some(person) = request.of.as_ref().or(reader.person.as_ref()) else { return refused(&Notice::NotAllowed) };
    let keys = visible_keys(cards, reader, person);
    let Some(newest) = keys.last().map(|key| key.month) else {
        // A lead learns nothing about persons of other practices, not even whether there are any.
        let own = if site.looks.is_some() { Notice::NoEvents { person: person.clone() } } else { unknown_person(cards, person) };
        return refused(&if role == ReaderRole::Own { own } else { Notice::NotAllowed });
    };
    let month = match &request.page {
        SitePage::Month(month) => month.unwrap_or(newest),
        SitePage::Measure(month, _) => *month,
        _ => newest,
    };
    let practice =
        request.practice.as_deref().or(reader.practices.first().map(String::as_str).filter(|_| role == ReaderRole::Lead));
    let Some(key) = chosen(&keys, month, practice) else { return refused(&nothing(request, site, &keys, month)) };
    let mut revisions = cards.revisions(key)?;
    let PageMoment { now, wait_seconds, .. } = site.moment;
    let facts = revision_facts(&revisions);
    let audience = match newest_sight(reader, (person, &key.practice), &facts, wait_seconds, now) {
        (CardSight::Named(audience), at) => {
            revisions.truncate(at + 1);
            audience
        }
        (CardSight::ReadyOnly, _) if facts.last().is_some_and(|last| last.phase == CardPhase::Provisional) => {
            let on = cards.schedule.zone.day_of(cards.schedule.final_from(month));
            return refused(&Notice::NotFinal { month, on });
        }
        (CardSight::ReadyOnly, _) => return refused(&Notice::NotShownYet { month, days: days(wait_seconds) }),
        _ => return refused(&Notice::NotAllowed),
    };
    let Some(card) = revisions.last() else { return refused(&nothing(request, site, &keys, month)) };
    if role != ReaderRole::Own && !site.record(&look_at(card, reader, request)) {
        return refused(&Notice::NotRecorded);
    }
    let texts = CardTexts::of(cards, &keys, &revisions, card, site);
    let reading = texts.reading(cards, card, audience, site);
    let part = if audience == Audience::Own { SitePart::Month } else { SitePart::Talks };
    let mut navigation = site.navigation(Some(&key.practice)).at(part);
    if role == ReaderRole::Lead {
        navigation.addresses = navigation.addresses.of(person);
    }
    match &request.page {
        SitePage::Measure(_, id) => measure(cards, events, (request, site), &reading, id, &navigation, wanted),
        _ if request.csv => PageAnswer::csv(&month_sheet(&reading), &format!("plumbline-{month}-{}", key.practice)),
        _ => Ok(PageAnswer::html(200, month_page(&reading, &navigation))),
    }
}

/// Whole days of a time in seconds, rounded up.
pub(crate) fn days(seconds: u32) -> u32 {
    seconds.div_ceil(86_400)
}

/// The look that a page of a card is.
fn look_at(card: &Scorecard, reader: &Reader, request: &PageRequest) -> AccessRecord {
    let subject = &card.content.subject;
    let page = if matches!(request.page, SitePage::Measure(..)) { "measure" } else { "month" };
    AccessRecord {
        at: Timestamp(0),
        reader: reader.person.clone().unwrap_or_default(),
        role: reader.role.word().to_owned(),
        page: page.to_owned(),
        clinician: Some(subject.clinician.clone()),
        practice: Some(subject.practice.clone()),
        month: Some(card.content.period.month),
        revision: Some(card.revision),
    }
}

/// The keys of a person's cards that a reader may know of: their own, or those at practices of a lead.
fn visible_keys(cards: &PageCards, reader: &Reader, person: &str) -> Vec<CardKey> {
    let keys = cards.cards_of(person);
    if reader.role == ReaderRole::Own {
        return keys;
    }
    keys.into_iter().filter(|key| reader.practices.contains(&key.practice)).collect()
}

/// The card of a month. Without a practice it is the first one at a single practice.
fn chosen<'k>(keys: &'k [CardKey], month: Month, practice: Option<&str>) -> Option<&'k CardKey> {
    let of_month = || keys.iter().filter(|key| key.month == month);
    match practice {
        Some(practice) => of_month().find(|key| key.practice == *practice),
        None => of_month().find(|key| !key.practice.is_empty()).or_else(|| of_month().next()),
    }
}

fn nothing(request: &PageRequest, site: &SiteReader, keys: &[CardKey], month: Month) -> Notice {
    let address = |key: &CardKey| {
        let addresses = request.of.as_ref().map_or_else(|| site.addresses(), |person| site.addresses().of(person));
        (key.month, addresses.month(key.month, &key.practice))
    };
    let newest = keys.iter().rev().find(|key| !key.practice.is_empty()).or(keys.last());
    Notice::NothingInMonth { month, newest: newest.map(address) }
}

/// A person without a card. The address may be anything, so only a known name is repeated.
pub(crate) fn unknown_person(cards: &PageCards, person: &str) -> Notice {
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
    looks: Vec<LookNote>,
}

impl CardTexts {
    fn of(cards: &PageCards, keys: &[CardKey], revisions: &[Scorecard], card: &Scorecard, site: &SiteReader) -> CardTexts {
        let day = |at: Timestamp| cards.schedule.zone.day_of(at);
        let note = |card: &Scorecard| RevisionNote {
            revision: card.revision,
            day: day(card.cut),
            reasons: card.reasons.iter().cloned().collect(),
        };
        CardTexts {
            leads: leads(cards, card, site),
            revisions: revisions.iter().map(note).collect(),
            links: keys.iter().map(|key| CardLink { month: key.month, practice: key.practice.clone() }).collect(),
            looks: looks(cards, card, site),
        }
    }

    fn reading<'a>(&'a self, cards: &'a PageCards, card: &'a Scorecard, audience: Audience, site: &SiteReader) -> OpenCard<'a> {
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
            wait_days: Some(days(site.moment.wait_seconds)),
            looks: site.looks.as_ref().filter(|_| audience == Audience::Own).map(|_| self.looks.as_slice()),
        }
    }
}

/// The names of those who lead the practice now, without the clinician, who does not see their own card as a lead.
fn leads(cards: &PageCards, card: &Scorecard, site: &SiteReader) -> Vec<String> {
    let subject = &card.content.subject;
    let leads = cards.registry.leads_at(&subject.practice, site.moment.today);
    leads.iter().filter(|person| **person != subject.clinician).map(|person| cards.registry.shown(person).to_owned()).collect()
}

/// Those who looked at the card, newest first.
fn looks(cards: &PageCards, card: &Scorecard, site: &SiteReader) -> Vec<LookNote> {
    let Some(log) = &site.looks else { return Vec::new() };
    let subject = &card.content.subject;
    let found = log.of_card(&subject.clinician, &subject.practice, card.content.period.month, site.moment.now);
    found.iter().map(|look| look_note(cards, look)).collect()
}

/// A look in the words of a page.
pub(crate) fn look_note(cards: &PageCards, look: &AccessRecord) -> LookNote {
    LookNote {
        day: cards.schedule.zone.day_of(look.at),
        reader: cards.registry.shown(&look.reader).to_owned(),
        role: look.role.clone(),
        page: look.page.clone(),
        clinician: look.clinician.as_ref().map(|person| cards.registry.shown(person).to_owned()),
        practice: look.practice.clone(),
        month: look.month,
        revision: look.revision,
    }
}

/// The page of a measure, or its rows.
fn measure(
    cards: &PageCards,
    events: &EventFinder,
    (request, site): (&PageRequest, &SiteReader),
    reading: &OpenCard<'_>,
    id: &str,
    navigation: &Navigation,
    wanted: &dyn Fn() -> bool,
) -> Result<PageAnswer> {
    let found = EventSearch::of(cards, events, (request, site), reading.card, id, wanted);
    let listed = found.listed(request);
    let page = if request.csv {
        let month = reading.card.content.period.month;
        measure_sheet(reading, id, listed).map(|sheet| PageAnswer::csv(&sheet, &format!("plumbline-{month}-{id}"))).transpose()?
    } else {
        measure_page(reading, id, figures(cards, reading.card, id), listed, navigation).map(|page| PageAnswer::html(200, page))
    };
    Ok(page.unwrap_or_else(|| notice(cards, Some(site), &absent(reading.card, id))))
}

/// The figures of the group that a measure of a card was compared with.
fn figures<'a>(cards: &'a PageCards, card: &Scorecard, id: &str) -> Option<&'a GroupFigures> {
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
        cards: &PageCards,
        events: &EventFinder,
        (request, site): (&PageRequest, &SiteReader),
        card: &Scorecard,
        id: &str,
        wanted: &dyn Fn() -> bool,
    ) -> EventSearch {
        if site.looks.is_some() {
            return EventSearch::Absent(say("events.service", &[]), command(None, card, id));
        }
        let index = cards.measures.index_of(id).filter(|_| request.events != EventChoice::Later);
        let Some(index) = index else { return EventSearch::Later };
        let Some(log) = cards.events() else {
            return EventSearch::Absent(say("events.no_log", &[]), command(Some(cards), card, id));
        };
        match events.explanation(log, card, index, wanted) {
            Ok(explanation) => EventSearch::Known(explanation),
            Err(why) => EventSearch::Absent(why, command(Some(cards), card, id)),
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

/// The command that lists the same events, in a folder or in the service of a configuration.
fn command(folder: Option<&PageCards>, card: &Scorecard, id: &str) -> String {
    let subject = &card.content.subject;
    let practice = if subject.practice.is_empty() { "all" } else { &subject.practice };
    let place =
        folder.map_or_else(|| "--config plumbline.toml".to_owned(), |cards| format!("--data {}", cards.folder().display()));
    format!("plumbline explain '{}' {} {id} --practice {practice} {place}", subject.clinician, card.content.period.month)
}
