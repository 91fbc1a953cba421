//! A reader of the demonstration: the beginning of their addresses, and the links at the head of their pages.

use page::frame::addresses::{Addresses, encoded};
use page::frame::navigation::{Navigation, SitePart};
use page::text::page_words::text;

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SiteReader {
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

impl SiteReader {
    fn base(&self) -> String {
        match self {
            SiteReader::Clinician(person) => format!("/as/clinician/{}", encoded(person)),
            SiteReader::Lead(practice) => format!("/as/lead/{}", encoded(practice)),
            SiteReader::Analyst => "/as/analyst".to_owned(),
            SiteReader::Operator => "/as/operator".to_owned(),
            SiteReader::Everybody => String::new(),
        }
    }

    /// The addresses of their pages.
    pub(crate) fn addresses(&self) -> Addresses {
        Addresses::under(&self.base())
    }

    /// The first page of the reader.
    pub(crate) fn home(&self) -> String {
        let base = self.base();
        match self {
            SiteReader::Clinician(_) => format!("{base}/me"),
            SiteReader::Lead(practice) => format!("{base}/lead/{}", encoded(practice)),
            SiteReader::Analyst => format!("{base}/network"),
            SiteReader::Operator => format!("{base}/operations"),
            SiteReader::Everybody => "/".to_owned(),
        }
    }

    /// The links of the reader. A clinician has a meeting at each practice; `practice` is that of the page.
    pub(crate) fn navigation(&self, practice: Option<&str>) -> Navigation {
        let (base, home) = (self.base(), self.home());
        let mut links = match self {
            SiteReader::Clinician(_) => vec![(SitePart::Month, home)],
            SiteReader::Lead(_) => vec![(SitePart::Talks, home)],
            SiteReader::Analyst => vec![(SitePart::Network, home)],
            SiteReader::Operator => vec![(SitePart::Operations, home)],
            SiteReader::Everybody => Vec::new(),
        };
        let practice = match self {
            SiteReader::Lead(practice) => Some(practice.as_str()),
            SiteReader::Clinician(_) => practice.filter(|practice| !practice.is_empty()),
            _ => None,
        };
        links.extend(practice.map(|practice| (SitePart::Meeting, format!("{base}/practice/{}", encoded(practice)))));
        links.push((SitePart::Measures, format!("{base}/measures")));
        links.push((SitePart::Exit, "/".to_owned()));
        Navigation { addresses: self.addresses(), links, current: None, footer: Some(text("choice.footer")) }
    }
}
