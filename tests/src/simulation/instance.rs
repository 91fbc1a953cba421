//! One instance of a role: the real task in its own coroutine with its own clock.

use std::cell::RefCell;
use std::rc::Rc;

use corosensei::{Coroutine, CoroutineResult};
use scorecard::event::{Batch, CodeDefinition};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;
use stream::intake::intake_task::{Intake, IntakeCounts};
use stream::log::{Log, LogError, Topic};
use stream::partition::partition_of;
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::{Outcomes, TallyTask};

use crate::simulation::log::broker::{Broker, Writer};
use crate::simulation::log::handle::{Call, Go, Handle, TaskYielder};
use crate::simulation::measure_sets::SetName;
use crate::simulation::traffic::source::Source;

/// The role of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Intake,
    Tally(u32),
    Publish,
}

/// The counts of an instance, as its metrics would show them.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstanceReport {
    pub outcomes: Option<Outcomes>,
    pub facts: u64,
    pub intake: Option<IntakeCounts>,
}

/// The state that an instance shares with the driver.
#[derive(Debug)]
pub(crate) struct InstanceState {
    /// The instance's clock.
    pub clock: Timestamp,
    pub report: InstanceReport,
}

/// The input of a new instance.
pub(crate) struct InstanceInput {
    pub deployment: Deployment,
    pub broker: Rc<RefCell<Broker>>,
    pub source: Rc<RefCell<Source>>,
    /// Events in a batch of intake.
    pub batch_events: usize,
    /// Records of one read of a tally.
    pub most: usize,
}

/// The result of a step.
#[derive(Debug)]
pub(crate) enum Step {
    /// The instance is about to make this call.
    At(Call),
    /// The instance ended with this result.
    Ended(Result<(), LogError>),
}

/// An instance.
pub(crate) struct Instance {
    pub writer: Writer,
    pub role: Role,
    pub set: SetName,
    /// Its clock minus the log's, milliseconds.
    pub skew: i64,
    /// Number of wrong settings of its clock.
    pub upsets: u32,
    /// Another instance has its role.
    pub superseded: bool,
    /// It is stalled until this moment.
    pub stalled_until: usize,
    pub call: Call,
    /// The number of records for it in the log when it ran out of work, and the moment.
    pub rested: (u64, usize),
    pub state: Rc<RefCell<InstanceState>>,
    task: Coroutine<Go, Call, Result<(), LogError>>,
}

impl Instance {
    /// Starts an instance; it stops at its first call.
    pub(crate) fn start(writer: Writer, role: Role, set: SetName, skew: i64, input: InstanceInput) -> Instance {
        let clock = Timestamp(input.broker.borrow().now.0 + skew);
        let state = Rc::new(RefCell::new(InstanceState { clock, report: InstanceReport::default() }));
        let mut task = {
            let state = state.clone();
            Coroutine::new(move |yielder: &TaskYielder, _: Go| {
                let log = Handle::driven(input.broker.clone(), writer, yielder);
                match role {
                    Role::Intake => run_intake(&input, log, yielder, &state),
                    Role::Tally(partition) => run_tally(&input, partition, log, yielder, &state),
                    Role::Publish => run_publish(&input, log, yielder),
                }
            })
        };
        let call = match task.resume(Go::On(None)) {
            CoroutineResult::Yield(call) => call,
            CoroutineResult::Return(_) => Call::Rest,
        };
        Instance { writer, role, set, skew, upsets: 0, superseded: false, stalled_until: 0, call, rested: (0, 0), state, task }
    }

    /// Lets it make its call and go on to the next one.
    pub(crate) fn go(&mut self, go: Go) -> Step {
        if self.task.done() {
            return Step::Ended(Ok(()));
        }
        match self.task.resume(go) {
            CoroutineResult::Yield(call) => {
                self.call = call;
                Step::At(call)
            }
            CoroutineResult::Return(result) => Step::Ended(result),
        }
    }

    /// Ends it: none of its later calls reaches the log.
    pub(crate) fn kill(&mut self) {
        while !self.task.done() {
            self.go(Go::Crashed);
        }
    }
}

fn rest(yielder: &TaskYielder) -> Result<(), LogError> {
    match yielder.suspend(Call::Rest) {
        Go::On(_) => Ok(()),
        Go::Crashed => Err(LogError::failed("a call of the simulated log failed", "the instance has crashed")),
    }
}

/// The loop of the service: read everything, write the next tick if it is due, repeat.
fn run_tally(
    input: &InstanceInput,
    partition: u32,
    log: Handle<'_>,
    yielder: &TaskYielder,
    state: &RefCell<InstanceState>,
) -> Result<(), LogError> {
    let mut task = TallyTask::new(&input.deployment, partition, log)?;
    loop {
        while task.step(input.most)? {}
        let clock = state.borrow().clock;
        if task.clock(clock)? {
            continue;
        }
        {
            let report = &mut state.borrow_mut().report;
            (report.outcomes, report.facts) = (Some(task.outcomes()), task.facts());
        }
        rest(yielder)?;
    }
}

fn run_publish(input: &InstanceInput, log: Handle<'_>, yielder: &TaskYielder) -> Result<(), LogError> {
    let mut task = PublishTask::new(&input.deployment, log)?;
    loop {
        while task.step()?.is_some() {}
        rest(yielder)?;
    }
}

/// Appends a definition as a batch without events, so that it comes before or behind the events that refer to it.
fn append_definition(
    input: &InstanceInput,
    log: &mut Handle<'_>,
    feed: &Feed,
    definition: &CodeDefinition<'static>,
) -> Result<(), LogError> {
    let batch = Batch {
        practice: feed.practice.as_deref().map(|practice| practice.to_owned().into()),
        versioning: feed.versioning,
        ids: feed.ids,
        definitions: vec![definition.clone()],
        ..Batch::new(feed.name.to_string(), Vec::new())
    };
    let partition = partition_of(&feed.name, input.deployment.partitions);
    log.append(Topic::Events, partition, &feed.name, &Record::Batch(batch))
}

/// Adds the items of the source record by record, and acknowledges only items that the log has acknowledged.
fn run_intake(
    input: &InstanceInput,
    mut log: Handle<'_>,
    yielder: &TaskYielder,
    state: &RefCell<InstanceState>,
) -> Result<(), LogError> {
    let mut intake = Intake::new(input.deployment.partitions, input.batch_events);
    let deliveries = input.source.borrow().deliveries.clone();
    let mut at = input.source.borrow().acknowledged;
    loop {
        let clock = input.broker.borrow().now;
        let due = deliveries[at..].iter().take(input.most.max(2)).take_while(|delivery| delivery.arrival <= clock).count();
        for delivery in &deliveries[at..at + due] {
            for item in &delivery.items {
                match item {
                    Item::Definition(feed, definition) => append_definition(input, &mut log, feed, definition)?,
                    item => intake.take(&mut log, item.clone())?,
                }
            }
        }
        if due > 0 {
            intake.flush(&mut log)?;
            at += due;
            let stored = input.broker.borrow().stored();
            let mut source = input.source.borrow_mut();
            source.acknowledged = at;
            source.acknowledgements.push((at, stored));
        }
        state.borrow_mut().report.intake = Some(intake.counts().clone());
        if due == 0 {
            rest(yielder)?;
        }
    }
}
