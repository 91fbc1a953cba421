//! The oddities of traffic and their counts.

use std::collections::BTreeMap;
use std::fmt;

/// One kind of disorder of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odd {
    /// A duplicate: the same bytes again.
    Duplicate,
    /// A lower version after a higher one.
    Stale,
    /// An amendment of content or day, in the same month.
    AmendedSameMonth,
    /// An amendment to another month.
    AmendedOtherMonth,
    /// An amendment to another clinician of the practice.
    AmendedClinician,
    /// An amendment to another practice, in the same feed.
    AmendedPractice,
    /// A retraction.
    Retracted,
    /// A retraction that arrives before the event.
    RetractedFirst,
    /// A conflict: the same version with another content.
    Conflict,
    /// A version that records the event again after a retraction.
    Revived,
    /// A first version above 1; the lower one arrives later or never.
    VersionGap,
    /// A first version that is days late.
    LateDays,
    /// A first version that is months late.
    LateMonths,
    /// A first version more than 13 months after its month.
    AfterSeal,
    /// An amendment to a recent month, more than 13 months after the event's own.
    AmendedAfterSeal,
    /// A retraction more than 13 months after the event's month.
    RetractedAfterSeal,
    /// An amendment to a month that ended more than 13 months before.
    AmendedIntoSealed,
    /// An administrative entry.
    ExcludedAdmin,
    /// A test patient.
    ExcludedTest,
    /// The patient is adjusted for a measure.
    Adjusted,
    /// A link to an encounter that arrives later.
    LinkLate,
    /// A link to an encounter that is amended later.
    LinkAmended,
    /// A link to an encounter that is retracted later.
    LinkRetracted,
    /// An event without a practice, but with a link.
    PracticeFromLink,
    /// An event with neither.
    PracticeAbsent,
    /// An encounter with unknown status.
    UnknownStatus,
    /// A repeat prescription.
    Repeat,
    /// A drug in another coding system.
    Unmapped,
    /// An event within an hour of a month's bound.
    MonthEdge,
    /// An event under the clinician's second number.
    SecondNumber,
}

impl Odd {
    /// Every oddity.
    pub const ALL: [Odd; 30] = [
        Odd::Duplicate,
        Odd::Stale,
        Odd::AmendedSameMonth,
        Odd::AmendedOtherMonth,
        Odd::AmendedClinician,
        Odd::AmendedPractice,
        Odd::Retracted,
        Odd::RetractedFirst,
        Odd::Conflict,
        Odd::Revived,
        Odd::VersionGap,
        Odd::LateDays,
        Odd::LateMonths,
        Odd::AfterSeal,
        Odd::AmendedAfterSeal,
        Odd::RetractedAfterSeal,
        Odd::AmendedIntoSealed,
        Odd::ExcludedAdmin,
        Odd::ExcludedTest,
        Odd::Adjusted,
        Odd::LinkLate,
        Odd::LinkAmended,
        Odd::LinkRetracted,
        Odd::PracticeFromLink,
        Odd::PracticeAbsent,
        Odd::UnknownStatus,
        Odd::Repeat,
        Odd::Unmapped,
        Odd::MonthEdge,
        Odd::SecondNumber,
    ];

    /// Events in 1,000 with this oddity by default, for oddities that exclude each other.
    pub(crate) const DEALT: [(Odd, u32); 20] = [
        (Odd::Duplicate, 20),
        (Odd::Stale, 5),
        (Odd::AmendedSameMonth, 10),
        (Odd::AmendedOtherMonth, 6),
        (Odd::AmendedClinician, 6),
        (Odd::AmendedPractice, 5),
        (Odd::Retracted, 8),
        (Odd::RetractedFirst, 4),
        (Odd::Conflict, 4),
        (Odd::Revived, 4),
        (Odd::VersionGap, 4),
        (Odd::LateDays, 15),
        (Odd::LateMonths, 8),
        (Odd::AfterSeal, 4),
        (Odd::AmendedAfterSeal, 4),
        (Odd::RetractedAfterSeal, 4),
        (Odd::AmendedIntoSealed, 4),
        (Odd::ExcludedAdmin, 4),
        (Odd::ExcludedTest, 4),
        (Odd::Adjusted, 8),
    ];
}

/// Counts of the oddities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Odds(BTreeMap<Odd, u64>);

impl Odds {
    /// The count of one oddity.
    #[must_use]
    pub fn count(&self, odd: Odd) -> u64 {
        self.0.get(&odd).copied().unwrap_or(0)
    }

    pub(crate) fn saw(&mut self, odd: Odd) {
        *self.0.entry(odd).or_default() += 1;
    }
}

impl fmt::Display for Odds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for odd in Odd::ALL {
            writeln!(f, "{odd:?} {}", self.count(odd))?;
        }
        Ok(())
    }
}
