//! The same log without a fault: tallies run to its end, then one publisher takes the cuts. Every other way to process that log
//! must give the same result.

use std::cell::RefCell;
use std::rc::Rc;

use scorecard::record::log_record::{Outcome, Run};
use stream::deployment::Deployment;
use stream::log::{LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

use crate::simulation::log::broker::Broker;
use crate::simulation::log::handle::Handle;
use crate::simulation::measure_sets::Set;
use crate::simulation::plan::Plan;
use crate::simulation::random::Random;

/// The deployment of a history under one of its measure sets.
pub(crate) fn deployment(plan: &Plan, set: &Set) -> Deployment {
    Deployment {
        schedule: plan.schedule.clone(),
        partitions: plan.partitions,
        measures: set.measures.clone(),
        identity_seed: 7,
        engine_version: "simulated".to_owned(),
    }
}

/// Replays the log for these runs, each under its own measure set.
///
/// # Errors
/// The error of a task; none is expected on this log.
pub(crate) fn play_again(plan: &Plan, sets: &[Set; 2], log: &Broker, runs: &[Run]) -> Result<Rc<RefCell<Broker>>, LogError> {
    let copy = log.copy_of(&[Topic::Events, Topic::Registry], Random::new(plan.seed, 7));
    let broker = Rc::new(RefCell::new(copy));
    let deployment =
        |run: &Run| deployment(plan, sets.iter().find(|set| set.measures.hash() == run.measure_set).unwrap_or(&sets[0]));
    let published: Vec<&Run> = runs.iter().filter(|run| run.outcome == Outcome::Published).collect();
    let Some(first) = published.first() else { return Ok(broker) };
    for partition in 0..plan.partitions {
        let mut tally = TallyTask::new(&deployment(first), partition, Handle::calm(broker.clone(), 0))?;
        while tally.step(97)? {}
    }
    let mut under = first.measure_set;
    let mut publisher = PublishTask::new(&deployment(first), Handle::calm(broker.clone(), 0))?;
    for run in published {
        if run.measure_set != under {
            under = run.measure_set;
            publisher = PublishTask::new(&deployment(run), Handle::calm(broker.clone(), 0))?;
        }
        publisher.step()?;
    }
    Ok(broker)
}
