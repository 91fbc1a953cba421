//! The same clinic, written by twelve systems: every form gives the same sums and content hashes, under the person to whom its numbers
//! lead.

use std::collections::BTreeMap;

use serde_json::Value;
use sim::clinic::clinic_truth::{ClinicTruth, DOCTORS, DRUGS};
use sim::clinic::written_clinic::{WrittenClinic, identifier_file, registry_file, twelve_systems};

use crate::support::{Place, assert_accounted_for};

/// Sums of one card by name: work, and numerator, denominator and unknown facts of each measure. Then its content hash.
type CardSums = (BTreeMap<String, (i64, i64, i64)>, String);

/// Writes the files of a form into the place, and replays them under a configuration of their own.
fn cards(place: &Place, form: &WrittenClinic) -> BTreeMap<(String, String), CardSums> {
    let name = form.name;
    for (file, text) in &form.files {
        place.put(&format!("{name}/in/{name}/{file}"), text);
    }
    let path = |file: &str| place.path(&format!("{name}/{file}")).display().to_string();
    place.put(&format!("{name}/drugs.csv"), &form.drugs);
    place.put(&format!("{name}/identifiers.csv"), identifier_file());
    place.put(&format!("{name}/registry.ndjson"), registry_file());
    let config = format!(
        "registry = \"{}\"\n[codes]\ndrugs = \"{}\"\nidentifiers = \"{}\"\n{}",
        path("registry.ndjson"),
        path("drugs.csv"),
        path("identifiers.csv"),
        form.feed
    );
    place.put(&format!("{name}/plumbline.toml"), config);
    let out = format!("{name}/out");
    let summary = place.replay(&out, &[&format!("{name}/in/{name}")], &["--config", &path("plumbline.toml")]);
    assert_accounted_for(&summary);
    assert_eq!((summary.rejected.len(), summary.conflict, summary.unattributed), (0, 0, 0), "{name}: {summary:?}");
    assert_eq!(summary.prescriptions.unmapped, 0, "{name}: {summary:?}");
    let mut newest = BTreeMap::new();
    for card in place.lines(&format!("{out}/scorecards.ndjson")) {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let key = (text(&card["subject"]["clinician"]), text(&card["period"]["month"]));
        // Roll-ups repeat the sums of the only practice.
        if card["subject"]["practice"] != "" && card["status"] != "withdrawn" {
            assert_eq!(card["subject"]["practice"], "A81001", "{name}: {key:?}");
            newest.insert(key, sums(&card));
        }
    }
    newest
}

fn sums(card: &Value) -> CardSums {
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let work = card["exposure"].as_array().expect("windows").iter().map(|window| {
        let name = format!("window {}", window["window"]);
        (name, (number(&window["encounters"]), number(&window["minutes"]), number(&window["items"])))
    });
    let measures = card["measures"].as_array().expect("measures").iter().map(|measure| {
        let name = measure["id"].as_str().expect("an id").to_owned();
        (name, (number(&measure["n"]), number(&measure["d"]), number(&measure["unknown"])))
    });
    (work.chain(measures).collect(), card["content_hash"].as_str().expect("a hash").to_owned())
}

/// The sums that the truth gives for a clinician and a month, computed from the truth alone: encounters, minutes and items.
fn expected(truth: &ClinicTruth, doctor: usize, month: i64) -> (i64, i64, i64) {
    // Minutes since 1970 of 2026-01-01 and 2026-02-01.
    let begin = [29_453_760, 29_498_400, 29_538_720];
    let within = |minute: i64| (begin[0] <= minute) && minute < begin[usize::try_from(month).expect("of the truth")];
    let visits = truth.visits.iter().filter(|visit| visit.doctor == doctor && within(visit.begin));
    let lengths: Vec<i64> = visits.filter_map(|visit| *visit.versions.last().expect("of the truth")).collect();
    let items = truth.prescriptions.iter().filter(|one| {
        let visit = &truth.visits[one.visit];
        visit.doctor == doctor && within(visit.begin) && one.versions.last().expect("of the truth").is_some()
    });
    (
        i64::try_from(lengths.len()).expect("of the truth"),
        lengths.iter().sum(),
        i64::try_from(items.count()).expect("of the truth"),
    )
}

fn check(wanted: impl Fn(&WrittenClinic) -> bool) {
    let place = Place::new();
    let truth = ClinicTruth::new(1, 90);
    let forms = twelve_systems(&truth, 7);
    assert_eq!(forms.len(), 12);
    let native = cards(&place, &forms[0]);
    for (doctor, known) in DOCTORS.iter().enumerate() {
        for month in [1, 2] {
            let card = &native[&(format!("gmc|{}", known.gmc), format!("2026-0{month}"))];
            assert_eq!(card.0["window 12"], expected(&truth, doctor, month), "{} in month {month}", known.gmc);
        }
    }
    assert_eq!(native.len(), 2 * DOCTORS.len());
    for form in forms[1..].iter().filter(|form| wanted(form)) {
        assert_eq!(form.cannot_say, [""; 0], "the forms of today say everything");
        assert_eq!(cards(&place, form), native, "{}", form.name);
    }
}

#[test]
fn the_same_clinic_has_the_same_sums_and_content_hashes_whichever_system_writes_it() {
    assert_eq!(DRUGS.len(), 5);
    check(|form| form.name != "eps_messages");
}

#[test]
fn the_clinic_written_as_prescription_messages_has_the_same_sums_and_content_hashes() {
    check(|form| form.name == "eps_messages");
}
