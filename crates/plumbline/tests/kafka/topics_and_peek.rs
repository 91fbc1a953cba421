//! `topics` and `peek` against a broker: created topics, reported faults, shown records.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codec::avro::encoding;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use scorecard::record::log_record::{Record, Tick};
use scorecard::time::calendar::Timestamp;
use serde_json::{Value, json};

use crate::broker::{self, TestTools};

/// Timeout of one request to the brokers.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A topic, its partitions, its cleanup and further settings.
type TopicExpectation = (&'static str, usize, &'static str, &'static [(&'static str, &'static str)]);

/// A deployment without running processes.
struct TopicDeployment {
    dir: tempfile::TempDir,
    bootstrap: String,
    prefix: String,
}

impl TopicDeployment {
    /// A new prefix for each run: its topics stay on the broker.
    fn new(bootstrap: String, name: &str) -> TopicDeployment {
        let dir = tempfile::Builder::new().prefix("plumbline-topics-").tempdir().expect("a temporary folder");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        TopicDeployment { dir, bootstrap, prefix: format!("{name}-{now}.") }
    }

    fn configuration(&self, partitions: u32) -> PathBuf {
        let file = self.dir.path().join("plumbline.toml");
        let data = self.dir.path().join("data");
        let text = format!(
            "data = {data:?}\npartitions = {partitions}\n[kafka]\nbrokers = {:?}\nprefix = {:?}\n[inputs.\"{}surgery\"]\nfeeds = \"any\"\n",
            self.bootstrap, self.prefix, self.prefix
        );
        fs::write(&file, text).expect("a folder of our own");
        file
    }

    /// Runs a command. Returns exit code, standard output and standard error.
    fn run(&self, args: &[&str], partitions: u32) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        let Output { status, stdout, stderr } =
            command.args(args).arg("--config").arg(self.configuration(partitions)).output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (status.code().expect("it ends by itself"), text(stdout), text(stderr))
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        config
    }

    fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Replaces every setting of a topic.
    fn set(&self, topic: &str, settings: &[(&str, &str)]) {
        let (admin, topic): (AdminClient<DefaultClientContext>, String) =
            (self.client().create().expect("sound"), self.topic(topic));
        let altered = AlterConfig::new(ResourceSpecifier::Topic(&topic));
        let altered = settings.iter().fold(altered, |altered, (name, value)| altered.set(name, value));
        let asked = admin.alter_configs([&altered], &AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(asked).expect("the broker answers").pop().expect("of one topic").expect("the producer accepts it");
    }

    /// Number of partitions of a topic, and its settings.
    fn found(&self, topic: &str) -> (usize, BTreeMap<String, String>) {
        let (admin, topic): (AdminClient<DefaultClientContext>, String) =
            (self.client().create().expect("sound"), self.topic(topic));
        let asked = [ResourceSpecifier::Topic(&topic)];
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let described = admin.describe_configs(&asked, &AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)));
        let resource =
            runtime.block_on(described).expect("the broker answers").pop().expect("of one topic").expect("it is there");
        let settings = resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect();
        let metadata = admin.inner().fetch_metadata(Some(&topic), REQUEST_TIMEOUT).expect("the broker answers");
        (metadata.topics()[0].partitions().len(), settings)
    }

    fn exists(&self, topic: &str) -> bool {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("sound");
        let metadata = admin.inner().fetch_metadata(None, REQUEST_TIMEOUT).expect("the broker answers");
        metadata.topics().iter().any(|found| found.name() == self.topic(topic))
    }

    fn delete(&self, topic: &str) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("sound");
        let name = self.topic(topic);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let asked = admin.delete_topics(&[&name], &AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)));
        runtime.block_on(asked).expect("the broker answers").pop().expect("of one topic").expect("it was there");
        crate::topic_writer::until("the topic is gone", || !self.exists(topic));
    }

    fn create(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().expect("sound");
        let name = self.topic(topic);
        let created = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
        let asked = [created];
        let asked = admin.create_topics(&asked, &AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(asked).expect("the broker answers").pop().expect("of one topic").expect("it is new");
        crate::topic_writer::until("the topic exists", || self.exists(topic));
    }

    /// The records of all partitions of a topic.
    fn records(&self, topic: &str, partitions: i32) -> i64 {
        let producer: BaseProducer = self.client().create().expect("sound");
        let ends = |partition| producer.client().fetch_watermarks(&self.topic(topic), partition, REQUEST_TIMEOUT);
        (0..partitions).map(|partition| ends(partition).expect("the broker answers").1).sum()
    }

    fn append(&self, topic: &str, partition: i32, key: &str, value: &[u8]) {
        let producer: BaseProducer = self.client().create().expect("sound");
        let topic = self.topic(topic);
        producer.send(BaseRecord::to(&topic).partition(partition).key(key).payload(value)).expect("the producer accepts it");
        producer.flush(REQUEST_TIMEOUT).expect("it is acknowledged");
    }
}

