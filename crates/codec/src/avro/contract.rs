//! The input contract as Avro: one schema for each kind of event, with the names of the native JSON form. A datum becomes the same
//! fields as JSON does, so the same code checks both.
//!
//! An encounter, a prescription, feedback, an order, an observation and a retraction in the native form:
//!
//! ```json
#![doc = include_str!("../../../../schemas/examples/encounter.json")]
#![doc = include_str!("../../../../schemas/examples/prescription.json")]
#![doc = include_str!("../../../../schemas/examples/feedback.json")]
#![doc = include_str!("../../../../schemas/examples/order.json")]
#![doc = include_str!("../../../../schemas/examples/observation.json")]
#![doc = include_str!("../../../../schemas/examples/retraction.json")]
//! ```

use std::borrow::Cow;

use scorecard::time::calendar::Timestamp;

use crate::avro::encoding::FIRST_ID;
use crate::avro::wire::{Reader, Wire, WireFault, Writer};
use crate::json::native_event::{
    NativeClinician, NativeCode, NativeEncounter, NativeEvent, NativeFeedback, NativeObservation, NativeObservedValue, NativeOrder,
    NativePrescription,
};
use crate::json::object::{List, Node, Object, Pairs, Raw, Scalar};

/// A schema of the input contract. Its id is [`FIRST_ID`] plus this number, unless a schema registry gives another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is a file of schemas/ with the same name")]
pub enum Contract {
    EncounterEvent = 0x25,
    PrescriptionEvent = 0x26,
    FeedbackEvent = 0x27,
    OrderEvent = 0x28,
    ObservationEvent = 0x29,
    /// The first versions, without age and sex; a prescription's quantity was required.
    FirstEncounterEvent = 0x21,
    FirstPrescriptionEvent = 0x22,
    FirstFeedbackEvent = 0x23,
    FirstOrderEvent = 0x24,
}

impl Contract {
    /// All of them, the newest version of each record first.
    pub const ALL: [Contract; 9] = [
        Contract::EncounterEvent,
        Contract::PrescriptionEvent,
        Contract::FeedbackEvent,
        Contract::OrderEvent,
        Contract::ObservationEvent,
        Contract::FirstEncounterEvent,
        Contract::FirstPrescriptionEvent,
        Contract::FirstFeedbackEvent,
        Contract::FirstOrderEvent,
    ];

    /// The newest version of each record.
    pub const NEWEST: [Contract; 5] = [
        Contract::EncounterEvent,
        Contract::PrescriptionEvent,
        Contract::FeedbackEvent,
        Contract::OrderEvent,
        Contract::ObservationEvent,
    ];

    /// The id in Confluent framing, unless a schema registry gives another.
    #[must_use]
    pub fn id(self) -> u32 {
        FIRST_ID + self as u32
    }

    /// The name of the schema's record.
    #[must_use]
    pub fn record(self) -> &'static str {
        match self {
            Contract::EncounterEvent | Contract::FirstEncounterEvent => "EncounterEvent",
            Contract::PrescriptionEvent | Contract::FirstPrescriptionEvent => "PrescriptionEvent",
            Contract::FeedbackEvent | Contract::FirstFeedbackEvent => "FeedbackEvent",
            Contract::OrderEvent | Contract::FirstOrderEvent => "OrderEvent",
            Contract::ObservationEvent => "ObservationEvent",
        }
    }

    /// Its schema.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Contract::EncounterEvent => include_str!("../../../../schemas/encounter-event.avsc"),
            Contract::PrescriptionEvent => include_str!("../../../../schemas/prescription-event.avsc"),
            Contract::FeedbackEvent => include_str!("../../../../schemas/feedback-event.avsc"),
            Contract::OrderEvent => include_str!("../../../../schemas/order-event.avsc"),
            Contract::ObservationEvent => include_str!("../../../../schemas/observation-event.avsc"),
            Contract::FirstEncounterEvent => include_str!("../../../../schemas/released/33-encounter-event.avsc"),
            Contract::FirstPrescriptionEvent => include_str!("../../../../schemas/released/34-prescription-event.avsc"),
            Contract::FirstFeedbackEvent => include_str!("../../../../schemas/released/35-feedback-event.avsc"),
            Contract::FirstOrderEvent => include_str!("../../../../schemas/released/36-order-event.avsc"),
        }
    }

    /// Whether the schema is a first version.
    fn is_first(self) -> bool {
        (self as u32) < Contract::EncounterEvent as u32
    }

    /// Reads a datum; all bytes must be used.
    pub(crate) fn read(self, datum: &[u8]) -> Result<Box<NativeEvent<'_>>, WireFault> {
        let (mut from, first) = (Reader::new(datum), self.is_first());
        let mut sent = Box::new(head(&mut from, first)?);
        let kind = match self {
            Contract::EncounterEvent | Contract::FirstEncounterEvent => {
                sent.encounter = node(&mut from, encounter)?;
                "encounter"
            }
            Contract::PrescriptionEvent | Contract::FirstPrescriptionEvent => {
                sent.prescription = node(&mut from, |from| prescription(from, first))?;
                "prescription"
            }
            Contract::FeedbackEvent | Contract::FirstFeedbackEvent => {
                sent.feedback = node(&mut from, feedback)?;
                "feedback"
            }
            Contract::OrderEvent | Contract::FirstOrderEvent => {
                sent.order = node(&mut from, order)?;
                "order"
            }
            Contract::ObservationEvent => {
                sent.observation = node(&mut from, observation)?;
                "observation"
            }
        };
        sent.kind = Scalar::Text(kind.into());
        from.end()?;
        Ok(sent)
    }
}

