//! A reader of a folder: the beginning of their addresses, and the role that they read in. Nobody signs in.

use std::collections::BTreeSet;

use page::frame::addresses::encoded;
use page::frame::navigation::SitePart;
use page::text::page_words::text;

use crate::page_view::page_cards::PageCards;
use crate::page_view::site_reader::{PageMoment, SiteReader};
use crate::sign_in::access::reader::{Reader, ReaderRole};

/// A reader, as an address names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DemoReader {
    /// A clinician, by the id of the person.
    Clinician(String),
    /// The clinical lead of a practice.
    Lead(String),
    /// An analyst of aggregates.
    Analyst,
    /// The operator.
    Operator,
    /// Nobody in particular.
    Everybody,
}

impl DemoReader {
    fn base(&self) -> String {
        match self {
            DemoReader::Clinician(person) => format!("/as/clinician/{}", encoded(person)),
            DemoReader::Lead(practice) => format!("/as/lead/{}", encoded(practice)),
            DemoReader::Analyst => "/as/analyst".to_owned(),
            DemoReader::Operator => "/as/operator".to_owned(),
            DemoReader::Everybody => String::new(),
        }
    }

    /// The first page of the reader.
    pub(crate) fn home(&self) -> String {
        let base = self.base();
        match self {
            DemoReader::Clinician(_) => format!("{base}/me"),
            DemoReader::Lead(practice) => format!("{base}/lead/{}", encoded(practice)),
            DemoReader::Analyst => format!("{base}/network"),
            DemoReader::Operator => format!("{base}/operations"),
            DemoReader::Everybody => "/".to_owned(),
        }
    }

    /// The reader with their role. The moment is that of the last cut, because a folder does not change.
    pub(crate) fn signed_in(&self, cards: &PageCards, moment: PageMoment) -> SiteReader {
        let role = |role, person: Option<&str>, practices: BTreeSet<String>| {
            vec![Reader { person: person.map(str::to_owned), role, practices }]
        };
        let roles = match self {
            DemoReader::Clinician(person) => role(ReaderRole::Own, Some(person), cards.practices_of(person, None)),
            DemoReader::Lead(practice) => role(ReaderRole::Lead, None, BTreeSet::from([practice.clone()])),
            DemoReader::Analyst => role(ReaderRole::Analyst, None, BTreeSet::new()),
            DemoReader::Operator => role(ReaderRole::Administrator, None, BTreeSet::new()),
            DemoReader::Everybody => Vec::new(),
        };
        SiteReader {
            base: self.base(),
            roles,
            moment,
            looks: None,
            exit: (SitePart::Exit, "/"),
            footer: Some(text("choice.footer")),
        }
    }
}