pub fn send_writes_each_record_into_an_existing_input_topic_alone(tools: &TestTools) {
    let deployment = TopicDeployment::new(broker::shared(tools), "send");
    let file = deployment.dir.path().join("events.ndjson");
    fs::write(&file, "{\"id\":\"e1\"}\n\n{\"id\":\"e2\"}\n[{\"id\":\"e3\"},\n").expect("a folder of our own");
    let (file, state) = (file.display().to_string(), deployment.dir.path().display().to_string());
    let surgery = deployment.topic("surgery");
    let send = |topic: &str| deployment.run(&["send", &file, "--kafka", topic, "--state", &state], 1);
    let (code, _, said) = send(&surgery);
    assert!(code == 1 && said.contains("does not exist; create it"), "{said}");
    assert!(!deployment.exists("surgery"), "asking for a topic creates none");
    let (code, _, said) = send(&deployment.topic("events"));
    assert!(code == 1 && said.contains("one of Plumbline's own"), "{said}");
    deployment.create("surgery", 2);
    let (code, _, said) = send(&surgery);
    assert!(code == 0 && said.contains("3 records acknowledged by the brokers"), "{said}");
    // Every line is a record, also one that no intake can read: the service answers it with a reject.
    assert_eq!(deployment.records("surgery", 2), 3);
}

pub fn topics_are_created_checked_and_repaired(tools: &TestTools) {
    let broker = broker::shared(tools);
    let deployment = TopicDeployment::new(broker, "topics");
    let (code, told, _) = deployment.run(&["topics"], 3);
    assert_eq!((code, told.matches("does not exist; `plumbline topics --apply` creates it").count()), (1, 12), "{told}");

    let (code, told, said) = deployment.run(&["topics", "--apply"], 3);
    assert_eq!((code, told.matches(": no faults").count()), (0, 12), "{told}{said}");
    assert!(told.contains("surgery: does not exist; the system that writes it must create it"), "{told}");
    // Days in milliseconds: 496 (16 months of 31 days), 775 (25), 30.
    let expected: [TopicExpectation; 12] = [
        ("events", 3, "delete", &[("retention.ms", "42854400000"), ("message.timestamp.type", "LogAppendTime")]),
        ("clinician-months", 1, "compact", &[("min.compaction.lag.ms", "604800000")]),
        ("registry", 1, "delete", &[("retention.ms", "-1"), ("message.timestamp.type", "LogAppendTime")]),
        ("scorecards", 6, "compact", &[]),
        ("scorecard-revisions", 6, "delete", &[("retention.ms", "66960000000")]),
        ("peer-groups", 1, "compact", &[]),
        ("peer-snapshots", 1, "compact", &[]),
        ("runs", 1, "delete", &[("retention.ms", "66960000000")]),
        ("rejects", 1, "delete", &[("retention.ms", "2592000000")]),
        ("definitions", 1, "compact", &[]),
        ("people", 1, "compact", &[]),
        ("access", 1, "delete", &[("retention.ms", "66960000000")]),
    ];
    for (topic, partitions, cleanup, settings) in expected {
        let (found, all) = deployment.found(topic);
        assert_eq!((found, all["cleanup.policy"].as_str()), (partitions, cleanup), "{topic}");
        for (name, value) in settings {
            assert_eq!(all[*name], *value, "{name} of {topic}");
        }
    }

    deployment.set("events", &[("retention.ms", "86400000"), ("message.timestamp.type", "CreateTime"), ("segment.ms", "600000")]);
    deployment.set("scorecards", &[("cleanup.policy", "delete")]);
    let (code, told, _) = deployment.run(&["topics", "--check"], 3);
    assert_eq!(code, 1);
    for wrong in
        ["retention.ms is 86400000", "message.timestamp.type is CreateTime", "cleanup.policy is delete and must be compact"]
    {
        assert!(told.contains(wrong), "{wrong}: {told}");
    }
    let (code, told, said) = deployment.run(&["topics", "--apply"], 3);
    assert_eq!(code, 0, "{told}{said}");
    let (_, all) = deployment.found("events");
    assert_eq!([&all["retention.ms"], &all["segment.ms"]], ["42854400000", "600000"], "settings of others stay");
    assert_eq!(deployment.run(&["topics", "--check"], 3).0, 0);
}

