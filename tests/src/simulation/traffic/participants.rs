//! The participants: feeds with their practices, clinicians, and their registry entries.

use std::sync::Arc;

use scorecard::event::{IdScope, Versioning};
use scorecard::record::item::{DrugSource, Feed, VersioningOrigin};
use scorecard::registry::entry::{Entry, EntrySource, Organisation, OrganisationKind, Person, Role, Withdrawal};
use scorecard::time::calendar::{Timestamp, Zone};

use crate::simulation::plan::{DAY, Plan};
use crate::simulation::random::Random;

/// Practices of the simulation.
const PRACTICES: [&str; 4] = ["A81001", "B82002", "C83003", "D84004"];

/// References of the practices, which only the registry resolves.
const REFERENCES: [&str; 4] = ["sim|Organization/1", "sim|Organization/2", "sim|PractitionerRole/3", "sim|Organization/4"];

/// Number of clinicians: enough for one peer group of the whole network.
const CLINICIANS: usize = 6;

/// A feed that may be slow, or silent for a while and then send everything at once.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub feed: Arc<Feed>,
    /// Numbers of the clinicians of the practice.
    pub staff: Vec<usize>,
    /// Delay of every event in milliseconds.
    pub slowness: i64,
    /// Between these instants nothing arrives; then everything arrives at once.
    pub silence: Option<(i64, i64)>,
    /// From this instant on the feed sends no event of this kind.
    pub stops: Option<(usize, i64)>,
}

/// The feeds of a history.
pub(crate) fn sources(plan: &Plan, random: &mut Random) -> Vec<Source> {
    let count = 3 + random.index(4);
    (0..count).map(|at| source(at, plan, random)).collect()
}

fn source(at: usize, plan: &Plan, random: &mut Random) -> Source {
    let practice = PRACTICES[at % PRACTICES.len()];
    let name = format!("{}-{at}", practice.to_lowercase());
    let feed = Feed {
        name: name.as_str().into(),
        practice: random.happens(700).then(|| practice.into()),
        versioning: random.weighted(&[(6, Versioning::Id), (2, Versioning::Updated), (2, Versioning::Arrival)]),
        versioning_origin: VersioningOrigin::Given,
        ids: random.weighted(&[(3, IdScope::Feed), (1, IdScope::Kind)]),
        drugs: DrugSource::Requests,
        zone: Zone::london(),
    };
    let mut staff: Vec<usize> = (0..CLINICIANS).filter(|n| n % PRACTICES.len() == at % PRACTICES.len()).collect();
    staff.push(random.index(CLINICIANS));
    let silent_from = plan.schedule.first.0 + random.range(-20, 400) * DAY;
    Source {
        feed: Arc::new(feed),
        staff,
        slowness: if random.happens(250) { random.range(2, 25) * DAY } else { 0 },
        stops: random.happens(300).then(|| (random.pick(&[0, 1, 2]), plan.schedule.first.0 + random.range(-30, 350) * DAY)),
        silence: random.happens(400).then(|| (silent_from, silent_from + random.range(20, 120) * DAY)),
    }
}

/// The number under which an event names a clinician: the GMC number, or sometimes an alias that only the registry resolves.
pub(crate) fn clinician(number: usize, random: &mut Random) -> String {
    if number < 4 && random.happens(300) { alias(number) } else { id(number) }
}

/// Any practice, by its code or by a reference that only the registry resolves.
pub(crate) fn any_practice(random: &mut Random) -> &'static str {
    let at = random.index(PRACTICES.len());
    if random.happens(300) { REFERENCES[at] } else { PRACTICES[at] }
}

fn id(number: usize) -> String {
    format!("gmc|70000{number:02}")
}

fn alias(number: usize) -> String {
    format!("gmp|G70000{number:02}")
}

