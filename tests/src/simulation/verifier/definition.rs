//! The correct rows of a partition: one batch computation over the whole log.
//!
//! It keeps every version in plain maps and sums all of them again at every counting tick. It is slow and simple on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use scorecard::event::{Action, Answer, Attendance, Batch, Codes, Detail, Event, IdScope, Prescription, Sex, Source, Versioning};
use scorecard::record::log_record::RowKey;
use scorecard::time::calendar::{Day, Month, Timestamp};

use crate::simulation::counted_fact::{CountedFact, DrugCode};
use crate::simulation::measure_sets::{LATER_DRESSING, LATER_DRUG};
use crate::simulation::plan::DAY;
use crate::simulation::verifier::figures::Figures;
use crate::simulation::verifier::kind_days::KindDays;
use crate::simulation::verifier::month_states::MonthStates;

/// The sums of all rows of a partition at a tick.
pub(crate) type Rows = BTreeMap<RowKey, Figures>;

/// A tick that is not ahead of the log's clock.
#[derive(Clone, Debug)]
pub(crate) struct TickState {
    /// Whether it is later than every earlier tick. Where the log lost its beginning, a repeated tick may count for readers that
    /// no longer see the first one.
    pub counts: bool,
    /// The instant.
    pub at: Timestamp,
    /// The offset.
    pub position: u64,
    /// The first month that was open before it.
    pub open_from: Month,
    /// The rows of open months.
    pub rows: Rc<Rows>,
    /// The events of these rows by kind and day.
    pub kinds: Rc<KindDays>,
}

/// Outcomes of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventOutcomes {
    pub accepted: u64,
    pub duplicate: u64,
    pub stale: u64,
    pub conflict: u64,
    pub sealed: u64,
    pub retracted: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Unattributed,
    Sealed,
    Row(RowKey),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    activity: bool,
    attendance: bool,
    came: bool,
}

#[derive(Clone, Debug)]
struct KnownVersions {
    rank: u64,
    event: Event<'static>,
    signs: [i64; 4],
    arrived: Month,
    place: Place,
    shape: Shape,
    /// The cell of age and sex: its own, else that of its encounter.
    cell: Option<usize>,
}

/// Feed and id; where ids are unique for each kind, the id has the kind before it.
type Identity = (String, String);

/// The newest definition of a resource of a feed.
#[derive(Clone, Debug)]
struct KnownDefinition {
    version: u64,
    codes: Codes<'static>,
}

/// A partition's log so far.
#[derive(Debug)]
pub(crate) struct Definition {
    states: MonthStates,
    known: BTreeMap<Identity, KnownVersions>,
    /// Highest rank of each event that can no longer change.
    forgotten: BTreeMap<Identity, u64>,
    counters: BTreeMap<RowKey, [i64; 3]>,
    declared: BTreeMap<String, Option<String>>,
    /// By feed and reference.
    definitions: BTreeMap<(String, String), KnownDefinition>,
    /// The latest month in which an event or a definition named a reference.
    named: BTreeMap<(String, String), Month>,
    last: Option<Timestamp>,
    open_from: Month,
    current: Option<(Rc<Rows>, Rc<KindDays>)>,
    /// The ticks so far.
    pub ticks: Vec<TickState>,
    /// Rows of sealed months at the tick that sealed them.
    pub sealed_rows: Rows,
    /// The outcomes of the events so far.
    pub outcomes: EventOutcomes,
    /// Versions that count after their fact had left memory. The rule of leaving is wrong if there is one.
    pub revived: Vec<String>,
}

impl Definition {
    /// The state of an empty log.
    pub(crate) fn new(states: &MonthStates) -> Definition {
        Definition {
            states: states.clone(),
            known: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            counters: BTreeMap::new(),
            declared: BTreeMap::new(),
            definitions: BTreeMap::new(),
            named: BTreeMap::new(),
            last: None,
            open_from: Month::EARLIEST,
            current: None,
            ticks: Vec::new(),
            sealed_rows: Rows::new(),
            outcomes: EventOutcomes::default(),
            revived: Vec::new(),
        }
    }

