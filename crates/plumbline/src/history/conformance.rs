//! The conformance of a source: what its events get right, each with what was seen.
//!
//! It holds one entry for each event, so the memory grows with the number of events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use codec::formats::record_decoder::DecodeOutcome;
use scorecard::event::{Action, Detail, Event};
use scorecard::record::item::{Feed, Item};
use scorecard::time::calendar::Timestamp;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::terminal::count::counted;

/// The judgement of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Seen, and right.
    Passed,
    /// Seen, and wrong.
    Failed,
    /// Not seen, so nobody knows.
    NotSeen,
}

/// One thing that a source must get right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConformanceCheck {
    /// Its name, which never changes.
    pub name: &'static str,
    /// Its judgement.
    pub judgement: Judgement,
    /// The evidence: counts and fields.
    pub seen: String,
    /// The cure; empty unless it failed.
    pub cure: &'static str,
}

/// One version of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SeenVersion {
    version: u64,
    action: Action,
    content: u64,
}

/// Everything that the checks need.
#[derive(Debug, Default)]
pub struct Conformance {
    now: Option<Timestamp>,
    /// Versions by feed and id, in the order of arrival.
    events: BTreeMap<(String, String), Vec<SeenVersion>>,
    /// Links of events with their feed.
    links: Vec<(String, String)>,
    rejects: BTreeMap<String, u64>,
    decoded: DecodeOutcome,
    counts: BTreeMap<&'static str, u64>,
    feeds: BTreeSet<String>,
    costs: Vec<u32>,
}

impl Conformance {
    /// Nothing seen yet. `now` decides on the future.
    #[must_use]
    pub fn new(now: Timestamp) -> Conformance {
        Conformance { now: Some(now), ..Conformance::default() }
    }

    /// Adds an element.
    pub fn add(&mut self, item: &Item<'_>) {
        match item {
            Item::Event(feed, event) => self.event(feed, event),
            Item::Registry(_) => self.count("registry"),
            Item::Reject(reject) => *self.rejects.entry(reject.reason.clone()).or_default() += 1,
            Item::Definition(..) | Item::Skipped(_) => {}
        }
    }

    /// Adds the warnings of a record.
    pub fn add_decoded(&mut self, decoded: DecodeOutcome) {
        self.decoded.add(decoded);
    }

    /// Adds a record that cannot be read at all.
    pub fn add_unreadable(&mut self) {
        *self.rejects.entry("unreadable".to_owned()).or_default() += 1;
    }