const MODES: [&str; 5] = ["face_to_face", "telephone", "video", "home", "other"];
const STATUSES: [&str; 3] = ["attended", "noshow", "unknown"];
const ANSWERS: [&str; 6] = ["very_good", "good", "neither", "poor", "very_poor", "dont_know"];
const CATEGORIES: [&str; 3] = ["referral", "test", "imaging"];

const SEXES: [&str; 3] = ["female", "male", "other"];

/// The fields that every kind has.
fn head<'a>(from: &mut Reader<'a>, first: bool) -> Result<NativeEvent<'a>, WireFault> {
    let mut sent = NativeEvent::default();
    sent.feed = optional(from, text)?;
    sent.id = text(from)?;
    sent.version = optional_number(from)?;
    sent.action = symbol(from, &["record", "retract"])?;
    sent.occurred_at = optional(from, instant)?;
    sent.recorded_at = optional(from, instant)?;
    sent.clinician = node(from, |from| {
        let mut clinician = NativeClinician::default();
        clinician.system = text(from)?;
        clinician.value = text(from)?;
        Ok(clinician)
    })?;
    sent.practice = optional(from, text)?;
    sent.patient = optional(from, text)?;
    sent.exclude = optional(from, |from| symbol(from, &["admin", "test"]))?;
    sent.pca = List::Items(from.array::<Cow<'a, str>>()?.into_iter().map(Scalar::Text).collect());
    if !first {
        sent.born = match optional(from, text)? {
            Scalar::Text(born) => Raw::of(born),
            _ => Raw::default(),
        };
        sent.age_band = optional_number(from)?;
        sent.sex = optional(from, |from| symbol(from, &SEXES))?;
    }
    Ok(sent)
}

fn encounter<'a>(from: &mut Reader<'a>) -> Result<NativeEncounter<'a>, WireFault> {
    let mut sent = NativeEncounter::default();
    sent.mode = symbol(from, &MODES)?;
    sent.status = symbol(from, &STATUSES)?;
    sent.booked_at = optional(from, instant)?;
    sent.minutes = optional_number(from)?;
    sent.planned_minutes = optional_number(from)?;
    let code = |(code, code_system)| {
        let mut sent = NativeCode::default();
        sent.code = Scalar::Text(code);
        sent.code_system = Scalar::Text(code_system);
        Node::Object(sent)
    };
    sent.diagnoses = List::Items(from.array()?.into_iter().map(code).collect());
    Ok(sent)
}

fn prescription<'a>(from: &mut Reader<'a>, first: bool) -> Result<NativePrescription<'a>, WireFault> {
    let mut sent = NativePrescription::default();
    sent.code = text(from)?;
    sent.code_system = text(from)?;
    sent.quantity = if first { thousandths(from)? } else { optional_thousandths(from)? };
    sent.items = number(from)?;
    sent.cost_pence = optional_number(from)?;
    sent.adq = optional_thousandths(from)?;
    sent.repeat = Raw::of(if bool::read(from)? { "true" } else { "false" });
    sent.encounter = optional(from, text)?;
    Ok(sent)
}

fn feedback<'a>(from: &mut Reader<'a>) -> Result<NativeFeedback<'a>, WireFault> {
    let mut sent = NativeFeedback::default();
    sent.answer = optional(from, |from| symbol(from, &ANSWERS))?;
    let pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = from.array()?;
    let pairs = pairs.into_iter().map(|(question, answer)| (question, Scalar::Text(answer))).collect();
    sent.items = Node::Object(Pairs(pairs));
    sent.encounter = optional(from, text)?;
    Ok(sent)
}

