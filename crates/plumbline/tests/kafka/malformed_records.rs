//! Malformed records in input topics: every invalid element has one reject, and every valid one counts.

use std::collections::BTreeMap;

use promises::simulation::verifier::verdict::Verdict;
use scorecard::event::Action;
use scorecard::record::log_record::Record;
use stream::log::Topic;

use crate::accounts;
use crate::broker::{TestTools, shared};
use crate::deployment_under_test::{DeploymentPlan, TestDeployment, WEEKLY, real_now};
use crate::dump::{Dump, Subscriber};
use crate::input_topic::InputTopic;
use crate::processes::ProcessGroup;
use crate::replay_in_memory;
use crate::replay_in_memory::Extent;

/// Any format, any feed.
const ANY: InputTopic = InputTopic { name: "any", partitions: 1, feed: None, format: None };
/// Avro only, one feed.
const AVRO: InputTopic = InputTopic { name: "avro", partitions: 1, feed: Some("surgery"), format: Some("avro") };
/// FHIR only, one feed.
const FHIR: InputTopic = InputTopic { name: "fhir", partitions: 1, feed: Some("hospital"), format: Some("fhir") };

/// Any format, bound to one feed.
const BOUND: InputTopic = InputTopic { name: "bound", partitions: 1, feed: Some("surgery"), format: None };

/// A record and its expected items.
struct Sample {
    key: Option<&'static str>,
    value: Option<Vec<u8>>,
    expected: ExpectedItems,
}

/// The expected items of a record.
enum ExpectedItems {
    /// This many events.
    Events(usize),
    /// One reject for each of these reasons.
    Rejects(&'static [&'static str]),
    /// An element of a type that does not count.
    Nothing,
}

use ExpectedItems::{Events, Nothing, Rejects};

fn sample(value: impl Into<Vec<u8>>, expected: ExpectedItems) -> Sample {
    Sample { key: None, value: Some(value.into()), expected }
}

fn tombstone(key: Option<&'static str>, expected: ExpectedItems) -> Sample {
    Sample { key, value: None, expected }
}

fn encounter(feed: &str, id: &str) -> String {
    format!(
        r#"{{{feed}"id":"{id}","type":"encounter","occurred_at":"2025-02-03T09:30:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"A81001","encounter":{{"mode":"telephone","status":"attended","minutes":9}}}}"#
    )
}

