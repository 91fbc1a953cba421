//! References: resolved inside the Bundle or the resource, by a logical or a conditional identifier, else by the feed's own name for
//! the resource.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::record::item::Feed;

use crate::fault::{Fault, Field};
use crate::formats::decoder_config::{Context, Rules};
use crate::formats::fhir::resources::{Identifier, Reference, Target};
use crate::identity::systems::key;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// The resources of one Bundle by their names.
#[derive(Debug, Default)]
pub(crate) struct Index<'b> {
    targets: Vec<BundleResource<'b>>,
    by_name: BTreeMap<String, usize>,
}

/// A resource of a Bundle with its type and id.
#[derive(Debug)]
pub(crate) struct BundleResource<'b> {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) target: Target<'b>,
}

impl<'b> Index<'b> {
    /// Adds a resource under its `Type/id` and its full URL. The first resource with a name keeps it.
    pub(crate) fn add(&mut self, full_url: Option<&str>, named: BundleResource<'b>) {
        let place = self.targets.len();
        let name = format!("{}/{}", named.kind, named.id);
        for name in full_url.map(str::to_owned).into_iter().chain([name]) {
            self.by_name.entry(name).or_insert(place);
        }
        self.targets.push(named);
    }

    fn find(&self, name: &str) -> Option<&BundleResource<'b>> {
        self.by_name.get(name).map(|place| &self.targets[*place])
    }
}

/// The target of a reference.
#[derive(Debug)]
pub(crate) enum ReferenceTarget<'r, 'b> {
    /// A resource in the same Bundle or resource.
    Resource { kind: &'r str, id: Option<&'r str>, target: &'r Target<'b> },
    /// An identifier of a resource of this type.
    Identifier { kind: Cow<'r, str>, system: String, value: String },
    /// A resource elsewhere.
    Elsewhere { kind: String, id: String },
}

/// The surroundings of one resource: the rules, the context, the feed, and the resources that it may refer to.
pub(crate) struct Scope<'s, 'b> {
    pub(crate) rules: &'s Rules,
    pub(crate) context: &'s Context<'s>,
    pub(crate) feed: &'s Arc<Feed>,
    pub(crate) index: &'s Index<'b>,
}

impl<'b> Scope<'_, 'b> {
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
            return Ok(contained_target(contained, id));
        }
        if let Some((kind, query)) = text.split_once('?') {
            return conditional(field, text, kind, query).map(Some);
        }
        if let Some(named) = self.index.find(text) {
            return Ok(Some(resource(named)));
        }
        if let Some(id) = text.strip_prefix("urn:uuid:").or_else(|| text.strip_prefix("urn:oid:")) {
            return Ok(Some(ReferenceTarget::Elsewhere { kind: expected.to_owned(), id: id.to_owned() }));
        }
        let (kind, id) = type_and_id(text).ok_or_else(|| {
            let expected = "a reference such as Practitioner/1, urn:uuid:..., #contained or Practitioner?identifier=system|value";
            Fault::malformed(field, text, expected)
        })?;
        let name = format!("{kind}/{id}");
        Ok(Some(match self.index.find(&name) {
            Some(named) => resource(named),
            None => ReferenceTarget::Elsewhere { kind: kind.to_owned(), id: id.to_owned() },
        }))
    }

    /// System and value of an identifier; `None` without a value.
    pub(crate) fn identifier(&self, field: Field, sent: &Identifier<'_>) -> Result<Option<(String, String)>, Fault> {
        let system = unprotected(field, &sent.system, TEXT_BYTES)?.unwrap_or_default();
        let value = unprotected(field, &sent.value, TEXT_BYTES)?;
        Ok(value.map(|value| (self.rules.systems.short(&system).to_owned(), value.into_owned())))
    }

    /// All identifiers of a resource that have a value.
    pub(crate) fn identifiers(&self, field: Field, list: &List<Node<Identifier<'_>>>) -> Result<Vec<(String, String)>, Fault> {
        list.objects(field)?.into_iter().filter_map(|sent| self.identifier(field, sent).transpose()).collect()
    }

    /// The feed's own name for a resource: `feed|Practitioner/1`.
    pub(crate) fn alias(&self, kind: &str, id: &str) -> String {
        key(&self.feed.name, &self.rules.pseudonyms.protect(format!("{kind}/{id}").into()))
    }

    /// The key of a practitioner, also through a PractitionerRole; `None` for a reference to another type.
    pub(crate) fn clinician(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        let found = match self.follow(field, node, contained, "Practitioner")? {
            Some(ReferenceTarget::Resource { kind: "PractitionerRole", target, .. }) if target.practitioner != Node::Missing => {
                self.follow(field, &target.practitioner, contained, "Practitioner")?
            }
            found => found,
        };
        match found {
            Some(found) if is_practitioner(kind_of(&found)) => self.person(field, &found),
            _ => Ok(None),
        }
    }

    fn person(&self, field: Field, found: &ReferenceTarget<'_, 'b>) -> Result<Option<String>, Fault> {
        Ok(match found {
            ReferenceTarget::Resource { kind, id, target } => {
                let identifiers = self.identifiers(field, &target.identifier)?;
                match self.best(&identifiers) {
                    Some((system, value)) => Some(self.rules.clinician_key(system, value.into())),
                    None => id.map(|id| self.alias(kind, id)),
                }
            }
            ReferenceTarget::Identifier { system, value, .. } => Some(self.rules.clinician_key(system, value.as_str().into())),
            ReferenceTarget::Elsewhere { kind, id } => Some(self.alias(kind, id)),
        })
    }

    /// The identifier that names a person: the best of the preferred systems, else the first.
    pub(crate) fn best<'i>(&self, identifiers: &'i [(String, String)]) -> Option<(&'i str, &'i str)> {
        let preferred = self.rules.preference.iter().find_map(|wanted| identifiers.iter().find(|(system, _)| system == wanted));
        preferred.or_else(|| identifiers.first()).map(|(system, value)| (system.as_str(), value.as_str()))
    }

    /// The code of an organisation; `None` for a reference to another type.
    pub(crate) fn organisation(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        Ok(match self.follow(field, node, contained, "Organization")? {
            Some(found) if kind_of(&found) != "Organization" => None,
            Some(ReferenceTarget::Resource { id, target, .. }) => {
                let identifiers = self.identifiers(field, &target.identifier)?;
                self.organisation_code(&identifiers, id)
            }
            Some(ReferenceTarget::Identifier { system, value, .. }) => Some(self.code_of(&system, value)),
            Some(ReferenceTarget::Elsewhere { kind, id }) => Some(self.alias(&kind, &id)),
            None => None,
        })
    }

    /// An organisation's ODS code, else the value of its first identifier, else the feed's name for it.
    pub(crate) fn organisation_code(&self, identifiers: &[(String, String)], id: Option<&str>) -> Option<String> {
        let ods = identifiers.iter().find(|(system, _)| system == "ods");
        match ods.or_else(|| identifiers.first()) {
            Some((system, value)) => Some(self.code_of(system, value.clone())),
            None => id.map(|id| self.alias("Organization", id)),
        }
    }

    fn code_of(&self, system: &str, value: String) -> String {
        self.rules.pseudonyms.protect_identifier(system, value.into()).into_owned()
    }

    /// The identifier of a patient before it becomes a pseudonym: an NHS number where there is one.
    pub(crate) fn patient(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<scorecard::event::Pseudonym>, Fault> {
        let named = match self.follow(field, node, contained, "Patient")? {
            Some(found) if kind_of(&found) != "Patient" => None,
            Some(ReferenceTarget::Resource { id, target, .. }) => {
                let identifiers = self.identifiers(field, &target.identifier)?;
                match identifiers.into_iter().find(|(system, _)| system == "nhs") {
                    Some((_, number)) => Some(number),
                    None => id.map(|id| key(&self.feed.name, &format!("Patient/{id}"))),
                }
            }
            Some(ReferenceTarget::Identifier { value, .. }) => Some(value),
            // Two feeds may both have a Patient/1.
            Some(ReferenceTarget::Elsewhere { kind, id }) => Some(key(&self.feed.name, &format!("{kind}/{id}"))),
            None => None,
        };
        Ok(named.and_then(|identifier| self.rules.pseudonyms.patient(&identifier)))
    }

    /// The id of the event of another resource of this feed, such as `Encounter/1`. `None` for an identifier: events have no such id.
    pub(crate) fn link(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
        kind: &'static str,
    ) -> Result<Option<String>, Fault> {
        let id = match self.follow(field, node, contained, kind)? {
            Some(ReferenceTarget::Resource { kind: found, id: Some(id), .. }) if found == kind => id.to_owned(),
            Some(ReferenceTarget::Elsewhere { kind: found, id }) if found == kind => id,
            _ => return Ok(None),
        };
        Ok(Some(self.rules.pseudonyms.protect(format!("{kind}/{id}").into()).into_owned()))
    }
}

