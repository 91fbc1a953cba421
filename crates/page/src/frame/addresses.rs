//! The addresses of pages, for one reader.

use scorecard::time::calendar::Month;

/// The name of the card over all practices in an address.
pub const ALL_PRACTICES: &str = "all";

/// The addresses of the pages of one reader. They begin with a base, which is empty for a reader who signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    base: String,
    /// The person whose card a lead reads; `None` for one's own.
    subject: Option<String>,
}

impl Addresses {
    /// Addresses that begin with this path.
    #[must_use]
    pub fn under(base: &str) -> Addresses {
        Addresses { base: base.to_owned(), subject: None }
    }

    /// The same addresses for the card of another person.
    #[must_use]
    pub fn of(&self, person: &str) -> Addresses {
        Addresses { subject: Some(person.to_owned()), ..self.clone() }
    }

    fn subject(&self) -> String {
        self.subject.as_ref().map(|person| format!("&of={}", encoded(person))).unwrap_or_default()
    }

    /// The card of a month; an empty practice is the card over all of them.
    #[must_use]
    pub fn month(&self, month: Month, practice: &str) -> String {
        format!("{}/me/{month}?practice={}{}", self.base, of_practice(practice), self.subject())
    }

    /// The page of one measure.
    #[must_use]
    pub fn measure(&self, month: Month, practice: &str, measure: &str) -> String {
        format!("{}/me/{month}/{}?practice={}{}", self.base, encoded(measure), of_practice(practice), self.subject())
    }

    /// The talks of a practice.
    #[must_use]
    pub fn talks(&self, practice: &str, month: Month) -> String {
        format!("{}/lead/{}/{month}", self.base, encoded(practice))
    }

    /// The page for a practice meeting.
    #[must_use]
    pub fn meeting(&self, practice: &str, month: Month) -> String {
        format!("{}/practice/{}/{month}", self.base, encoded(practice))
    }

    /// The page of the network.
    #[must_use]
    pub fn network(&self, month: Month) -> String {
        format!("{}/network/{month}", self.base)
    }

    /// The catalogue of measures.
    #[must_use]
    pub fn measures(&self) -> String {
        format!("{}/measures", self.base)
    }

    /// The state of feeds and rejects.
    #[must_use]
    pub fn operations(&self) -> String {
        format!("{}/operations", self.base)
    }
}

/// The address of the same page as a spreadsheet.
#[must_use]
pub fn as_csv(address: &str) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}format=csv")
}

fn of_practice(practice: &str) -> String {
    if practice.is_empty() { ALL_PRACTICES.to_owned() } else { encoded(practice) }
}

/// A part of a path: every byte except letters, digits and `-._~` as `%XX`.
#[must_use]
pub fn encoded(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    part.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_address_never_ends_the_part() {
        let addresses = Addresses::under("/as/clinician/gmc%7C1");
        let month = "2026-10".parse().unwrap();
        assert_eq!(addresses.month(month, "a/b?c&\"<"), "/as/clinician/gmc%7C1/me/2026-10?practice=a%2Fb%3Fc%26%22%3C");
        assert_eq!(as_csv(&addresses.month(month, "")), "/as/clinician/gmc%7C1/me/2026-10?practice=all&format=csv");
        assert_eq!(as_csv("/measures"), "/measures?format=csv");
    }
}
