//! An independent reader of deliveries: the fields of a version of an event that may change a card.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use crate::calendar::London;
use crate::oracle::case_mix::cell;
use crate::oracle::measure_file::thousandths;

/// The four kinds with their fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Encounter {
        mode: String,
        status: String,
        lag_days: Option<i128>,
        minutes: Option<i128>,
        planned: Option<i128>,
        rest: Value,
    },
    Prescription {
        code: Option<String>,
        quantity: Option<i128>,
        items: i128,
        cost: Option<i128>,
        adq: Option<i128>,
        repeat: bool,
    },
    Feedback {
        answer: Option<String>,
        items: BTreeMap<String, String>,
    },
    Order {
        category: String,
        code: Option<String>,
    },
    /// A retraction has only its kind.
    Nothing(String),
}

/// The patient of an event. It is no part of the event's content, so two versions never differ in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatientTraits {
    /// Four numbers, each 1 or -1.
    pub signs: [i128; 4],
    /// The cell of age and sex.
    pub cell: Option<usize>,
}

impl PartialEq for PatientTraits {
    fn eq(&self, _: &PatientTraits) -> bool {
        true
    }
}

/// One version of one event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version {
    pub id: String,
    pub version: u64,
    pub retraction: bool,
    pub occurred: Option<i64>,
    pub day: Option<Date>,
    pub clinician: Option<String>,
    pub practice: Option<String>,
    pub excluded: Option<String>,
    pub adjusted: Vec<String>,
    pub link: Option<String>,
    pub kind: Kind,
    pub patient: PatientTraits,
}

/// A delivery that is not a native event.
#[derive(Debug, thiserror::Error)]
#[error("the oracle cannot read {json:?}: {what}; give it accepted native events only")]
pub struct BadDelivery {
    json: String,
    what: String,
}

impl Version {
    /// Reads a delivery.
    pub(crate) fn read(json: &str, london: &London) -> Result<Version, BadDelivery> {
        let bad = |what: String| BadDelivery { json: json.to_owned(), what };
        let event: Value = serde_json::from_str(json).map_err(|e| bad(e.to_string()))?;
        read(&event, london).map_err(|field| bad(format!("{field} is missing or malformed")))
    }
}

impl Version {
    /// The same version of a patient with these signs, one a bit.
    pub(crate) fn with_signs(self, bits: u8) -> Version {
        let signs = [0, 1, 2, 3].map(|bit| if bits >> bit & 1 == 1 { 1 } else { -1 });
        Version { patient: PatientTraits { signs, ..self.patient }, ..self }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn instant(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

fn whole(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from)
}

fn milli(value: &Value) -> Option<i128> {
    value.as_f64().map(thousandths)
}

fn read(event: &Value, london: &London) -> Result<Version, &'static str> {
    let kind = event["type"].as_str().ok_or("type")?;
    let retraction = event["action"] == "retract";
    let occurred = instant(&event["occurred_at"]);
    let number = &event["clinician"];
    let clinician = text(&number["system"]).zip(text(&number["value"])).map(|(system, value)| format!("{system}|{value}"));
    if !retraction && (occurred.is_none() || clinician.is_none()) {
        return Err("occurred_at or clinician of a record");
    }
    let day = occurred.map(|at| london.day_of(at));
    let detail = &event[kind];
    let mut adjusted: Vec<String> = event["pca"].as_array().into_iter().flatten().filter_map(text).collect();
    adjusted.sort();
    Ok(Version {
        id: text(&event["id"]).ok_or("id")?,
        version: event["version"].as_u64().or((!retraction).then_some(1)).ok_or("version")?,
        retraction,
        occurred,
        clinician,
        practice: text(&event["practice"]),
        excluded: text(&event["exclude"]),
        adjusted,
        link: text(&detail["encounter"]),
        patient: PatientTraits { signs: [-1; 4], cell: cell(event["age_band"].as_i64(), event["sex"].as_str()) },
        kind: if retraction { Kind::Nothing(kind.to_owned()) } else { read_kind(kind, detail, day, london)? },
        day,
    })
}

fn order_code(detail: &Value) -> Option<String> {
    Some(format!("{:?}|{}", detail["code_system"].as_str(), detail["code"].as_str()?))
}

fn read_kind(kind: &str, detail: &Value, day: Option<Date>, london: &London) -> Result<Kind, &'static str> {
    match kind {
        "encounter" => {
            let booked = instant(&detail["booked_at"]).map(|at| london.day_of(at));
            let lag = |(booked, day): (Date, Date)| i128::from(day.since(booked).map(|span| span.get_days()).unwrap_or_default());
            Ok(Kind::Encounter {
                mode: text(&detail["mode"]).ok_or("encounter.mode")?,
                status: text(&detail["status"]).ok_or("encounter.status")?,
                lag_days: booked.zip(day).map(lag),
                minutes: whole(&detail["minutes"]),
                planned: whole(&detail["planned_minutes"]),
                rest: serde_json::json!([detail["diagnoses"], instant(&detail["booked_at"])]),
            })
        }
        "prescription" => Ok(Kind::Prescription {
            code: text(&detail["code"]).filter(|_| detail["code_system"] == "bnf"),
            quantity: milli(&detail["quantity"]),
            items: whole(&detail["items"]).unwrap_or(1),
            cost: whole(&detail["cost_pence"]),
            adq: milli(&detail["adq"]),
            repeat: detail["repeat"] == true,
        }),
        "feedback" => {
            let answers = detail["items"].as_object().into_iter().flatten();
            let items = answers.filter_map(|(question, answer)| Some((question.clone(), text(answer)?))).collect();
            Ok(Kind::Feedback { answer: text(&detail["answer"]), items })
        }
        "order" => Ok(Kind::Order { category: text(&detail["category"]).ok_or("order.category")?, code: order_code(detail) }),
        _ => Err("type"),
    }
}
