//! One history: everything that a seed decides is played, and then everything that it left behind is judged.

use std::collections::BTreeSet;
use std::rc::Rc;

use scorecard::card::scorecard::Status;
use scorecard::time::calendar::Month;
use stream::log::Topic;

use crate::simulation::driver::{PlayResult, play};
use crate::simulation::instance::Role;
use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::log::fault_schedule::Weather;
use crate::simulation::measure_sets::{Set, SetName};
use crate::simulation::plan::Plan;
use crate::simulation::traffic::source::{DeliveryScript, Pathology, Source, deliveries};
use crate::simulation::undisturbed_replay::play_again;
use crate::simulation::verifier::evidence::Evidence;
use crate::simulation::verifier::verdict::Verdict;
use crate::simulation::verifier::{cards, identity, intake, rows, runs};

/// Which faults and which stories of a seed's history are played; all of them unless a failure is being made smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// Numbers of the faults that happen; `None` for all.
    pub faults: Option<Vec<usize>>,
    /// Numbers of the events whose stories are told; `None` for all.
    pub stories: Option<Vec<usize>>,
}

/// How much there was in a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Events in the log, duplicates included.
    pub events: u64,
    /// Feeds.
    pub feeds: u64,
    /// Partitions of events.
    pub partitions: u32,
    /// Cuts published or skipped.
    pub cuts: u64,
    /// Cuts skipped.
    pub skipped: u64,
    /// Revisions.
    pub revisions: u64,
    /// Months of which a card was provisional and that are sealed in the end.
    pub sealed_months: u64,
    /// Partitions that publish folded itself.
    pub refolded: u64,
    /// Faults, whether they bit or not.
    pub faults: usize,
    /// Stories.
    pub stories: usize,
}

impl Size {
    /// What a history lacks to be more than a toy, `None` when nothing.
    #[must_use]
    pub fn falls_short(&self) -> Option<String> {
        let least = [
            ("events", self.events, 500),
            ("feeds", self.feeds, 3),
            ("partitions", self.partitions.into(), 4),
            ("cuts", self.cuts, 8),
            ("months from provisional to sealed", self.sealed_months, 1),
        ];
        let short = least.iter().find(|(_, there, least)| there < least);
        short.map(|(what, there, least)| format!("{there} {what}; a history needs {least}"))
    }
}

/// A history and what became of the promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Its seed.
    pub seed: u64,
    /// What was broken.
    pub verdict: Verdict,
    /// How often each kind of fault bit.
    pub bites: Bites,
    /// How much there was.
    pub size: Size,
    /// XXH3-128 of every record that every topic ever held.
    pub digest: u128,
    /// Everything that happened, if it was asked for.
    pub trace: Vec<String>,
}

/// Whether somebody wants to read what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Nobody does.
    Off,
    /// Keep it.
    On,
}

/// Plays and judges the history of a seed. A few in ten thousand draw a weather in which every cut is skipped at which a month would
/// come of age; where no promise was broken they are played again under another one.
#[must_use]
pub fn history(seed: u64, extract: &Extract, trace: Trace) -> History {
    let whole = Extract::default();
    let first = under(seed, seed, extract, trace);
    let is_toy = |history: &History| history.verdict.is_clean() && history.size.falls_short().is_some();
    // Which weather it is does not depend on what is left out of it.
    let toy = if *extract == whole { is_toy(&first) } else { is_toy(&under(seed, seed, &whole, Trace::Off)) };
    if toy { under(seed, !seed, extract, trace) } else { first }
}

/// The history of a seed under the weather of another.
fn under(seed: u64, weather: u64, extract: &Extract, trace: Trace) -> History {
    let plan = Plan::new(seed);
    let sets = [Set::named(SetName::First), Set::named(SetName::Second)];
    let stories = extract.stories.clone();
    let told = |number: usize| stories.as_ref().is_none_or(|kept| kept.binary_search(&number).is_ok());
    let DeliveryScript { deliveries, pathology, stories } = deliveries(&plan, &told);
    let source = Source { deliveries: Rc::new(deliveries), acknowledged: 0, acknowledgements: Vec::new() };
    let kept = extract.faults.clone();
    let keeps = move |number: usize| kept.as_ref().is_none_or(|kept| kept.binary_search(&number).is_ok());
    let listener = (trace == Trace::On).then(Vec::new);
    let played = play(&plan, &sets, source, Weather::new(weather, plan.stormy_from(), Box::new(keeps), listener));
    let mut history = judge(&plan, &sets, played, pathology);
    history.size.stories = stories;
    history
}

fn judge(plan: &Plan, sets: &[Set; 2], played: PlayResult, pathology: Pathology) -> History {
    let PlayResult { supervisor, weather, came_to_rest } = played;
    let mut verdict = Verdict::default();
    verdict.hold_tasks(came_to_rest, "after the faults everybody comes to rest", || "somebody is still busy".to_owned());
    let evidence = Evidence::gather(plan, sets, supervisor.broker.clone());
    let mut bites = evidence.broker.borrow().bites.clone();
    bites.many(Kind::FeedSlow, pathology.slow);
    bites.many(Kind::FeedBurst, pathology.burst);
    let mut counts = supervisor.intakes.clone();
    counts.extend(supervisor.said(Role::Intake).and_then(|said| said.intake));
    intake::check(&evidence, &supervisor.source.borrow(), &counts, &mut verdict);
    rows::check(&evidence, &mut verdict);
    for partition in 0..plan.partitions {
        let said = supervisor.said(Role::Tally(partition));
        rows::check_said(&evidence, partition, said.as_ref(), &mut verdict);
    }
    runs::check(&evidence, &mut bites, &mut verdict);
    cards::check(&evidence, &mut verdict);
    check_again(plan, sets, &evidence, &mut verdict);
    let size = size(&evidence, &weather);
    let digest = evidence.broker.borrow().digest();
    History { seed: plan.seed, verdict, bites, size, digest, trace: weather.into_trace() }
}

fn check_again(plan: &Plan, sets: &[Set; 2], evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let runs: Vec<_> = evidence.runs.iter().map(|run| run.what.clone()).collect();
    match play_again(plan, sets, &evidence.broker.borrow(), &runs) {
        Ok(calm) => identity::check(evidence, &calm.borrow(), verdict),
        Err(error) => verdict.hold_tasks(false, "the log can be played again", || error.to_string()),
    }
}

fn size(evidence: &Evidence<'_>, weather: &Weather) -> Size {
    let runs = &evidence.runs;
    let open = runs.last().map(|run| evidence.ages.open_from(run.what.at));
    let provisional = evidence.cards.iter().map(|card| &card.what.content).filter(|card| card.status == Status::Provisional);
    let sealed: BTreeSet<Month> = provisional.map(|card| card.period.month).filter(|month| Some(*month) < open).collect();
    let names: BTreeSet<String> = (0..evidence.plan.partitions)
        .flat_map(|partition| {
            let broker = evidence.broker.borrow();
            broker.journal(Topic::Events, partition).iter().map(|stored| stored.key.to_string()).collect::<Vec<_>>()
        })
        .filter(|key| key != "tick")
        .collect();
    Size {
        events: evidence.events.iter().sum(),
        feeds: names.len() as u64,
        partitions: evidence.plan.partitions,
        cuts: runs.len() as u64,
        skipped: (runs.len() - evidence.published().count()) as u64,
        revisions: evidence.cards.len() as u64,
        sealed_months: sealed.len() as u64,
        refolded: evidence.published().map(|run| run.refolded.len() as u64).sum(),
        faults: weather.faults(),
        stories: 0,
    }
}
