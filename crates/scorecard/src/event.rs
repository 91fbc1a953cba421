//! Events after intake: checked, mapped, pseudonymised, and stamped with a civil day. The log stores them in batches.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::time::calendar::{Day, Timestamp};

/// The effect of a version of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It counts.
    Record,
    /// It does not count, or not yet: a draft, a planned encounter, a status that never counts.
    Hold,
    /// It cancels the recorded version. The cancelled state is kept, so that an older version that arrives later does not count.
    Retract,
}

/// The reason why an accepted event contributes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exclusion {
    /// An administrative entry.
    Admin,
    /// A test patient.
    Test,
}

/// A patient's pseudonym: the first 16 bytes of HMAC-SHA-256 under an epoch's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// The way an encounter took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Mode {
    FaceToFace,
    Telephone,
    Video,
    Home,
    Other,
}

/// Whether the patient attended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Attendance {
    Attended,
    Noshow,
    Unknown,
}

/// The sides of an encounter that a record describes. FHIR splits one encounter into two resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A native event: attendance and activity in one.
    Whole,
    /// A FHIR Encounter: activity; attendance too, unless it names a counting Appointment.
    Visit,
    /// A FHIR Appointment: attendance; activity too, unless a finished Encounter names it.
    Slot,
}

/// The answer to the Friends and Family question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Answer {
    VeryGood,
    Good,
    Neither,
    Poor,
    VeryPoor,
    DontKnow,
}

/// The category of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Category {
    Referral,
    Test,
    Imaging,
}

/// Sex as the source recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Sex {
    Female,
    Male,
    Other,
}

/// The codings of one concept as the source sent them, each `system|code`. The fold decides what they mean.
///
/// Most concepts have one coding, which needs no list in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes<'a> {
    first: Option<Cow<'a, str>>,
    more: Vec<Cow<'a, str>>,
}

/// An encounter or an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encounter<'a> {
    /// The sides that this record describes.
    pub source: Source,
    /// The way it took place.
    pub mode: Mode,
    /// Whether the patient attended.
    pub status: Attendance,
    /// Time of booking.
    pub booked_at: Option<Timestamp>,
    /// The civil day of `booked_at` in the feed's zone.
    pub booked_day: Option<Day>,
    /// Actual length in whole minutes.
    pub minutes: Option<u32>,
    /// Planned length in whole minutes.
    pub planned_minutes: Option<u32>,
    /// Diagnoses as `system|code`.
    pub diagnoses: Vec<Cow<'a, str>>,
    /// Class, types and service of the encounter as sent.
    pub types: Codes<'a>,
}

/// Items prescribed or dispensed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prescription<'a> {
    /// The drug's codings as sent.
    pub drug: Codes<'a>,
    /// The resource of the feed that defines the drug, such as `Medication/1`; see [`Definition`].
    pub reference: Option<Cow<'a, str>>,
    /// Total quantity over all items, in thousandths; `None` if the source did not send it.
    pub quantity_milli: Option<u32>,
    /// Number of items.
    pub items: u16,
    /// Cost of all items in pence; `None` if the source did not send it.
    pub cost_pence: Option<u32>,
    /// Average daily quantities of all items, in thousandths; `None` if the source did not send them.
    pub adq_milli: Option<u32>,
    /// Whether it repeats an earlier prescribing decision.
    pub repeat: bool,
}

/// A patient's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// The Friends and Family answer.
    pub answer: Option<Answer>,
    /// Answers to further questions in order of the question: the question's code or `linkId`, and the answer's code as sent.
    pub items: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// A referral, a test or an imaging order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The codings of its category as sent; a native category is `plumbline|referral`, for example.
    pub category: Codes<'a>,
    /// Its codings as sent.
    pub code: Codes<'a>,
}

/// One measured value of an observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedValue<'a> {
    /// The codings of the measured property as sent.
    pub code: Codes<'a>,
    /// The value in thousandths of the unit.
    pub value_milli: i64,
    /// The unit, a UCUM code where the source sends one.
    pub unit: Option<Cow<'a, str>>,
}

/// An observation, such as a blood pressure or an HbA1c. The log stores it; no measure counts it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation<'a> {
    /// The codings of the observation as sent.
    pub code: Codes<'a>,
    /// Its values. A blood pressure has two.
    pub values: Vec<ObservedValue<'a>>,
}

