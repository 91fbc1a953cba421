//! Synthetic traffic, played through the real decoder, intake, tallies and publisher in virtual time.

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;
use sim::traffic::deliveries::{Delivery, Traffic};
use sim::traffic::population::Population;
use stream::deployment::Deployment;
use stream::intake::intake_task::Intake;

use crate::oracle::SentTraffic;
use crate::simulated_log::SimulatedLog;
use crate::world::World;

/// A synthetic network and its traffic.
pub struct Network {
    /// The registry as NDJSON.
    pub registry: String,
    /// Deliveries in order of arrival.
    pub deliveries: Vec<Delivery>,
    /// Counts of the oddities.
    pub odds: sim::traffic::oddity::Odds,
}

impl Network {
    /// Draws a network and its traffic.
    #[must_use]
    pub fn draw(
        population: &sim::traffic::population::PopulationConfig,
        traffic: &sim::traffic::deliveries::TrafficConfig,
    ) -> Network {
        let population = Population::generate(population);
        let mut traffic = Traffic::new(&population, traffic);
        let deliveries = traffic.by_ref().collect();
        Network { registry: population.registry(), deliveries, odds: traffic.odds().clone() }
    }

    /// The first arrival.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        Timestamp(self.deliveries.first().expect("a network that sends something").arrival)
    }

    /// The last arrival.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        Timestamp(self.deliveries.last().expect("a network that sends something").arrival)
    }
}

/// A played network: the world after the last cut, and the events before each cut.
pub struct PlayedWorld {
    /// The world.
    pub world: World,
    /// The logged events and their number before each cut.
    pub sent: SentTraffic,
    /// Reasons and details of the rejects.
    pub rejected: Vec<String>,
}

/// Plays a network until `until` with at most `batch` events in a record. A cut includes everything that arrives before it.
#[must_use]
pub fn play(network: &Network, deployment: Deployment, batch: usize, until: Timestamp) -> PlayedWorld {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let mut world = World::new(deployment);
    world.intake = Intake::new(world.deployment.partitions, batch);
    let first = world.deployment.schedule.first;
    world.log.set_now(first.plus_seconds(-86_400));
    for entry in
        scorecard::registry::registry_file::parse_registry(&network.registry).expect("the simulated registry is in order").entries
    {
        world.register(first.plus_seconds(-86_400), entry);
    }
    let mut played = PlayedWorld { world, sent: SentTraffic { first, ..SentTraffic::default() }, rejected: Vec::new() };
    let mut deliveries = network.deliveries.iter().peekable();
    let mut log = played.world.log.handle();
    let mut cut = first;
    while cut <= until {
        // The log's clock does not move between cuts, so the packing of batches cannot change append times.
        played.world.log.set_now(cut.plus_seconds(-1));
        while let Some(delivery) = deliveries.next_if(|delivery| delivery.arrival < cut.0) {
            deliver(&mut played, &mut log, &decoder, delivery);
        }
        played.world.intake.flush(&mut log).expect("a log without faults");
        played.world.run_until(cut);
        played.sent.cut(cut);
        cut = played.world.deployment.schedule.grid.after(cut);
    }
    played
}

fn deliver(played: &mut PlayedWorld, log: &mut SimulatedLog, decoder: &RecordDecoder, delivery: &Delivery) {
    let at = Timestamp(delivery.arrival);
    let position = Position { source: "sim".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: at, now: at };
    let PlayedWorld { world, sent, rejected } = played;
    decoder.decode(delivery.json.as_bytes(), &context, &mut |item| {
        match &item {
            Item::Event(_, event) => sent.log(&delivery.feed, &delivery.json, event),
            Item::Reject(reject) => rejected.push(format!("{} {}: {}", reject.reason, reject.field, reject.detail)),
            other => panic!("native traffic holds {other:?}"),
        }
        world.intake.take(log, item).expect("a log without faults");
    });
}