    fn count(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    fn get(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    fn event(&mut self, feed: &Feed, event: &Event<'_>) {
        self.count("events");
        self.feeds.insert(feed.name.to_string());
        let key = (feed.name.to_string(), event.id.to_string());
        let content = xxh3_64(format!("{:?}", Event { recorded_at: None, ..event.clone() }).as_bytes());
        let version = event.version.unwrap_or(u64::MAX);
        self.events.entry(key).or_default().push(SeenVersion { version, action: event.action, content });
        if event.action == Action::Retract {
            return self.count("retractions");
        }
        let present = [
            ("practice", event.practice.is_some() || feed.practice.is_some()),
            ("patient", event.patient.is_some()),
            ("recorded", event.recorded_at.is_some()),
            ("sex", event.sex.is_some()),
            ("age", event.age_band.is_some()),
        ];
        present.into_iter().filter(|(_, is)| *is).for_each(|(name, _)| self.count(name));
        if let (Some(recorded), Some(occurred)) = (event.recorded_at, event.occurred_at)
            && recorded < occurred
        {
            self.count("recorded before");
        }
        if self.now.is_some_and(|now| event.recorded_at.is_some_and(|recorded| recorded > now)) {
            self.count("recorded later");
        }
        if let Some(link) = &event.link {
            self.links.push((feed.name.to_string(), link.to_string()));
        }
        self.kind(event);
    }

    fn kind(&mut self, event: &Event<'_>) {
        match &event.detail {
            Detail::Encounter(Some(encounter)) => {
                self.count("encounters");
                if let Some(booked) = encounter.booked_at {
                    self.count("booked");
                    if event.occurred_at.is_some_and(|occurred| booked > occurred) {
                        self.count("booked later");
                    }
                }
                if encounter.minutes.is_some() {
                    self.count("minutes");
                }
            }
            Detail::Prescription(Some(prescription)) => {
                self.count("prescriptions");
                if prescription.drug.is_empty() && prescription.reference.is_none() {
                    self.count("without code");
                }
                if prescription.quantity_milli.is_some() {
                    self.count("quantity");
                }
                self.costs.extend(prescription.cost_pence);
            }
            Detail::Feedback(Some(_)) => self.count("feedback"),
            Detail::Order(Some(_)) => self.count("orders"),
            _ => {}
        }
    }

    /// The checks, in the order of the page on conformance.
    #[must_use]
    pub fn checks(&self) -> Vec<ConformanceCheck> {
        [self.of_elements(), self.of_versions(), self.of_times(), self.of_people(), self.of_kinds()].concat()
    }

    fn of_elements(&self) -> Vec<ConformanceCheck> {
        let rejected: u64 = self.rejects.values().sum();
        let reasons: Vec<String> = self.rejects.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        let all = self.get("events") + rejected;
        let [dropped, rounded] = [&self.decoded.dropped_details, &self.decoded.rounded_details];
        let named = |counts: &BTreeMap<std::borrow::Cow<'static, str>, u64>| {
            let parts: Vec<String> = counts.iter().map(|(field, count)| format!("{count} {field}")).collect();
            if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
        };
        vec![
            check(
                "accepted",
                all,
                rejected,
                format!("{rejected} of {all} rejected{reasons}"),
                "repair the export; `plumbline replay` lists each reject",
            ),
            check(
                "one_feed",
                all,
                u64::from(self.feeds.len() > 1),
                counted(self.feeds.len() as u64, "feed", "feeds"),
                "send one feed for each source system, and keep its name",
            ),
            check(
                "details_readable",
                all,
                dropped.values().sum(),
                format!("absent because faulty: {}", named(dropped)),
                "correct these fields: their measures lack them",
            ),
            check(
                "thousandths",
                all,
                rounded.values().sum(),
                format!("rounded: {}", named(rounded)),
                "send at most three decimals",
            ),
            check(
                "known_fields",
                all,
                self.decoded.unknown_fields,
                counted(self.decoded.unknown_fields, "unknown field", "unknown fields"),
                "correct the names of fields, or leave them out",
            ),
        ]
    }

    fn of_versions(&self) -> Vec<ConformanceCheck> {
        let (mut several, mut amended, mut repeated, mut conflicts, mut backwards) = (0, 0, 0, 0, 0);
        let (mut retracted, mut unknown) = (0, 0);
        for versions in self.events.values() {
            several += u64::from(versions.len() > 1);
            let retracts = versions.iter().filter(|seen| seen.action == Action::Retract).count() as u64;
            retracted += retracts;
            if retracts == versions.len() as u64 {
                unknown += retracts;
            }
            for pair in versions.windows(2) {
                amended += u64::from(pair[1].version > pair[0].version && pair[1].action == Action::Record);
                backwards += u64::from(pair[1].version < pair[0].version);
                if pair[1].version == pair[0].version {
                    if pair[1].content == pair[0].content { repeated += 1 } else { conflicts += 1 }
                }
            }
        }
        let times = |count: u64| counted(count, "time", "times");
        vec![
            check("amended", amended, 0, format!("amended {}", times(amended)), ""),
            check(
                "versions_have_one_content",
                several,
                conflicts,
                format!("{} another content under the same version", times(conflicts)),
                "raise the version with every change",
            ),
            check(
                "versions_grow",
                several,
                backwards,
                format!("{} an older version behind a newer one", times(backwards)),
                "send versions in their order; the newest counts in any order",
            ),
            check(
                "repeats_are_equal",
                repeated + conflicts,
                conflicts,
                format!("{} sent again without a change", times(repeated)),
                "send an unchanged event byte by byte, or not at all",
            ),
            check("retracted", retracted, 0, format!("retracted {}", times(retracted)), ""),
            check(
                "retractions_name_what_was_sent",
                retracted,
                unknown,
                format!("{} an event that was never recorded here", times(unknown)),
                "retract with the feed and the id of the record",
            ),
        ]
    }

    fn of_times(&self) -> Vec<ConformanceCheck> {
        let events = self.get("events") - self.get("retractions");
        let offsets =
            self.rejects.get("malformed_value").copied().unwrap_or(0) + self.rejects.get("date_too_coarse").copied().unwrap_or(0);
        let future = self.rejects.get("in_the_future").copied().unwrap_or(0);
        let recorded = self.get("recorded");
        vec![
            check(
                "times_have_offsets",
                events + offsets,
                offsets,
                format!("{offsets} times or values cannot be read"),
                "send times as 2026-10-05T09:41:00+01:00",
            ),
            check(
                "nothing_in_the_future",
                events + future,
                future + self.get("recorded later"),
                format!("{future} events ahead of the clock, {} recorded ahead of it", self.get("recorded later")),
                "check clock and zone of the source",
            ),
            check("recorded_at", recorded, 0, format!("{recorded} of {events} events have recorded_at"), ""),
            check(
                "recorded_after_it_happened",
                recorded,
                self.get("recorded before"),
                format!("{} events recorded before they happened", self.get("recorded before")),
                "send the time of the last change as recorded_at",
            ),
        ]
    }

    fn of_people(&self) -> Vec<ConformanceCheck> {
        let events = self.get("events") - self.get("retractions");
        let impossible: u64 = self.decoded.impossible_numbers.values().sum();
        let systems: Vec<String> =
            self.decoded.impossible_numbers.iter().map(|(system, count)| format!("{count} {system}")).collect();
        let clinicians = self.rejects.get("missing_clinician").copied().unwrap_or(0);
        let lacks = |name: &str| events - self.get(name);
        let of = |name: &str| format!("{} of {events} events", self.get(name));
        vec![
            check(
                "clinician",
                events + clinicians,
                clinicians,
                format!("{clinicians} events without a clinician"),
                "name the clinician who acted",
            ),
            check(
                "clinician_numbers",
                events,
                impossible,
                format!(
                    "not of the form of their system: {}",
                    if systems.is_empty() { "none".to_owned() } else { systems.join(", ") }
                ),
                "send numbers as they are printed, with leading zeros",
            ),
            check(
                "practice",
                events,
                lacks("practice"),
                of("practice"),
                "name the practice where it happened, or declare it for the feed",
            ),
            check(
                "patient",
                events,
                if self.get("patient") == 0 { events } else { 0 },
                of("patient"),
                "send the NHS number or a local id; it is stored as a pseudonym",
            ),
            check(
                "age_and_sex",
                events,
                if self.get("age") == 0 || self.get("sex") == 0 { events } else { 0 },
                format!("{} with an age, {} with a sex", of("age"), self.get("sex")),
                "send born and sex, for fair comparison",
            ),
        ]
    }

    fn of_kinds(&self) -> Vec<ConformanceCheck> {
        let dangling = self.links.iter().filter(|link| !self.events.contains_key(*link)).count() as u64;
        let mut costs = self.costs.clone();
        costs.sort_unstable();
        let median = costs.get(costs.len() / 2).copied().unwrap_or(0);
        // An item costs about 8 pounds in England; a median below 20 pence means pounds.
        let in_pounds = u64::from(!costs.is_empty() && median < 20);
        let (encounters, prescriptions) = (self.get("encounters"), self.get("prescriptions"));
        let booked = self.get("booked");
        vec![
            check(
                "links_lead_to_events",
                self.links.len() as u64,
                dangling,
                format!("{dangling} of {} links lead to no event here", self.links.len()),
                "send the encounter under the id that others name",
            ),
            check(
                "booked_before",
                booked,
                self.get("booked later"),
                format!("{} of {booked} booked after the appointment", self.get("booked later")),
                "send the time of booking as booked_at",
            ),
            check(
                "minutes",
                encounters,
                if self.get("minutes") == 0 { encounters } else { 0 },
                format!("{} of {encounters} encounters", self.get("minutes")),
                "send the duration in minutes",
            ),
            check(
                "drug_codes",
                prescriptions,
                self.get("without code"),
                format!("{} of {prescriptions} without a code", self.get("without code")),
                "send a BNF, dm+d or SNOMED code",
            ),
            check(
                "quantities",
                prescriptions,
                if self.get("quantity") == 0 { prescriptions } else { 0 },
                format!("{} of {prescriptions} prescriptions", self.get("quantity")),
                "send the quantity as a number",
            ),
            check(
                "costs_in_pence",
                costs.len() as u64,
                in_pounds,
                format!("the middle cost is {median} pence"),
                "send whole pence, not pounds",
            ),
        ]
    }
}

/// `seen` things, `wrong` of them.
fn check(name: &'static str, seen: u64, wrong: u64, text: String, cure: &'static str) -> ConformanceCheck {
    let judgement = match (seen, wrong) {
        (_, 1..) => Judgement::Failed,
        (0, 0) => Judgement::NotSeen,
        (1.., 0) => Judgement::Passed,
    };
    ConformanceCheck { name, judgement, seen: text, cure: if judgement == Judgement::Failed { cure } else { "" } }
}

/// The checks as lines for people.
#[must_use]
pub fn table(checks: &[ConformanceCheck]) -> String {
    let mut text = String::new();
    for ConformanceCheck { name, judgement, seen, cure } in checks {
        let word = match judgement {
            Judgement::Passed => "passed",
            Judgement::Failed => "FAILED",
            Judgement::NotSeen => "not seen",
        };
        let cure = if cure.is_empty() { String::new() } else { format!("; {cure}") };
        writeln!(text, "{word:<9} {name:<31} {seen}{cure}").expect("a text takes everything");
    }
    let count = |wanted| checks.iter().filter(|check| check.judgement == wanted).count();
    let [passed, failed, unseen] = [Judgement::Passed, Judgement::Failed, Judgement::NotSeen].map(count);
    writeln!(text, "{passed} passed, {failed} failed, {unseen} not seen").expect("a text takes everything");
    text
}