    /// Number of facts that may still change.
    pub(crate) fn facts(&self) -> u64 {
        self.known.len() as u64
    }

    /// Applies a batch that the log appended at `appended`.
    pub(crate) fn batch(&mut self, batch: &Batch<'static>, appended: Timestamp) {
        self.declared.insert(batch.feed.to_string(), batch.practice.as_ref().map(ToString::to_string));
        let arrived = self.states.month_of(Timestamp(appended.0 + DAY));
        for definition in &batch.definitions {
            let at = (batch.feed.to_string(), definition.reference.to_string());
            self.name(&at, arrived);
            let known = KnownDefinition { version: definition.version, codes: definition.clone().into_owned().codes };
            self.define(at, known);
        }
        for event in &batch.events {
            let scope = |kind: &str, id: &str| match batch.ids {
                IdScope::Feed => id.to_owned(),
                IdScope::Kind => format!("{kind} {id}"),
            };
            let mut scoped = event.clone();
            scoped.id = scope(kind_of(event), &event.id).into();
            scoped.link = event.link.as_ref().map(|link| scope("encounter", link).into());
            self.event(&batch.feed, batch.versioning, arrived, event, &scoped);
        }
        self.current = None;
    }

    /// Applies a tick that the log appended at `appended`. It counts if it is later than every earlier tick and not later than
    /// `appended`.
    pub(crate) fn tick(&mut self, at: Timestamp, appended: Timestamp, position: u64) {
        if at > appended {
            return;
        }
        let (rows, kinds) = self.rows();
        let counts = self.last.is_none_or(|last| at > last);
        self.ticks.push(TickState { counts, at, position, open_from: self.open_from, rows: rows.clone(), kinds });
        if !counts {
            return;
        }
        self.last = Some(at);
        let open_from = self.states.open_from(at);
        if open_from > self.open_from {
            self.seal(open_from, &rows);
        }
    }

    /// Voids the events of an id, of every kind. Its events that the log has forgotten are void, too.
    pub(crate) fn fence(&mut self, feed: &str, id: &str) {
        let is_fenced =
            |known: &Identity| known.0 == feed && (known.1 == id || known.1.split_once(' ').is_some_and(|(_, of)| of == id));
        let fenced: Vec<Identity> = self.known.keys().filter(|known| is_fenced(known)).cloned().collect();
        self.forgotten.retain(|known, _| !is_fenced(known));
        for id in fenced {
            let Some(old) = self.known.remove(&id) else { continue };
            if let Place::Row(key) = old.place {
                self.counters.entry(key).or_default()[2] += 1;
            }
            self.resolve_links(&id, link_of(&old.event), None);
        }
        self.current = None;
    }

    fn name(&mut self, at: &(String, String), month: Month) {
        let named = self.named.entry(at.clone()).or_insert(month);
        *named = month.max(*named);
    }

    /// Stores a newer definition. Each fact in a row that changes its code is amended.
    fn define(&mut self, at: (String, String), newer: KnownDefinition) {
        if self.definitions.get(&at).is_some_and(|known| known.version >= newer.version) {
            return;
        }
        let before = self.definitions.get(&at).map(|known| drug_code(&known.codes)).unwrap_or_default();
        let now = drug_code(&newer.codes);
        self.definitions.insert(at.clone(), newer);
        if before == now {
            return;
        }
        let refers =
            |(id, known): &(&Identity, &KnownVersions)| id.0 == at.0 && reference_of(&known.event) == Some(at.1.as_str());
        for (_, known) in self.known.iter().filter(refers) {
            if let Place::Row(key) = &known.place {
                self.counters.entry(key.clone()).or_default()[1] += 1;
            }
        }
    }

    fn rows(&mut self) -> (Rc<Rows>, Rc<KindDays>) {
        if let Some(current) = &self.current {
            return current.clone();
        }
        let (mut rows, mut kinds) = (Rows::new(), KindDays::default());
        for (key, counters) in &self.counters {
            rows.entry(key.clone()).or_default().counters = *counters;
        }
        for (id, known) in &self.known {
            if let Place::Row(key) = &known.place {
                rows.entry(key.clone()).or_default().count(&self.counted(&id.0, known));
                kinds.count(key, &known.event, known.shape.attendance);
            }
        }
        let current = (Rc::new(rows), Rc::new(kinds));
        self.current = Some(current.clone());
        current
    }

