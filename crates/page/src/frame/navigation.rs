//! The links at the head of every page.

use crate::frame::addresses::Addresses;

/// A part of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SitePart {
    /// The reader's own month.
    Month,
    /// The talks of a practice.
    Talks,
    /// The practice meeting.
    Meeting,
    /// The network.
    Network,
    /// The catalogue of measures.
    Measures,
    /// Feeds and rejects.
    Operations,
    /// The access log.
    Access,
    /// Another reader of a demonstration.
    Exit,
    /// The end of a session.
    SignOut,
}

impl SitePart {
    /// The key of its text.
    pub(crate) fn key(self) -> &'static str {
        match self {
            SitePart::Month => "tab.month",
            SitePart::Talks => "tab.talks",
            SitePart::Meeting => "tab.meeting",
            SitePart::Network => "tab.network",
            SitePart::Measures => "tab.measures",
            SitePart::Operations => "tab.operations",
            SitePart::Access => "tab.access",
            SitePart::Exit => "tab.exit",
            SitePart::SignOut => "tab.sign_out",
        }
    }
}

/// The links of one reader, and the part of the site that the page belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Navigation {
    /// The addresses of the reader's pages.
    pub addresses: Addresses,
    /// The links, in order.
    pub links: Vec<(SitePart, String)>,
    /// The part that the page belongs to.
    pub current: Option<SitePart>,
    /// A line at the foot of every page, such as the origin of the data.
    pub footer: Option<String>,
}

impl Navigation {
    /// The same links on a page of this part.
    #[must_use]
    pub fn at(mut self, part: SitePart) -> Navigation {
        self.current = Some(part);
        self
    }
}
