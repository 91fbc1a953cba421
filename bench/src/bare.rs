//! The bare client of the brokers: a consumer and a producer that only read and write. Their cost is the lower bound for every program
//! built on them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Message;
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stream::partition::partition_of;

use crate::local::CLINICIANS;
use crate::traffic::Traffic;

/// Partitions of the input topic and of `events`.
pub const PARTITIONS: u32 = 4;
/// Seconds without a message after which the measurement fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    config
}

/// Creates a topic.
///
/// # Errors
/// When the brokers refuse.
pub fn make(brokers: &str, topic: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    let topic = NewTopic::new(topic, PARTITIONS.cast_signed(), TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let options = AdminOptions::new();
    all(runtime.block_on(admin.create_topics([&topic], &options))?)
}

/// Deletes every topic whose name starts with this prefix.
///
/// # Errors
/// When the brokers refuse.
pub fn delete(brokers: &str, prefix: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(brokers).create()?;
    let metadata = admin.inner().fetch_metadata(None, PATIENCE)?;
    let names: Vec<&str> = metadata.topics().iter().map(MetadataTopic::name).filter(|name| name.starts_with(prefix)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let options = AdminOptions::new();
    all(runtime.block_on(admin.delete_topics(&names, &options))?)
}

fn all(results: Vec<TopicResult>) -> Result<()> {
    results.into_iter().try_for_each(|one| one.map(drop).map_err(|(name, code)| anyhow::anyhow!("{name}: {code}")))
}

/// Producer of a topic.
struct Writer<'a> {
    producer: BaseProducer,
    topic: &'a str,
}

impl Writer<'_> {
    fn new<'a>(brokers: &str, topic: &'a str) -> Result<Writer<'a>> {
        let mut config = client(brokers);
        config.set("linger.ms", "10").set("batch.size", "1000000").set("enable.idempotence", "true").set("acks", "all");
        Ok(Writer { producer: config.create()?, topic })
    }

    fn write(&self, key: &[u8], payload: &[u8], partition: i32) -> Result<()> {
        let mut record = BaseRecord::<[u8], [u8]>::to(self.topic).key(key).payload(payload).partition(partition);
        while let Err((error, back)) = self.producer.send(record) {
            ensure!(error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull), "{error}");
            record = back;
            self.producer.poll(Duration::from_millis(10));
        }
        self.producer.poll(Duration::ZERO);
        Ok(())
    }
}

/// Fills a topic with native events, one in each record, keyed by their feed.
///
/// # Errors
/// When the brokers refuse them.
pub fn fill(brokers: &str, topic: &str, events: u64) -> Result<()> {
    let writer = Writer::new(brokers, topic)?;
    let mut traffic = Traffic::new(3, CLINICIANS);
    let mut text = String::new();
    for _ in 0..events {
        text.clear();
        traffic.event(&mut text);
        let feed = text.split('"').nth(3).context("an event starts with its feed")?;
        writer.write(feed.as_bytes(), text.trim_end().as_bytes(), partition_of(feed, PARTITIONS).cast_signed())?;
    }
    Ok(writer.producer.flush(PATIENCE)?)
}

/// Reads this many records of a topic and drops them.
///
/// # Errors
/// When the records do not arrive.
pub fn consume(brokers: &str, topic: &str, events: u64) -> Result<()> {
    each(brokers, topic, events, |_, _, _| Ok(()))
}

/// Copies this many records into another topic.
///
/// # Errors
/// When the records do not arrive, or the brokers refuse them.
pub fn copy(brokers: &str, topic: &str, into: &str, events: u64) -> Result<()> {
    let writer = Writer::new(brokers, into)?;
    each(brokers, topic, events, |key, payload, partition| writer.write(key, payload, partition))?;
    Ok(writer.producer.flush(PATIENCE)?)
}

fn each(brokers: &str, topic: &str, events: u64, mut with: impl FnMut(&[u8], &[u8], i32) -> Result<()>) -> Result<()> {
    let mut config = client(brokers);
    config
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .set("fetch.queue.backoff.ms", "10")
        .set("queued.max.messages.kbytes", "16384");
    let consumer: BaseConsumer = config.create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition.cast_signed(), Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let mut seen = 0;
    while seen < events {
        let polled = consumer.poll(Duration::ZERO).or_else(|| consumer.poll(PATIENCE));
        if let Ok(message) = polled.context("no message arrived in time")? {
            with(message.key().unwrap_or_default(), message.payload().unwrap_or_default(), message.partition())?;
            seen += 1;
        }
    }
    Ok(())
}
