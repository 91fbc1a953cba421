//! Checks that the entries of a registry file are consistent: dates, aliases, references, and entries that overlap.

use std::collections::BTreeMap;

use crate::data_kind::DataKind;
use crate::registry::day_span::civil_day;
use crate::registry::defined_names::{DefinedNames, LocatedEntry};
use crate::registry::earlier_entries::EarlierEntries;
use crate::registry::entry::{Entry, FeedRule, FeedSends, RegistryMistake, Withdrawal, WithdrawnKind};
use crate::registry::identifier::{organisation_key, person_key};
use crate::registry::organisation_mistakes::organisation_mistakes;
use crate::registry::person_details::PersonDetails;
use crate::registry::person_mistakes::{alias_mistakes, place_mistakes, second_role, unknown_role};

/// All inconsistencies, in no particular order.
pub(crate) fn check(entries: &[LocatedEntry]) -> Vec<RegistryMistake> {
    let names = DefinedNames::of(entries);
    let (mut mistakes, mut earlier) = (Vec::new(), EarlierEntries::default());
    for (line, entry) in entries {
        let texts = entry_mistakes(&names, &earlier, entry);
        mistakes.extend(texts.into_iter().map(|text| RegistryMistake { line: *line, text }));
        earlier.add(&names, *line, entry);
    }
    mistakes.extend(case_twins(entries));
    mistakes
}

/// Ids of persons and codes of organisations that differ in case only, where both are used as they are written.
fn case_twins(entries: &[LocatedEntry]) -> Vec<RegistryMistake> {
    let mut first: BTreeMap<(&str, String), (&str, usize)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (line, entry) in entries {
        let (kind, id, key) = match entry {
            Entry::Person(person) => ("person", person.id.as_str(), person_key(&person.id)),
            Entry::Organisation(one) => ("organisation", one.code.as_str(), organisation_key(&one.code)),
            _ => continue,
        };
        let (other, of) = *first.entry((kind, key.to_lowercase())).or_insert((id, *line));
        let other_key = if kind == "person" { person_key(other) } else { organisation_key(other) };
        if other_key != key {
            let text = format!("{kind} {id:?} differs from {other:?} (line {of}) in case only; write one of them in both places");
            mistakes.push(RegistryMistake { line: *line, text });
        }
    }
    mistakes
}

fn entry_mistakes(names: &DefinedNames<'_>, earlier: &EarlierEntries<'_>, entry: &Entry) -> Vec<String> {
    match entry {
        Entry::Person(person) => alias_mistakes(names, person),
        Entry::Role(role) => {
            let mut wrong = dates("role", ["from", "until"], role.from.as_deref(), role.until.as_deref());
            wrong.extend(place_mistakes(names, "role", &role.person, &role.practice));
            wrong.extend(unknown_role(role));
            wrong.extend(second_role(names, earlier, role));
            wrong
        }
        Entry::Lead(lead) => {
            let mut wrong = dates("lead", ["from", "until"], lead.from.as_deref(), lead.until.as_deref());
            wrong.extend(place_mistakes(names, "lead", &lead.person, &lead.practice));
            wrong
        }
        Entry::Organisation(one) => {
            let mut wrong =
                dates("organisation", ["open_from", "open_until"], one.open_from.as_deref(), one.open_until.as_deref());
            wrong.extend(organisation_mistakes(names, earlier, one));
            wrong
        }
        Entry::Withdrawal(withdrawal) => withdrawal_mistakes(withdrawal),
        Entry::Feed(rule) => second_rule(earlier, rule).into_iter().collect(),
        Entry::Sends(one) => unknown_kinds(one),
        // No registry file can state a fence: it has a place in the log.
        Entry::Fence(_) => Vec::new(),
    }
}

/// The fields that a withdrawal lacks, those that it must not have, and a wrong date.
fn withdrawal_mistakes(withdrawal: &Withdrawal) -> Vec<String> {
    let Withdrawal { withdraws, person, alias, practice, role, code, from, source: _ } = withdrawal;
    let fields = [("person", person), ("alias", alias), ("practice", practice), ("role", role), ("code", code)];
    let (what, needed, allowed): (&str, &[&str], &[&str]) = match (withdraws, code) {
        (WithdrawnKind::Alias, None) => ("an alias", &["alias"], &["person"]),
        (WithdrawnKind::Alias, Some(_)) => ("an organisation's alias", &["alias", "code"], &[]),
        (WithdrawnKind::Role, _) => ("a role", &["person", "practice"], &["role"]),
        (WithdrawnKind::Lead, _) => ("a lead", &["person", "practice"], &[]),
        (WithdrawnKind::Organisation, _) => ("an organisation", &["code"], &[]),
    };
    let mut wrong = dates("withdrawal", ["from", "until"], from.as_deref(), None);
    for (name, value) in fields {
        match value {
            None if needed.contains(&name) => wrong.push(format!("withdrawal of {what} has no {name}; add it")),
            Some(_) if !needed.contains(&name) && !allowed.contains(&name) => {
                wrong.push(format!("withdrawal of {what} has no use for {name}; remove it"));
            }
            _ => {}
        }
    }
    wrong
}

