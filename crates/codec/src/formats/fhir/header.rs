//! The fields that every resource with an event has: id, version, times, and the action of its status.

use scorecard::event::{Action, Detail, Event, Exclusion, Versioning};
use scorecard::time::calendar::Timestamp;

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::decoder_config::Context;
use crate::formats::fhir::references::{Scope, is_id, type_and_id};
use crate::formats::fhir::resources::{Head, Meta};
use crate::formats::native_fields::{MAX_VERSION, version_of};
use crate::identity::nhs_number::contains_nhs_number;
use crate::json::instant::{Moment, Unreadable, fhir_moment, instant};
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{ID_BYTES, TEXT_BYTES, unprotected};

/// Facts about a resource that its Bundle entry carries outside the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntryMeta {
    /// The id in the entry's URLs.
    pub(crate) id: Option<String>,
    /// The version in the entry's ETag.
    pub(crate) version: Option<u64>,
    /// When the entry was last modified.
    pub(crate) modified: Option<Timestamp>,
    /// The server of the entry's `fullUrl`.
    pub(crate) base: Option<String>,
}

/// The names of the fields that every type has, for faults.
pub(crate) struct HeadFields {
    pub(crate) id: Field,
    pub(crate) version_id: Field,
    pub(crate) last_updated: Field,
}

/// The names of these fields for one type.
macro_rules! head_fields {
    ($kind:literal) => {
        $crate::formats::fhir::header::HeadFields {
            id: concat!($kind, ".id"),
            version_id: concat!($kind, ".meta.versionId"),
            last_updated: concat!($kind, ".meta.lastUpdated"),
        }
    };
}
pub(crate) use head_fields;

/// Id, version and times of a resource.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) id: String,
    version: Option<u64>,
    recorded_at: Option<Timestamp>,
    exclude: Option<Exclusion>,
}

/// The id of a resource: its own, else that of its entry's URL.
pub(crate) fn resource_id(field: Field, head: &Head<'_>, entry_meta: &EntryMeta) -> Result<String, Fault> {
    match unprotected(field, &head.id, ID_BYTES)? {
        Some(id) if is_id(&id) => Ok(id.into_owned()),
        Some(id) => Err(Fault::malformed(field, &id, "1 to 64 letters, digits, hyphens and dots")),
        None => {
            entry_meta.id.clone().ok_or_else(|| Fault::missing(field, "send the resource with the id that it has in your system"))
        }
    }
}

/// The versioning of a feed whose first resource this is: by number, else by the time of the last change, else by arrival.
pub(crate) fn observed_versioning(head: &Head<'_>, entry_meta: &EntryMeta) -> Versioning {
    let meta = head.meta.object("meta").ok().flatten();
    let numbered = meta.is_some_and(|meta| known_version(meta).is_some()) || entry_meta.version.is_some();
    let dated = meta.is_some_and(|meta| known_change(meta).is_some()) || entry_meta.modified.is_some();
    versioning_of(numbered, dated)
}

/// The versioning of a resource with a number of its version, or with the time of its last change.
pub(crate) fn versioning_of(numbered: bool, dated: bool) -> Versioning {
    match (numbered, dated) {
        (true, _) => Versioning::Id,
        (false, true) => Versioning::Updated,
        (false, false) => Versioning::Arrival,
    }
}

/// Reads the header of a resource.
pub(crate) fn header(
    scope: &Scope<'_, '_>,
    kind: &str,
    fields: &HeadFields,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
) -> Result<Header, Fault> {
    let id = format!("{kind}/{}", resource_id(fields.id, head, entry_meta)?);
    let meta = head.meta.object("meta")?;
    let recorded_at = match meta {
        Some(meta) => recorded_at(scope, fields.last_updated, &meta.last_updated)?.or(entry_meta.modified),
        None => entry_meta.modified,
    };
    Ok(Header {
        id: scope.rules.pseudonyms.protect(id.into()).into_owned(),
        version: Some(version(scope, fields, meta, entry_meta, recorded_at)?),
        recorded_at,
        exclude: meta.filter(|meta| is_test(meta)).map(|_| Exclusion::Test),
    })
}

