//! The right that a refused request lacks, in the words of an ACL.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// The page with all rights.
const TABLE: &str = "docs/operate/kafka.md#access-control lists all rights";

/// Whether the brokers refused a request for lack of a right.
pub(crate) fn is_refused(error: &KafkaError) -> bool {
    missing_right(error, "", "").is_some()
}

/// The ACL that a request for this operation on a topic lacks; `None` where the error is another one. `prefix` is that of the
/// deployment.
pub(crate) fn missing_right(error: &KafkaError, operation: &str, topic: &str) -> Option<String> {
    let resource = match error.rdkafka_error_code()? {
        RDKafkaErrorCode::TopicAuthorizationFailed => return Some(text(operation, &format!("topic {topic}"))),
        RDKafkaErrorCode::GroupAuthorizationFailed => "groups under kafka.prefix",
        RDKafkaErrorCode::TransactionalIdAuthorizationFailed => return Some(text("Write", "the transactional id of publish")),
        RDKafkaErrorCode::ClusterAuthorizationFailed => return Some(text("IdempotentWrite", "the cluster")),
        _ => return None,
    };
    Some(text("Read", resource))
}

fn text(operation: &str, resource: &str) -> String {
    format!("the brokers refuse {operation} on {resource}; grant it to the user of this process; {TABLE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_operation_and_the_resource() {
        let refused = |code| missing_right(&KafkaError::MetadataFetch(code), "Read", "plumbline.events");
        let text = refused(RDKafkaErrorCode::TopicAuthorizationFailed).expect("a refusal");
        assert!(text.contains("refuse Read on topic plumbline.events"), "{text}");
        let text = refused(RDKafkaErrorCode::ClusterAuthorizationFailed).expect("a refusal");
        assert!(text.contains("refuse IdempotentWrite on the cluster"), "{text}");
        assert_eq!(refused(RDKafkaErrorCode::AllBrokersDown), None);
    }
}
