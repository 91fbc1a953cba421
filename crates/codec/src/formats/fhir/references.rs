//! References: resolved inside the Bundle or the resource, by a logical or a conditional identifier, else by the feed's own name for
//! the resource.
//!
//! A relative reference belongs to the server of its own entry's `fullUrl`. An absolute reference to another server never resolves to
//! a resource of this one: its whole URL is the name.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::event::Event;
use scorecard::record::item::Feed;
use scorecard::time::calendar::Day;

use crate::fault::{Fault, Field};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::detail_warnings::DetailWarnings;
use crate::formats::fhir::resources::{Reference, Target};
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// Most contained resources that a reference is searched in. Each reference looks at all of them, so thousands would take minutes.
const CONTAINED_RESOURCES: usize = 256;

/// The resources of one Bundle by their names.
#[derive(Debug, Default)]
pub(crate) struct Index<'b> {
    targets: Vec<BundleResource<'b>>,
    by_url: BTreeMap<String, usize>,
    by_name: BTreeMap<String, NamedPlaces>,
}

/// The places of the resources with one `Type/id`. Thousands of servers may each have one.
#[derive(Debug, Default)]
struct NamedPlaces {
    first: Option<usize>,
    first_without_server: Option<usize>,
    /// The first of each server.
    by_server: BTreeMap<String, usize>,
}

impl NamedPlaces {
    fn add(&mut self, place: usize, server: Option<&str>) {
        self.first.get_or_insert(place);
        match server {
            Some(server) => drop(self.by_server.entry(server.to_owned()).or_insert(place)),
            None => drop(self.first_without_server.get_or_insert(place)),
        }
    }

    /// The first place on a server. A resource without a server is on every one, unless `strict`.
    fn on(&self, server: Option<&str>, strict: bool) -> Option<usize> {
        let anywhere = |place: Option<usize>| place.filter(|_| !strict);
        let Some(server) = server else { return anywhere(self.first) };
        let there = self.by_server.get(server).copied();
        there.into_iter().chain(anywhere(self.first_without_server)).min()
    }
}

/// A resource of a Bundle with its type and id.
#[derive(Debug)]
pub(crate) struct BundleResource<'b> {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// The server of its `fullUrl`, if that is a URL.
    pub(crate) base: Option<String>,
    pub(crate) target: Target<'b>,
}

impl<'b> Index<'b> {
    /// Adds a resource under its `Type/id` and its full URL. The first resource with a name keeps it.
    pub(crate) fn add(&mut self, full_url: Option<&str>, named: BundleResource<'b>) {
        let place = self.targets.len();
        if let Some(url) = full_url {
            self.by_url.entry(url.to_owned()).or_insert(place);
        }
        self.by_name.entry(format!("{}/{}", named.kind, named.id)).or_default().add(place, named.base.as_deref());
        self.targets.push(named);
    }

    /// The resource with this full URL.
    fn at(&self, url: &str) -> Option<&BundleResource<'b>> {
        self.by_url.get(url).map(|place| &self.targets[*place])
    }

    /// The first resource with this `Type/id` on this server. A resource without a server matches unless `strict`.
    fn named(&self, name: &str, server: Option<&str>, strict: bool) -> Option<&BundleResource<'b>> {
        self.by_name.get(name)?.on(server, strict).map(|place| &self.targets[place])
    }
}

/// The target of a reference.
#[derive(Debug)]
pub(crate) enum ReferenceTarget<'r, 'b> {
    /// A resource in the same Bundle or resource.
    Resource { kind: &'r str, id: Option<&'r str>, target: &'r Target<'b> },
    /// An identifier of a resource of this type.
    Identifier { kind: Cow<'r, str>, system: String, value: String },
    /// A resource elsewhere: `Type/id`, or the whole URL on another server.
    Elsewhere { kind: String, name: String, foreign: bool },
}

/// The surroundings of one resource: the rules, the context, the feed, and the resources that it may refer to.
pub(crate) struct Scope<'s, 'b> {
    pub(crate) rules: &'s Rules,
    pub(crate) context: &'s Context<'s>,
    pub(crate) feed: &'s Arc<Feed>,
    pub(crate) index: &'s Index<'b>,
    /// The server of the resource's own entry; unknown outside Bundles.
    pub(crate) base: Option<&'s str>,
    pub(crate) warnings: &'s DetailWarnings,
    /// The civil day of the resource's event, once it is known. Parties are read as of this day.
    pub(crate) event_day: Cell<Option<Day>>,
}

impl<'b> Scope<'_, 'b> {
    /// The day of the event, else today in the feed's zone.
    pub(crate) fn day(&self) -> Day {
        self.event_day.get().unwrap_or_else(|| self.feed.zone.day_of(self.context.now))
    }

