//! `replay --own-feed-only`: a file has the rights of the feed that its folder names.

use crate::support::{Place, assert_accounted_for, encounter};

fn of_feed(feed: &str, id: &str) -> String {
    let event = encounter(id, "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z");
    event.replacen('{', &format!("{{\"feed\":\"{feed}\","), 1)
}

#[test]
fn a_file_writes_another_feed_only_without_the_option() {
    let place = Place::new();
    let retraction = r#"{"feed":"south","id":"s1","type":"encounter","action":"retract","version":9}"#;
    // Two numbers in one Practitioner join two doctors.
    let number = |value: &str| format!(r#"{{"system":"https://fhir.nhs.uk/Id/gmc-reference-number","value":"{value}"}}"#);
    let numbers = [number("7000001"), number("7012345")].join(",");
    let forged = format!(r#"{{"resourceType":"Practitioner","id":"d1","identifier":[{numbers}]}}"#);
    let lines = [of_feed("north", "n1"), of_feed("south", "s1"), retraction.to_owned(), forged].join("\n");
    place.put("north/events.ndjson", lines + "\n");
    let trusted = place.replay("trusted", &["north"], &[]);
    assert_accounted_for(&trusted);
    assert_eq!((trusted.logged, trusted.registered, trusted.rejected.len()), (3, 1, 0), "{trusted:?}");
    let bound = place.replay("bound", &["north"], &["--own-feed-only"]);
    assert_accounted_for(&bound);
    let rejected = |reason: &str| bound.rejected.get(reason).copied();
    assert_eq!((bound.logged, bound.registered), (1, 0), "{bound:?}");
    assert_eq!((rejected("feed_not_allowed"), rejected("registry_not_allowed")), (Some(2), Some(1)), "{bound:?}");
}
