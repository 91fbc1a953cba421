//! The fields of a native event that every kind has: texts, times, codes, and who the patient is.

use std::borrow::Cow;
use std::sync::Arc;

use scorecard::event::{Action, Event, Versioning};
use scorecard::record::item::Feed;
use scorecard::time::calendar::{Day, Timestamp};

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::birth_date::{BirthDate, LAST_BAND, unreadable as unreadable_birth};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::detail_warnings::DetailWarnings;
use crate::json::instant::{Moment, Unreadable, moment};
use crate::json::native_event::{NativeClinician, NativeEvent, SEXES};
use crate::json::number::whole;
use crate::json::object::{List, Node, Raw, Scalar};
use crate::json::text::{ID_BYTES, LIST_ITEMS, TEXT_BYTES, text, unprotected, word};

/// The largest version, 2^53: every reader of JSON keeps it exact, and a forged version leaves room for a correction above it.
pub(crate) const MAX_VERSION: u64 = 1 << 53;

/// Reads native events under the rules of a decoder.
pub(crate) struct Native<'s> {
    pub(crate) rules: &'s Rules,
    pub(crate) context: &'s Context<'s>,
    pub(crate) warnings: &'s DetailWarnings,
}

impl Native<'_> {
    /// The feed of an event: the one that it names, else the source's.
    pub(crate) fn feed(&self, sent: &NativeEvent<'_>) -> Result<Arc<Feed>, Fault> {
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

    pub(crate) fn text<'a>(&self, field: Field, value: &Scalar<'a>, most: usize) -> Result<Option<Cow<'a, str>>, Fault> {
        text(field, value, most, &self.rules.pseudonyms)
    }

    pub(crate) fn version(
        &self,
        feed: &Feed,
        sent: &NativeEvent<'_>,
        action: Action,
        recorded_at: Option<Timestamp>,
    ) -> Result<Option<u64>, Fault> {
        let numbered = whole("version", &sent.version, 1..=MAX_VERSION)?;
        let arrival = u64::try_from(self.context.received_at.0).unwrap_or(1).max(1);
        match (feed.versioning, numbered) {
            (Versioning::Id, Some(version)) => Ok(Some(version)),
            (Versioning::Id, None) if action == Action::Retract => {
                let cure = "version is missing; a retraction needs one that is higher than the version it retracts";
                Err(Fault::new(RejectReason::MissingVersion, "version", cure))
            }
            (Versioning::Id, None) => {
                self.warnings.count_without_version();
                Ok(Some(1))
            }
            (Versioning::Updated, _) => match recorded_at {
                Some(at) => Ok(Some(version_of("recorded_at", at)?)),
                None if !feed.needs_time_of_change() => Ok(Some(arrival)),
                None => {
                    let cure =
                        "recorded_at is missing; this feed's versions are ordered by it, so send when the event was last changed";
                    Err(Fault::new(RejectReason::MissingVersion, "recorded_at", cure))
                }
            },
            (Versioning::Arrival, _) => Ok(Some(arrival)),
        }
    }

    pub(crate) fn clinician(&self, node: &Node<NativeClinician<'_>>) -> Result<Option<Cow<'static, str>>, Fault> {
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
            (Some(system), Some(value)) => {
                self.warnings.check_number(self.rules.systems.short(&system), &value);
                Ok(Some(self.rules.clinician_key(&system, value).into()))
            }
            (None, None) => Ok(None),
            (None, _) => Err(Fault::missing("clinician.system", "send the system of the clinician's number, such as gmc")),
            (_, None) => Err(Fault::missing("clinician.value", "send the clinician's number")),
        }
    }

    /// Sets pseudonym, signs, age band and sex of an event.
    pub(crate) fn put_patient(&self, event: &mut Event<'_>, sent: &NativeEvent<'_>) {
        let named = self.warnings.optional(unprotected("patient", &sent.patient, ID_BYTES));
        let patient = named.and_then(|patient| self.rules.pseudonyms.protected_patient(&patient));
        event.patient = patient.map(|patient| patient.pseudonym);
        event.signs = patient.map(|patient| patient.signs);
        event.sex = self.warnings.optional(word("sex", &sent.sex, &SEXES)).flatten();
        let stated = self.warnings.optional(whole("age_band", &sent.age_band, 0..=u64::from(LAST_BAND)));
        let stated = stated.map(|band| u8::try_from(band).expect("whole() kept the range"));
        event.age_band = event.day.and_then(|day| self.warnings.optional(age_band(&sent.born, day))).or(stated);
    }

    pub(crate) fn pca<'a>(&self, list: &List<Scalar<'a>>) -> Result<Vec<Cow<'a, str>>, Fault> {
        let mut measures = items("pca", list, |item| self.text("pca", item, TEXT_BYTES))?;
        measures.sort_unstable();
        measures.dedup();
        Ok(measures)
    }
}

/// The age band on a day of a birth date as a text or as the number of a year.
fn age_band(born: &Raw<'_>, on: Day) -> Result<Option<u8>, Fault> {
    let Some(written) = born.written() else { return Ok(None) };
    let band = BirthDate::parse(written.trim_matches('"')).and_then(|born| born.age_band(on));
    band.map(Some).ok_or_else(|| unreadable_birth("born"))
}

/// The elements of a bounded list without the nulls.
pub(crate) fn items<T, U>(field: Field, list: &List<T>, each: impl Fn(&T) -> Result<Option<U>, Fault>) -> Result<Vec<U>, Fault> {
    match list {
        List::Missing => Ok(Vec::new()),
        List::Other(found) => Err(Fault::wrong_type(field, found, "a list")),
        List::Items(items) if items.len() > LIST_ITEMS => Err(Fault::too_long(field, items.len(), "elements", LIST_ITEMS)),
        List::Items(items) => items.iter().filter_map(|item| each(item).transpose()).collect(),
    }
}

/// A time of an event with its civil day in the feed's zone; `None` when the field is absent.
pub(crate) fn time(field: Field, value: &Scalar<'_>, feed: &Feed) -> Result<Option<Moment>, Fault> {
    read_time(field, value, |text| moment(text, &feed.zone))
}

/// A time of an event; `None` when the field is absent.
pub(crate) fn read_time<T>(
    field: Field,
    value: &Scalar<'_>,
    read: impl Fn(&str) -> Result<T, Unreadable>,
) -> Result<Option<T>, Fault> {
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
pub(crate) fn version_of(field: Field, at: Timestamp) -> Result<u64, Fault> {
    u64::try_from(at.0).ok().filter(|version| *version > 0).ok_or_else(|| {
        let detail = format!("{field} is before 1970 and cannot order versions; send when the record was last changed");
        Fault::new(RejectReason::OutOfRange, field, detail)
    })
}
