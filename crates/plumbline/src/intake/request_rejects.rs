//! The rejects of one request: the first of each reason and field are kept, further ones are counted.

use std::collections::BTreeMap;

use scorecard::record::log_record::Reject;

use crate::intake::rejects::rejected_record::{CountedRejects, RejectedElement};
use crate::intake::source_check::is_refused_feed;
use crate::process::limits::REJECTS_KEPT_A_KIND;

/// The rejects of one request.
#[derive(Debug, Default)]
pub(crate) struct RequestRejects {
    of_kind: BTreeMap<(String, String), u32>,
    /// The rejects that a retry may accept.
    pub(crate) elements: Vec<RejectedElement>,
    /// Rejects that are counted only.
    pub(crate) counted: Vec<CountedRejects>,
}

impl RequestRejects {
    /// Whether the reject is kept in the log. The store keeps it for a retry, unless its source lacks a right that no repair
    /// grants.
    pub(crate) fn keep(&mut self, ordinal: u32, reject: &Reject) -> bool {
        let kept = self.of_kind.entry((reject.reason.clone(), reject.field.clone())).or_default();
        *kept += 1;
        if *kept > REJECTS_KEPT_A_KIND {
            CountedRejects::add(&mut self.counted, reject);
            return false;
        }
        if !is_refused_feed(&reject.reason) {
            self.elements.push(RejectedElement::new(ordinal, reject));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::record::log_record::Position;

    fn reject(reason: &str, field: &str) -> Reject {
        let position = Position { source: "http".to_owned(), partition: 0, offset: 1, index: None };
        let text = |text: &str| text.to_owned();
        Reject { position, feed: None, reason: text(reason), field: text(field), detail: String::new(), excerpt: String::new() }
    }

    #[test]
    fn the_first_hundred_of_a_kind_are_kept_and_each_kind_counts_alone() {
        let mut rejects = RequestRejects::default();
        let kept = (0..250).filter(|n| rejects.keep(*n, &reject("missing_field", "id"))).count();
        assert!(rejects.keep(250, &reject("missing_field", "type")) && rejects.keep(251, &reject("not_json", "")));
        assert_eq!((kept, rejects.elements.len()), (100, 102));
        let counted: Vec<(&str, u64)> = rejects.counted.iter().map(|kind| (kind.field.as_str(), kind.count)).collect();
        assert_eq!(counted, [("id", 150)]);
    }

    #[test]
    fn what_a_sender_may_not_write_is_not_kept_for_a_retry() {
        let mut rejects = RequestRejects::default();
        assert!(rejects.keep(0, &reject("feed_not_allowed", "feed")) && rejects.keep(1, &reject("registry_not_allowed", "")));
        assert!(rejects.elements.is_empty());
    }
}