/// A retraction in the schema `EncounterEvent`, written field by field after this framing.
fn retraction(magic: u8, id: u32) -> Vec<u8> {
    let mut bytes = vec![magic];
    bytes.extend(id.to_be_bytes());
    // Feed null, id "e-9", version 2, action retract, then seven nulls and among them an empty list.
    bytes.extend([0, 6, b'e', b'-', b'9', 2, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// The id of the schema `EncounterEvent` without a schema registry.
const ENCOUNTER_EVENT: u32 = 0x504C_0021;

fn samples_of_any() -> Vec<Sample> {
    let good = |id| encounter("\"feed\":\"surgery\",", id);
    vec![
        sample(good("e-1"), Events(1)),
        sample("this is no event", Rejects(&["not_json"])),
        sample("", Rejects(&["not_json"])),
        sample("[1, 2]", Rejects(&["not_an_object", "not_an_object"])),
        sample(b"{\"id\": \"\xFF\xFE\"}".to_vec(), Rejects(&["not_utf8"])),
        sample(encounter("", "e-2"), Rejects(&["missing_feed"])),
        sample(format!("[{}, {}, 3]", good("e-3"), good("e-4")), Rejects(&["not_an_object"])),
        sample(good(&"e".repeat(9_000_000)), Rejects(&["too_long"])),
        sample(retraction(0, 4_711), Rejects(&["wrong_format"])),
        sample([0x1F, 0x8B, 8, 0, 0, 0], Rejects(&["wrong_format"])),
        sample(good("e-1"), Events(1)),
        tombstone(Some("surgery|e-3"), Events(1)),
        tombstone(Some("e-3"), Rejects(&["missing_feed"])),
        tombstone(None, Rejects(&["missing_field"])),
        sample(good("e-5"), Events(1)),
    ]
}

fn samples_of_avro() -> Vec<Sample> {
    vec![
        sample(retraction(0, ENCOUNTER_EVENT), Events(1)),
        sample(retraction(1, ENCOUNTER_EVENT), Rejects(&["wrong_format"])),
        sample(retraction(0, 4_711), Rejects(&["wrong_format"])),
        sample(&retraction(0, ENCOUNTER_EVENT)[..9], Rejects(&["wrong_format"])),
        sample([0, 0], Rejects(&["wrong_format"])),
        sample(encounter("", "e-6"), Rejects(&["wrong_format"])),
        tombstone(Some("e-9"), Events(1)),
    ]
}

fn samples_of_fhir() -> Vec<Sample> {
    let observation = r#"{"resourceType":"Observation","id":"o-1","status":"final"}"#;
    vec![
        sample(observation, Nothing),
        sample(encounter("\"feed\":\"surgery\",", "e-7"), Rejects(&["wrong_format"])),
        sample(r#"{"resourceType":"Encounter""#, Rejects(&["not_json"])),
        sample(retraction(0, ENCOUNTER_EVENT), Rejects(&["wrong_format"])),
    ]
}

/// A record that names another feed is refused before anything else is looked at.
fn samples_of_bound() -> Vec<Sample> {
    vec![
        sample(encounter("\"feed\":\"hospital\",", "e-10"), Rejects(&["feed_not_allowed"])),
        sample(r#"{"feed":"hospital","id":"e-10","type":"robot"}"#, Rejects(&["feed_not_allowed"])),
        sample(encounter("", "e-11"), Events(1)),
        sample(encounter("\"feed\":\"surgery\",", "e-12"), Events(1)),
    ]
}

/// Each record has its expected items, and every offset is committed.
pub fn every_malformed_element_has_a_reject(tools: &TestTools) {
    let bootstrap = shared(tools);
    let first = WEEKLY.at_or_after(scorecard::time::calendar::Timestamp(1_735_776_000_000));
    let plan = DeploymentPlan {
        name: "malformed",
        bootstrap: &bootstrap,
        partitions: 2,
        inputs: vec![ANY, AVRO, FHIR, BOUND],
        grid: WEEKLY,
        first,
        registry: "",
    };
    let deployment = TestDeployment::new(&plan);
    let writer = deployment.writer();
    let processes = ProcessGroup::of(&deployment, 1);
    let all = [(ANY, samples_of_any()), (AVRO, samples_of_avro()), (FHIR, samples_of_fhir()), (BOUND, samples_of_bound())];
    for (input, samples) in &all {
        for sample in samples {
            writer.send(input.name, 0, sample.key.map(str::as_bytes), sample.value.as_deref());
        }
    }
    writer.flush();
    for (input, _) in &all {
        writer.until_committed("intake", input.name, 1);
    }
    writer.tick(2, first);
    writer.until_published(first);
    processes.end();
    let subscriber = Subscriber { python: tools.python.clone(), bootstrap };
    let dump = subscriber.dump(&deployment.prefix, &[]);
    for (input, samples) in &all {
        judge_rejects(&dump, &writer.topic(input.name), samples);
    }
    judge_events(&dump, all.iter().flat_map(|(_, samples)| samples));
    let mut verdict = Verdict::default();
    let config = replay_in_memory::deployment(&dump, deployment.identity_seed(), env!("CARGO_PKG_VERSION"));
    let again = replay_in_memory::replay(&dump, &config);
    replay_in_memory::judge(&dump, &again.dump, Extent::All, &mut verdict);
    accounts::judge_folded(&dump, &again.outcomes, &mut verdict);
    assert!(verdict.is_clean(), "{:#?}", verdict.all());
    assert!(real_now() > first.0);
}

/// Asserts the rejects of a topic, by offset: the expected ones and no others.
fn judge_rejects(dump: &Dump, topic: &str, samples: &[Sample]) {
    let mut rejects: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (_, stored, record) in dump.records(Topic::Rejects) {
        let Record::Reject(reject) = record else { panic!("rejects holds something else at {}", stored.offset) };
        if reject.position.source == topic {
            rejects.entry(reject.position.offset).or_default().push(reject.reason);
        }
    }
    for (offset, sample) in (0..).zip(samples) {
        let got = rejects.remove(&offset).unwrap_or_default();
        let wanted = if let Rejects(reasons) = sample.expected { reasons } else { &[] };
        assert_eq!(got, wanted, "{topic} {offset}");
    }
    assert!(rejects.is_empty(), "{topic}: {rejects:?}");
}

/// Asserts the number of events and of retractions.
fn judge_events<'a>(dump: &Dump, samples: impl Iterator<Item = &'a Sample>) {
    let wanted: usize = samples.map(|sample| if let Events(count) = sample.expected { count } else { 0 }).sum();
    let mut actions = Vec::new();
    for (_, _, record) in dump.records(Topic::Events) {
        if let Record::Batch(batch) = record {
            actions.extend(batch.events.iter().map(|event| event.action));
        }
    }
    // Two valid events are in a list whose third element is rejected.
    assert_eq!(actions.len(), wanted + 2);
    let retractions = actions.iter().filter(|action| **action == Action::Retract).count();
    assert_eq!(retractions, 3, "two tombstones and an Avro retraction");
}
