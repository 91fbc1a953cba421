//! An administrator of a deployment's topics, who deletes, truncates and extends them.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaResult;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stream::log::Topic;

use crate::deployment_under_test::TestDeployment;
use crate::dump::Dump;
use crate::topic_writer::until;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The administrator.
pub struct TopicAdministrator {
    prefix: String,
    config: ClientConfig,
    admin: AdminClient<DefaultClientContext>,
}

impl TopicAdministrator {
    pub fn of(deployment: &TestDeployment) -> TopicAdministrator {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &deployment.bootstrap).set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg);
        let admin = config.create().expect("properties that the library knows");
        TopicAdministrator { prefix: deployment.prefix.clone(), config, admin }
    }

    fn name(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }

    fn wait<T>(asked: impl Future<Output = KafkaResult<T>>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
        runtime.block_on(asked).expect("the broker answers")
    }

    fn options() -> AdminOptions {
        AdminOptions::new().operation_timeout(Some(REQUEST_TIMEOUT)).request_timeout(Some(REQUEST_TIMEOUT))
    }

    fn exists(&self, name: &str) -> bool {
        let metadata = self.admin.inner().fetch_metadata(None, REQUEST_TIMEOUT).expect("the broker answers");
        metadata.topics().iter().any(|topic| topic.name() == name)
    }

    pub fn delete(&self, topic: Topic) {
        let name = self.name(topic);
        let deleted = TopicAdministrator::wait(self.admin.delete_topics(&[&name], &TopicAdministrator::options()));
        assert!(deleted[0].is_ok(), "{deleted:?}");
        until("the topic is gone", || !self.exists(&name));
    }

    /// Creates an empty topic with its settings.
    pub fn create(&self, topic: Topic, partitions: i32) {
        let name = self.name(topic);
        let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        let new = new.set("message.timestamp.type", "LogAppendTime").set("retention.ms", "-1");
        let created = TopicAdministrator::wait(self.admin.create_topics([&new], &TopicAdministrator::options()));
        assert!(created[0].is_ok(), "{created:?}");
        until("the topic is there", || self.exists(&name));
    }

    /// Writes records of a dump into a topic, partition by partition, those that `keep` names by partition and offset.
    pub fn fill(&self, topic: Topic, dump: &Dump, keep: impl Fn(u32, u64) -> bool) {
        let producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext> = {
            let mut config = self.config.clone();
            config.set("acks", "all").set("enable.idempotence", "true");
            config.create().expect("properties that the library knows")
        };
        let name = self.name(topic);
        for (partition, stored) in dump.stored(topic).filter(|(partition, stored)| keep(*partition, stored.offset)) {
            let number = i32::try_from(partition).expect("few partitions");
            let record = BaseRecord::to(&name).partition(number).key(stored.key.as_bytes()).payload(&stored.bytes);
            producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
        }
        producer.flush(REQUEST_TIMEOUT).expect("the broker acknowledges every record");
    }

    /// Deletes the records of a partition below an offset.
    pub fn delete_before(&self, topic: Topic, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name(topic), partition, Offset::Offset(offset)).expect("an offset");
        TopicAdministrator::wait(self.admin.delete_records(&list, &TopicAdministrator::options()));
    }

    /// Gives a topic this number of partitions.
    pub fn extend(&self, topic: Topic, partitions: usize) {
        let name = self.name(topic);
        let new = NewPartitions::new(&name, partitions);
        let extended = TopicAdministrator::wait(self.admin.create_partitions([&new], &TopicAdministrator::options()));
        assert!(extended[0].is_ok(), "{extended:?}");
    }
}
