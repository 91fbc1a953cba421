//! CloudEvents attributes of public records, in Kafka's binary mode: a router of events needs no schema.
//!
//! Source: CloudEvents 1.0.2, Kafka Protocol Binding, section 3.2.

use rdkafka::message::{Header, OwnedHeaders};
use scorecard::record::log_record::Record;

/// The CloudEvents type of a card.
pub const SCORECARD_TYPE: &str = "org.plumbline.scorecard.v2";
/// The CloudEvents type of a peer group.
pub const PEER_GROUP_TYPE: &str = "org.plumbline.peer-group.v2";
/// The CloudEvents type of a run record.
pub const RUN_TYPE: &str = "org.plumbline.scorecard-run-completed.v1";
/// The type of every value: Avro in Confluent framing.
pub const CONTENT_TYPE: &str = "application/vnd.confluent.avro";
/// The names of the headers, in order.
pub const ATTRIBUTES: [&str; 7] = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type"];

/// Headers of a public record; `None` for an internal one. `prefix` names the deployment. Equal records have equal headers.
pub(super) fn of(record: &Record<'_>, key: &str, prefix: &str) -> Option<OwnedHeaders> {
    let (kind, id, time) = match record {
        Record::Scorecard(card) => (SCORECARD_TYPE, card.scorecard_id.clone(), card.cut),
        Record::PeerGroup(group) => (PEER_GROUP_TYPE, format!("{}|{key}", group.snapshot_id), group.as_of),
        Record::Run(run) => (RUN_TYPE, run.id.clone(), run.at),
        _ => return None,
    };
    let time = time.to_string();
    let source = format!("/plumbline/{prefix}");
    let values: [&str; 7] = ["1.0", &id, &source, kind, &time, key, CONTENT_TYPE];
    let headers = OwnedHeaders::new_with_capacity(values.len());
    let attributes = ATTRIBUTES.into_iter().zip(values);
    Some(attributes.fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) })))
}