/// Words of a declaration that are no kind of data.
fn unknown_kinds(one: &FeedSends) -> Vec<String> {
    let unknown = one.sends.iter().filter(|word| DataKind::of_word(word).is_none());
    let known = DataKind::ALL.map(DataKind::word).join(", ");
    unknown.map(|word| format!("sends of feed {:?} has {word:?}, which is no kind of data; use {known}", one.feed)).collect()
}

fn second_rule(earlier: &EarlierEntries<'_>, rule: &FeedRule) -> Option<String> {
    let line = earlier.feed(rule)?;
    Some(format!("feed {:?} is already on line {line}; delete one, because only the first counts", rule.feed))
}

/// Logins of two persons, and addresses that are none.
pub(crate) fn check_people(people: &[(usize, PersonDetails)]) -> Vec<RegistryMistake> {
    let mut logins: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (line, one) in people {
        let mut wrong = |text: String| mistakes.push(RegistryMistake { line: *line, text });
        if let Some(login) = one.login.as_deref() {
            let (owner, first) = *logins.entry(login).or_insert((&one.person, *line));
            if owner != one.person {
                wrong(format!("login of person {:?} is also that of {owner:?} (line {first}); give each their own", one.person));
            }
        }
        if one.email.as_deref().is_some_and(|email| !email.contains('@')) {
            wrong(format!("email of person {:?} has no @; write an address such as lee@example.org", one.person));
        }
    }
    mistakes
}

