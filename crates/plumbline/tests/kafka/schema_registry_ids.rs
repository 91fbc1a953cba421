//! A deployment with a schema registry: its topics hold the registry's ids, and an outage delays only records with unknown ids.

use codec::avro::contract::Contract;
use codec::avro::encoding::Form;
use plumbline::kafka::schema_registry::subjects::subjects;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, Message};
use scorecard::time::calendar::Timestamp;

use crate::broker::{TestTools, shared};
use crate::deployment_under_test::{DeploymentPlan, Role, TestDeployment, WEEKLY};
use crate::input_topic::InputTopic;
use crate::test_registry::{Manner, TestRegistry};
use crate::topic_writer::until;

const ORDERS: InputTopic = InputTopic { name: "orders", partitions: 1, feed: None, format: Some("avro") };
const EVENTS: InputTopic = InputTopic { name: "gp-events", partitions: 1, feed: None, format: None };

/// 2026-10-05T08:38:00Z, the time of the fixture's order.
const ORDERED: Timestamp = Timestamp(1_791_189_480_000);

/// The contract's fixture of an order, under the id of the practice system's producer.
fn order(id: u32) -> Vec<u8> {
    let text = include_str!("../../../codec/fixtures/40-order-event.avro.hex");
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits")).collect();
    bytes[1..5].copy_from_slice(&id.to_be_bytes());
    bytes
}

/// The schema id in the first frame of a topic.
fn first_id(deployment: &TestDeployment, topic: &str) -> u32 {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &deployment.bootstrap).set("group.id", format!("{}first", deployment.prefix));
    let consumer: BaseConsumer = config.create().expect("properties that the library knows");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&format!("{}{topic}", deployment.prefix), 0, Offset::Beginning).expect("a partition that exists");
    consumer.assign(&list).expect("a partition that exists");
    let mut id = None;
    until(&format!("{topic} holds a record"), || {
        let message = consumer.poll(std::time::Duration::from_millis(100)).and_then(Result::ok);
        let frame = message.as_ref().and_then(Message::payload);
        id = frame.map(|frame| codec::avro::encoding::unframed(frame).expect("a frame").0);
        id.is_some()
    });
    id.expect("until waited for it")
}

/// Intake decodes orders with ids of the registry, and every result has ids of the registry. During an outage, records with unknown
/// ids wait, other topics continue, and nothing is rejected.
pub fn a_schema_registry_gives_ids_and_unknown_ids_wait(tools: &TestTools) {
    let registry = TestRegistry::start();
    let first = WEEKLY.at_or_after(ORDERED);
    let bootstrap = shared(tools);
    let inputs = vec![ORDERS, EVENTS];
    let plan =
        DeploymentPlan { name: "registered", bootstrap: &bootstrap, partitions: 1, inputs, grid: WEEKLY, first, registry: "" };
    let deployment = TestDeployment::new(&plan);
    deployment.set_schema_registry(&registry.url());
    let writer = deployment.writer();
    registry.put(701, Contract::OrderEvent.schema());
    let processes: Vec<_> = Role::SEPARATE.into_iter().map(|role| deployment.start(role)).collect();
    writer.send(ORDERS.name, 0, None, Some(&order(701)));
    writer.flush();
    writer.until_committed("intake", ORDERS.name, 1);
    writer.tick(1, first);
    until("the run is published", || writer.end("runs", 0) > 0);
    for subject in subjects(&deployment.prefix) {
        // The suite wrote the tick with Plumbline's own id; readers accept both.
        let is_first = matches!(subject.form, Form::Batch | Form::ClinicianMonth | Form::Run);
        if is_first {
            assert_eq!(Some(first_id(&deployment, subject.topic.name())), registry.id_of(&subject.name), "{}", subject.name);
        }
    }

    // The same schema with other docs has another id, which the deployment does not know yet.
    registry.put(9_001, &Contract::OrderEvent.schema().replace("\"doc\"", "\"comment\""));
    registry.behave(Manner { broken: Some((503, "down".to_owned())), ..Manner::default() });
    registry.asked();
    writer.send(ORDERS.name, 0, None, Some(&order(9_001)));
    writer.flush();
    let mut asked = Vec::new();
    until("the registry is asked for the id", || {
        asked.extend(registry.asked());
        asked.contains(&"GET /schemas/ids/9001".to_owned())
    });
    let event = include_bytes!("../../../../schemas/examples/encounter.json");
    writer.send(EVENTS.name, 0, None, Some(event));
    writer.flush();
    writer.until_committed("intake", EVENTS.name, 1);
    assert_eq!(writer.committed("intake", ORDERS.name, 0), 1, "the order with an unknown schema waits");
    let before = writer.end("events", 0);
    registry.behave(Manner::default());
    writer.until_committed("intake", ORDERS.name, 1);
    assert!(writer.end("events", 0) > before, "the order is logged");
    assert_eq!(writer.end("rejects", 0), 0, "nothing is rejected");
    for mut process in processes {
        let status = process.end();
        assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.log_text());
    }
}
