//! Who takes part: feeds with their practices, clinicians, and what the registry says of them.

use std::sync::Arc;

use scorecard::event::Versioning;
use scorecard::record::item::{DrugSource, Feed};
use scorecard::registry::entry::{Entry, Organisation, OrganisationKind, Person, Role};
use scorecard::time::calendar::{Timestamp, Zone};

use crate::simulation::plan::{DAY, Plan};
use crate::simulation::random::Dice;

/// Practices of the simulation.
const PRACTICES: [&str; 4] = ["A81001", "B82002", "C83003", "D84004"];

/// So many clinicians: enough for one peer group of the whole network.
const CLINICIANS: usize = 6;

/// A feed that may be slow, or fall silent and send everything at once.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub feed: Arc<Feed>,
    /// Numbers of the clinicians who work here.
    pub staff: Vec<usize>,
    /// Everything comes later by so much, milliseconds.
    pub slowness: i64,
    /// From the first to the second instant nothing comes; then all of it at once.
    pub silence: Option<(i64, i64)>,
}

/// The feeds of a history.
pub(crate) fn sources(plan: &Plan, dice: &mut Dice) -> Vec<Source> {
    let count = 3 + dice.index(4);
    (0..count).map(|at| source(at, plan, dice)).collect()
}

fn source(at: usize, plan: &Plan, dice: &mut Dice) -> Source {
    let practice = PRACTICES[at % PRACTICES.len()];
    let name = format!("{}-{at}", practice.to_lowercase());
    let feed = Feed {
        name: name.as_str().into(),
        practice: dice.happens(700).then(|| practice.into()),
        versioning: dice.weighted(&[(6, Versioning::Id), (2, Versioning::Updated), (2, Versioning::Arrival)]),
        drugs: DrugSource::Requests,
        zone: Zone::london(),
    };
    let mut staff: Vec<usize> = (0..CLINICIANS).filter(|n| n % PRACTICES.len() == at % PRACTICES.len()).collect();
    staff.push(dice.index(CLINICIANS));
    let silent_from = plan.schedule.first.0 + dice.range(-20, 400) * DAY;
    Source {
        feed: Arc::new(feed),
        staff,
        slowness: if dice.happens(250) { dice.range(2, 25) * DAY } else { 0 },
        silence: dice.happens(400).then(|| (silent_from, silent_from + dice.range(20, 120) * DAY)),
    }
}

/// How an event names a clinician: by GMC number, now and then by another that only the registry connects with it.
pub(crate) fn clinician(number: usize, dice: &mut Dice) -> String {
    if number < 4 && dice.happens(300) { alias(number) } else { id(number) }
}

/// Any practice.
pub(crate) fn any_practice(dice: &mut Dice) -> &'static str {
    dice.pick(&PRACTICES)
}

fn id(number: usize) -> String {
    format!("gmc|70000{number:02}")
}

fn alias(number: usize) -> String {
    format!("gmp|G70000{number:02}")
}

/// What the registry is told, and when. Much of it comes close to a cut.
pub(crate) fn entries(plan: &Plan, dice: &mut Dice) -> Vec<(Timestamp, Entry)> {
    let start = plan.schedule.first.0 - 30 * DAY;
    let mut entries = Vec::new();
    let organisation = |code: &str, kind, parent: Option<&str>| {
        Entry::Organisation(Organisation {
            code: code.to_owned(),
            name: String::new(),
            kind,
            parent: parent.map(str::to_owned),
            setting: None,
            open_from: None,
            open_until: None,
        })
    };
    entries.push((start, organisation("L1", OrganisationKind::Locality, None)));
    entries.push((start, organisation("U1", OrganisationKind::Pcn, Some("L1"))));
    entries.push((start, organisation("U2", OrganisationKind::Pcn, Some("L1"))));
    for (at, practice) in PRACTICES.iter().enumerate() {
        entries.push((start, organisation(practice, OrganisationKind::Practice, Some(["U1", "U2"][at % 2]))));
    }
    for number in 0..CLINICIANS {
        entries.extend(known(number, start, plan, dice));
    }
    if dice.happens(400) {
        let at = near_a_cut(plan, dice);
        entries.push((at, organisation(dice.pick(&PRACTICES), OrganisationKind::Practice, Some(dice.pick(&["U1", "U2"])))));
    }
    entries.into_iter().map(|(at, entry)| (Timestamp(at), entry)).collect()
}

/// What is known of one clinician: role from the start, now and then another later; the alias from the start, later, or never.
fn known(number: usize, start: i64, plan: &Plan, dice: &mut Dice) -> Vec<(i64, Entry)> {
    let practice = PRACTICES[number % PRACTICES.len()];
    let role = |role: &str| {
        Entry::Role(Role {
            person: id(number),
            practice: practice.to_owned(),
            role: role.to_owned(),
            locum: number == 5,
            from: None,
            until: None,
        })
    };
    let mut entries = vec![(start, role("gp"))];
    if dice.happens(150) {
        entries.push((near_a_cut(plan, dice), role("nurse")));
    }
    if number < 4 && dice.happens(800) {
        let at = if dice.happens(300) { start } else { near_a_cut(plan, dice) };
        entries.push((at, Entry::Person(Person { id: id(number), aliases: vec![alias(number)] })));
    }
    entries
}

fn near_a_cut(plan: &Plan, dice: &mut Dice) -> i64 {
    let period = i64::from(plan.schedule.grid.period_seconds) * 1000;
    let cuts = (plan.until.0 - plan.schedule.first.0) / period;
    plan.schedule.first.0 + dice.range(0, cuts.max(1) - 1) * period + dice.range(-3_600_000, 3_600_000)
}