/// The time of the last change. It orders the versions of some feeds; in others it is a detail.
fn recorded_at(scope: &Scope<'_, '_>, field: Field, value: &Scalar<'_>) -> Result<Option<Timestamp>, Fault> {
    let read = unprotected(field, value, TEXT_BYTES).and_then(|text| match text {
        None => Ok(None),
        Some(text) => instant(&text).map(Some).map_err(|why| unreadable(field, &text, why)),
    });
    if scope.feed.needs_time_of_change() { read } else { Ok(scope.warnings.optional(read)) }
}

fn version(
    scope: &Scope<'_, '_>,
    fields: &HeadFields,
    meta: Option<&Meta<'_>>,
    entry_meta: &EntryMeta,
    recorded_at: Option<Timestamp>,
) -> Result<u64, Fault> {
    match scope.feed.versioning {
        Versioning::Id => {
            let text = match meta {
                Some(meta) => unprotected(fields.version_id, &meta.version_id, TEXT_BYTES)?,
                None => None,
            };
            if !text.as_ref().map_or(entry_meta.version.is_some(), |text| is_number(text)) {
                scope.warnings.count_without_version();
            }
            match text {
                Some(text) => numbered(fields.version_id, &text),
                None => Ok(entry_meta.version.unwrap_or(1)),
            }
        }
        Versioning::Updated => match recorded_at {
            Some(at) => version_of(fields.last_updated, at),
            // The feed did not promise the time. A change is known when it arrives.
            None if !scope.feed.needs_time_of_change() => Ok(arrival(scope.context)),
            None => {
                let field = fields.last_updated;
                let detail =
                    format!("{field} is missing; this feed's versions are ordered by it, so send when the resource last changed");
                Err(Fault::new(RejectReason::MissingVersion, field, detail))
            }
        },
        Versioning::Arrival => Ok(arrival(scope.context)),
    }
}

/// The version of a record that arrives now.
pub(crate) fn arrival(context: &Context<'_>) -> u64 {
    u64::try_from(context.received_at.0).unwrap_or(1).max(1)
}

/// The version of a resource's `meta` that is a number.
pub(crate) fn known_version(meta: &Meta<'_>) -> Option<u64> {
    let Scalar::Text(text) = &meta.version_id else { return None };
    etag_version(text)
}

/// The time of the last change in a resource's `meta`.
pub(crate) fn known_change(meta: &Meta<'_>) -> Option<Timestamp> {
    let Scalar::Text(text) = &meta.last_updated else { return None };
    instant(text.trim()).ok()
}

