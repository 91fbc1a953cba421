//! One entry of a Bundle: a resource, a deletion, or neither.

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::header::{EntryMeta, etag_version, id_of_url, known_change, known_version};
use crate::formats::fhir::references::{BundleResource, Index, server_of, type_and_id};
use crate::formats::fhir::resources::{Entry, EntryResponse, Head, Target, parse};
use crate::json::instant::instant;
use crate::json::object::{Node, Raw, Scalar};
use crate::json::reader::read;
use crate::json::text::{TEXT_BYTES, unprotected};

/// One entry of a Bundle.
pub(crate) struct BundleEntry<'a> {
    /// Its text, for excerpts.
    pub(crate) text: String,
    pub(crate) content: Result<EntryContent<'a>, Fault>,
    /// Whether the Bundle is a history that also holds a newer version of the same resource, or its deletion.
    pub(crate) superseded: bool,
    /// Whether the history also holds a newer version with content.
    pub(crate) replaced: bool,
}

/// The meaning of an entry.
#[derive(Debug)]
pub(crate) enum EntryContent<'a> {
    /// Read this resource.
    Resource { text: Raw<'a>, entry_meta: EntryMeta },
    /// Retract the event of the resource with this type and id.
    Delete { kind: String, id: String, entry_meta: EntryMeta },
    /// A read, an answer or a notification without the resource; the type of the resource, where a URL names it.
    NoContent { kind: Option<String> },
}

const RESOURCE: Field = "Bundle.entry.resource";
const METHOD: Field = "Bundle.entry.request.method";
const URL: Field = "Bundle.entry.request.url";

/// The parts of an entry that say what to do with its resource.
struct Request {
    method: Option<String>,
    url: Option<String>,
    full_url: Option<String>,
    /// The status of the answer, such as `204 No Content`.
    status: Option<String>,
    location: Option<String>,
}

impl Request {
    /// Whether the resource was deleted: by the method, or by an answer that says that it is gone.
    fn deletes(&self, has_resource: bool) -> bool {
        let answered = |code: &str| self.status.as_deref().is_some_and(|status| status.trim_start().starts_with(code));
        let by_answer = self.method.is_none() && !has_resource && (answered("410") || answered("204"));
        by_answer || self.method.as_deref().is_some_and(|method| method.eq_ignore_ascii_case("DELETE"))
    }

    /// The URLs that may name the resource, best first.
    fn urls(&self) -> impl Iterator<Item = &str> {
        [&self.url, &self.full_url, &self.location].into_iter().flatten().map(String::as_str)
    }

    /// Whether the entry says anything without a resource.
    fn says_something(&self) -> bool {
        self.method.is_some() || self.status.is_some() || self.urls().next().is_some()
    }
}

/// Reads an entry and adds its resource to the index. `may_lack` says whether entries of this Bundle may have no resource.
pub(crate) fn entry_content<'a>(entry: Raw<'a>, index: &mut Index<'a>, may_lack: bool) -> Result<EntryContent<'a>, Fault> {
    let Some(text) = entry.lent() else { return Err(Fault::missing(RESOURCE, "send a resource, or leave the entry out")) };
    let sent: Node<Entry<'a>> = read(text).map_err(|broken| broken.fault(text))?;
    let Node::Object(sent) = sent else {
        return Err(Fault::wrong_type("Bundle.entry", crate::json::object::type_of(text), "an object"));
    };
    let request = request(&sent)?;
    let entry_meta = entry_meta(&sent, &request);
    if request.deletes(sent.resource.written().is_some()) {
        return delete(&sent, &request, entry_meta);
    }
    match request.method.as_deref() {
        Some(method @ "PATCH") => Err(Fault::unknown_value(METHOD, method, "PUT and POST with the whole resource, DELETE")),
        Some("GET" | "HEAD") if sent.resource.written().is_none() => Ok(no_content(&request)),
        _ => content(sent, &request, entry_meta, index, may_lack),
    }
}

fn content<'a>(
    sent: Entry<'a>,
    request: &Request,
    entry_meta: EntryMeta,
    index: &mut Index<'a>,
    may_lack: bool,
) -> Result<EntryContent<'a>, Fault> {
    match sent.resource.written() {
        None if may_lack && request.says_something() => Ok(no_content(request)),
        None => Err(Fault::missing(RESOURCE, "send the entry with its resource")),
        Some(written) if !written.starts_with('{') => {
            Err(Fault::wrong_type(RESOURCE, crate::json::object::type_of(written), "an object"))
        }
        Some(_) => {
            add(index, &sent.resource, request.full_url.as_deref(), &entry_meta);
            Ok(EntryContent::Resource { text: sent.resource, entry_meta })
        }
    }
}

