//! A network's traffic on its course through a line, cut by cut: traffic up to T, intake has committed it, tick T in every
//! partition, T's run is published. So what comes out can be compared with the oracle.

use std::sync::Arc;

use promises::oracle::{SentTraffic, ask, compare};
use promises::played_network::Network;
use promises::simulation::verifier::verdict::Verdict;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;
use stream::partition::partition_of;

use crate::accounts::{self, ProducedCounts, Times};
use crate::broker::{Means, shared};
use crate::deployment_under_test::{Input, Line, Plan, WEEKLY, real_now};
use crate::dump::{Dump, Subscriber};
use crate::replay_in_memory::Extent;
use crate::topic_writer::Hand;
use crate::{replay_in_memory, subscriber_view};

/// The input topic of the traffic.
pub const INPUT: Input = Input { name: "gp-events", partitions: 4, feed: None, format: None };

/// So many partitions has `events` here.
pub const PARTITIONS: u32 = 3;

/// A small network whose months lie in the past, for a tick counts only if it is not later than the broker's clock.
pub fn network(seed: u64) -> Network {
    let until: sim::calendar::Month = "2025-03".parse().expect("a month");
    let population = sim::traffic::population::PopulationConfig { seed, practices: 3, clinicians: 27, ..Default::default() };
    // Nothing comes later than six weeks after the last month: the last of them is final then.
    let deliver_until = Some(1_747_267_200_000);
    let traffic = sim::traffic::deliveries::TrafficConfig {
        seed,
        months: 3,
        until,
        encounters_per_day: 0.5,
        deliver_until,
        ..Default::default()
    };
    Network::draw(&population, &traffic)
}

/// A network's way through a line.
pub struct Course {
    pub line: Arc<Line>,
    pub network: Network,
    pub hand: Hand,
    pub sent: SentTraffic,
    produced: usize,
    /// The cut that is due next.
    pub next: Timestamp,
}

impl Course {
    /// A line for this network on these brokers; nobody runs yet.
    pub fn new(name: &str, bootstrap: &str, network: Network) -> Course {
        let first = WEEKLY.at_or_after(network.begins());
        let inputs = vec![INPUT];
        let plan = Plan { name, bootstrap, partitions: PARTITIONS, inputs, grid: WEEKLY, first, registry: &network.registry };
        let line = Arc::new(Line::new(&plan));
        let hand = line.hand();
        Course { hand, sent: SentTraffic { first, ..SentTraffic::default() }, produced: 0, next: first, network, line }
    }

    /// The same on the broker that tests share.
    pub fn on_shared(name: &str, means: &Means, seed: u64) -> Course {
        Course::new(name, &shared(means), network(seed))
    }

    /// Whether everything was sent, and a cut lies behind it.
    pub fn is_over(&self) -> bool {
        self.produced == self.network.deliveries.len()
    }

    /// Produces what arrives before the next cut.
    pub fn produce(&mut self) {
        let deliveries = self.network.deliveries[self.produced..].iter().take_while(|delivery| delivery.arrival < self.next.0);
        for delivery in deliveries {
            let partition = partition_of(&delivery.feed, INPUT.partitions);
            self.hand.send(INPUT.name, partition, Some(delivery.feed.as_bytes()), Some(delivery.json.as_bytes()));
            self.sent.logged.entry(delivery.feed.clone()).or_default().push(delivery.json.clone());
            self.produced += 1;
        }
        self.hand.flush();
    }

    /// Waits until intake has committed what was produced, and ticks. Returns the cut.
    pub fn tick(&mut self) -> Timestamp {
        self.hand.until_committed("intake", INPUT.name, INPUT.partitions);
        let at = self.next;
        self.hand.tick(PARTITIONS, at);
        self.sent.cut(at);
        self.next = WEEKLY.after(at);
        at
    }

    /// Produces, ticks and waits for the run, once.
    pub fn step(&mut self) {
        self.produce();
        let at = self.tick();
        self.hand.until_published(at);
    }

    /// All steps that are left.
    pub fn run(&mut self) {
        while !self.is_over() {
            self.step();
        }
    }

    /// Judges everything that the topics hold: as a subscriber, against a calm run, the accounts, and the oracle. Returns the dump.
    pub fn judge(&self, means: &Means, times: Times) -> Dump {
        let subscriber = Subscriber { python: means.python.clone(), bootstrap: self.line.bootstrap.clone() };
        let dump = subscriber.dump(&self.line.prefix, &[&self.hand.topic(INPUT.name)]);
        let mut verdict = Verdict::default();
        let deployment = replay_in_memory::deployment(&dump, self.line.identity_seed(), env!("CARGO_PKG_VERSION"));
        subscriber_view::judge(&dump, &deployment.schedule, &mut verdict);
        let again = replay_in_memory::play_again(&dump, &deployment);
        replay_in_memory::judge(&dump, &again.dump, Extent::All, &mut verdict);
        accounts::judge(&dump, &self.produced(&dump), &self.line.registry, times, &mut verdict);
        accounts::judge_folded(&dump, &again.outcomes, &mut verdict);
        assert!(verdict.is_clean(), "{:#?}", verdict.all());
        assert_eq!(dump.runs().len(), self.sent.cuts.len(), "every cut is published");
        let seen = compare(dump.revisions(), &ask(&self.network.registry, &self.sent));
        let told = dump.stored(Topic::Events).count();
        eprintln!("{}: {} events in {told} records, cards {seen:?}", self.line.prefix, self.produced);
        assert!(seen.get("final").is_some_and(|final_| *final_ >= 20), "{seen:?}");
        dump
    }

    fn produced(&self, dump: &Dump) -> ProducedCounts {
        let mut produced = ProducedCounts::default();
        for input in &self.line.inputs {
            let topic = self.hand.topic(input.name);
            let records = dump.inputs.get(&topic).map_or(&[][..], Vec::as_slice);
            produced.open(&self.line.decoder(), &topic, records, Line::feed_of(input).as_ref(), Timestamp(real_now()));
        }
        produced
    }
}
