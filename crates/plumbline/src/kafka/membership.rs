//! Membership in a consumer group whose members own partitions of a topic without reading them through it: which partitions are
//! ours comes from the group, what is in them is read by the tasks themselves.

use std::sync::mpsc::Sender;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::Timeout;
use tracing::{debug, info, warn};

use crate::kafka::contact::{Contact, tell};
use crate::kafka::settings::{Group, KafkaSettings};

/// A change of what is ours, partitions in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignmentChange {
    /// These are ours from now on.
    Assigned(Vec<(String, u32)>),
    /// These are not ours any more, given up or lost.
    Revoked(Vec<(String, u32)>),
}

/// What a member does when the group changes.
#[derive(Debug)]
pub struct MemberContext {
    contact: Contact,
    group: Group,
    changes: Sender<AssignmentChange>,
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.contact.told(&error, reason);
    }
}

impl ConsumerContext for MemberContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.contact.count(|counters| &counters.rebalances);
        if let Rebalance::Revoke(list) = rebalance {
            let partitions = listed(list);
            info!(group = ?self.group, ?partitions, lost = consumer.assignment_lost(), "partitions given up");
            // Whoever does not listen any more is ending.
            let _ = self.changes.send(AssignmentChange::Revoked(partitions));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                // Members that only own read nothing through the group.
                if self.group != Group::Intake
                    && let Err(error) = consumer.pause(list)
                {
                    warn!("partitions of a group cannot be paused: {error}");
                }
                let partitions = listed(list);
                info!(group = ?self.group, ?partitions, "partitions assigned");
                let _ = self.changes.send(AssignmentChange::Assigned(partitions));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => warn!(group = ?self.group, "rebalance: {error}"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            debug!(group = ?self.group, "offsets were not committed: {error}");
        }
    }

    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(Duration::from_millis(200))
    }
}

fn listed(list: &TopicPartitionList) -> Vec<(String, u32)> {
    let mut found: Vec<_> = list
        .elements()
        .iter()
        .filter_map(|element| Some((element.topic().to_owned(), u32::try_from(element.partition()).ok()?)))
        .collect();
    found.sort();
    found
}

/// Joins a group for these topics. Polling it keeps the membership alive and sends changes.
///
/// # Errors
/// [`KafkaError`] when the library refuses a property or a topic's name.
pub fn join(
    settings: &KafkaSettings,
    contact: &Contact,
    group: Group,
    topics: &[&str],
    changes: Sender<AssignmentChange>,
) -> KafkaResult<BaseConsumer<MemberContext>> {
    let context = MemberContext { contact: contact.clone(), group, changes };
    let consumer: BaseConsumer<MemberContext> = settings.member(group).create_with_context(context)?;
    consumer.subscribe(topics)?;
    Ok(consumer)
}
