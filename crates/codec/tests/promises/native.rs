//! The native form: every example of the contract, field by field, and the contract's defaults of absent fields.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::{
    Action, Answer, Attendance, Codes, Detail, Encounter, Event, Exclusion, Feedback, Mode, Observation, ObservedValue, Order,
    Prescription, Sex, Source, Versioning,
};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};
use scorecard::time::calendar::{Day, Timestamp};

/// 2026-11-24T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_521_600_000);

fn position() -> Position {
    Position { source: "inbox".to_owned(), partition: 3, offset: 17, index: None }
}

fn decode_with(decoder: &RecordDecoder, feed: Option<Feed>, text: &str) -> (Vec<(Arc<Feed>, Event<'static>)>, Vec<Reject>) {
    let position = position();
    let context = Context { position: &position, feed: feed.map(Arc::new), received_at: Timestamp(1_795_500_000_000), now: NOW };
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    decoder.decode(text.as_bytes(), &context, &mut |item| match item {
        Item::Event(feed, event) => events.push((feed, event.into_owned())),
        Item::Reject(reject) => rejects.push(reject),
        other => panic!("{other:?}"),
    });
    (events, rejects)
}

fn one(text: &str) -> Event<'static> {
    let (mut events, rejects) = decode_with(&RecordDecoder::new(DecoderConfig::default()), None, text);
    assert_eq!(rejects, []);
    assert_eq!(events.len(), 1);
    events.remove(0).1
}

fn instant(day: Day, hour: i64, minute: i64, second: i64) -> Timestamp {
    Timestamp(i64::from(day.0) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000)
}

fn october(day: i8) -> Day {
    Day::from_ymd(2026, 10, day).expect("a day of October")
}

fn signs(identifier: &str) -> Option<u8> {
    Pseudonyms::new(&Keys::fixed()).protected_patient(identifier).map(|patient| patient.signs)
}

fn patient(identifier: &str) -> Option<scorecard::event::Pseudonym> {
    Pseudonyms::new(&Keys::fixed()).patient(identifier)
}

#[test]
fn the_prescription_of_the_contract_is_read_field_by_field() {
    let event = one(include_str!("../../../../schemas/examples/prescription.json"));
    assert_eq!(
        event,
        Event {
            id: "rx-71".into(),
            version: Some(3),
            action: Action::Record,
            day: Some(october(5)),
            occurred_at: Some(instant(october(5), 8, 41, 0)),
            recorded_at: Some(instant(october(5), 8, 41, 7)),
            clinician: Some("gmc|7012345".into()),
            practice: Some("A81001".into()),
            patient: patient("943 476 5919"),
            signs: signs("9434765919"),
            age_band: None,
            sex: None,
            exclude: None,
            pca: vec![],
            link: Some("e-99".into()),
            detail: Detail::Prescription(Some(Prescription {
                drug: Codes::one("bnf|0501013B0AAABAB"),
                reference: None,
                quantity_milli: Some(21_000),
                items: 1,
                cost_pence: Some(143),
                adq_milli: None,
                repeat: false,
            })),
        }
    );
}

#[test]
fn the_encounter_of_the_contract_is_read_field_by_field() {
    let event = one(include_str!("../../../../schemas/examples/encounter.json"));
    assert_eq!(event.day, Some(october(5)));
    assert_eq!(
        event.detail,
        Detail::Encounter(Some(Encounter {
            source: Source::Whole,
            mode: Mode::Telephone,
            status: Attendance::Attended,
            booked_at: Some(instant(october(1), 7, 2, 0)),
            booked_day: Some(october(1)),
            minutes: Some(9),
            planned_minutes: Some(10),
            diagnoses: vec!["snomed|73211009".into()],
            types: Codes::default(),
        }))
    );
}

#[test]
fn the_feedback_of_the_contract_is_read_field_by_field() {
    let event = one(include_str!("../../../../schemas/examples/feedback.json"));
    assert_eq!((event.version, event.patient, event.link.as_deref()), (Some(1), None, Some("e-99")));
    assert_eq!(
        event.detail,
        Detail::Feedback(Some(Feedback {
            answer: Some(Answer::VeryGood),
            items: vec![("listened".into(), "yes_definitely".into())],
        }))
    );
}

#[test]
fn the_order_of_the_contract_is_read_field_by_field() {
    let event = one(include_str!("../../../../schemas/examples/order.json"));
    assert_eq!(event.pca, ["referral_rate"]);
    let order = Order { category: Codes::one("plumbline|referral"), code: Codes::one("snomed|306206005") };
    assert_eq!(event.detail, Detail::Order(Some(order)));
}

