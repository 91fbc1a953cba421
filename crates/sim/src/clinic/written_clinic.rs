//! The clinic as each of the twelve systems writes it.

use serde_json::{Value, json};

use crate::clinic::clinic_resources::{Drugs, Meta, Parties, Style, prescription_id, visit_id};
use crate::clinic::clinic_truth::{ClinicTruth, ConsultationMode, DOCTORS, DRUGS, Doctor, Drug, PRACTICE, instant};
use crate::traffic::draw::Draw;

/// Files of a random split.
const FILES: usize = 7;

/// The files of one system.
#[derive(Clone, Debug)]
pub struct WrittenClinic {
    /// Name of the system, which is its feed.
    pub name: &'static str,
    /// Name and content of each file with events.
    pub files: Vec<(String, String)>,
    /// The table of the feed in a configuration.
    pub feed: String,
    /// The code file of drugs.
    pub drugs: String,
    /// Facts that the form cannot say, so that its sums may differ.
    pub cannot_say: &'static [&'static str],
}

/// The URIs of identifier systems that are not built in, as a code file.
#[must_use]
pub fn identifier_file() -> String {
    "system,target\nhttp://ns.electronichealth.net.au/id/hi/hpii/1.0,hpii\n".to_owned()
}

/// The registry: each clinician under all numbers, with the role, which the native form cannot say.
#[must_use]
pub fn registry_file() -> String {
    let person = |doctor: Doctor| {
        let aliases = [format!("npi|{}", doctor.npi), format!("hpii|{}", doctor.hpii)];
        let id = format!("gmc|{}", doctor.gmc);
        let role = json!({"type": "role", "person": id, "practice": PRACTICE, "role": "gp"});
        format!("{}\n{role}\n", json!({"type": "person", "id": id, "aliases": aliases}))
    };
    let practice = json!({"type": "organisation", "code": PRACTICE, "kind": "practice"}).to_string() + "\n";
    DOCTORS.into_iter().map(person).chain([practice]).collect()
}

/// The clinic in all twelve forms. `seed` orders what comes in random order.
#[must_use]
pub fn twelve_systems(truth: &ClinicTruth, seed: u64) -> Vec<WrittenClinic> {
    let style = |parties, drugs, meta| Style { parties, drugs, meta };
    let (practitioner, role) = (Parties::Practitioner, Parties::Role);
    let numbered = style(practitioner, Drugs::Bnf, Meta::Number);
    let synthea = style(practitioner, Drugs::RxNorm, Meta::Number);
    let uk_core = style(role, Drugs::Dmd, Meta::Number);
    let us_core = style(Parties::American, Drugs::Reference, Meta::Number);
    let australian = style(Parties::AustralianRole, Drugs::Dmd, Meta::Number);
    let opaque = style(practitioner, Drugs::Bnf, Meta::Opaque);
    let bare = style(practitioner, Drugs::Bnf, Meta::Nothing);
    let referring = style(role, Drugs::Reference, Meta::Number);
    vec![
        native(truth),
        one("synthea_r4", &synthea, vec![bundles(truth, &synthea, "collection")]),
        one("uk_core", &uk_core, vec![bundles(truth, &uk_core, "transaction")]),
        messages(truth),
        one("us_core", &us_core, vec![lines(&last_versions(truth, &us_core))]),
        one("au_roles", &australian, vec![lines(&last_versions(truth, &australian))]),
        one("opaque_versions", &opaque, vec![lines(&all_versions(truth, &opaque))]),
        one("no_meta", &bare, vec![lines(&last_versions(truth, &bare))]),
        one("history", &numbered, vec![history(truth, &numbered)]),
        one("one_by_one", &uk_core, vec![lines(&shuffled(all_versions(truth, &uk_core), seed))]),
        one("split_files", &referring, split(&shuffled(all_versions(truth, &referring), seed))),
        one("searchset_pages", &numbered, vec![bundles(truth, &numbered, "searchset")]),
    ]
}

