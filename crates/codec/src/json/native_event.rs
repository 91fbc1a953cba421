//! A native event as it was sent: its fields with values of any type, and the words of the contract.

use scorecard::event::{Action, Answer, Attendance, Exclusion, Mode, Sex};

use crate::json::object::{List, Node, Pairs, Raw, Scalar, object};

object!(
    /// An event as it was sent.
    NativeEvent<'a> {
        feed = "feed": Scalar<'a>,
        id = "id": Scalar<'a>,
        version = "version": Raw<'a>,
        kind = "type": Scalar<'a>,
        action = "action": Scalar<'a>,
        occurred_at = "occurred_at": Scalar<'a>,
        recorded_at = "recorded_at": Scalar<'a>,
        clinician = "clinician": Node<NativeClinician<'a>>,
        practice = "practice": Scalar<'a>,
        patient = "patient": Scalar<'a>,
        born = "born": Raw<'a>,
        age_band = "age_band": Raw<'a>,
        sex = "sex": Scalar<'a>,
        exclude = "exclude": Scalar<'a>,
        pca = "pca": List<Scalar<'a>>,
        encounter = "encounter": Node<NativeEncounter<'a>>,
        prescription = "prescription": Node<NativePrescription<'a>>,
        feedback = "feedback": Node<NativeFeedback<'a>>,
        order = "order": Node<NativeOrder<'a>>,
        observation = "observation": Node<NativeObservation<'a>>,
    }
);

object!(NativeClinician<'a> { system = "system": Scalar<'a>, value = "value": Scalar<'a> });

object!(NativeEncounter<'a> {
    mode = "mode": Scalar<'a>,
    status = "status": Scalar<'a>,
    booked_at = "booked_at": Scalar<'a>,
    minutes = "minutes": Raw<'a>,
    planned_minutes = "planned_minutes": Raw<'a>,
    diagnoses = "diagnoses": List<Node<NativeCode<'a>>>,
});

object!(NativeCode<'a> { code = "code": Scalar<'a>, code_system = "code_system": Scalar<'a> });

object!(NativePrescription<'a> {
    code = "code": Scalar<'a>,
    code_system = "code_system": Scalar<'a>,
    quantity = "quantity": Raw<'a>,
    items = "items": Raw<'a>,
    cost_pence = "cost_pence": Raw<'a>,
    adq = "adq": Raw<'a>,
    repeat = "repeat": Raw<'a>,
    encounter = "encounter": Scalar<'a>,
});

object!(NativeFeedback<'a> {
    answer = "answer": Scalar<'a>,
    items = "items": Node<Pairs<'a>>,
    encounter = "encounter": Scalar<'a>,
});

object!(NativeOrder<'a> {
    category = "category": Scalar<'a>,
    code = "code": Scalar<'a>,
    code_system = "code_system": Scalar<'a>,
    encounter = "encounter": Scalar<'a>,
});

object!(NativeObservation<'a> {
    code = "code": Scalar<'a>,
    code_system = "code_system": Scalar<'a>,
    value = "value": Raw<'a>,
    unit = "unit": Scalar<'a>,
    values = "values": List<Node<NativeObservedValue<'a>>>,
    encounter = "encounter": Scalar<'a>,
});

object!(NativeObservedValue<'a> {
    code = "code": Scalar<'a>,
    code_system = "code_system": Scalar<'a>,
    value = "value": Raw<'a>,
    unit = "unit": Scalar<'a>,
});

impl NativeEvent<'_> {
    /// The number of its fields that no code reads.
    pub(crate) fn unknown_fields(&self) -> u64 {
        fn of<T>(node: &Node<T>, unknown: impl Fn(&T) -> u64) -> u64 {
            if let Node::Object(object) = node { unknown(object) } else { 0 }
        }
        self.unknown
            + of(&self.clinician, |o| o.unknown)
            + of(&self.encounter, |o| o.unknown)
            + of(&self.prescription, |o| o.unknown)
            + of(&self.feedback, |o| o.unknown)
            + of(&self.order, |o| o.unknown)
            + of(&self.observation, |o| o.unknown)
    }
}

/// The kinds of event, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Encounter,
    Prescription,
    Feedback,
    Order,
    Observation,
}

pub(crate) const KINDS: [(&str, Kind); 5] = [
    ("encounter", Kind::Encounter),
    ("prescription", Kind::Prescription),
    ("feedback", Kind::Feedback),
    ("order", Kind::Order),
    ("observation", Kind::Observation),
];
pub(crate) const ACTIONS: [(&str, Action); 2] = [("record", Action::Record), ("retract", Action::Retract)];
pub(crate) const EXCLUSIONS: [(&str, Exclusion); 2] = [("admin", Exclusion::Admin), ("test", Exclusion::Test)];
pub(crate) const MODES: [(&str, Mode); 5] = [
    ("face_to_face", Mode::FaceToFace),
    ("telephone", Mode::Telephone),
    ("video", Mode::Video),
    ("home", Mode::Home),
    ("other", Mode::Other),
];
pub(crate) const STATUSES: [(&str, Attendance); 3] =
    [("attended", Attendance::Attended), ("noshow", Attendance::Noshow), ("unknown", Attendance::Unknown)];
pub(crate) const ANSWERS: [(&str, Answer); 6] = [
    ("very_good", Answer::VeryGood),
    ("good", Answer::Good),
    ("neither", Answer::Neither),
    ("poor", Answer::Poor),
    ("very_poor", Answer::VeryPoor),
    ("dont_know", Answer::DontKnow),
];
/// `unknown` is absent.
pub(crate) const SEXES: [(&str, Option<Sex>); 4] =
    [("female", Some(Sex::Female)), ("male", Some(Sex::Male)), ("other", Some(Sex::Other)), ("unknown", None)];
/// The native categories of an order as codes.
pub(crate) const CATEGORIES: [(&str, &str); 3] =
    [("referral", "plumbline|referral"), ("test", "plumbline|test"), ("imaging", "plumbline|imaging")];
