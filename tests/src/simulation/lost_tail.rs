//! The log of a finished history loses the tail of a partition, and is then filled beyond its former end: no new task goes on.

use std::cell::RefCell;
use std::rc::Rc;

use scorecard::record::log_record::{Outcome, Record, Run};
use stream::deployment::Deployment;
use stream::log::{LogError, Topic};
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::TallyTask;

use crate::simulation::log::broker::{Broker, InFlightRecord};
use crate::simulation::log::handle::Handle;
use crate::simulation::random::Random;
use crate::simulation::verifier::verdict::Verdict;

const STOPS: &str = "a log that lost its tail stops every task that has read it";

/// Checks the promise for a random partition and a random end. The log is of no use afterwards.
pub(crate) fn check(deployment: &Deployment, seed: u64, broker: &Rc<RefCell<Broker>>, verdict: &mut Verdict) {
    let Some(run) = last_published(&broker.borrow()) else { return };
    let mut random = Random::new(seed, 11);
    let partition = u32::try_from(random.below(deployment.partitions.into())).expect("small");
    let position = run.positions[partition as usize];
    let bounds = broker.borrow().partition(Topic::Events, partition).map_or(0..0, |held| held.start()..held.end());
    if bounds.start > position {
        return;
    }
    let end = bounds.start + random.below(position - bounds.start + 1);
    let former = bounds.end;
    broker.borrow_mut().lose_end(partition, end);
    expect_stop(deployment, partition, broker, verdict, &format!("partition {partition} cut from {former} to {end}"));
    // Batches and no tick: the offset of the run's tick holds another record then.
    let filler = broker.borrow().journal(Topic::Events, partition).iter().find(|stored| &*stored.key != "tick").cloned();
    let Some(filler) = filler else { return };
    for _ in end..former + 3 {
        let (key, bytes) = (filler.key.clone(), filler.bytes.clone());
        broker.borrow_mut().store(InFlightRecord { topic: Topic::Events, partition, key, bytes, writer: 0 });
    }
    expect_stop(deployment, partition, broker, verdict, &format!("partition {partition} filled from {end} beyond {former}"));
}

fn expect_stop(deployment: &Deployment, partition: u32, broker: &Rc<RefCell<Broker>>, verdict: &mut Verdict, how: &str) {
    let tally = TallyTask::new(deployment, partition, Handle::calm(broker.clone(), 0)).map(drop);
    verdict.hold_tasks(matches!(tally, Err(LogError::Loss(_))), STOPS, || format!("{how}: tally gives {tally:?}"));
    let publish = PublishTask::new(deployment, Handle::calm(broker.clone(), 0)).map(drop);
    verdict.hold_tasks(matches!(publish, Err(LogError::Loss(_))), STOPS, || format!("{how}: publish gives {publish:?}"));
}

fn last_published(broker: &Broker) -> Option<Run> {
    let runs = broker.journal(Topic::Runs, 0).iter().rev();
    let run = |bytes: &[u8]| match codec::avro::encoding::decode(bytes) {
        Record::Run(run) => Some(run),
        _ => None,
    };
    runs.filter_map(|stored| run(&stored.bytes)).find(|run| run.outcome == Outcome::Published)
}