fn one(name: &'static str, style: &Style, contents: Vec<String>) -> WrittenClinic {
    let versioning = match style.meta {
        Meta::Number => "id",
        Meta::Opaque => "updated",
        Meta::Nothing => "arrival",
    };
    let files = contents.into_iter().enumerate().map(|(at, text)| (format!("part-{at}.ndjson"), text)).collect();
    WrittenClinic {
        name,
        files,
        feed: format!("[feeds.{name}]\npractice = \"{PRACTICE}\"\nversioning = \"{versioning}\"\n"),
        drugs: drug_file(style.drugs),
        cannot_say: &[],
    }
}

fn drug_file(drugs: Drugs) -> String {
    let row = |drug: &Drug| match drugs {
        Drugs::Bnf => String::new(),
        Drugs::Dmd => format!("dmd,{},{}\n", drug.dmd, drug.bnf),
        Drugs::RxNorm | Drugs::Reference => format!("rxnorm,{},{}\n", drug.rxnorm, drug.bnf),
    };
    format!("system,code,target\n{}", DRUGS.iter().map(row).collect::<String>())
}

fn native(truth: &ClinicTruth) -> WrittenClinic {
    let clinician = |doctor: usize| json!({"system": "gmc", "value": DOCTORS[doctor].gmc});
    let mut events = Vec::new();
    for visit in &truth.visits {
        for (version, minutes) in (1..).zip(&visit.versions) {
            let mut event = json!({"id": visit_id(visit), "version": version, "type": "encounter"});
            let mode = match visit.way {
                ConsultationMode::Surgery => "face_to_face",
                ConsultationMode::Home => "home",
                ConsultationMode::Telephone => "telephone",
            };
            match minutes {
                Some(minutes) => {
                    event["occurred_at"] = instant(visit.begin).into();
                    event["clinician"] = clinician(visit.doctor);
                    event["practice"] = PRACTICE.into();
                    event["encounter"] = json!({"mode": mode, "status": "attended", "minutes": minutes});
                }
                None => event["action"] = "retract".into(),
            }
            events.push(event);
        }
    }
    for prescription in &truth.prescriptions {
        let visit = &truth.visits[prescription.visit];
        for (version, quantity) in (1..).zip(&prescription.versions) {
            let mut event = json!({"id": prescription_id(prescription), "version": version, "type": "prescription"});
            match quantity {
                Some(quantity) => {
                    event["occurred_at"] = instant(visit.begin).into();
                    event["clinician"] = clinician(visit.doctor);
                    event["practice"] = PRACTICE.into();
                    event["prescription"] = json!({
                        "code": DRUGS[prescription.drug].bnf, "code_system": "bnf", "quantity": quantity, "items": 1,
                        "repeat": prescription.repeat, "encounter": visit_id(visit),
                    });
                }
                None => event["action"] = "retract".into(),
            }
            events.push(event);
        }
    }
    WrittenClinic {
        name: "native",
        files: vec![("events.ndjson".to_owned(), lines(&events))],
        feed: "[feeds.native]\nversioning = \"id\"\n".to_owned(),
        drugs: drug_file(Drugs::Bnf),
        cannot_say: &[],
    }
}

/// Prescriptions as messages of the Electronic Prescription Service, one Bundle each. Its visits come as an export of their own.
fn messages(truth: &ClinicTruth) -> WrittenClinic {
    let style = Style { parties: Parties::Role, drugs: Drugs::Dmd, meta: Meta::Number };
    let mut records: Vec<Value> = style.supporting();
    records.extend(truth.visits.iter().flat_map(|visit| (0..visit.versions.len()).map(|version| style.visit(visit, version))));
    for prescription in &truth.prescriptions {
        for version in 0..prescription.versions.len() {
            let header = json!({
                "resourceType": "MessageHeader", "id": format!("h{}-{version}", prescription.number),
                "eventCoding": {"system": "https://fhir.nhs.uk/CodeSystem/message-event", "code": "prescription-order"},
            });
            let request = style.prescription(truth, prescription, version);
            let entries = [header, request].into_iter().chain(style.supporting());
            records.push(bundle("message", entries.map(|resource| json!({"resource": resource})).collect()));
        }
    }
    one("eps_messages", &style, vec![lines(&records)])
}