fn dates(kind: &str, names: [&str; 2], from: Option<&str>, until: Option<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in names.into_iter().zip([from, until]) {
        if let Some(text) = text.filter(|text| civil_day(text).is_none()) {
            wrong.push(format!("{kind}.{name} {text:?} is not a date; write it as 2026-10-05"));
        }
    }
    let days = from.and_then(civil_day).zip(until.and_then(civil_day));
    if let (Some((first, last)), Some(from), Some(until)) = (days, from, until)
        && last < first
    {
        wrong.push(format!("{kind}.{} {until} is before {} {from}; swap them or remove one", names[1], names[0]));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(lines: &[&str]) -> Vec<String> {
        let entries: Vec<LocatedEntry> = (1..).zip(lines.iter().map(|line| serde_json::from_str(line).unwrap())).collect();
        let mut mistakes = check(&entries);
        mistakes.sort();
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_declared_kind_that_does_not_exist_is_named_with_those_that_do() {
        let found = mistakes(&[r#"{"type":"sends","feed":"a","sends":["attendance","cost"]}"#]);
        let kinds = "attendance, booking, costs, feedback, imaging, minutes, prescriptions, quantities, referrals, tests";
        assert_eq!(found, [format!("line 1: sends of feed \"a\" has \"cost\", which is no kind of data; use {kinds}")]);
    }

    #[test]
    fn an_alias_of_two_persons_names_both() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p1","aliases":["gmc|1","p1"]}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
            r#"{"type":"person","id":"p3","aliases":["p2"]}"#,
            r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 2: alias \"gmc|1\" of person \"p2\" also belongs to person \"p1\" (line 1); remove it from one of them",
                "line 3: alias \"p2\" of person \"p3\" also belongs to person \"p2\" (line 2); remove it from one of them",
            ]
        );
    }

    #[test]
    fn an_unknown_role_is_a_mistake_with_the_nearest_word() {
        let role = |word: &str| format!(r#"{{"type":"role","person":"p1","practice":"A1","role":"{word}"}}"#);
        let (near, far, known) = (role("nusre"), role("astronaut"), role("Physician_Associate"));
        let person = r#"{"type":"person","id":"p1"}"#;
        let practice = r#"{"type":"organisation","code":"A1","kind":"practice"}"#;
        let found = mistakes(&[person, practice, &near]);
        assert_eq!(found, ["line 3: role.role \"nusre\" of \"p1\" is not a role; did you mean \"nurse\"?"]);
        let found = mistakes(&[person, practice, &far]);
        assert!(found[0].starts_with("line 3: role.role \"astronaut\" of \"p1\" is not a role; write one of gp, "), "{found:?}");
        assert_eq!(mistakes(&[person, practice, &known]), [""; 0]);
    }

    #[test]
    fn one_number_twice_in_a_person_and_ids_that_differ_in_case_are_named() {
        let found = mistakes(&[
            r#"{"type":"person","id":"Dr-Lee","aliases":["gmc|7000001","gmp|G7000001","gmc|7000001"]}"#,
            r#"{"type":"person","id":"dr-lee"}"#,
            r#"{"type":"organisation","code":"riverside","kind":"practice"}"#,
            r#"{"type":"organisation","code":"Riverside","kind":"practice","parent":"riverside"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 1: alias \"gmc|7000001\" of person \"Dr-Lee\" is the same number as alias \"gmc|7000001\"; remove one of them",
                "line 2: person \"dr-lee\" differs from \"Dr-Lee\" (line 1) in case only; write one of them in both places",
                "line 4: organisation \"Riverside\" differs from \"riverside\" (line 3) in case only; write one of them in both places",
                "line 4: parent \"riverside\" of \"Riverside\" is a practice; a practice belongs to a PCN or a locality: write its code, \
                 or remove `parent`",
            ]
        );
    }

    #[test]
    fn roles_need_a_person_and_a_practice_of_the_file() {
        let found = mistakes(&[
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp"}"#,
            r#"{"type":"role","person":"gmc|1","practice":"P1","role":"gp"}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 1: role.person \"p1\" is not in the file; add a person with this id",
                "line 1: role.practice \"A1\" is not in the file; add an organisation with this code",
                "line 2: role.practice \"P1\" is not a practice; write the code of a practice",
            ]
        );
    }

    #[test]
    fn dates_are_dates_and_ends_come_after_beginnings() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p1"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-02-30","until":"1 March"}"#,
            r#"{"type":"organisation","code":"A1","kind":"practice","open_from":"2026-02-02","open_until":"2026-02-01"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 2: role.from \"2026-02-30\" is not a date; write it as 2026-10-05",
                "line 2: role.until \"1 March\" is not a date; write it as 2026-10-05",
                "line 3: organisation.open_until 2026-02-01 is before open_from 2026-02-02; swap them or remove one",
            ]
        );
    }

    #[test]
    fn parents_exist_and_never_lead_back() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A1","kind":"practice","parent":"P1"}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn","parent":"L1"}"#,
            r#"{"type":"organisation","code":"L1","kind":"locality","parent":"P1"}"#,
            r#"{"type":"organisation","code":"A2","kind":"practice","parent":"P9"}"#,
            r#"{"type":"organisation","code":"X1","kind":"pcn","parent":"X1"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 3: \"L1\" is its own parent through P1 > L1; remove one of these parents",
                "line 4: parent \"P9\" of \"A2\" is not in the file; add an organisation with this code",
                "line 5: \"X1\" is its own parent through X1; remove one of these parents",
            ]
        );
    }

    #[test]
    fn one_organisation_is_stated_once_for_the_same_days_in_one_spelling() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A81001","kind":"practice","parent":"U10001"}"#,
            r#"{"type":"organisation","code":"A81001","kind":"practice"}"#,
            r#"{"type":"organisation","code":"a81001","kind":"practice"}"#,
            r#"{"type":"organisation","code":"A81001","kind":"practice","open_from":"2026-04-01"}"#,
            r#"{"type":"organisation","code":"A81001","kind":"practice","aliases":["f|Organization/1"]}"#,
            r#"{"type":"organisation","code":"U10001","kind":"pcn","parent":"A81001"}"#,
            r#"{"type":"organisation","code":"Q70","kind":"locality","parent":"U10001"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 2: organisation \"A81001\" is already on line 1 without `open_from`; delete one, or write another `open_from` \
                 for this one",
                "line 3: code \"a81001\" is another spelling of \"A81001\" (line 1); write \"A81001\" in both",
                "line 4: code \"A81001\" is another spelling of \"a81001\" (line 3); write \"A81001\" in both",
                "line 5: code \"A81001\" is another spelling of \"a81001\" (line 3); write \"A81001\" in both",
                "line 6: parent \"A81001\" of \"U10001\" is a practice; a PCN belongs to a locality: write the code of a locality, or \
                 remove `parent`",
                "line 7: parent \"U10001\" of \"Q70\" is a PCN; a locality belongs to no PCN and no practice: write the code of a \
                 locality, or remove `parent`",
            ]
        );
    }

    #[test]
    fn an_alias_is_written_as_rows_write_it() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p1","aliases":["gmc|7000001"]}"#,
            r#"{"type":"person","id":"p3","aliases":["GMC|","gmc | 7","7000002","https://fhir.hl7.org.uk/Id/gmc-number|7000003"]}"#,
            r#"{"type":"person","id":"p4","aliases":["https://fhir.hl7.org.uk/Id/gmc-number/7","GMC|C7000001","f|Practitioner/1"]}"#,
        ]);
        let form = "write it as system|number, such as \"gmc|7012345\"";
        assert_eq!(
            found,
            [
                format!("line 2: alias \"7000002\" of person \"p3\" is a number without a system; {form}"),
                format!("line 2: alias \"GMC|\" of person \"p3\" has no number; {form}"),
                "line 2: alias \"gmc | 7\" of person \"p3\" is another spelling of \"gmc|7\"; write \"gmc|7\"".to_owned(),
                "line 2: alias \"https://fhir.hl7.org.uk/Id/gmc-number|7000003\" of person \"p3\" is another spelling of \
                 \"gmc|7000003\"; write \"gmc|7000003\""
                    .to_owned(),
                "line 3: alias \"GMC|C7000001\" of person \"p4\" also belongs to person \"p1\" (line 1); remove it from one of them"
                    .to_owned(),
                "line 3: alias \"GMC|C7000001\" of person \"p4\" is another spelling of \"gmc|7000001\"; write \"gmc|7000001\""
                    .to_owned(),
                format!("line 3: alias \"https://fhir.hl7.org.uk/Id/gmc-number/7\" of person \"p4\" is a URI without a number; {form}"),
            ]
        );
    }

    #[test]
    fn two_roles_at_once_name_both_lines() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A1","kind":"practice"}"#,
            r#"{"type":"organisation","code":"A2","kind":"practice"}"#,
            r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-01-01","until":"2026-06-30"}"#,
            r#"{"type":"role","person":"gmc|1","practice":"A1","role":"nurse","from":"2026-03-01"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"GP","from":"2026-02-01","until":"2026-02-20"}"#,
            r#"{"type":"role","person":"p1","practice":"A2","role":"nurse"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 5: role \"nurse\" of \"gmc|1\" at \"A1\" overlaps the role \"gp\" (line 4); write `until` for the one that ends, \
              or delete one"
            ]
        );
    }

    #[test]
    fn an_unknown_setting_is_a_mistake_with_the_nearest_word() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A1","kind":"practice","setting":"prisn"}"#,
            r#"{"type":"organisation","code":"A2","kind":"practice","setting":"surgery in town"}"#,
            r#"{"type":"organisation","code":"A3","kind":"practice","setting":"4"}"#,
        ]);
        assert_eq!(found[0], "line 1: organisation.setting \"prisn\" is not a setting; did you mean \"prison\"?");
        let start =
            "line 2: organisation.setting \"surgery in town\" is not a setting; write an ODS code from 0 to 26, or one of other,";
        assert!(found[1].starts_with(start), "{}", found[1]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn aliases_of_organisations_are_references_of_one_organisation() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A1","kind":"pcn","aliases":["f|Organization/1","Organization/2"]}"#,
            r#"{"type":"organisation","code":"A2","kind":"practice","parent":"f|Organization/1","aliases":["f|Organization/1"]}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 1: alias \"Organization/2\" of organisation \"A1\" has no feed or no id; write it as FEED|Organization/1, as \
                 rows name the practice",
                "line 2: alias \"f|Organization/1\" of organisation \"A2\" also belongs to organisation \"A1\" (line 1); remove it \
                 from one of them",
            ]
        );
    }

    #[test]
    fn leads_feeds_and_withdrawals_have_the_fields_of_their_kind() {
        let found = mistakes(&[
            r#"{"type":"lead","person":"p1","practice":"A1","from":"2026-02-30"}"#,
            r#"{"type":"feed","feed":"f","ids":"kind","versioning":"id"}"#,
            r#"{"type":"feed","feed":"f","ids":"feed","versioning":"id"}"#,
            r#"{"type":"withdrawal","withdraws":"alias","alias":"gmc|1"}"#,
            r#"{"type":"withdrawal","withdraws":"role","person":"p1","code":"A1","from":"June"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 1: lead.from \"2026-02-30\" is not a date; write it as 2026-10-05",
                "line 1: lead.person \"p1\" is not in the file; add a person with this id",
                "line 1: lead.practice \"A1\" is not in the file; add an organisation with this code",
                "line 3: feed \"f\" is already on line 2; delete one, because only the first counts",
                "line 5: withdrawal of a role has no practice; add it",
                "line 5: withdrawal of a role has no use for code; remove it",
                "line 5: withdrawal.from \"June\" is not a date; write it as 2026-10-05",
            ]
        );
    }

    #[test]
    fn an_alias_of_two_persons_is_intended_where_the_file_withdraws_a_claim() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p2","aliases":["f|Practitioner/1"]}"#,
            r#"{"type":"person","id":"p1","aliases":["f|Practitioner/1"]}"#,
            r#"{"type":"withdrawal","withdraws":"alias","person":"p1","alias":"f|Practitioner/1","from":"2026-06-01"}"#,
        ]);
        assert_eq!(found, [""; 0]);
    }
}
