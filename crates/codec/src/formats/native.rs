//! The native form: the public contract for practice systems. One object is one version of one event, checked field by field.

use std::borrow::Cow;
use std::sync::Arc;

use scorecard::event::{Action, Attendance, Codes, Detail, Encounter, Event, Feedback, Order, Prescription, Source, Versioning};
use scorecard::record::item::{Feed, Item};

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::item_sink::ItemSink;
use crate::identity::systems::{code_system, is_bnf};
use crate::json::instant::{Moment, Unreadable, instant, moment};
use crate::json::native_event::{
    ACTIONS, ANSWERS, CATEGORIES, EXCLUSIONS, KINDS, Kind, MODES, NativeClinician, NativeCode, NativeEncounter, NativeEvent,
    NativeFeedback, NativeOrder, NativePrescription, STATUSES,
};
use crate::json::number::{thousandths, truth, whole};
use crate::json::object::{List, Node, Pair, Raw, Scalar};
use crate::json::text::{ID_BYTES, LIST_ITEMS, TEXT_BYTES, text, unprotected, word};

/// The largest version: its double plus one still fits 64 bits.
pub(crate) const MAX_VERSION: u64 = 1 << 62;
/// A day of minutes: no consultation lasts longer.
pub(crate) const MAX_MINUTES: u64 = 1440;

/// The fields of one kind of event, and the id of the encounter that they refer to.
struct KindFields<'a> {
    detail: Detail<'a>,
    link: Option<Cow<'a, str>>,
}

/// Lends a native event as an item, or its fault as a reject. `text` is the element that a reject shows.
pub(crate) fn decode(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, sent: &NativeEvent<'_>) {
    items.count_unknown_fields(sent.unknown_fields());
    let native = Native { rules: items.rules, context: items.context };
    let feed = match native.feed(sent) {
        Ok(feed) => feed,
        Err(fault) => return items.reject(text, index, None, fault),
    };
    match native.event(&feed, sent) {
        Ok(event) => items.lend(Item::Event(feed, event)),
        Err(fault) => items.reject(text, index, Some(&feed), fault),
    }
}

/// Reads native events under the rules of a decoder.
struct Native<'s> {
    rules: &'s Rules,
    context: &'s Context<'s>,
}

