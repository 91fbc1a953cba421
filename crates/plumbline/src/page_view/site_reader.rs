//! The reader of a request: their roles, the moment, and the addresses and links of their pages.

use std::sync::Arc;

use page::frame::addresses::{Addresses, encoded};
use page::frame::navigation::{Navigation, SitePart};
use scorecard::record::access_record::AccessRecord;
use scorecard::time::calendar::{Day, Timestamp};
use stream::log::with_sources;

use crate::sign_in::access::access_log::AccessLog;
use crate::sign_in::access::page_access::{PageKind, opens};
use crate::sign_in::access::reader::{Reader, ReaderRole};

/// The time of a request and the rules of the deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageMoment {
    /// The instant.
    pub(crate) now: Timestamp,
    /// Its day in the zone of the deployment.
    pub(crate) today: Day,
    /// The time for which a clinician alone sees a "please check" of a later revision.
    pub(crate) wait_seconds: u32,
}

/// A reader with the roles of one person.
#[derive(Clone, Debug)]
pub(crate) struct SiteReader {
    /// The beginning of each address; empty in a service.
    pub(crate) base: String,
    /// Each role of the person.
    pub(crate) roles: Vec<Reader>,
    /// The moment of the request.
    pub(crate) moment: PageMoment,
    /// The log of looks; none in the view of a folder.
    pub(crate) looks: Option<Arc<AccessLog>>,
    /// The link that ends the reading.
    pub(crate) exit: (SitePart, &'static str),
    /// A line at the foot of every page.
    pub(crate) footer: Option<String>,
}

impl SiteReader {
    /// The reader in a role.
    pub(crate) fn as_role(&self, role: ReaderRole) -> Option<&Reader> {
        self.roles.iter().find(|reader| reader.role == role)
    }

    /// The reader in the first role that opens a page.
    pub(crate) fn opening(&self, page: PageKind, practice: &str) -> Option<&Reader> {
        self.roles.iter().find(|reader| opens(reader, page, practice))
    }

    /// Records a look at cards of others. Returns whether it is recorded; a folder records none.
    pub(crate) fn record(&self, look: &AccessRecord) -> bool {
        let Some(log) = &self.looks else { return true };
        let recorded = log.record(AccessRecord { at: self.moment.now, ..look.clone() });
        recorded.inspect_err(|error| tracing::error!(error = with_sources(error), "a look could not be recorded")).is_ok()
    }

    /// The addresses of their pages.
    pub(crate) fn addresses(&self) -> Addresses {
        Addresses::under(&self.base)
    }

    /// The practice of a role for a link: that of the page if it is one of the role, else the first.
    fn practice<'a>(&'a self, role: ReaderRole, of_page: Option<&'a str>) -> Option<&'a str> {
        let practices = &self.as_role(role)?.practices;
        let of_page = of_page.filter(|practice| practices.contains(*practice));
        of_page.or_else(|| practices.iter().map(String::as_str).find(|practice| !practice.is_empty()))
    }

    /// The links at the head of a page. `practice` is that of the page.
    pub(crate) fn navigation(&self, practice: Option<&str>) -> Navigation {
        let base = &self.base;
        let mut links = Vec::new();
        if self.as_role(ReaderRole::Own).is_some() {
            links.push((SitePart::Month, format!("{base}/me")));
        }
        if let Some(led) = self.practice(ReaderRole::Lead, practice) {
            links.push((SitePart::Talks, format!("{base}/lead/{}", encoded(led))));
        }
        let meets = [ReaderRole::Lead, ReaderRole::Own, ReaderRole::LocalityLead];
        if let Some(met) = meets.into_iter().find_map(|role| self.practice(role, practice)) {
            links.push((SitePart::Meeting, format!("{base}/practice/{}", encoded(met))));
        }
        let pages = [
            (PageKind::Network, SitePart::Network, "network"),
            (PageKind::Operations, SitePart::Operations, "operations"),
            (PageKind::AccessLog, SitePart::Access, "access"),
        ];
        for (kind, part, path) in pages {
            if self.opening(kind, "").is_some() {
                links.push((part, format!("{base}/{path}")));
            }
        }
        links.push((SitePart::Measures, format!("{base}/measures")));
        links.push((self.exit.0, self.exit.1.to_owned()));
        Navigation { addresses: self.addresses(), links, current: None, footer: self.footer.clone() }
    }
}
