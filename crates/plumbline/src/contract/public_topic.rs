//! The public topics: the record, the key and the CloudEvents type of each.

use stream::log::Topic;

use crate::http::contract::json_schema::{JsonRecord, PUBLISHED};
use crate::kafka::headers::{PEER_GROUP_TYPE, RUN_TYPE, SCORECARD_TYPE};
use crate::kafka::topic_plan::settings;

/// A public topic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicTopic {
    pub(crate) topic: Topic,
    pub(crate) record: JsonRecord,
    pub(crate) key: &'static str,
    pub(crate) cloud_event: &'static str,
    pub(crate) meaning: &'static str,
}

const CARD_KEY: &str = "clinician|practice|month; `|` and `%` inside a part are percent-encoded";

/// All of them.
pub(crate) const PUBLIC_TOPICS: [PublicTopic; 4] = [
    PublicTopic {
        topic: Topic::Scorecards,
        record: PUBLISHED[0],
        key: CARD_KEY,
        cloud_event: SCORECARD_TYPE,
        meaning: "The newest revision of each card.",
    },
    PublicTopic {
        topic: Topic::ScorecardRevisions,
        record: PUBLISHED[0],
        key: CARD_KEY,
        cloud_event: SCORECARD_TYPE,
        meaning: "Every revision of each card.",
    },
    PublicTopic {
        topic: Topic::PeerGroups,
        record: PUBLISHED[1],
        key: "measure@version|window|role|month; `|` and `%` inside a part are percent-encoded",
        cloud_event: PEER_GROUP_TYPE,
        meaning: "Typical value and quantiles of the network of a role.",
    },
    PublicTopic {
        topic: Topic::Runs,
        record: PUBLISHED[2],
        key: "the cut, RFC 3339 in UTC",
        cloud_event: RUN_TYPE,
        meaning: "The run record of each publication.",
    },
];

impl PublicTopic {
    /// A required setting of the topic, as the value for a new one.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        settings(self.topic).into_iter().find(|(one, _)| *one == name).map(|(_, requirement)| requirement.value())
    }
}
