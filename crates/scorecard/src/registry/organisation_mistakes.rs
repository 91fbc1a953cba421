//! Mistakes of a registry file in organisations.

use crate::edit_distance::nearest;
use crate::registry::defined_names::DefinedNames;
use crate::registry::earlier_entries::EarlierEntries;
use crate::registry::entry::{Organisation, OrganisationKind};
use crate::registry::identifier::organisation_key;
use crate::registry::setting::{SETTINGS, setting_word};

/// The mistakes of an organisation. `earlier` are the entries before it.
pub(crate) fn organisation_mistakes(
    names: &DefinedNames<'_>,
    earlier: &EarlierEntries<'_>,
    organisation: &Organisation,
) -> Vec<String> {
    let mut wrong: Vec<String> = repeated(earlier, organisation).into_iter().collect();
    wrong.extend(unknown_setting(organisation));
    wrong.extend(parent(names, organisation));
    wrong.extend(organisation.aliases.iter().filter_map(|alias| wrong_alias(names, organisation, alias)));
    wrong
}

/// Another entry of the same code with the same first day, or another spelling of the code.
fn repeated(earlier: &EarlierEntries<'_>, organisation: &Organisation) -> Option<String> {
    let code = &organisation.code;
    let key = organisation_key(code);
    let (line, other) = earlier.organisations(code).find(|(_, other)| {
        let replaces = other.open_from == organisation.open_from && other.has_details() && organisation.has_details();
        other.code != *code || replaces
    })?;
    if other.code != *code {
        return Some(format!("code {code:?} is another spelling of {:?} (line {line}); write {key:?} in both", other.code));
    }
    let from = organisation.open_from.as_ref().map_or("without `open_from`".to_owned(), |from| format!("from {from} on"));
    Some(format!("organisation {code:?} is already on line {line} {from}; delete one, or write another `open_from` for this one"))
}

fn unknown_setting(organisation: &Organisation) -> Option<String> {
    let setting = organisation.setting.as_deref().filter(|setting| setting_word(setting).is_none())?;
    let words = SETTINGS.iter().map(|(_, word)| *word);
    Some(match nearest(&setting.trim().to_lowercase(), words.clone()) {
        Some(word) => format!("organisation.setting {setting:?} is not a setting; did you mean {word:?}?"),
        None => {
            let words = words.collect::<Vec<_>>().join(", ");
            format!("organisation.setting {setting:?} is not a setting; write an ODS code from 0 to 26, or one of {words}")
        }
    })
}

fn parent(names: &DefinedNames<'_>, organisation: &Organisation) -> Option<String> {
    let (code, parent) = (&organisation.code, organisation.parent.as_deref()?);
    let Some(kind) = names.kind(parent) else {
        return Some(format!("parent {parent:?} of {code:?} is not in the file; add an organisation with this code"));
    };
    if let Some(circle) = circle(names, organisation) {
        return Some(circle);
    }
    let expected = match (organisation.kind, kind) {
        (OrganisationKind::Practice, OrganisationKind::Pcn) | (_, OrganisationKind::Locality) => return None,
        (OrganisationKind::Practice, OrganisationKind::Practice) => "a practice belongs to a PCN or a locality",
        (OrganisationKind::Pcn, _) => "a PCN belongs to a locality",
        (OrganisationKind::Locality, _) => "a locality belongs to no PCN and no practice",
    };
    let kind = if kind == OrganisationKind::Practice { "a practice" } else { "a PCN" };
    let cure = if organisation.kind == OrganisationKind::Practice { "write its code" } else { "write the code of a locality" };
    Some(format!("parent {parent:?} of {code:?} is {kind}; {expected}: {cure}, or remove `parent`"))
}

/// Reports each circle of parents once: at the last entry of its smallest code.
fn circle(names: &DefinedNames<'_>, organisation: &Organisation) -> Option<String> {
    let start = organisation.code.as_str();
    if !std::ptr::eq(names.last_entry(start)?, organisation) {
        return None;
    }
    let mut above: Vec<&str> = Vec::new();
    let mut code = start;
    while let Some(parent) = names.last_entry(code).and_then(|held| held.parent.as_deref()) {
        if above.contains(&parent) {
            return None;
        }
        above.push(parent);
        if organisation_key(parent) == organisation_key(start) {
            let smallest = above.iter().all(|code| start <= *code);
            return smallest
                .then(|| format!("{start:?} is its own parent through {}; remove one of these parents", above.join(" > ")));
        }
        code = parent;
    }
    None
}

fn wrong_alias(names: &DefinedNames<'_>, organisation: &Organisation, alias: &str) -> Option<String> {
    let code = &organisation.code;
    let key = organisation_key(alias);
    if !alias.split_once('|').is_some_and(|(feed, id)| !feed.trim().is_empty() && !id.trim().is_empty()) {
        let form = "write it as FEED|Organization/1, as rows name the practice";
        return Some(format!("alias {alias:?} of organisation {code:?} has no feed or no id; {form}"));
    }
    let (owner, line) = names.organisation(alias)?;
    let other = organisation_key(owner) != organisation_key(code) && !names.is_withdrawn(&key);
    other.then(|| {
        format!(
            "alias {alias:?} of organisation {code:?} also belongs to organisation {owner:?} (line {line}); remove it from one of them"
        )
    })
}