pub fn another_number_of_partitions_is_rejected_without_a_change(tools: &TestTools) {
    let broker = broker::shared(tools);
    let deployment = TopicDeployment::new(broker, "partitions");
    assert_eq!(deployment.run(&["topics", "--apply"], 3).0, 0);
    deployment.set("rejects", &[("cleanup.policy", "compact")]);
    let (code, _, said) = deployment.run(&["topics", "--apply"], 5);
    assert_eq!(code, 1);
    assert!(
        said.contains("has 3 partitions") && said.contains("new `kafka.prefix`") && said.contains("nothing was changed"),
        "{said}"
    );
    assert_eq!(deployment.found("events").0, 3);
    assert_eq!(deployment.found("rejects").1["cleanup.policy"], "compact");
}

/// `events` is gone and the registry has records: a new `events` would let a run overwrite right cards.
pub fn topics_are_not_created_over_a_loss(tools: &TestTools) {
    let deployment = TopicDeployment::new(broker::shared(tools), "loss");
    assert_eq!(deployment.run(&["topics", "--apply"], 2).0, 0);
    // A deployment without any record may create what is missing.
    deployment.delete("events");
    assert_eq!(deployment.run(&["topics", "--apply"], 2).0, 0);
    deployment.append("scorecards", 3, "k", b"v");
    deployment.delete("events");
    deployment.delete("people");
    for arguments in [&["topics"][..], &["topics", "--apply"]] {
        let (code, told, said) = deployment.run(arguments, 2);
        let all = format!("{told}{said}");
        assert_eq!(code, 1, "{all}");
        let names =
            all.contains("scorecards holds records up to offset 1") && all.contains("runbook.md#a-topic-was-created-again");
        assert!(names && !all.contains("events: does not exist; `plumbline topics --apply` creates it"), "{all}");
    }
    assert!(!deployment.exists("events") && !deployment.exists("people"), "nothing was changed");
}

pub fn peek_shows_every_record_and_undecodable_ones(tools: &TestTools) {
    let broker = broker::shared(tools);
    let deployment = TopicDeployment::new(broker, "peek");
    assert_eq!(deployment.run(&["topics", "--apply"], 2).0, 0);
    let mut tick = Vec::new();
    encoding::encode(&Record::Tick(Tick { at: Timestamp(1_794_884_400_000) }), &mut tick).expect("it is small");
    deployment.append("events", 0, "tick", &tick);
    deployment.append("events", 1, "riverside", b"{\"no\":\"frame\"}");
    deployment.append("events", 1, "tick", &tick);

    let lines = |args: &[&str]| -> Vec<Value> {
        let (code, told, said) = deployment.run(args, 2);
        assert_eq!(code, 0, "{said}");
        told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    };
    let all = lines(&["peek", "events", "-o", "ndjson"]);
    let place = |line: &Value| (line["partition"].as_u64(), line["offset"].as_u64());
    assert_eq!(all.iter().map(place).collect::<Vec<_>>(), [(Some(0), Some(0)), (Some(1), Some(0)), (Some(1), Some(1))]);
    assert_eq!((&all[0]["schema"], &all[0]["value"]), (&json!("tick"), &json!({ "at": "2026-11-17T03:00:00Z" })));
    assert!(all[1]["undecodable"].as_str().is_some_and(|why| !why.is_empty()) && all[1]["key"] == "riverside", "{}", all[1]);

    assert_eq!(lines(&["peek", &deployment.topic("events"), "-n", "1", "-o", "ndjson"]), all[2..]);
    assert_eq!(lines(&["peek", "events", "--key", "riverside", "-o", "ndjson"]), all[1..2]);
    assert_eq!(lines(&["peek", "events", "--partition", "1", "--from", "1", "-o", "ndjson"]), all[2..]);
    let (_, document, _) = deployment.run(&["peek", "events", "-o", "json"], 2);
    assert_eq!(serde_json::from_str::<Value>(&document).expect("one document"), Value::from(all));
    let (code, _, said) = deployment.run(&["peek", "event"], 2);
    assert!(code == 1 && said.contains("events"), "{said}");
}
