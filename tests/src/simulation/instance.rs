//! One instance of a role: the real task in a coroutine of its own, with a clock of its own.

use std::cell::RefCell;
use std::rc::Rc;

use corosensei::{Coroutine, CoroutineResult};
use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;
use stream::intake::intake_task::{Intake, IntakeCounts};
use stream::log::LogError;
use stream::publish::publish_task::PublishTask;
use stream::tally::tally_task::{Outcomes, TallyTask};

use crate::simulation::log::broker::{Broker, Writer};
use crate::simulation::log::handle::{Baton, Call, Go, Handle};
use crate::simulation::measure_sets::SetName;
use crate::simulation::traffic::source::Source;

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Intake,
    Tally(u32),
    Publish,
}

/// What an instance says of itself, as its metrics would.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstanceReport {
    pub outcomes: Option<Outcomes>,
    pub facts: u64,
    pub intake: Option<IntakeCounts>,
}

/// What an instance shares with the driver.
#[derive(Debug)]
pub(crate) struct Desk {
    /// Its own clock.
    pub clock: Timestamp,
    pub said: InstanceReport,
}

/// What a new instance is given.
pub(crate) struct Brief {
    pub deployment: Deployment,
    pub broker: Rc<RefCell<Broker>>,
    pub source: Rc<RefCell<Source>>,
    /// Events of a batch of intake.
    pub batch_events: usize,
    /// Records that a tally reads at most at once.
    pub most: usize,
}

/// Where an instance stands.
#[derive(Debug)]
pub(crate) enum Step {
    /// It is about to make this call.
    At(Call),
    /// It ended with this.
    Ended(Result<(), LogError>),
}

/// An instance.
pub(crate) struct Instance {
    pub writer: Writer,
    pub role: Role,
    pub set: SetName,
    /// Its clock less the log's, milliseconds.
    pub skew: i64,
    /// How often its clock was set wrong.
    pub upsets: u32,
    /// Somebody else has its role.
    pub superseded: bool,
    /// It does nothing before this moment.
    pub stalled_until: usize,
    pub call: Call,
    /// What the log had stored for it when it went to rest, and at which moment that was.
    pub rested: (u64, usize),
    pub desk: Rc<RefCell<Desk>>,
    task: Coroutine<Go, Call, Result<(), LogError>>,
}

impl Instance {
    /// Starts an instance; it stops at its first call.
    pub(crate) fn start(writer: Writer, role: Role, set: SetName, skew: i64, brief: Brief) -> Instance {
        let clock = Timestamp(brief.broker.borrow().now.0 + skew);
        let desk = Rc::new(RefCell::new(Desk { clock, said: InstanceReport::default() }));
        let mut task = {
            let desk = desk.clone();
            Coroutine::new(move |baton: &Baton, _: Go| {
                let log = Handle::driven(brief.broker.clone(), writer, baton);
                match role {
                    Role::Intake => run_intake(&brief, log, baton, &desk),
                    Role::Tally(partition) => run_tally(&brief, partition, log, baton, &desk),
                    Role::Publish => run_publish(&brief, log, baton),
                }
            })
        };
        let call = match task.resume(Go::On(None)) {
            CoroutineResult::Yield(call) => call,
            CoroutineResult::Return(_) => Call::Rest,
        };
        Instance { writer, role, set, skew, upsets: 0, superseded: false, stalled_until: 0, call, rested: (0, 0), desk, task }
    }

    /// Lets it make the call at which it stands, and go on to the next.
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

    /// Ends it where it stands: nothing that it does from now on reaches the log.
    pub(crate) fn kill(&mut self) {
        while !self.task.done() {
            self.go(Go::Dead);
        }
    }
}

fn rest(baton: &Baton) -> Result<(), LogError> {
    match baton.suspend(Call::Rest) {
        Go::On(_) => Ok(()),
        Go::Dead => Err(LogError::failed("a call of the simulated log failed", "the instance is dead")),
    }
}

/// As the binary runs it: read everything, write the next tick if it is due, again.
fn run_tally(brief: &Brief, partition: u32, log: Handle<'_>, baton: &Baton, desk: &RefCell<Desk>) -> Result<(), LogError> {
    let mut task = TallyTask::new(&brief.deployment, partition, log)?;
    loop {
        while task.step(brief.most)? {}
        let clock = desk.borrow().clock;
        if task.clock(clock)? {
            continue;
        }
        {
            let said = &mut desk.borrow_mut().said;
            (said.outcomes, said.facts) = (Some(task.outcomes()), task.facts());
        }
        rest(baton)?;
    }
}

fn run_publish(brief: &Brief, log: Handle<'_>, baton: &Baton) -> Result<(), LogError> {
    let mut task = PublishTask::new(&brief.deployment, log)?;
    loop {
        while task.step()?.is_some() {}
        rest(baton)?;
    }
}

/// Takes what the source has, record by record, and acknowledges only what the log has acknowledged.
fn run_intake(brief: &Brief, mut log: Handle<'_>, baton: &Baton, desk: &RefCell<Desk>) -> Result<(), LogError> {
    let mut intake = Intake::new(brief.deployment.partitions, brief.batch_events);
    let deliveries = brief.source.borrow().deliveries.clone();
    let mut at = brief.source.borrow().acknowledged;
    loop {
        let clock = brief.broker.borrow().now;
        let due = deliveries[at..].iter().take(brief.most.max(2)).take_while(|delivery| delivery.arrival <= clock).count();
        for delivery in &deliveries[at..at + due] {
            for item in &delivery.items {
                intake.take(&mut log, item.clone())?;
            }
        }
        if due > 0 {
            intake.flush(&mut log)?;
            at += due;
            let stored = brief.broker.borrow().stored();
            let mut source = brief.source.borrow_mut();
            source.acknowledged = at;
            source.acknowledgements.push((at, stored));
        }
        desk.borrow_mut().said.intake = Some(intake.counts().clone());
        if due == 0 {
            rest(baton)?;
        }
    }
}