    fn seal(&mut self, open_from: Month, rows: &Rows) {
        self.open_from = open_from;
        self.current = None;
        self.sealed_rows.extend(rows.iter().filter(|(key, _)| key.month < open_from).map(|(key, sums)| (key.clone(), *sums)));
        self.counters.retain(|key, _| key.month >= open_from);
        let mut leave = Vec::new();
        for (id, known) in &mut self.known {
            let row = match &known.place {
                Place::Row(key) => Some(key.month),
                _ => None,
            };
            let latest = known.event.day.map(Day::month).max(row).max(Some(known.arrived));
            if latest.is_none_or(|month| month < open_from) {
                leave.push((id.clone(), known.rank));
            } else if row.is_some_and(|month| month < open_from) {
                known.place = Place::Sealed;
            }
        }
        for (id, rank) in leave {
            self.known.remove(&id);
            self.forgotten.insert(id, rank);
        }
        let held: BTreeSet<(String, String)> =
            self.known.iter().filter_map(|(id, known)| Some((id.0.clone(), reference_of(&known.event)?.to_owned()))).collect();
        self.named.retain(|at, named| held.contains(at) || *named >= open_from);
        let named = &self.named;
        self.definitions.retain(|at, _| named.contains_key(at));
    }

    /// Applies an event. `sent` is the event as it was sent, `event` has identities in place of its own id and its link.
    fn event(&mut self, feed: &str, versioning: Versioning, arrived: Month, sent: &Event<'static>, event: &Event<'static>) {
        let id = (feed.to_owned(), event.id.to_string());
        let old = self.known.get(&id).cloned();
        let Some(rank) = self.rank(versioning, event, old.as_ref()) else { return self.arrive_again(versioning, &id, event) };
        let was = old.as_ref().map_or(Place::Nowhere, |old| old.place.clone());
        let before = old.as_ref().and_then(|old| link_of(&old.event));
        let now = link_of(event);
        if let Some(reference) = reference_of(event) {
            self.name(&(feed.to_owned(), reference.to_owned()), arrived);
        }
        let signs = signs_of(sent);
        let (event_of, shape) = (event.clone(), Shape::default());
        let known = KnownVersions { rank, event: event_of, signs, arrived, place: Place::Nowhere, shape, cell: None };
        self.known.insert(id.clone(), known);
        let sealed = self.assign(&id, was.clone());
        if self.forgotten.get(&id).is_some_and(|best| *best >= rank) && matches!(self.known[&id].place, Place::Row(_)) {
            self.revived.push(format!("{}/{} version {:?}", id.0, id.1, event.version));
        }
        if sealed || (event.action != Action::Record && was == Place::Sealed) {
            self.outcomes.sealed += 1;
        } else {
            self.outcomes.accepted += 1;
            self.outcomes.retracted += u64::from(event.action == Action::Retract);
        }
        self.resolve_links(&id, before, now);
    }

    /// A version by arrival counts from its last arrival.
    fn arrive_again(&mut self, versioning: Versioning, id: &Identity, event: &Event<'static>) {
        let (Some(known), Some(version)) = (self.known.get_mut(id), event.version) else { return };
        if versioning == Versioning::Arrival && content(&known.event) == content(event) {
            known.rank = known.rank.max(version * 2);
        }
    }

    fn rank(&mut self, versioning: Versioning, event: &Event<'static>, old: Option<&KnownVersions>) -> Option<u64> {
        let outcomes = &mut self.outcomes;
        let Some(version) = event.version else {
            return match old {
                Some(old) if old.event.action == Action::Retract => {
                    outcomes.duplicate += 1;
                    None
                }
                Some(old) => Some(old.rank + 1),
                None => Some(1),
            };
        };
        let rank = version * 2;
        let Some(old) = old else { return Some(rank) };
        let same = content(&old.event) == content(event);
        let by_arrival = versioning == Versioning::Arrival;
        if same && (rank == old.rank || by_arrival) {
            outcomes.duplicate += 1;
        } else if rank == old.rank && by_arrival {
            return Some(rank);
        } else if rank == old.rank {
            outcomes.conflict += 1;
        } else if rank < old.rank {
            outcomes.stale += 1;
        } else {
            return Some(rank);
        }
        None
    }