/// The kinds of event with their fields. A retraction may have no fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its payload's documentation")]
pub enum Detail<'a> {
    Encounter(Option<Encounter<'a>>),
    Prescription(Option<Prescription<'a>>),
    Feedback(Option<Feedback<'a>>),
    Order(Option<Order<'a>>),
    Observation(Option<Observation<'a>>),
}

/// One version of one event of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Unique within the feed; never changes.
    pub id: Cow<'a, str>,
    /// Increases with each amendment. `None` only on a delete without a version, which ranks half a version above the stored one.
    pub version: Option<u64>,
    /// The effect of this version.
    pub action: Action,
    /// The civil day of `occurred_at` in the feed's zone; `None` only on a retraction.
    pub day: Option<Day>,
    /// The clinical instant; `None` only on a retraction.
    pub occurred_at: Option<Timestamp>,
    /// The instant at which the source system wrote it.
    pub recorded_at: Option<Timestamp>,
    /// `system|value`, both parts percent-encoded.
    pub clinician: Option<Cow<'a, str>>,
    /// ODS code of the practice. If `None`, the linked encounter's, else the feed's declared practice, else `unknown`.
    pub practice: Option<Cow<'a, str>>,
    /// The patient's pseudonym.
    pub patient: Option<Pseudonym>,
    /// Four random signs of the patient, one a bit, from the permanent key; the fold has a substitute where they are absent. No part of the
    /// conflict check.
    pub signs: Option<u8>,
    /// Age at the event in years, divided by five and rounded down; 18 is 90 and over. No part of the conflict check.
    pub age_band: Option<u8>,
    /// The patient's sex. No part of the conflict check.
    pub sex: Option<Sex>,
    /// The reason why an accepted event contributes nothing.
    pub exclude: Option<Exclusion>,
    /// Ids of the measures for which the patient is adjusted (personalised care adjustment), sorted.
    pub pca: Vec<Cow<'a, str>>,
    /// The id of one other event of this feed that this event refers to.
    pub link: Option<Cow<'a, str>>,
    /// Its kind, and the fields of that kind.
    pub detail: Detail<'a>,
}

/// The origin of a feed's version numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Versioning {
    /// The source system numbers its versions.
    #[default]
    Id,
    /// The source's time of last change in milliseconds.
    Updated,
    /// The time at which intake received the record. Equal content is a duplicate even with another time.
    Arrival,
}

impl Versioning {
    /// The word of the configuration and of the registry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Versioning::Id => "id",
            Versioning::Updated => "updated",
            Versioning::Arrival => "arrival",
        }
    }
}

/// The scope within which a feed's event ids are unique. The registry fixes it at the feed's first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdScope {
    /// The feed: no two events have the same id.
    #[default]
    Feed,
    /// The kind of event: an encounter and a prescription may have the same id.
    Kind,
}

impl IdScope {
    /// The word of the configuration and of the registry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            IdScope::Feed => "feed",
            IdScope::Kind => "kind",
        }
    }
}

/// The codes of a resource that events of a feed refer to, such as a FHIR Medication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDefinition<'a> {
    /// The resource, such as `Medication/1`.
    pub reference: Cow<'a, str>,
    /// Its version; the highest counts.
    pub version: u64,
    /// Its codings as sent; none if the source deleted it.
    pub codes: Codes<'a>,
}

/// One record of `events`: 1 to several hundred events of one feed, in order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The feed.
    pub feed: Cow<'a, str>,
    /// The practice that the feed declares for events without one.
    pub practice: Option<Cow<'a, str>>,
    /// The origin of its version numbers.
    pub versioning: Versioning,
    /// The scope of its event ids.
    pub ids: IdScope,
    /// Definitions of resources that the feed's events refer to.
    pub definitions: Vec<CodeDefinition<'a>>,
    /// The events.
    pub events: Vec<Event<'a>>,
}

/// A batch for the log whose events are already encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedBatch<'a> {
    /// The feed.
    pub feed: Cow<'a, str>,
    /// The practice that the feed declares.
    pub practice: Option<Cow<'a, str>>,
    /// The origin of its version numbers.
    pub versioning: Versioning,
    /// The scope of its event ids.
    pub ids: IdScope,
    /// Definitions of resources that the feed's events refer to.
    pub definitions: Vec<CodeDefinition<'a>>,
    /// Number of events.
    pub events: usize,
    /// The events in the encoding of the log, concatenated in order of arrival.
    pub bytes: Cow<'a, [u8]>,
}

impl<'a> Codes<'a> {
    /// One coding, `system|code`.
    #[must_use]
    pub fn one(code: impl Into<Cow<'a, str>>) -> Codes<'a> {
        Codes { first: Some(code.into()), more: Vec::new() }
    }

    /// The codings in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        self.first.iter().chain(&self.more)
    }

    /// Whether the source sent no coding.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Number of codings.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    fn map_texts<'b>(self, mut map: impl FnMut(Cow<'a, str>) -> Cow<'b, str>) -> Codes<'b> {
        Codes { first: self.first.map(&mut map), more: self.more.into_iter().map(map).collect() }
    }
}

impl<'a> FromIterator<Cow<'a, str>> for Codes<'a> {
    fn from_iter<T: IntoIterator<Item = Cow<'a, str>>>(codes: T) -> Codes<'a> {
        let mut codes = codes.into_iter();
        Codes { first: codes.next(), more: codes.collect() }
    }
}

impl<'a> CodeDefinition<'a> {
    /// The same definition with owned text.
    #[must_use]
    pub fn into_owned(self) -> CodeDefinition<'static> {
        CodeDefinition {
            reference: Cow::Owned(self.reference.into_owned()),
            version: self.version,
            codes: self.codes.map_texts(|text| Cow::Owned(text.into_owned())),
        }
    }
}

