//! A client of a deployment's topics: it creates them, writes records, and waits for results. The independent subscriber reads what
//! the tests judge.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{Message, producer::DefaultProducerContext};
use scorecard::record::log_record::{Record, Tick};
use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

use crate::input_topic::InputTopic;

/// Longest wait for a result; then the test fails.
pub const RESULT_TIMEOUT: Duration = Duration::from_secs(240);
/// Timeout of one request to the brokers.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A writer of a deployment's topics, with a consumer of its runs.
pub struct TopicWriter {
    prefix: String,
    config: ClientConfig,
    producer: ThreadedProducer<DefaultProducerContext>,
    runs: BaseConsumer,
}

impl TopicWriter {
    /// A writer for this prefix on these brokers.
    pub fn new(bootstrap: &str, prefix: &str) -> TopicWriter {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("reconnect.backoff.max.ms", "1000");
        // Errors of killed brokers are expected.
        config.set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg);
        let mut producer = config.clone();
        producer.set("acks", "all").set("enable.idempotence", "true").set("linger.ms", "2");
        producer.set("message.max.bytes", "20000000").set("delivery.timeout.ms", "240000");
        let mut consumer = config.clone();
        consumer.set("group.id", format!("{prefix}writer")).set("enable.auto.commit", "false").set("fetch.wait.max.ms", "50");
        TopicWriter {
            prefix: prefix.to_owned(),
            producer: producer.create().expect("properties that the library knows"),
            runs: consumer.create().expect("properties that the library knows"),
            config,
        }
    }

    /// The full name of a topic.
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Creates the deployment's own topics and its input topics.
    pub fn create_topics(&self, partitions: u32, inputs: &[InputTopic]) {
        let names: Vec<String> = Topic::ALL.iter().map(|topic| self.topic(topic.name())).collect();
        let own = Topic::ALL.iter().zip(&names).map(|(topic, name)| {
            let (partitions, cleanup) = match topic {
                Topic::Events => (partitions, "delete"),
                Topic::Scorecards => (6, "compact"),
                Topic::ScorecardRevisions => (6, "delete"),
                Topic::ClinicianMonths | Topic::PeerGroups | Topic::PeerSnapshots | Topic::Definitions | Topic::People => {
                    (1, "compact")
                }
                Topic::Registry | Topic::Runs | Topic::Rejects | Topic::Access => (1, "delete"),
            };
            let new = NewTopic::new(name, counted(partitions), TopicReplication::Fixed(-1));
            let new = new.set("cleanup.policy", cleanup).set("message.timestamp.type", "LogAppendTime");
            // The verifier needs every row, so compaction starts after the test.
            new.set("retention.ms", "-1").set("min.compaction.lag.ms", "604800000")
        });
        let input_names: Vec<String> = inputs.iter().map(|input| self.topic(input.name)).collect();
        let inputs = inputs.iter().zip(&input_names).map(|(input, name)| {
            let new = NewTopic::new(name, counted(input.partitions), TopicReplication::Fixed(-1));
            new.set("max.message.bytes", "20000000")
        });
        let topics: Vec<NewTopic<'_>> = own.chain(inputs).collect();
        let admin: AdminClient<DefaultClientContext> = self.config.create().expect("properties that the library knows");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
        let options = AdminOptions::new().operation_timeout(Some(RESULT_TIMEOUT)).request_timeout(Some(RESULT_TIMEOUT));
        let made = runtime.block_on(admin.create_topics(&topics, &options)).expect("the broker answers");
        for topic in made {
            assert!(topic.is_ok(), "{topic:?}");
        }
    }

    /// Appends a record to one of the deployment's own topics.
    pub fn append(&self, topic: &str, partition: u32, key: &str, record: &Record<'_>) {
        self.send(topic, partition, Some(key.as_bytes()), Some(&promises::simulated_log::encoded(record)));
    }

    /// Sends bytes to a topic.
    pub fn send(&self, topic: &str, partition: u32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let name = self.topic(topic);
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&name).partition(counted(partition));
        record.key = key;
        record.payload = value;
        let begun = Instant::now();
        while let Err((error, rejected)) = self.producer.send(record) {
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            assert!(full && begun.elapsed() < RESULT_TIMEOUT, "{name}: {error}");
            record = rejected;
            self.producer.poll(Duration::from_millis(10));
        }
    }

    /// Waits until the brokers acknowledged every record.
    pub fn flush(&self) {
        self.producer.flush(RESULT_TIMEOUT).expect("the brokers acknowledge every record");
    }

    /// Appends the tick of the cut `at` to every partition of `events`.
    pub fn tick(&self, partitions: u32, at: Timestamp) {
        for partition in 0..partitions {
            self.append(Topic::Events.name(), partition, "tick", &Record::Tick(Tick { at }));
        }
        self.flush();
    }

    /// Waits until a group has committed every record of a topic.
    pub fn until_committed(&self, group: &str, topic: &str, partitions: u32) {
        let (consumer, name) = (self.consumer(group), self.topic(topic));
        until(&format!("{group} commits every record of {name}"), || lag(&consumer, &name, partitions).is_ok_and(|lag| lag == 0));
    }

    /// Waits until the run of this cut is published.
    pub fn until_published(&self, at: Timestamp) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic(Topic::Runs.name()), 0, Offset::Beginning).expect("a partition that exists");
        self.runs.assign(&list).expect("a partition that exists");
        let mut last = None;
        until(&format!("the run of {at} is published"), || {
            let Some(Ok(message)) = self.runs.poll(Duration::from_millis(100)) else { return false };
            if let Record::Run(run) = codec::avro::encoding::decode(message.payload().unwrap_or_default()) {
                last = Some(run.at);
            }
            last >= Some(at)
        });
    }

    /// The leader of a partition.
    pub fn leader(&self, topic: &str, partition: u32) -> i32 {
        let mut leader = -1;
        until("a partition has a leader", || {
            leader = self.partitions(topic).get(partition as usize).map_or(-1, |(leader, _)| *leader);
            leader > 0
        });
        leader
    }

    /// Waits until every replica of a topic is in sync.
    pub fn until_in_sync(&self, topic: &str) {
        until("all replicas are in sync", || {
            let partitions = self.partitions(topic);
            !partitions.is_empty() && partitions.iter().all(|(_, lacking)| *lacking == 0)
        });
    }

    /// Leader and number of replicas that are not in sync, by partition; empty while no broker answers.
    fn partitions(&self, topic: &str) -> Vec<(i32, usize)> {
        let name = self.topic(topic);
        let Ok(metadata) = self.runs.fetch_metadata(Some(&name), REQUEST_TIMEOUT) else { return Vec::new() };
        let of_topic = metadata.topics().iter().flat_map(|topic| topic.partitions());
        of_topic.map(|partition| (partition.leader(), partition.replicas().len() - partition.isr().len())).collect()
    }

    /// One past the last record of a partition.
    pub fn end(&self, topic: &str, partition: u32) -> i64 {
        let (_, end) =
            self.runs.fetch_watermarks(&self.topic(topic), counted(partition), REQUEST_TIMEOUT).expect("a broker that answers");
        end
    }

    /// The committed offset of a group in a partition; 0 without one.
    pub fn committed(&self, group: &str, topic: &str, partition: u32) -> u64 {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic(topic), counted(partition));
        let committed = self.consumer(group).committed_offsets(list, REQUEST_TIMEOUT).expect("a broker that answers");
        committed.elements()[0].offset().to_raw().and_then(|offset| u64::try_from(offset).ok()).unwrap_or(0)
    }

    /// A consumer with the group's id that does not join the group.
    fn consumer(&self, group: &str) -> BaseConsumer {
        let mut config = self.config.clone();
        config.set("group.id", self.topic(group)).set("enable.auto.commit", "false");
        config.create().expect("properties that the library knows")
    }

    /// The client id of the group member that owns a partition.
    pub fn owner(&self, group: &str, topic: &str, partition: u32) -> Option<String> {
        let name = self.topic(group);
        let list = self.runs.fetch_group_list(Some(&name), REQUEST_TIMEOUT).ok()?;
        let topic = self.topic(topic);
        let owns = |bytes: &[u8]| assigned(bytes).is_some_and(|all| all.contains(&(topic.clone(), partition)));
        let found =
            list.groups().iter().flat_map(|group| group.members()).find(|member| member.assignment().is_some_and(owns))?;
        Some(found.client_id().to_owned())
    }

    /// Waits until a member owns a partition, and returns its client id.
    pub fn until_owned(&self, group: &str, topic: &str, partition: u32) -> String {
        let mut owner = None;
        until(&format!("{topic} {partition} has an owner in {group}"), || {
            owner = self.owner(group, topic, partition);
            owner.is_some()
        });
        owner.expect("until waited for it")
    }
}

