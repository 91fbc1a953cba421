//! Every word of every list has the same place in our own code as in the schemas.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::{Schema, types::Value};
use codec::avro::encoding::{Form, encode};
use scorecard::card::peer_snapshot::{Level, Purpose, Standardisation};
use scorecard::card::scorecard::{
    CaseMixState, Cause, CoverageState, Grade, Movement, PointsBasis, Reasons, Status, VerdictWord,
};
use scorecard::event::{Action, Answer, Attendance, Detail, Event, Exclusion, IdScope, Mode, Sex, Source, Versioning};
use scorecard::measure::measure_set::{Direction, Domain, Kind};
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, FeedRule, OrganisationKind, Withdrawal, WithdrawnKind};
use scorecard::registry::person_details::{Notification, PersonDetails};

use crate::samples;

/// The symbols of the enums of all fields with this name, in the order of the library.
fn read(record: &Record<'_>, field: &str) -> Vec<String> {
    let form = Form::of_record(record).expect("the samples open");
    let schema = Schema::parse_str(form.schema()).expect("schemas/ holds schemas");
    let mut bytes = Vec::new();
    encode(record, &mut bytes).expect("the samples can be written");
    let reader = GenericDatumReader::builder(&schema).build().expect("the schema is whole");
    let value = reader.read_value(&mut &bytes[5..]).expect("Avro's library reads what we wrote");
    let mut found = Vec::new();
    symbols(&value, "", field, &mut found);
    found
}

fn symbols(value: &Value, name: &str, field: &str, found: &mut Vec<String>) {
    match value {
        Value::Enum(_, symbol) if name == field => found.push(symbol.clone()),
        Value::Union(_, inner) => symbols(inner, name, field, found),
        Value::Array(items) => items.iter().for_each(|item| symbols(item, name, field, found)),
        Value::Record(fields) => fields.iter().for_each(|(name, value)| symbols(value, name, field, found)),
        _ => {}
    }
}

