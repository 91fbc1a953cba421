//! The traffic of a network through a deployment, cut by cut. For each cut T it sends the deliveries before T, waits for intake's
//! commit, writes tick T and waits for the run of T. The result is comparable with the oracle.

use std::sync::Arc;

use codec::formats::record_decoder::Context;
use promises::oracle::{SentTraffic, ask, compare};
use promises::played_network::Network;
use promises::simulation::verifier::verdict::Verdict;
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;
use stream::partition::partition_of;

use crate::accounts::{self, Delivery, ProducedCounts};
use crate::broker::{TestTools, shared};
use crate::deployment_under_test::{DeploymentPlan, TestDeployment, WEEKLY, real_now};
use crate::dump::{Dump, Subscriber};
use crate::input_topic::InputTopic;
use crate::replay_in_memory::Extent;
use crate::topic_writer::TopicWriter;
use crate::{replay_in_memory, subscriber_view};

/// The input topic of the traffic.
pub const INPUT: InputTopic = InputTopic { name: "gp-events", partitions: 4, feed: None, format: None };

/// Partitions of `events`.
pub const PARTITIONS: u32 = 3;

/// A small network whose months are in the past: a tick counts only if it is not later than the broker's clock.
pub fn network(seed: u64) -> Network {
    let until: sim::calendar::Month = "2025-03".parse().expect("a month");
    let population = sim::traffic::population::PopulationConfig { seed, practices: 3, clinicians: 27, ..Default::default() };
    // The last delivery arrives six weeks after the last month: that month is final then.
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

/// The traffic of a network through a deployment.
pub struct TrafficRun {
    pub deployment: Arc<TestDeployment>,
    pub network: Network,
    pub writer: TopicWriter,
    pub sent: SentTraffic,
    produced: usize,
    /// The next cut.
    pub next: Timestamp,
}

impl TrafficRun {
    /// A deployment for this network on these brokers, without processes.
    pub fn new(name: &str, bootstrap: &str, network: Network) -> TrafficRun {
        let first = WEEKLY.at_or_after(network.begins());
        let inputs = vec![INPUT];
        let plan =
            DeploymentPlan { name, bootstrap, partitions: PARTITIONS, inputs, grid: WEEKLY, first, registry: &network.registry };
        let deployment = Arc::new(TestDeployment::new(&plan));
        let writer = deployment.writer();
        TrafficRun {
            writer,
            sent: SentTraffic { first, ..SentTraffic::default() },
            produced: 0,
            next: first,
            network,
            deployment,
        }
    }

    /// The same on the shared broker.
    pub fn on_shared(name: &str, tools: &TestTools, seed: u64) -> TrafficRun {
        TrafficRun::new(name, &shared(tools), network(seed))
    }

    /// Whether every delivery was sent.
    pub fn is_over(&self) -> bool {
        self.produced == self.network.deliveries.len()
    }

    /// Sends the deliveries before the next cut.
    pub fn produce(&mut self) {
        let decoder = self.deployment.decoder();
        let position = Position { source: INPUT.name.to_owned(), partition: 0, offset: 0, index: None };
        let deliveries = self.network.deliveries[self.produced..].iter().take_while(|delivery| delivery.arrival < self.next.0);
        for delivery in deliveries {
            let partition = partition_of(&delivery.feed, INPUT.partitions);
            let json = delivery.json.as_bytes();
            self.writer.send(INPUT.name, partition, Some(delivery.feed.as_bytes()), Some(json));
            let at = Timestamp(delivery.arrival);
            let context = Context { position: &position, feed: None, received_at: at, now: at };
            decoder.decode(json, &context, &mut |item| match item {
                Item::Event(_, event) => self.sent.log(&delivery.feed, &delivery.json, &event),
                other => panic!("native traffic holds {other:?}"),
            });
            self.produced += 1;
        }
        self.writer.flush();
    }

    /// Waits until intake committed every delivery, and writes the tick. Returns the cut.
    pub fn tick(&mut self) -> Timestamp {
        self.writer.until_committed("intake", INPUT.name, INPUT.partitions);
        let at = self.next;
        self.writer.tick(PARTITIONS, at);
        self.sent.cut(at);
        self.next = WEEKLY.after(at);
        at
    }

    /// One cut: sends, ticks, and waits for the run.
    pub fn step(&mut self) {
        self.produce();
        let at = self.tick();
        self.writer.until_published(at);
    }

    /// All remaining cuts.
    pub fn run(&mut self) {
        while !self.is_over() {
            self.step();
        }
    }

    /// Judges the topics: as a subscriber, against a replay, by the accounts, and against the oracle. Returns the dump.
    pub fn judge(&self, tools: &TestTools, times: Delivery) -> Dump {
        let subscriber = Subscriber { python: tools.python.clone(), bootstrap: self.deployment.bootstrap.clone() };
        let dump = subscriber.dump(&self.deployment.prefix, &[&self.writer.topic(INPUT.name)]);
        let mut verdict = Verdict::default();
        let config = replay_in_memory::deployment(&dump, self.deployment.identity_seed(), env!("CARGO_PKG_VERSION"));
        subscriber_view::judge(&dump, &config.schedule, &mut verdict);
        let again = replay_in_memory::replay(&dump, &config);
        replay_in_memory::judge(&dump, &again.dump, Extent::All, &mut verdict);
        accounts::judge(&dump, &self.produced(&dump), &self.deployment.registry, times, &mut verdict);
        accounts::judge_folded(&dump, &again.outcomes, &mut verdict);
        assert!(verdict.is_clean(), "{:#?}", verdict.all());
        assert_eq!(dump.runs().len(), self.sent.cuts.len(), "every cut is published");
        let seen = compare(dump.revisions(), &ask(&self.network.registry, &self.sent));
        let records = dump.stored(Topic::Events).count();
        eprintln!("{}: {} events in {records} records, cards {seen:?}", self.deployment.prefix, self.produced);
        assert!(seen.get("final").is_some_and(|final_| *final_ >= 20), "{seen:?}");
        dump
    }

    fn produced(&self, dump: &Dump) -> ProducedCounts {
        let mut produced = ProducedCounts::default();
        for input in &self.deployment.inputs {
            let topic = self.writer.topic(input.name);
            let records = dump.inputs.get(&topic).map_or(&[][..], Vec::as_slice);
            produced.decode(
                &self.deployment.decoder(),
                &topic,
                records,
                TestDeployment::feed_of(input).as_ref(),
                Timestamp(real_now()),
            );
        }
        produced
    }
}