impl Native<'_> {
    /// The feed of an event: the one that it names, else the source's.
    fn feed(&self, sent: &NativeEvent<'_>) -> Result<Arc<Feed>, Fault> {
        let feeds = &self.rules.feeds;
        if let Scalar::Text(name) = &sent.feed
            && let Some(feed) = feeds.met(name)
        {
            return Ok(feed);
        }
        match self.text("feed", &sent.feed, ID_BYTES)? {
            Some(name) => {
                let feed = feeds.named(&name);
                if matches!(&sent.feed, Scalar::Text(written) if *written == name) {
                    feeds.remember(&name, &feed);
                }
                Ok(feed)
            }
            None => self.rules.feed_of(self.context).ok_or_else(|| {
                let cure = "feed is missing and the source names none; send the name of the system that the event comes from";
                Fault::new(RejectReason::MissingFeed, "feed", cure)
            }),
        }
    }

    /// The event itself.
    fn event<'a>(&self, feed: &Feed, sent: &NativeEvent<'a>) -> Result<Event<'a>, Fault> {
        let id = self.text("id", &sent.id, ID_BYTES)?;
        let id = id.ok_or_else(|| Fault::missing("id", "send the permanent id of this event in your system"))?;
        let kind = kind(&sent.kind)?;
        let action = word("action", &sent.action, &ACTIONS)?.unwrap_or(Action::Record);
        let occurred = time("occurred_at", &sent.occurred_at, feed)?;
        let recorded_at = read_time("recorded_at", &sent.recorded_at, instant)?;
        let version = self.version(feed, sent, action, recorded_at)?;
        let clinician = self.clinician(&sent.clinician)?;
        let carried = match action {
            Action::Record => self.carried(kind, feed, sent)?,
            Action::Hold | Action::Retract => KindFields { detail: nothing(kind), link: None },
        };
        if action == Action::Record {
            self.check_record(occurred, clinician.as_deref(), &carried.detail)?;
        }
        Ok(Event {
            version,
            action,
            day: occurred.map(|moment| moment.day),
            occurred_at: occurred.map(|moment| moment.at),
            recorded_at,
            clinician,
            practice: self.text("practice", &sent.practice, TEXT_BYTES)?,
            patient: unprotected("patient", &sent.patient, ID_BYTES)?.and_then(|p| self.rules.pseudonyms.patient(&p)),
            exclude: word("exclude", &sent.exclude, &EXCLUSIONS)?,
            pca: self.pca(&sent.pca)?,
            link: carried.link,
            ..Event::new(id, carried.detail)
        })
    }

    fn text<'a>(&self, field: Field, value: &Scalar<'a>, most: usize) -> Result<Option<Cow<'a, str>>, Fault> {
        text(field, value, most, &self.rules.pseudonyms)
    }

    /// Checks the fields that only an event that counts must have.
    fn check_record(&self, occurred: Option<Moment>, clinician: Option<&str>, detail: &Detail<'_>) -> Result<(), Fault> {
        let Some(occurred) = occurred else {
            return Err(Fault::missing("occurred_at", "send when it happened as 2026-10-05T09:41:00+01:00"));
        };
        if clinician.is_none() {
            let cure = "clinician is missing; send the system and the value of the clinician's number";
            return Err(Fault::new(RejectReason::MissingClinician, "clinician", cure));
        }
        let unknown = matches!(detail, Detail::Encounter(Some(encounter)) if encounter.status == Attendance::Unknown);
        if !unknown && self.context.is_future(occurred.at) {
            let cure = "occurred_at is more than five minutes ahead; send an event after it happened, and check the clock";
            return Err(Fault::new(RejectReason::InTheFuture, "occurred_at", cure));
        }
        Ok(())
    }

    fn version(
        &self,
        feed: &Feed,
        sent: &NativeEvent<'_>,
        action: Action,
        recorded_at: Option<scorecard::time::calendar::Timestamp>,
    ) -> Result<Option<u64>, Fault> {
        let numbered = whole("version", &sent.version, 1..=MAX_VERSION)?;
        match (feed.versioning, numbered) {
            (Versioning::Id, Some(version)) => Ok(Some(version)),
            (Versioning::Id, None) if action == Action::Retract => {
                let cure = "version is missing; a retraction needs one that is higher than the version it retracts";
                Err(Fault::new(RejectReason::MissingVersion, "version", cure))
            }
            (Versioning::Id, None) => Ok(Some(1)),
            (Versioning::Updated, _) => match recorded_at {
                Some(at) => Ok(Some(version_of("recorded_at", at)?)),
                None => {
                    let cure =
                        "recorded_at is missing; this feed's versions are ordered by it, so send when the event was last changed";
                    Err(Fault::new(RejectReason::MissingVersion, "recorded_at", cure))
                }
            },
            (Versioning::Arrival, _) => Ok(Some(self.context.received_at.0.try_into().unwrap_or(1).max(1))),
        }
    }

    fn clinician(&self, node: &Node<NativeClinician<'_>>) -> Result<Option<Cow<'static, str>>, Fault> {
        let sent = match node {
            Node::Missing => return Ok(None),
            Node::Other(found) => {
                return Err(Fault::wrong_type("clinician", found, r#"an object such as {"system":"gmc","value":"7012345"}"#));
            }
            Node::Object(sent) => sent,
        };
        let system = unprotected("clinician.system", &sent.system, TEXT_BYTES)?;
        let value = unprotected("clinician.value", &sent.value, TEXT_BYTES)?;
        match (system, value) {
            (Some(system), Some(value)) => Ok(Some(self.rules.clinician_key(&system, value).into())),
            (None, None) => Ok(None),
            (None, _) => Err(Fault::missing("clinician.system", "send the system of the clinician's number, such as gmc")),
            (_, None) => Err(Fault::missing("clinician.value", "send the clinician's number")),
        }
    }

    fn pca<'a>(&self, list: &List<Scalar<'a>>) -> Result<Vec<Cow<'a, str>>, Fault> {
        let mut measures = self.items("pca", list, |item| self.text("pca", item, TEXT_BYTES))?;
        measures.sort_unstable();
        measures.dedup();
        Ok(measures)
    }

    /// The elements of a bounded list without the nulls.
    fn items<T, U>(&self, field: Field, list: &List<T>, each: impl Fn(&T) -> Result<Option<U>, Fault>) -> Result<Vec<U>, Fault> {
        match list {
            List::Missing => Ok(Vec::new()),
            List::Other(found) => Err(Fault::wrong_type(field, found, "a list")),
            List::Items(items) if items.len() > LIST_ITEMS => Err(Fault::too_long(field, items.len(), "elements", LIST_ITEMS)),
            List::Items(items) => items.iter().filter_map(|item| each(item).transpose()).collect(),
        }
    }

    fn carried<'a>(&self, kind: Kind, feed: &Feed, sent: &NativeEvent<'a>) -> Result<KindFields<'a>, Fault> {
        match kind {
            Kind::Encounter => {
                let encounter = self.encounter(feed, payload("encounter", &sent.encounter)?)?;
                Ok(KindFields { detail: Detail::Encounter(Some(encounter)), link: None })
            }
            Kind::Prescription => {
                let sent = payload("prescription", &sent.prescription)?;
                Ok(KindFields {
                    detail: Detail::Prescription(Some(self.prescription(sent)?)),
                    link: self.text("prescription.encounter", &sent.encounter, ID_BYTES)?,
                })
            }
            Kind::Feedback => {
                let sent = payload("feedback", &sent.feedback)?;
                Ok(KindFields {
                    detail: Detail::Feedback(Some(self.feedback(sent)?)),
                    link: self.text("feedback.encounter", &sent.encounter, ID_BYTES)?,
                })
            }
            Kind::Order => {
                let sent = payload("order", &sent.order)?;
                Ok(KindFields {
                    detail: Detail::Order(Some(self.order(sent)?)),
                    link: self.text("order.encounter", &sent.encounter, ID_BYTES)?,
                })
            }
        }
    }

    fn encounter<'a>(&self, feed: &Feed, sent: &NativeEncounter<'a>) -> Result<Encounter<'a>, Fault> {
        let mode = word("encounter.mode", &sent.mode, &MODES)?;
        let status = word("encounter.status", &sent.status, &STATUSES)?;
        let booked = time("encounter.booked_at", &sent.booked_at, feed)?;
        Ok(Encounter {
            source: Source::Whole,
            mode: mode.ok_or_else(|| Fault::missing("encounter.mode", "send how it was held, such as face_to_face"))?,
            status: status.ok_or_else(|| Fault::missing("encounter.status", "send attended, noshow or unknown"))?,
            booked_at: booked.map(|moment| moment.at),
            booked_day: booked.map(|moment| moment.day),
            minutes: minutes("encounter.minutes", &sent.minutes)?,
            planned_minutes: minutes("encounter.planned_minutes", &sent.planned_minutes)?,
            diagnoses: self.items("encounter.diagnoses", &sent.diagnoses, |node| self.diagnosis(node))?,
            types: Codes::default(),
        })
    }

    fn diagnosis<'a>(&self, node: &Node<NativeCode<'a>>) -> Result<Option<Cow<'a, str>>, Fault> {
        let sent = match node {
            Node::Missing => return Ok(None),
            Node::Other(found) => {
                let expected = r#"objects such as {"code":"73211009","code_system":"snomed"}"#;
                return Err(Fault::wrong_type("encounter.diagnoses", found, expected));
            }
            Node::Object(sent) => sent,
        };
        let code = unprotected("encounter.diagnoses.code", &sent.code, TEXT_BYTES)?;
        let system = unprotected("encounter.diagnoses.code_system", &sent.code_system, TEXT_BYTES)?;
        match (code, system) {
            (Some(code), Some(system)) => Ok(Some(self.rules.code_key(&system, code).into())),
            (None, _) => Err(Fault::missing("encounter.diagnoses.code", "send the code, or leave the diagnosis out")),
            (_, None) => Err(Fault::missing("encounter.diagnoses.code_system", "send the code's system, such as snomed")),
        }
    }

    fn prescription<'a>(&self, sent: &NativePrescription<'a>) -> Result<Prescription<'a>, Fault> {
        let quantity = thousandths("prescription.quantity", &sent.quantity)?;
        let items = whole("prescription.items", &sent.items, 1..=u64::from(u16::MAX))?;
        let cost = whole("prescription.cost_pence", &sent.cost_pence, 0..=u64::from(u32::MAX))?;
        Ok(Prescription {
            drug: self.drug(sent)?.map(|code| Codes::one(format!("bnf|{code}"))).unwrap_or_default(),
            reference: None,
            quantity_milli: quantity,
            items: items.map_or(1, |n| n.try_into().expect("whole() kept the range")),
            cost_pence: cost.map(|n| n.try_into().expect("whole() kept the range")),
            adq_milli: thousandths("prescription.adq", &sent.adq)?,
            repeat: truth("prescription.repeat", &sent.repeat)?.unwrap_or(false),
        })
    }

    /// The BNF code of a drug: its own, or the one in the map; `None` when no map knows it.
    fn drug<'a>(&self, sent: &NativePrescription<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        let code = unprotected("prescription.code", &sent.code, TEXT_BYTES)?;
        let system = unprotected("prescription.code_system", &sent.code_system, TEXT_BYTES)?;
        let code = code.ok_or_else(|| Fault::missing("prescription.code", "send the drug's code"))?;
        let system = system.ok_or_else(|| Fault::missing("prescription.code_system", "send bnf, or the system of your code"))?;
        let system = code_system(&system);
        if system != "bnf" {
            return Ok(self.rules.drug_codes.get(system, &code).map(|bnf| bnf.to_owned().into()));
        }
        if !is_bnf(&code) {
            let expected = "a BNF code: two digits, then up to 13 digits and capital letters";
            return Err(Fault::malformed("prescription.code", &code, expected));
        }
        Ok(self.rules.bnf(code))
    }

    fn feedback<'a>(&self, sent: &NativeFeedback<'a>) -> Result<Feedback<'a>, Fault> {
        let answer = word("feedback.answer", &sent.answer, &ANSWERS)?;
        let items = match &sent.items {
            Node::Missing => Vec::new(),
            Node::Other(found) => {
                return Err(Fault::wrong_type("feedback.items", found, r#"an object such as {"listened":"yes_definitely"}"#));
            }
            Node::Object(pairs) => self.answers(&pairs.0)?,
        };
        if answer.is_none() && items.is_empty() {
            return Err(Fault::missing("feedback.answer", "send an answer, or items, or both"));
        }
        Ok(Feedback { answer, items })
    }

    fn answers<'a>(&self, pairs: &[(Cow<'a, str>, Scalar<'a>)]) -> Result<Vec<Pair<'a>>, Fault> {
        const FIELD: Field = "feedback.items";
        if pairs.len() > LIST_ITEMS {
            return Err(Fault::too_long(FIELD, pairs.len(), "answers", LIST_ITEMS));
        }
        let mut items = Vec::with_capacity(pairs.len());
        for (question, answer) in pairs {
            let question = self.rules.coded_word(FIELD, &Scalar::Text(question.clone()))?;
            let answer = self.rules.coded_word(FIELD, answer)?;
            if let (Some(question), Some(answer)) = (question, answer) {
                items.push((question, answer));
            }
        }
        Ok(last_of_each(items))
    }

    fn order<'a>(&self, sent: &NativeOrder<'a>) -> Result<Order<'a>, Fault> {
        let category = word("order.category", &sent.category, &CATEGORIES)?
            .ok_or_else(|| Fault::missing("order.category", "send referral, test or imaging"))?;
        let code = unprotected("order.code", &sent.code, TEXT_BYTES)?;
        let system = unprotected("order.code_system", &sent.code_system, TEXT_BYTES)?.unwrap_or_default();
        Ok(Order {
            category: Codes::one(category),
            code: code.map(|code| Codes::one(self.rules.code_key(&system, code))).unwrap_or_default(),
        })
    }
}

