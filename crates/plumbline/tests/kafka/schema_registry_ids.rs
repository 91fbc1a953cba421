//! A line with a schema registry: the ids in its topics are the registry's, and one that is down holds up only what needs it.

use codec::avro::contract::Contract;
use codec::avro::encoding::Form;
use plumbline::kafka::schema_registry::subjects::subjects;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, Message};
use scorecard::time::calendar::Timestamp;

use crate::broker::{Means, shared};
use crate::deployment_under_test::{Input, Line, Plan, Role, WEEKLY};
use crate::test_registry::{Manner, TestRegistry};
use crate::topic_writer::until;

const ORDERS: Input = Input { name: "orders", partitions: 1, feed: None, format: Some("avro") };
const EVENTS: Input = Input { name: "gp-events", partitions: 1, feed: None, format: None };

/// 2026-10-05T08:38:00Z, when the order of the fixture was made.
const ORDERED: Timestamp = Timestamp(1_791_189_480_000);

/// The contract's own fixture of an order, under an id that the practice system's producer was given.
fn order(id: u32) -> Vec<u8> {
    let text = include_str!("../../../codec/fixtures/v1/order-event.avro.hex");
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits")).collect();
    bytes[1..5].copy_from_slice(&id.to_be_bytes());
    bytes
}

/// The schema id in the first frame of a topic.
fn first_id(line: &Line, topic: &str) -> u32 {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &line.bootstrap).set("group.id", format!("{}first", line.prefix));
    let consumer: BaseConsumer = config.create().expect("properties that the library knows");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&format!("{}{topic}", line.prefix), 0, Offset::Beginning).expect("a place that is there");
    consumer.assign(&list).expect("a place that is there");
    let mut id = None;
    until(&format!("{topic} holds something"), || {
        let message = consumer.poll(std::time::Duration::from_millis(100)).and_then(Result::ok);
        let frame = message.as_ref().and_then(Message::payload);
        id = frame.map(|frame| codec::avro::encoding::unframed(frame).expect("a frame").0);
        id.is_some()
    });
    id.expect("it was waited for")
}

/// Orders under ids of the registry are taken, everything that comes of them carries ids of the registry, and while it is down what
/// it alone could explain waits: other topics go on, and nothing is refused.
pub fn a_line_with_a_registry_writes_its_ids_and_waits_for_those_it_does_not_know(means: &Means) {
    let registry = TestRegistry::start();
    let first = WEEKLY.at_or_after(ORDERED);
    let bootstrap = shared(means);
    let inputs = vec![ORDERS, EVENTS];
    let plan = Plan { name: "registered", bootstrap: &bootstrap, partitions: 1, inputs, grid: WEEKLY, first, registry: "" };
    let line = Line::new(&plan);
    line.ask_for_schemas(&registry.url());
    let hand = line.hand();
    registry.put(701, Contract::OrderEvent.schema());
    let crew: Vec<_> = Role::LINE.into_iter().map(|role| line.start(role)).collect();
    hand.send(ORDERS.name, 0, None, Some(&order(701)));
    hand.flush();
    hand.until_committed("intake", ORDERS.name, 1);
    hand.tick(1, first);
    until("the run is published", || hand.end("runs", 0) > 0);
    for subject in subjects(&line.prefix) {
        // The tick is the suite's own, under an id of ours; both kinds are read.
        let is_first = matches!(subject.form, Form::Batch | Form::ClinicianMonth | Form::Run);
        if is_first {
            assert_eq!(Some(first_id(&line, subject.topic.name())), registry.id_of(&subject.name), "{}", subject.name);
        }
    }

    // The same schema in other words has another id, which nobody here has met.
    registry.put(9_001, &Contract::OrderEvent.schema().replace("\"doc\"", "\"comment\""));
    registry.behave(Manner { broken: Some((503, "down".to_owned())), ..Manner::default() });
    registry.asked();
    hand.send(ORDERS.name, 0, None, Some(&order(9_001)));
    hand.flush();
    let mut asked = Vec::new();
    until("the registry is asked for the id", || {
        asked.extend(registry.asked());
        asked.contains(&"GET /schemas/ids/9001".to_owned())
    });
    let event = include_bytes!("../../../../schemas/examples/encounter.json");
    hand.send(EVENTS.name, 0, None, Some(event));
    hand.flush();
    hand.until_committed("intake", EVENTS.name, 1);
    assert_eq!(hand.committed("intake", ORDERS.name, 0), 1, "the order that nobody can read yet waits");
    let before = hand.end("events", 0);
    registry.behave(Manner::default());
    hand.until_committed("intake", ORDERS.name, 1);
    assert!(hand.end("events", 0) > before, "the order is logged");
    assert_eq!(hand.end("rejects", 0), 0, "nothing is refused");
    for mut process in crew {
        let status = process.end();
        assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.said());
    }
}
