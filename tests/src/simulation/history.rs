//! One history: the events of a seed are played, and then the verifier judges the topics.

use std::collections::BTreeSet;
use std::rc::Rc;

use scorecard::card::scorecard::Status;
use scorecard::time::calendar::Month;
use stream::log::Topic;

use crate::simulation::driver::{PlayResult, play};
use crate::simulation::instance::Role;
use crate::simulation::log::fault::{Bites, Kind};
use crate::simulation::log::fault_schedule::FaultSchedule;
use crate::simulation::lost_tail;
use crate::simulation::measure_sets::{Set, SetName};
use crate::simulation::plan::Plan;
use crate::simulation::traffic::source::{DeliveryScript, Pathology, Source, deliveries};
use crate::simulation::undisturbed_replay::{deployment, play_again};
use crate::simulation::verifier::evidence::Evidence;
use crate::simulation::verifier::verdict::Verdict;
use crate::simulation::verifier::{cards, identity, intake, rows, runs};

/// The faults and stories of a seed's history that are played. The minimiser leaves some out; all others play all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// Numbers of the faults that happen; `None` for all.
    pub faults: Option<Vec<usize>>,
    /// Numbers of the stories that are played; `None` for all.
    pub stories: Option<Vec<usize>>,
}

/// The size of a history.
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
    /// Months that had a provisional card and are sealed at the end.
    pub sealed_months: u64,
    /// Partitions whose log publish folded itself.
    pub refolded: u64,
    /// Faults, whether they bit or not.
    pub faults: usize,
    /// Stories.
    pub stories: usize,
}

impl Size {
    /// The property that a history lacks to be worth playing; `None` when it has all.
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

/// A history and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The seed.
    pub seed: u64,
    /// The broken promises.
    pub verdict: Verdict,
    /// The number of times that each kind of fault bit.
    pub bites: Bites,
    /// The size.
    pub size: Size,
    /// XXH3-128 of all records that the topics ever had.
    pub digest: u128,
    /// The trace, if it was requested.
    pub trace: Vec<String>,
}

/// Whether to record a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Record nothing.
    Off,
    /// Record the trace.
    On,
}

/// Plays and judges the history of a seed. A few seeds in ten thousand draw faults under which every important cut is skipped.
/// Where no promise is broken, such a history is played again with the faults of another seed.
#[must_use]
pub fn history(seed: u64, extract: &Extract, trace: Trace) -> History {
    let whole = Extract::default();
    let first = under(seed, seed, extract, trace);
    let is_toy = |history: &History| history.verdict.is_clean() && history.size.falls_short().is_some();
    // The choice of the faults must not depend on the parts that are left out.
    let toy = if *extract == whole { is_toy(&first) } else { is_toy(&under(seed, seed, &whole, Trace::Off)) };
    if toy { under(seed, !seed, extract, trace) } else { first }
}

/// The history of a seed with the faults of another seed.
fn under(seed: u64, fault_schedule: u64, extract: &Extract, trace: Trace) -> History {
    let plan = Plan::new(seed);
    let sets = [Set::named(SetName::First), Set::named(SetName::Second)];
    let stories = extract.stories.clone();
    let plays = |number: usize| stories.as_ref().is_none_or(|kept| kept.binary_search(&number).is_ok());
    let DeliveryScript { deliveries, pathology, stories } = deliveries(&plan, &plays);
    let source = Source { deliveries: Rc::new(deliveries), acknowledged: 0, acknowledgements: Vec::new() };
    let kept = extract.faults.clone();
    let keeps = move |number: usize| kept.as_ref().is_none_or(|kept| kept.binary_search(&number).is_ok());
    let listener = (trace == Trace::On).then(Vec::new);
    let played = play(&plan, &sets, source, FaultSchedule::new(fault_schedule, plan.stormy_from(), Box::new(keeps), listener));
    let mut history = judge(&plan, &sets, played, pathology);
    history.size.stories = stories;
    history
}

fn judge(plan: &Plan, sets: &[Set; 2], played: PlayResult, pathology: Pathology) -> History {
    let PlayResult { supervisor, fault_schedule, is_done } = played;
    let mut verdict = Verdict::default();
    verdict.hold_tasks(is_done, "every instance runs out of work after the faults have stopped", || {
        "an instance still has work".to_owned()
    });
    let evidence = Evidence::gather(plan, sets, supervisor.broker.clone());
    let mut bites = evidence.broker.borrow().bites.clone();
    bites.many(Kind::FeedSlow, pathology.slow);
    bites.many(Kind::FeedBurst, pathology.burst);
    let mut counts = supervisor.intakes.clone();
    counts.extend(supervisor.report(Role::Intake).and_then(|report| report.intake));
    intake::check(&evidence, &supervisor.source.borrow(), &counts, &mut verdict);
    rows::check(&evidence, &mut verdict);
    for partition in 0..plan.partitions {
        let report = supervisor.report(Role::Tally(partition));
        rows::check_report(&evidence, partition, report.as_ref(), &mut verdict);
    }
    runs::check(&evidence, &mut bites, &mut verdict);
    cards::check(&evidence, &mut verdict);
    check_again(plan, sets, &evidence, &mut verdict);
    let size = size(&evidence, &fault_schedule);
    let digest = evidence.broker.borrow().digest();
    lost_tail::check(&deployment(plan, &sets[0]), plan.seed, &evidence.broker, &mut verdict);
    History { seed: plan.seed, verdict, bites, size, digest, trace: fault_schedule.into_trace() }
}

fn check_again(plan: &Plan, sets: &[Set; 2], evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let runs: Vec<_> = evidence.runs.iter().map(|run| run.what.clone()).collect();
    match play_again(plan, sets, &evidence.broker.borrow(), &runs) {
        Ok(calm) => identity::check(evidence, &calm.borrow(), verdict),
        Err(error) => verdict.hold_tasks(false, "the log can be played again", || error.to_string()),
    }
}

fn size(evidence: &Evidence<'_>, fault_schedule: &FaultSchedule) -> Size {
    let runs = &evidence.runs;
    let open = runs.last().map(|run| evidence.states.open_from(run.what.at));
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
        faults: fault_schedule.faults(),
        stories: 0,
    }
}
