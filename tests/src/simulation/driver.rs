//! Drives one history: virtual time from moment to moment, and within a moment the calls of the instances in an order that the
//! seed decides.

use std::cell::RefCell;
use std::rc::Rc;

use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

use crate::simulation::instance::{Role, Step};
use crate::simulation::log::broker::Broker;
use crate::simulation::log::fault::{Kind, Mishap};
use crate::simulation::log::fault_schedule::FaultSchedule;
use crate::simulation::log::handle::{Call, Go};
use crate::simulation::measure_sets::Set;
use crate::simulation::plan::{DAY, Plan, Retention};
use crate::simulation::random::Random;
use crate::simulation::supervisor::Supervisor;
use crate::simulation::traffic::source::Source;

/// Calls in one moment after which the instances count as stuck.
const MOST_CALLS: usize = 60_000;

/// A played history.
pub(crate) struct PlayResult {
    pub supervisor: Supervisor,
    pub fault_schedule: FaultSchedule,
    /// Whether every instance ran out of work after the faults had stopped.
    pub is_done: bool,
}

/// Plays the history of a plan.
pub(crate) fn play(plan: &Plan, sets: &[Set; 2], source: Source, fault_schedule: FaultSchedule) -> PlayResult {
    let broker = Rc::new(RefCell::new(Broker::new(Random::new(plan.seed, 3))));
    let source = Rc::new(RefCell::new(source));
    let supervisor = Supervisor::new(plan, sets, broker, source);
    let mut driver = Driver { plan, supervisor, fault_schedule, random: Random::new(plan.seed, 4), turn: None };
    for moment in 0..plan.moments.len() {
        driver.moment(moment);
    }
    let is_done = driver.recover();
    PlayResult { supervisor: driver.supervisor, fault_schedule: driver.fault_schedule, is_done }
}

struct Driver<'a> {
    plan: &'a Plan,
    supervisor: Supervisor,
    fault_schedule: FaultSchedule,
    random: Random,
    /// The instance that runs, and the number of its calls that remain.
    turn: Option<(usize, u64)>,
}

