//! The owners of the roles: the supervisor starts instances, moves roles between them and removes crashed ones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;
use stream::intake::intake_task::IntakeCounts;

use crate::simulation::instance::{Instance, InstanceInput, InstanceReport, Role, Step};
use crate::simulation::log::broker::{Broker, Writer};
use crate::simulation::log::fault::Kind;
use crate::simulation::log::fault_schedule::FaultSchedule;
use crate::simulation::log::handle::{Call, Go};
use crate::simulation::measure_sets::{Set, SetName};
use crate::simulation::plan::{DAY, Plan};
use crate::simulation::random::Random;
use crate::simulation::traffic::source::Source;

/// A role that has no owner until a moment.
#[derive(Clone, Copy, Debug)]
struct Outage {
    until: usize,
    began: Timestamp,
}

/// All instances of a history.
pub(crate) struct Supervisor {
    plan: Plan,
    sets: [Set; 2],
    pub broker: Rc<RefCell<Broker>>,
    pub source: Rc<RefCell<Source>>,
    pub instances: Vec<Instance>,
    owners: BTreeMap<Role, Writer>,
    outages: BTreeMap<Role, Outage>,
    next: Writer,
    moment: usize,
    before: Timestamp,
    random: Random,
    healed: bool,
    /// Counts of the intakes that ended.
    pub intakes: Vec<IntakeCounts>,
}

impl Supervisor {
    pub(crate) fn new(plan: &Plan, sets: &[Set; 2], broker: Rc<RefCell<Broker>>, source: Rc<RefCell<Source>>) -> Supervisor {
        Supervisor {
            plan: plan.clone(),
            sets: sets.clone(),
            broker,
            source,
            instances: Vec::new(),
            owners: BTreeMap::new(),
            outages: BTreeMap::new(),
            next: 1,
            moment: 0,
            before: Timestamp(i64::MIN),
            random: Random::new(plan.seed, 6),
            healed: false,
            intakes: Vec::new(),
        }
    }

    fn roles(&self) -> Vec<Role> {
        let tallies = (0..self.plan.partitions).map(Role::Tally);
        [Role::Intake].into_iter().chain(tallies).chain([Role::Publish]).collect()
    }

    /// Advances time to this moment.
    pub(crate) fn set_moment(&mut self, moment: usize, at: Timestamp) {
        self.moment = moment;
        self.before = self.broker.borrow().now;
        self.broker.borrow_mut().now = at;
        for one in &self.instances {
            one.state.borrow_mut().clock = Timestamp(at.0 + one.skew);
        }
    }

    /// Gives each role its owner at this moment, and ends superseded instances.
    pub(crate) fn assign_roles(&mut self, fault_schedule: &mut FaultSchedule) {
        let superseded: Vec<Writer> = self.instances.iter().filter(|one| one.superseded).map(|one| one.writer).collect();
        for writer in superseded {
            if self.random.happens(300)
                && let Some(at) = self.place_of(writer)
            {
                self.instances[at].kill();
                self.remove(at);
            }
        }
        for role in self.roles() {
            self.assign_role(role, fault_schedule);
        }
        let mixed = |name| self.instances.iter().any(|one| one.set == name && one.role != Role::Intake);
        if mixed(SetName::First) && mixed(SetName::Second) {
            self.broker.borrow_mut().bites.bite(Kind::SetsMixed);
        }
    }

    fn assign_role(&mut self, role: Role, fault_schedule: &mut FaultSchedule) {
        if let Some(outage) = self.outages.get(&role).copied() {
            if self.moment < outage.until {
                return;
            }
            self.outages.remove(&role);
            self.count_outage(role, outage);
        }
        let owner = self.owners.get(&role).and_then(|&writer| self.place_of(writer));
        let Some(at) = owner else {
            self.start(role, fault_schedule);
            return;
        };
        if self.instances[at].stalled_until > self.moment && self.random.happens(500) {
            fault_schedule.say(&format!("{role:?} {} is released", self.instances[at].writer));
            self.supersede(at);
            self.start(role, fault_schedule);
        } else if fault_schedule.happens(self.plan.rates.outage, &format!("{role:?} has no owner")) {
            self.crash(at);
            let until = self.moment + 2 + self.random.index(14);
            self.outages.insert(role, Outage { until, began: self.broker.borrow().now });
        }
    }

