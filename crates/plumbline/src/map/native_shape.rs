//! The fields that a map may fill: those of native events and of the registry file, each with its form.
//!
//! Source: `docs/integrate/native.md` and `docs/integrate/identity.md`.

use serde::Deserialize;

/// The kind of record that a table gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// An encounter.
    Encounter,
    /// A prescription.
    Prescription,
    /// A patient's feedback.
    Feedback,
    /// An order.
    Order,
    /// An observation.
    Observation,
    /// A person of the registry.
    Person,
    /// A role of a person.
    Role,
    /// An organisation.
    Organisation,
}

/// The form of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldForm {
    Text,
    /// A list of texts.
    Texts,
    /// A whole number; fractions are rounded.
    Whole,
    Number,
    Bool,
    /// A date and time, with an offset in the event.
    Instant,
    /// A civil day.
    Day,
}

/// The cost of a cell that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultCost {
    /// The record lacks the field, and is counted.
    Field,
    /// The row gives no record, and is counted.
    Row,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldShape {
    pub(crate) name: &'static str,
    pub(crate) form: FieldForm,
    pub(crate) cost: FaultCost,
    /// A row without it is faulty.
    pub(crate) is_required: bool,
}

const fn field(name: &'static str, form: FieldForm, cost: FaultCost, is_required: bool) -> FieldShape {
    FieldShape { name, form, cost, is_required }
}

const fn detail(name: &'static str, form: FieldForm) -> FieldShape {
    field(name, form, FaultCost::Field, false)
}

const fn required(name: &'static str, form: FieldForm) -> FieldShape {
    field(name, form, FaultCost::Row, true)
}

const fn strict(name: &'static str, form: FieldForm) -> FieldShape {
    field(name, form, FaultCost::Row, false)
}

const EVENT: [FieldShape; 14] = [
    strict("feed", FieldForm::Text),
    required("id", FieldForm::Text),
    strict("version", FieldForm::Whole),
    required("occurred_at", FieldForm::Instant),
    detail("recorded_at", FieldForm::Instant),
    required("clinician.system", FieldForm::Text),
    required("clinician.value", FieldForm::Text),
    strict("practice", FieldForm::Text),
    detail("patient", FieldForm::Text),
    detail("born", FieldForm::Text),
    detail("age_band", FieldForm::Whole),
    detail("sex", FieldForm::Text),
    strict("exclude", FieldForm::Text),
    strict("pca", FieldForm::Texts),
];

const ENCOUNTER: [FieldShape; 5] = [
    required("encounter.mode", FieldForm::Text),
    required("encounter.status", FieldForm::Text),
    detail("encounter.booked_at", FieldForm::Instant),
    detail("encounter.minutes", FieldForm::Whole),
    detail("encounter.planned_minutes", FieldForm::Whole),
];

const PRESCRIPTION: [FieldShape; 8] = [
    required("prescription.code", FieldForm::Text),
    required("prescription.code_system", FieldForm::Text),
    detail("prescription.quantity", FieldForm::Number),
    strict("prescription.items", FieldForm::Whole),
    detail("prescription.cost_pence", FieldForm::Whole),
    detail("prescription.adq", FieldForm::Number),
    strict("prescription.repeat", FieldForm::Bool),
    strict("prescription.encounter", FieldForm::Text),
];

/// `feedback.items.QUESTION` comes on top of these, a text.
const FEEDBACK: [FieldShape; 2] = [detail("feedback.answer", FieldForm::Text), strict("feedback.encounter", FieldForm::Text)];

/// Answers to further questions, by the code of the question.
pub(crate) const FEEDBACK_ITEMS: &str = "feedback.items.";

const ORDER: [FieldShape; 4] = [
    required("order.category", FieldForm::Text),
    detail("order.code", FieldForm::Text),
    detail("order.code_system", FieldForm::Text),
    strict("order.encounter", FieldForm::Text),
];

const OBSERVATION: [FieldShape; 5] = [
    required("observation.code", FieldForm::Text),
    required("observation.code_system", FieldForm::Text),
    required("observation.value", FieldForm::Number),
    detail("observation.unit", FieldForm::Text),
    strict("observation.encounter", FieldForm::Text),
];

const PERSON: [FieldShape; 2] = [required("id", FieldForm::Text), strict("aliases", FieldForm::Texts)];

const ROLE: [FieldShape; 6] = [
    required("person", FieldForm::Text),
    required("practice", FieldForm::Text),
    required("role", FieldForm::Text),
    strict("locum", FieldForm::Bool),
    strict("from", FieldForm::Day),
    strict("until", FieldForm::Day),
];

const ORGANISATION: [FieldShape; 8] = [
    required("code", FieldForm::Text),
    detail("name", FieldForm::Text),
    required("kind", FieldForm::Text),
    strict("parent", FieldForm::Text),
    strict("setting", FieldForm::Text),
    strict("open_from", FieldForm::Day),
    strict("open_until", FieldForm::Day),
    strict("aliases", FieldForm::Texts),
];

/// Fields whose look-ups have keys that may name a patient. They are never listed.
pub(crate) const OF_PATIENTS: [&str; 4] = ["patient", "born", "age_band", "sex"];

impl RecordKind {
    /// Its word in records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RecordKind::Encounter => "encounter",
            RecordKind::Prescription => "prescription",
            RecordKind::Feedback => "feedback",
            RecordKind::Order => "order",
            RecordKind::Observation => "observation",
            RecordKind::Person => "person",
            RecordKind::Role => "role",
            RecordKind::Organisation => "organisation",
        }
    }

    /// Whether its records are entries of the registry file.
    #[must_use]
    pub fn is_registry(self) -> bool {
        matches!(self, RecordKind::Person | RecordKind::Role | RecordKind::Organisation)
    }

    /// Its fields, in the order of a record.
    pub(crate) fn fields(self) -> Vec<FieldShape> {
        let own: &[FieldShape] = match self {
            RecordKind::Encounter => &ENCOUNTER,
            RecordKind::Prescription => &PRESCRIPTION,
            RecordKind::Feedback => &FEEDBACK,
            RecordKind::Order => &ORDER,
            RecordKind::Observation => &OBSERVATION,
            RecordKind::Person => return PERSON.to_vec(),
            RecordKind::Role => return ROLE.to_vec(),
            RecordKind::Organisation => return ORGANISATION.to_vec(),
        };
        [&EVENT[..], own].concat()
    }
}