    fn assign(&mut self, id: &Identity, was: Place) -> bool {
        let (mut place, shape, mut sealed) = self.evaluate(id);
        let event = &self.known[id].event;
        let past = event.action == Action::Record && event.day.is_some_and(|day| day.month() < self.open_from);
        if past && !matches!(was, Place::Row(_)) {
            (place, sealed) = (Place::Nowhere, true);
        }
        match (&was, &place) {
            (Place::Row(old), Place::Row(new)) => {
                let is_new = old.month.plus(2) <= new.month;
                self.counters.entry(new.clone()).or_default()[usize::from(!is_new)] += 1;
                if old != new {
                    self.counters.entry(old.clone()).or_default()[1] += 1;
                }
            }
            (_, Place::Row(new)) => self.counters.entry(new.clone()).or_default()[0] += 1,
            (Place::Row(old), _) => self.counters.entry(old.clone()).or_default()[2] += 1,
            _ => {}
        }
        let cell = self.cell(id);
        let known = self.known.get_mut(id).expect("the caller has checked that it exists");
        known.cell = cell;
        known.place = place;
        known.shape = shape;
        sealed
    }

    /// Evaluates all events again that link this one, and the events that its last two versions link.
    fn resolve_links(&mut self, id: &Identity, before: Option<String>, now: Option<String>) {
        let mut touched: BTreeSet<Identity> = self.linking(id);
        let named = [before, now].into_iter().flatten().map(|link| (id.0.clone(), link));
        touched.extend(named.filter(|target| self.known.contains_key(target)));
        for other in touched {
            let known = &self.known[&other];
            if known.event.action != Action::Record || self.is_closed(known) {
                continue;
            }
            let (place, shape, _) = self.evaluate(&other);
            let other_cell = self.cell(&other) != known.cell && is_adjusted(&known.event);
            if place != known.place || shape != known.shape || other_cell {
                let was = known.place.clone();
                self.assign(&other, was);
            }
        }
    }

    /// The cell of an event's patient: its own, else that of the encounter that it links.
    fn cell(&self, id: &Identity) -> Option<usize> {
        let event = &self.known[id].event;
        own_cell(event).or_else(|| own_cell(self.linked(id, event)?))
    }

    /// Whether only a version of its own can move an event: its row, or its own day if it has no row, is in a sealed month.
    fn is_closed(&self, known: &KnownVersions) -> bool {
        match &known.place {
            Place::Row(_) => false,
            Place::Sealed => true,
            Place::Nowhere | Place::Unattributed => known.event.day.is_some_and(|day| day.month() < self.open_from),
        }
    }

    fn linking(&self, id: &Identity) -> BTreeSet<Identity> {
        let names =
            |(other, known): &(&Identity, &KnownVersions)| other.0 == id.0 && link_of(&known.event).as_ref() == Some(&id.1);
        self.known.iter().filter(names).map(|(other, _)| other.clone()).collect()
    }

    fn evaluate(&self, id: &Identity) -> (Place, Shape, bool) {
        let event = &self.known[id].event;
        let shape = self.shape(id, event);
        if event.action != Action::Record {
            return (Place::Nowhere, shape, false);
        }
        let linked = self.linked(id, event);
        let is_feedback = matches!(event.detail, Detail::Feedback(_));
        let Some(day) = linked.filter(|_| is_feedback).and_then(|l| l.day).or(event.day) else {
            return (Place::Nowhere, shape, false);
        };
        if day.month() < self.open_from {
            return (Place::Nowhere, shape, true);
        }
        if counts_nowhere(event) {
            return (Place::Nowhere, shape, false);
        }
        let Some(clinician) = event.clinician.as_ref().or(linked.and_then(|l| l.clinician.as_ref())) else {
            return (Place::Unattributed, shape, false);
        };
        let declared = self.declared.get(&id.0).cloned().flatten();
        let practice = event.practice.as_ref().or(linked.and_then(|l| l.practice.as_ref())).map(ToString::to_string);
        let practice = practice.or(declared).unwrap_or_else(|| "unknown".to_owned());
        let key = RowKey {
            feed: id.0.as_str().into(),
            clinician: clinician.as_ref().into(),
            practice: practice.into(),
            month: day.month(),
        };
        (Place::Row(key), shape, false)
    }

