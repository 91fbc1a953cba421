//! The verifier: it reads the topics as a subscriber does, and it shares no code with the tasks that it judges.

pub(crate) mod identity;
pub(crate) mod cards;
pub(crate) mod runs;
pub(crate) mod rows;
pub(crate) mod intake;
pub(crate) mod expected_coverage;
pub(crate) mod registry_as_of;
pub(crate) mod evidence;
pub(crate) mod definition;
pub(crate) mod figures;
pub(crate) mod kind_days;
pub mod verdict;
pub(crate) mod month_states;