impl Driver<'_> {
    fn moment(&mut self, moment: usize) {
        self.supervisor.set_moment(moment, self.plan.moments[moment]);
        self.fault_schedule.set_now(self.plan.moments[moment]);
        self.storms();
        self.supervisor.assign_roles(&mut self.fault_schedule);
        let hurried = self.fault_schedule.happens(self.plan.rates.hurry, "a moment is cut short");
        let budget = if hurried { self.random.index(150) } else { MOST_CALLS };
        self.run(budget);
        self.supervisor.end_moment();
    }

    /// Stops the faults: delayed writes arrive, clocks are right, every role has an owner, and all instances run until none has
    /// work. Returns whether that happened.
    fn recover(&mut self) -> bool {
        self.fault_schedule.clear();
        self.supervisor.heal();
        let last = self.plan.moments.len();
        let mut rested = true;
        for (at, moment) in [(self.plan.end(), last), (self.plan.last_cut(), last + 1)] {
            self.supervisor.set_moment(moment, at);
            self.supervisor.assign_roles(&mut self.fault_schedule);
            rested &= self.run(MOST_CALLS);
        }
        rested
    }

    /// Compaction, retention and delayed writes of this moment.
    fn storms(&mut self) {
        let rates = self.plan.rates;
        let broker = self.supervisor.broker.clone();
        if self.fault_schedule.happens(400, "a late write lands") {
            broker.borrow_mut().land_some();
        }
        if self.fault_schedule.happens(500, "the end of a transaction arrives") {
            broker.borrow_mut().end_transactions();
        }
        if self.fault_schedule.happens(rates.compaction, "compaction") {
            self.compact();
        }
        if self.plan.retention == Retention::Advised && self.fault_schedule.happens(200, "retention, as advised") {
            self.truncate_all(460, Kind::RetentionAdvised);
        }
        if self.plan.retention == Retention::Early && self.fault_schedule.happens(35, "retention, too early") {
            let partition = u32::try_from(self.random.below(self.plan.partitions.into())).expect("small");
            let days = self.random.range(20, 400);
            let until = Timestamp(broker.borrow().now.0 - days * DAY);
            let gone = broker.borrow_mut().truncate(partition, until, 0);
            broker.borrow_mut().bites.many(Kind::RetentionEarly, u64::from(gone > 0));
        }
        if self.fault_schedule.happens(rates.clock, "an instance's clock is wrong") {
            self.supervisor.upset_a_clock(&mut self.random);
        }
    }

    /// The start of the recommended retention: 16 months before the last published cut. A longer outage makes it an early
    /// retention.
    fn truncate_all(&mut self, days: i64, kind: Kind) {
        let mut broker = self.supervisor.broker.borrow_mut();
        let done = last_run(&broker).map_or(0, |run| run.at.0);
        let until = Timestamp(done - days * DAY);
        for partition in 0..self.plan.partitions {
            let gone = broker.truncate(partition, until, 1);
            broker.bites.many(kind, u64::from(gone > 0));
        }
    }

    fn compact(&mut self) {
        let topics = [Topic::ClinicianMonths, Topic::ClinicianMonths, Topic::Scorecards, Topic::PeerGroups, Topic::PeerSnapshots];
        let topic = self.random.pick(&topics);
        let mut broker = self.supervisor.broker.borrow_mut();
        let until = Timestamp(broker.now.0 - self.plan.compaction_lag);
        let gone = broker.compact(topic, until);
        if topic != Topic::ClinicianMonths {
            broker.bites.many(Kind::CompactionBehind, gone.len() as u64);
            return;
        }
        let published = last_run(&broker).map(|run| run.at);
        let ahead = |at: Timestamp| published.is_none_or(|published| at > published);
        let bites = gone.iter().filter(|stored| match codec::avro::encoding::decode(&stored.bytes) {
            Record::ClinicianMonth(row) => ahead(row.at),
            Record::Mark(mark) => ahead(mark.at),
            _ => false,
        });
        let bites = bites.count() as u64;
        broker.bites.many(Kind::CompactionAhead, bites);
    }

    /// Lets instances make at most `budget` calls. Returns whether no instance has work.
    fn run(&mut self, budget: usize) -> bool {
        for _ in 0..budget {
            if self.random.happens(30) {
                self.supervisor.fill(&mut self.fault_schedule);
            }
            let Some(at) = self.next() else {
                if self.supervisor.fill(&mut self.fault_schedule) {
                    continue;
                }
                return true;
            };
            self.call(at);
        }
        false
    }

    /// The next instance: often the same one again, for some calls.
    fn next(&mut self) -> Option<usize> {
        if let Some((writer, left)) = self.turn
            && left > 0
            && let Some(at) = self.supervisor.place_of(writer)
            && self.supervisor.can_go(at)
        {
            self.turn = Some((writer, left - 1));
            return Some(at);
        }
        let ready = self.supervisor.ready();
        if ready.is_empty() {
            return None;
        }
        let at = self.random.pick(&ready);
        let calls = self.random.weighted(&[(3, 0), (3, 4), (2, 15), (2, 200)]);
        self.turn = Some((self.supervisor.instances[at].writer, calls));
        Some(at)
    }

    fn call(&mut self, at: usize) {
        let (writer, role, call) = {
            let one = &self.supervisor.instances[at];
            (one.writer, one.role, one.call)
        };
        let rates = self.plan.rates;
        let writes = matches!(call, Call::Append(_) | Call::Flush | Call::Transaction(_) | Call::Fence);
        let often = if writes { 4 } else { 1 };
        if call != Call::Rest {
            if self.fault_schedule.happens(rates.crash * often, &format!("{role:?} {writer} crashes at {call:?}")) {
                self.supervisor.crash(at);
                return;
            }
            if self.fault_schedule.happens(rates.stall * often, &format!("{role:?} {writer} stalls at {call:?}")) {
                self.supervisor.stall(at, &mut self.random);
                return;
            }
            let per_call = rates.second_owner.div_ceil(20);
            if self.fault_schedule.happens(per_call * often, &format!("{role:?} {writer} gets a successor at {call:?}")) {
                self.supervisor.succeed(at, &mut self.random);
            }
        }
        if self.random.happens(60) {
            let count = 1 + self.random.index(5);
            self.supervisor.broker.borrow_mut().send(writer, count);
        }
        let mishap = self.mishap(writer, call);
        let Some(at) = self.supervisor.place_of(writer) else { return };
        if let Step::Ended(result) = self.supervisor.go(at, Go::On(mishap)) {
            self.fault_schedule.say(&format!("{role:?} {writer} ends: {result:?}"));
            self.supervisor.remove(at);
        } else if role == Role::Publish && matches!(call, Call::Transaction(_)) && self.fault_schedule.listens() {
            let outcome = last_run(&self.supervisor.broker.borrow()).map(|run| format!("{} {:?}", run.at, run.outcome));
            self.fault_schedule.say(&format!("Publish {writer} published {outcome:?}"));
        }
    }

    fn mishap(&mut self, writer: usize, call: Call) -> Option<Mishap> {
        let rates = self.plan.rates;
        let buffered = self.supervisor.broker.borrow().buffered(writer) > 0;
        let (rate, choices): (u64, &[(u64, Mishap)]) = match call {
            Call::Append(_) => (rates.append, &[(2, Mishap::Refused), (2, Mishap::Unknown), (4, Mishap::Twice)]),
            Call::Flush if buffered => (
                rates.flush,
                &[(4, Mishap::Partly), (2, Mishap::Lost), (2, Mishap::WithGaps), (3, Mishap::InFlight), (3, Mishap::Unknown)],
            ),
            Call::Read(..) => (rates.read, &[(10, Mishap::Short), (8, Mishap::Stale), (1, Mishap::Failed)]),
            Call::Bounds => (rates.read / 10, &[(1, Mishap::Failed)]),
            Call::Transaction(_) => (rates.transaction, &[(1, Mishap::Lost), (1, Mishap::Unknown), (2, Mishap::InFlight)]),
            Call::Fence => (rates.fence, &[(1, Mishap::Failed), (1, Mishap::Unknown)]),
            Call::Flush | Call::Rest => return None,
        };
        if !self.fault_schedule.may(rate) {
            return None;
        }
        let mishap = self.random.weighted(choices);
        self.fault_schedule.strikes(&format!("{mishap:?} at {call:?} of {writer}")).then_some(mishap)
    }
}

/// The newest run record.
pub(crate) fn last_run(broker: &Broker) -> Option<Run> {
    let last = broker.journal(Topic::Runs, 0).last()?;
    match codec::avro::encoding::decode(&last.bytes) {
        Record::Run(run) => Some(run),
        _ => None,
    }
}