#[test]
fn the_observation_of_the_contract_is_read_field_by_field() {
    let event = one(include_str!("../../../../schemas/examples/observation.json"));
    assert_eq!((event.age_band, event.sex, event.link.as_deref()), (Some(13), Some(Sex::Female), Some("e-99")));
    let value = |code, value_milli| ObservedValue { code: Codes::one(code), value_milli, unit: Some("mm[Hg]".into()) };
    let values = vec![value("snomed|271649006", 138_000), value("snomed|271650006", 84_000)];
    assert_eq!(event.detail, Detail::Observation(Some(Observation { code: Codes::one("snomed|75367002"), values })));
}

#[test]
fn an_observation_may_have_one_value_and_it_may_be_negative() {
    let event = one(r#"{"feed":"f","id":"b","type":"observation","occurred_at":"2026-10-05T09:41:00Z",
        "clinician":{"system":"gmc","value":"1"},"observation":{"code":"57698-3","code_system":"LOINC","value":-2.5,"unit":"{score}"}}"#);
    let code = Codes::one("loinc|57698-3");
    let values = vec![ObservedValue { code: code.clone(), value_milli: -2_500, unit: Some("{score}".into()) }];
    assert_eq!(event.detail, Detail::Observation(Some(Observation { code, values })));
}

#[test]
fn a_retraction_needs_only_feed_id_version_and_type() {
    let full = one(include_str!("../../../../schemas/examples/retraction.json"));
    assert_eq!((full.version, full.action, full.day), (Some(4), Action::Retract, Some(october(5))));
    assert_eq!(full.detail, Detail::Prescription(None));
    let bare = one(r#"{"feed":"f","id":"e","version":2,"type":"encounter","action":"retract"}"#);
    assert_eq!((bare.version, bare.occurred_at, bare.clinician), (Some(2), None, None));
    assert_eq!(bare.detail, Detail::Encounter(None));
}

const ORDER: &str = r#"{"feed":"f","id":"o","type":"order","occurred_at":"2026-03-31T23:30:00Z","recorded_at":"2026-04-02T00:00:00Z",
 "clinician":{"system":"https://fhir.nhs.uk/Id/gmc-reference-number","value":"7|0%1"},"order":{"category":"test"}}"#;

#[test]
fn known_identifier_systems_become_short_and_key_parts_hold_no_bar() {
    assert_eq!(one(ORDER).clinician.as_deref(), Some("gmc|7%7C0%251"));
}

#[test]
fn the_civil_day_is_that_of_the_feeds_zone() {
    assert_eq!(one(ORDER).day, Day::from_ymd(2026, 4, 1));
    let utc = Feed { zone: scorecard::time::calendar::Zone::named("UTC").unwrap(), ..Feed::undeclared("f") };
    let config = DecoderConfig { feeds: [("f".to_owned(), Arc::new(utc))].into(), ..DecoderConfig::default() };
    let (events, _) = decode_with(&RecordDecoder::new(config), None, ORDER);
    assert_eq!(events[0].1.day, Day::from_ymd(2026, 3, 31));
}

#[test]
fn versions_come_about_as_the_feed_declares() {
    let version = |versioning| {
        let feed = Feed { versioning, ..Feed::undeclared("f") };
        let config = DecoderConfig { feeds: [("f".to_owned(), Arc::new(feed))].into(), ..DecoderConfig::default() };
        decode_with(&RecordDecoder::new(config), None, ORDER).0[0].1.version
    };
    assert_eq!(version(Versioning::Id), Some(1));
    // 2026-04-02T00:00:00Z.
    assert_eq!(version(Versioning::Updated), Some(1_775_088_000_000));
    assert_eq!(version(Versioning::Arrival), Some(1_795_500_000_000));
}

