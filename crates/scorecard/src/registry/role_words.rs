//! The roles that a registry file may name. The role decides the peer group, so a misspelt one leaves its person without colleagues.

use crate::registry::identifier::role_word;

/// The known roles in lower case. The first ones are those that FHIR's roles lead to.
pub const ROLES: [&str; 21] = [
    "gp",
    "trainee",
    "nurse",
    "midwife",
    "nursing_associate",
    "healthcare_assistant",
    "pharmacist",
    "pharmacy_technician",
    "physician_associate",
    "paramedic",
    "physiotherapist",
    "practice_manager",
    "nurse_practitioner",
    "health_visitor",
    "occupational_therapist",
    "dietitian",
    "podiatrist",
    "mental_health_practitioner",
    "social_prescriber",
    "care_coordinator",
    "other",
];

/// The word of a role that says only that its person is on a professional register. The register of the person's numbers decides.
pub const REGISTERED: &str = "registered";

/// Registers of professions by the short name of their numbers, and the role of their members.
const REGISTERS: [(&str, &str); 4] = [("gmc", "gp"), ("gmp", "gp"), ("nmc", "nurse"), ("gphc", "pharmacist")];

/// The role of the register of a number, `system|value`; `None` for another number.
#[must_use]
pub fn role_of_number(number: &str) -> Option<&'static str> {
    let (system, _) = number.split_once('|')?;
    REGISTERS.iter().find(|(register, _)| *register == system).map(|(_, role)| *role)
}

/// Whether this is a known role, in any case.
#[must_use]
pub fn is_role(role: &str) -> bool {
    ROLES.contains(&&*role_word(role))
}
