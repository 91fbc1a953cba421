//! The required settings of each topic, and the faults of an existing one. `docs/internals/protocol.md` lists the topics.

use std::collections::BTreeMap;

use stream::log::Topic;

use crate::kafka::topic_fault::TopicFault;
use crate::kafka::topic_requirement::Requirement;
use crate::process::limits::{
    ACCESS_RETENTION_DAYS, COMPACTION_LAG_DAYS, EVENTS_RETENTION_DAYS, PUBLISHED_RETENTION_DAYS, REJECT_RETENTION_DAYS,
};

const DAY_MS: i64 = 86_400_000;
/// The largest record of our producers with its framing, bytes: Kafka's own default.
const RECORD_BYTES: i64 = 1_048_588;
/// The largest mark, bytes: about 35 for each feed, practice, kind and open month, so 3,000 practices a partition.
const MARK_BYTES: i64 = 16 << 20;

/// The required settings of a topic, by their names in Kafka.
#[must_use]
pub fn settings(topic: Topic) -> Vec<(&'static str, Requirement)> {
    let mut settings = match topic {
        Topic::Events => kept_for(Requirement::AtLeast(EVENTS_RETENTION_DAYS * DAY_MS)),
        Topic::Registry => kept_for(Requirement::AtLeast(-1)),
        Topic::ScorecardRevisions | Topic::Runs => kept_for(Requirement::AtLeast(PUBLISHED_RETENTION_DAYS * DAY_MS)),
        Topic::Access => kept_for(Requirement::AtLeast(ACCESS_RETENTION_DAYS * DAY_MS)),
        Topic::Rejects => kept_for(Requirement::AtMost(REJECT_RETENTION_DAYS * DAY_MS)),
        Topic::ClinicianMonths
        | Topic::Scorecards
        | Topic::PeerGroups
        | Topic::PeerSnapshots
        | Topic::Definitions
        | Topic::People => {
            vec![("cleanup.policy", Requirement::Word("compact"))]
        }
    };
    match topic {
        // A tick counts only against the append time of the brokers.
        Topic::Events | Topic::Registry => settings.push(("message.timestamp.type", Requirement::Word("LogAppendTime"))),
        Topic::ClinicianMonths => settings.push(("min.compaction.lag.ms", Requirement::AtLeast(COMPACTION_LAG_DAYS * DAY_MS))),
        _ => {}
    }
    let largest = if topic == Topic::ClinicianMonths { MARK_BYTES } else { RECORD_BYTES };
    settings.push(("max.message.bytes", Requirement::AtLeast(largest)));
    settings.push(("unclean.leader.election.enable", Requirement::Word("false")));
    settings
}

fn kept_for(time: Requirement) -> Vec<(&'static str, Requirement)> {
    vec![("cleanup.policy", Requirement::Word("delete")), ("retention.ms", time), ("retention.bytes", Requirement::AtLeast(-1))]
}

/// An existing topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActualTopic {
    /// Number of partitions.
    pub partitions: u32,
    /// Replicas of its first partition.
    pub replicas: u32,
    /// Its settings, with defaults.
    pub settings: BTreeMap<String, String>,
}

/// The configuration of a deployment's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// Partitions of `events`.
    pub partitions: u32,
    /// Replicas of every partition; `None` leaves them to the brokers' default.
    pub replicas: Option<u32>,
    /// Partitions of `events` in the log's genesis record, if there is one.
    pub begun_with: Option<u32>,
}

/// The faults of an existing topic.
#[must_use]
pub fn faults(topic: Topic, found: &ActualTopic, plan: &TopicPlan) -> Vec<TopicFault> {
    let mut faults: Vec<TopicFault> = partition_fault(topic, found, plan).into_iter().chain(replica_fault(found, plan)).collect();
    for (name, wanted) in settings(topic).into_iter().chain(replicas_in_sync(found)) {
        let value = found.settings.get(name).map_or("", String::as_str);
        if !wanted.allows(value) {
            faults.push(TopicFault::Setting { name, found: value.to_owned(), wanted });
        }
    }
    faults
}

fn partition_fault(topic: Topic, found: &ActualTopic, plan: &TopicPlan) -> Option<TopicFault> {
    let configured = plan.partitions;
    if let Some(begun) = plan.begun_with.filter(|begun| topic == Topic::Events && *begun != configured) {
        return Some(TopicFault::ChangedPartitions { begun, configured });
    }
    let (found, wanted) = (found.partitions, topic.partitions(configured));
    match topic {
        _ if found == wanted => None,
        Topic::Events if plan.begun_with.is_some() && found > wanted => Some(TopicFault::ExtraPartitions { found, used: wanted }),
        Topic::Events if plan.begun_with.is_some() => Some(TopicFault::LostPartitions { found, begun: wanted }),
        Topic::Events => Some(TopicFault::EventPartitions { found, configured }),
        _ => Some(TopicFault::Partitions { found, wanted }),
    }
}