/// Every resource in its last version; withdrawn ones are no longer there.
fn last_versions(truth: &ClinicTruth, style: &Style) -> Vec<Value> {
    let mut all = style.supporting();
    let visits = truth.visits.iter().filter(|visit| visit.versions.last().is_some_and(Option::is_some));
    all.extend(visits.map(|visit| style.visit(visit, visit.versions.len() - 1)));
    let kept = truth.prescriptions.iter().filter(|one| one.versions.last().is_some_and(Option::is_some));
    all.extend(kept.map(|one| style.prescription(truth, one, one.versions.len() - 1)));
    all
}

fn all_versions(truth: &ClinicTruth, style: &Style) -> Vec<Value> {
    let mut all = style.supporting();
    all.extend(truth.visits.iter().flat_map(|visit| (0..visit.versions.len()).map(|version| style.visit(visit, version))));
    let versions = truth.prescriptions.iter().flat_map(|one| (0..one.versions.len()).map(move |version| (one, version)));
    all.extend(versions.map(|(one, version)| style.prescription(truth, one, version)));
    all
}

/// Bundles of ten resources, each with everything that they refer to.
fn bundles(truth: &ClinicTruth, style: &Style, kind: &str) -> String {
    let supporting = style.supporting();
    let all = last_versions(truth, style);
    let pages = all[supporting.len()..].chunks(10).map(|page| {
        let entries = supporting.iter().chain(page).map(|resource| {
            let name = format!("{}/{}", text(resource, "resourceType"), text(resource, "id"));
            let mut entry = json!({"fullUrl": format!("https://clinic.example.org/fhir/{name}"), "resource": resource});
            if kind == "transaction" {
                entry["request"] = json!({"method": "PUT", "url": name});
            }
            entry
        });
        bundle(kind, entries.collect())
    });
    lines(&pages.collect::<Vec<Value>>())
}

/// A history of each resource, newest version first; a withdrawn one ends with its deletion.
fn history(truth: &ClinicTruth, style: &Style) -> String {
    let supporting: Vec<Value> = style.supporting().into_iter().map(|resource| json!({"resource": resource})).collect();
    let mut records = vec![bundle("collection", supporting)];
    let entry = |resource: Value, version: usize, is_withdrawn: bool| {
        let name = format!("{}/{}", text(&resource, "resourceType"), text(&resource, "id"));
        let response = json!({"status": "200", "etag": format!("W/\"{}\"", version + 1)});
        if is_withdrawn {
            json!({"request": {"method": "DELETE", "url": name}, "response": response})
        } else {
            json!({"resource": resource, "request": {"method": "PUT", "url": name}, "response": response})
        }
    };
    for visit in &truth.visits {
        let versions = (0..visit.versions.len()).rev();
        let entries = versions.map(|at| entry(style.visit(visit, at), at, visit.versions[at].is_none()));
        records.push(bundle("history", entries.collect()));
    }
    for one in &truth.prescriptions {
        let versions = (0..one.versions.len()).rev();
        let entries = versions.map(|at| entry(style.prescription(truth, one, at), at, one.versions[at].is_none()));
        records.push(bundle("history", entries.collect()));
    }
    lines(&records)
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn text(resource: &Value, key: &str) -> String {
    resource[key].as_str().unwrap_or_default().to_owned()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn shuffled(mut records: Vec<Value>, seed: u64) -> Vec<Value> {
    let mut draw = Draw::seeded(seed, 13);
    for at in (1..records.len()).rev() {
        records.swap(at, draw.index(at + 1));
    }
    records
}

fn split(records: &[Value]) -> Vec<String> {
    (0..FILES).map(|file| lines(&records.iter().skip(file).step_by(FILES).cloned().collect::<Vec<_>>())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twelve_forms_and_each_holds_every_visit_that_counts() {
        let truth = ClinicTruth::new(3, 40);
        let forms = twelve_systems(&truth, 1);
        assert_eq!(forms.iter().map(|form| form.name).collect::<std::collections::BTreeSet<_>>().len(), 12);
        let counted = truth.visits.iter().filter(|visit| visit.versions.last().is_some_and(Option::is_some));
        for form in &forms {
            let all: String = form.files.iter().map(|(_, text)| text.as_str()).collect();
            for visit in counted.clone() {
                let id = format!("\"id\":\"{}\"", visit_id(visit));
                assert!(all.contains(&id), "{}: {id}", form.name);
            }
        }
    }
}
