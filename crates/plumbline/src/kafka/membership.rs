//! Membership in a consumer group. The group assigns partitions; except for intake, tasks read them with readers of their own.

use std::sync::mpsc::Sender;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::Timeout;
use tracing::{debug, info, warn};

use crate::kafka::contact::{Contact, log_line};
use crate::kafka::settings::{Group, KafkaSettings};
use crate::process::limits::MAIN_QUEUE_POLL;

/// A change of this member's partitions, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignmentChange {
    /// This member owns these partitions from now on.
    Assigned(Vec<(String, u32)>),
    /// This member no longer owns these partitions: it released or lost them.
    Revoked(Vec<(String, u32)>),
}

/// The context of a member: it logs rebalances and sends changes to the task.
#[derive(Debug)]
pub struct MemberContext {
    contact: Contact,
    group: Group,
    changes: Sender<AssignmentChange>,
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.contact.report(&error, reason);
    }
}

impl ConsumerContext for MemberContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.contact.count(|counters| &counters.rebalances);
        if let Rebalance::Revoke(list) = rebalance {
            let partitions = listed(list);
            info!(group = ?self.group, ?partitions, lost = consumer.assignment_lost(), "partitions revoked");
            // A receiver that is gone belongs to a task that is ending.
            let _ = self.changes.send(AssignmentChange::Revoked(partitions));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                // Only intake reads records through the group.
                if self.group != Group::Intake
                    && let Err(error) = consumer.pause(list)
                {
                    warn!(group = ?self.group, %error, "pausing partitions failed");
                }
                let partitions = listed(list);
                info!(group = ?self.group, ?partitions, "partitions assigned");
                let _ = self.changes.send(AssignmentChange::Assigned(partitions));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => warn!(group = ?self.group, %error, "rebalance failed"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            debug!(group = ?self.group, %error, "offsets not committed");
        }
    }

    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(MAIN_QUEUE_POLL)
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

/// Joins a group for these topics. Polls of the consumer keep the membership alive and send changes.
///
/// # Errors
/// [`KafkaError`] when librdkafka rejects a property or the name of a topic.
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
