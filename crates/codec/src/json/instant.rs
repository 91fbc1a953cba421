//! Times as text: RFC 3339 with an offset, and FHIR's dates.

use scorecard::time::calendar::{Day, Timestamp, Zone};

/// The reason why a text is not a usable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The text is neither a time nor a date.
    Malformed,
    /// The time has no offset, so it names no instant.
    NoOffset,
    /// The text is a date where an instant is needed, or less than a date.
    TooCoarse,
    /// A year before 1900 or after 9998.
    OutOfRange,
}

/// An instant and its civil day in a feed's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) day: Day,
}

/// An instant: RFC 3339 with an offset. Fractions of a second are cut to milliseconds.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Unreadable> {
    let bytes = text.as_bytes();
    let Some((first, rest)) = bytes.split_first_chunk::<10>() else { return Err(too_short(bytes)) };
    let day = date(first)?;
    let (clock, rest) = match rest {
        [] => return Err(Unreadable::TooCoarse),
        [b'T' | b't', rest @ ..] => rest.split_first_chunk::<8>().ok_or(Unreadable::Malformed)?,
        _ => return Err(Unreadable::Malformed),
    };
    let seconds = seconds_of_day(clock)?;
    let (millis, rest) = fraction(rest)?;
    let offset = offset(rest)?;
    Ok(Timestamp(i64::from(day.0) * 86_400_000 + (seconds - offset) * 1000 + millis))
}

/// An instant with its civil day in a zone.
pub(crate) fn moment(text: &str, zone: &Zone) -> Result<Moment, Unreadable> {
    let at = instant(text)?;
    Ok(Moment { at, day: zone.day_of(at) })
}

/// FHIR's dateTime: an instant, or a date, which begins at midnight in the zone. A year or a month is too coarse.
pub(crate) fn fhir_moment(text: &str, zone: &Zone) -> Result<Moment, Unreadable> {
    if let Ok(written) = text.as_bytes().try_into() {
        let day = date(written)?;
        return Ok(Moment { at: zone.start_of(day), day });
    }
    moment(text, zone)
}

/// The fault of a text that is less than a date: `2026` and `2026-10` are too coarse.
fn too_short(bytes: &[u8]) -> Unreadable {
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match bytes {
        [year @ .., b'-', _, _] if year.len() == 4 && digits(year) && digits(&bytes[5..]) => Unreadable::TooCoarse,
        year if year.len() == 4 && digits(year) => Unreadable::TooCoarse,
        _ => Unreadable::Malformed,
    }
}

/// `2026-10-05`.
fn date(bytes: &[u8; 10]) -> Result<Day, Unreadable> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return Err(Unreadable::Malformed) };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    match Day::from_ymd(year, month.cast_signed(), day.cast_signed()) {
        None => Err(Unreadable::Malformed),
        Some(_) if !(1900..=9998).contains(&year) => Err(Unreadable::OutOfRange),
        // The arithmetic of zones ends with the year 9998, and the offset is subtracted afterwards.
        Some(day) => Ok(day),
    }
}

/// `09:41:07`. A leap second is the second before it.
fn seconds_of_day(clock: &[u8; 8]) -> Result<i64, Unreadable> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return Err(Unreadable::Malformed) };
    match (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?) {
        (hour @ ..24, minute @ ..60, second @ ..61) => Ok(seconds_of(hour, minute) + i64::from(second.min(59))),
        _ => Err(Unreadable::Malformed),
    }
}

/// `.125` in milliseconds, and the text after it.
fn fraction(bytes: &[u8]) -> Result<(i64, &[u8]), Unreadable> {
    let [b'.', rest @ ..] = bytes else { return Ok((0, bytes)) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return Err(Unreadable::Malformed);
    }
    let millis = (0..3).fold(0, |sum, place| {
        let digit = rest.get(place).filter(|b| b.is_ascii_digit()).map_or(0, |b| i64::from(b - b'0'));
        sum * 10 + digit
    });
    Ok((millis, &rest[digits..]))
}

