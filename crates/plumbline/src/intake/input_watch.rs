//! The watch over the input topics: how far the committed offsets of intake are behind the ends of the topics.
//!
//! It asks the brokers, and not the thread of intake, so a lag shows also where intake is stuck or owns no partition. Every process with
//! the role intake reports whole topics.

use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use scorecard::time::calendar::Timestamp;
use tracing::debug;

use crate::intake::consumer_session::TopicIntake;
use crate::kafka::contact::Contact;
use crate::kafka::settings::Group;
use crate::process::limits::{BROKER_REQUEST_TIMEOUT, COMMITTED_OFFSETS_TIMEOUT, LAG_CHECK_INTERVAL};

impl TopicIntake {
    /// Starts the watch.
    ///
    /// # Errors
    /// When the system starts no more threads, or librdkafka rejects a property.
    pub fn watch(self) -> Result<JoinHandle<()>> {
        // A consumer that never subscribes is no member of the group.
        let settings = self.log.settings().member(Group::Intake);
        let consumer = settings.create_with_context(self.log.contact().clone()).context("no client for the input topics")?;
        let run = move || {
            let _guard = self.stopping.guard("inputs");
            while !self.stopping.wait(LAG_CHECK_INTERVAL) {
                for topic in self.inputs.keys() {
                    if let Err(error) = self.look(&consumer, topic) {
                        self.log.contact().report_poll(&error, "intake");
                    }
                }
            }
        };
        thread::Builder::new().name("inputs".to_owned()).spawn(run).context("starting the thread that watches the input topics")
    }

    /// Compares the committed offsets of a topic with its ends.
    fn look(&self, consumer: &BaseConsumer<Contact>, topic: &str) -> KafkaResult<()> {
        let metadata = consumer.fetch_metadata(Some(topic), BROKER_REQUEST_TIMEOUT)?;
        let count = metadata.topics().first().map_or(0, |found| found.partitions().len());
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(count).unwrap_or(i32::MAX) {
            list.add_partition(topic, partition);
        }
        let committed = consumer.committed_offsets(list, COMMITTED_OFFSETS_TIMEOUT)?;
        for element in committed.elements() {
            element.error()?;
            let (low, high) = consumer.fetch_watermarks(topic, element.partition(), BROKER_REQUEST_TIMEOUT)?;
            let next = if let Offset::Offset(next) = element.offset() { next.max(low) } else { low };
            self.note(topic, element.partition(), (next, high), self.clock.now());
        }
        Ok(())
    }

    fn note(&self, topic: &str, partition: i32, (next, end): (i64, i64), now: Timestamp) {
        let (Ok(partition), Ok(next), Ok(end)) = (u32::try_from(partition), u64::try_from(next), u64::try_from(end)) else {
            return debug!(topic, partition, "a partition without offsets");
        };
        let mut inputs = self.status.inputs();
        inputs.entry((topic.to_owned(), partition)).or_default().look(now, next, end);
    }
}
