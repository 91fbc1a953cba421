//! How brokers are reached and what the topics are called; and what every client of them is told.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use stream::log::Topic;

use crate::kafka::registry_address::RegistryAddress;

/// What nobody may set, for a promise rests on it, and the promise.
pub const FIXED: [(&str, &str, &str); 12] = [
    ("acks", "all", "an acknowledged record survives the loss of a broker"),
    ("enable.idempotence", "true", "a resent batch is stored once and in order"),
    ("enable.auto.commit", "false", "an offset is committed after everything from its record is stored"),
    ("enable.auto.offset.store", "false", "an offset is committed after everything from its record is stored"),
    ("auto.offset.reset", "earliest", "no record is skipped"),
    ("isolation.level", "read_committed", "an aborted record never counts"),
    ("enable.partition.eof", "true", "the end of a partition is an event, not a guess"),
    ("allow.auto.create.topics", "false", "topics are made with their settings by `plumbline topics --apply`"),
    ("partition.assignment.strategy", "cooperative-sticky", "a rebalance stops only what moves"),
    ("group.protocol", "classic", "the newer protocol stalls in this version of the client"),
    ("transactional.id", "", "the id belongs to the publisher and contains the prefix"),
    ("group.id", "", "the id contains the prefix and the role"),
];

/// What operators may change, with the values that were measured to serve well.
const CHOSEN: [(&str, &str); 4] = [
    ("client.id", "plumbline"),
    ("socket.keepalive.enable", "true"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    ("reconnect.backoff.max.ms", "2000"),
];
/// Readers. The library pauses a partition whose queue is full for a second by default, which is 16 MiB a second at most.
const CHOSEN_READING: [(&str, &str); 5] = [
    ("fetch.wait.max.ms", "100"),
    ("fetch.error.backoff.ms", "100"),
    ("fetch.queue.backoff.ms", "10"),
    ("heartbeat.interval.ms", "1000"),
    ("session.timeout.ms", "15000"),
];
/// What is fetched ahead: by a reader of one partition of records that hold many events, and by a member that takes its records
/// itself.
const AHEAD: (&str, &str) = ("queued.max.messages.kbytes", "1024");
const AHEAD_OF_A_MEMBER: (&str, &str) = ("queued.max.messages.kbytes", "16384");
const CHOSEN_WRITING: [(&str, &str); 4] =
    [("linger.ms", "5"), ("compression.type", "lz4"), ("queue.buffering.max.kbytes", "16384"), ("batch.size", "1000000")];
/// For as long as computing and sending all cards of a month may take. Brokers allow up to 15 minutes unless they are told otherwise.
const TRANSACTION_TIMEOUT: (&str, &str) = ("transaction.timeout.ms", "300000");

/// Consumer groups, by what their members do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Take records from the input topics.
    Intake,
    /// Own partitions of `events`.
    Tally,
    /// One of them publishes.
    Publish,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Group::Intake => "intake",
            Group::Tally => "tally",
            Group::Publish => "publish",
        }
    }
}

/// How brokers are reached and what the topics are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaSettings {
    /// Addresses of brokers to begin with, `host:port`, commas between them.
    pub brokers: String,
    /// What the names of all topics, groups and the transactional id begin with.
    pub prefix: String,
    /// A Confluent-compatible schema registry, where there is one.
    pub schema_registry: Option<RegistryAddress>,
    /// Replicas of every topic; what the brokers do by default without it.
    pub replication: Option<u32>,
    /// Properties of librdkafka, handed to every client as they are.
    pub properties: BTreeMap<String, String>,
}

impl KafkaSettings {
    /// The name of a topic.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }

    /// The topic of this name.
    #[must_use]
    pub fn topic_named(&self, name: &str) -> Option<Topic> {
        let name = name.strip_prefix(&self.prefix)?;
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The name of a group.
    #[must_use]
    pub fn group(&self, group: Group) -> String {
        format!("{}{}", self.prefix, group.name())
    }

    /// For a client that asks and changes what there is.
    #[must_use]
    pub fn asking(&self) -> ClientConfig {
        self.client(&[], &[])
    }

    /// For a consumer that reads what it is told to, as a member of no group.
    #[must_use]
    pub fn reading(&self) -> ClientConfig {
        // The library wants the name of a group even of a reader that never joins one.
        let chosen: Vec<(&str, &str)> = CHOSEN_READING.into_iter().chain([AHEAD]).collect();
        let mut config = self.client(&chosen, &READING);
        config.set("group.id", format!("{}reader", self.prefix));
        config
    }

    /// For a member of a group.
    #[must_use]
    pub fn member(&self, group: Group) -> ClientConfig {
        let chosen: Vec<(&str, &str)> = CHOSEN_READING.into_iter().chain([AHEAD_OF_A_MEMBER]).collect();
        let mut config = self.client(&chosen, &READING);
        config.set("group.id", self.group(group)).remove("enable.partition.eof");
        config
    }

    /// For the producer of everything but runs.
    #[must_use]
    pub fn writing(&self) -> ClientConfig {
        self.client(&CHOSEN_WRITING, &WRITING)
    }

    /// For the publisher, who writes runs in transactions.
    #[must_use]
    pub fn publishing(&self) -> ClientConfig {
        let chosen: Vec<(&str, &str)> = CHOSEN_WRITING.into_iter().chain([TRANSACTION_TIMEOUT]).collect();
        let mut config = self.client(&chosen, &WRITING);
        config.set("transactional.id", format!("{}publish", self.prefix));
        config
    }

    /// Chosen values, then those of the operator, then those that are fixed. A property of the other kind of client is left out:
    /// the library would warn of each.
    fn client(&self, chosen: &[(&str, &str)], fixed: &[&str]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in CHOSEN.iter().chain(chosen) {
            config.set(*key, *value);
        }
        let reads = fixed.contains(&"isolation.level");
        let writes = fixed.contains(&"acks");
        for (key, value) in &self.properties {
            let of_readers = CONSUMER_ONLY.contains(&key.as_str());
            let of_writers = PRODUCER_ONLY.contains(&key.as_str());
            if (!of_readers || reads) && (!of_writers || writes) {
                config.set(key, value);
            }
        }
        for (key, value, _) in FIXED.iter().filter(|(key, ..)| fixed.contains(key)) {
            config.set(*key, *value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }
}

/// Which of [`FIXED`] a reader is told.
const READING: [&str; 8] = [
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "isolation.level",
    "enable.partition.eof",
    "allow.auto.create.topics",
    "partition.assignment.strategy",
    "group.protocol",
];
/// Which of [`FIXED`] a writer is told.
const WRITING: [&str; 2] = ["acks", "enable.idempotence"];

/// Properties of librdkafka that only consumers have (its CONFIGURATION.md, column C/P).
const CONSUMER_ONLY: [&str; 22] = [
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "group.instance.id",
    "coordinator.query.interval.ms",
    "queued.min.messages",
    "queued.max.messages.kbytes",
    "fetch.wait.max.ms",
    "fetch.queue.backoff.ms",
    "fetch.message.max.bytes",
    "max.partition.fetch.bytes",
    "fetch.max.bytes",
    "fetch.min.bytes",
    "fetch.error.backoff.ms",
    "isolation.level",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "partition.assignment.strategy",
    "group.remote.assignor",
];
/// Properties of librdkafka that only producers have.
const PRODUCER_ONLY: [&str; 18] = [
    "acks",
    "request.required.acks",
    "request.timeout.ms",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "compression.type",
    "compression.codec",
    "compression.level",
    "linger.ms",
    "queue.buffering.max.ms",
    "queue.buffering.max.messages",
    "queue.buffering.max.kbytes",
    "batch.size",
    "batch.num.messages",
    "message.send.max.retries",
    "retries",
    "transaction.timeout.ms",
    "sticky.partitioning.linger.ms",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(properties: &[(&str, &str)]) -> KafkaSettings {
        let properties = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        KafkaSettings {
            brokers: "a:1,b:2".to_owned(),
            prefix: "p.".to_owned(),
            schema_registry: None,
            replication: None,
            properties,
        }
    }

    #[test]
    fn an_operators_properties_win_over_what_is_chosen_and_lose_to_what_is_fixed() {
        let settings =
            settings(&[("linger.ms", "50"), ("acks", "1"), ("security.protocol", "SSL"), ("session.timeout.ms", "9000")]);
        let writing = settings.writing();
        assert_eq!(
            [writing.get("linger.ms"), writing.get("acks"), writing.get("security.protocol")],
            [Some("50"), Some("all"), Some("SSL")]
        );
        assert_eq!((writing.get("session.timeout.ms"), writing.get("isolation.level")), (None, None));
        let member = settings.member(Group::Tally);
        assert_eq!(
            [member.get("session.timeout.ms"), member.get("group.id"), member.get("linger.ms")],
            [Some("9000"), Some("p.tally"), None]
        );
        assert_eq!(settings.publishing().get("transactional.id"), Some("p.publish"));
    }

    #[test]
    fn a_topic_is_known_by_its_name_and_prefix() {
        let settings = settings(&[]);
        for topic in Topic::ALL {
            assert_eq!(settings.topic_named(&settings.topic(topic)), Some(topic));
        }
        assert_eq!(settings.topic_named("events"), None);
    }
}