    fn count_outage(&self, role: Role, outage: Outage) {
        let mut broker = self.broker.borrow_mut();
        let cut_passed = self.plan.schedule.grid.after(outage.began) <= broker.now;
        let long = broker.now.0 - outage.began.0 > self.plan.compaction_lag;
        match role {
            Role::Tally(_) if cut_passed => broker.bites.bite(Kind::PartitionAlone),
            Role::Publish if long => broker.bites.bite(Kind::PublishAlone),
            _ => {}
        }
    }

    fn start(&mut self, role: Role, fault_schedule: &mut FaultSchedule) {
        let now = self.broker.borrow().now;
        let set = self.set_now(now);
        let writer = self.next;
        self.next += 1;
        let skew = if self.healed { 0 } else { self.random.range(-2_000, 2_000) };
        let deployment = Deployment {
            schedule: self.plan.schedule.clone(),
            partitions: self.plan.partitions,
            measures: self.sets[set as usize].measures.clone(),
            identity_seed: 7,
            engine_version: "simulated".to_owned(),
        };
        let input = InstanceInput {
            deployment,
            broker: self.broker.clone(),
            source: self.source.clone(),
            batch_events: self.plan.batch_events,
            most: self.random.pick(&[1, 7, 500, 500]),
        };
        fault_schedule.say(&format!("{role:?} {writer} starts with the {set:?} set"));
        self.instances.push(Instance::start(writer, role, set, skew, input));
        self.owners.insert(role, writer);
    }

    fn set_now(&mut self, now: Timestamp) -> SetName {
        let Some(rollout) = self.plan.rollout else { return SetName::First };
        if now < rollout.from || (now < rollout.until && !self.healed && self.random.happens(500)) {
            SetName::First
        } else {
            SetName::Second
        }
    }

    /// Starts an instance for every role without an owner, except roles that are paused. Returns whether it started one.
    pub(crate) fn fill(&mut self, fault_schedule: &mut FaultSchedule) -> bool {
        let missing = |role: &Role| {
            !self.outages.contains_key(role) && self.owners.get(role).is_none_or(|&writer| self.place_of(writer).is_none())
        };
        let roles: Vec<Role> = self.roles().into_iter().filter(missing).collect();
        for role in &roles {
            self.start(*role, fault_schedule);
        }
        !roles.is_empty()
    }

    /// The index of an instance in the list.
    pub(crate) fn place_of(&self, writer: Writer) -> Option<usize> {
        self.instances.iter().position(|one| one.writer == writer)
    }

    /// Whether an instance has work.
    pub(crate) fn can_go(&self, at: usize) -> bool {
        let one = &self.instances[at];
        if one.stalled_until > self.moment {
            return false;
        }
        one.call != Call::Rest || one.rested != (self.news_of(one.role), self.moment)
    }

    fn news_of(&self, role: Role) -> u64 {
        match role {
            Role::Intake => 0,
            Role::Tally(_) => self.broker.borrow().news[0],
            Role::Publish => self.broker.borrow().news[1],
        }
    }

    /// The instances with work.
    pub(crate) fn ready(&self) -> Vec<usize> {
        (0..self.instances.len()).filter(|&at| self.can_go(at)).collect()
    }

    /// Lets one instance make its call.
    pub(crate) fn go(&mut self, at: usize, go: Go) -> Step {
        let step = self.instances[at].go(go);
        if matches!(step, Step::At(Call::Rest)) {
            self.instances[at].rested = (self.news_of(self.instances[at].role), self.moment);
        }
        step
    }

    /// Ends an instance. Its unsent records are lost, arrive later, or were sent in part.
    pub(crate) fn remove(&mut self, at: usize) {
        let one = self.instances.swap_remove(at);
        if let Some(counts) = &one.state.borrow().report.intake {
            self.intakes.push(counts.clone());
        }
        let mut broker = self.broker.borrow_mut();
        match self.random.below(10) {
            0..3 => {}
            3..6 => {
                let count = self.random.index(broker.buffered(one.writer) + 1);
                broker.send(one.writer, count);
            }
            _ => broker.let_fly(one.writer),
        }
        broker.lose(one.writer);
    }

