//! The names of a registry file under the rule of intake. A number that contains an NHS number by chance is the same hash in the
//! registry as in events, so that an alias finds its events.

use std::borrow::Cow;

use codec::identity::pseudonym::Pseudonyms;
use codec::identity::systems::identifier_system;
use scorecard::registry::entry::{Entry, Lead, Organisation, Person, Role, Withdrawal};
use scorecard::registry::registry_file::RegistryContent;

/// The same content with every identifier as intake writes it.
#[must_use]
pub fn protected(mut content: RegistryContent, pseudonyms: &Pseudonyms) -> RegistryContent {
    content.entries.iter_mut().flat_map(names).for_each(|name| protect(name, pseudonyms));
    content.people.iter_mut().for_each(|person| protect(&mut person.person, pseudonyms));
    content
}

/// The identifiers of persons and organisations in an entry.
fn names(entry: &mut Entry) -> Vec<&mut String> {
    match entry {
        Entry::Person(Person { id, aliases, .. }) => aliases.iter_mut().chain([id]).collect(),
        Entry::Role(Role { person, practice, aliases, .. }) => aliases.iter_mut().chain([person, practice]).collect(),
        Entry::Lead(Lead { person, practice, .. }) => vec![person, practice],
        Entry::Organisation(Organisation { code, parent, aliases, .. }) => {
            aliases.iter_mut().chain(parent).chain([code]).collect()
        }
        Entry::Withdrawal(Withdrawal { person, alias, practice, code, .. }) => {
            [person, alias, practice, code].into_iter().flatten().collect()
        }
        // A fence names the id as the log holds it.
        Entry::Feed(_) | Entry::Sends(_) | Entry::Fence(_) => Vec::new(),
    }
}

fn protect(name: &mut String, pseudonyms: &Pseudonyms) {
    let kept = match name.split_once('|') {
        Some((system, value)) => match pseudonyms.protect_identifier(identifier_system(system), value.into()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(hash) => Some(format!("{system}|{hash}")),
        },
        None => match pseudonyms.protect(name.as_str().into()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(hash) => Some(hash),
        },
    };
    if let Some(hash) = kept {
        *name = hash;
    }
}

#[cfg(test)]
mod tests {
    use codec::identity::keys::Keys;
    use scorecard::registry::registry_file::parse_registry;

    use super::*;

    #[test]
    fn numbers_that_look_like_an_nhs_number_are_those_of_events() {
        let text = r#"{"type":"person","id":"dr-lee","aliases":["local|555254239107","sds|555254239107","gmc|7012345"]}
            {"type":"organisation","code":"9434765919","kind":"practice"}
            {"type":"role","person":"dr-lee","practice":"9434765919","role":"gp"}"#;
        let pseudonyms = Pseudonyms::new(&Keys::fixed());
        let content = protected(parse_registry(text).expect("a valid file"), &pseudonyms);
        let practice = pseudonyms.hashed("9434765919");
        let [Entry::Person(person), Entry::Organisation(organisation), Entry::Role(role)] = &content.entries[..] else {
            panic!("{content:?}")
        };
        assert_eq!(
            person.aliases,
            [format!("local|{}", pseudonyms.hashed("555254239107")), "sds|555254239107".into(), "gmc|7012345".into()]
        );
        assert_eq!((&organisation.code, &role.practice, role.person.as_str()), (&practice, &practice, "dr-lee"));
    }
}
