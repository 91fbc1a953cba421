//! Statuses of parties and identifiers: a party that took no part is not the clinician, and a number that is over is not the current one.

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::event::{Action, Event, Exclusion};
use scorecard::record::item::{Feed, Item};
use scorecard::registry::entry::{Entry, Person, Role};
use serde_json::{Value, json};

use crate::decoding::{decode, event, plain};

const GMC: &str = "https://fhir.hl7.org.uk/Id/gmc-number";
const GMP: &str = "https://fhir.hl7.org.uk/Id/gmp-number";

fn with(mut resource: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("an object of fields") {
        resource[name] = value.clone();
    }
    resource
}

fn encounter(fields: &Value) -> Value {
    let encounter = json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"},
        "period": {"start": "2026-10-05T09:00:00+01:00"}});
    with(encounter, fields)
}

fn encounter_event(fields: &Value) -> Event<'static> {
    event(&encounter(fields).to_string())
}

fn entry(resource: &Value) -> Entry {
    match plain(&resource.to_string()).as_slice() {
        [Item::Registry(entry)] => entry.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_participant_who_declined_or_only_referred_is_not_the_clinician() {
    let of = |n: u8, code: &str| json!({"type": [{"coding": [{"code": code}]}], "individual": {"reference": format!("Practitioner/{n}")}});
    for (participants, clinician) in [
        (json!([of(1, "REF")]), None),
        (json!([of(1, "REF"), of(2, "PART")]), Some("f|Practitioner/2")),
        (json!([of(1, "ESC"), of(2, "translator"), of(3, "CON")]), Some("f|Practitioner/3")),
        (
            json!([{"type": [{"coding": [{"code": "REF"}]}, {"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/1"}}]),
            Some("f|Practitioner/1"),
        ),
    ] {
        assert_eq!(encounter_event(&json!({"participant": participants})).clinician.as_deref(), clinician, "{participants}");
    }
    let actor = |n: u8, status: &str| json!({"actor": {"reference": format!("Practitioner/{n}")}, "status": status});
    for (participants, clinician) in [
        (json!([actor(1, "declined"), actor(2, "accepted")]), Some("f|Practitioner/2")),
        (json!([actor(1, "declined")]), None),
        (json!([actor(1, "needs-action")]), Some("f|Practitioner/1")),
    ] {
        let appointment = json!({"resourceType": "Appointment", "id": "1", "status": "fulfilled", "start": "2026-10-05T09:00:00Z",
            "participant": participants});
        assert_eq!(event(&appointment.to_string()).clinician.as_deref(), clinician, "{participants}");
    }
}

#[test]
fn an_identifier_of_use_old_names_nobody() {
    let identifiers =
        json!([{"use": "old", "system": GMC, "value": "7000001"}, {"use": "official", "system": GMC, "value": "7012345"}]);
    let practitioner = json!({"resourceType": "Practitioner", "id": "p1", "identifier": identifiers});
    let Entry::Person(Person { id, aliases, .. }) = entry(&practitioner) else { panic!() };
    assert_eq!((id.as_str(), aliases), ("gmc|7012345", vec!["f|Practitioner/p1".to_owned()]));
    let contained =
        json!({"contained": [with(practitioner, &json!({"id": "p"}))], "participant": [{"individual": {"reference": "#p"}}]});
    assert_eq!(encounter_event(&contained).clinician.as_deref(), Some("gmc|7012345"));
    let old = json!({"participant": [{"individual": {"identifier": {"use": "old", "system": GMC, "value": "7000001"}}}]});
    assert_eq!(encounter_event(&old).clinician, None);
    let organisation = json!({"resourceType": "Organization", "id": "o", "identifier": [
        {"use": "old", "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A81999"},
        {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A81001"}]});
    let Entry::Organisation(organisation) = entry(&organisation) else { panic!() };
    assert_eq!(organisation.code, "A81001");
}

#[test]
fn a_number_whose_period_is_over_at_the_event_gives_way_to_the_current_one_and_stays_an_alias() {
    let identifiers = json!([
        {"system": GMP, "value": "G1000001", "period": {"end": "2026-10-05"}},
        {"system": GMP, "value": "G2000002", "period": {"start": "2026-10-06"}}
    ]);
    for (start, clinician) in [
        // The last day of a period belongs to it.
        ("2026-10-05T09:00:00+01:00", "gmp|G1000001"),
        ("2026-10-06T09:00:00+01:00", "gmp|G2000002"),
    ] {
        let fields = json!({"contained": [{"resourceType": "Practitioner", "id": "p", "identifier": identifiers}],
            "participant": [{"individual": {"reference": "#p"}}], "period": {"start": start}});
        assert_eq!(encounter_event(&fields).clinician.as_deref(), Some(clinician), "{start}");
    }
    // The tests' day is 2026-11-24.
    let Entry::Person(person) = entry(&json!({"resourceType": "Practitioner", "id": "p", "identifier": identifiers})) else {
        panic!()
    };
    assert_eq!(
        (person.id.as_str(), person.aliases),
        ("gmp|G2000002", ["f|Practitioner/p", "gmp|G1000001"].map(str::to_owned).into())
    );
    let only = json!([{"system": GMC, "value": "7012345", "period": {"end": "2020"}}]);
    let Entry::Person(person) = entry(&json!({"resourceType": "Practitioner", "id": "p", "identifier": only})) else { panic!() };
    assert_eq!(person.id, "gmc|7012345");
}

#[test]
fn a_role_that_is_not_active_is_in_force_on_no_day_and_its_reference_still_resolves() {
    let role = |fields: &Value| {
        let role = json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/1"},
            "organization": {"reference": "Organization/2"}, "code": [{"text": "GP"}]});
        let Entry::Role(Role { from, until, aliases, .. }) = entry(&with(role, fields)) else { panic!() };
        assert_eq!(aliases, ["f|PractitionerRole/r"]);
        (from, until)
    };
    let days = |from: Option<&str>, until: Option<&str>| (from.map(str::to_owned), until.map(str::to_owned));
    let (never, ended) = (days(Some("1900-01-01"), Some("1900-01-01")), json!({"start": "2020", "end": "2026-03-31"}));
    assert_eq!(role(&json!({"active": false})), never);
    assert_eq!(role(&json!({"active": false, "period": {"start": "2020"}})), never);
    assert_eq!(role(&json!({"active": false, "period": ended})), days(Some("2020-01-01"), Some("2026-03-31")));
    assert_eq!(role(&json!({"active": true})), days(None, None));
    // A last day that means none.
    assert_eq!(role(&json!({"period": {"end": "9999-12-31"}})), days(None, None));
}

#[test]
fn a_part_of_an_encounter_is_no_encounter_of_its_own_and_keeps_its_clinician() {
    let clinician = json!([{"individual": {"reference": "Practitioner/1"}}]);
    let part = encounter_event(
        &json!({"partOf": {"reference": "Encounter/e0"}, "participant": clinician, "appointment": [{"reference": "Appointment/a"}]}),
    );
    assert_eq!((part.action, part.exclude, part.link.as_deref()), (Action::Record, Some(Exclusion::Admin), None));
    assert_eq!(part.clinician.as_deref(), Some("f|Practitioner/1"));
    let whole = encounter_event(&json!({"participant": clinician, "appointment": [{"reference": "Appointment/a"}]}));
    assert_eq!((whole.exclude, whole.link.as_deref()), (None, Some("Appointment/a")));
}

#[test]
fn an_encounter_with_a_listed_class_type_or_service_is_no_contact() {
    let config = DecoderConfig {
        no_contact: ["http://snomed.info/sct|185389009", "http://EXAMPLE.org/service/|admin", "REPORT"].map(str::to_owned).into(),
        ..DecoderConfig::default()
    };
    let decoder = RecordDecoder::new(config);
    let excluded = |fields: &Value| match decode(&decoder, Some(&Feed::undeclared("f")), encounter(fields).to_string().as_bytes())
        .as_slice()
    {
        [Item::Event(_, event)] => event.exclude,
        other => panic!("{other:?}"),
    };
    let coded = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    for fields in [
        json!({"type": [coded("http://snomed.info/sct", "185389009")]}),
        json!({"serviceType": coded("https://example.org/service", "admin")}),
        json!({"class": {"code": "REPORT"}}),
        json!({"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "REPORT"}}),
    ] {
        assert_eq!(excluded(&fields), Some(Exclusion::Admin), "{fields}");
    }
    for fields in [
        json!({"type": [coded("http://snomed.info/sct", "185317003")]}),
        json!({"type": [coded("https://example.org/other", "admin")]}),
        json!({"class": {"code": "AMB"}}),
    ] {
        assert_eq!(excluded(&fields), None, "{fields}");
    }
}
