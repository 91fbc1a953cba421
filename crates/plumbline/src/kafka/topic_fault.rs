//! The faults of a topic, each with its cure.

use std::fmt;

use stream::log_loss::RUNBOOK;

use crate::kafka::topic_requirement::Requirement;

/// How a deployment gets another number of partitions.
const MIGRATION: &str = "Events stay in the partition of their feed, so with another number later amendments would count twice: for more \
                         partitions start a new `kafka.prefix`, create its topics, and let intake read the input topics again";

/// One deviation of a topic from its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicFault {
    /// The topic does not exist.
    Missing,
    /// The topic does not exist, and another topic of the deployment holds records: those of this topic are gone.
    Lost {
        /// The other topic.
        holder: String,
        /// One past its last offset.
        end: u64,
    },
    /// `events` has fewer partitions than its log began with.
    LostPartitions {
        /// Partitions of the topic.
        found: u32,
        /// Partitions in the genesis record.
        begun: u32,
    },
    /// `events` has more partitions than its log uses.
    ExtraPartitions {
        /// Partitions of the topic.
        found: u32,
        /// Partitions in the genesis record.
        used: u32,
    },
    /// A setting has another value; `plumbline topics --apply` sets it.
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value; empty when it is absent.
        found: String,
        /// Its required value.
        wanted: Requirement,
    },
    /// The log began with another number of partitions of `events` than the configuration names.
    ChangedPartitions {
        /// Partitions in the genesis record.
        begun: u32,
        /// Partitions in the configuration.
        configured: u32,
    },
    /// `events` has another number of partitions than the configuration names.
    EventPartitions {
        /// Partitions of the topic.
        found: u32,
        /// Partitions in the configuration.
        configured: u32,
    },
    /// Another topic has a wrong number of partitions.
    Partitions {
        /// Partitions of the topic.
        found: u32,
        /// Partitions that the topic must have.
        wanted: u32,
    },
    /// The topic has another number of replicas than the configuration names.
    Replicas {
        /// Replicas of the topic's first partition.
        found: u32,
        /// Replicas in the configuration.
        configured: u32,
    },
}

impl TopicFault {
    /// Whether `plumbline topics --apply` cannot fix it: an operator must decide.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        !matches!(self, TopicFault::Missing | TopicFault::Setting { .. } | TopicFault::ExtraPartitions { .. })
    }

    /// Whether it does no harm as it is.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        matches!(self, TopicFault::ExtraPartitions { .. })
    }
}

impl fmt::Display for TopicFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicFault::Missing => f.write_str("does not exist; `plumbline topics --apply` creates it"),
            TopicFault::Lost { holder, end } => write!(
                f,
                "does not exist, and {holder} holds records up to offset {end}: the records of this topic are gone. \
                 Do not create it; {RUNBOOK}#a-topic-was-created-again has the cure"
            ),
            TopicFault::LostPartitions { found, begun } => write!(
                f,
                "has {found} partitions, and its log began with {begun}: it was deleted and created again. \
                 {RUNBOOK}#a-topic-was-created-again has the cure"
            ),
            TopicFault::ExtraPartitions { found, used } => write!(
                f,
                "has {found} partitions, and its log uses the first {used}; Plumbline ignores the others. \
                 {RUNBOOK}#more-partitions-than-the-log-uses says what to do"
            ),
            TopicFault::Setting { name, found, wanted } => {
                write!(f, "{name} is {found} and must be {wanted}; `plumbline topics --apply` sets it")
            }
            TopicFault::ChangedPartitions { begun, configured } => write!(
                f,
                "its log began with {begun} partitions, and `partitions` is {configured}; set partitions = {begun}. {MIGRATION}"
            ),
            TopicFault::EventPartitions { found, configured } => write!(
                f,
                "has {found} partitions, and `partitions` is {configured}; set partitions = {found} if the log is empty. {MIGRATION}"
            ),
            TopicFault::Partitions { found, wanted } => write!(
                f,
                "has {found} partitions and must have {wanted} to keep its order; delete it if it is empty, else start a new `kafka.prefix`"
            ),
            TopicFault::Replicas { found, configured } => write!(
                f,
                "has {found} replicas of a partition, and kafka.replication is {configured}; move them with \
                 kafka-reassign-partitions.sh, or change the option"
            ),
        }
    }
}
