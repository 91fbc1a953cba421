//! The parameters of the routes: schema and meaning of each name.

use serde_json::{Value, json};

use crate::http::subscribe::card_filter::STATUS_WORDS;
use crate::process::limits::{PAGE_ENTRIES, PAGE_ENTRIES_MOST};
use crate::view::export::table_format::TableFormat;

/// The schema and the meaning of a parameter on a route; `None` for a name without a text.
#[must_use]
pub(crate) fn parameter(path: &str, name: &str) -> Option<(Value, &'static str)> {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer", "minimum": 0 });
    let month = || json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "examples": ["2026-10"] });
    let word = |words: &[&str]| json!({ "type": "string", "enum": words });
    Some(match (name, path) {
        ("after", "/v1/changes") => (number(), "The sequence of the last change that the client has."),
        ("after", "/v1/runs" | "/v1/registry") => (number(), "The offset behind which the page begins. Follow the Link header."),
        ("after", _) => (text(), "The position behind which the page begins. Follow the Link header."),
        ("clinician", _) => (text(), "The id of a person."),
        ("disclosed", _) => (word(&["false", "true"]), "Whether the table has only what may be disclosed to everybody."),
        ("dry-run", _) => (word(&["false", "true"]), "Whether to answer what would happen, and to store nothing."),
        ("feed", _) => (text(), "The name of a feed."),
        ("field", _) => (text(), "The field of rejected records."),
        ("fields", _) => (text(), "Names of fields of a card with commas, such as `subject.clinician,measures.value`."),
        ("format", _) => (word(&TableFormat::ALL.map(TableFormat::word)), "The format of the table."),
        ("from", "/v1/backup/records") => (number(), "The first offset; required."),
        ("from", _) => (month(), "The first month."),
        ("id", "/v1/events/retract") => (text(), "The id of the event."),
        ("id", _) => (text(), "The logical id of the resource."),
        ("limit", _) => (
            json!({ "type": "integer", "minimum": 1, "maximum": PAGE_ENTRIES_MOST, "default": PAGE_ENTRIES }),
            "The number of entries of a page.",
        ),
        ("measure", "/v1/scorecards/{clinician}/explain") => (text(), "The id of the measure; required."),
        ("measure", _) => (text(), "Ids of measures with commas."),
        ("mode", _) => (word(&["dry-run", "erase"]), "Whether to count the events of the patient or to erase them."),
        ("month", "/v1/scorecards/{clinician}/explain") => (month(), "The month of the card; required."),
        ("month", _) => (month(), "The month."),
        ("partition", _) => (number(), "The number of the partition; required."),
        ("practice", _) => (text(), "A practice code, or `all` for the roll-ups over practices."),
        ("pseudonyms", _) => (text(), "The pseudonyms of the patient, 32 hexadecimal digits each, with commas."),
        ("reason", _) => (text(), "The reason of rejected records."),
        ("revision", _) => (json!({ "type": "integer", "minimum": 1 }), "The number of a revision; the newest without."),
        ("role", _) => (text(), "The role as of the last day of the month."),
        ("shape", _) => (word(&["long", "wide"]), "One row for each measure of each card, or one row for each card."),
        ("side", _) => (word(&["numerator", "denominator"]), "One side of the measure; both without."),
        ("status", _) => {
            let words = STATUS_WORDS.map(|(word, _)| word).join("|");
            (json!({ "type": "string", "pattern": format!("^({words})(,({words}))*$") }), "States of cards with commas.")
        }
        ("to", "/v1/backup/records") => (number(), "The offset behind the last one; required."),
        ("to", _) => (month(), "The last month."),
        ("topic", _) => (text(), "The name of the topic; required."),
        ("type", _) => (text(), "The type of the resource."),
        ("wait", _) => (
            json!({ "type": "string", "pattern": "^[0-9]+ ?[smhd]$", "examples": ["30s"] }),
            "How long the request waits for the next change, at most a minute.",
        ),
        ("window", _) => (word(&["month", "1", "3", "12"]), "The window of months; the headline window without."),
        ("_format", _) => (text(), "The format that the client expects; the answer is always JSON."),
        ("_pretty", _) => (text(), "Whether the client wants indentation; it changes nothing."),
        _ => return None,
    })
}
