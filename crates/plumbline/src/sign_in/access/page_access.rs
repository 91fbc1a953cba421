//! The decision about pages of groups: which role opens which page, and at which practices.

use crate::sign_in::access::reader::{Reader, ReaderRole};

/// A kind of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// A card, or one of its measures. [`crate::sign_in::access::card_access::sight`] decides about the card itself.
    Card,
    /// The talks of a practice.
    Talks,
    /// The meeting of a practice.
    Meeting,
    /// The network.
    Network,
    /// The catalogue of measures.
    Measures,
    /// Feeds and rejected records.
    Operations,
    /// The access log.
    AccessLog,
}

impl PageKind {
    /// All of them.
    pub const ALL: [PageKind; 7] = [
        PageKind::Card,
        PageKind::Talks,
        PageKind::Meeting,
        PageKind::Network,
        PageKind::Measures,
        PageKind::Operations,
        PageKind::AccessLog,
    ];

    /// Its word in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PageKind::Card => "card",
            PageKind::Talks => "talks",
            PageKind::Meeting => "meeting",
            PageKind::Network => "network",
            PageKind::Measures => "measures",
            PageKind::Operations => "operations",
            PageKind::AccessLog => "access log",
        }
    }
}

/// Whether a reader may open a page. `practice` is that of the page; pages of the whole network ignore it.
#[must_use]
pub fn opens(reader: &Reader, page: PageKind, practice: &str) -> bool {
    use ReaderRole::{Administrator, Analyst, Auditor, Lead, LocalityLead, Own};
    let is_theirs = reader.practices.contains(practice);
    match (page, reader.role) {
        (PageKind::Measures, _)
        | (PageKind::Card, Own | Lead)
        | (PageKind::Network, Analyst | LocalityLead)
        | (PageKind::Operations, Administrator)
        | (PageKind::AccessLog, Auditor) => true,
        (PageKind::Talks, Lead) | (PageKind::Meeting, Own | Lead | LocalityLead) => is_theirs,
        _ => false,
    }
}