fn order<'a>(from: &mut Reader<'a>) -> Result<NativeOrder<'a>, WireFault> {
    let mut sent = NativeOrder::default();
    sent.category = symbol(from, &CATEGORIES)?;
    sent.code = optional(from, text)?;
    sent.code_system = optional(from, text)?;
    sent.encounter = optional(from, text)?;
    Ok(sent)
}

fn observation<'a>(from: &mut Reader<'a>) -> Result<NativeObservation<'a>, WireFault> {
    let mut sent = NativeObservation::default();
    sent.code = text(from)?;
    sent.code_system = text(from)?;
    sent.value = optional_thousandths(from)?;
    sent.unit = optional(from, text)?;
    let values = from.array::<ObservedDatum<'a>>()?.into_iter().map(|datum| Node::Object(datum.0));
    sent.values = List::Items(values.collect());
    sent.encounter = optional(from, text)?;
    Ok(sent)
}

/// One of several values of an observation.
struct ObservedDatum<'a>(NativeObservedValue<'a>);

impl<'a> Wire<'a> for ObservedDatum<'a> {
    fn write(&self, _: &mut Writer<'_>) {
        unreachable!("nothing writes the input contract");
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let mut sent = NativeObservedValue::default();
        sent.code = text(from)?;
        sent.code_system = text(from)?;
        sent.value = thousandths(from)?;
        sent.unit = optional(from, text)?;
        Ok(ObservedDatum(sent))
    }
}

fn text<'a>(from: &mut Reader<'a>) -> Result<Scalar<'a>, WireFault> {
    Ok(Scalar::Text(Cow::Borrowed(from.text()?)))
}

/// An instant as the native form writes it. Instants beyond the last year that it can write become the year 9999.
fn instant<'a>(from: &mut Reader<'a>) -> Result<Scalar<'a>, WireFault> {
    let at = Timestamp(from.long()?);
    let written =
        if (Timestamp::EARLIEST..=Timestamp::LATEST).contains(&at) { at.to_string() } else { "9999-01-01T00:00:00Z".to_owned() };
    Ok(Scalar::Text(written.into()))
}

fn symbol<'a>(from: &mut Reader<'a>, symbols: &[&'static str]) -> Result<Scalar<'a>, WireFault> {
    let place: usize = from.ranged()?;
    symbols.get(place).map(|symbol| Scalar::Text((*symbol).into())).ok_or(WireFault::UnknownBranch)
}

fn number<'a>(from: &mut Reader<'a>) -> Result<Raw<'a>, WireFault> {
    Ok(Raw::of(from.long()?.to_string()))
}

fn optional_number<'a>(from: &mut Reader<'a>) -> Result<Raw<'a>, WireFault> {
    match from.long()? {
        0 => Ok(Raw::default()),
        1 => number(from),
        _ => Err(WireFault::UnknownBranch),
    }
}

/// A decimal of three places: big-endian two's complement.
fn thousandths<'a>(from: &mut Reader<'a>) -> Result<Raw<'a>, WireFault> {
    let length: usize = from.ranged()?;
    let bytes = from.raw(length)?;
    if bytes.len() > 8 {
        return Err(WireFault::OutOfRange);
    }
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let unscaled = bytes.iter().fold(if negative { -1i128 } else { 0 }, |sum, byte| sum << 8 | i128::from(*byte));
    let sign = if negative { "-" } else { "" };
    let magnitude = unscaled.unsigned_abs();
    Ok(Raw::of(format!("{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)))
}

fn optional_thousandths<'a>(from: &mut Reader<'a>) -> Result<Raw<'a>, WireFault> {
    match from.long()? {
        0 => Ok(Raw::default()),
        1 => thousandths(from),
        _ => Err(WireFault::UnknownBranch),
    }
}

fn optional<'a>(
    from: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<Scalar<'a>, WireFault>,
) -> Result<Scalar<'a>, WireFault> {
    match from.long()? {
        0 => Ok(Scalar::Missing),
        1 => read(from),
        _ => Err(WireFault::UnknownBranch),
    }
}

fn node<'a, T: Object<'a>>(
    from: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireFault>,
) -> Result<Node<T>, WireFault> {
    match from.long()? {
        0 => Ok(Node::Missing),
        1 => read(from).map(Node::Object),
        _ => Err(WireFault::UnknownBranch),
    }
}
