//! The directory with entries of the operator and of feeds, withdrawals, and names in several spellings.

use proptest::prelude::*;
use scorecard::data_kind::DataKind;
use scorecard::registry::directory::{Directory, LAST_DAY, RoleOnDay, civil_day};
use scorecard::registry::entry::{Entry, EntrySource, Person};
use scorecard::time::calendar::{Day, Month};

/// A directory of lines such as `operator {...}`, `f {...}` for the feed f, and `{...}` for an entry without an author.
fn directory(lines: &[&str]) -> Directory {
    let mut directory = Directory::default();
    lines.iter().for_each(|line| directory.apply(&entry(line)));
    directory
}

fn entry(line: &str) -> Entry {
    let (author, text) = line.split_at(line.find('{').expect("an object"));
    let entry: Entry = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match author.trim() {
        "" => entry,
        "operator" => entry.stated_by(EntrySource::Operator),
        feed => entry.stated_by(EntrySource::Feed(feed.to_owned())),
    }
}

fn day(text: &str) -> Day {
    civil_day(text).expect("a date")
}

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

#[test]
fn the_operators_entries_win_over_those_of_feeds_whatever_the_order() {
    let lines = [
        r#"operator {"type":"person","id":"p1","aliases":["gmc|7000001"]}"#,
        r#"operator {"type":"role","person":"p1","practice":"A81001","role":"gp"}"#,
        r#"operator {"type":"organisation","code":"A81001","kind":"practice","parent":"U1"}"#,
        r#"operator {"type":"organisation","code":"U1","kind":"pcn"}"#,
        r#"operator {"type":"organisation","code":"A81001","kind":"practice","aliases":["f|Organization/1"]}"#,
        r#"f {"type":"person","id":"thief","aliases":["gmc|7000001","f|Practitioner/1"]}"#,
        r#"f {"type":"role","person":"p1","practice":"A81001","role":"nurse"}"#,
        r#"f {"type":"organisation","code":"A81001","kind":"practice","parent":"U9"}"#,
        r#"f {"type":"organisation","code":"B82002","kind":"practice","aliases":["f|Organization/1"]}"#,
    ];
    let mut reversed: Vec<&str> = lines.iter().rev().copied().collect();
    // Among the operator's own entries the order counts.
    reversed.sort_by_key(|line| line.starts_with("operator"));
    for lines in [&lines[..], &reversed] {
        let d = directory(lines);
        assert_eq!(d.person_of("gmc|7000001", LAST_DAY), "p1");
        assert_eq!(d.person_of("f|Practitioner/1", LAST_DAY), "thief");
        assert_eq!(d.role_at("p1", "A81001", LAST_DAY).role, "gp");
        assert_eq!(d.chain("A81001", LAST_DAY).pcn, Some("U1"));
        assert_eq!(d.practice_of("f|Organization/1", LAST_DAY), "A81001");
    }
}

#[test]
fn only_the_operator_declares_what_a_feed_sends_and_the_last_declaration_counts() {
    let d = directory(&[
        r#"operator {"type":"sends","feed":"a","sends":["costs"]}"#,
        r#"operator {"type":"sends","feed":"a","sends":["attendance","referrals"]}"#,
        r#"a {"type":"sends","feed":"a","sends":["feedback"]}"#,
        r#"b {"type":"sends","feed":"b","sends":["feedback"]}"#,
    ]);
    let words = |feed: &str| d.sends(feed).map(|sends| sends.kinds().map(DataKind::word).collect::<Vec<_>>());
    assert_eq!(words("a"), Some(vec!["attendance", "referrals"]));
    assert_eq!(words("b"), None);
}

#[test]
fn an_entry_without_an_author_ranks_with_those_of_feeds() {
    let old = r#"{"type":"person","id":"wrong","aliases":["f|Practitioner/1"]}"#;
    let corrected = r#"f {"type":"person","id":"gmc|7000001","aliases":["f|Practitioner/1"]}"#;
    assert_eq!(directory(&[old, corrected]).person_of("f|Practitioner/1", LAST_DAY), "gmc|7000001");
    let operators = r#"operator {"type":"person","id":"p1","aliases":["f|Practitioner/1"]}"#;
    assert_eq!(directory(&[operators, old]).person_of("f|Practitioner/1", LAST_DAY), "p1");
}