    /// Follows a reference. `expected` is the type of the resource where the reference names none.
    pub(crate) fn follow<'r>(
        &'r self,
        field: Field,
        node: &'r Node<Reference<'b>>,
        contained: &'r List<Node<Target<'b>>>,
        expected: &'r str,
    ) -> Result<Option<ReferenceTarget<'r, 'b>>, Fault> {
        let Some(reference) = node.object(field)? else { return Ok(None) };
        let named = match unprotected(field, &reference.reference, 4 * TEXT_BYTES)? {
            Some(text) => self.named(field, &text, contained, expected)?,
            None => None,
        };
        // An identifier is better than a name without a resource.
        if let None | Some(ReferenceTarget::Elsewhere { .. }) = named
            && let Some(identifier) = reference.identifier.object(field)?
            && let Some((system, value)) = self.identifier(field, identifier)?
        {
            let kind = match &reference.kind {
                Scalar::Text(kind) => Cow::Owned(kind.trim().to_owned()),
                _ => Cow::Borrowed(expected),
            };
            return Ok(Some(ReferenceTarget::Identifier { kind, system, value }));
        }
        Ok(named)
    }

    fn named<'r>(
        &'r self,
        field: Field,
        text: &str,
        contained: &'r List<Node<Target<'b>>>,
        expected: &'r str,
    ) -> Result<Option<ReferenceTarget<'r, 'b>>, Fault> {
        if let Some(id) = text.strip_prefix('#') {
            return contained_target(field, contained, id);
        }
        if let Some((kind, query)) = text.split_once('?') {
            return conditional(field, text, kind, query).map(Some);
        }
        let current = text.split_once("/_history/").map_or(text, |(current, _)| current);
        if let Some(found) = self.index.at(text).or_else(|| self.index.at(current)) {
            return Ok(Some(resource(found)));
        }
        if let Some(id) = text.strip_prefix("urn:uuid:").or_else(|| text.strip_prefix("urn:oid:")) {
            let name = format!("{expected}/{id}");
            return Ok(Some(ReferenceTarget::Elsewhere { kind: expected.to_owned(), name, foreign: false }));
        }
        let (kind, id) = type_and_id(current).ok_or_else(|| {
            let expected = "a reference such as Practitioner/1, urn:uuid:..., #contained or Practitioner?identifier=system|value";
            Fault::malformed(field, text, expected)
        })?;
        Ok(Some(self.of_server(current, kind, id)))
    }

    /// The target of `Type/id`, relative or on the server that the reference names.
    fn of_server(&self, reference: &str, kind: &str, id: &str) -> ReferenceTarget<'_, 'b> {
        let name = format!("{kind}/{id}");
        let server = server_of(reference);
        let foreign = matches!((&server, self.base), (Some(server), Some(own)) if server != own);
        match self.index.named(&name, server.as_deref().or(self.base), foreign) {
            Some(found) => resource(found),
            None => {
                let name = if foreign { reference.to_owned() } else { name };
                ReferenceTarget::Elsewhere { kind: kind.to_owned(), name, foreign }
            }
        }
    }

    /// The id of the event of another resource of this feed, such as `Encounter/1`. `None` for an identifier and for another server:
    /// events have no such id.
    pub(crate) fn link(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
        kind: &'static str,
    ) -> Result<Option<String>, Fault> {
        let name = match self.follow(field, node, contained, kind)? {
            Some(ReferenceTarget::Resource { kind: found, id: Some(id), .. }) if found == kind => format!("{kind}/{id}"),
            Some(ReferenceTarget::Elsewhere { kind: found, name, foreign: false }) if found == kind => name,
            _ => return Ok(None),
        };
        Ok(Some(self.rules.pseudonyms.protect(name.into()).into_owned()))
    }

    /// Sets the encounter of an event. A faulty reference is an absent link.
    pub(crate) fn put_link(
        &self,
        event: &mut Event<'static>,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) {
        event.link = self.warnings.optional(self.link(field, node, contained, "Encounter")).map(Cow::Owned);
    }
}

fn resource<'r, 'b>(named: &'r BundleResource<'b>) -> ReferenceTarget<'r, 'b> {
    ReferenceTarget::Resource { kind: &named.kind, id: Some(&named.id), target: &named.target }
}

fn contained_target<'r, 'b>(
    field: Field,
    contained: &'r List<Node<Target<'b>>>,
    id: &str,
) -> Result<Option<ReferenceTarget<'r, 'b>>, Fault> {
    let List::Items(items) = contained else { return Ok(None) };
    if items.len() > CONTAINED_RESOURCES {
        return Err(Fault::too_long(field, items.len(), "contained resources to refer to", CONTAINED_RESOURCES));
    }
    Ok(items.iter().find_map(|node| match node {
        Node::Object(target) if matches!(&target.id, Scalar::Text(text) if text.trim_start_matches('#') == id) => {
            let Scalar::Text(kind) = &target.resource_type else { return None };
            Some(ReferenceTarget::Resource { kind, id: None, target })
        }
        _ => None,
    }))
}

