//! Fast writing of instants: a table of the days of a span saves a calendar computation per line.

use jiff::civil::Date;

use crate::calendar::London;

const DAY: i64 = 86_400;

/// The offset with which an instant is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// London's offset.
    London,
    /// `Z`.
    Utc,
    /// Two hours ahead.
    Ahead,
    /// Five hours behind.
    Behind,
}

/// The days of a span, by their number since 1970-01-01.
#[derive(Debug)]
pub(crate) struct Instants {
    first: i64,
    days: Vec<[u8; 11]>,
    /// London's summers in the span as (from, to), in seconds since 1970-01-01T00:00Z.
    summers: Vec<(i64, i64)>,
}

impl Instants {
    /// A table of `days` days from this one on.
    pub(crate) fn lay_out(from: Date, days: usize) -> Instants {
        let london = London::default();
        let since = from.since(Date::constant(1970, 1, 1)).expect("days lie within the years that jiff knows").get_days();
        let first = i64::from(since);
        let names = from.series(jiff::Span::new().days(1)).take(days).map(|day| name(&day)).collect();
        let hours = (first * 24..(first + i64::try_from(days).expect("some hundred days")) * 24).map(|hour| hour * 3600);
        let mut summers: Vec<(i64, i64)> = Vec::new();
        for hour in hours.filter(|hour| london.offset_seconds(hour * 1000) != 0) {
            match summers.last_mut() {
                Some((_, to)) if *to == hour => *to = hour + 3600,
                _ => summers.push((hour, hour + 3600)),
            }
        }
        Instants { first, days: names, summers }
    }

    /// Seconds by which London's clock is ahead of UTC at this second.
    pub(crate) fn london_offset(&self, second: i64) -> i64 {
        let summer = self.summers.iter().any(|(from, to)| (*from..*to).contains(&second));
        if summer { 3600 } else { 0 }
    }

    /// Appends this second as RFC 3339.
    pub(crate) fn write(&self, out: &mut Vec<u8>, second: i64, clock: Clock) {
        let (offset, suffix): (i64, &[u8]) = match clock {
            Clock::London if self.london_offset(second) != 0 => (3600, b"+01:00"),
            Clock::London => (0, b"+00:00"),
            Clock::Utc => (0, b"Z"),
            Clock::Ahead => (7200, b"+02:00"),
            Clock::Behind => (-18_000, b"-05:00"),
        };
        let local = second + offset;
        let day = usize::try_from(local.div_euclid(DAY) - self.first).expect("the span was laid out with a margin");
        out.extend_from_slice(&self.days[day]);
        let of_day = local.rem_euclid(DAY);
        for (place, part) in [of_day / 3600, of_day / 60 % 60, of_day % 60].into_iter().enumerate() {
            if place > 0 {
                out.push(b':');
            }
            out.extend_from_slice(&[digit(part / 10), digit(part % 10)]);
        }
        out.extend_from_slice(suffix);
    }
}

fn name(day: &Date) -> [u8; 11] {
    let text = format!("{day}T");
    text.as_bytes().try_into().expect("years of four digits")
}

/// The character of a digit.
pub(crate) fn digit(value: i64) -> u8 {
    b'0' + u8::try_from(value).expect("a digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_instant_reads_as_itself_with_every_offset_and_in_every_season() {
        let instants = Instants::lay_out(Date::constant(2025, 9, 1), 460);
        let first: jiff::Timestamp = "2025-09-03T00:00:00Z".parse().expect("an instant");
        for n in 0..450 * 7 {
            let second = first.as_second() + n * (DAY / 7 + 11);
            if second > first.as_second() + 450 * DAY {
                break;
            }
            for clock in [Clock::London, Clock::Utc, Clock::Ahead, Clock::Behind] {
                let mut out = Vec::new();
                instants.write(&mut out, second, clock);
                let text = String::from_utf8(out).expect("ASCII");
                let read: jiff::Timestamp = text.parse().expect("RFC 3339");
                assert_eq!(read.as_second(), second, "{text}");
            }
            let offset = London::default().offset_seconds(second * 1000);
            assert_eq!(instants.london_offset(second), i64::from(offset));
        }
    }
}