/// `Z` or `+01:00` in seconds, at most 14 hours.
fn offset(bytes: &[u8]) -> Result<i64, Unreadable> {
    match bytes {
        [] => Err(Unreadable::NoOffset),
        [b'Z' | b'z'] => Ok(0),
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let seconds = seconds_of(hours, minutes);
            if minutes >= 60 || seconds > 14 * 3600 {
                return Err(Unreadable::Malformed);
            }
            Ok(if sign == b'-' { -seconds } else { seconds })
        }
        _ => Err(Unreadable::Malformed),
    }
}

fn seconds_of(hours: u8, minutes: u8) -> i64 {
    i64::from(hours) * 3600 + i64::from(minutes) * 60
}

/// The number of two digits.
#[inline]
fn two(tens: u8, ones: u8) -> Result<u8, Unreadable> {
    match (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0')) {
        (tens @ ..10, ones @ ..10) => Ok(10 * tens + ones),
        _ => Err(Unreadable::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_to_the_millisecond() {
        // `date -u -d 2026-10-05T08:41:00Z +%s` prints 1791189660.
        for (text, millis) in [
            ("2026-10-05T09:41:00+01:00", 1_791_189_660_000),
            ("2026-10-05T08:41:00Z", 1_791_189_660_000),
            ("2026-10-05t08:41:00.1239z", 1_791_189_660_123),
            ("2026-10-05T08:41:00.5-00:00", 1_791_189_660_500),
            ("2026-10-04T18:11:00-14:00", 1_791_187_860_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:60Z", -1_000),
        ] {
            assert_eq!(instant(text), Ok(Timestamp(millis)), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_an_instant_gives_the_reason() {
        for (text, why) in [
            ("2026", Unreadable::TooCoarse),
            ("2026-10", Unreadable::TooCoarse),
            ("2026-10-05", Unreadable::TooCoarse),
            ("2026-10-05T09:41:00", Unreadable::NoOffset),
            ("2026-10-05T09:41:00.5", Unreadable::NoOffset),
            ("2026-10-05T09:41+01:00", Unreadable::Malformed),
            ("2026-10-05 09:41:00Z", Unreadable::Malformed),
            ("2026-10-05T24:00:00Z", Unreadable::Malformed),
            ("2026-10-05T09:60:00Z", Unreadable::Malformed),
            ("2026-10-05T09:41:00.Z", Unreadable::Malformed),
            ("2026-10-05T09:41:00+0100", Unreadable::Malformed),
            ("2026-10-05T09:41:00+15:00", Unreadable::Malformed),
            ("2026-02-29T09:41:00Z", Unreadable::Malformed),
            ("2026-13-01T09:41:00Z", Unreadable::Malformed),
            ("05/10/2026", Unreadable::Malformed),
            ("20261005", Unreadable::Malformed),
            ("", Unreadable::Malformed),
            ("yesterday", Unreadable::Malformed),
            ("2026-10-0\u{665}T09:41:00Z", Unreadable::Malformed),
            ("1899-12-31T23:59:59Z", Unreadable::OutOfRange),
            ("9999-01-01T00:00:00Z", Unreadable::OutOfRange),
        ] {
            assert_eq!(instant(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_date_of_fhir_is_one_of_the_feeds_zone() {
        let london = Zone::london();
        let summer = fhir_moment("2026-07-01", &london).unwrap();
        assert_eq!(summer.at, instant("2026-06-30T23:00:00Z").unwrap());
        assert_eq!(summer.day, Day::from_ymd(2026, 7, 1).unwrap());
        assert_eq!(fhir_moment("2026-07", &london), Err(Unreadable::TooCoarse));
        assert_eq!(fhir_moment("2026", &london), Err(Unreadable::TooCoarse));
        let midnight = fhir_moment("2026-03-31T23:30:00Z", &london).unwrap();
        assert_eq!(midnight.day, Day::from_ymd(2026, 4, 1).unwrap());
    }
}
