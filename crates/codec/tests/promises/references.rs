//! FHIR references and their targets: inside a Bundle, contained, by identifier, or the feed's own name.

use std::sync::Arc;

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::{Action, Attendance, Codes, Detail, Event, Mode, Source, Versioning};
use scorecard::record::item::{DrugSource, Feed, Item};
use scorecard::registry::entry::{Entry, EntrySource, Organisation, OrganisationKind, Person, Role};
use scorecard::time::calendar::{Day, Timestamp};
use serde_json::{Value, json};

use crate::decoding::{decode, event, plain};

fn encounter_with(fields: &Value) -> Event<'static> {
    let mut encounter = json!({"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"},
        "period": {"start": "2026-10-05T09:00:00+01:00", "end": "2026-10-05T09:10:59+01:00"}});
    for (name, value) in fields.as_object().expect("an object of fields") {
        encounter[name] = value.clone();
    }
    event(&encounter.to_string())
}

fn clinician_of(reference: &Value) -> Option<String> {
    encounter_with(&json!({"participant": [{"individual": reference}]})).clinician.map(Into::into)
}

#[test]
fn a_practitioner_is_named_by_identifier_or_by_the_feeds_own_name() {
    for (reference, expected) in [
        (json!({"reference": "Practitioner/1"}), Some("f|Practitioner/1")),
        (json!({"reference": "https://server/fhir/Practitioner/1"}), Some("f|Practitioner/1")),
        (json!({"reference": "Practitioner/1/_history/4"}), Some("f|Practitioner/1")),
        (json!({"reference": "PractitionerRole/9"}), Some("f|PractitionerRole/9")),
        (json!({"reference": "urn:uuid:0c3f0b1a"}), Some("f|Practitioner/0c3f0b1a")),
        (json!({"reference": "Practitioner?identifier=https://fhir.hl7.org.uk/Id/gmc-number|7012345"}), Some("gmc|7012345")),
        (
            json!({"reference": "Practitioner?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fgmc-reference-number%7C7012345"}),
            Some("gmc|7012345"),
        ),
        (json!({"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}}), Some("npi|1234567893")),
        (json!({"identifier": {"system": "https://example.org/staff", "value": "a|b"}}), Some("https://example.org/staff|a%7Cb")),
        (json!({"reference": "Practitioner/1", "identifier": {"system": "gmc", "value": "7012345"}}), Some("gmc|7012345")),
        (json!({"display": "Dr Who"}), None),
        (json!({"reference": "RelatedPerson/1"}), None),
        (json!({"type": "Device", "identifier": {"system": "x", "value": "1"}}), None),
        (json!({"reference": "#nobody"}), None),
    ] {
        assert_eq!(clinician_of(&reference).as_deref(), expected, "{reference}");
    }
}

#[test]
fn a_contained_practitioner_is_named_by_its_best_identifier() {
    let identifiers = json!([
        {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
        {"system": "https://fhir.hl7.org.uk/Id/gmp-number", "value": "G1234567"},
        {"system": "https://fhir.nhs.uk/Id/gmc-reference-number", "value": "7012345"}
    ]);
    let event = encounter_with(&json!({
        "contained": [{"resourceType": "Practitioner", "id": "p", "identifier": identifiers}],
        "participant": [{"individual": {"reference": "#p"}}]
    }));
    assert_eq!(event.clinician.as_deref(), Some("gmc|7012345"));
}

#[test]
fn a_role_that_came_along_leads_to_its_practitioner() {
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:r", "resource": {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "urn:uuid:p"},
            "organization": {"reference": "Organization/1"}, "code": [{"text": "GP"}]}},
        {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Practitioner", "id": "p",
            "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}]}},
        {"resource": {"resourceType": "Encounter", "id": "e", "status": "planned", "participant": [{"individual": {"reference": "urn:uuid:r"}}]}}
    ]});
    match plain(&bundle.to_string()).as_slice() {
        [Item::Registry(Entry::Role(role)), Item::Registry(Entry::Person(person)), Item::Event(_, event)] => {
            assert_eq!(
                (role.person.as_str(), person.id.as_str(), event.clinician.as_deref()),
                ("gmc|7012345", "gmc|7012345", Some("gmc|7012345"))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn exactly_one_participant_is_credited() {
    let part = |n: u8, code: &str, start: &str| json!({"type": [{"coding": [{"code": code}]}], "individual": {"reference": format!("Practitioner/{n}")}, "period": {"start": start}});
    let early = "2026-10-05T08:00:00Z";
    let late = "2026-10-05T09:00:00Z";
    for (participants, expected) in [
        (json!([part(1, "ATND", early), part(2, "PPRF", late)]), "f|Practitioner/2"),
        (json!([part(1, "CON", early), part(2, "ATND", late)]), "f|Practitioner/2"),
        (json!([part(1, "CON", late), part(2, "ADM", early)]), "f|Practitioner/2"),
        (json!([part(2, "CON", early), part(1, "CON", early)]), "f|Practitioner/1"),
        (json!([{"individual": {"reference": "Patient/7"}}, part(3, "CON", late)]), "f|Practitioner/3"),
    ] {
        assert_eq!(encounter_with(&json!({"participant": participants})).clinician.as_deref(), Some(expected), "{participants}");
    }
}

#[test]
fn a_practice_is_its_ods_code_else_its_first_identifier_else_the_feeds_own_name() {
    for (reference, expected) in [
        (json!({"reference": "Organization/1"}), "f|Organization/1"),
        (json!({"reference": "Organization?identifier=https://example.org/org|abc"}), "abc"),
        (json!({"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A81001"}}), "A81001"),
    ] {
        let event = encounter_with(&json!({"serviceProvider": reference}));
        assert_eq!(event.practice.as_deref(), Some(expected), "{reference}");
    }
}

#[test]
fn the_mode_comes_from_the_class() {
    for (class, typed, mode) in [
        ("AMB", "", Mode::FaceToFace),
        ("HH", "", Mode::Home),
        ("VR", "", Mode::Telephone),
        ("VR", "Video consultation", Mode::Video),
        ("IMP", "", Mode::Other),
        ("EMER", "", Mode::Other),
    ] {
        let event = encounter_with(&json!({"class": {"code": class}, "type": [{"text": typed}]}));
        let Detail::Encounter(Some(encounter)) = event.detail else { panic!("{class}") };
        assert_eq!((encounter.mode, encounter.minutes), (mode, Some(10)), "{class} {typed}");
    }
}

#[test]
fn the_minutes_of_a_stay_of_days_are_not_cut() {
    let event = encounter_with(&json!({"period": {"start": "2026-10-05T09:00:00Z", "end": "2026-10-08T09:00:00Z"}}));
    assert!(matches!(event.detail, Detail::Encounter(Some(encounter)) if encounter.minutes == Some(3 * 1440)));
}

fn bundle() -> Vec<Item<'static>> {
    plain(include_str!("../../../../schemas/examples/bundle.json"))
}

fn of_bundle(id: &str) -> Event<'static> {
    let found = bundle().into_iter().find_map(|item| match item {
        Item::Event(_, event) if event.id == id => Some(event),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no {id} in the Bundle"))
}

#[test]
fn every_entry_of_the_example_is_exactly_one_item() {
    let kinds: Vec<String> = bundle()
        .into_iter()
        .map(|item| match item {
            Item::Event(_, event) => event.id.into_owned(),
            Item::Registry(Entry::Person(_)) => "person".to_owned(),
            Item::Registry(Entry::Organisation(_)) => "organisation".to_owned(),
            Item::Skipped(kind) => format!("skipped {kind}"),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "person",
        "organisation",
        "skipped Patient",
        "Appointment/a1",
        "Encounter/e1",
        "MedicationRequest/m1",
        "ServiceRequest/s1",
        "QuestionnaireResponse/q1",
        "MedicationRequest/m0",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn references_inside_a_bundle_are_resolved() {
    let patient = Pseudonyms::new(&Keys::fixed()).patient("9434765919");
    let encounter = of_bundle("Encounter/e1");
    assert_eq!((encounter.version, encounter.clinician.as_deref()), (Some(3), Some("gmc|7012345")));
    assert_eq!((encounter.practice.as_deref(), encounter.patient), (Some("A81001"), patient));
    assert_eq!(encounter.link.as_deref(), Some("Appointment/a1"));
    let Detail::Encounter(Some(visit)) = encounter.detail else { panic!() };
    assert_eq!(
        (visit.source, visit.mode, visit.status, visit.minutes),
        (Source::Visit, Mode::Video, Attendance::Attended, Some(9))
    );
    assert_eq!(visit.diagnoses, ["snomed|73211009"]);
    for id in ["Appointment/a1", "MedicationRequest/m1", "ServiceRequest/s1"] {
        let event = of_bundle(id);
        assert_eq!((event.clinician.as_deref(), event.patient), (Some("gmc|7012345"), patient), "{id}");
    }
    for id in ["MedicationRequest/m1", "ServiceRequest/s1", "QuestionnaireResponse/q1"] {
        assert_eq!(of_bundle(id).link.as_deref(), Some("Encounter/e1"), "{id}");
    }
}

#[test]
fn the_example_has_the_values_of_its_resources() {
    let Detail::Encounter(Some(slot)) = of_bundle("Appointment/a1").detail else { panic!() };
    assert_eq!((slot.source, slot.booked_day, slot.planned_minutes), (Source::Slot, Day::from_ymd(2026, 10, 1), Some(10)));
    let Detail::Prescription(Some(drug)) = of_bundle("MedicationRequest/m1").detail else { panic!() };
    assert_eq!(drug.drug, Codes::one("bnf|0501013B0AAABAB"));
    assert_eq!((drug.quantity_milli, drug.items, drug.repeat), (Some(21_000), 1, false));
    assert_eq!((drug.reference, drug.cost_pence, drug.adq_milli), (None, None, None));
    let Detail::Order(Some(order)) = of_bundle("ServiceRequest/s1").detail else { panic!() };
    assert_eq!((order.category, order.code), (Codes::one("snomed|363679005"), Codes::one("snomed|306206005")));
    let Detail::Feedback(Some(feedback)) = of_bundle("QuestionnaireResponse/q1").detail else { panic!() };
    assert_eq!((feedback.answer, feedback.items), (None, vec![("fft".into(), "very_good".into())]));
}

#[test]
fn a_delete_takes_back_and_ranks_by_the_version_that_its_entry_names() {
    let deleted = of_bundle("MedicationRequest/m0");
    assert_eq!((deleted.version, deleted.action, deleted.detail), (None, Action::Retract, Detail::Prescription(None)));
    let history = json!({"resourceType": "Bundle", "type": "history", "entry": [
        {"request": {"method": "DELETE", "url": "Encounter/e1"}, "response": {"etag": "W/\"4\"", "lastModified": "2026-10-06T00:00:00Z"}},
        {"request": {"method": "DELETE", "url": "Observation/o1"}},
        {"request": {"method": "DELETE", "url": "CarePlan/c1"}}
    ]});
    match plain(&history.to_string()).as_slice() {
        [Item::Event(_, event), Item::Event(_, observation), Item::Skipped(kind)] => {
            assert_eq!((&*event.id, event.version, &event.detail), ("Encounter/e1", Some(4), &Detail::Encounter(None)));
            assert_eq!((&*observation.id, &observation.detail), ("Observation/o1", &Detail::Observation(None)));
            assert_eq!(kind, "CarePlan");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_without_an_id_takes_that_of_its_url() {
    let entry = |full_url: &str, url: &str| {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"fullUrl": full_url, "request": {"method": "PUT", "url": url},
            "resource": {"resourceType": "Encounter", "status": "planned"}}]})
    };
    for (full_url, url, id) in [
        ("urn:uuid:0c3f", "Encounter", "Encounter/0c3f"),
        ("https://server/fhir/Encounter/7", "Encounter", "Encounter/7"),
        ("urn:uuid:0c3f", "Encounter/8", "Encounter/8"),
    ] {
        assert_eq!(event(&entry(full_url, url).to_string()).id, id);
    }
}

#[test]
fn practitioners_roles_and_organisations_become_registry_entries() {
    let entry = |json: Value| match plain(&json.to_string()).as_slice() {
        [Item::Registry(entry)] => entry.clone(),
        other => panic!("{other:?}"),
    };
    let practitioner = entry(json!({"resourceType": "Practitioner", "id": "1", "identifier": [
        {"system": "https://example.org/staff", "value": "77"},
        {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"},
        {"system": "https://fhir.hl7.org.uk/Id/gmp-number", "value": "G1234567"}]}));
    assert_eq!(
        practitioner,
        Entry::Person(Person {
            id: "gmc|7012345".into(),
            aliases: ["f|Practitioner/1", "gmp|G1234567", "https://example.org/staff|77"].map(str::to_owned).into(),
            source: Some(EntrySource::Feed("f".into())),
        })
    );
    let nameless = entry(json!({"resourceType": "Practitioner", "id": "1"}));
    let source = Some(EntrySource::Feed("f".into()));
    assert_eq!(nameless, Entry::Person(Person { id: "f|Practitioner/1".into(), aliases: vec![], source: source.clone() }));
    let role = entry(json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/1"},
        "organization": {"reference": "Organization/2"}, "code": [{"text": "Locum GP"}], "period": {"start": "2020-04", "end": "2026-10-05"}}));
    assert_eq!(
        role,
        Entry::Role(Role {
            person: "f|Practitioner/1".into(),
            practice: "f|Organization/2".into(),
            role: "gp".into(),
            locum: true,
            from: Some("2020-04-01".into()),
            until: Some("2026-10-05".into()),
            source: source.clone(),
            aliases: vec!["f|PractitionerRole/r".into()],
        })
    );
    let network = entry(
        json!({"resourceType": "Organization", "id": "2", "name": "North", "type": [{"text": "Primary Care Network"}],
        "identifier": [{"system": "x", "value": "1"}, {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "U12345"}],
        "partOf": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "QJK"}}}),
    );
    assert_eq!(
        network,
        Entry::Organisation(Organisation {
            code: "U12345".into(),
            name: "North".into(),
            kind: OrganisationKind::Pcn,
            parent: Some("QJK".into()),
            setting: None,
            open_from: None,
            open_until: None,
            aliases: vec!["f|Organization/2".into()],
            source,
        })
    );
}

#[test]
fn a_location_leads_to_the_organisation_that_manages_it_or_the_location_above_it() {
    let ods = |code: &str| json!({"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code}});
    let entry = |location: Value| match plain(&location.to_string()).as_slice() {
        [Item::Registry(Entry::Organisation(organisation))] => (organisation.code.clone(), organisation.aliases.clone()),
        other => panic!("{other:?}"),
    };
    let building =
        entry(json!({"resourceType": "Location", "id": "b", "name": "Surgery", "managingOrganization": ods("B82001")}));
    assert_eq!(building, ("B82001".into(), vec!["f|Location/b".into()]));
    let room = entry(json!({"resourceType": "Location", "id": "r", "partOf": {"reference": "Location/b"}}));
    assert_eq!(room, ("f|Location/b".into(), vec!["f|Location/r".into()]));
    let practice = |location: Value, before: Value| {
        let visit = json!({"resource": {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"},
            "period": {"start": "2026-10-05T09:00:00Z"}, "location": [{"location": location}],
            "participant": [{"individual": {"identifier": {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}}}]}});
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [before, visit]});
        let items = plain(&bundle.to_string());
        let event =
            items.iter().find_map(|item| if let Item::Event(_, event) = item { Some(event.practice.clone()) } else { None });
        event.unwrap().map(|practice| practice.into_owned())
    };
    let here = json!({"resource": {"resourceType": "Location", "id": "b", "managingOrganization": ods("B82001")}});
    assert_eq!(practice(json!({"reference": "Location/b"}), here.clone()).as_deref(), Some("B82001"));
    assert_eq!(practice(json!({"reference": "Location/elsewhere"}), here.clone()).as_deref(), Some("f|Location/elsewhere"));
    assert_eq!(practice(json!({"display": "room 3"}), here), None);
}

#[test]
fn a_dispense_credits_whoever_authorised_it() {
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
            "medicationReference": {"reference": "Medication/d"}, "authoredOn": "2026-10-05",
            "requester": {"identifier": {"system": "gmc", "value": "7012345"}}}},
        {"resource": {"resourceType": "MedicationDispense", "id": "d", "status": "completed", "whenHandedOver": "2026-10-06",
            "authorizingPrescription": [{"reference": "MedicationRequest/m"}], "context": {"reference": "Encounter/e"},
            "performer": [{"actor": {"reference": "Practitioner/pharmacist"}}], "medicationReference": {"reference": "Medication/d"},
            "quantity": {"value": 28.5}}},
        {"resource": {"resourceType": "Medication", "id": "d", "code": {"coding": [{"system": "https://x/bnf", "code": "0501"}]}}}
    ]});
    let feed = Feed { drugs: DrugSource::Dispenses, ..Feed::undeclared("f") };
    let items = decode(&RecordDecoder::new(DecoderConfig::default()), Some(&feed), bundle.to_string().as_bytes());
    match items.as_slice() {
        [Item::Skipped(request), Item::Event(_, event), Item::Definition(_, medication)] => {
            assert_eq!((request.as_str(), &*medication.reference), ("MedicationRequest", "Medication/d"));
            assert_eq!((event.clinician.as_deref(), event.link.as_deref()), (Some("gmc|7012345"), Some("Encounter/e")));
            let Detail::Prescription(Some(drug)) = &event.detail else { panic!("{event:?}") };
            assert_eq!((&drug.drug, drug.quantity_milli), (&Codes::one("bnf|0501"), Some(28_500)));
            assert_eq!(drug.reference, None);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn versions_of_fhir_come_about_as_the_feed_declares() {
    let version = |versioning, meta: Value| {
        let json = json!({"resourceType": "Encounter", "id": "1", "status": "planned", "meta": meta}).to_string();
        let feed = Feed { versioning, ..Feed::undeclared("f") };
        match decode(&RecordDecoder::new(DecoderConfig::default()), Some(&feed), json.as_bytes()).as_slice() {
            [Item::Event(_, event)] => event.version,
            other => panic!("{other:?}"),
        }
    };
    for (id, expected) in [("7", 7), ("0", 1), ("a1b2", 1), ("-3", 1)] {
        assert_eq!(version(Versioning::Id, json!({"versionId": id})), Some(expected), "{id}");
    }
    assert_eq!(version(Versioning::Id, Value::Null), Some(1));
    // 2026-04-02T00:00:00.250Z.
    assert_eq!(version(Versioning::Updated, json!({"lastUpdated": "2026-04-02T00:00:00.250Z"})), Some(1_775_088_000_250));
    assert_eq!(version(Versioning::Arrival, json!({"versionId": "7"})), Some(1_795_500_000_000));
}

#[test]
fn resources_that_are_not_counted_are_skipped_by_their_type_and_other_words_are_unknown() {
    for (kind, shown) in [
        ("Patient", "Patient"),
        ("Observation", "Observation"),
        ("9434765919", "unknown"),
        ("John Smith 943 476 5919", "unknown"),
        ("observation", "unknown"),
        ("", "unknown"),
    ] {
        assert_eq!(plain(&json!({"resourceType": kind, "id": "1"}).to_string()), [Item::Skipped(shown.to_owned())], "{kind}");
    }
    assert_eq!(plain(&json!({"resourceType": "A".repeat(41)}).to_string()), [Item::Skipped("unknown".to_owned())]);
}

#[test]
fn a_test_patients_resource_is_excluded_and_a_repeat_is_marked() {
    let event = encounter_with(&json!({"meta": {"security": [{"code": "HTEST"}]}}));
    assert_eq!(event.exclude, Some(scorecard::event::Exclusion::Test));
    let request = json!({"resourceType": "MedicationRequest", "id": "1", "status": "active", "intent": "order", "authoredOn": "2026-10-05",
        "medicationCodeableConcept": {"text": "x"}, "courseOfTherapyType": {"coding": [{"code": "continuous"}]}});
    let Detail::Prescription(Some(drug)) = crate::decoding::event(&request.to_string()).detail else { panic!() };
    assert!(drug.repeat && drug.drug.is_empty() && drug.quantity_milli.is_none());
}

#[test]
fn bundles_and_resources_may_come_one_a_line() {
    let line = |n: u8| json!({"resourceType": "Encounter", "id": n.to_string(), "status": "planned"}).to_string();
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Encounter", "id": "2", "status": "planned"}},
        {"resource": {"resourceType": "Encounter", "id": "3", "status": "wrong"}}]});
    let items = plain(&format!("{}\n{bundle}\n{}\n", line(1), line(4)));
    let ids: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::Event(_, event) => event.id.to_string(),
            Item::Reject(reject) => format!("{:?}", reject.position.index),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, ["Encounter/1", "Encounter/2", "Some(2)", "Encounter/4"]);
}

#[test]
fn declared_feeds_of_native_events_do_not_need_the_sources() {
    let declared = Arc::new(Feed { practice: Some("A81001".into()), ..Feed::undeclared("a81001-emis") });
    let decoder = RecordDecoder::new(DecoderConfig {
        feeds: [("a81001-emis".to_owned(), declared.clone())].into(),
        ..DecoderConfig::default()
    });
    match decode(&decoder, None, include_bytes!("../../../../schemas/examples/order.json")).as_slice() {
        [Item::Event(feed, event)] => {
            assert!(Arc::ptr_eq(feed, &declared));
            // 2026-10-05T08:38:00Z.
            assert_eq!(event.occurred_at, Some(Timestamp(1_791_189_480_000)));
        }
        other => panic!("{other:?}"),
    }
}
