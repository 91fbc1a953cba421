//! The subjects of Plumbline's schemas in a schema registry.
//!
//! A topic with one kind of record has the subject `TOPIC-value` (TopicNameStrategy, the default of every tool). A topic with several
//! kinds has one subject a kind, `TOPIC-FULL.RECORD.NAME` (TopicRecordNameStrategy), because a subject is one schema's history.

use codec::avro::encoding::Form;
use codec::avro::known_schema::KnownSchema;
use stream::log::Topic;

/// The readers of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicAudience {
    /// Subscribers: every version of the schema must read every other.
    Public,
    /// Plumbline itself and its operators.
    Internal,
}

/// A schema of a topic's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaSubject {
    /// The topic.
    pub topic: Topic,
    /// The schema.
    pub form: Form,
    /// Its name in the registry.
    pub name: String,
    /// The readers of the topic.
    pub audience: TopicAudience,
}

/// Every subject of a deployment whose topics begin with `prefix`.
#[must_use]
pub fn subjects(prefix: &str) -> Vec<SchemaSubject> {
    let of_topic = |topic| forms(topic).iter().map(move |form| subject(prefix, topic, *form));
    Topic::ALL.into_iter().flat_map(of_topic).collect()
}

/// The kinds of records that a topic holds.
#[must_use]
pub fn forms(topic: Topic) -> &'static [Form] {
    match topic {
        Topic::Events => &[Form::Batch, Form::Tick, Form::EventFence],
        Topic::ClinicianMonths => &[Form::ClinicianMonth, Form::Mark],
        Topic::Registry => &[
            Form::Genesis,
            Form::Tick,
            Form::Person,
            Form::Role,
            Form::Organisation,
            Form::Lead,
            Form::Feed,
            Form::Withdrawal,
            Form::FeedSends,
            Form::EventFence,
        ],
        Topic::Scorecards | Topic::ScorecardRevisions => &[Form::Scorecard],
        Topic::PeerGroups => &[Form::PeerGroup],
        Topic::PeerSnapshots => &[Form::PeerSnapshot],
        Topic::Runs => &[Form::Run],
        Topic::Rejects => &[Form::Reject],
        Topic::Definitions => &[Form::Definition],
        Topic::People => &[Form::PersonDetails],
        Topic::Access => &[Form::Access],
    }
}

fn subject(prefix: &str, topic: Topic, form: Form) -> SchemaSubject {
    let named = format!("{prefix}{}", topic.name());
    let name = match forms(topic) {
        [_] => format!("{named}-value"),
        _ => format!("{named}-{}", KnownSchema::Record(form).record_name()),
    };
    let audience = match topic {
        Topic::Scorecards | Topic::ScorecardRevisions | Topic::PeerGroups | Topic::Runs => TopicAudience::Public,
        Topic::Events
        | Topic::ClinicianMonths
        | Topic::Registry
        | Topic::PeerSnapshots
        | Topic::Rejects
        | Topic::Definitions
        | Topic::People
        | Topic::Access => TopicAudience::Internal,
    };
    SchemaSubject { topic, form, name, audience }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_topic_with_one_kind_of_record_has_one_subject_and_others_have_one_a_kind() {
        let names: Vec<String> = subjects("plumbline.").into_iter().map(|subject| subject.name).collect();
        let expected = [
            "plumbline.events-plumbline.v2.Batch",
            "plumbline.events-plumbline.v1.Tick",
            "plumbline.events-plumbline.v1.EventFence",
            "plumbline.clinician-months-plumbline.v2.ClinicianMonth",
            "plumbline.clinician-months-plumbline.v1.Mark",
            "plumbline.registry-plumbline.v1.Genesis",
            "plumbline.registry-plumbline.v1.Tick",
            "plumbline.registry-plumbline.v1.Person",
            "plumbline.registry-plumbline.v1.Role",
            "plumbline.registry-plumbline.v1.Organisation",
            "plumbline.registry-plumbline.v1.Lead",
            "plumbline.registry-plumbline.v1.FeedRule",
            "plumbline.registry-plumbline.v1.Withdrawal",
            "plumbline.registry-plumbline.v1.FeedSends",
            "plumbline.registry-plumbline.v1.EventFence",
            "plumbline.scorecards-value",
            "plumbline.scorecard-revisions-value",
            "plumbline.peer-groups-value",
            "plumbline.peer-snapshots-value",
            "plumbline.runs-value",
            "plumbline.rejects-value",
            "plumbline.definitions-value",
            "plumbline.people-value",
            "plumbline.access-value",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn every_kind_of_record_has_a_subject() {
        let forms: BTreeSet<Form> = subjects("").into_iter().map(|subject| subject.form).collect();
        assert_eq!(forms.into_iter().collect::<Vec<_>>(), Form::ALL);
    }
}
