//! FHIR resources of the clinic, in the style of one system.

use serde_json::{Value, json};

use crate::clinic::clinic_truth::{
    ClinicPrescription, ClinicTruth, ConsultationMode, DOCTORS, DRUGS, Doctor, PRACTICE, Visit, instant,
};

/// How a system names clinicians.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parties {
    /// Practitioners with a GMC number.
    Practitioner,
    /// PractitionerRoles of practitioners with a GMC number.
    Role,
    /// PractitionerRoles of practitioners with an Australian number.
    AustralianRole,
    /// Practitioners with an American number.
    American,
}

/// How a system names drugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drugs {
    /// A coding of the BNF.
    Bnf,
    /// A coding of dm+d, under SNOMED's URI.
    Dmd,
    /// A coding of RxNorm.
    RxNorm,
    /// A reference to a Medication with a coding of RxNorm.
    Reference,
}

/// The version that a system writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meta {
    /// A number and the time.
    Number,
    /// A text that is no number, and the time.
    Opaque,
    /// Nothing.
    Nothing,
}

/// The style of a system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) parties: Parties,
    pub(crate) drugs: Drugs,
    pub(crate) meta: Meta,
}

impl Style {
    /// The resources that others refer to.
    pub(crate) fn supporting(&self) -> Vec<Value> {
        let mut all = vec![organization()];
        for (number, doctor) in (1..).zip(DOCTORS) {
            all.push(self.practitioner(number, doctor));
            if matches!(self.parties, Parties::Role | Parties::AustralianRole) {
                all.push(role(number));
            }
        }
        if self.drugs == Drugs::Reference {
            all.extend((1..).zip(DRUGS).map(|(number, drug)| {
                let code = json!({"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": drug.rxnorm}]});
                json!({"resourceType": "Medication", "id": format!("m{number}"), "code": code})
            }));
        }
        all
    }

    fn practitioner(&self, number: usize, doctor: Doctor) -> Value {
        let (system, value) = match self.parties {
            Parties::Practitioner | Parties::Role => ("https://fhir.hl7.org.uk/Id/gmc-number", doctor.gmc),
            Parties::AustralianRole => ("http://ns.electronichealth.net.au/id/hi/hpii/1.0", doctor.hpii),
            Parties::American => ("http://hl7.org/fhir/sid/us-npi", doctor.npi),
        };
        json!({
            "resourceType": "Practitioner", "id": format!("d{number}"), "identifier": [{"system": system, "value": value}],
        })
    }

    fn party(&self, doctor: usize) -> Value {
        let kind = match self.parties {
            Parties::Practitioner | Parties::American => ("Practitioner/d", doctor + 1),
            Parties::Role | Parties::AustralianRole => ("PractitionerRole/r", doctor + 1),
        };
        json!({"reference": format!("{}{}", kind.0, kind.1)})
    }

    /// A version of a visit; the number is the place in its versions.
    pub(crate) fn visit(&self, visit: &Visit, version: usize) -> Value {
        let first = visit.versions.iter().flatten().next().copied().unwrap_or_default();
        let minutes = visit.versions[version].unwrap_or(first);
        let (class, display) = match visit.way {
            ConsultationMode::Surgery => ("AMB", "ambulatory"),
            ConsultationMode::Home => ("HH", "home health"),
            ConsultationMode::Telephone => ("VR", "virtual"),
        };
        let resource = json!({
            "resourceType": "Encounter", "id": visit_id(visit),
            "status": if visit.versions[version].is_some() { "finished" } else { "entered-in-error" },
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class, "display": display},
            "participant": [{"individual": self.party(visit.doctor)}],
            "period": {"start": instant(visit.begin), "end": instant(visit.begin + minutes)},
        });
        self.with_meta(resource, visit.begin, version)
    }

    /// A version of a prescription.
    pub(crate) fn prescription(&self, truth: &ClinicTruth, prescription: &ClinicPrescription, version: usize) -> Value {
        let visit = &truth.visits[prescription.visit];
        let first = prescription.versions.iter().flatten().next().copied().unwrap_or_default();
        let quantity = prescription.versions[version].unwrap_or(first);
        let mut resource = json!({
            "resourceType": "MedicationRequest", "id": prescription_id(prescription), "intent": "order",
            "status": if prescription.versions[version].is_some() { "active" } else { "entered-in-error" },
            "authoredOn": instant(visit.begin), "requester": self.party(visit.doctor),
            "encounter": {"reference": format!("Encounter/{}", visit_id(visit))},
            "dispenseRequest": {"quantity": {"value": quantity}},
            "courseOfTherapyType": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy",
                "code": if prescription.repeat { "continuous" } else { "acute" },
            }]},
        });
        let drug = DRUGS[prescription.drug];
        let concept = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        match self.drugs {
            Drugs::Bnf => resource["medicationCodeableConcept"] = concept("https://fhir.hl7.org.uk/Id/bnf", drug.bnf),
            Drugs::Dmd => resource["medicationCodeableConcept"] = concept("http://snomed.info/sct", drug.dmd),
            Drugs::RxNorm => {
                resource["medicationCodeableConcept"] = concept("http://www.nlm.nih.gov/research/umls/rxnorm", drug.rxnorm);
            }
            Drugs::Reference => {
                resource["medicationReference"] = json!({"reference": format!("Medication/m{}", prescription.drug + 1)});
            }
        }
        self.with_meta(resource, visit.begin, version)
    }

    fn with_meta(&self, mut resource: Value, begin: i64, version: usize) -> Value {
        let number = version + 1;
        let updated = instant(begin + 60 * i64::try_from(number).unwrap_or(1));
        match self.meta {
            Meta::Number => resource["meta"] = json!({"versionId": number.to_string(), "lastUpdated": updated}),
            Meta::Opaque => resource["meta"] = json!({"versionId": format!("W-{}", 900 - number), "lastUpdated": updated}),
            Meta::Nothing => {}
        }
        resource
    }
}

/// The id of a visit.
pub(crate) fn visit_id(visit: &Visit) -> String {
    format!("v{}", visit.number)
}

/// The id of a prescription.
pub(crate) fn prescription_id(prescription: &ClinicPrescription) -> String {
    format!("p{}", prescription.number)
}

fn organization() -> Value {
    json!({
        "resourceType": "Organization", "id": "o1",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": PRACTICE}],
    })
}

fn role(number: usize) -> Value {
    json!({
        "resourceType": "PractitionerRole", "id": format!("r{number}"),
        "practitioner": {"reference": format!("Practitioner/d{number}")},
        "organization": {"reference": "Organization/o1"},
        "code": [{"text": "General practitioner"}],
    })
}