#[test]
fn an_alias_moves_back_to_an_earlier_owner() {
    let (one, two) =
        (r#"operator {"type":"person","id":"p1","aliases":["a"]}"#, r#"operator {"type":"person","id":"p2","aliases":["a"]}"#);
    assert_eq!(directory(&[one, two]).person_of("a", LAST_DAY), "p2");
    assert_eq!(directory(&[one, two, one]).person_of("a", LAST_DAY), "p1");
}

#[test]
fn an_added_until_ends_an_open_role_and_no_later_term() {
    let open = r#"operator {"type":"role","person":"p1","practice":"A1","role":"gp"}"#;
    let ended = r#"operator {"type":"role","person":"p1","practice":"A1","role":"gp","from":"2020-01-01","until":"2026-08-31"}"#;
    let again = r#"operator {"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-11-01"}"#;
    let role = |lines: &[&str], on: &str| directory(lines).role_at("p1", "A1", day(on)).role.to_owned();
    assert_eq!(role(&[open, ended], "2026-08-31"), "gp");
    assert_eq!(role(&[open, ended], "2026-09-01"), "unknown");
    assert_eq!(role(&[again, ended], "2026-11-01"), "gp", "an end before a term begins does not end it");
    assert_eq!(role(&[ended, open], "2026-09-01"), "gp", "a later open entry opens the role again");
    let feeds = open.replace("operator", "f");
    assert_eq!(role(&[ended, &feeds], "2026-09-01"), "unknown", "a feed cannot open what the operator ended");
    let ended_by_feed = ended.replace("operator", "f");
    assert_eq!(role(&[&feeds, &ended_by_feed], "2026-09-01"), "gp", "a feed sends an earlier term after the current one");
    let same_begin = ended_by_feed.replace(r#""from":"2020-01-01","#, "");
    assert_eq!(role(&[&feeds, &same_begin], "2026-09-01"), "unknown", "a feed ends the term that it sent before");
}

#[test]
fn a_withdrawn_alias_belongs_to_nobody_from_its_day_on_and_again_after_a_new_entry() {
    let claim = r#"operator {"type":"person","id":"p1","aliases":["f|Practitioner/1"]}"#;
    let gone =
        r#"operator {"type":"withdrawal","withdraws":"alias","person":"p1","alias":"f|Practitioner/1","from":"2026-06-01"}"#;
    let d = directory(&[claim, gone]);
    assert_eq!(d.person_of("f|Practitioner/1", day("2026-05-31")), "p1");
    assert_eq!(d.person_of("f|Practitioner/1", day("2026-06-01")), "f|Practitioner/1");
    assert_eq!(directory(&[claim, gone, claim]).person_of("f|Practitioner/1", day("2026-06-01")), "p1");
    let wholly = gone.replace(r#","from":"2026-06-01""#, "");
    assert_eq!(directory(&[claim, &wholly]).person_of("f|Practitioner/1", day("2000-01-01")), "f|Practitioner/1");
}

#[test]
fn a_withdrawal_of_the_operator_holds_against_later_entries_of_a_feed() {
    let forged = r#"f {"type":"person","id":"thief","aliases":["gmc|7000001"]}"#;
    let gone = r#"operator {"type":"withdrawal","withdraws":"alias","alias":"gmc|7000001"}"#;
    assert_eq!(directory(&[forged, gone, forged]).person_of("gmc|7000001", LAST_DAY), "gmc|7000001");
    let of_feed = gone.replace("operator", "f");
    assert_eq!(directory(&[forged, &of_feed]).person_of("gmc|7000001", LAST_DAY), "thief", "a feed withdraws nothing");
}

#[test]
fn an_alias_moves_to_another_person_from_a_day_on() {
    let d = directory(&[
        r#"operator {"type":"person","id":"new","aliases":["f|Practitioner/1"]}"#,
        r#"operator {"type":"person","id":"old","aliases":["f|Practitioner/1"]}"#,
        r#"operator {"type":"withdrawal","withdraws":"alias","person":"old","alias":"f|Practitioner/1","from":"2026-06-15"}"#,
    ]);
    let owners = d.row_owners("f|Practitioner/1", "A81001");
    let found: Vec<_> = owners.iter().map(|owner| (owner.first, owner.last, &*owner.person)).collect();
    // The last day of a month decides the month.
    assert_eq!(found, [(Month::EARLIEST, month("2026-05"), "old"), (month("2026-06"), Month(i32::MAX), "new")]);
}

#[test]
fn roles_organisations_and_leads_can_be_withdrawn() {
    let role = r#"f {"type":"role","person":"p1","practice":"A81001","role":"nurse"}"#;
    let gone = r#"operator {"type":"withdrawal","withdraws":"role","person":"p1","practice":"a81001","role":"Nurse","from":"2026-06-01"}"#;
    let d = directory(&[role, gone, role]);
    assert_eq!(
        (d.role_at("p1", "A81001", day("2026-05-31")).role, d.role_at("p1", "A81001", day("2026-06-01")).role),
        ("nurse", "unknown")
    );

    let closed = r#"f {"type":"organisation","code":"A81001","kind":"practice","parent":"U1","open_until":"2020-12-31"}"#;
    let gone = r#"operator {"type":"withdrawal","withdraws":"organisation","code":"A81001"}"#;
    let pcn = r#"operator {"type":"organisation","code":"U1","kind":"pcn"}"#;
    let right = r#"operator {"type":"organisation","code":"A81001","kind":"practice","parent":"U1"}"#;
    assert!(!directory(&[closed]).in_scope("A81001", LAST_DAY));
    assert!(directory(&[closed, gone]).in_scope("A81001", LAST_DAY), "as without an entry");
    assert_eq!(directory(&[pcn, closed, gone]).chain("A81001", LAST_DAY).pcn, None);
    assert_eq!(directory(&[pcn, closed, gone, right]).chain("A81001", LAST_DAY).pcn, Some("U1"));

    let lead = r#"operator {"type":"lead","person":"p1","practice":"A81001","from":"2026-01-01"}"#;
    let gone = r#"operator {"type":"withdrawal","withdraws":"lead","person":"p1","practice":"A81001","from":"2026-07-01"}"#;
    assert!(directory(&[lead, gone]).is_lead("p1", "A81001", day("2026-06-30")));
    assert!(!directory(&[lead, gone]).is_lead("p1", "A81001", day("2026-07-01")));
    assert!(directory(&[lead, gone, lead]).is_lead("p1", "A81001", day("2026-07-01")));
}

#[test]
fn only_the_operator_names_a_lead_and_a_lead_changes_no_role() {
    let lead = r#"operator {"type":"lead","person":"gmc|7000001","practice":"f|Organization/1","until":"2026-12-31"}"#;
    let person = r#"operator {"type":"person","id":"p1","aliases":["gmc|7000001"]}"#;
    let practice = r#"operator {"type":"organisation","code":"A81001","kind":"practice","aliases":["f|Organization/1"]}"#;
    let d = directory(&[lead, person, practice]);
    assert_eq!(d.leads_at("A81001", day("2026-12-31")).into_iter().collect::<Vec<_>>(), ["p1"]);
    assert_eq!(d.leads_at("A81001", day("2027-01-01")).len(), 0);
    assert_eq!(d.role_at("p1", "A81001", day("2026-12-31")), RoleOnDay { role: "unknown", locum: false });
    for author in ["f ", ""] {
        let of_other = lead.replace("operator ", author);
        assert_eq!(directory(&[&of_other, person, practice]).leads_at("A81001", day("2026-12-31")).len(), 0);
    }
}

#[test]
fn the_first_rule_of_a_feed_counts() {
    let d = directory(&[
        r#"f {"type":"feed","feed":"f","ids":"kind","versioning":"updated"}"#,
        r#"operator {"type":"feed","feed":"f","ids":"feed","versioning":"id"}"#,
    ]);
    assert_eq!(d.feed("f").map(|rule| (rule.ids, rule.versioning)), serde_json::from_str(r#"["kind","updated"]"#).ok());
    assert_eq!(d.feed("g"), None);
}

#[test]
fn a_reference_leads_to_its_practice_through_roles_and_organisations() {
    let d = directory(&[
        r#"f {"type":"organisation","code":"f|Organization/1","kind":"practice","parent":"f|Organization/2"}"#,
        r#"f {"type":"organisation","code":"f|Organization/1","kind":"practice","aliases":["f|PractitionerRole/r1"]}"#,
        r#"operator {"type":"organisation","code":"a81001","kind":"practice","aliases":["f|Organization/1"]}"#,
        r#"operator {"type":"organisation","code":"U10001","kind":"pcn","aliases":["f|Organization/2"]}"#,
        r#"f {"type":"role","person":"gmc|C7000001","practice":"f|Organization/1","role":"GP"}"#,
    ]);
    for reference in ["f|PractitionerRole/r1", "f|Organization/1", " a81001"] {
        assert_eq!(d.practice_of(reference, LAST_DAY), "A81001", "{reference}");
    }
    assert_eq!(d.chain("A81001", LAST_DAY).pcn, Some("U10001"), "the details of an alias are the organisation's");
    assert_eq!(d.role_at("gmc|7000001", "A81001", LAST_DAY).role, "gp");
    assert_eq!(d.practice_of("g|Organization/1", LAST_DAY), "g|Organization/1");
}

#[test]
fn spellings_of_old_and_new_events_are_one_person_also_without_a_registry() {
    let d = Directory::default();
    for old in ["GMC|C7012345", "gmc| 7012345", "https://fhir.hl7.org.uk/Id/gmc-number|7012345"] {
        assert_eq!(d.person_of(old, LAST_DAY), "gmc|7012345");
        assert_eq!(d.row_owners(old, "a81001")[0].practice, "A81001");
    }
}

#[test]
fn an_unknown_setting_of_an_old_entry_does_not_remove_a_practice_from_the_comparison() {
    let of = |setting: &str| format!(r#"{{"type":"organisation","code":"A1","kind":"practice","setting":"{setting}"}}"#);
    for (setting, compared) in [("gp", true), ("4", true), ("surgery", true), ("prison", false), ("25", false)] {
        assert_eq!(directory(&[&of(setting)]).in_scope("A1", LAST_DAY), compared, "{setting}");
    }
}

/// Chains of 40,000 persons, each claimed by the next. A quadratic resolution takes minutes.
#[test]
fn forty_thousand_chained_persons_resolve_to_the_last_one() {
    let count = 40_000;
    let mut d = Directory::default();
    for n in 0..count {
        let person = Person { id: format!("x|{}", n + 1), aliases: vec![format!("x|{n}")], ..Person::default() };
        d.apply(&Entry::Person(person));
    }
    let root = format!("x|{count}");
    assert!((0..count).all(|n| d.person_of(&format!("x|{n}"), LAST_DAY) == root));
}

/// Entries whose order counts only within one author: several matters of three persons and two practices.
fn any_entry() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["p1", "p2", "p3", "gmc|1", "f|Practitioner/1"]);
    let place = prop::sample::select(vec!["A1", "A2", "f|Organization/1"]);
    let role = prop::sample::select(vec!["gp", "nurse"]);
    let from = prop::sample::select(vec!["", r#","from":"2026-03-01""#, r#","from":"2026-06-01""#]);
    let until = prop::sample::select(vec!["", r#","until":"2026-07-31""#]);
    prop_oneof![
        (name.clone(), name.clone()).prop_map(|(id, alias)| format!(r#"{{"type":"person","id":"{id}","aliases":["{alias}"]}}"#)),
        (name.clone(), place.clone(), role, from.clone(), until).prop_map(|(person, practice, role, from, until)| format!(
            r#"{{"type":"role","person":"{person}","practice":"{practice}","role":"{role}"{from}{until}}}"#
        )),
        (place.clone(), place.clone()).prop_map(|(code, alias)| format!(
            r#"{{"type":"organisation","code":"{code}","kind":"practice","parent":"U1","aliases":["{alias}"]}}"#
        )),
        (name.clone(), name.clone(), from.clone()).prop_map(|(person, alias, from)| format!(
            r#"{{"type":"withdrawal","withdraws":"alias","person":"{person}","alias":"{alias}"{from}}}"#
        )),
        (name, place, from).prop_map(|(person, practice, from)| format!(
            r#"{{"type":"withdrawal","withdraws":"role","person":"{person}","practice":"{practice}"{from}}}"#
        )),
    ]
}

/// Everything that a directory says about the names of [`any_entry`].
fn answers(d: &Directory) -> Vec<String> {
    let mut answers = Vec::new();
    for on in ["2026-02-28", "2026-03-01", "2026-06-01", "2026-08-01"] {
        let on = day(on);
        for name in ["p1", "p2", "p3", "gmc|1", "f|Practitioner/1"] {
            let person = d.person_of(name, on);
            answers.push(format!("{name} {person}"));
            assert_eq!(d.person_of(&person, on), person, "a person is their own person");
            for place in ["A1", "A2", "f|Organization/1"] {
                let practice = d.practice_of(place, on);
                assert_eq!(d.practice_of(&practice, on), practice);
                answers.push(format!("{place} {practice} {:?} {:?}", d.role_at(&person, &practice, on), d.chain(&practice, on)));
            }
        }
    }
    answers
}

proptest! {
    #[test]
    fn entries_of_the_operator_and_of_feeds_have_the_same_effect_in_any_interleaving(
        operators in prop::collection::vec(any_entry(), 0..8),
        feeds in prop::collection::vec(any_entry(), 0..8),
        choices in prop::collection::vec(any::<bool>(), 16),
    ) {
        let operators: Vec<String> = operators.iter().map(|text| format!("operator {text}")).collect();
        let feeds: Vec<String> = feeds.iter().map(|text| format!("f {text}")).collect();
        let mut mixed: Vec<&str> = Vec::new();
        let (mut left, mut right) = (operators.iter(), feeds.iter());
        for choice in choices {
            mixed.extend(if choice { left.next() } else { right.next() }.map(String::as_str));
        }
        mixed.extend(left.chain(right).map(String::as_str));
        let apart: Vec<&str> = operators.iter().chain(&feeds).map(String::as_str).collect();
        prop_assert_eq!(answers(&directory(&mixed)), answers(&directory(&apart)));
    }

    #[test]
    fn a_repeated_last_entry_changes_nothing(entries in prop::collection::vec(any_entry(), 1..10)) {
        let lines: Vec<String> = entries.iter().map(|text| format!("operator {text}")).collect();
        let once: Vec<&str> = lines.iter().map(String::as_str).collect();
        let twice: Vec<&str> = once.iter().copied().chain(once.last().copied()).collect();
        prop_assert_eq!(answers(&directory(&once)), answers(&directory(&twice)));
    }

    #[test]
    fn what_is_withdrawn_and_stated_again_is_as_it_was(entries in prop::collection::vec(any_entry(), 0..8)) {
        let claim = r#"operator {"type":"person","id":"p1","aliases":["gmc|1"]}"#;
        let gone = r#"operator {"type":"withdrawal","withdraws":"alias","person":"p1","alias":"gmc|1"}"#;
        let feeds: Vec<String> = entries.iter().map(|text| format!("f {text}")).collect();
        let with = |last: &[&'static str]| {
            let lines: Vec<&str> = feeds.iter().map(String::as_str).chain(last.iter().copied()).collect();
            answers(&directory(&lines))
        };
        prop_assert_eq!(with(&[claim, gone, claim]), with(&[claim]));
        let without_claims: Vec<String> = with(&[gone]);
        prop_assert_eq!(with(&[claim, gone]), without_claims);
    }
}