/// `Practitioner?identifier=system|value`, percent-encoded or not.
fn conditional<'r, 'b>(field: Field, text: &str, kind: &str, query: &str) -> Result<ReferenceTarget<'r, 'b>, Fault> {
    let wrong = || Fault::malformed(field, text, "a conditional reference such as Practitioner?identifier=system|value");
    let kind = kind.rsplit('/').next().unwrap_or(kind);
    let token = query.split('&').find_map(|parameter| parameter.strip_prefix("identifier=")).ok_or_else(wrong)?;
    let token = percent_decoded(token);
    let (system, value) = token.split_once('|').unwrap_or(("", &token));
    if value.trim().is_empty() || !is_type(kind) {
        return Err(wrong());
    }
    if value.len() > TEXT_BYTES || system.len() > TEXT_BYTES {
        return Err(Fault::too_long(field, value.len().max(system.len()), "bytes in an identifier", TEXT_BYTES));
    }
    Ok(ReferenceTarget::Identifier { kind: kind.to_owned().into(), system: system.to_owned(), value: value.trim().to_owned() })
}

/// Type and id of `Practitioner/1`, `https://server/fhir/Practitioner/1` and `Practitioner/1/_history/2`.
pub(crate) fn type_and_id(text: &str) -> Option<(&str, &str)> {
    let text = text.split_once("/_history/").map_or(text, |(current, _)| current);
    let (before, id) = text.rsplit_once('/')?;
    let kind = before.rsplit('/').next().unwrap_or(before);
    (is_type(kind) && is_id(id)).then_some((kind, id))
}

/// The server of an absolute URL of a resource, without its scheme: `server/fhir` of `https://server/fhir/Practitioner/1`.
pub(crate) fn server_of(url: &str) -> Option<String> {
    let (kind, id) = type_and_id(url)?;
    let (scheme, path) = url.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let current = path.split_once("/_history/").map_or(path, |(current, _)| current);
    let server = current.strip_suffix(id)?.strip_suffix('/')?.strip_suffix(kind)?.strip_suffix('/')?;
    web.then(|| server.to_owned())
}

/// Whether this text has the form of a resource type's name.
pub(crate) fn is_type(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len()) && bytes[0].is_ascii_uppercase() && bytes.iter().all(u8::is_ascii_alphabetic)
}

/// Whether this can be a resource's id: 1 to 200 characters without white space. FHIR allows fewer; senders do not keep to it.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#'))
}

pub(crate) fn kind_of<'f>(found: &'f ReferenceTarget<'_, '_>) -> &'f str {
    match found {
        ReferenceTarget::Resource { kind, .. } => kind,
        ReferenceTarget::Identifier { kind, .. } => kind,
        ReferenceTarget::Elsewhere { kind, .. } => kind,
    }
}

/// Decodes escapes such as `%7C`; other text does not change.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_ids_are_found_in_every_form_of_reference() {
        for (text, expected) in [
            ("Practitioner/1", Some(("Practitioner", "1"))),
            ("https://server/fhir/R4/Practitioner/a-1.b", Some(("Practitioner", "a-1.b"))),
            ("Practitioner/1/_history/2", Some(("Practitioner", "1"))),
            ("practitioner/1", None),
            ("Practitioner/", None),
            ("Practitioner", None),
            ("Dr Who", None),
        ] {
            assert_eq!(type_and_id(text), expected, "{text}");
        }
    }

    #[test]
    fn the_server_of_a_url_has_no_scheme() {
        for (url, server) in [
            ("https://server/fhir/R4/Practitioner/a-1.b", Some("server/fhir/R4")),
            ("http://server/Practitioner/1/_history/2", Some("server")),
            ("Practitioner/1", None),
            ("urn:uuid:0c3f", None),
            ("ftp://server/Practitioner/1", None),
        ] {
            assert_eq!(server_of(url).as_deref(), server, "{url}");
        }
    }

    #[test]
    fn a_name_is_found_on_its_server_and_the_first_of_equals_counts() {
        let mut places = NamedPlaces::default();
        for (place, server) in [Some("a"), None, Some("b"), Some("a"), None].into_iter().enumerate() {
            places.add(place, server);
        }
        let found = [(Some("a"), false), (Some("b"), false), (Some("c"), false), (None, false)];
        // Place 1 has no server, so it is on b and c, too, and comes before the place of b.
        assert_eq!(found.map(|(server, strict)| places.on(server, strict)), [Some(0), Some(1), Some(1), Some(0)]);
        let strict = [Some("a"), Some("b"), Some("c"), None].map(|server| places.on(server, true));
        assert_eq!(strict, [Some(0), Some(2), None, None]);
    }

    #[test]
    fn conditional_references_may_be_percent_encoded() {
        for text in ["Practitioner?identifier=http://x|7", "Practitioner?active=true&identifier=http%3A%2F%2Fx%7C7"] {
            let (kind, query) = text.split_once('?').unwrap();
            match conditional("f", text, kind, query).unwrap() {
                ReferenceTarget::Identifier { kind, system, value } => {
                    assert_eq!((&*kind, &*system, &*value), ("Practitioner", "http://x", "7"))
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(conditional("f", "", "Practitioner", "name=x").is_err());
        assert!(conditional("f", "", "Practitioner", "identifier=x|").is_err());
    }
}
