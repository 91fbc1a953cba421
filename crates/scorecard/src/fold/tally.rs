//! The fold of one partition: events in, rows out. It is deterministic, keeps all state in memory, uses integers only and reads no
//! clock: ticks carry the time.
//!
//! An event goes through [`Tally::apply`]: find the stored fact by identity, compare versions, take the old version out of its row,
//! pick the row of the new one, add it there, and re-evaluate linked facts. [`Tally::cut_with`] gives the changed rows at a tick, and
//! [`Tally::settle`] seals months after it. `docs/internals/protocol.md`, "Facts", states the rules.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use crate::event::{Action, Attendance, Batch, CodeDefinition, Event, IdScope, Source, Versioning};
use crate::fold::case_mix_cell::CaseMixCell;
use crate::fold::code_counts::{CodeCounts, CodeGaps};
use crate::fold::conflict_list::{Conflict, ConflictList};
use crate::fold::content::{Content, FactKind};
use crate::fold::contributions::{Contributions, Contributor};
use crate::fold::drug_codes::Redefinition;
use crate::fold::fact::{Fact, FactId, Facts, Place, Shape};
use crate::fold::fact_builder::{FactBuilder, IdSeeds};
use crate::fold::fast_map::FastMap;
use crate::fold::feed_coverage::CoverageTracker;
use crate::fold::interner::Interner;
use crate::fold::links::Links;
use crate::fold::packed_content::ContentStore;
use crate::fold::row_counters::{Counter, Sign};
use crate::fold::rows::{Attribution, Names, Rows};
use crate::fold::share::Share;
use crate::fold::terms::{Answers, FactClass};
use crate::measure::measure_set::MeasureSet;
use crate::record::log_record::{FeedCoverage, RowKey};
use crate::sums::measure_sums::Sums;
use crate::time::calendar::{Day, Month, Timestamp};
use crate::time::schedule::Schedule;

/// Seconds by which an event's day may be later than its append time, because clocks of source systems can be ahead.
pub const CLOCK_MARGIN_SECONDS: i64 = 86_400;

/// Months between two rows from which a move counts as new. A log without its beginning writes months from the second month after
/// its first record on, so it cannot know that the fact was in a row this many months before.
const LONG_BEFORE_MONTHS: i32 = 2;

/// Counts of logged events by outcome: `logged = accepted + duplicate + stale + conflict + sealed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Newest versions with any action: record, hold or retract.
    pub accepted: u64,
    /// Versions that are already stored.
    pub duplicate: u64,
    /// Versions below the stored one.
    pub stale: u64,
    /// Versions equal to the stored one with different content.
    pub conflict: u64,
    /// Newest versions in a sealed month.
    pub sealed: u64,
    /// Retractions among the accepted.
    pub retracted: u64,
    /// Orders among the accepted whose category no code tells. They count nowhere.
    pub uncategorised: u64,
    /// Feedback among the accepted that answers no known question. It counts nowhere.
    pub unknown_feedback: u64,
}

/// The state of a partition at a counting tick, before the tick seals months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutState {
    /// The first open month.
    pub open_from: Month,
    /// Sum modulo 2^128 of the digests of all open rows.
    pub digest: u128,
    /// Number of open rows.
    pub rows: u64,
    /// Coverage of the feeds, in order of their names.
    pub feeds: Vec<FeedCoverage>,
}

/// The identity of an event, and the number of its own feed, clinician and practice.
#[derive(Clone, Copy, Debug)]
struct EventKeys {
    id: FactId,
    unit: u32,
}

/// The properties that all events of a batch share.
#[derive(Clone, Copy, Debug)]
struct BatchContext {
    /// The feed's interned number.
    feed: u32,
    seeds: IdSeeds,
    versioning: Versioning,
    /// The time at which the log received the batch, and its month.
    received_at: Timestamp,
    arrived: Month,
}