fn no_content(request: &Request) -> EntryContent<'static> {
    EntryContent::NoContent { kind: request.urls().find_map(type_and_id).map(|(kind, _)| kind.to_owned()) }
}

fn request(sent: &Entry<'_>) -> Result<Request, Fault> {
    let read = |field, value: &Scalar<'_>, most| Ok(unprotected(field, value, most)?.map(std::borrow::Cow::into_owned));
    let request = sent.request.object("Bundle.entry.request")?;
    let response = response(sent);
    let of_request = |field, value: Option<&Scalar<'_>>, most| value.map_or(Ok(None), |value| read(field, value, most));
    Ok(Request {
        method: of_request(METHOD, request.map(|request| &request.method), TEXT_BYTES)?,
        url: of_request(URL, request.map(|request| &request.url), 4 * TEXT_BYTES)?,
        full_url: read("Bundle.entry.fullUrl", &sent.full_url, 4 * TEXT_BYTES).unwrap_or(None),
        status: response.and_then(|response| scalar_text(&response.status)),
        location: response.and_then(|response| scalar_text(&response.location)),
    })
}

/// The answer of an entry. A faulty one says nothing.
fn response<'e, 'a>(sent: &'e Entry<'a>) -> Option<&'e EntryResponse<'a>> {
    sent.response.object("Bundle.entry.response").unwrap_or(None)
}

fn scalar_text(value: &Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Lets other entries refer to this one. A resource without a type or an id cannot be referred to.
fn add<'a>(index: &mut Index<'a>, resource: &Raw<'a>, full_url: Option<&str>, entry_meta: &EntryMeta) {
    let Some(Ok(target)) = resource.lent().map(parse::<Target<'a>>) else { return };
    let Scalar::Text(kind) = &target.resource_type else { return };
    let id = match &target.id {
        Scalar::Text(id) => Some(id.trim().to_owned()),
        _ => entry_meta.id.clone(),
    };
    if let Some(id) = id {
        let (kind, base) = (kind.clone().into_owned(), entry_meta.base.clone());
        index.add(full_url, BundleResource { kind, id, base, target: *target });
    }
}

fn entry_meta(sent: &Entry<'_>, request: &Request) -> EntryMeta {
    let response = response(sent);
    let etag = response.and_then(|response| scalar_text(&response.etag)).and_then(|etag| etag_version(&etag));
    let full_url = request.full_url.as_deref();
    EntryMeta {
        id: request.url.as_deref().and_then(id_of_url).or_else(|| full_url.and_then(id_of_url)),
        version: etag.or_else(|| request.urls().find_map(version_of_url)),
        modified: response.and_then(|response| scalar_text(&response.last_modified)).and_then(|at| instant(&at).ok()),
        base: full_url.and_then(server_of),
    }
}

/// The version of `Encounter/1/_history/3`.
fn version_of_url(url: &str) -> Option<u64> {
    url.rsplit_once("/_history/").and_then(|(_, version)| etag_version(version))
}

/// The deletion of the resource that a URL names, or that the entry itself holds.
fn delete(sent: &Entry<'_>, request: &Request, entry_meta: EntryMeta) -> Result<EntryContent<'static>, Fault> {
    let head: Option<Box<Head<'_>>> = sent.resource.lent().and_then(|text| parse(text).ok());
    let entry_meta = with_meta(entry_meta, head.as_deref());
    let held = head.as_deref().and_then(|head| match (&head.resource_type, &head.id) {
        (Scalar::Text(kind), Scalar::Text(id)) => Some((kind.trim().to_owned(), id.trim().to_owned())),
        _ => None,
    });
    let named = || request.urls().find_map(type_and_id).map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    match (named().or(held), &request.url) {
        (Some((kind, id)), _) => Ok(EntryContent::Delete { kind, id, entry_meta }),
        (None, Some(url)) => Err(Fault::malformed(URL, url, "the type and the id of the deleted resource, such as Encounter/1")),
        (None, None) => Err(Fault::missing(URL, "send the type and the id of the deleted resource")),
    }
}

/// Version and time of the entry, else those of the `meta` of its resource.
pub(crate) fn with_meta(mut entry_meta: EntryMeta, head: Option<&Head<'_>>) -> EntryMeta {
    if let Some(Node::Object(meta)) = head.map(|head| &head.meta) {
        entry_meta.version = entry_meta.version.or_else(|| known_version(meta));
        entry_meta.modified = entry_meta.modified.or_else(|| known_change(meta));
    }
    entry_meta
}

/// A Bundle inside a Bundle inside a Bundle.
pub(crate) fn nested() -> Fault {
    let detail = "a Bundle is inside a Bundle that is itself in a Bundle; send its entries in a separate Bundle";
    Fault::new(RejectReason::UnknownType, RESOURCE, detail)
}