fn replica_fault(found: &ActualTopic, plan: &TopicPlan) -> Option<TopicFault> {
    let configured = plan.replicas.filter(|configured| *configured != found.replicas)?;
    Some(TopicFault::Replicas { found: found.replicas, configured })
}

/// With three replicas or more, an acknowledged record must be on two.
fn replicas_in_sync(found: &ActualTopic) -> Option<(&'static str, Requirement)> {
    (found.replicas >= 3).then_some(("min.insync.replicas", Requirement::AtLeast(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: TopicPlan = TopicPlan { partitions: 64, replicas: None, begun_with: None };

    /// A topic right after its creation.
    fn sound(topic: Topic) -> ActualTopic {
        let settings = settings(topic).into_iter().map(|(name, wanted)| (name.to_owned(), wanted.value())).collect();
        ActualTopic { partitions: topic.partitions(PLAN.partitions), replicas: 1, settings }
    }

    fn with(topic: Topic, name: &str, value: &str) -> Vec<String> {
        let mut found = sound(topic);
        found.settings.insert(name.to_owned(), value.to_owned());
        faults(topic, &found, &PLAN).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_topic_created_by_the_plan_has_no_fault() {
        for topic in Topic::ALL {
            assert_eq!(faults(topic, &sound(topic), &PLAN), [], "{topic:?}");
        }
    }

    #[test]
    fn longer_retention_is_allowed_and_shorter_is_a_fault() {
        for (value, right) in [("-1", true), ("99999999999999", true), ("604800000", false), ("", false)] {
            assert_eq!(with(Topic::Events, "retention.ms", value).is_empty(), right, "{value}");
        }
        assert_eq!(with(Topic::Registry, "retention.ms", "99999999999999").len(), 1);
        assert_eq!(with(Topic::Rejects, "retention.ms", "86400000").len(), 0);
        assert_eq!(with(Topic::Rejects, "retention.ms", "-1").len(), 1);
    }

    #[test]
    fn a_fault_names_the_value_the_required_value_and_the_cure() {
        let faults = with(Topic::Scorecards, "cleanup.policy", "compact,delete");
        assert_eq!(faults, ["cleanup.policy is compact,delete and must be compact; `plumbline topics --apply` sets it"]);
        assert!(with(Topic::Events, "message.timestamp.type", "CreateTime")[0].contains("LogAppendTime"));
    }

    #[test]
    fn another_number_of_event_partitions_is_explained_and_never_applied() {
        let mut found = sound(Topic::Events);
        found.partitions = 6;
        let [fault] = &faults(Topic::Events, &found, &PLAN)[..] else { panic!("one fault") };
        let text = fault.to_string();
        assert!(fault.is_lasting());
        assert!(text.contains("has 6 partitions") && text.contains("is 64") && text.contains("new `kafka.prefix`"), "{text}");
        let begun = TopicPlan { begun_with: Some(32), ..PLAN };
        let [fault] = &faults(Topic::Events, &sound(Topic::Events), &begun)[..] else { panic!("one fault") };
        let text = fault.to_string();
        assert!(text.contains("began with 32") && text.contains("partitions = 32"), "{text}");
    }

    #[test]
    fn more_partitions_than_the_log_uses_are_a_remark_and_fewer_are_a_loss() {
        let begun = TopicPlan { begun_with: Some(64), ..PLAN };
        let fault = |partitions| faults(Topic::Events, &ActualTopic { partitions, ..sound(Topic::Events) }, &begun).remove(0);
        let (extra, lost) = (fault(70), fault(6));
        assert!(extra.is_remark() && !extra.is_lasting(), "{extra}");
        assert!(extra.to_string().contains("uses the first 64"), "{extra}");
        assert!(!lost.is_remark() && lost.is_lasting(), "{lost}");
        assert!(lost.to_string().contains("docs/operate/runbook.md#a-topic-was-created-again"), "{lost}");
    }

    #[test]
    fn three_replicas_want_two_in_sync_and_one_alone_does_not() {
        let mut found = sound(Topic::Runs);
        found.settings.insert("min.insync.replicas".to_owned(), "1".to_owned());
        assert_eq!(faults(Topic::Runs, &found, &PLAN), []);
        found.replicas = 3;
        assert!(matches!(&faults(Topic::Runs, &found, &PLAN)[..], [TopicFault::Setting { name: "min.insync.replicas", .. }]));
        let two = TopicPlan { replicas: Some(2), ..PLAN };
        assert!(faults(Topic::Runs, &found, &two).iter().any(|fault| fault.to_string().contains("kafka.replication is 2")));
    }
}
