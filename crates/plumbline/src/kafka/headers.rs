//! CloudEvents attributes of public records, in Kafka's binary mode: a router of events needs no schema.
//!
//! Source: CloudEvents 1.0.2, Kafka Protocol Binding, section 3.2.

use rdkafka::message::{Header, OwnedHeaders};
use scorecard::record::log_record::Record;

/// Headers of a public record; `None` for an internal one. `prefix` names the deployment. Equal records have equal headers.
pub(super) fn of(record: &Record<'_>, key: &str, prefix: &str) -> Option<OwnedHeaders> {
    let (kind, id, time) = match record {
        Record::Scorecard(card) => ("scorecard.v2", card.scorecard_id.clone(), card.cut),
        Record::PeerGroup(group) => ("peer-group.v2", format!("{}|{key}", group.snapshot_id), group.as_of),
        Record::Run(run) => ("scorecard-run-completed.v1", run.id.clone(), run.at),
        _ => return None,
    };
    let time = time.to_string();
    let kind = format!("org.plumbline.{kind}");
    let source = format!("/plumbline/{prefix}");
    let attributes: [(&str, &str); 7] = [
        ("ce_specversion", "1.0"),
        ("ce_id", &id),
        ("ce_source", &source),
        ("ce_type", &kind),
        ("ce_time", &time),
        ("ce_subject", key),
        ("content-type", "application/vnd.confluent.avro"),
    ];
    let headers = OwnedHeaders::new_with_capacity(attributes.len());
    Some(attributes.into_iter().fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) })))
}
