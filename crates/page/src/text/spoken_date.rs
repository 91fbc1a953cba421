//! Days and months in words: `5 December 2026`, `October 2026`.

use scorecard::card::scorecard::Scorecard;
use scorecard::time::calendar::{Day, Month, Timestamp, Zone};

use crate::text::page_words::text;

/// `5 December 2026`.
#[must_use]
pub fn day(day: Day) -> String {
    let number = day.0 - day.month().first_day().0 + 1;
    format!("{number} {}", month(day.month()))
}

/// `October 2026`.
#[must_use]
pub fn month(month: Month) -> String {
    format!("{} {}", month_name(month), month.0.div_euclid(12))
}

/// `October`.
#[must_use]
pub fn month_name(month: Month) -> String {
    text(&format!("month_name.{:02}", month.0.rem_euclid(12) + 1))
}

/// `Oct`.
#[must_use]
pub fn month_letters(month: Month) -> String {
    month_name(month).chars().take(3).collect()
}

/// `Oct 26`.
#[must_use]
pub fn short_month(month: Month) -> String {
    format!("{} {:02}", month_letters(month), month.0.div_euclid(12).rem_euclid(100))
}

/// The civil day of an instant in the zone of a card.
#[must_use]
pub fn day_of(card: &Scorecard, at: Timestamp) -> Day {
    Zone::named(&card.content.period.zone).unwrap_or_else(|_| Zone::london()).day_of(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_month_in_words_and_no_leading_zero() {
        assert_eq!(Day::from_ymd(2026, 12, 5).map(day).as_deref(), Some("5 December 2026"));
        assert_eq!(Day::from_ymd(2024, 2, 29).map(day).as_deref(), Some("29 February 2024"));
        assert_eq!(Month::from_ym(2026, 10).map(short_month).as_deref(), Some("Oct 26"));
        assert_eq!(Month::from_ym(2100, 1).map(short_month).as_deref(), Some("Jan 00"));
    }
}
