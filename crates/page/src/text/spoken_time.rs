//! Planned time in words.

use crate::text::page_words::counted;

/// Planned time: minutes below two hours, else whole hours.
#[must_use]
pub fn time(minutes: i64) -> String {
    let (section, count) = if minutes < 120 { ("minutes", minutes) } else { ("hours", (minutes + 30) / 60) };
    counted(section, count)
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn time_is_in_minutes_below_two_hours() {
        assert_eq!([1, 119, 120, 1_545].map(time), ["1 minute", "119 minutes", "2 hours", "26 hours"]);
    }
}