/// Whether a version's ten digits may be a patient's number. Some servers send seconds since 1970, which begin with 1; no NHS number
/// of England or Wales does.
fn could_be_a_patient(version: &str) -> bool {
    version.len() == 10 && !version.starts_with('1') && contains_nhs_number(version)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// A versionId that is a positive number; any other text is version 1.
fn numbered(field: Field, text: &str) -> Result<u64, Fault> {
    if !is_number(text) {
        return Ok(1);
    }
    if could_be_a_patient(text) {
        let detail = format!("{field} looks like 9999999999 and could be a patient's number; send the number of the version");
        return Err(Fault::new(RejectReason::MalformedValue, field, detail));
    }
    match text.parse() {
        Ok(0) => Ok(1),
        Ok(version) if version <= MAX_VERSION => Ok(version),
        _ => {
            let detail = format!(
                "{field} looks like {}, which is out of range; send at most {MAX_VERSION}",
                "9".repeat(text.len().min(40))
            );
            Err(Fault::new(RejectReason::OutOfRange, field, detail))
        }
    }
}

/// The number of an ETag such as `W/"3"`.
pub(crate) fn etag_version(etag: &str) -> Option<u64> {
    let number = etag.trim().trim_start_matches("W/").trim_matches('"');
    number.parse().ok().filter(|version| (1..=MAX_VERSION).contains(version) && !could_be_a_patient(number))
}

/// Whether a resource is marked as test data: v3-ActReason HTEST as a tag or a security label.
fn is_test(meta: &Meta<'_>) -> bool {
    [&meta.tag, &meta.security].into_iter().any(|list| match list {
        List::Items(items) => items.iter().any(|node| matches!(node, Node::Object(c) if c.code == Scalar::Text("HTEST".into()))),
        _ => false,
    })
}

/// The action of a status: a resource counts, waits, or retracts its event.
pub(crate) fn action(field: Field, value: &Scalar<'_>, statuses: &[(&str, Action)]) -> Result<Action, Fault> {
    let found = crate::json::text::word(field, value, statuses)?;
    found.ok_or_else(|| Fault::missing(field, "send the resource's status"))
}

/// The time of an event.
///
/// A status that counts requires a time that is precise to the day and not in the future. Other statuses keep a time that parses.
pub(crate) fn occurred(scope: &Scope<'_, '_>, field: Field, value: &Scalar<'_>, action: Action) -> Result<Option<Moment>, Fault> {
    let when = time_of(scope, field, value, action)?;
    scope.event_day.set(when.map(|when| when.day));
    Ok(when)
}

fn time_of(scope: &Scope<'_, '_>, field: Field, value: &Scalar<'_>, action: Action) -> Result<Option<Moment>, Fault> {
    let found = unprotected(field, value, TEXT_BYTES).and_then(|text| match text {
        None => Ok(None),
        Some(text) => fhir_moment(&text, &scope.feed.zone).map(Some).map_err(|why| unreadable(field, &text, why)),
    });
    if action != Action::Record {
        return Ok(found.unwrap_or(None));
    }
    match found? {
        None => Err(Fault::missing(field, "send when it happened as 2026-10-05T09:41:00+01:00, or at least the day")),
        Some(moment) if scope.context.is_future(moment.at) => {
            let detail = format!("{field} is more than five minutes ahead; send it after it happened, and check the clock");
            Err(Fault::new(RejectReason::InTheFuture, field, detail))
        }
        Some(moment) => Ok(Some(moment)),
    }
}

/// The fault of a FHIR time.
pub(crate) fn unreadable(field: Field, text: &str, why: Unreadable) -> Fault {
    const EXPECTED: &str = "a time with its offset such as 2026-10-05T09:41:00+01:00, or a date";
    match why {
        Unreadable::Malformed => Fault::malformed(field, text, EXPECTED),
        Unreadable::NoOffset => {
            Fault::new(RejectReason::MalformedValue, field, format!("{field} has no offset; send {EXPECTED}"))
        }
        Unreadable::TooCoarse => {
            Fault::new(RejectReason::DateTooCoarse, field, format!("{field} is less precise than a day; send {EXPECTED}"))
        }
        Unreadable::OutOfRange => {
            Fault::new(RejectReason::OutOfRange, field, format!("{field} is outside the years 1900 to 9998; send {EXPECTED}"))
        }
    }
}

impl Header {
    /// An event with the fields of this header; the fields of its kind are still empty.
    pub(crate) fn event(self, action: Action, occurred: Option<Moment>, detail: Detail<'static>) -> Event<'static> {
        // An event that waits needs a day. Without one it contributes as little as a retracted event.
        let action = if action == Action::Hold && occurred.is_none() { Action::Retract } else { action };
        Event {
            version: self.version,
            action,
            day: occurred.map(|moment| moment.day),
            occurred_at: occurred.map(|moment| moment.at),
            recorded_at: self.recorded_at,
            exclude: self.exclude,
            ..Event::new(self.id, detail)
        }
    }
}

/// The id in the last two segments of an entry's URL, or after `urn:uuid:`.
pub(crate) fn id_of_url(url: &str) -> Option<String> {
    let id = url.strip_prefix("urn:uuid:").or_else(|| type_and_id(url).map(|(_, id)| id))?;
    is_id(id).then(|| id.to_owned())
}
