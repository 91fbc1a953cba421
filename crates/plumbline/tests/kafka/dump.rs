//! The records of topics, read by the independent subscriber (`subscriber.py`) or from a log in memory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use promises::simulated_log::{SimulatedLog, StoredEntry};
use scorecard::card::scorecard::Scorecard;
use scorecard::record::log_record::{Record, Run};
use scorecard::time::calendar::Timestamp;
use serde::Deserialize;
use stream::log::Topic;

/// A record of an input topic.
#[derive(Clone, Debug)]
pub struct InputRecord {
    pub partition: u32,
    pub offset: u64,
    pub value: Option<Vec<u8>>,
}

/// The records of a set of topics, each partition in the order of offsets.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    pub own: BTreeMap<(Topic, u32), Vec<StoredEntry>>,
    pub inputs: BTreeMap<String, Vec<InputRecord>>,
}

#[derive(Deserialize)]
struct DumpLine {
    topic: String,
    partition: u32,
    offset: u64,
    timestamp: i64,
    key: Option<String>,
    value: Option<String>,
}

/// The independent subscriber.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// A Python that has `confluent_kafka`.
    pub python: String,
    /// Addresses of brokers.
    pub bootstrap: String,
}

impl Subscriber {
    /// Dumps Plumbline's own topics under this prefix, and these input topics. `runs` is read last, so every card in the dump has its
    /// run record in it, too.
    pub fn dump(&self, prefix: &str, inputs: &[&str]) -> Dump {
        let own: Vec<Topic> = Topic::ALL.into_iter().filter(|topic| *topic != Topic::Runs).chain([Topic::Runs]).collect();
        self.read(prefix, &own, inputs)
    }

    /// Dumps some of Plumbline's own topics under this prefix.
    pub fn dump_of(&self, prefix: &str, own: &[Topic]) -> Dump {
        self.read(prefix, own, &[])
    }

    fn read(&self, prefix: &str, own: &[Topic], inputs: &[&str]) -> Dump {
        let names: Vec<String> = own.iter().map(|topic| format!("{prefix}{}", topic.name())).collect();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/subscriber.py");
        let mut command = Command::new(&self.python);
        command.arg(script).arg(&self.bootstrap).args(names).args(inputs);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the python that was found runs");
        let mut stderr = child.stderr.take().expect("it is piped");
        let messages = std::thread::spawn(move || {
            let mut text = String::new();
            // An unreadable message does not fail the test.
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut dump = Dump::default();
        for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
            let line: DumpLine = serde_json::from_str(&line.expect("text")).expect("a line of the subscriber");
            dump.add(prefix, line);
        }
        let status = child.wait().expect("it ends");
        let messages = messages.join().expect("a reader of text");
        assert!(status.success(), "the subscriber failed: {messages}");
        dump
    }
}

impl Dump {
    fn add(&mut self, prefix: &str, line: DumpLine) {
        let key = line.key.as_deref().map(unhex);
        let value = line.value.as_deref().map(unhex);
        let own = |name: &str| Topic::ALL.into_iter().find(|topic| topic.name() == name);
        let Some(topic) = line.topic.strip_prefix(prefix).and_then(own) else {
            let record = InputRecord { partition: line.partition, offset: line.offset, value };
            self.inputs.entry(line.topic).or_default().push(record);
            return;
        };
        let key = String::from_utf8(key.unwrap_or_default()).expect("keys of Plumbline's topics are UTF-8");
        let appended = Timestamp(line.timestamp);
        let stored = StoredEntry { offset: line.offset, appended, key, bytes: value.unwrap_or_default() };
        self.own.entry((topic, line.partition)).or_default().push(stored);
    }

    /// The records of a log in memory.
    pub fn of(log: &SimulatedLog, partitions: u32) -> Dump {
        let mut dump = Dump::default();
        for (topic, partition) in Topic::ALL.into_iter().flat_map(|topic| (0..partitions.max(6)).map(move |p| (topic, p))) {
            let stored = log.stored(topic, partition);
            if !stored.is_empty() {
                dump.own.insert((topic, partition), stored);
            }
        }
        dump
    }

    /// The records of a topic, partition by partition.
    pub fn stored(&self, topic: Topic) -> impl Iterator<Item = (u32, &StoredEntry)> {
        let of_topic = self.own.range((topic, 0)..=(topic, u32::MAX));
        of_topic.flat_map(|((_, partition), records)| records.iter().map(move |stored| (*partition, stored)))
    }

    /// The decoded records of a topic, partition by partition.
    pub fn records(&self, topic: Topic) -> impl Iterator<Item = (u32, &StoredEntry, Record<'_>)> {
        self.stored(topic).map(|(partition, stored)| (partition, stored, codec::avro::encoding::decode(&stored.bytes)))
    }

    /// Run records in the order of the log.
    pub fn runs(&self) -> Vec<Run> {
        let run = |(_, _, record): (u32, &StoredEntry, Record<'_>)| match record {
            Record::Run(run) => run,
            other => panic!("runs holds {other:?}"),
        };
        self.records(Topic::Runs).map(run).collect()
    }

    /// Every revision, partition by partition, in the order of offsets.
    pub fn revisions(&self) -> Vec<Scorecard> {
        let card = |(_, _, record): (u32, &StoredEntry, Record<'_>)| match record {
            Record::Scorecard(card) => *card,
            other => panic!("scorecard-revisions holds {other:?}"),
        };
        self.records(Topic::ScorecardRevisions).map(card).collect()
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hexadecimal digits");
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
