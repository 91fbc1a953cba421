//! The required value of a topic's setting.

use std::fmt;

/// The required value of a topic's setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// This word.
    Word(&'static str),
    /// This number or more; -1 is unlimited.
    AtLeast(i64),
    /// This number or less.
    AtMost(i64),
}

impl Requirement {
    /// The value for a new topic.
    #[must_use]
    pub fn value(self) -> String {
        match self {
            Requirement::Word(word) => word.to_owned(),
            Requirement::AtLeast(number) | Requirement::AtMost(number) => number.to_string(),
        }
    }

    /// Whether it allows this value of the brokers.
    #[must_use]
    pub fn allows(self, found: &str) -> bool {
        let endless = |number: i64| if number < 0 { i64::MAX } else { number };
        let number = found.parse().map(endless);
        match self {
            Requirement::Word(word) => found == word,
            Requirement::AtLeast(least) => number.is_ok_and(|number| number >= endless(least)),
            Requirement::AtMost(most) => number.is_ok_and(|number| number <= endless(most)),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Requirement::Word(word) => f.write_str(word),
            Requirement::AtLeast(-1) => f.write_str("-1 (unlimited)"),
            Requirement::AtLeast(number) => write!(f, "{number} or more"),
            Requirement::AtMost(number) => write!(f, "{number} or less"),
        }
    }
}
