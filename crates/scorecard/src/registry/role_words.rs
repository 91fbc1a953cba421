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

/// Whether this is a known role, in any case.
#[must_use]
pub fn is_role(role: &str) -> bool {
    ROLES.contains(&&*role_word(role))
}