#[test]
fn an_event_without_a_feed_belongs_to_that_of_its_source() {
    let text = ORDER.replace(r#""feed":"f","#, "");
    let (events, _) = decode_with(&RecordDecoder::new(DecoderConfig::default()), Some(Feed::undeclared("source")), &text);
    assert_eq!(&*events[0].0.name, "source");
    let (events, rejects) = decode_with(&RecordDecoder::new(DecoderConfig::default()), None, &text);
    assert_eq!((events.len(), rejects[0].reason.as_str(), rejects[0].field.as_str()), (0, "missing_feed", "feed"));
}

#[test]
fn codes_stay_as_they_were_sent_under_the_short_name_of_their_system() {
    let sent = |system: &str, code: &str| {
        format!(
            r#"{{"feed":"f","id":"p","type":"prescription","occurred_at":"2026-10-05T09:41:00Z","clinician":{{"system":"gmc","value":"1"}},
            "prescription":{{"code":"{code}","code_system":"{system}"}}}}"#
        )
    };
    for (system, code, key) in [
        ("bnf", "0501013B0AAABAB", "bnf|0501013B0AAABAB"),
        ("BNF", "0501", "bnf|0501"),
        ("https://fhir.hl7.org.uk/Id/BNF", "0501", "bnf|0501"),
        ("dm+d", "322236009", "dmd|322236009"),
        ("https://dmd.nhs.uk/", "322236009", "dmd|322236009"),
        ("http://snomed.info/sct", "39732311000001104", "snomed|39732311000001104"),
        ("https://example.org/Drugs/", "a|1 %", "https://example.org/Drugs/|a%7C1 %25"),
        ("rxnorm", "197361", "rxnorm|197361"),
    ] {
        let Detail::Prescription(Some(prescription)) = one(&sent(system, code)).detail else { panic!("{system}") };
        assert_eq!(prescription.drug, Codes::one(key), "{system}");
        assert_eq!((prescription.quantity_milli, prescription.cost_pence, prescription.adq_milli), (None, None, None));
    }
}

