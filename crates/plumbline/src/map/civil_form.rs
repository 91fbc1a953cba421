//! Dates and times in the form that a table writes, such as `DD/MM/YYYY hh:mm`.

use scorecard::time::calendar::{Day, LocalInstant, Timestamp, Zone};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A part of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    /// Exactly two digits.
    Month,
    /// One or two digits.
    ShortMonth,
    /// Three letters, in English.
    MonthName,
    Day,
    ShortDay,
    Hour,
    Minute,
    Second,
    /// Digits behind the point of a second, none or more. They are read over.
    Fraction,
    /// `Z` or `+01:00`.
    Offset,
    /// This character.
    Is(char),
}

/// The form of a date, a time, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CivilForm {
    text: String,
    parts: Vec<Part>,
    /// Parts from here on may be missing, all together.
    optional: usize,
}

/// A civil date and time as read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CivilMoment {
    pub(crate) day: Option<Day>,
    /// Seconds since midnight; none where the form or the text has no time.
    pub(crate) seconds: Option<u32>,
    /// Seconds by which local time is ahead of UTC.
    pub(crate) offset: Option<i64>,
}

impl CivilForm {
    /// Reads a form. Its words are `YYYY`, `MM`, `M`, `Mon`, `DD`, `D`, `hh`, `mm`, `ss`, `fff` and `+00:00`; `[` begins a part that may
    /// be missing up to `]` at the end. Every other character is itself.
    ///
    /// # Errors
    /// A form without a date or an hour.
    pub(crate) fn parse(text: &str) -> Result<CivilForm, String> {
        const WORDS: [(&str, Part); 11] = [
            ("YYYY", Part::Year),
            ("Mon", Part::MonthName),
            ("MM", Part::Month),
            ("M", Part::ShortMonth),
            ("DD", Part::Day),
            ("D", Part::ShortDay),
            ("hh", Part::Hour),
            ("mm", Part::Minute),
            ("ss", Part::Second),
            ("fff", Part::Fraction),
            ("+00:00", Part::Offset),
        ];
        let (mut rest, mut parts, mut optional) = (text, Vec::new(), None);
        while let Some(character) = rest.chars().next() {
            if character == '[' && optional.is_none() && rest.ends_with(']') {
                optional = Some(parts.len());
                rest = &rest[1..rest.len() - 1];
                continue;
            }
            match WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                Some((word, part)) => {
                    parts.push(*part);
                    rest = &rest[word.len()..];
                }
                None => {
                    parts.push(Part::Is(character));
                    rest = &rest[character.len_utf8()..];
                }
            }
        }
        let has = |wanted: &[Part]| parts.iter().any(|part| wanted.contains(part));
        let date = has(&[Part::Year]) && has(&[Part::Month, Part::ShortMonth, Part::MonthName]);
        if !date && !has(&[Part::Hour]) {
            return Err(format!("{text:?} is no form; write one such as YYYY-MM-DD, DD/MM/YYYY hh:mm or hh:mm[:ss]"));
        }
        let optional = optional.unwrap_or(parts.len());
        Ok(CivilForm { text: text.to_owned(), parts, optional })
    }

    /// The form as the map writes it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds a date.
    pub(crate) fn has_date(&self) -> bool {
        self.parts.contains(&Part::Year)
    }

    /// The date and time of a text in this form. `None` for every other text, also for 31/02/2026 and 24:00.
    pub(crate) fn read(&self, text: &str) -> Option<CivilMoment> {
        let (mut year, mut month, mut day) = (None, None, None);
        let (mut hour, mut minute, mut second, mut offset) = (None, 0, 0, None);
        let mut rest = text;
        for (n, part) in self.parts.iter().enumerate() {
            if rest.is_empty() && n == self.optional {
                break;
            }
            match part {
                Part::Year => year = Some(i32::try_from(digits(&mut rest, 4, 4)?).ok()?),
                Part::Month => month = Some(digits(&mut rest, 2, 2)?),
                Part::ShortMonth => month = Some(digits(&mut rest, 1, 2)?),
                Part::MonthName => month = Some(month_named(&mut rest)?),
                Part::Day => day = Some(digits(&mut rest, 2, 2)?),
                Part::ShortDay => day = Some(digits(&mut rest, 1, 2)?),
                Part::Hour => hour = Some(digits(&mut rest, 1, 2)?),
                Part::Minute => minute = digits(&mut rest, 2, 2)?,
                Part::Second => second = digits(&mut rest, 2, 2)?,
                Part::Fraction => rest = rest.trim_start_matches(|character: char| character.is_ascii_digit()),
                Part::Offset => offset = Some(offset_of(&mut rest)?),
                Part::Is(character) => rest = rest.strip_prefix(*character)?,
            }
        }
        if !rest.is_empty() || hour.is_some_and(|hour| hour > 23) || minute > 59 || second > 59 {
            return None;
        }
        let day = match (year, month, day) {
            // A form without a day means a month, which begins on its first.
            (Some(year), Some(month), day) => {
                let day = day.unwrap_or(1);
                Some(Day::from_ymd(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)?)
            }
            _ => None,
        };
        let seconds = hour.map(|hour| hour * 3_600 + minute * 60 + second);
        Some(CivilMoment { day, seconds, offset })
    }
}

