//! The parties of an event: the clinician with the practice of the role, organisations, and the patient.

use std::borrow::Cow;

use scorecard::event::{Event, Sex};

use crate::fault::{Fault, Field};
use crate::formats::birth_date::{BirthDate, unreadable as unreadable_birth};
use crate::formats::demographics::PatientTraits;
use crate::formats::fhir::identifiers::IdentifierList;
use crate::formats::fhir::references::{ReferenceTarget, Scope, kind_of};
use crate::formats::fhir::resources::{Reference, Target};
use crate::identity::pseudonym::ProtectedPatient;
use crate::identity::systems::key;
use crate::json::native_event::SEXES;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected, word};

/// A clinician, and the practice of the role in which the clinician acted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Performer {
    pub(crate) clinician: Option<String>,
    pub(crate) practice: Option<String>,
}

/// A patient that a reference names. A contained one may have no identifier.
#[derive(Debug)]
struct NamedPatient {
    identifier: Option<String>,
    traits: PatientTraits,
}

impl Performer {
    /// Sets clinician and practice of an event.
    pub(crate) fn put(self, event: &mut Event<'static>) {
        event.clinician = self.clinician.map(Cow::Owned);
        event.practice = self.practice.map(Cow::Owned);
    }
}

impl<'b> Scope<'_, 'b> {
    /// The feed's own name for a resource: `feed|Practitioner/1`.
    pub(crate) fn alias(&self, name: &str) -> String {
        key(&self.feed.name, &self.rules.pseudonyms.protect(name.into()))
    }

    /// The key of a practitioner, also through a PractitionerRole; `None` for a reference to another type.
    pub(crate) fn clinician(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        let found = match self.follow(field, node, contained, "Practitioner")? {
            Some(ReferenceTarget::Resource { kind: "PractitionerRole", target, .. }) if target.practitioner != Node::Missing => {
                self.follow(field, &target.practitioner, contained, "Practitioner")?
            }
            found => found,
        };
        match found {
            Some(found) if matches!(kind_of(&found), "Practitioner" | "PractitionerRole") => self.person(field, &found),
            _ => Ok(None),
        }
    }

    /// A clinician with the practice of the role: the organization of a PractitionerRole in the Bundle, or the role's own name where
    /// the role is elsewhere. A faulty reference is an absent party.
    pub(crate) fn performer(&self, field: Field, node: &Node<Reference<'b>>, contained: &List<Node<Target<'b>>>) -> Performer {
        let clinician = self.warnings.optional(self.clinician(field, node, contained));
        let practice = match clinician {
            Some(_) => self.warnings.optional(self.practice_of_role(field, node, contained)),
            None => None,
        };
        Performer { clinician, practice }
    }

    fn practice_of_role(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        match self.follow(field, node, contained, "Practitioner")? {
            Some(ReferenceTarget::Resource { kind: "PractitionerRole", target, .. }) => {
                self.organisation(field, &target.organization, contained)
            }
            Some(ReferenceTarget::Elsewhere { kind, name, .. }) if kind == "PractitionerRole" => Ok(Some(self.alias(&name))),
            _ => Ok(None),
        }
    }

    fn person(&self, field: Field, found: &ReferenceTarget<'_, 'b>) -> Result<Option<String>, Fault> {
        Ok(match found {
            ReferenceTarget::Resource { kind, id, target } => {
                let identifiers = self.warnings.optional(self.identifiers(field, &target.identifier).map(Some));
                match self.best(&identifiers.unwrap_or_default()) {
                    Some((system, value)) => Some(self.number(system, value)),
                    None => id.map(|id| self.alias(&format!("{kind}/{id}"))),
                }
            }
            ReferenceTarget::Identifier { system, value, .. } => Some(self.number(system, value)),
            ReferenceTarget::Elsewhere { name, .. } => Some(self.alias(name)),
        })
    }

    /// The key of a clinician's number. One that cannot be of its system is counted.
    pub(crate) fn number(&self, system: &str, value: &str) -> String {
        self.warnings.check_number(self.rules.systems.short(system), value);
        self.rules.clinician_key(system, value.into())
    }

    /// The identifier that names a person: the best of the preferred systems, else the first.
    pub(crate) fn best<'i>(&self, identifiers: &'i IdentifierList) -> Option<(&'i str, &'i str)> {
        identifiers.best(self.rules.preference.iter().map(String::as_str))
    }

    /// The code of an organisation; `None` for a reference to another type.
    pub(crate) fn organisation(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        Ok(match self.follow(field, node, contained, "Organization")? {
            Some(found) if kind_of(&found) != "Organization" => None,
            Some(ReferenceTarget::Resource { id, target, .. }) => {
                let identifiers = self.identifiers(field, &target.identifier)?;
                self.organisation_code(&identifiers, id)
            }
            Some(ReferenceTarget::Identifier { system, value, .. }) => Some(self.code_of(&system, value)),
            Some(ReferenceTarget::Elsewhere { name, .. }) => Some(self.alias(&name)),
            None => None,
        })
    }

    /// The organisation that manages a location: its code where the record has both, else the feed's name for the location. `None` for a
    /// reference to another type.
    pub(crate) fn organisation_of_location(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<String>, Fault> {
        match self.follow(field, node, contained, "Location")? {
            Some(ReferenceTarget::Resource { kind: "Location", id, target }) => {
                let manager = self.organisation(field, &target.managing_organization, contained)?;
                Ok(manager.or_else(|| id.map(|id| self.alias(&format!("Location/{id}")))))
            }
            Some(ReferenceTarget::Elsewhere { kind, name, .. }) if kind == "Location" => Ok(Some(self.alias(&name))),
            _ => Ok(None),
        }
    }

    /// Sets the practice of an event that names none to the organisation of its first location. The practice of the feed comes first,
    /// because a location is a room more often than an organisation.
    pub(crate) fn put_location<'n>(
        &self,
        event: &mut Event<'static>,
        field: Field,
        nodes: impl IntoIterator<Item = &'n Node<Reference<'b>>>,
        contained: &List<Node<Target<'b>>>,
    ) where
        'b: 'n,
    {
        if event.practice.is_some() || self.feed.practice.is_some() {
            return;
        }
        let found = |node| self.warnings.optional(self.organisation_of_location(field, node, contained));
        event.practice = nodes.into_iter().find_map(found).map(Cow::Owned);
    }

    /// An organisation's ODS code, else the value of its first identifier, else the feed's name for it.
    pub(crate) fn organisation_code(&self, identifiers: &IdentifierList, id: Option<&str>) -> Option<String> {
        match identifiers.best(std::iter::once("ods")) {
            Some((system, value)) => Some(self.code_of(system, value.to_owned())),
            None => id.map(|id| self.alias(&format!("Organization/{id}"))),
        }
    }

    fn code_of(&self, system: &str, value: String) -> String {
        self.rules.pseudonyms.protect_identifier(system, value.into()).into_owned()
    }

    /// Sets pseudonym, signs, age band and sex of an event. A faulty reference is an absent patient.
    pub(crate) fn put_patient(
        &self,
        event: &mut Event<'static>,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) {
        let Some(patient) = self.warnings.optional(self.patient(field, node, contained)) else { return };
        let protected = patient.identifier.and_then(|identifier| self.rules.pseudonyms.protected_patient(&identifier));
        (event.patient, event.signs) = protected.map(|ProtectedPatient { pseudonym, signs }| (pseudonym, signs)).unzip();
        event.sex = patient.traits.sex;
        let age_band = patient
            .traits
            .born
            .zip(event.day)
            .map(|(born, day)| born.age_band(day).map(Some).ok_or_else(|| unreadable_birth("Patient.birthDate")));
        event.age_band = age_band.and_then(|age_band| self.warnings.optional(age_band));
    }

    /// The identifier of a patient before it becomes a pseudonym, an NHS number where there is one, with birth date and sex.
    fn patient(
        &self,
        field: Field,
        node: &Node<Reference<'b>>,
        contained: &List<Node<Target<'b>>>,
    ) -> Result<Option<NamedPatient>, Fault> {
        let identifier = match self.follow(field, node, contained, "Patient")? {
            Some(found) if kind_of(&found) != "Patient" => None,
            Some(ReferenceTarget::Resource { id, target, .. }) => {
                let number = self.nhs_number(field, target)?;
                let identifier = number.or_else(|| id.map(|id| self.patient_name(&format!("Patient/{id}"))));
                let traits = self.traits(&target.birth_date, &target.gender);
                return Ok(Some(NamedPatient { identifier, traits }));
            }
            Some(ReferenceTarget::Identifier { value, .. }) => Some(value),
            Some(ReferenceTarget::Elsewhere { name, .. }) => Some(self.patient_name(&name)),
            None => None,
        };
        Ok(identifier.map(|identifier| {
            let traits = self.rules.demographics.of(self.rules.pseudonyms.memory_key(&identifier));
            NamedPatient { identifier: Some(identifier), traits }
        }))
    }

    fn nhs_number(&self, field: Field, target: &Target<'_>) -> Result<Option<String>, Fault> {
        let identifiers = self.identifiers(field, &target.identifier)?;
        Ok(identifiers.iter().find(|(system, _)| system == "nhs").map(|(_, number)| number.clone()))
    }

    /// The feed is part of the name, because two feeds may both have a Patient/1.
    fn patient_name(&self, name: &str) -> String {
        key(&self.feed.name, name)
    }

    /// Remembers birth date and sex of a Patient for events in later records, under its name in the feed and its NHS number.
    pub(crate) fn remember_patient(&self, id: &str, patient: Option<&Target<'_>>) {
        let traits = patient.map(|patient| self.traits(&patient.birth_date, &patient.gender)).unwrap_or_default();
        let number = patient.and_then(|patient| self.nhs_number("Patient.identifier", patient).ok().flatten());
        for identifier in [self.patient_name(&format!("Patient/{id}"))].into_iter().chain(number) {
            self.rules.demographics.remember(self.rules.pseudonyms.memory_key(&identifier), traits);
        }
    }

    fn traits(&self, birth_date: &Scalar<'_>, gender: &Scalar<'_>) -> PatientTraits {
        let born = match self.warnings.optional(unprotected("Patient.birthDate", birth_date, TEXT_BYTES)) {
            Some(text) => {
                self.warnings.optional(BirthDate::parse(&text).map(Some).ok_or_else(|| unreadable_birth("Patient.birthDate")))
            }
            None => None,
        };
        let sex: Option<Option<Sex>> = self.warnings.optional(word("Patient.gender", gender, &SEXES));
        PatientTraits { born, sex: sex.flatten() }
    }
}
