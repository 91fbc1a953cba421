//! A dry run: the outcomes of a request's elements, and the gaps behind those that count. It stores nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use codec::formats::record_decoder::{Context, DecodeOutcome};
use scorecard::event::{Codes, Detail, Event};
use scorecard::measure::code_book::{CodeBook, DrugMeaning};
use scorecard::measure::vocabulary::short_system;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::registry::directory::LAST_DAY;
use scorecard::registry::entry::Entry;
use scorecard::registry::identifier::{organisation_key, person_key};
use scorecard::time::calendar::{Day, Timestamp};
use serde::Serialize;
use stream::log::LogError;

use crate::config::source_rights::SourceRights;
use crate::intake::intake_decoder::IntakeDecoder;
use crate::intake::intake_worker::ElementOutcome;
use crate::intake::registry_book::RegistryBook;
use crate::intake::reject_retrier::SOURCE;
use crate::intake::source_check::SourceCheck;
use crate::log::any_log::AnyLog;

/// A gap behind an element that counts: the element is logged, and some number of a card lacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No table maps the code of a prescription.
    UnmappedCode,
    /// The registry has no role of the clinician at the practice.
    ClinicianWithoutRole,
    /// The registry does not describe the practice.
    UnknownPractice,
}

impl GapReason {
    /// Its word in the answer.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            GapReason::UnmappedCode => "unmapped_code",
            GapReason::ClinicianWithoutRole => "clinician_without_role",
            GapReason::UnknownPractice => "unknown_practice",
        }
    }
}

/// A gap of one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElementGap {
    /// Its reason.
    pub reason: GapReason,
    /// The field that names the missing thing.
    pub field: &'static str,
    /// The consequence and the cure. It repeats a code, and never a person.
    pub detail: String,
}

/// The result of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryRunAnswer {
    /// One outcome an element, in order, as the real request would get it.
    pub elements: Vec<ElementOutcome>,
    /// The gaps of each element.
    pub gaps: Vec<Vec<ElementGap>>,
    /// Faulty details, rounded numbers and unknown fields.
    pub decoded: DecodeOutcome,
    /// Elements behind the limit, which were not read.
    pub beyond: u64,
}

/// Reads requests without storing them. It keeps the registry of the log in memory, up to the last dry run.
#[derive(Debug)]
pub struct DryRunner {
    decoder: IntakeDecoder,
    held: Mutex<(SourceCheck, AnyLog)>,
}

impl DryRunner {
    /// A runner with the feeds and codes of this decoder, over a handle of its own on the log.
    #[must_use]
    pub fn new(decoder: &IntakeDecoder, log: AnyLog) -> DryRunner {
        DryRunner { decoder: decoder.clone(), held: Mutex::new((SourceCheck::new(decoder), log)) }
    }

    /// The outcomes of a body. Elements behind `most` are not read.
    ///
    /// # Errors
    /// [`LogError`] when the registry cannot be read.
    pub fn run(
        &self,
        body: &[u8],
        feed: Option<&str>,
        rights: &SourceRights,
        (most, now): (usize, Timestamp),
        codes: &CodeBook,
    ) -> Result<DryRunAnswer, LogError> {
        let position = Position { source: SOURCE.to_owned(), partition: 0, offset: 0, index: None };
        let feed = feed.map(|name| self.decoder.feed(name));
        let context = Context { position: &position, feed, received_at: now, now };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (check, log) = &mut *held;
        // Entries that an earlier dry run accepted are in no log: the second call forgets them.
        check.expire();
        check.expire();
        let (mut answer, mut facts, mut result, mut ordinal) = (DryRunAnswer::default(), BodyFacts::default(), Ok(()), 0);
        answer.decoded = self.decoder.apart().decode_at_most(body, most, &context, &mut |item| {
            if answer.elements.len() == most {
                answer.beyond += 1;
            } else if result.is_ok() {
                match check.checked(log, item, rights, &position, Some(ordinal)) {
                    Ok(item) => {
                        answer.elements.push(ElementOutcome::of(&item));
                        facts.add(&item);
                    }
                    Err(error) => result = Err(error),
                }
            }
            ordinal += 1;
        });
        result?;
        let registry = check.registry(log)?;
        answer.gaps = facts.elements.iter().map(|fact| facts.gaps(fact.as_ref(), registry, codes)).collect();
        drop(held);
        Ok(answer)
    }
}

/// The facts of a body that decide on gaps. Its entries may come behind the events that need them.
#[derive(Debug, Default)]
struct BodyFacts {
    elements: Vec<Option<EventFacts>>,
    /// Names of persons with a role in this body, in normal form.
    with_role: BTreeSet<String>,
    /// Codes and aliases of organisations in this body, in normal form.
    practices: BTreeSet<String>,
    /// Codes of the resources that this body defines.
    definitions: BTreeMap<String, Codes<'static>>,
}

