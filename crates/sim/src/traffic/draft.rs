//! An event in the native JSON form, field by field, as a practice system writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

/// The fields of an encounter.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Encounter {
    pub mode: &'static str,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_minutes: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnoses: Vec<Diagnosis>,
}

/// A code and its system.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Diagnosis {
    pub code: &'static str,
    pub code_system: &'static str,
}

/// The fields of a prescription.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Prescription {
    pub code: Cow<'static, str>,
    pub code_system: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_pence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adq: Option<serde_json::Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
}

/// The fields of feedback.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Feedback {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
}

/// The fields of an order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Order {
    pub category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_system: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
}

/// The four kinds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Detail {
    Encounter(Encounter),
    Prescription(Prescription),
    Feedback(Feedback),
    Order(Order),
}

impl Detail {
    /// The word of the field `type`.
    fn kind(&self) -> &'static str {
        match self {
            Detail::Encounter(_) => "encounter",
            Detail::Prescription(_) => "prescription",
            Detail::Feedback(_) => "feedback",
            Detail::Order(_) => "order",
        }
    }

    /// The encounter that it links.
    pub(crate) fn link(&self) -> Option<&str> {
        match self {
            Detail::Encounter(_) => None,
            Detail::Prescription(p) => p.encounter.as_deref(),
            Detail::Feedback(f) => f.encounter.as_deref(),
            Detail::Order(o) => o.encounter.as_deref(),
        }
    }
}

/// A clinician's number in one system.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Number {
    pub system: &'static str,
    pub value: String,
}

/// One event, before it has a version.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub feed: String,
    pub id: String,
    /// Milliseconds since 1970-01-01T00:00Z, whole seconds.
    pub occurred: i64,
    /// Seconds by which the clock that wrote its instants is ahead of UTC.
    pub offset: i32,
    pub clinician: Number,
    pub practice: Option<String>,
    pub patient: String,
    /// Bands of five years, and a word.
    pub age_band: Option<u8>,
    pub sex: Option<&'static str>,
    pub exclude: Option<&'static str>,
    pub pca: Vec<&'static str>,
    pub detail: Detail,
}

/// The spelling of version and action.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// Both fields are written.
    Full,
    /// Defaults are left out: the action, and the version when it is 1.
    Short,
}

#[derive(Serialize)]
struct Record<'a> {
    feed: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    occurred_at: String,
    recorded_at: String,
    clinician: &'a Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<&'a str>,
    patient: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_band: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pca: &'a [&'static str],
    #[serde(flatten)]
    detail: &'a Detail,
}

#[derive(Serialize)]
struct Retraction<'a> {
    feed: &'a str,
    id: &'a str,
    version: u64,
    r#type: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
}

/// An instant as RFC 3339 with this offset.
pub(crate) fn rfc3339(ms: i64, offset: i32) -> String {
    let at = Timestamp::from_millisecond(ms).expect("instants lie within the years that jiff knows");
    let offset = Offset::from_seconds(offset).expect("offsets are less than a day");
    if offset == Offset::UTC { at.to_string() } else { at.display_with_offset(offset).to_string() }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("these fields are all JSON has names for")
}

impl Draft {
    /// The JSON of this version, recorded at this instant.
    pub(crate) fn record(&self, version: u64, recorded: i64, spelling: Spelling) -> String {
        let short = matches!(spelling, Spelling::Short);
        text(&Record {
            feed: &self.feed,
            id: &self.id,
            version: (version != 1 || !short).then_some(version),
            r#type: self.detail.kind(),
            action: (!short).then_some("record"),
            occurred_at: rfc3339(self.occurred, self.offset),
            recorded_at: rfc3339(recorded, self.offset),
            clinician: &self.clinician,
            practice: self.practice.as_deref(),
            patient: &self.patient,
            age_band: self.age_band,
            sex: self.sex,
            exclude: self.exclude,
            pca: &self.pca,
            detail: &self.detail,
        })
    }

    /// The JSON of a retraction; the full spelling includes the instant of the event.
    pub(crate) fn retraction(&self, version: u64, spelling: Spelling) -> String {
        let occurred_at = match spelling {
            Spelling::Full => Some(rfc3339(self.occurred, self.offset)),
            Spelling::Short => None,
        };
        text(&Retraction { feed: &self.feed, id: &self.id, version, r#type: self.detail.kind(), action: "retract", occurred_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prescription_has_the_fields_of_the_input_contract() {
        let draft = Draft {
            feed: "a81001-emis".to_owned(),
            id: "rx-71".to_owned(),
            occurred: 1_791_189_660_000,
            offset: 3600,
            clinician: Number { system: "gmc", value: "7012345".to_owned() },
            practice: Some("A81001".to_owned()),
            patient: "9434765919".to_owned(),
            age_band: None,
            sex: None,
            exclude: None,
            pca: Vec::new(),
            detail: Detail::Prescription(Prescription {
                code: "0501013B0AAABAB".into(),
                code_system: "bnf",
                quantity: Some(21.into()),
                items: Some(1),
                cost_pence: Some(143),
                adq: None,
                repeat: Some(false),
                encounter: Some("e-99".to_owned()),
            }),
        };
        let expected = concat!(
            r#"{"feed":"a81001-emis","id":"rx-71","version":3,"type":"prescription","action":"record","#,
            r#""occurred_at":"2026-10-05T09:41:00+01:00","recorded_at":"2026-10-05T09:41:07+01:00","#,
            r#""clinician":{"system":"gmc","value":"7012345"},"practice":"A81001","patient":"9434765919","#,
            r#""prescription":{"code":"0501013B0AAABAB","code_system":"bnf","quantity":21,"items":1,"cost_pence":143,"#,
            r#""repeat":false,"encounter":"e-99"}}"#
        );
        assert_eq!(draft.record(3, 1_791_189_667_000, Spelling::Full), expected);
        let retracted = r#"{"feed":"a81001-emis","id":"rx-71","version":4,"type":"prescription","action":"retract","occurred_at":"2026-10-05T09:41:00+01:00"}"#;
        assert_eq!(draft.retraction(4, Spelling::Full), retracted);
    }
}
