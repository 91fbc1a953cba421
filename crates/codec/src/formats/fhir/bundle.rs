//! Bundles: their entries one by one, with the references inside resolved.

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::header::{EntryMeta, etag_version, id_of_url};
use crate::formats::fhir::references::{BundleResource, Index, server_of, type_and_id};
use crate::formats::fhir::resources::{BundleEntries, BundleHead, Entry, Target, parse};
use crate::json::instant::instant;
use crate::json::object::{List, Node, Raw, Scalar};
use crate::json::reader::read;
use crate::json::text::{TEXT_BYTES, unprotected, word};

/// The types of Bundle whose entries are independent resources.
const TYPES: [(&str, ()); 5] = [("transaction", ()), ("batch", ()), ("collection", ()), ("searchset", ()), ("history", ())];

/// A Bundle, split into its entries.
pub(crate) struct Bundle<'a> {
    pub(crate) entries: Vec<BundleEntry<'a>>,
    pub(crate) index: Index<'a>,
}

/// One entry of a Bundle.
pub(crate) struct BundleEntry<'a> {
    /// Its text, for excerpts.
    pub(crate) text: String,
    pub(crate) content: Result<EntryContent<'a>, Fault>,
}

/// The request of an entry.
pub(crate) enum EntryContent<'a> {
    /// Read this resource.
    Resource { text: Raw<'a>, entry_meta: EntryMeta },
    /// Retract the event of the resource with this type and id.
    Delete { kind: String, id: String, entry_meta: EntryMeta },
}

/// Splits a Bundle into its entries.
///
/// # Errors
/// A fault of the Bundle as a whole. An entry holds its own fault.
pub(crate) fn bundle(text: &str) -> Result<Bundle<'_>, Fault> {
    let head: Box<BundleHead<'_>> = parse(text)?;
    if word("Bundle.type", &head.kind, &TYPES)?.is_none() {
        return Err(Fault::missing("Bundle.type", "send the Bundle's type, such as transaction or collection"));
    }
    let sent: Box<BundleEntries<'_>> = parse(text)?;
    let mut bundle = Bundle { entries: Vec::new(), index: Index::default() };
    let entries = match sent.entry {
        List::Missing => Vec::new(),
        List::Other(found) => return Err(Fault::wrong_type("Bundle.entry", found, "a list")),
        List::Items(entries) => entries,
    };
    for entry in entries {
        let text = entry.written().unwrap_or("null").to_owned();
        let content = entry_content(entry, &mut bundle.index);
        bundle.entries.push(BundleEntry { text, content });
    }
    Ok(bundle)
}

fn entry_content<'a>(entry: Raw<'a>, index: &mut Index<'a>) -> Result<EntryContent<'a>, Fault> {
    const RESOURCE: Field = "Bundle.entry.resource";
    let Some(text) = entry.lent() else { return Err(Fault::missing(RESOURCE, "send a resource, or leave the entry out")) };
    let sent: Node<Entry<'a>> = read(text).map_err(|broken| broken.fault(text))?;
    let Node::Object(sent) = sent else {
        return Err(Fault::wrong_type("Bundle.entry", crate::json::object::type_of(text), "an object"));
    };
    let full_url = unprotected("Bundle.entry.fullUrl", &sent.full_url, 4 * TEXT_BYTES)?;
    let request = sent.request.object("Bundle.entry.request")?;
    let url = request.map(|request| unprotected("Bundle.entry.request.url", &request.url, 4 * TEXT_BYTES)).transpose()?.flatten();
    let method =
        request.map(|request| unprotected("Bundle.entry.request.method", &request.method, TEXT_BYTES)).transpose()?.flatten();
    let entry_meta = entry_meta(&sent, url.as_deref(), full_url.as_deref())?;
    match method.as_deref() {
        Some("DELETE") => return delete(url.as_deref(), entry_meta),
        Some(method @ "PATCH") => {
            return Err(Fault::unknown_value(
                "Bundle.entry.request.method",
                method,
                "PUT and POST with the whole resource, DELETE",
            ));
        }
        _ => {}
    }
    match sent.resource.written() {
        None => Err(Fault::missing(RESOURCE, "send the entry with its resource")),
        Some(written) if !written.starts_with('{') => {
            Err(Fault::wrong_type(RESOURCE, crate::json::object::type_of(written), "an object"))
        }
        Some(_) => {
            add(index, &sent.resource, full_url.as_deref(), &entry_meta);
            Ok(EntryContent::Resource { text: sent.resource, entry_meta })
        }
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

fn entry_meta(sent: &Entry<'_>, url: Option<&str>, full_url: Option<&str>) -> Result<EntryMeta, Fault> {
    let response = sent.response.object("Bundle.entry.response")?;
    let text = |value: &Scalar<'_>| match value {
        Scalar::Text(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    Ok(EntryMeta {
        id: url.and_then(id_of_url).or_else(|| full_url.and_then(id_of_url)),
        version: response.and_then(|response| text(&response.etag)).and_then(|etag| etag_version(&etag)),
        modified: response.and_then(|response| text(&response.last_modified)).and_then(|at| instant(&at).ok()),
        base: full_url.and_then(server_of),
    })
}

fn delete(url: Option<&str>, entry_meta: EntryMeta) -> Result<EntryContent<'static>, Fault> {
    const URL: Field = "Bundle.entry.request.url";
    let Some(url) = url else { return Err(Fault::missing(URL, "send the type and the id of the deleted resource")) };
    match type_and_id(url) {
        Some((kind, id)) => Ok(EntryContent::Delete { kind: kind.to_owned(), id: id.to_owned(), entry_meta }),
        None => Err(Fault::malformed(URL, url, "the type and the id of the deleted resource, such as Encounter/1")),
    }
}

/// A Bundle inside a Bundle.
pub(crate) fn nested() -> Fault {
    let detail = "a Bundle is inside a Bundle; send its entries in a separate Bundle";
    Fault::new(RejectReason::UnknownType, "Bundle.entry.resource", detail)
}
