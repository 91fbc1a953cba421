//! FHIR: the page of its elements, statuses, and versions.

mod page;
mod statuses;
mod versions;