/// The registry entries and their instants. Many of them arrive close to a cut.
pub(crate) fn entries(plan: &Plan, random: &mut Random) -> Vec<(Timestamp, Entry)> {
    let start = plan.schedule.first.0 - 30 * DAY;
    let mut entries = Vec::new();
    let organisation = |code: &str, kind, parent: Option<&str>| {
        Entry::Organisation(Organisation {
            code: code.to_owned(),
            name: String::new(),
            kind,
            parent: parent.map(str::to_owned),
            ..Organisation::default()
        })
    };
    entries.push((start, organisation("L1", OrganisationKind::Locality, None)));
    entries.push((start, organisation("U1", OrganisationKind::Pcn, Some("L1"))));
    entries.push((start, organisation("U2", OrganisationKind::Pcn, Some("L1"))));
    for (at, practice) in PRACTICES.iter().enumerate() {
        entries.push((start, organisation(practice, OrganisationKind::Practice, Some(["U1", "U2"][at % 2]))));
    }
    for (practice, reference) in PRACTICES.iter().zip(REFERENCES) {
        if random.happens(700) {
            let at = if random.happens(300) { start } else { near_a_cut(plan, random) };
            let (code, aliases) = ((*practice).to_owned(), vec![reference.to_owned()]);
            entries.push((at, Entry::Organisation(Organisation { code, aliases, ..Organisation::default() })));
        }
    }
    // Some deployments have no file of the operator: their roles come from trusted sources.
    let author = if random.happens(850) { EntrySource::Operator } else { EntrySource::Trusted("staff".to_owned()) };
    for number in 0..CLINICIANS {
        entries.extend(known(number, &author, start, plan, random));
    }
    if random.happens(500) {
        entries.extend(forged_roles(plan, random));
    }
    if random.happens(400) {
        let at = near_a_cut(plan, random);
        entries.push((at, organisation(random.pick(&PRACTICES), OrganisationKind::Practice, Some(random.pick(&["U1", "U2"])))));
    }
    entries.into_iter().map(|(at, entry)| (Timestamp(at), entry)).collect()
}

fn role_of(number: usize, practice: &str, word: &str, author: &EntrySource) -> Entry {
    let (person, practice, role) = (id(number), practice.to_owned(), word.to_owned());
    Entry::Role(Role { person, practice, role, locum: number == 5, ..Role::default() }).stated_by(author.clone())
}

/// Roles that feeds state for clinicians whom the operator knows elsewhere. No roll-up follows them.
fn forged_roles(plan: &Plan, random: &mut Random) -> Vec<(i64, Entry)> {
    let forged = |random: &mut Random| {
        let author = EntrySource::Feed("forger".to_owned());
        let word = random.pick(&["paramedic", "nurse"]);
        let role = role_of(random.index(CLINICIANS), random.pick(&PRACTICES), word, &author);
        (near_a_cut(plan, random), role)
    };
    (0..1 + random.index(3)).map(|_| forged(random)).collect()
}

/// The entries of one clinician: a role from the start, sometimes another later, often one at a second practice; an alias from the
/// start, later, or never, which the operator sometimes withdraws.
fn known(number: usize, author: &EntrySource, start: i64, plan: &Plan, random: &mut Random) -> Vec<(i64, Entry)> {
    let practice = PRACTICES[number % PRACTICES.len()];
    let role = |word: &str| role_of(number, practice, word, author);
    let mut entries = vec![(start, role("gp"))];
    if random.happens(150) {
        entries.push((near_a_cut(plan, random), role("nurse")));
    }
    if random.happens(700) {
        let at = if random.happens(600) { start } else { near_a_cut(plan, random) };
        let second = role_of(number, random.pick(&PRACTICES), "gp", author);
        entries.push((at, second));
    }
    if number < 4 && random.happens(800) {
        let at = if random.happens(300) { start } else { near_a_cut(plan, random) };
        let person = Person { id: id(number), aliases: vec![alias(number)], ..Person::default() };
        entries.push((at, Entry::Person(person)));
    }
    if number < 4 && random.happens(150) {
        let withdrawal = Withdrawal { alias: Some(alias(number)), ..Withdrawal::default() };
        entries.push((near_a_cut(plan, random), Entry::Withdrawal(withdrawal).stated_by(EntrySource::Operator)));
    }
    entries
}

fn near_a_cut(plan: &Plan, random: &mut Random) -> i64 {
    let period = i64::from(plan.schedule.grid.period_seconds) * 1000;
    let cuts = (plan.until.0 - plan.schedule.first.0) / period;
    plan.schedule.first.0 + random.range(0, cuts.max(1) - 1) * period + random.range(-3_600_000, 3_600_000)
}
