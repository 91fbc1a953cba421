//! Why an item cannot be taken: a reason from a closed list, the field, and a text that shows shapes and never values.

use std::borrow::Cow;
use std::fmt::Display;

/// The closed list of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The bytes are not JSON.
    NotJson,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// JSON, but not an object.
    NotAnObject,
    /// Bytes of another format than the source is read in.
    WrongFormat,
    /// Neither the event nor the source names a feed.
    MissingFeed,
    /// The sender may not write this feed.
    FeedNotAllowed,
    /// A required field is not there.
    MissingField,
    /// A native event names no clinician.
    MissingClinician,
    /// What orders the versions is not there.
    MissingVersion,
    /// A field of another JSON type.
    WrongType,
    /// A text that cannot be read.
    MalformedValue,
    /// A date without a time, or less than a day.
    DateTooCoarse,
    /// A number or a time outside its range.
    OutOfRange,
    /// A word outside its list.
    UnknownValue,
    /// A kind of event outside its list.
    UnknownType,
    /// A time more than five minutes ahead.
    InTheFuture,
    /// A text or a list that exceeds its bound.
    TooLong,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 17] = [
        Reason::NotJson,
        Reason::NotUtf8,
        Reason::NotAnObject,
        Reason::WrongFormat,
        Reason::MissingFeed,
        Reason::FeedNotAllowed,
        Reason::MissingField,
        Reason::MissingClinician,
        Reason::MissingVersion,
        Reason::WrongType,
        Reason::MalformedValue,
        Reason::DateTooCoarse,
        Reason::OutOfRange,
        Reason::UnknownValue,
        Reason::UnknownType,
        Reason::InTheFuture,
        Reason::TooLong,
    ];

    /// The word in a reject.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotJson => "not_json",
            Reason::NotUtf8 => "not_utf8",
            Reason::NotAnObject => "not_an_object",
            Reason::WrongFormat => "wrong_format",
            Reason::MissingFeed => "missing_feed",
            Reason::FeedNotAllowed => "feed_not_allowed",
            Reason::MissingField => "missing_field",
            Reason::MissingClinician => "missing_clinician",
            Reason::MissingVersion => "missing_version",
            Reason::WrongType => "wrong_type",
            Reason::MalformedValue => "malformed_value",
            Reason::DateTooCoarse => "date_too_coarse",
            Reason::OutOfRange => "out_of_range",
            Reason::UnknownValue => "unknown_value",
            Reason::UnknownType => "unknown_type",
            Reason::InTheFuture => "in_the_future",
            Reason::TooLong => "too_long",
        }
    }
}

/// What is wrong with one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    pub(crate) field: Cow<'static, str>,
    pub(crate) detail: String,
}

/// Where a value stands: `prescription.quantity`.
pub(crate) type Field = &'static str;

impl Fault {
    pub(crate) fn new(reason: Reason, field: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Fault {
        Fault { reason, field: field.into(), detail: detail.into() }
    }

    pub(crate) fn missing(field: Field, cure: &str) -> Fault {
        Fault::new(Reason::MissingField, field, format!("{field} is missing; {cure}"))
    }

    pub(crate) fn wrong_type(field: Field, found: &str, expected: &str) -> Fault {
        Fault::new(Reason::WrongType, field, format!("{field} is {found}; send {expected}"))
    }

    /// `text` is what was found; only its shape is told.
    pub(crate) fn malformed(field: Field, text: &str, expected: impl Display) -> Fault {
        Fault::new(Reason::MalformedValue, field, format!("{field} looks like {}; send {expected}", quoted(text)))
    }

    pub(crate) fn unknown_value(field: Field, text: &str, expected: impl Display) -> Fault {
        Fault::new(Reason::UnknownValue, field, format!("{field} looks like {}; send one of {expected}", quoted(text)))
    }

    pub(crate) fn too_long(field: Field, length: usize, what: &str, most: usize) -> Fault {
        Fault::new(Reason::TooLong, field, format!("{field} has {length} {what}; send at most {most}"))
    }
}

/// The shape of a value in quotes, cut to 40 characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", shape(text, 40))
}

/// The shape of a text: letters as `a`, digits as `9`, cut to so many characters.
pub(crate) fn shape(text: &str, most: usize) -> String {
    let shaped = |c: char| match c {
        _ if c.is_numeric() => '9',
        _ if c.is_alphabetic() => 'a',
        '\n' | '\r' | '\t' => ' ',
        _ if c.is_ascii_graphic() || c == ' ' => c,
        _ => '?',
    };
    text.chars().take(most).map(shaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_no_letter_and_no_digit() {
        assert_eq!(shape("Zoë 943-476 5919\n{\"é\":\u{661}}", 200), "aaa 999-999 9999 {\"a\":9}");
        assert_eq!(shape(&"x".repeat(300), 200).len(), 200);
    }

    #[test]
    fn reasons_are_words_that_differ() {
        let words: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
    }
}