fn in_events(field: &str, words: &[&str], change: impl Fn(usize, &mut Event<'static>)) {
    for (n, word) in words.iter().enumerate() {
        let Record::Batch(mut batch) = samples::records().remove(0) else { panic!("the first sample is a batch") };
        batch.events.iter_mut().for_each(|event| change(n, event));
        let found = read(&Record::Batch(batch), field);
        assert!(!found.is_empty() && found.iter().all(|symbol| symbol == word), "{field} {word}: {found:?}");
    }
}

#[test]
fn of_events() {
    in_events("action", &["record", "hold", "retract"], |n, event| {
        event.action = [Action::Record, Action::Hold, Action::Retract][n];
    });
    in_events("exclude", &["admin", "test"], |n, event| event.exclude = Some([Exclusion::Admin, Exclusion::Test][n]));
    in_events("source", &["whole", "visit", "slot"], |n, event| {
        if let Detail::Encounter(Some(encounter)) = &mut event.detail {
            encounter.source = [Source::Whole, Source::Visit, Source::Slot][n];
        }
    });
    in_events("mode", &["face_to_face", "telephone", "video", "home", "other"], |n, event| {
        if let Detail::Encounter(Some(encounter)) = &mut event.detail {
            encounter.mode = [Mode::FaceToFace, Mode::Telephone, Mode::Video, Mode::Home, Mode::Other][n];
        }
    });
    in_events("status", &["attended", "noshow", "unknown"], |n, event| {
        if let Detail::Encounter(Some(encounter)) = &mut event.detail {
            encounter.status = [Attendance::Attended, Attendance::Noshow, Attendance::Unknown][n];
        }
    });
    in_events("answer", &["very_good", "good", "neither", "poor", "very_poor", "dont_know"], |n, event| {
        if let Detail::Feedback(Some(feedback)) = &mut event.detail {
            let all = [Answer::VeryGood, Answer::Good, Answer::Neither, Answer::Poor, Answer::VeryPoor, Answer::DontKnow];
            feedback.answer = Some(all[n]);
        }
    });
    in_events("sex", &["female", "male", "other"], |n, event| event.sex = Some([Sex::Female, Sex::Male, Sex::Other][n]));
    let kinds = [
        Detail::Encounter(None),
        Detail::Prescription(None),
        Detail::Feedback(None),
        Detail::Order(None),
        Detail::Observation(None),
    ];
    let words = ["encounter", "prescription", "feedback", "order", "observation"];
    in_events("kind", &words, |n, event| event.detail = kinds[n].clone());
}

#[test]
fn of_batches_organisations_and_peers() {
    for (versioning, word) in [(Versioning::Id, "id"), (Versioning::Updated, "updated"), (Versioning::Arrival, "arrival")] {
        let Record::Batch(mut batch) = samples::records().remove(0) else { panic!("the first sample is a batch") };
        batch.versioning = versioning;
        assert_eq!(read(&Record::Batch(batch), "versioning"), [word]);
    }
    for (ids, word) in [(IdScope::Feed, "feed"), (IdScope::Kind, "kind")] {
        let Record::Batch(mut batch) = samples::records().remove(0) else { panic!("the first sample is a batch") };
        batch.ids = ids;
        assert_eq!(read(&Record::Batch(batch), "ids"), [word]);
    }
    for (kind, word) in
        [(OrganisationKind::Practice, "practice"), (OrganisationKind::Pcn, "pcn"), (OrganisationKind::Locality, "locality")]
    {
        let Record::Registry(Entry::Organisation(mut organisation)) = samples::records().remove(7) else {
            panic!("an organisation")
        };
        organisation.kind = kind;
        assert_eq!(read(&Record::Registry(Entry::Organisation(organisation)), "kind"), [word]);
    }
    for (level, word) in [(Level::Practice, "practice"), (Level::Pcn, "pcn"), (Level::Locality, "locality")] {
        let mut snapshot = samples::peer_snapshot();
        snapshot.places[0].level = level;
        assert_eq!(read(&Record::PeerSnapshot(snapshot), "level"), [word]);
    }
    for (purpose, word) in [(Purpose::Month, "month"), (Purpose::Quarter, "quarter")] {
        let snapshot = scorecard::card::peer_snapshot::PeerSnapshot { purpose, ..samples::peer_snapshot() };
        assert_eq!(read(&Record::PeerSnapshot(snapshot), "purpose"), [word]);
    }
    let standardisations = [
        (Standardisation::Crude, "crude"),
        (Standardisation::AgeSex, "age_sex"),
        (Standardisation::Practices, "practices"),
        (Standardisation::PracticesAgeSex, "practices_age_sex"),
    ];
    for (standardisation, word) in standardisations {
        let mut snapshot = samples::peer_snapshot();
        snapshot.figures.as_mut().expect("the sample has figures").standardisation = standardisation;
        assert_eq!(read(&Record::PeerSnapshot(snapshot), "standardisation"), [word]);
    }
}

#[test]
fn of_feeds_withdrawals_and_notifications() {
    let of = |form: Form| {
        let found = samples::records().into_iter().find(|record| Form::of_record(record) == Some(form));
        found.expect("samples have every form")
    };
    for (ids, versioning, words) in [
        (IdScope::Feed, Versioning::Id, ["feed", "id"]),
        (IdScope::Kind, Versioning::Updated, ["kind", "updated"]),
        (IdScope::Kind, Versioning::Arrival, ["kind", "arrival"]),
    ] {
        let Record::Registry(Entry::Feed(rule)) = of(Form::Feed) else { panic!("a rule") };
        let record = Record::Registry(Entry::Feed(FeedRule { ids, versioning, ..rule }));
        assert_eq!([read(&record, "ids").concat(), read(&record, "versioning").concat()], words);
    }
    for (kind, word) in [
        (WithdrawnKind::Alias, "alias"),
        (WithdrawnKind::Role, "role"),
        (WithdrawnKind::Organisation, "organisation"),
        (WithdrawnKind::Lead, "lead"),
    ] {
        let withdrawal = Withdrawal { withdraws: kind, ..Withdrawal::default() };
        assert_eq!(read(&Record::Registry(Entry::Withdrawal(withdrawal)), "withdraws"), [word]);
    }
    for (notify, word) in [(Notification::Email, "email"), (Notification::None, "none")] {
        let details = PersonDetails { notify: Some(notify), ..PersonDetails::default() };
        assert_eq!(read(&Record::PersonDetails(details), "notify"), [word]);
    }
}

fn in_cards<T: Copy>(field: &str, words: &[(T, &str)], change: impl Fn(T, &mut scorecard::card::scorecard::Scorecard)) {
    for (value, word) in words {
        let mut card = samples::scorecard();
        change(*value, &mut card);
        let found = read(&Record::Scorecard(Box::new(card)), field);
        assert!(!found.is_empty() && found.iter().all(|symbol| symbol == word), "{field} {word}: {found:?}");
    }
}

#[test]
fn of_cards() {
    let statuses = [
        (Status::Provisional, "provisional"),
        (Status::Final, "final"),
        (Status::Restated, "restated"),
        (Status::Withdrawn, "withdrawn"),
    ];
    in_cards("status", &statuses, |status, card| card.content.status = status);
    let causes = [
        (Cause::First, "first"),
        (Cause::Late, "late"),
        (Cause::Amended, "amended"),
        (Cause::Retracted, "retracted"),
        (Cause::Attribution, "attribution"),
        (Cause::DefinitionChange, "definition_change"),
        (Cause::Final, "final"),
        (Cause::Coverage, "coverage"),
    ];
    in_cards("cause", &causes, |cause, card| card.reasons = Reasons::one(cause, 0));
    let coverages = [(CoverageState::Silent, "silent"), (CoverageState::Behind, "behind"), (CoverageState::Complete, "complete")];
    in_cards("state", &coverages, |state, card| {
        card.quality.feeds[0].state = state;
        card.content.measures[0].case_mix = None;
    });
    let grades =
        [(Grade::Insufficient, "insufficient"), (Grade::Low, "low"), (Grade::Moderate, "moderate"), (Grade::Good, "good")];
    in_cards("grade", &grades, |grade, card| card.content.measures[0].grade = Some(grade));
    let verdicts = [
        (VerdictWord::PleaseCheck, "please_check"),
        (VerdictWord::BetterThanMost, "better_than_most"),
        (VerdictWord::WorthALook, "worth_a_look"),
        (VerdictWord::Higher, "higher"),
        (VerdictWord::Lower, "lower"),
        (VerdictWord::InLine, "in_line"),
        (VerdictWord::NoEvidence, "no_evidence"),
        (VerdictWord::TooFewToTell, "too_few_to_tell"),
        (VerdictWord::WideDifferences, "wide_differences"),
        (VerdictWord::Mixed, "mixed"),
    ];
    in_cards("verdict", &verdicts, |verdict, card| card.content.measures[0].verdict = Some(verdict));
    let movements = [(Movement::Up, "up"), (Movement::Down, "down")];
    let changes = |card: &mut scorecard::card::scorecard::Scorecard, movement| {
        card.content.measures[0].change.as_mut().expect("the sample has one").direction = movement;
    };
    for (movement, word) in movements {
        let mut card = samples::scorecard();
        changes(&mut card, movement);
        // The measure's own direction comes first.
        assert_eq!(read(&Record::Scorecard(Box::new(card)), "direction").last().map(String::as_str), Some(word));
    }
    let bases = [(PointsBasis::Achievement, "achievement"), (PointsBasis::Improvement, "improvement")];
    in_cards("basis", &bases, |basis, card| {
        card.content.measures[0].points.as_mut().expect("the sample has some").basis = basis;
    });
    let states = [
        (CaseMixState::NotAdjusted, "not_adjusted"),
        (CaseMixState::AgeSex, "age_sex"),
        (CaseMixState::Practices, "practices"),
        (CaseMixState::PracticesAgeSex, "practices_age_sex"),
    ];
    for (state, word) in states {
        let mut card = samples::scorecard();
        card.content.measures[0].case_mix.as_mut().expect("the sample has one").state = state;
        assert_eq!(read(&Record::Scorecard(Box::new(card)), "state")[0], word);
    }
}

#[test]
fn of_the_measures_of_cards() {
    let kinds = [
        (Kind::Proportion, "proportion"),
        (Kind::Rate, "rate"),
        (Kind::Mean, "mean"),
        (Kind::Share, "share"),
        (Kind::Amount, "amount"),
    ];
    assert_eq!(kinds.len(), Kind::ALL.len(), "every kind has a symbol");
    in_cards("kind", &kinds, |kind, card| card.content.measures[0].kind = kind);
    let domains = [(Domain::Clinical, "clinical"), (Domain::Perception, "perception"), (Domain::Resource, "resource")];
    in_cards("domain", &domains, |domain, card| {
        card.content.measures[0].domain = domain;
        card.content.domains[0].domain = domain;
    });
    let directions = [(Direction::Low, "low"), (Direction::High, "high"), (Direction::None, "none")];
    in_cards("direction", &directions, |direction, card| {
        card.content.measures[0].direction = direction;
        card.content.measures[0].change = None;
    });
}
