//! Faults of an element: a reason from a closed list, the field, and a text that shows the shape of a value and never the value.

use std::borrow::Cow;
use std::fmt::Display;

/// The closed list of reasons for a reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// The bytes are not JSON.
    NotJson,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// JSON, but not an object.
    NotAnObject,
    /// The bytes have another format than the source is configured for.
    WrongFormat,
    /// Neither the event nor the source names a feed.
    MissingFeed,
    /// The sender may not write this feed.
    FeedNotAllowed,
    /// A required field is missing.
    MissingField,
    /// A native event names no clinician.
    MissingClinician,
    /// The field that orders the versions is missing.
    MissingVersion,
    /// A field of another JSON type.
    WrongType,
    /// A text that does not parse.
    MalformedValue,
    /// A date without a time, or less than a day.
    DateTooCoarse,
    /// A number or a time outside its range.
    OutOfRange,
    /// A word that is not in its list.
    UnknownValue,
    /// A kind of event that is not in its list.
    UnknownType,
    /// A time more than five minutes ahead.
    InTheFuture,
    /// A day before the first day of the deployment.
    TooOld,
    /// A text or a list that exceeds its limit.
    TooLong,
}

impl RejectReason {
    /// All of them.
    pub const ALL: [RejectReason; 18] = [
        RejectReason::NotJson,
        RejectReason::NotUtf8,
        RejectReason::NotAnObject,
        RejectReason::WrongFormat,
        RejectReason::MissingFeed,
        RejectReason::FeedNotAllowed,
        RejectReason::MissingField,
        RejectReason::MissingClinician,
        RejectReason::MissingVersion,
        RejectReason::WrongType,
        RejectReason::MalformedValue,
        RejectReason::DateTooCoarse,
        RejectReason::OutOfRange,
        RejectReason::UnknownValue,
        RejectReason::UnknownType,
        RejectReason::InTheFuture,
        RejectReason::TooOld,
        RejectReason::TooLong,
    ];

    /// The word in a reject.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RejectReason::NotJson => "not_json",
            RejectReason::NotUtf8 => "not_utf8",
            RejectReason::NotAnObject => "not_an_object",
            RejectReason::WrongFormat => "wrong_format",
            RejectReason::MissingFeed => "missing_feed",
            RejectReason::FeedNotAllowed => "feed_not_allowed",
            RejectReason::MissingField => "missing_field",
            RejectReason::MissingClinician => "missing_clinician",
            RejectReason::MissingVersion => "missing_version",
            RejectReason::WrongType => "wrong_type",
            RejectReason::MalformedValue => "malformed_value",
            RejectReason::DateTooCoarse => "date_too_coarse",
            RejectReason::OutOfRange => "out_of_range",
            RejectReason::UnknownValue => "unknown_value",
            RejectReason::UnknownType => "unknown_type",
            RejectReason::InTheFuture => "in_the_future",
            RejectReason::TooOld => "too_old",
            RejectReason::TooLong => "too_long",
        }
    }
}

/// The fault of one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: RejectReason,
    pub(crate) field: Cow<'static, str>,
    pub(crate) detail: String,
}

/// The path of a field, such as `prescription.quantity`.
pub(crate) type Field = &'static str;

impl Fault {
    pub(crate) fn new(reason: RejectReason, field: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Fault {
        Fault { reason, field: field.into(), detail: detail.into() }
    }

    pub(crate) fn missing(field: Field, cure: &str) -> Fault {
        Fault::new(RejectReason::MissingField, field, format!("{field} is missing; {cure}"))
    }

    pub(crate) fn wrong_type(field: Field, found: &str, expected: &str) -> Fault {
        Fault::new(RejectReason::WrongType, field, format!("{field} is {found}; send {expected}"))
    }

    /// `text` is the value; the message shows only its shape.
    pub(crate) fn malformed(field: Field, text: &str, expected: impl Display) -> Fault {
        Fault::new(RejectReason::MalformedValue, field, format!("{field} looks like {}; send {expected}", quoted(text)))
    }

    pub(crate) fn unknown_value(field: Field, text: &str, expected: impl Display) -> Fault {
        Fault::new(RejectReason::UnknownValue, field, format!("{field} looks like {}; send one of {expected}", quoted(text)))
    }

    pub(crate) fn too_long(field: Field, length: usize, what: &str, most: usize) -> Fault {
        Fault::new(RejectReason::TooLong, field, format!("{field} has {length} {what}; send at most {most}"))
    }
}

/// The shape of a value in quotes, cut to 40 characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", shape(text, 40))
}

/// The shape of a text: letters as `a`, digits as `9`, cut to `most` characters.
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
        let words: std::collections::BTreeSet<_> = RejectReason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(words.len(), RejectReason::ALL.len());
    }
}