#[test]
fn absent_is_not_zero_and_zero_is_not_absent() {
    let sent = |fields: &str| {
        format!(
            r#"{{"feed":"f","id":"p","type":"prescription","occurred_at":"2026-10-05T09:41:00Z","clinician":{{"system":"gmc","value":"1"}},
            "prescription":{{"code":"0501","code_system":"bnf"{fields}}}}}"#
        )
    };
    for (fields, expected) in [
        ("", [None; 3]),
        (r#","quantity":null,"cost_pence":null,"adq":null"#, [None; 3]),
        (r#","quantity":0,"cost_pence":0,"adq":0"#, [Some(0); 3]),
        (r#","quantity":33.3333333,"cost_pence":7,"adq":0.0005"#, [Some(33_333), Some(7), Some(1)]),
    ] {
        let Detail::Prescription(Some(p)) = one(&sent(fields)).detail else { panic!("{fields}") };
        assert_eq!([p.quantity_milli, p.cost_pence, p.adq_milli], expected, "{fields}");
    }
}

#[test]
fn age_band_and_sex_are_kept_and_the_birth_date_is_not() {
    for (fields, age_band, sex) in [
        (r#""born":"1958-10-06","sex":"female""#, Some(13), Some(Sex::Female)),
        (r#""born":"1958-10","sex":"male""#, Some(13), Some(Sex::Male)),
        (r#""born":"1958""#, Some(13), None),
        (r#""born":1958"#, Some(13), None),
        (r#""age_band":18,"sex":"other""#, Some(18), Some(Sex::Other)),
        (r#""born":"2026-03-31","age_band":7"#, Some(0), None),
        (r#""born":"tomorrow","age_band":7"#, Some(7), None),
        (r#""sex":"unknown""#, None, None),
        (r#""sex":"unknown","born":null"#, None, None),
    ] {
        let event = one(&ORDER.replace(r#""order":"#, &format!(r#"{fields},"order":"#)));
        assert_eq!((event.age_band, event.sex), (age_band, sex), "{fields}");
    }
}

#[test]
fn signs_come_from_the_patient_and_never_from_outside() {
    let with = |fields: &str| one(&ORDER.replace(r#""order":"#, &format!(r#"{fields},"order":"#)));
    assert_eq!(with(r#""signs":5"#).signs, None);
    assert_eq!(with(r#""signs":5,"patient":"local-1""#).signs, signs("local-1"));
    for spelling in ["9434765919", "943 476 5919", "943-476-5919"] {
        assert_eq!(with(&format!(r#""patient":"{spelling}""#)).signs, signs("9434765919"));
    }
    let position = position();
    let context = Context { position: &position, feed: None, received_at: NOW, now: NOW };
    let text = ORDER.replace(r#""order":"#, r#""signs":5,"order":"#);
    let done = RecordDecoder::new(DecoderConfig::default()).decode(text.as_bytes(), &context, &mut |_| {});
    assert_eq!(done.unknown_fields, 1);
}

#[test]
fn a_byte_order_mark_a_list_and_lines_are_read_alike() {
    let event = ORDER.replace('\n', "");
    let decoder = RecordDecoder::new(DecoderConfig::default());
    for (text, number) in [
        (format!("\u{feff} \n{event}\n"), 1),
        (format!("[{event},{event}]"), 2),
        (format!("{event}\r\n\r\n{event}\n{event}"), 3),
        (format!("{event}{event}"), 2),
        (ORDER.to_owned(), 1),
    ] {
        let (events, rejects) = decode_with(&decoder, None, &text);
        assert_eq!((events.len(), rejects.len()), (number, 0), "{text}");
    }
}

#[test]
fn rejects_say_which_element_of_which_record() {
    let event = ORDER.replace('\n', "");
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let (events, rejects) = decode_with(&decoder, None, &format!("{event}\nnot json\n{event}\n7\n"));
    assert_eq!(events.len(), 2);
    let at = |index| Position { index: Some(index), ..position() };
    assert_eq!(
        rejects.iter().map(|r| (&r.position, r.reason.as_str())).collect::<Vec<_>>(),
        [(&at(1), "not_json"), (&at(3), "not_an_object")]
    );
    let (_, rejects) = decode_with(&decoder, None, "{\"feed\":\"f\",\n\"id\":7}");
    assert_eq!(rejects[0].position, position());
}

#[test]
fn unknown_fields_are_counted_and_ignored() {
    let text =
        ORDER.replace(r#""category":"test""#, r#""category":"test","urgent":true,"note":{"by":"x"}"#).replace('{', "{\"x\":1,");
    let position = position();
    let context = Context { position: &position, feed: None, received_at: NOW, now: NOW };
    let done = RecordDecoder::new(DecoderConfig::default()).decode(text.as_bytes(), &context, &mut |item| {
        assert!(matches!(item, Item::Event(..)), "{item:?}");
    });
    // One "x" in the event, the clinician and the order each, and the order's "urgent" and "note".
    assert_eq!((done.items, done.unknown_fields), (1, 5));
}

#[test]
fn exclusions_and_adjustments_are_kept() {
    let text = ORDER.replace(r#""order":"#, r#""exclude":"test","pca":["b","a","b"],"order":"#);
    let event = one(&text);
    assert_eq!(event.exclude, Some(Exclusion::Test));
    assert_eq!(event.pca, ["a", "b"]);
}

#[test]
fn fields_may_come_in_any_order_and_with_blanks_between_them() {
    for example in [
        include_str!("../../../../schemas/examples/encounter.json"),
        include_str!("../../../../schemas/examples/prescription.json"),
        include_str!("../../../../schemas/examples/feedback.json"),
        include_str!("../../../../schemas/examples/order.json"),
        include_str!("../../../../schemas/examples/observation.json"),
    ] {
        let value: serde_json::Value = serde_json::from_str(example).expect("an example is JSON");
        let fields = value.as_object().expect("and an object");
        let written = |(name, value): (&String, &serde_json::Value)| format!("{name:?}:{value}");
        let backwards: Vec<String> = fields.iter().rev().map(written).collect();
        let first =
            |feed: &str| backwards.iter().filter(|field| field.starts_with(feed)).chain(&backwards).cloned().collect::<Vec<_>>();
        let event = one(example);
        for text in [
            value.to_string(),
            serde_json::to_string_pretty(&value).expect("JSON can be written"),
            format!("{{{}}}", backwards.join(",")),
            // The last of two fields with one name counts, wherever the first one is.
            format!("{{{}}}", first("\"practice\"").join(",").replacen("\"practice\":\"", "\"practice\":\"not-", 1)),
        ] {
            assert_eq!(one(&text), event, "{text}");
        }
    }
}

#[test]
fn a_repeated_feed_is_the_same_and_one_that_names_a_patient_is_hashed_each_time() {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let hashed = Pseudonyms::new(&Keys::fixed()).hashed("9434765919");
    for (sent, feed) in [("emis-1", "emis-1"), (" emis-1 ", "emis-1"), ("9434765919", &hashed), (&hashed, &hashed)] {
        let text = format!(r#"{{"feed":"{sent}","id":"e-1","version":2,"type":"order","action":"retract"}}"#);
        for _ in 0..3 {
            let (events, rejects) = decode_with(&decoder, None, &text);
            assert_eq!(rejects, []);
            assert_eq!(&*events[0].0.name, feed, "{sent}");
        }
    }
}

#[test]
fn an_event_that_mentions_a_resource_type_is_not_fhir() {
    let event = r#""feed":"f","id":"e-1","version":2,"type":"order","action":"retract""#;
    for text in [
        format!(r#"{{{event},"note":{{"resourceType":"Bundle"}}}}"#),
        format!(r#"{{{event},"note":"resourceType"}}"#),
        format!(r#"{{"resourceType":null,{event}}}"#),
    ] {
        assert_eq!(one(&text).id, "e-1", "{text}");
    }
    let (events, rejects) =
        decode_with(&RecordDecoder::new(DecoderConfig::default()), None, &format!(r#"{{{event},"resourceType":"X"}}"#));
    assert_eq!((events.len(), rejects[0].reason.as_str()), (0, "missing_feed"));
}
