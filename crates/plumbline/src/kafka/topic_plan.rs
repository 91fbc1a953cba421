//! How each topic has to be, and what is wrong with one that is there. `docs/internals/protocol.md` lists the topics.

use std::collections::BTreeMap;
use std::fmt;

use stream::log::{CARD_PARTITIONS, Topic};

const DAY_MS: i64 = 86_400_000;
/// An amendment may come 13 months after its event, and a month's events are replayed for as long as the month is open.
const EVENTS_DAYS: i64 = 16 * 31;
/// What was published can be followed for two years.
const PUBLISHED_DAYS: i64 = 25 * 31;
/// A reject names no patient, and is of use only while its record can be repaired.
const REJECTS_DAYS: i64 = 30;
/// So long publish may be behind before compaction takes rows that it needs; then it folds the log itself.
const COMPACTION_LAG_DAYS: i64 = 7;
/// The largest record that our producers send, with its framing: Kafka's own default.
const RECORD_BYTES: i64 = 1_048_588;

/// What a setting of a topic has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// This word.
    Word(&'static str),
    /// This number or more; -1 is without end.
    AtLeast(i64),
    /// This number or less.
    AtMost(i64),
}

impl Requirement {
    /// As it is written into a new topic.
    #[must_use]
    pub fn value(self) -> String {
        match self {
            Requirement::Word(word) => word.to_owned(),
            Requirement::AtLeast(number) | Requirement::AtMost(number) => number.to_string(),
        }
    }

    fn allows(self, found: &str) -> bool {
        let endless = |number: i64| if number < 0 { i64::MAX } else { number };
        let number = found.parse().map(endless);
        match self {
            Requirement::Word(word) => found == word,
            Requirement::AtLeast(least) => number.is_ok_and(|number| number >= endless(least)),
            Requirement::AtMost(most) => number.is_ok_and(|number| number <= endless(most)),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Requirement::Word(word) => f.write_str(word),
            Requirement::AtLeast(-1) => f.write_str("-1 (without end)"),
            Requirement::AtLeast(number) => write!(f, "{number} or more"),
            Requirement::AtMost(number) => write!(f, "{number} or less"),
        }
    }
}

/// How many partitions a topic has, `events` having this many.
#[must_use]
pub fn partitions(topic: Topic, of_events: u32) -> u32 {
    match topic {
        Topic::Events => of_events,
        Topic::Scorecards | Topic::ScorecardRevisions => CARD_PARTITIONS,
        _ => 1,
    }
}

/// What the settings of a topic have to be, by their names in Kafka.
#[must_use]
pub fn settings(topic: Topic) -> Vec<(&'static str, Requirement)> {
    let mut settings = match topic {
        Topic::Events => kept_for(Requirement::AtLeast(EVENTS_DAYS * DAY_MS)),
        Topic::Registry => kept_for(Requirement::AtLeast(-1)),
        Topic::ScorecardRevisions | Topic::Runs => kept_for(Requirement::AtLeast(PUBLISHED_DAYS * DAY_MS)),
        Topic::Rejects => kept_for(Requirement::AtMost(REJECTS_DAYS * DAY_MS)),
        Topic::ClinicianMonths | Topic::Scorecards | Topic::PeerGroups | Topic::PeerSnapshots => {
            vec![("cleanup.policy", Requirement::Word("compact"))]
        }
    };
    match topic {
        // A tick counts only against the log's own time.
        Topic::Events | Topic::Registry => settings.push(("message.timestamp.type", Requirement::Word("LogAppendTime"))),
        Topic::ClinicianMonths => settings.push(("min.compaction.lag.ms", Requirement::AtLeast(COMPACTION_LAG_DAYS * DAY_MS))),
        _ => {}
    }
    settings.push(("max.message.bytes", Requirement::AtLeast(RECORD_BYTES)));
    settings.push(("unclean.leader.election.enable", Requirement::Word("false")));
    settings
}

fn kept_for(time: Requirement) -> Vec<(&'static str, Requirement)> {
    vec![("cleanup.policy", Requirement::Word("delete")), ("retention.ms", time), ("retention.bytes", Requirement::AtLeast(-1))]
}

/// A topic as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActualTopic {
    /// How many partitions it has.
    pub partitions: u32,
    /// How many replicas its first partition has.
    pub replicas: u32,
    /// Its settings, those that nobody set included.
    pub settings: BTreeMap<String, String>,
}

/// What a deployment wants of its topics beside what all want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// Partitions of `events`.
    pub partitions: u32,
    /// Replicas of every partition; what the brokers do by default without it.
    pub replicas: Option<u32>,
    /// What the log's genesis record says of the partitions of `events`, once there is one.
    pub begun_with: Option<u32>,
}

/// One thing that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicFault {
    /// It is not there.
    Missing,
    /// A setting that can be set.
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it has to be.
        wanted: Requirement,
    },
    /// What only somebody who knows the deployment can mend: what is wrong, and how.
    Lasting(String),
}

