//! The states of months, computed on jiff's calendar alone.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use scorecard::time::calendar::{Month, Timestamp};

/// The four states of a month, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MonthState {
    Running,
    Provisional,
    Final,
    Sealed,
}

/// The states of the months of a deployment with this first publication instant.
#[derive(Clone, Debug)]
pub(crate) struct MonthStates {
    first: Timestamp,
    london: TimeZone,
}

impl MonthStates {
    pub(crate) fn new(first: Timestamp) -> MonthStates {
        MonthStates { first, london: TimeZone::get("Europe/London").expect("the bundled database holds London") }
    }

    /// The month of an instant in London.
    pub(crate) fn month_of(&self, at: Timestamp) -> Month {
        let day = instant(at).to_zoned_datetime(self.london.clone()).date();
        Month(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
    }

    fn base(&self, month: Month) -> Timestamp {
        let next = month.0 + 1;
        let year = i16::try_from(next.div_euclid(12)).expect("a year of the simulation");
        let number = i8::try_from(next.rem_euclid(12) + 1).expect("1 to 12");
        let end = jiff::civil::date(year, number, 1).to_zoned_datetime(self.london.clone()).expect("midnight exists in London");
        Timestamp(end.timestamp().as_millisecond()).max(self.first)
    }

    fn later(&self, month: Month, span: Span) -> Timestamp {
        let base = instant(self.base(month)).to_zoned_datetime(self.london.clone());
        Timestamp(base.checked_add(span).expect("within the calendar").timestamp().as_millisecond())
    }

    /// The state of a month after a cut at `at`.
    pub(crate) fn at(&self, month: Month, at: Timestamp) -> MonthState {
        let ends = [
            (Span::new().days(3), MonthState::Running),
            (Span::new().days(35), MonthState::Provisional),
            (Span::new().months(13), MonthState::Final),
        ];
        ends.into_iter().find(|(span, _)| at < self.later(month, *span)).map_or(MonthState::Sealed, |(_, state)| state)
    }

    fn is_sealed(&self, month: Month, at: Timestamp) -> bool {
        self.at(month, at) == MonthState::Sealed
    }

    /// The first month that is not sealed after a cut at `at`.
    pub(crate) fn open_from(&self, at: Timestamp) -> Month {
        let started = self.month_of(self.first);
        if !self.is_sealed(started.plus(-2), at) {
            return Month::EARLIEST;
        }
        let mut month = started.plus(-1);
        while self.is_sealed(month, at) {
            month = month.plus(1);
        }
        month
    }
}

fn instant(at: Timestamp) -> Instant {
    Instant::from_millisecond(at.0).expect("an instant of the simulation")
}