/// The fold of one partition.
#[derive(Debug)]
pub struct Tally {
    schedule: Schedule,
    builder: FactBuilder,
    facts: Facts,
    contents: ContentStore,
    links: Links,
    names: Names,
    rows: Rows,
    contributions: Contributions,
    answers: Interner<Answers>,
    /// The declared practice of each feed, by the feed's interned number.
    declared: FastMap<u32, Option<u32>>,
    seen: CoverageTracker,
    /// Orders whose category no code tells, by the feed's interned number.
    uncategorised_by_feed: FastMap<u32, u64>,
    last: Option<Timestamp>,
    open_from: Month,
    /// The first day of `open_from`.
    open_day: Day,
    /// The first month that the log surely holds in full. Earlier months are never written again.
    reach: Month,
    outcomes: Outcomes,
    conflicts: ConflictList,
    unattributed: u64,
    /// Buffers for the current batch: keys of its events, and days of its accepted events.
    named: Vec<EventKeys>,
    days: Vec<Day>,
}

impl Tally {
    /// An empty fold. `identity_seed` keys the hash of identities. `reach` is the first month that the log surely holds in full:
    /// [`Month::EARLIEST`] for a log that begins at offset 0.
    #[must_use]
    pub fn new(measures: &Arc<MeasureSet>, schedule: &Schedule, identity_seed: u64, reach: Month) -> Tally {
        let mut contributions = Contributions::new(measures.clone());
        let builder = FactBuilder::new(measures, identity_seed, &mut contributions);
        Tally {
            schedule: schedule.clone(),
            builder,
            facts: Facts::default(),
            contents: ContentStore::default(),
            links: Links::default(),
            names: Names::default(),
            rows: Rows::new(measures),
            contributions,
            answers: Interner::default(),
            declared: FastMap::default(),
            seen: CoverageTracker::default(),
            uncategorised_by_feed: FastMap::default(),
            last: None,
            open_from: Month::EARLIEST,
            open_day: Month::EARLIEST.first_day(),
            reach,
            outcomes: Outcomes::default(),
            conflicts: ConflictList::default(),
            unattributed: 0,
            named: Vec::new(),
            days: Vec::new(),
        }
    }

    /// Sets the first month that the log surely holds in full, once its first record is known.
    pub fn reaches_from(&mut self, reach: Month) {
        self.reach = reach;
    }

    /// Folds a batch that the log appended at `appended`.
    pub fn apply(&mut self, batch: &Batch<'_>, appended: Timestamp) {
        let feed = self.names.texts.text(&batch.feed);
        let practice = batch.practice.as_deref().map(|p| self.names.texts.text(p));
        self.declared.insert(feed, practice);
        self.seen.appended(feed, appended);
        let seeds = self.builder.id_seeds(&batch.feed, batch.ids);
        let arrived = self.schedule.zone.day_of(appended.plus_seconds(CLOCK_MARGIN_SECONDS)).month();
        let context = BatchContext { feed, seeds, versioning: batch.versioning, received_at: appended, arrived };
        for definition in &batch.definitions {
            self.define(&context, definition);
        }
        let mut named = std::mem::take(&mut self.named);
        named.extend(batch.events.iter().map(|event| self.name(&context, event)));
        self.touch(&named);
        for (event, named) in batch.events.iter().zip(named.drain(..)) {
            self.event(&context, named, event);
        }
        self.named = named;
        self.days.sort_unstable();
        self.days.dedup();
        self.days.drain(..).for_each(|day| self.seen.day(feed, day));
    }

    /// Stores a definition, and moves the facts that refer to it to the sums of its code.
    fn define(&mut self, context: &BatchContext, definition: &CodeDefinition<'_>) {
        let BatchContext { feed, arrived, .. } = *context;
        let Some(change) = self.builder.drugs.define(feed, definition, arrived, &mut self.contributions) else { return };
        let changed: Vec<(Fact, u32)> = self.facts_with(&change);
        for (fact, row) in &changed {
            self.add(fact, *row, Sign::Minus);
        }
        self.builder.drugs.redefine(&change);
        for (fact, row) in &changed {
            self.add(fact, *row, Sign::Plus);
            self.rows.count(*row, Counter::Amended);
        }
    }

