//! Attacks: every kind of item with every right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig};
use scorecard::registry::entry::Withdrawal;
use scorecard::time::calendar::Timestamp;

use super::*;
use crate::config::source_rights::FeedRight;
use crate::log::local_log::{Durability, LocalLog};
use crate::process::clock::Clock;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const GMC: &str = "https://fhir.nhs.uk/Id/gmc-reference-number";

/// One record of a source.
enum AttackRecord {
    /// A body, and the feed of the source.
    Body(Option<&'static str>, String),
    /// The key of a record without a value.
    Tombstone(&'static str),
}

/// The deployment of an attack: north is the feed of A81001, south that of B82002.
struct Attack {
    _dir: tempfile::TempDir,
    log: LocalLog,
    decoder: IntakeDecoder,
    check: SourceCheck,
}

impl Attack {
    fn new() -> Attack {
        let feed = |name: &str, practice: &str| {
            let declared = Feed { practice: Some(practice.into()), ..Feed::undeclared(name) };
            (name.to_owned(), Arc::new(declared))
        };
        let feeds = BTreeMap::from([feed("north", "A81001"), feed("south", "B82002")]);
        let decoder = IntakeDecoder::new(DecoderConfig { feeds, ..DecoderConfig::default() });
        let dir = tempfile::tempdir().unwrap();
        let log = LocalLog::open(&dir.path().join("log"), Clock::standing_at(NOW), Durability::Buffered).unwrap();
        Attack { _dir: dir, log, check: SourceCheck::new(&decoder), decoder }
    }

    /// The outcome of each item of a record.
    fn outcomes(&mut self, sent: &AttackRecord, rights: &SourceRights) -> Vec<String> {
        let position = Position { source: "s".to_owned(), partition: 0, offset: 1, index: None };
        let mut outcomes = Vec::new();
        let Attack { log, check, decoder, .. } = self;
        let feed = match sent {
            AttackRecord::Body(feed, _) => feed.map(|name| decoder.feed(name)),
            AttackRecord::Tombstone(_) => None,
        };
        let context = Context { position: &position, feed, received_at: NOW, now: NOW };
        let mut each = |item: Item<'_>| {
            let outcome = match check.checked(log, item, rights, &position, Some(0)).unwrap() {
                Item::Event(..) => "logged".to_owned(),
                Item::Definition(..) => "defined".to_owned(),
                Item::Registry(_) => "registered".to_owned(),
                Item::Skipped(kind) => format!("skipped {kind}"),
                Item::Reject(reject) => reject.reason,
            };
            outcomes.push(outcome);
        };
        match sent {
            AttackRecord::Body(_, body) => decoder.records.decode(body.as_bytes(), &context, &mut each),
            AttackRecord::Tombstone(key) => decoder.records.tombstone(Some(key.as_bytes()), &context, &mut each),
        };
        outcomes
    }

    fn outcome(&mut self, sent: &AttackRecord, rights: &SourceRights) -> String {
        self.outcomes(sent, rights).join(" ")
    }

    /// The operator states an entry, as a registry file does.
    fn operator(&mut self, entry: &str) {
        let entry: Entry = serde_json::from_str(entry).unwrap();
        self.check.apply(&entry.stated_by(EntrySource::Operator));
    }
}

fn event(feed: &str, practice: &str) -> AttackRecord {
    AttackRecord::Body(
        None,
        format!(
            r#"{{"feed":"{feed}","id":"e1","type":"encounter","occurred_at":"2026-01-15T09:00:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"{practice}","encounter":{{"mode":"telephone","status":"attended"}}}}"#
        ),
    )
}

fn fhir(feed: &'static str, resource: &str) -> AttackRecord {
    AttackRecord::Body(Some(feed), resource.to_owned())
}

fn practitioner(id: &str, numbers: &[(&str, &str)]) -> AttackRecord {
    let numbers: Vec<String> =
        numbers.iter().map(|(system, value)| format!(r#"{{"system":"{system}","value":"{value}"}}"#)).collect();
    let numbers = numbers.join(",");
    fhir("north", &format!(r#"{{"resourceType":"Practitioner","id":"{id}","identifier":[{numbers}]}}"#))
}

fn role(practice: &str) -> AttackRecord {
    let text = format!(
        r#"{{"resourceType":"PractitionerRole","id":"r1","practitioner":{{"identifier":{{"system":"{GMC}","value":"7012345"}}}},"organization":{practice},"code":[{{"text":"GP"}}]}}"#
    );
    fhir("north", &text)
}

fn at_code(code: &str) -> String {
    format!(r#"{{"identifier":{{"system":"{ODS}","value":"{code}"}}}}"#)
}

fn organisation(id: &str, code: &str, rest: &str) -> AttackRecord {
    let text = format!(
        r#"{{"resourceType":"Organization","id":"{id}","identifier":[{{"system":"{ODS}","value":"{code}"}}],"name":"X"{rest}}}"#
    );
    fhir("north", &text)
}

fn visit(place: &str) -> AttackRecord {
    let text = format!(
        r#"{{"resourceType":"Encounter","id":"v1","meta":{{"versionId":"1"}},"status":"finished","class":{{"code":"AMB"}},"period":{{"start":"2026-01-15T09:00:00Z","end":"2026-01-15T09:10:00Z"}},"serviceProvider":{{"reference":"{place}"}}}}"#
    );
    fhir("north", &text)
}

/// Every kind of item, with what becomes of it for a source that has every right.
fn kinds() -> Vec<(&'static str, AttackRecord, &'static str)> {
    let part_of = r#","partOf":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"U99999"}}"#;
    let deleted = r#"{"resourceType":"Bundle","type":"history","entry":[{"request":{"method":"DELETE","url":"Encounter/1"}}]}"#;
    let retraction = r#"{"feed":"south","id":"e1","type":"encounter","action":"retract","version":9007199254740992}"#;
    let broken = r#"{"feed":"south","id":"e3","version":1,"type":"robot"}"#;
    let drug = r#"{"resourceType":"Medication","id":"m1","code":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]}}"#;
    vec![
        ("an event of the own practice", event("north", "A81001"), "logged"),
        ("an event of another practice", event("north", "B82002"), "logged"),
        ("an event of another feed", event("south", "B82002"), "logged"),
        ("a retraction in another feed", AttackRecord::Body(None, retraction.to_owned()), "logged"),
        ("a broken event of another feed", AttackRecord::Body(None, broken.to_owned()), "unknown_type"),
        ("a tombstone of the own feed", AttackRecord::Tombstone("north|e1"), "logged"),
        ("a tombstone of another feed", AttackRecord::Tombstone("south|e1"), "logged"),
        ("a FHIR delete in another feed", fhir("south", deleted), "logged"),
        ("a definition of another feed", fhir("south", drug), "defined"),
        ("a person with one number", practitioner("d1", &[(GMC, "7012345")]), "registered"),
        ("a person with the number of another", practitioner("d2", &[(GMC, "7000001"), (GMC, "7012345")]), "registered"),
        ("a role at the own practice", role(&at_code("A81001")), "registered"),
        ("a role at another practice", role(&at_code("B82002")), "registered"),
        ("the own practice", organisation("o1", "A81001", part_of), "registered"),
        ("an organisation that is referred to", organisation("o2", "RXX01", ""), "registered"),
        ("another practice in a network", organisation("o3", "B82002", part_of), "registered"),
    ]
}

const FEED: &str = "feed_not_allowed";

/// The outcome of a kind for a source of the feed north with these limits. It follows from the rights, not from the code.
fn expected(kind: &str, all: &'static str, rights: &SourceRights) -> &'static str {
    let any_feed = rights.feeds == FeedRight::Any;
    let own_feed = rights.write("north");
    let registry = |own: &'static str| match rights.registry {
        RegistryRight::Nothing => REGISTRY_NOT_ALLOWED,
        RegistryRight::Own => own,
        RegistryRight::Trusted => "registered",
    };
    match kind {
        _ if kind.contains("another feed") => {
            if any_feed {
                all
            } else {
                FEED
            }
        }
        _ if !own_feed => FEED,
        "an event of another practice" if rights.practice_only => PRACTICE_NOT_ALLOWED,
        "a person with one number" | "a role at the own practice" | "the own practice" => registry("registered"),
        "an organisation that is referred to" => registry("skipped Organization"),
        "a person with the number of another" | "a role at another practice" | "another practice in a network" => {
            registry(REGISTRY_NOT_ALLOWED)
        }
        _ => all,
    }
}

#[test]
fn every_kind_of_item_needs_the_right_of_its_source() {
    let only = |feeds: &[&str]| FeedRight::Only(feeds.iter().map(|feed| Arc::from(*feed)).collect::<BTreeSet<_>>());
    // No item of the table changes what becomes of another one.
    let mut attack = Attack::new();
    let (mut cells, mut wrong) = (0, Vec::new());
    for feeds in [FeedRight::Any, only(&["north"]), only(&[]), only(&["east"])] {
        for practice_only in [true, false] {
            for registry in [RegistryRight::Nothing, RegistryRight::Own, RegistryRight::Trusted] {
                let rights = SourceRights { feeds: feeds.clone(), practice_only, registry };
                for (kind, sent, all) in kinds() {
                    let found = attack.outcome(&sent, &rights);
                    let wanted = expected(kind, all, &rights);
                    if found != wanted {
                        wrong.push(format!("{kind} with {rights:?}: {found}, not {wanted}"));
                    }
                    cells += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cells, 4 * 2 * 3 * 16);
}

#[test]
fn a_practice_is_compared_after_its_reference_is_resolved() {
    let rights = SourceRights::bound("north");
    let mut attack = Attack::new();
    attack.operator(r#"{"type":"organisation","code":"B82002","kind":"practice","aliases":["north|Organization/9"]}"#);
    attack.operator(r#"{"type":"organisation","code":"A81001","kind":"practice","aliases":["north|Organization/8"]}"#);
    let outcome = |attack: &mut Attack, place| attack.outcome(&visit(place), &rights);
    assert_eq!(outcome(&mut attack, "Organization/9"), PRACTICE_NOT_ALLOWED);
    assert_eq!(outcome(&mut attack, "Organization/8"), "logged");
    // Nobody has said what Organization/7 is. Its own entry says so, in the same record or in an earlier one.
    assert_eq!(outcome(&mut attack, "Organization/7"), PRACTICE_NOT_ALLOWED);
    assert_eq!(attack.outcome(&organisation("7", "A81001", ""), &rights), "registered");
    assert_eq!(outcome(&mut attack, "Organization/7"), "logged");
    attack.check.expire();
    assert_eq!(outcome(&mut attack, "Organization/7"), "logged", "the log may not show the entry yet");
    // A feed cannot say that a name is its practice after the operator said otherwise.
    assert_eq!(attack.outcome(&organisation("9", "A81001", ""), &rights), "registered");
    assert_eq!(outcome(&mut attack, "Organization/9"), PRACTICE_NOT_ALLOWED);
}

#[test]
fn no_feed_joins_the_numbers_or_the_names_of_others() {
    let rights = SourceRights::bound("north");
    let mut attack = Attack::new();
    attack.operator(r#"{"type":"person","id":"gmc|7000001","aliases":["gmp|G7000001","north|Practitioner/theirs"]}"#);
    let gmp = "https://fhir.hl7.org.uk/Id/gmp-number";
    for (forged, numbers) in [
        ("the number of another doctor", vec![(GMC, "7000002"), (gmp, "G7000001")]),
        ("a name of another feed", vec![(GMC, "7000002"), ("south", "Practitioner/1")]),
        ("another feed's name alone", vec![("south", "Practitioner/1")]),
        ("a number in another system", vec![(GMC, "7000002"), ("gmc", "C7000001")]),
    ] {
        assert_eq!(attack.outcome(&practitioner("mine", &numbers), &rights), REGISTRY_NOT_ALLOWED, "{forged}");
    }
    let theirs = practitioner("theirs", &[(GMC, "7000002")]);
    assert_eq!(attack.outcome(&theirs, &rights), REGISTRY_NOT_ALLOWED, "the operator says whose name it is");
    // The operator has joined these numbers already.
    let both = practitioner("mine", &[(GMC, "7000001"), (gmp, "G7000001")]);
    assert_eq!(attack.outcome(&both, &rights), "registered");
    let own = practitioner("mine", &[("https://example.org/staff", "12")]);
    assert_eq!(attack.outcome(&own, &rights), "registered", "a number of the practice's own");
}

#[test]
fn a_feed_that_is_called_like_a_system_of_numbers_owns_none_of_them() {
    let mut attack = Attack::new();
    let rights = SourceRights::bound("gmc");
    let text = format!(
        r#"{{"resourceType":"Practitioner","id":"1","identifier":[{{"system":"{GMC}","value":"7000001"}},{{"system":"{GMC}","value":"7000002"}}]}}"#
    );
    assert_eq!(attack.outcome(&fhir("gmc", &text), &rights), REGISTRY_NOT_ALLOWED);
}

#[test]
fn a_feed_without_a_practice_states_no_role_and_no_organisation() {
    let mut attack = Attack::new();
    let rights = SourceRights::bound("east");
    let of_east =
        |sent: AttackRecord| if let AttackRecord::Body(_, body) = sent { AttackRecord::Body(Some("east"), body) } else { sent };
    assert_eq!(attack.outcome(&of_east(role(&at_code("A81001"))), &rights), REGISTRY_NOT_ALLOWED);
    assert_eq!(attack.outcome(&of_east(organisation("1", "A81001", "")), &rights), "skipped Organization");
    assert_eq!(attack.outcome(&of_east(practitioner("1", &[(GMC, "7000001")])), &rights), "registered");
}

#[test]
fn a_source_never_speaks_for_the_operator() {
    let mut attack = Attack::new();
    let position = Position { source: "s".to_owned(), partition: 0, offset: 1, index: None };
    for author in [EntrySource::Operator, EntrySource::Feed("north".to_owned())] {
        let entry = Entry::Withdrawal(Withdrawal::default()).stated_by(author);
        let Attack { log, check, .. } = &mut attack;
        let checked = check.checked(log, Item::Registry(entry), &SourceRights::bound("north"), &position, None).unwrap();
        assert!(matches!(checked, Item::Reject(reject) if reject.reason == REGISTRY_NOT_ALLOWED));
    }
}
