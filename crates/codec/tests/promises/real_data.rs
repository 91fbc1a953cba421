//! FHIR from outside the project: a bulk export of ten synthetic patients (Synthea). Needs `PLUMBLINE_TEST_DATA`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Action, Attendance, Detail, Event, Mode, Source};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;

/// The folder, or a line that says that the test was skipped.
fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("PLUMBLINE_TEST_DATA");
    if root.is_none() {
        println!("skipped: set PLUMBLINE_TEST_DATA to the folder that holds fhir-10/");
    }
    root.map(|root| Path::new(&root).join("fhir-10"))
}

#[derive(Default)]
struct Read {
    events: Vec<Event<'static>>,
    entries: Vec<Entry>,
}

fn read(path: &Path) -> Read {
    let text = std::fs::read_to_string(path).expect("the folder holds fhir-10/");
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let feed = Arc::new(Feed::undeclared("synthea"));
    let now = Timestamp(1_790_000_000_000);
    let mut read = Read::default();
    for (n, line) in text.lines().enumerate() {
        let position = Position { source: "file".to_owned(), partition: 0, offset: n as u64 + 1, index: None };
        let context = Context { position: &position, feed: Some(feed.clone()), received_at: now, now };
        decoder.decode(line.as_bytes(), &context, &mut |item| match item {
            Item::Event(_, event) => read.events.push(event.into_owned()),
            Item::Registry(entry) => read.entries.push(entry),
            other => panic!("{}: {other:?}", path.display()),
        });
    }
    read
}

#[test]
fn a_bulk_export_is_read_completely_if_it_is_present() {
    let Some(folder) = folder() else { return };
    let encounters = read(&folder.join("Encounter.ndjson")).events;
    assert_eq!(encounters.len(), 1215);
    let mut modes: BTreeMap<Mode, u32> = BTreeMap::new();
    for event in &encounters {
        let Detail::Encounter(Some(encounter)) = &event.detail else { panic!("{event:?}") };
        assert_eq!((event.action, encounter.source, encounter.status), (Action::Record, Source::Visit, Attendance::Attended));
        assert!(event.clinician.as_deref().unwrap().starts_with("npi|"), "{event:?}");
        assert!(event.practice.is_some() && event.patient.is_some() && event.day.is_some());
        *modes.entry(encounter.mode).or_default() += 1;
    }
    // Counted with jq over the classes: 1133 AMB, 9 HH, 1 VR, and 72 IMP and EMER.
    assert_eq!(modes, [(Mode::FaceToFace, 1133), (Mode::Telephone, 1), (Mode::Home, 9), (Mode::Other, 72)].into());

    let requests = read(&folder.join("MedicationRequest.ndjson")).events;
    assert_eq!(requests.len(), 1745);
    let ids: BTreeSet<&str> = encounters.iter().map(|event| &*event.id).collect();
    for event in &requests {
        let Detail::Prescription(Some(prescription)) = &event.detail else { panic!("{event:?}") };
        let known = |code: &std::borrow::Cow<'_, str>| code.starts_with("rxnorm|");
        assert!(prescription.drug.iter().all(known) && !prescription.drug.is_empty(), "{event:?}");
        assert!(ids.contains(event.link.as_deref().unwrap()), "{event:?} links no encounter of the export");
    }
}

#[test]
fn the_people_of_a_bulk_export_fit_its_events_if_it_is_there() {
    let Some(folder) = folder() else { return };
    let entries = ["Practitioner", "PractitionerRole", "Organization"].map(|kind| {
        let read = read(&folder.join(format!("{kind}.ndjson")));
        assert_eq!((read.entries.len(), read.events.len()), (43, 0), "{kind}");
        read.entries
    });
    let (mut persons, mut practices) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries.concat() {
        match entry {
            Entry::Person(person) => assert!(persons.insert(person.id)),
            Entry::Role(role) => assert!(persons.contains(&role.person) && role.role == "gp", "{role:?}"),
            Entry::Organisation(organisation) => assert!(practices.insert(organisation.code)),
        }
    }
    for event in read(&folder.join("Encounter.ndjson")).events {
        assert!(persons.contains(event.clinician.as_deref().unwrap()), "{event:?}");
        assert!(practices.contains(event.practice.as_deref().unwrap()), "{event:?}");
    }
}