    /// The facts in rows that hold the reference of this change, each once. A slot may hold another fact by now.
    fn facts_with(&self, change: &Redefinition) -> Vec<(Fact, u32)> {
        let mut slots = change.slots.clone().unwrap_or_else(|| self.facts.slots());
        slots.sort_unstable();
        slots.dedup();
        let holding = slots.into_iter().filter_map(|slot| {
            let fact = self.facts.get(slot);
            match fact.place() {
                Place::Row(row) if self.drug_of(fact) == Some(change.reference) => Some((*fact, row)),
                _ => None,
            }
        });
        holding.collect()
    }

    /// The number of a prescription's code or reference.
    fn drug_of(&self, fact: &Fact) -> Option<u32> {
        match fact.kind() {
            FactKind::Prescription => match self.contents.get(FactKind::Prescription, fact.content) {
                Content::Prescription(fields) => Some(fields.code),
                _ => None,
            },
            _ => None,
        }
    }

    fn name(&mut self, context: &BatchContext, event: &Event<'_>) -> EventKeys {
        let feed = context.feed;
        let clinician = event.clinician.as_deref().map(|c| self.names.texts.text(c));
        let practice = event.practice.as_deref().map(|p| self.names.texts.text(p));
        let unit = self.names.units.number(Attribution { feed, clinician, practice });
        EventKeys { id: context.seeds.identity(FactBuilder::kind(event), &event.id), unit }
    }

    /// Loads the index buckets and rows of a batch into the processor's cache together, so that the waits for memory overlap.
    fn touch(&self, named: &[EventKeys]) {
        let facts = named.iter().fold(0, |touched, named| touched ^ self.facts.touch(named.id));
        let rows = named.iter().fold(0, |touched, named| touched ^ self.rows.touch(named.unit));
        std::hint::black_box((facts, rows));
    }

    /// Whether a tick counts: it is later than every earlier tick and not later than its own append time (rules 7 and 10 of the
    /// protocol).
    #[must_use]
    pub fn counts(&self, at: Timestamp, appended: Timestamp) -> bool {
        at <= appended && self.last.is_none_or(|last| at > last)
    }

    /// The last counting tick.
    #[must_use]
    pub fn last_tick(&self) -> Option<Timestamp> {
        self.last
    }

    /// The state at a counting tick. Call [`Tally::settle`] after the rows are written.
    pub fn cut(&mut self) -> CutState {
        let Ok(state) = self.cut_with(|_, _| Ok::<(), Infallible>(()));
        state
    }

    /// The state at a counting tick. Calls `each` for every open row changed since the last cut, in order of their keys.
    ///
    /// # Errors
    /// The error of `each`. Drop the fold after an error: it no longer knows which rows changed.
    pub fn cut_with<E>(&mut self, mut each: impl FnMut(RowKey, &Sums) -> Result<(), E>) -> Result<CutState, E> {
        let open_from = self.open_from.max(self.reach);
        self.rows.take_changed(&self.names, |key, sums| if key.month >= open_from { each(key, sums) } else { Ok(()) })?;
        let (digest, rows) = self.rows.digest_from(open_from);
        Ok(CutState { open_from, digest, rows, feeds: self.feeds_with_kinds(open_from) })
    }

    /// Coverage of the feeds with the kinds that they sent from this month on.
    fn feeds_with_kinds(&self, from: Month) -> Vec<FeedCoverage> {
        let name = |text: u32| self.names.texts.value(text).clone();
        let kinds = self.rows.kinds.by_feed(from, name);
        self.seen.state(name, |feed| kinds.get(&feed).cloned().unwrap_or_default())
    }