fn counted(number: u32) -> i32 {
    i32::try_from(number).expect("a suite has few partitions")
}

/// Waits until a condition holds. After [`RESULT_TIMEOUT`] it fails with the name of the condition.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < RESULT_TIMEOUT, "this never happened: {what}");
        std::thread::yield_now();
    }
}

/// Number of records of a topic that the consumer's group has not committed.
fn lag(consumer: &BaseConsumer, topic: &str, partitions: u32) -> Result<i64, KafkaError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, counted(partitions) - 1);
    let committed = consumer.committed_offsets(list, REQUEST_TIMEOUT)?;
    let mut lag = 0;
    for element in committed.elements() {
        let (start, end) = consumer.fetch_watermarks(topic, element.partition(), REQUEST_TIMEOUT)?;
        lag += end - element.offset().to_raw().filter(|offset| *offset >= 0).unwrap_or(start);
    }
    Ok(lag)
}

/// Topics and partitions of a member's assignment. Source: Kafka's consumer protocol, a version, then topics with their partitions.
fn assigned(bytes: &[u8]) -> Option<Vec<(String, u32)>> {
    let mut rest = bytes.get(2..)?;
    let number = |rest: &mut &[u8]| {
        let (head, tail) = rest.split_first_chunk::<4>()?;
        *rest = tail;
        u32::try_from(i32::from_be_bytes(*head)).ok()
    };
    let mut found = Vec::new();
    for _ in 0..number(&mut rest)? {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (name, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let name = std::str::from_utf8(name).ok()?;
        rest = tail;
        for _ in 0..number(&mut rest)? {
            found.push((name.to_owned(), number(&mut rest)?));
        }
    }
    Some(found)
}