impl<'a> Event<'a> {
    /// An event of this kind with everything else absent: version 1, recorded.
    #[must_use]
    pub fn new(id: impl Into<Cow<'a, str>>, detail: Detail<'a>) -> Event<'a> {
        Event {
            id: id.into(),
            version: Some(1),
            action: Action::Record,
            day: None,
            occurred_at: None,
            recorded_at: None,
            clinician: None,
            practice: None,
            patient: None,
            signs: None,
            age_band: None,
            sex: None,
            exclude: None,
            pca: Vec::new(),
            link: None,
            detail,
        }
    }

    /// The same event with owned text.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        self.map_texts(|text| Cow::Owned(text.into_owned()))
    }

    /// The same event with `map` applied to each text.
    fn map_texts<'b>(self, mut map: impl FnMut(Cow<'a, str>) -> Cow<'b, str>) -> Event<'b> {
        Event {
            id: map(self.id),
            version: self.version,
            action: self.action,
            day: self.day,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            clinician: self.clinician.map(&mut map),
            practice: self.practice.map(&mut map),
            patient: self.patient,
            signs: self.signs,
            age_band: self.age_band,
            sex: self.sex,
            exclude: self.exclude,
            pca: self.pca.into_iter().map(&mut map).collect(),
            link: self.link.map(&mut map),
            detail: self.detail.map_texts(map),
        }
    }
}

impl<'a> Detail<'a> {
    fn map_texts<'b>(self, mut map: impl FnMut(Cow<'a, str>) -> Cow<'b, str>) -> Detail<'b> {
        match self {
            Detail::Encounter(e) => Detail::Encounter(e.map(|e| Encounter {
                diagnoses: e.diagnoses.into_iter().map(&mut map).collect(),
                types: e.types.map_texts(map),
                source: e.source,
                mode: e.mode,
                status: e.status,
                booked_at: e.booked_at,
                booked_day: e.booked_day,
                minutes: e.minutes,
                planned_minutes: e.planned_minutes,
            })),
            Detail::Prescription(p) => Detail::Prescription(p.map(|p| Prescription {
                drug: p.drug.map_texts(&mut map),
                reference: p.reference.map(map),
                quantity_milli: p.quantity_milli,
                items: p.items,
                cost_pence: p.cost_pence,
                adq_milli: p.adq_milli,
                repeat: p.repeat,
            })),
            Detail::Feedback(f) => Detail::Feedback(
                f.map(|f| Feedback { answer: f.answer, items: f.items.into_iter().map(|(q, a)| (map(q), map(a))).collect() }),
            ),
            Detail::Order(o) => {
                Detail::Order(o.map(|o| Order { category: o.category.map_texts(&mut map), code: o.code.map_texts(map) }))
            }
            Detail::Observation(o) => Detail::Observation(o.map(|o| o.map_texts(map))),
        }
    }
}

impl<'a> Observation<'a> {
    fn map_texts<'b>(self, mut map: impl FnMut(Cow<'a, str>) -> Cow<'b, str>) -> Observation<'b> {
        let value = |value: ObservedValue<'a>, map: &mut dyn FnMut(Cow<'a, str>) -> Cow<'b, str>| ObservedValue {
            code: value.code.map_texts(&mut *map),
            value_milli: value.value_milli,
            unit: value.unit.map(map),
        };
        let code = self.code.map_texts(&mut map);
        Observation { code, values: self.values.into_iter().map(|one| value(one, &mut map)).collect() }
    }
}

impl PackedBatch<'_> {
    /// The same batch with owned bytes.
    #[must_use]
    pub fn into_owned(self) -> PackedBatch<'static> {
        PackedBatch {
            feed: Cow::Owned(self.feed.into_owned()),
            practice: self.practice.map(|p| Cow::Owned(p.into_owned())),
            versioning: self.versioning,
            ids: self.ids,
            definitions: self.definitions.into_iter().map(CodeDefinition::into_owned).collect(),
            events: self.events,
            bytes: Cow::Owned(self.bytes.into_owned()),
        }
    }
}

impl<'a> Batch<'a> {
    /// A batch of a feed that declares nothing.
    #[must_use]
    pub fn new(feed: impl Into<Cow<'a, str>>, events: Vec<Event<'a>>) -> Batch<'a> {
        Batch {
            feed: feed.into(),
            practice: None,
            versioning: Versioning::Id,
            ids: IdScope::Feed,
            definitions: Vec::new(),
            events,
        }
    }

    /// The same batch with owned text.
    #[must_use]
    pub fn into_owned(self) -> Batch<'static> {
        Batch {
            feed: Cow::Owned(self.feed.into_owned()),
            practice: self.practice.map(|p| Cow::Owned(p.into_owned())),
            versioning: self.versioning,
            ids: self.ids,
            definitions: self.definitions.into_iter().map(CodeDefinition::into_owned).collect(),
            events: self.events.into_iter().map(Event::into_owned).collect(),
        }
    }
}