fn resource<'r, 'b>(named: &'r BundleResource<'b>) -> ReferenceTarget<'r, 'b> {
    ReferenceTarget::Resource { kind: &named.kind, id: Some(&named.id), target: &named.target }
}

fn contained_target<'r, 'b>(contained: &'r List<Node<Target<'b>>>, id: &str) -> Option<ReferenceTarget<'r, 'b>> {
    let List::Items(items) = contained else { return None };
    items.iter().find_map(|node| match node {
        Node::Object(target) if matches!(&target.id, Scalar::Text(text) if text.trim_start_matches('#') == id) => {
            let Scalar::Text(kind) = &target.resource_type else { return None };
            Some(ReferenceTarget::Resource { kind, id: None, target })
        }
        _ => None,
    })
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

/// Whether this text has the form of a resource type's name.
pub(crate) fn is_type(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len()) && bytes[0].is_ascii_uppercase() && bytes.iter().all(u8::is_ascii_alphabetic)
}

/// Whether this can be a resource's id: 1 to 200 characters without white space. FHIR allows fewer; senders do not keep to it.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#'))
}

fn kind_of<'f>(found: &'f ReferenceTarget<'_, '_>) -> &'f str {
    match found {
        ReferenceTarget::Resource { kind, .. } => kind,
        ReferenceTarget::Identifier { kind, .. } => kind,
        ReferenceTarget::Elsewhere { kind, .. } => kind,
    }
}

fn is_practitioner(kind: &str) -> bool {
    matches!(kind, "Practitioner" | "PractitionerRole")
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
