//! The roles of a person: from their cards, from the leads of the registry, and from the configuration.

use std::collections::BTreeSet;

use scorecard::registry::identifier::person_key;
use scorecard::time::calendar::Day;

use crate::config::page_settings::PageSettings;
use crate::page_view::page_cards::PageCards;
use crate::sign_in::access::reader::{Reader, ReaderRole};

/// Months before the newest one in which a card makes somebody staff of a practice, for its meeting.
const STAFF_MONTHS: i32 = 2;

/// The role that a session is limited to, with the locality of its lead.
pub(crate) type SessionRole<'a> = (ReaderRole, Option<&'a str>);

/// The roles of a person today, in the order of [`ReaderRole::ALL`].
///
/// A session that the operator limited to one role has that one alone, whatever the person may do otherwise. The leads of a practice are
/// those of the registry in any case.
pub(crate) fn roles_of(
    cards: &PageCards,
    settings: &PageSettings,
    person: &str,
    limited: Option<SessionRole<'_>>,
    today: Day,
) -> Vec<Reader> {
    let is_in = |list: &BTreeSet<String>| list.iter().any(|one| person_key(one) == person);
    let practices = |role: ReaderRole| match role {
        ReaderRole::Own => {
            let since = cards.last_month().map(|month| month.plus(-STAFF_MONTHS));
            Some(cards.practices_of(person, since))
        }
        ReaderRole::Lead => Some(cards.registry.led_by(person, today)).filter(|led| !led.is_empty()),
        ReaderRole::LocalityLead => {
            let of_person =
                settings.locality_leads.iter().filter(|(one, _)| person_key(one) == person).map(|(_, code)| code.as_str());
            let codes: Vec<&str> = match limited {
                Some((_, locality)) => locality.into_iter().collect(),
                None => of_person.collect(),
            };
            let practices = codes.iter().flat_map(|code| cards.registry.practices_of(code, today)).collect();
            (!codes.is_empty()).then_some(practices)
        }
        ReaderRole::Analyst => (limited.is_some() || is_in(&settings.analysts)).then(BTreeSet::new),
        ReaderRole::Administrator => (limited.is_some() || is_in(&settings.administrators)).then(BTreeSet::new),
        ReaderRole::Auditor => (limited.is_some() || is_in(&settings.auditors)).then(BTreeSet::new),
    };
    let wanted = ReaderRole::ALL.into_iter().filter(|role| limited.is_none_or(|(only, _)| only == *role));
    wanted.filter_map(|role| Some(Reader { person: Some(person.to_owned()), role, practices: practices(role)? })).collect()
}