    /// The encounter that this event links, if it counts and its month is not sealed.
    fn linked(&self, id: &Identity, event: &Event<'static>) -> Option<&Event<'static>> {
        let target = &self.known.get(&(id.0.clone(), link_of(event)?))?.event;
        self.is_live(target).then_some(target)
    }

    fn is_live(&self, event: &Event<'static>) -> bool {
        matches!(event.detail, Detail::Encounter(_))
            && event.action == Action::Record
            && event.day.is_some_and(|day| day.month() >= self.open_from)
    }

    /// A fact of a feed as the sums count it.
    fn counted(&self, feed: &str, known: &KnownVersions) -> CountedFact {
        let (event, shape) = (&known.event, known.shape);
        let mut counted = CountedFact {
            excluded: event.exclude.is_some(),
            adjusted: event.pca.iter().map(ToString::to_string).collect(),
            signs: known.signs,
            cell: known.cell,
            ..CountedFact::default()
        };
        match &event.detail {
            Detail::Encounter(Some(e)) => {
                counted.is_encounter = true;
                (counted.activity, counted.attendance) = (shape.activity, shape.attendance);
                counted.attended = shape.came || e.status == Attendance::Attended;
                counted.noshow = !shape.came && e.status == Attendance::Noshow;
                (counted.minutes, counted.planned) = (e.minutes.map(i64::from), e.planned_minutes.unwrap_or(0).into());
            }
            Detail::Prescription(Some(p)) => {
                counted.is_prescription = true;
                counted.code = self.code(feed, p);
                (counted.repeat, counted.items) = (p.repeat, p.items.into());
                (counted.quantity, counted.cost) = (p.quantity_milli.map(i64::from), p.cost_pence.map(i64::from));
                counted.adq = p.adq_milli.map(i64::from);
            }
            Detail::Feedback(Some(f)) => {
                counted.is_feedback = true;
                counted.answer = f.answer.map(|answer| answer as usize);
                counted.content = matches!(f.answer, Some(Answer::VeryGood | Answer::Good));
            }
            _ => {}
        }
        counted
    }

    /// The code of a drug: its own codings, else those of its definition.
    fn code(&self, feed: &str, drug: &Prescription<'static>) -> DrugCode {
        let defined = || {
            let at = (feed.to_owned(), drug.reference.as_ref()?.to_string());
            self.definitions.get(&at).map(|known| drug_code(&known.codes))
        };
        match drug_code(&drug.drug) {
            DrugCode::Unmapped => defined().unwrap_or_default(),
            own => own,
        }
    }

    fn shape(&self, id: &Identity, event: &Event<'static>) -> Shape {
        let Detail::Encounter(Some(encounter)) = &event.detail else { return Shape::default() };
        match encounter.source {
            Source::Whole => Shape { activity: true, attendance: true, came: false },
            Source::Visit => {
                let to_slot = self.linked(id, event).is_some_and(|target| source_of(target) == Some(Source::Slot));
                Shape { activity: true, attendance: !to_slot, came: false }
            }
            Source::Slot => {
                let finished = |other: &Identity| {
                    let visit = &self.known[other].event;
                    let attended = matches!(&visit.detail, Detail::Encounter(Some(e)) if e.status == Attendance::Attended);
                    self.is_live(visit) && source_of(visit) == Some(Source::Visit) && attended
                };
                let visited = self.linking(id).iter().any(finished);
                Shape { activity: !visited, attendance: true, came: visited }
            }
        }
    }
}

fn source_of(event: &Event<'static>) -> Option<Source> {
    match &event.detail {
        Detail::Encounter(Some(encounter)) => Some(encounter.source),
        _ => None,
    }
}

/// The link of an event, where it can change a row.
fn link_of(event: &Event<'static>) -> Option<String> {
    let decides = match &event.detail {
        Detail::Encounter(_) | Detail::Feedback(_) => true,
        Detail::Prescription(_) | Detail::Order(_) => {
            let placeless = event.clinician.is_none() || event.practice.is_none();
            placeless || (own_cell(event).is_none() && is_adjusted(event))
        }
        Detail::Observation(_) => false,
    };
    event.link.as_ref().filter(|_| decides).map(ToString::to_string)
}

/// The cell of the age and the sex that an event itself says.
fn own_cell(event: &Event<'static>) -> Option<usize> {
    // The bands of five years at which the ages 5, 15, 30, 45, 60, 75 and 85 begin.
    let band = [1, 3, 6, 9, 12, 15, 17].into_iter().filter(|from| event.age_band >= Some(*from)).count();
    match (event.age_band, event.sex) {
        (Some(_), Some(Sex::Female)) => Some(2 * band),
        (Some(_), Some(Sex::Male)) => Some(2 * band + 1),
        _ => None,
    }
}

/// Whether a measure of either set that counts such events adjusts for their patients.
fn is_adjusted(event: &Event<'static>) -> bool {
    matches!(event.detail, Detail::Encounter(_) | Detail::Prescription(_))
}

/// The fields of an event whose difference makes a conflict.
fn content(event: &Event<'static>) -> Event<'static> {
    let mut bare = event.clone();
    (bare.version, bare.day, bare.recorded_at, bare.patient) = (None, None, None, None);
    (bare.signs, bare.age_band, bare.sex) = (None, None, None);
    if let Detail::Encounter(Some(encounter)) = &mut bare.detail {
        encounter.booked_day = None;
    }
    bare
}

/// The code that codings give.
fn drug_code(codes: &Codes<'static>) -> DrugCode {
    let of = |coding: &str| match coding {
        _ if coding == LATER_DRUG.0 => Some(DrugCode::BnfLater(LATER_DRUG.1.to_owned())),
        _ if coding == LATER_DRESSING => Some(DrugCode::NoDrugLater),
        _ => coding.strip_prefix("bnf|").map(|code| DrugCode::Bnf(code.to_owned())),
    };
    codes.iter().find_map(|coding| of(coding)).unwrap_or_default()
}

/// The reference of a prescription whose own codings give no code in the first set.
fn reference_of<'e>(event: &'e Event<'static>) -> Option<&'e str> {
    let Detail::Prescription(Some(drug)) = &event.detail else { return None };
    (drug_code(&drug.drug) == DrugCode::Unmapped).then_some(drug.reference.as_deref()).flatten()
}

/// Observations count in no row. Neither do orders of an unknown category.
fn counts_nowhere(event: &Event<'static>) -> bool {
    match &event.detail {
        Detail::Observation(_) => true,
        Detail::Order(Some(order)) => !order.category.iter().any(|category| category.starts_with("plumbline|")),
        _ => false,
    }
}

fn kind_of(event: &Event<'static>) -> &'static str {
    match &event.detail {
        Detail::Encounter(_) => "encounter",
        Detail::Prescription(_) => "prescription",
        Detail::Feedback(_) => "feedback",
        Detail::Order(_) => "order",
        Detail::Observation(_) => "observation",
    }
}

/// The signs of an event's patient: bit 1 of four is +1, bit 0 is -1.
fn signs_of(event: &Event<'static>) -> [i64; 4] {
    let bits = match (event.signs, event.patient) {
        (Some(signs), _) => signs,
        (None, Some(patient)) => patient.0[0],
        (None, None) => xxhash_rust::xxh3::xxh3_64(event.id.as_bytes()).to_le_bytes()[0],
    };
    [1, 2, 4, 8].map(|bit| if bits & bit == 0 { -1 } else { 1 })
}