    /// Ends an instance between two calls.
    pub(crate) fn crash(&mut self, at: usize) {
        self.note_crash(at);
        self.instances[at].kill();
        self.remove(at);
    }

    fn note_crash(&self, at: usize) {
        let one = &self.instances[at];
        let mut broker = self.broker.borrow_mut();
        let writes = matches!(one.call, Call::Append(_) | Call::Flush | Call::Transaction(_));
        if writes || broker.buffered(one.writer) > 0 {
            broker.bites.bite(match one.role {
                Role::Intake => Kind::CrashOfIntake,
                Role::Tally(_) => Kind::CrashOfTally,
                Role::Publish => Kind::CrashOfPublish,
            });
        }
    }

    /// Stalls an instance for some moments.
    pub(crate) fn stall(&mut self, at: usize, random: &mut Random) {
        self.instances[at].stalled_until = self.moment + 1 + random.index(10);
    }

    /// Moves a role to another instance. The old one ends, or goes on without knowing.
    pub(crate) fn succeed(&mut self, at: usize, random: &mut Random) {
        let writer = self.instances[at].writer;
        let role = self.instances[at].role;
        if self.instances[at].superseded || self.owners.get(&role) != Some(&writer) {
            return;
        }
        if random.happens(300) {
            self.broker.borrow_mut().bites.bite(Kind::OwnerMoved);
            self.note_crash(at);
            self.instances[at].kill();
            self.remove(at);
        } else {
            self.broker.borrow_mut().bites.bite(Kind::OwnerDoubled);
            self.supersede(at);
        }
        self.owners.remove(&role);
    }

    fn supersede(&mut self, at: usize) {
        let one = &mut self.instances[at];
        one.superseded = true;
        let kind = match one.role {
            Role::Intake => Kind::ZombieIntake,
            Role::Tally(_) => Kind::ZombieTally,
            Role::Publish => Kind::ZombiePublish,
        };
        self.broker.borrow_mut().supersede(one.writer, kind);
    }

    /// Moves the clock of one tally forwards or backwards.
    pub(crate) fn upset_a_clock(&mut self, random: &mut Random) {
        let tallies: Vec<usize> =
            (0..self.instances.len()).filter(|&at| matches!(self.instances[at].role, Role::Tally(_))).collect();
        if tallies.is_empty() {
            return;
        }
        let at = random.pick(&tallies);
        let skew = match random.below(4) {
            0 => random.range(-3 * DAY, 0),
            1 => random.range(0, 3 * DAY),
            2 => random.range(10, 40) * DAY,
            _ => random.range(-60_000, 60_000),
        };
        let one = &mut self.instances[at];
        one.skew = skew;
        one.upsets += 1;
        one.state.borrow_mut().clock = Timestamp(self.broker.borrow().now.0 + skew);
    }

    /// Counts instances that were late for a cut because of their clock.
    pub(crate) fn end_moment(&mut self) {
        let mut broker = self.broker.borrow_mut();
        let due = self.plan.schedule.grid.at_or_before(broker.now);
        let passed = self.before < due;
        let late = |one: &&Instance| matches!(one.role, Role::Tally(_)) && one.state.borrow().clock < due;
        let late = self.instances.iter().filter(late).count() as u64;
        if passed && due >= self.plan.schedule.first {
            broker.bites.many(Kind::ClockBehind, late);
        }
    }

    /// Corrects all clocks and ends all pauses.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.outages.clear();
        let rolled_out = self.plan.rollout.is_some();
        for at in (0..self.instances.len()).rev() {
            let one = &mut self.instances[at];
            (one.skew, one.stalled_until) = (0, 0);
            // A tally whose clock was ahead waits for the log's time. Time stops here, so the supervisor restarts it.
            if one.superseded || one.upsets > 0 || (rolled_out && one.set == SetName::First) {
                one.kill();
                self.remove(at);
            }
        }
        let mut broker = self.broker.borrow_mut();
        broker.end_transactions();
        broker.land_all();
    }

    /// The report of a role's owner.
    pub(crate) fn report(&self, role: Role) -> Option<InstanceReport> {
        let at = self.place_of(*self.owners.get(&role)?)?;
        Some(self.instances[at].state.borrow().report.clone())
    }
}