    /// Coverage of the feeds without kinds, in order of their names.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedCoverage> {
        self.seen.state(|feed| self.names.texts.value(feed).clone(), |_| Vec::new())
    }

    /// All open rows at this cut, in order of their keys.
    pub fn all_rows<'a>(&'a self, cut: &CutState) -> impl Iterator<Item = (RowKey, Sums)> + use<'a> {
        let from = cut.open_from;
        let open = self.rows.all(&self.names).into_iter().filter(move |&slot| self.rows.month(slot) >= from);
        open.map(|slot| (self.rows.key(slot, &self.names), self.rows.sums(slot)))
    }

    /// Applies the counting tick `at`: it seals months, and removes facts that no later event can change.
    pub fn settle(&mut self, at: Timestamp) {
        self.last = Some(at);
        let open_from = self.schedule.open_from(at);
        if open_from <= self.open_from {
            return;
        }
        self.open_from = open_from;
        self.open_day = open_from.first_day();
        for slot in self.facts.slots() {
            self.close_fact(slot, open_from);
        }
        self.rows.seal(open_from);
        self.seen.seal(open_from);
        if self.builder.drugs.has_references() {
            let held = self.facts.slots().into_iter();
            let held: Vec<(u32, u32)> = held.filter_map(|slot| Some((slot, self.drug_of(self.facts.get(slot))?))).collect();
            self.builder.drugs.forget(open_from, held.into_iter());
        }
    }

    fn close_fact(&mut self, slot: u32, open_from: Month) {
        let fact = *self.facts.get(slot);
        let row_month = match fact.place() {
            Place::Row(row) => Some(self.rows.month(row)),
            _ => None,
        };
        let named = fact.day().map(Day::month).max(row_month);
        if fact.arrived().max(named.unwrap_or(Month::EARLIEST)) < open_from {
            self.links.remove(slot);
            self.builder.forget_pca(fact.id());
            self.contents.release(fact.content);
            self.facts.remove(slot);
        } else if row_month.is_some_and(|month| month < open_from) {
            self.facts.get_mut(slot).set_place(Place::Sealed);
        }
    }

    fn event(&mut self, context: &BatchContext, named: EventKeys, event: &Event<'_>) {
        let (id, arrived) = (named.id, context.arrived);
        let content_hash = self.builder.content_hash(event);
        let found = self.facts.find(id);
        let old = found.map(|slot| *self.facts.get(slot));
        let conflicts = self.outcomes.conflict;
        let Some(rank) = self.rank(context.versioning, event, content_hash, old.as_ref()) else {
            if self.outcomes.conflict > conflicts {
                self.keep_conflict(context, event);
            }
            if let Some(slot) = found
                && context.versioning == Versioning::Arrival
            {
                self.arrive_again(slot, event, content_hash);
            }
            return;
        };
        let mut fact = self.fact_of(context, named, rank, content_hash, event);
        fact.set_arrived(arrived);
        if let (Action::Record, Some(day)) = (event.action, event.day) {
            self.days.push(day);
        }
        let before = found.and_then(|slot| self.links.target(slot));
        let slot = match found {
            Some(slot) => self.replace(slot, fact),
            None => self.facts.insert(fact),
        };
        if self.builder.drugs.is_awaited()
            && let Some(number) = self.drug_of(&fact)
        {
            self.builder.drugs.wait(number, slot);
        }
        let link = event.link.as_deref().filter(|_| self.builder.needs_link(event)).map(|l| context.seeds.linked(l));
        if let Some(target) = link {
            self.facts.get_mut(slot).mark_link();
            self.links.insert(slot, target);
        }
        self.builder.keep_pca(id, self.facts.get_mut(slot), event);
        let sealed = self.stand(slot, old.map_or(Place::Nowhere, |o| o.place()));
        self.count(&fact, old.as_ref(), sealed);
        self.follow(id, before, link);
    }

    /// Gives a version that arrives again the rank of its last arrival. Without it, a version that arrived between the two but is
    /// behind them in the log would count.
    fn arrive_again(&mut self, slot: u32, event: &Event<'_>, content_hash: u32) {
        let fact = self.facts.get_mut(slot);
        if fact.content_hash == content_hash {
            fact.raise_rank(event.version.map_or(0, |version| version.saturating_mul(2)));
        }
    }

    fn keep_conflict(&mut self, context: &BatchContext, event: &Event<'_>) {
        self.conflicts.push(Conflict {
            feed: self.names.texts.value(context.feed).clone(),
            id: event.id.to_string(),
            version: event.version.unwrap_or_default(),
            received_at: context.received_at,
        });
    }

    /// Voids every version so far of an event of a feed, as the operator's fence demands. The next version counts as the first.
    ///
    /// This is the one operation whose place among the events of its id matters. Every reader of the partition sees the same place.
    pub fn fence(&mut self, feed: &str, id: &str) {
        for identity in self.builder.identities(feed, id) {
            if let Some(slot) = self.facts.find(identity) {
                self.void(slot);
            }
        }
    }

    /// Removes a fact and its contribution, and re-evaluates the facts that its links concern.
    fn void(&mut self, slot: u32) {
        let fact = *self.facts.get(slot);
        let target = self.links.target(slot);
        if let Place::Row(row) = fact.place() {
            self.add(&fact, row, Sign::Minus);
        }
        self.count_move(fact.place(), Place::Nowhere);
        self.unattributed -= u64::from(fact.place() == Place::Unattributed);
        self.links.remove(slot);
        self.builder.forget_pca(fact.id());
        self.contents.release(fact.content);
        self.facts.remove(slot);
        self.follow(fact.id(), target, None);
    }

    /// The rank of a version above the stored one. For any other version it counts the outcome and returns `None`.
    fn rank(&mut self, versioning: Versioning, event: &Event<'_>, content_hash: u32, old: Option<&Fact>) -> Option<u64> {
        let outcomes = &mut self.outcomes;
        let Some(version) = event.version else {
            // A delete without a version ranks half a version above the stored one.
            return match old {
                Some(old) if old.action() == Action::Retract => {
                    outcomes.duplicate += 1;
                    None
                }
                Some(old) => Some(old.rank() + 1),
                None => Some(1),
            };
        };
        let rank = version.saturating_mul(2);
        let Some(old) = old else { return Some(rank) };
        let same = content_hash == old.content_hash;
        match rank.cmp(&old.rank()) {
            _ if same && versioning == Versioning::Arrival => outcomes.duplicate += 1,
            // Two records may arrive in one millisecond. The log keeps their order.
            std::cmp::Ordering::Equal if versioning == Versioning::Arrival => return Some(rank),
            std::cmp::Ordering::Equal if same => outcomes.duplicate += 1,
            std::cmp::Ordering::Equal => outcomes.conflict += 1,
            std::cmp::Ordering::Less => outcomes.stale += 1,
            std::cmp::Ordering::Greater => return Some(rank),
        }
        None
    }

    /// The fact of this event, in no row yet.
    fn fact_of(&mut self, context: &BatchContext, named: EventKeys, rank: u64, content_hash: u32, event: &Event<'_>) -> Fact {
        let within = (context.feed, context.arrived);
        let content = self.builder.content(event, within, &mut self.contributions, &mut self.answers);
        let mut fact =
            Fact::new(named.id, rank, content_hash, named.unit, FactBuilder::traits(event), self.contents.keep(&content));
        fact.set_day(event.day);
        fact.set_patient(FactBuilder::signs(event), FactBuilder::cell(event));
        if FactBuilder::is_countless(&content, &self.answers) {
            fact.mark_countless();
        }
        fact
    }

    /// The content of a fact with the number of the code that its reference represents.
    fn content_of(&self, fact: &Fact) -> Content {
        let mut content = self.contents.get(fact.kind(), fact.content);
        if let Content::Prescription(fields) = &mut content {
            fields.code = self.builder.drugs.code(fields.code);
        }
        content
    }

    /// Takes the old version out of its row and stores the new version in its slot.
    fn replace(&mut self, slot: u32, fact: Fact) -> u32 {
        let old = *self.facts.get(slot);
        if let Place::Row(row) = old.place() {
            self.add(&old, row, Sign::Minus);
        }
        self.unattributed -= u64::from(old.place() == Place::Unattributed);
        if old.has_link() {
            self.links.remove(slot);
        }
        self.builder.forget_pca(old.id());
        self.contents.release(old.content);
        *self.facts.get_mut(slot) = fact;
        slot
    }

    fn add(&mut self, fact: &Fact, row: u32, sign: Sign) {
        let content = self.content_of(fact);
        let one = contributor(fact, &content, &self.answers, &self.builder);
        match self.contributions.plan(one, self.rows.layout()) {
            Some(plan) => self.rows.apply(row, plan, &content, fact.patient(), sign),
            None => {
                let addend = self.contributions.addend(one, self.rows.layout());
                self.rows.add(row, &addend, fact.patient(), sign);
            }
        }
        self.rows.count_kinds(row, fact, &content, sign);
    }

    /// Adds a fact that is in no row to its row, and counts the move from `before`. Returns whether its month is sealed.
    fn stand(&mut self, slot: u32, before: Place) -> bool {
        let (place, shape, sealed) = match self.is_past(slot, before) {
            true => (Place::Nowhere, self.shape(slot, self.facts.get(slot)), true),
            false => self.placement(slot),
        };
        let cell = self.cell(slot);
        let fact = self.facts.get_mut(slot);
        fact.set_place(place);
        fact.set_shape(shape);
        fact.set_cell(cell);
        let fact = *fact;
        if let Place::Row(row) = place {
            self.add(&fact, row, Sign::Plus);
        }
        self.unattributed += u64::from(place == Place::Unattributed);
        self.count_move(before, place);
        sealed
    }

    /// Whether a version is too late for its link to count: its own month is sealed and the event was in no open row.
    ///
    /// The tally may already have removed such an event, even with a newer version. Removal must never change a card.
    fn is_past(&self, slot: u32, before: Place) -> bool {
        let fact = self.facts.get(slot);
        let sealed = fact.day().is_some_and(|day| day < self.open_day);
        fact.action() == Action::Record && sealed && !matches!(before, Place::Row(_))
    }

    /// Updates the counters of the rows between which a fact moved. A sealed row counts as no row. A fact from
    /// [`LONG_BEFORE_MONTHS`] or more before counts as new.
    fn count_move(&mut self, before: Place, after: Place) {
        match (before, after) {
            (Place::Row(old), Place::Row(new)) => {
                let from_long_before = self.rows.month(old).plus(LONG_BEFORE_MONTHS) <= self.rows.month(new);
                self.rows.count(new, if from_long_before { Counter::Recorded } else { Counter::Amended });
                if old != new {
                    self.rows.count(old, Counter::Amended);
                }
            }
            (_, Place::Row(new)) => self.rows.count(new, Counter::Recorded),
            (Place::Row(old), _) => self.rows.count(old, Counter::Retracted),
            _ => {}
        }
    }

    fn count(&mut self, fact: &Fact, old: Option<&Fact>, sealed: bool) {
        let action = fact.action();
        let from_sealed = action != Action::Record && old.is_some_and(|o| o.place() == Place::Sealed);
        if sealed || from_sealed {
            self.outcomes.sealed += 1;
            return;
        }
        self.outcomes.accepted += 1;
        self.outcomes.retracted += u64::from(action == Action::Retract);
        if action != Action::Record || !fact.is_countless() {
            return;
        }
        match fact.kind() {
            FactKind::Order => {
                self.outcomes.uncategorised += 1;
                let feed = self.names.units.value(fact.unit).feed;
                *self.uncategorised_by_feed.entry(feed).or_default() += 1;
            }
            FactKind::Feedback => self.outcomes.unknown_feedback += 1,
            FactKind::Encounter | FactKind::Prescription | FactKind::Observation => {}
        }
    }

    /// The row and the shape of a fact by its own values and its link, and whether its month is sealed.
    fn placement(&mut self, slot: u32) -> (Place, Shape, bool) {
        let fact = *self.facts.get(slot);
        let shape = self.shape(slot, &fact);
        if fact.action() != Action::Record {
            return (Place::Nowhere, shape, false);
        }
        let target = self.live_target(slot, &fact);
        let own = *self.names.units.value(fact.unit);
        let linked = target.map(|t| *self.names.units.value(t.unit));
        let linked_day = target.filter(|_| fact.kind() == FactKind::Feedback).and_then(|t| t.day());
        let Some(day) = linked_day.or(fact.day()) else { return (Place::Nowhere, shape, false) };
        let month = day.month();
        if month < self.open_from {
            return (Place::Nowhere, shape, true);
        }
        if fact.is_countless() {
            return (Place::Nowhere, shape, false);
        }
        let Some(clinician) = own.clinician.or(linked.and_then(|u| u.clinician)) else {
            return (Place::Unattributed, shape, false);
        };
        let declared = || self.declared.get(&own.feed).copied().flatten();
        let practice = own.practice.or(linked.and_then(|u| u.practice)).or_else(declared);
        let unit = Attribution { feed: own.feed, clinician: Some(clinician), practice };
        let number = if unit == own { fact.unit } else { self.names.units.number(unit) };
        (Place::Row(self.rows.slot(number, unit, month)), shape, false)
    }

    /// The case-mix cell of a fact: its own, else that of its encounter.
    fn cell(&self, slot: u32) -> Option<CaseMixCell> {
        let fact = self.facts.get(slot);
        fact.own_cell().or_else(|| self.live_target(slot, fact)?.own_cell())
    }

    /// The linked encounter, if it counts and its month is not sealed.
    fn live_target(&self, slot: u32, fact: &Fact) -> Option<Fact> {
        let target = fact.has_link().then(|| self.links.target(slot)).flatten()?;
        let target = self.facts.get(self.facts.find(target)?);
        self.is_live(target).then_some(*target)
    }

    fn is_live(&self, fact: &Fact) -> bool {
        fact.kind() == FactKind::Encounter
            && fact.action() == Action::Record
            && fact.day().is_some_and(|day| day >= self.open_day)
    }

    fn shape(&self, slot: u32, fact: &Fact) -> Shape {
        if fact.kind() != FactKind::Encounter {
            return Shape::default();
        }
        match fact.source() {
            Source::Whole => Shape { activity: true, attendance: true, came: false },
            Source::Visit => {
                let named = self.live_target(slot, fact).is_some_and(|t| t.source() == Source::Slot);
                Shape { activity: true, attendance: !named, came: false }
            }
            Source::Slot => {
                let visited = self.links.referrers(fact.id()).iter().any(|&s| self.is_finished_visit(self.facts.get(s)));
                Shape { activity: !visited, attendance: true, came: visited }
            }
        }
    }

    fn is_finished_visit(&self, fact: &Fact) -> bool {
        self.is_live(fact) && fact.source() == Source::Visit && fact.status() == Attendance::Attended
    }

    /// Re-evaluates the other side of each link of a changed event: facts that name it, and its old and new target.
    fn follow(&mut self, id: FactId, before: Option<FactId>, now: Option<FactId>) {
        let mut touched: Vec<u32> = self.links.referrers(id).to_vec();
        touched.extend([before, now].into_iter().flatten().filter_map(|target| self.facts.find(target)));
        for slot in touched {
            self.reconsider(slot);
        }
    }

    /// Whether only a new version of the event itself can still move it: it is in a sealed month, or in no row with a sealed month of
    /// its own. The tally may remove such a fact at any time, so a linked event must not move it.
    fn is_closed(&self, fact: &Fact) -> bool {
        match fact.place() {
            Place::Row(_) => false,
            Place::Sealed => true,
            Place::Nowhere | Place::Unattributed => fact.day().is_some_and(|day| day < self.open_day),
        }
    }

    fn reconsider(&mut self, slot: u32) {
        let fact = *self.facts.get(slot);
        if fact.action() != Action::Record || self.is_closed(&fact) {
            return;
        }
        let ((place, shape, _), cell) = (self.placement(slot), self.cell(slot));
        let is_moved = place != fact.place() || shape != fact.shape();
        if !is_moved && (cell == fact.cell() || !self.builder.adjusts(fact.kind())) {
            // No sum depends on the cell.
            self.facts.get_mut(slot).set_cell(cell);
            return;
        }
        if let Place::Row(row) = fact.place() {
            self.add(&fact, row, Sign::Minus);
        }
        self.unattributed -= u64::from(fact.place() == Place::Unattributed);
        self.stand(slot, fact.place());
    }

    /// The shares of all events in the wanted rows. At a cut, before [`Tally::settle`], they include rows of the months that it seals.
    #[must_use]
    pub fn shares(&self, wanted: &dyn Fn(&RowKey) -> bool) -> Vec<Share> {
        let mut keys: std::collections::HashMap<u32, Option<RowKey>> = std::collections::HashMap::new();
        let mut shares = Vec::new();
        for slot in self.facts.slots() {
            let fact = self.facts.get(slot);
            let Place::Row(row) = fact.place() else { continue };
            let key = keys.entry(row).or_insert_with(|| Some(self.rows.key(row, &self.names)).filter(wanted));
            let Some(row) = key.clone() else { continue };
            let content = self.content_of(fact);
            let measures = self.contributions.shares(contributor(fact, &content, &self.answers, &self.builder));
            // Only records are in rows, and the rank of a record is twice its version.
            shares.push(Share {
                identity: fact.id(),
                version: fact.rank() / 2,
                content_hash: fact.content_hash,
                row,
                day: fact.day(),
                cell: fact.cell(),
                measures,
            });
        }
        shares
    }

    /// The identity of an event, as its [`Share`] names it.
    #[must_use]
    pub fn identity(&self, feed: &str, ids: IdScope, event: &Event<'_>) -> FactId {
        self.builder.id_seeds(feed, ids).identity(FactBuilder::kind(event), &event.id)
    }

    /// The hash of an event's content, as its [`Share`] names it.
    pub fn content_hash(&self, event: &Event<'_>) -> u32 {
        self.builder.content_hash(event)
    }

    /// Counts of all events so far by outcome.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        self.outcomes
    }

    /// The latest conflicts.
    #[must_use]
    pub fn conflicts(&self) -> &ConflictList {
        &self.conflicts
    }

    /// The prescriptions so far, and those with an unmapped drug.
    #[must_use]
    pub fn code_counts(&self) -> &CodeCounts {
        self.builder.drugs.counts()
    }

    /// The feeds with versions whose codes have no meaning, in order of their names.
    #[must_use]
    pub fn code_gaps(&self) -> BTreeMap<Arc<str>, CodeGaps> {
        let mut feeds: BTreeMap<Arc<str>, CodeGaps> = BTreeMap::new();
        let name = |feed: &u32| self.names.texts.value(*feed).clone();
        for (feed, &number) in self.builder.drugs.unmapped_by_feed() {
            feeds.entry(name(feed)).or_default().prescriptions = number;
        }
        for (feed, &number) in &self.uncategorised_by_feed {
            feeds.entry(name(feed)).or_default().orders = number;
        }
        feeds
    }

    /// Facts that count but have no clinician and therefore no row, removed ones included.
    #[must_use]
    pub fn unattributed(&self) -> u64 {
        self.unattributed
    }

    /// Number of facts.
    #[must_use]
    pub fn facts(&self) -> u64 {
        self.facts.len() as u64
    }

    /// Bytes of facts, their contents and their index.
    #[must_use]
    pub fn fact_bytes(&self) -> u64 {
        (self.facts.bytes() + self.contents.bytes()) as u64
    }

    /// Number of open rows.
    #[must_use]
    pub fn row_count(&self) -> u64 {
        self.rows.len() as u64
    }
}

/// The properties of a fact that decide its contribution.
fn contributor<'a>(
    fact: &Fact,
    content: &'a Content,
    answers: &'a Interner<Answers>,
    builder: &'a FactBuilder,
) -> Contributor<'a> {
    let answers = match content {
        Content::Feedback { answers: number } => Some(answers.value(*number)),
        _ => None,
    };
    let classed = FactClass { content, status: fact.status(), shape: fact.shape(), answers };
    Contributor { classed, exclude: fact.exclude(), pca: builder.pca(fact) }
}