#[derive(Debug)]
struct EventFacts {
    clinician: Option<String>,
    practice: Option<String>,
    day: Day,
    drug: Option<Codes<'static>>,
    reference: Option<String>,
}

impl BodyFacts {
    fn add(&mut self, item: &Item<'_>) {
        let fact = match item {
            Item::Event(feed, event) => EventFacts::of(feed, event),
            Item::Definition(_, definition) => {
                self.definitions.insert(definition.reference.to_string(), owned(&definition.codes));
                None
            }
            Item::Registry(entry) => {
                self.entry(entry);
                None
            }
            Item::Skipped(_) | Item::Reject(_) => None,
        };
        self.elements.push(fact);
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Role(role) => {
                let names = role.aliases.iter().chain([&role.person]);
                self.with_role.extend(names.map(|name| person_key(name).into_owned()));
            }
            Entry::Organisation(organisation) => {
                let names = organisation.aliases.iter().chain([&organisation.code]);
                self.practices.extend(names.map(|name| organisation_key(name).into_owned()));
            }
            _ => {}
        }
    }

    fn gaps(&self, fact: Option<&EventFacts>, registry: &RegistryBook, codes: &CodeBook) -> Vec<ElementGap> {
        let Some(fact) = fact else { return Vec::new() };
        let places = [self.drug(fact, codes), self.role(fact, registry), self.practice(fact, registry)];
        places.into_iter().flatten().collect()
    }

    fn drug(&self, fact: &EventFacts, codes: &CodeBook) -> Option<ElementGap> {
        let drug = fact.drug.as_ref()?;
        let defined = fact.reference.as_ref().map(|reference| self.definitions.get(reference));
        // An earlier record may define a reference that this body does not.
        if codes.drug(drug) != DrugMeaning::Unmapped || defined == Some(None) {
            return None;
        }
        let defined = defined.flatten();
        if defined.is_some_and(|defined| codes.drug(defined) != DrugMeaning::Unmapped) {
            return None;
        }
        let sent = match drug.iter().chain(defined.into_iter().flat_map(Codes::iter)).next() {
            Some(code) => {
                let (system, _) = code.split_once('|').unwrap_or(("", code));
                format!("no table maps the {} code {code}", short_system(system))
            }
            None => "the prescription has no code".to_owned(),
        };
        let detail = format!("{sent}; it counts as an item only, so add the code to a table: see `plumbline codes coverage`");
        Some(ElementGap { reason: GapReason::UnmappedCode, field: "prescription.code", detail })
    }

    fn role(&self, fact: &EventFacts, registry: &RegistryBook) -> Option<ElementGap> {
        let clinician = fact.clinician.as_deref()?;
        let is_known = self.with_role.contains(&*person_key(clinician))
            || registry.has_role(clinician, fact.practice.as_deref().unwrap_or_default(), fact.day);
        let detail = "the registry has no role of this clinician at this practice on this day, so the card is compared with nobody; add \
                      the role to the registry file";
        (!is_known).then(|| ElementGap { reason: GapReason::ClinicianWithoutRole, field: "clinician", detail: detail.to_owned() })
    }

    fn practice(&self, fact: &EventFacts, registry: &RegistryBook) -> Option<ElementGap> {
        let practice = fact.practice.as_deref()?;
        let is_known = self.practices.contains(&*organisation_key(practice)) || registry.describes(practice, fact.day);
        let detail = "the registry does not describe this practice, so it belongs to no network; add the organisation to the registry \
                      file";
        (!is_known).then(|| ElementGap { reason: GapReason::UnknownPractice, field: "practice", detail: detail.to_owned() })
    }
}

impl EventFacts {
    /// The facts of an event that counts.
    fn of(feed: &Feed, event: &Event<'_>) -> Option<EventFacts> {
        let (drug, reference) = match &event.detail {
            Detail::Prescription(Some(fields)) => (Some(owned(&fields.drug)), fields.reference.as_ref().map(ToString::to_string)),
            Detail::Encounter(Some(_)) | Detail::Feedback(Some(_)) | Detail::Order(Some(_)) | Detail::Observation(Some(_)) => {
                (None, None)
            }
            _ => return None,
        };
        let practice = event.practice.as_deref().or(feed.practice.as_deref()).map(str::to_owned);
        let clinician = event.clinician.as_deref().map(str::to_owned);
        Some(EventFacts { clinician, practice, day: event.day.unwrap_or(LAST_DAY), drug, reference })
    }
}

fn owned(codes: &Codes<'_>) -> Codes<'static> {
    codes.iter().map(|coding| coding.to_string().into()).collect()
}