impl fmt::Display for TopicFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicFault::Missing => f.write_str("is not there; `plumbline topics --apply` makes it"),
            TopicFault::Setting { name, found, wanted } => {
                write!(f, "{name} is {found}, and has to be {wanted}; `plumbline topics --apply` sets it")
            }
            TopicFault::Lasting(text) => f.write_str(text),
        }
    }
}

/// What is wrong with a topic that is there.
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
    let begun_with = plan.begun_with.filter(|begun| topic == Topic::Events && *begun != plan.partitions);
    let wanted = partitions(topic, plan.partitions);
    if let Some(begun) = begun_with {
        return Some(TopicFault::Lasting(format!(
            "was begun with {begun} partitions, and `partitions` is {} in the configuration; write partitions = {begun}. {MIGRATION}",
            plan.partitions
        )));
    }
    if found.partitions == wanted {
        return None;
    }
    let has = found.partitions;
    Some(TopicFault::Lasting(match topic {
        Topic::Events => format!(
            "has {has} partitions, and `partitions` is {wanted} in the configuration; write partitions = {has} if nothing was begun yet. {MIGRATION}"
        ),
        _ => format!(
            "has {has} partitions, and has to have {wanted}, for its order is relied on; delete it if it holds nothing, else begin a new `kafka.prefix`"
        ),
    }))
}

/// How a deployment gets another number of partitions.
const MIGRATION: &str = "Events stay in the partition of their feed, so another number would count what is amended later twice: for more \
                         partitions begin a new `kafka.prefix`, make its topics, and its intake reads the input topics from their beginning";

fn replica_fault(found: &ActualTopic, plan: &TopicPlan) -> Option<TopicFault> {
    let wanted = plan.replicas.filter(|wanted| *wanted != found.replicas)?;
    let text = format!(
        "has {} replicas of a partition, and kafka.replication is {wanted}; move them with kafka-reassign-partitions.sh, or change the option",
        found.replicas
    );
    Some(TopicFault::Lasting(text))
}

/// With three replicas or more, what is acknowledged has to be on two.
fn replicas_in_sync(found: &ActualTopic) -> Option<(&'static str, Requirement)> {
    (found.replicas >= 3).then_some(("min.insync.replicas", Requirement::AtLeast(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: TopicPlan = TopicPlan { partitions: 64, replicas: None, begun_with: None };

    /// As it is right after it was made.
    fn sound(topic: Topic) -> ActualTopic {
        let settings = settings(topic).into_iter().map(|(name, wanted)| (name.to_owned(), wanted.value())).collect();
        ActualTopic { partitions: partitions(topic, PLAN.partitions), replicas: 1, settings }
    }

    fn with(topic: Topic, name: &str, value: &str) -> Vec<String> {
        let mut found = sound(topic);
        found.settings.insert(name.to_owned(), value.to_owned());
        faults(topic, &found, &PLAN).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_made_by_the_plan_has_no_fault() {
        for topic in Topic::ALL {
            assert_eq!(faults(topic, &sound(topic), &PLAN), [], "{topic:?}");
        }
    }

    #[test]
    fn longer_than_needed_is_right_and_shorter_is_not() {
        for (value, right) in [("-1", true), ("99999999999999", true), ("604800000", false), ("", false)] {
            assert_eq!(with(Topic::Events, "retention.ms", value).is_empty(), right, "{value}");
        }
        assert_eq!(with(Topic::Registry, "retention.ms", "99999999999999").len(), 1);
        assert_eq!(with(Topic::Rejects, "retention.ms", "86400000").len(), 0);
        assert_eq!(with(Topic::Rejects, "retention.ms", "-1").len(), 1);
    }

    #[test]
    fn a_fault_names_what_is_there_what_has_to_be_and_the_cure() {
        let told = with(Topic::Scorecards, "cleanup.policy", "compact,delete");
        assert_eq!(told, ["cleanup.policy is compact,delete, and has to be compact; `plumbline topics --apply` sets it"]);
        assert!(with(Topic::Events, "message.timestamp.type", "CreateTime")[0].contains("LogAppendTime"));
    }

    #[test]
    fn another_number_of_partitions_of_events_is_explained_and_never_altered() {
        let mut found = sound(Topic::Events);
        found.partitions = 6;
        let [TopicFault::Lasting(text)] = &faults(Topic::Events, &found, &PLAN)[..] else { panic!("it can only be explained") };
        assert!(text.contains("has 6 partitions") && text.contains("is 64") && text.contains("new `kafka.prefix`"), "{text}");
        let begun = TopicPlan { begun_with: Some(32), ..PLAN };
        let [TopicFault::Lasting(text)] = &faults(Topic::Events, &sound(Topic::Events), &begun)[..] else {
            panic!("it was begun so")
        };
        assert!(text.contains("begun with 32") && text.contains("partitions = 32"), "{text}");
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
