//! Who runs: starts instances, takes roles away from them and gives them to others, and buries the dead.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use scorecard::time::calendar::Timestamp;
use stream::deployment::Deployment;
use stream::intake::intake_task::IntakeCounts;

use crate::simulation::instance::{Brief, Instance, InstanceReport, Role, Step};
use crate::simulation::log::broker::{Broker, Writer};
use crate::simulation::log::fault::Kind;
use crate::simulation::log::fault_schedule::Weather;
use crate::simulation::log::handle::{Call, Go};
use crate::simulation::measure_sets::{Set, SetName};
use crate::simulation::plan::{DAY, Plan};
use crate::simulation::random::Dice;
use crate::simulation::traffic::source::Source;

/// A role without an owner until a moment.
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
    dice: Dice,
    healed: bool,
    /// What intakes counted that ended.
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
            dice: Dice::new(plan.seed, 6),
            healed: false,
            intakes: Vec::new(),
        }
    }

    fn roles(&self) -> Vec<Role> {
        let tallies = (0..self.plan.partitions).map(Role::Tally);
        [Role::Intake].into_iter().chain(tallies).chain([Role::Publish]).collect()
    }

    /// Time goes on to this moment.
    pub(crate) fn set_moment(&mut self, moment: usize, at: Timestamp) {
        self.moment = moment;
        self.before = self.broker.borrow().now;
        self.broker.borrow_mut().now = at;
        for one in &self.instances {
            one.desk.borrow_mut().clock = Timestamp(at.0 + one.skew);
        }
    }

    /// Gives roles to whoever is to have them, and lets zombies go.
    pub(crate) fn keep_up(&mut self, weather: &mut Weather) {
        let zombies: Vec<Writer> = self.instances.iter().filter(|one| one.superseded).map(|one| one.writer).collect();
        for writer in zombies {
            if self.dice.happens(300)
                && let Some(at) = self.place_of(writer)
            {
                self.instances[at].kill();
                self.bury(at);
            }
        }
        for role in self.roles() {
            self.keep_role(role, weather);
        }
        let mixed = |name| self.instances.iter().any(|one| one.set == name && one.role != Role::Intake);
        if mixed(SetName::First) && mixed(SetName::Second) {
            self.broker.borrow_mut().bites.bite(Kind::SetsMixed);
        }
    }

    fn keep_role(&mut self, role: Role, weather: &mut Weather) {
        if let Some(outage) = self.outages.get(&role).copied() {
            if self.moment < outage.until {
                return;
            }
            self.outages.remove(&role);
            self.count_outage(role, outage);
        }
        let owner = self.owners.get(&role).and_then(|&writer| self.place_of(writer));
        let Some(at) = owner else {
            self.start(role, weather);
            return;
        };
        if self.instances[at].stalled_until > self.moment && self.dice.happens(500) {
            weather.say(&format!("{role:?} {} is given up", self.instances[at].writer));
            self.supersede(at);
            self.start(role, weather);
        } else if weather.happens(self.plan.rates.outage, &format!("{role:?} is left alone")) {
            self.crash(at);
            let until = self.moment + 2 + self.dice.index(14);
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

    fn start(&mut self, role: Role, weather: &mut Weather) {
        let now = self.broker.borrow().now;
        let set = self.set_now(now);
        let writer = self.next;
        self.next += 1;
        let skew = if self.healed { 0 } else { self.dice.range(-2_000, 2_000) };
        let deployment = Deployment {
            schedule: self.plan.schedule.clone(),
            partitions: self.plan.partitions,
            measures: self.sets[set as usize].measures.clone(),
            identity_seed: 7,
            engine_version: "simulated".to_owned(),
        };
        let brief = Brief {
            deployment,
            broker: self.broker.clone(),
            source: self.source.clone(),
            batch_events: self.plan.batch_events,
            most: self.dice.pick(&[1, 7, 500, 500]),
        };
        weather.say(&format!("{role:?} {writer} starts with the {set:?} set"));
        self.instances.push(Instance::start(writer, role, set, skew, brief));
        self.owners.insert(role, writer);
    }

    fn set_now(&mut self, now: Timestamp) -> SetName {
        let Some(rollout) = self.plan.rollout else { return SetName::First };
        if now < rollout.from || (now < rollout.until && !self.healed && self.dice.happens(500)) {
            SetName::First
        } else {
            SetName::Second
        }
    }

    /// Starts an instance for every role that has no owner and is not left alone. Returns whether there was one.
    pub(crate) fn fill(&mut self, weather: &mut Weather) -> bool {
        let missing = |role: &Role| {
            !self.outages.contains_key(role) && self.owners.get(role).is_none_or(|&writer| self.place_of(writer).is_none())
        };
        let roles: Vec<Role> = self.roles().into_iter().filter(missing).collect();
        for role in &roles {
            self.start(*role, weather);
        }
        !roles.is_empty()
    }

    /// Where an instance stands in the list.
    pub(crate) fn place_of(&self, writer: Writer) -> Option<usize> {
        self.instances.iter().position(|one| one.writer == writer)
    }

    /// Whether it has anything to do.
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

    /// Those who have anything to do.
    pub(crate) fn ready(&self) -> Vec<usize> {
        (0..self.instances.len()).filter(|&at| self.can_go(at)).collect()
    }

    /// Lets one make its call.
    pub(crate) fn go(&mut self, at: usize, go: Go) -> Step {
        let step = self.instances[at].go(go);
        if matches!(step, Step::At(Call::Rest)) {
            self.instances[at].rested = (self.news_of(self.instances[at].role), self.moment);
        }
        step
    }

    /// It is over with this one: what it had not handed over is lost, or flies, or was sent in part.
    pub(crate) fn bury(&mut self, at: usize) {
        let one = self.instances.swap_remove(at);
        if let Some(counts) = &one.desk.borrow().said.intake {
            self.intakes.push(counts.clone());
        }
        let mut broker = self.broker.borrow_mut();
        match self.dice.below(10) {
            0..3 => {}
            3..6 => {
                let count = self.dice.index(broker.buffered(one.writer) + 1);
                broker.send(one.writer, count);
            }
            _ => broker.let_fly(one.writer),
        }
        broker.lose(one.writer);
    }

    /// It ends between two calls.
    pub(crate) fn crash(&mut self, at: usize) {
        self.note_crash(at);
        self.instances[at].kill();
        self.bury(at);
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

    /// It does nothing for some moments.
    pub(crate) fn stall(&mut self, at: usize, dice: &mut Dice) {
        self.instances[at].stalled_until = self.moment + 1 + dice.index(10);
    }

    /// Another gets its role: it is ended, or goes on without knowing.
    pub(crate) fn succeed(&mut self, at: usize, dice: &mut Dice) {
        let writer = self.instances[at].writer;
        let role = self.instances[at].role;
        if self.instances[at].superseded || self.owners.get(&role) != Some(&writer) {
            return;
        }
        if dice.happens(300) {
            self.broker.borrow_mut().bites.bite(Kind::OwnerMoved);
            self.note_crash(at);
            self.instances[at].kill();
            self.bury(at);
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

    /// One tally's clock jumps or steps back.
    pub(crate) fn upset_a_clock(&mut self, dice: &mut Dice) {
        let tallies: Vec<usize> =
            (0..self.instances.len()).filter(|&at| matches!(self.instances[at].role, Role::Tally(_))).collect();
        if tallies.is_empty() {
            return;
        }
        let at = dice.pick(&tallies);
        let skew = match dice.below(4) {
            0 => dice.range(-3 * DAY, 0),
            1 => dice.range(0, 3 * DAY),
            2 => dice.range(10, 40) * DAY,
            _ => dice.range(-60_000, 60_000),
        };
        let one = &mut self.instances[at];
        one.skew = skew;
        one.upsets += 1;
        one.desk.borrow_mut().clock = Timestamp(self.broker.borrow().now.0 + skew);
    }

    /// Counts who was late for a cut because of a clock.
    pub(crate) fn end_moment(&mut self) {
        let mut broker = self.broker.borrow_mut();
        let due = self.plan.schedule.grid.at_or_before(broker.now);
        let passed = self.before < due;
        let late = |one: &&Instance| matches!(one.role, Role::Tally(_)) && one.desk.borrow().clock < due;
        let late = self.instances.iter().filter(late).count() as u64;
        if passed && due >= self.plan.schedule.first {
            broker.bites.many(Kind::ClockBehind, late);
        }
    }

    /// Nothing is wrong any more.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.outages.clear();
        let rolled_out = self.plan.rollout.is_some();
        for at in (0..self.instances.len()).rev() {
            let one = &mut self.instances[at];
            (one.skew, one.stalled_until) = (0, 0);
            // A tally whose clock was ahead waits until time has come so far; here time stops, so it is started anew.
            if one.superseded || one.upsets > 0 || (rolled_out && one.set == SetName::First) {
                one.kill();
                self.bury(at);
            }
        }
        let mut broker = self.broker.borrow_mut();
        broker.end_transactions();
        broker.land_all();
    }

    /// What the owner of a role says of itself.
    pub(crate) fn said(&self, role: Role) -> Option<InstanceReport> {
        let at = self.place_of(*self.owners.get(&role)?)?;
        Some(self.instances[at].desk.borrow().said.clone())
    }
}