fn kind(value: &Scalar<'_>) -> Result<Kind, Fault> {
    let expected = "send encounter, prescription, feedback or order";
    match word("type", value, &KINDS) {
        Ok(Some(kind)) => Ok(kind),
        Ok(None) => Err(Fault::missing("type", expected)),
        Err(fault) if fault.reason == RejectReason::UnknownValue => Err(Fault { reason: RejectReason::UnknownType, ..fault }),
        Err(fault) => Err(fault),
    }
}

fn nothing(kind: Kind) -> Detail<'static> {
    match kind {
        Kind::Encounter => Detail::Encounter(None),
        Kind::Prescription => Detail::Prescription(None),
        Kind::Feedback => Detail::Feedback(None),
        Kind::Order => Detail::Order(None),
    }
}

fn payload<T>(field: Field, node: &Node<T>) -> Result<&T, Fault> {
    match node {
        Node::Object(sent) => Ok(sent),
        Node::Missing => Err(Fault::missing(field, "send the object that the event's type names")),
        Node::Other(found) => Err(Fault::wrong_type(field, found, "an object")),
    }
}

fn minutes(field: Field, raw: &Raw<'_>) -> Result<Option<u32>, Fault> {
    let minutes = whole(field, raw, 0..=MAX_MINUTES)?;
    Ok(minutes.map(|n| n.try_into().expect("whole() kept the range")))
}

