//! What is odd about traffic, and how often each oddity was produced.

use std::collections::BTreeMap;
use std::fmt;

/// One way in which events are disorderly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Odd {
    /// The same bytes again.
    Duplicate,
    /// A lower version after a higher one.
    Stale,
    /// Another content or day, in the same month.
    AmendedSameMonth,
    /// Another month.
    AmendedOtherMonth,
    /// Another clinician of the practice.
    AmendedClinician,
    /// Another practice, in the same feed.
    AmendedPractice,
    /// Taken back.
    Retracted,
    /// Taken back before it arrived.
    RetractedFirst,
    /// The same version with another content.
    Conflict,
    /// Recorded again after it was taken back.
    Revived,
    /// First seen as a version above 1; the lower one comes later or never.
    VersionGap,
    /// First seen days later.
    LateDays,
    /// First seen months later.
    LateMonths,
    /// First seen more than 13 months after its month.
    AfterSeal,
    /// Moved to a recent month more than 13 months after its own.
    AmendedAfterSeal,
    /// Taken back more than 13 months after its month.
    RetractedAfterSeal,
    /// Moved to a month that was over more than 13 months before.
    AmendedIntoSealed,
    /// An administrative entry.
    ExcludedAdmin,
    /// A test patient.
    ExcludedTest,
    /// The patient is adjusted for a measure.
    Adjusted,
    /// Names an encounter that arrives later.
    LinkLate,
    /// Names an encounter that is amended later.
    LinkAmended,
    /// Names an encounter that is taken back later.
    LinkRetracted,
    /// Without a practice, but with a link.
    PracticeFromLink,
    /// With neither.
    PracticeAbsent,
    /// An encounter with unknown status.
    UnknownStatus,
    /// A repeat.
    Repeat,
    /// A drug in another coding system.
    Unmapped,
    /// Within an hour of a month's bound.
    MonthEdge,
    /// The clinician's second number.
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

    /// How many of 1,000 events have it by default, for those that are dealt out one to an event.
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

/// How often each oddity was produced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Odds(BTreeMap<Odd, u64>);

impl Odds {
    /// How often this one was.
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
