//! Addresses of the brokers, names of topics and groups, and the librdkafka properties of every client.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use stream::log::Topic;

use crate::kafka::registry_address::RegistryAddress;

/// Properties that an operator cannot set, their value, and the promise that depends on them.
pub const FIXED: [(&str, &str, &str); 12] = [
    ("acks", "all", "acknowledged records survive the loss of a broker"),
    ("enable.idempotence", "true", "a resent batch is stored once and in order"),
    ("enable.auto.commit", "false", "offsets are committed after every result of a record is stored"),
    ("enable.auto.offset.store", "false", "offsets are committed after every result of a record is stored"),
    ("auto.offset.reset", "earliest", "no record is skipped"),
    ("isolation.level", "read_committed", "aborted records never count"),
    ("enable.partition.eof", "true", "the end of a partition is seen, not guessed"),
    ("allow.auto.create.topics", "false", "`plumbline topics --apply` creates topics with their settings"),
    ("partition.assignment.strategy", "cooperative-sticky", "a rebalance stops only what moves"),
    ("group.protocol", "classic", "the newer protocol stalls in this version of the client"),
    ("transactional.id", "", "it is the publisher's and derived from kafka.prefix"),
    ("group.id", "", "it is derived from kafka.prefix and the role"),
];

/// Defaults that an operator may change, for every client.
const CLIENT_DEFAULTS: [(&str, &str); 4] = [
    ("client.id", "plumbline"),
    ("socket.keepalive.enable", "true"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    ("reconnect.backoff.max.ms", "2000"),
];
/// Defaults of consumers. By default librdkafka pauses a partition with a full queue for a second: at most 16 MiB a second.
const CONSUMER_DEFAULTS: [(&str, &str); 5] = [
    ("fetch.wait.max.ms", "100"),
    ("fetch.error.backoff.ms", "100"),
    ("fetch.queue.backoff.ms", "10"),
    ("heartbeat.interval.ms", "1000"),
    ("session.timeout.ms", "15000"),
];
/// Read-ahead of a reader: one partition, records that hold many events.
const READ_AHEAD: (&str, &str) = ("queued.max.messages.kbytes", "1024");
/// Read-ahead of a group member, which reads several partitions.
const MEMBER_READ_AHEAD: (&str, &str) = ("queued.max.messages.kbytes", "16384");
/// Defaults of producers. The largest record is a mark: see [`crate::kafka::topic_plan`].
const PRODUCER_DEFAULTS: [(&str, &str); 5] = [
    ("linger.ms", "5"),
    ("compression.type", "lz4"),
    ("queue.buffering.max.kbytes", "32768"),
    ("batch.size", "1000000"),
    ("message.max.bytes", "16777216"),
];
/// Time to compute and send all cards of a month. By default brokers allow at most 15 minutes.
const TRANSACTION_TIMEOUT: (&str, &str) = ("transaction.timeout.ms", "300000");

/// Consumer groups, by the role of their members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Members read records of the input topics.
    Intake,
    /// Members own partitions of `events`.
    Tally,
    /// One member publishes, the others are on standby.
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

/// Addresses of the brokers, names of topics and groups, and properties of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaSettings {
    /// Addresses of bootstrap brokers, `host:port`, separated by commas.
    pub brokers: String,
    /// Prefix of the names of all topics and groups, and of the transactional id.
    pub prefix: String,
    /// A Confluent-compatible schema registry, if there is one.
    pub schema_registry: Option<RegistryAddress>,
    /// Replicas of every topic; `None` leaves them to the brokers' default.
    pub replication: Option<u32>,
    /// Properties of librdkafka, passed to every client unchanged.
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

    /// Properties of an admin client.
    #[must_use]
    pub fn admin(&self) -> ClientConfig {
        self.client(&[], &[])
    }

    /// Properties of a consumer outside of every group.
    #[must_use]
    pub fn reader(&self) -> ClientConfig {
        // librdkafka needs the name of a group even for a consumer that never joins one.
        let defaults: Vec<(&str, &str)> = CONSUMER_DEFAULTS.into_iter().chain([READ_AHEAD]).collect();
        let mut config = self.client(&defaults, &READING);
        config.set("group.id", format!("{}reader", self.prefix));
        config
    }

    /// Properties of a group member.
    #[must_use]
    pub fn member(&self, group: Group) -> ClientConfig {
        let defaults: Vec<(&str, &str)> = CONSUMER_DEFAULTS.into_iter().chain([MEMBER_READ_AHEAD]).collect();
        let mut config = self.client(&defaults, &READING);
        config.set("group.id", self.group(group)).remove("enable.partition.eof");
        config
    }

    /// Properties of the producer of everything but runs.
    #[must_use]
    pub fn producer(&self) -> ClientConfig {
        self.client(&PRODUCER_DEFAULTS, &WRITING)
    }

    /// Properties of the transactional producer of runs.
    #[must_use]
    pub fn publisher(&self) -> ClientConfig {
        let defaults: Vec<(&str, &str)> = PRODUCER_DEFAULTS.into_iter().chain([TRANSACTION_TIMEOUT]).collect();
        let mut config = self.client(&defaults, &WRITING);
        config.set("transactional.id", format!("{}publish", self.prefix));
        config
    }

    /// Defaults, then the operator's properties, then fixed ones: later values win. Properties of the other kind of client are left
    /// out, because librdkafka warns about each.
    fn client(&self, defaults: &[(&str, &str)], fixed: &[&str]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in CLIENT_DEFAULTS.iter().chain(defaults) {
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

/// The properties of [`FIXED`] for consumers.
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
/// The properties of [`FIXED`] for producers.
const WRITING: [&str; 2] = ["acks", "enable.idempotence"];

/// Properties of librdkafka for consumers only (its CONFIGURATION.md, column C/P).
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
/// Properties of librdkafka for producers only.
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
    fn an_operators_properties_override_defaults_but_not_fixed_ones() {
        let settings =
            settings(&[("linger.ms", "50"), ("acks", "1"), ("security.protocol", "SSL"), ("session.timeout.ms", "9000")]);
        let producer = settings.producer();
        assert_eq!(
            [producer.get("linger.ms"), producer.get("acks"), producer.get("security.protocol")],
            [Some("50"), Some("all"), Some("SSL")]
        );
        assert_eq!((producer.get("session.timeout.ms"), producer.get("isolation.level")), (None, None));
        let member = settings.member(Group::Tally);
        assert_eq!(
            [member.get("session.timeout.ms"), member.get("group.id"), member.get("linger.ms")],
            [Some("9000"), Some("p.tally"), None]
        );
        assert_eq!(settings.publisher().get("transactional.id"), Some("p.publish"));
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