/// A time of an event with its civil day in the feed's zone; `None` when the field is absent.
fn time(field: Field, value: &Scalar<'_>, feed: &Feed) -> Result<Option<Moment>, Fault> {
    read_time(field, value, |text| moment(text, &feed.zone))
}

/// A time of an event; `None` when the field is absent.
fn read_time<T>(field: Field, value: &Scalar<'_>, read: impl Fn(&str) -> Result<T, Unreadable>) -> Result<Option<T>, Fault> {
    /// The length of a time to the nanosecond. The length of a longer text is checked before it is read.
    const LONGEST: usize = 35;
    // A text that parses as a time has no blanks around it and no control characters.
    if let Scalar::Text(text) = value
        && text.len() <= LONGEST
        && let Ok(found) = read(text)
    {
        return Ok(Some(found));
    }
    let Some(text) = unprotected(field, value, TEXT_BYTES)? else { return Ok(None) };
    read(&text).map(Some).map_err(|why| unreadable(field, &text, why))
}

/// The fault of a native time.
fn unreadable(field: Field, text: &str, why: Unreadable) -> Fault {
    const EXPECTED: &str = "a time with its offset, such as 2026-10-05T09:41:00+01:00";
    match why {
        Unreadable::Malformed => Fault::malformed(field, text, EXPECTED),
        Unreadable::NoOffset => {
            Fault::new(RejectReason::MalformedValue, field, format!("{field} has no offset; send {EXPECTED}"))
        }
        Unreadable::TooCoarse => {
            Fault::new(RejectReason::DateTooCoarse, field, format!("{field} has no time of day; send {EXPECTED}"))
        }
        Unreadable::OutOfRange => {
            Fault::new(RejectReason::OutOfRange, field, format!("{field} is outside the years 1900 to 9998; send {EXPECTED}"))
        }
    }
}

/// An instant as a version: its milliseconds.
pub(crate) fn version_of(field: Field, at: scorecard::time::calendar::Timestamp) -> Result<u64, Fault> {
    u64::try_from(at.0).ok().filter(|version| *version > 0).ok_or_else(|| {
        let detail = format!("{field} is before 1970 and cannot order versions; send when the record was last changed");
        Fault::new(RejectReason::OutOfRange, field, detail)
    })
}

/// Answers in order of their questions; the last answer to a question counts.
pub(crate) fn last_of_each(mut items: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
    items.reverse();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items.dedup_by(|later, first| later.0 == first.0);
    items
}