impl CivilMoment {
    /// The date of one reading with the time of another.
    pub(crate) fn with_time(self, time: Option<CivilMoment>) -> CivilMoment {
        CivilMoment {
            seconds: time.map_or(self.seconds, |time| time.seconds),
            offset: time.map_or(self.offset, |time| time.offset),
            ..self
        }
    }

    /// The instant in a zone; an offset of the text counts before the zone. Without a time it is the start of the day.
    pub(crate) fn instant(self, zone: &Zone) -> Option<LocalInstant> {
        let day = self.day?;
        Some(match (self.seconds, self.offset) {
            (None, _) => LocalInstant::Once(zone.start_of(day)),
            (Some(seconds), None) => zone.instant_of(day, seconds),
            (Some(seconds), Some(offset)) => {
                LocalInstant::Once(Timestamp((i64::from(day.0) * 86_400 + i64::from(seconds) - offset) * 1_000))
            }
        })
    }
}

/// A number of `least` to `most` digits.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at_checked(length).filter(|_| length >= least)?;
    *rest = behind;
    number.parse().ok()
}

fn month_named(rest: &mut &str) -> Option<u32> {
    let (name, behind) = rest.split_at_checked(3)?;
    *rest = behind;
    let month = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month))?;
    u32::try_from(month + 1).ok()
}

fn offset_of(rest: &mut &str) -> Option<i64> {
    if let Some(behind) = rest.strip_prefix('Z') {
        *rest = behind;
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    *rest = rest.strip_prefix(['+', '-'])?;
    let hours = digits(rest, 2, 2).filter(|hours| *hours <= 18)?;
    *rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = digits(rest, 2, 2).filter(|minutes| *minutes <= 59)?;
    Some(sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, text: &str) -> Option<CivilMoment> {
        CivilForm::parse(form).unwrap().read(text)
    }

    fn day(year: i16, month: i8, day: i8) -> Option<Day> {
        Day::from_ymd(year, month, day)
    }

    #[test]
    fn forms_read_the_dates_and_times_of_tables() {
        let found = read("DD/MM/YYYY hh:mm", "05/10/2026 09:41").unwrap();
        assert_eq!((found.day, found.seconds), (day(2026, 10, 5), Some(9 * 3600 + 41 * 60)));
        assert_eq!(read("DD Mon YYYY hh:mm:ss", "05 Oct 2026 23:59:59").unwrap().seconds, Some(86_399));
        assert_eq!(read("YYYYMMDD", "20261005").unwrap().day, day(2026, 10, 5));
        assert_eq!(read("YYYYMM", "202610").unwrap().day, day(2026, 10, 1));
        assert_eq!(read("D/M/YYYY", "5/1/2026").unwrap().day, day(2026, 1, 5));
        assert_eq!(read("YYYY-MM-DD[ hh:mm:ss]", "2026-10-05").unwrap().seconds, None);
        assert_eq!(read("YYYY-MM-DD[ hh:mm:ss]", "2026-10-05 01:00:00").unwrap().seconds, Some(3600));
        assert_eq!(read("hh:mm[:ss]", "9:05"), Some(CivilMoment { seconds: Some(9 * 3600 + 300), ..CivilMoment::default() }));
        let with_offset = read("YYYY-MM-DDThh:mm:ss+00:00", "2026-10-05T09:00:00+01:00").unwrap();
        // 9:00 in summer time is 8:00 UTC; 5 October 2026 is day 20,731 since 1970.
        let expected = LocalInstant::Once(Timestamp((20_731 * 86_400 + 8 * 3_600) * 1_000));
        assert_eq!(with_offset.instant(&Zone::london()), Some(expected));
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_not_read() {
        for (form, text) in [
            ("DD/MM/YYYY", "31/02/2026"),
            ("DD/MM/YYYY", "29/02/2026"),
            ("DD/MM/YYYY", "00/01/2026"),
            ("DD/MM/YYYY", "5/10/2026"),
            ("DD/MM/YYYY", "05/10/2026 09:41"),
            ("YYYY-MM-DD", "05/10/2026"),
            ("YYYY-MM-DD", "2026-10-0五"),
            ("hh:mm", "24:00"),
            ("hh:mm", "12:60"),
            ("hh:mm[:ss]", "12:00:"),
            ("DD Mon YYYY", "05 Okt 2026"),
            ("YYYY-MM-DDThh:mm:ss+00:00", "2026-10-05T09:00:00"),
        ] {
            assert_eq!(read(form, text), None, "{form} {text}");
        }
        assert!(read("DD/MM/YYYY", "29/02/2028").is_some());
        for form in ["", "YYYY", "DD", "mm:ss", "yyyy-mm-dd"] {
            assert!(CivilForm::parse(form).is_err(), "{form}");
        }
    }
}
