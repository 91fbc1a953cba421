//! The source of a history: the records of the practice systems, in order of arrival.

use std::rc::Rc;
use std::sync::Arc;

use scorecard::event::{Action, CodeDefinition, Codes, Event};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::registry::entry::{Entry, EntrySource, EventFence};
use scorecard::time::calendar::Timestamp;

use crate::simulation::plan::{DAY, Plan, Retention};
use crate::simulation::random::Random;
use crate::simulation::traffic::busy_feed::working_days;
use crate::simulation::traffic::participants::{entries, sources};
use crate::simulation::traffic::stories::Teller;

/// One raw record of the source, decoded into one item or a few.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub arrival: Timestamp,
    pub items: Vec<Item<'static>>,
}

/// The source: its deliveries, the number of acknowledged ones, and each acknowledgement with the size of the log at that moment.
#[derive(Debug)]
pub(crate) struct Source {
    pub deliveries: Rc<Vec<Delivery>>,
    /// Number of acknowledged deliveries.
    pub acknowledged: usize,
    /// (deliveries, records that the log had stored when they were acknowledged).
    pub acknowledgements: Vec<(usize, u64)>,
}

/// Events that slow feeds delivered late, and events that silent feeds delivered at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pathology {
    pub slow: u64,
    pub burst: u64,
}

/// The deliveries of a plan.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryScript {
    pub deliveries: Vec<Delivery>,
    /// The disorder of its feeds.
    pub pathology: Pathology,
    /// Number of stories, left out or not.
    pub stories: usize,
}

/// Events that the source delivers at least.
const LEAST_EVENTS: usize = 510;

/// All deliveries of the source of this plan. `keeps` selects the events by number, for the minimiser.
pub(crate) fn deliveries(plan: &Plan, keeps: &dyn Fn(usize) -> bool) -> DeliveryScript {
    let mut random = Random::new(plan.seed, 2);
    let mut items: Vec<(i64, Item<'static>)> = Vec::new();
    let mut pathology = Pathology::default();
    let mut number = 0;
    let sources = sources(plan, &mut random);
    let count = sources.len();
    for day in working_days(plan, &sources[0].feed, &mut random) {
        number += 1;
        items.extend(day.into_iter().filter(|_| keeps(number)));
    }
    for source in sources {
        let least = 200 / count + random.index(10);
        let mut teller = Teller { plan, source: &source, random: &mut random, encounters: Vec::new(), counts: [0; 5] };
        let (mut story, mut in_time) = (0, 0);
        while story < least || (in_time < LEAST_EVENTS.div_ceil(count) && story < 4 * least) {
            let sent = teller.story(story);
            (story, number) = (story + 1, number + 1);
            in_time += sent.iter().filter(|one| one.arrival <= plan.until.0).count();
            if !keeps(number) {
                continue;
            }
            pathology.slow += if source.slowness > 0 { sent.len() as u64 } else { 0 };
            pathology.burst += sent.iter().filter(|s| source.silence.is_some_and(|(_, end)| s.arrival == end)).count() as u64;
            items.extend(sent.into_iter().map(|s| (s.arrival, of(&source.feed, s.event))));
        }
        items.extend(definitions(plan, &source.feed, &mut random));
    }
    let fenced = fenced(plan, &items, &mut random);
    items.extend(fenced);
    items.extend(entries(plan, &mut random).into_iter().map(|(at, entry)| (at.0, Item::Registry(entry))));
    let oddities = 15 + random.index(10);
    for _ in 0..oddities {
        let at = random.range(plan.schedule.first.0, plan.until.0);
        let skipped = Item::Skipped("Observation".to_owned());
        items.push((at, if random.happens(400) { skipped } else { Item::Reject(reject()) }));
    }
    items.retain(|(at, _)| *at <= plan.until.0);
    items.sort_by_key(|(at, _)| *at);
    DeliveryScript { deliveries: packed(items, &mut random), pathology, stories: number }
}

/// Definitions of the one resource that prescriptions refer to, in any order of their versions.
///
/// Where the log loses its beginning there are none: a batch there would have to bring along what its events refer to.
fn definitions(plan: &Plan, feed: &Arc<Feed>, random: &mut Random) -> Vec<(i64, Item<'static>)> {
    let count = if plan.retention == Retention::Kept { 1 + random.index(4) } else { 0 };
    let one = |_| {
        let coding = random.pick(&[Some("bnf|0501013B0AAABAB"), Some("bnf|0703021Q0BBABAB"), Some("local|x"), None]);
        let codes = coding.map(Codes::one).unwrap_or_default();
        let version = 1 + random.index(4) as u64;
        let definition = CodeDefinition { reference: "Medication/1".into(), version, codes };
        (random.range(plan.schedule.first.0, plan.until.0), Item::Definition(feed.clone(), definition))
    };
    (0..count).map(one).collect()
}

/// Forged retractions at the highest version, the operator's fences of their ids, and the events that the feeds send again.
///
/// Where the log loses its beginning there are none: an event that is sent again may link one that is gone.
fn fenced(plan: &Plan, items: &[(i64, Item<'static>)], random: &mut Random) -> Vec<(i64, Item<'static>)> {
    let mut sent = Vec::new();
    let event = |(at, item): &'_ (i64, Item<'static>)| match item {
        Item::Event(feed, event) => Some((*at, feed.clone(), event.clone())),
        _ => None,
    };
    let events: Vec<_> = items.iter().filter_map(event).collect();
    let count = if plan.retention == Retention::Kept && !events.is_empty() { random.index(6) } else { 0 };
    for _ in 0..count {
        let (at, feed, event) = &events[random.index(events.len())];
        let mut later = |at: i64| {
            let most = random.pick(&[1, 40 * DAY, 200 * DAY]);
            at + random.range(0, most)
        };
        let forged_at = later(*at);
        let fenced_at = later(forged_at);
        let again_at = later(fenced_at);
        let forged = Event { version: Some(1 << 53), action: Action::Retract, ..event.clone() };
        let fence = EventFence { feed: feed.name.to_string(), id: event.id.to_string(), source: Some(EntrySource::Operator) };
        sent.extend([
            (forged_at, of(feed, forged)),
            (fenced_at, Item::Registry(Entry::Fence(fence))),
            (again_at, of(feed, event.clone())),
        ]);
    }
    sent
}

fn of(feed: &Arc<Feed>, event: Event<'static>) -> Item<'static> {
    Item::Event(feed.clone(), event)
}

fn reject() -> Reject {
    Reject {
        position: Position { source: "sim".to_owned(), partition: 0, offset: 0, index: None },
        feed: None,
        reason: "missing_field".to_owned(),
        field: "clinician".to_owned(),
        detail: "clinician is missing; send the number of the clinician".to_owned(),
        excerpt: String::new(),
    }
}

/// One to three consecutive items are one record.
fn packed(items: Vec<(i64, Item<'static>)>, random: &mut Random) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut room = 0;
    for (at, mut item) in items {
        if room == 0 {
            deliveries.push(Delivery { arrival: Timestamp(at), items: Vec::new() });
            room = 1 + random.index(3);
        }
        room -= 1;
        let number = deliveries.len() as u64 - 1;
        let last = deliveries.last_mut().expect("one was just made");
        if let Item::Reject(reject) = &mut item {
            reject.position.offset = number;
            reject.position.index = Some(u32::try_from(last.items.len()).expect("three at most"));
        }
        last.arrival = Timestamp(at);
        last.items.push(item);
    }
    deliveries
}
