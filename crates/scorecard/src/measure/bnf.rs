//! The filter language for BNF codes, as in OpenPrescribing's measure files.
//!
//! Text after `#` is a comment. A leading `~` excludes. `%` matches any text. An element of a code's full length matches exactly; any
//! other element is a prefix.
//!
//! Source: ebmdatalab/openprescribing (MIT), `openprescribing/measures` and `matrixstore`.

/// One element of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Element {
    /// Text between the wildcards.
    parts: Vec<String>,
    /// Whether the code must end with the last part.
    whole: bool,
}

/// A filter for BNF codes. It matches codes with at least one include and no exclude. Without includes it matches every code that
/// is not excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BnfFilter {
    include: Vec<Element>,
    exclude: Vec<Element>,
}

/// An invalid filter.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadFilter {
    /// Only comments or blanks.
    #[error("the filter has no element; write at least one code, such as \"0501013B0\"")]
    Empty,
    /// An element with other characters than a BNF code, or too long.
    #[error(
        "{0:?} is not a BNF code or prefix; write 1 to 15 capital letters and digits, `%` for any text, and `~` first to exclude"
    )]
    Element(String),
}

/// The length of a full BNF code: 15 characters for drugs (chapters 01 to 19), 11 for appliances.
#[must_use]
pub fn full_length(code: &str) -> usize {
    match code.get(..2) {
        Some(chapter) if chapter <= "19" => 15,
        _ => 11,
    }
}

impl Element {
    fn parse(text: &str) -> Result<Element, BadFilter> {
        let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'%';
        if text.is_empty() || text.len() > 15 || !text.bytes().all(known) || text.starts_with('%') {
            return Err(BadFilter::Element(text.to_owned()));
        }
        let parts: Vec<String> = text.split('%').map(str::to_owned).collect();
        // `0407010F0%AC` includes the end of the code; `0407010F0%` and `0501` do not.
        let whole =
            if parts.len() == 1 { text.len() == full_length(text) } else { parts.last().is_some_and(|last| !last.is_empty()) };
        Ok(Element { parts, whole })
    }

    fn matches(&self, code: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some(mut left) = code.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return !self.whole || left.is_empty() };
        for part in middle {
            match left.find(part.as_str()) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        if self.whole { left.ends_with(last.as_str()) } else { left.contains(last.as_str()) }
    }
}

impl Element {
    /// Whether every code with this prefix matches.
    fn covers(&self, prefix: &str) -> bool {
        self.as_prefix().is_some_and(|own| prefix.starts_with(own))
    }

    /// The prefix, if the element matches every code with it.
    fn as_prefix(&self) -> Option<&str> {
        let (first, rest) = self.parts.split_first()?;
        (!self.whole && rest.iter().all(String::is_empty)).then_some(first)
    }

    /// The code, if the element matches only this one.
    fn as_code(&self) -> Option<&str> {
        (self.whole && self.parts.len() == 1).then(|| self.parts[0].as_str())
    }

    /// Whether every code that matches `other` certainly matches this element.
    fn includes(&self, other: &Element) -> bool {
        if let Some(code) = other.as_code() {
            return self.matches(code);
        }
        let [first, last] = self.parts.as_slice() else { return self == other || self.covers(&other.parts[0]) };
        let ends = self.whole && other.whole && other.parts.last().is_some_and(|end| end.ends_with(last.as_str()));
        self == other || self.covers(&other.parts[0]) || (ends && other.parts[0].starts_with(first.as_str()))
    }

    /// Whether certainly no code matches both.
    fn is_apart(&self, other: &Element) -> bool {
        match (self.as_code(), other.as_code()) {
            (Some(code), _) => return !other.matches(code),
            (_, Some(code)) => return !self.matches(code),
            _ => {}
        }
        let (one, another) = (&self.parts[0], &other.parts[0]);
        let begins = one.starts_with(another.as_str()) || another.starts_with(one.as_str());
        let [end, other_end] = [self, other].map(|element| element.parts.last().filter(|_| element.whole));
        let ends = end.zip(other_end).is_none_or(|(a, b)| a.ends_with(b.as_str()) || b.ends_with(a.as_str()));
        !begins || !ends
    }

    /// Its text in a file.
    fn text(&self) -> String {
        self.parts.join("%")
    }

    /// Whether its codes are generic: characters 10 and 11 are `AA`. `None` if it matches both kinds.
    fn is_generic(&self) -> Option<bool> {
        let start = self.parts[0].as_bytes();
        match (start.get(9), start.get(10)) {
            (Some(b'A'), Some(last)) => Some(*last == b'A'),
            (Some(b'A') | None, _) => None,
            (Some(_), _) => Some(false),
        }
    }
}

/// Whether one filter lies within another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Every code that matches the one matches the other.
    Yes,
    /// Codes that begin like this match only the one.
    No(String),
    /// Patterns of both could not be compared.
    Perhaps,
}

impl Within {
    /// Whether it is certain.
    pub(crate) fn is_proven(&self) -> bool {
        *self == Within::Yes
    }
}

/// A classification of drugs. It decides the form of its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Classification {
    /// The British National Formulary.
    Bnf,
    /// WHO's Anatomical Therapeutic Chemical classification.
    Atc,
    /// Another one, whose codes have any form.
    Other,
}

/// Chapters of the BNF: 01 to 15 and 18 to 19 for drugs, 20 to 23 for appliances.
const LAST_CHAPTER: u8 = 23;
/// The form of an ATC code: a letter, two digits, two letters, two digits.
const ATC_FORM: [bool; 7] = [true, false, false, true, true, false, false];

impl Classification {
    /// The classification of a word of measure files.
    pub(crate) fn of(word: &str) -> Classification {
        match word {
            "bnf" => Classification::Bnf,
            "atc" => Classification::Atc,
            _ => Classification::Other,
        }
    }

    /// Its name in a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Classification::Bnf => "the BNF",
            Classification::Atc => "ATC",
            Classification::Other => "the classification",
        }
    }

    /// Whether a whole code of the classification may be this text.
    pub(crate) fn is_whole(self, code: &str) -> bool {
        match self {
            Classification::Bnf => code.len() == full_length(code) && self.may_begin(code),
            Classification::Atc => code.len() == ATC_FORM.len() && self.may_begin(code),
            Classification::Other => !code.is_empty(),
        }
    }

    /// Whether a code of the classification may begin like this.
    fn may_begin(self, start: &str) -> bool {
        match self {
            Classification::Bnf => {
                let digits = start.bytes().take(2).all(|b| b.is_ascii_digit());
                let chapter = start.get(..2).and_then(|chapter| chapter.parse().ok());
                digits
                    && chapter.is_none_or(|chapter: u8| (1..=LAST_CHAPTER).contains(&chapter))
                    && start.len() <= full_length(start)
            }
            Classification::Atc => {
                let fits = start
                    .bytes()
                    .zip(ATC_FORM)
                    .all(|(b, letter)| if letter { b.is_ascii_uppercase() } else { b.is_ascii_digit() });
                fits && start.len() <= ATC_FORM.len()
            }
            Classification::Other => true,
        }
    }

    /// Whether a code of the classification may match an element.
    fn has(self, element: &Element) -> bool {
        let length: usize = element.parts.iter().map(String::len).sum();
        let longest = match self {
            Classification::Bnf => full_length(&element.parts[0]),
            Classification::Atc => ATC_FORM.len(),
            Classification::Other => usize::MAX,
        };
        self.may_begin(&element.parts[0]) && length <= longest
    }
}

impl BnfFilter {
    /// Parses the elements of a filter.
    ///
    /// # Errors
    /// [`BadFilter`] for the first element that is not a code, a prefix or a pattern.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<BnfFilter, BadFilter> {
        let mut filter = BnfFilter::default();
        for line in lines {
            let text = line.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            match text.strip_prefix('~') {
                Some(excluded) => filter.exclude.push(Element::parse(excluded.trim())?),
                None => filter.include.push(Element::parse(text)?),
            }
        }
        if filter.include.is_empty() && filter.exclude.is_empty() {
            return Err(BadFilter::Empty);
        }
        Ok(filter)
    }

    /// A prefix of codes that may match both filters. `None` if no code matches both. For two patterns with wildcards it may return a
    /// prefix although no code matches both.
    #[must_use]
    pub fn overlap(&self, other: &BnfFilter) -> Option<String> {
        let excluded = |prefix: &str| [self, other].iter().any(|f| f.exclude.iter().any(|e| e.covers(prefix)));
        let starts = |filter: &BnfFilter| -> Vec<String> {
            let all = filter.include.iter().map(|element| element.parts[0].clone());
            if filter.include.is_empty() { vec![String::new()] } else { all.collect() }
        };
        let theirs = starts(other);
        let longer = |(a, b): (String, &String)| {
            let both = if a.starts_with(b.as_str()) { Some(a.clone()) } else { b.starts_with(&a).then(|| b.clone()) };
            both.filter(|prefix| !excluded(prefix))
        };
        starts(self).into_iter().find_map(|a| theirs.iter().find_map(|b| longer((a.clone(), b))))
    }

    /// Whether every code that matches this filter matches the other.
    pub(crate) fn within(&self, other: &BnfFilter) -> Within {
        let whole = Element { parts: vec![String::new()], whole: false };
        let own = if self.include.is_empty() { std::slice::from_ref(&whole) } else { self.include.as_slice() };
        let mut open = false;
        for element in own {
            match self.element_within(element, other) {
                Within::Yes => {}
                Within::Perhaps => open = true,
                no @ Within::No(_) => return no,
            }
        }
        if open { Within::Perhaps } else { Within::Yes }
    }

    fn element_within(&self, element: &Element, other: &BnfFilter) -> Within {
        if let Some(code) = element.as_code() {
            let inside = !self.matches(code) || other.matches(code);
            return if inside { Within::Yes } else { Within::No(code.to_owned()) };
        }
        let mut open = false;
        if !(other.include.is_empty() || other.include.iter().any(|wider| wider.includes(element))) {
            let touches = other.include.iter().any(|one| !one.is_apart(element));
            if element.as_prefix().is_some() || !touches {
                return Within::No(element.text());
            }
            open = true;
        }
        for excluded in &other.exclude {
            match self.lacks(element, excluded) {
                Within::Yes => {}
                Within::Perhaps => open = true,
                no @ Within::No(_) => return no,
            }
        }
        if open { Within::Perhaps } else { Within::Yes }
    }

    /// Whether no code of an element of this filter matches `excluded`, an exclusion of another filter.
    fn lacks(&self, element: &Element, excluded: &Element) -> Within {
        let both = if excluded.parts[0].len() > element.parts[0].len() { excluded } else { element };
        let own = |own: &Element| own.includes(excluded) || own.covers(&both.parts[0]);
        if element.is_apart(excluded) || self.exclude.iter().any(own) {
            return Within::Yes;
        }
        let certain = element.as_prefix().is_some() && (excluded.as_prefix().is_some() || excluded.as_code().is_some());
        if certain || excluded.includes(element) { Within::No(both.text()) } else { Within::Perhaps }
    }

    /// Elements that never match or exclude a code of the classification, each with the cure.
    pub(crate) fn idle_elements(&self, classification: Classification) -> Vec<String> {
        let mut idle = Vec::new();
        for element in self.include.iter().chain(&self.exclude).filter(|element| !classification.has(element)) {
            idle.push(format!(
                "{:?} is no code or prefix of {}, so it never matches; correct it",
                element.text(),
                classification.word()
            ));
        }
        for element in self.include.iter().filter(|element| classification.has(element)) {
            if let Some(excluded) = self.exclude.iter().find(|excluded| excluded.includes(element)) {
                idle.push(format!(
                    "{:?} never matches, because \"~{}\" excludes it; remove one",
                    element.text(),
                    excluded.text()
                ));
            }
        }
        for excluded in self.exclude.iter().filter(|excluded| classification.has(excluded)) {
            if !self.include.is_empty() && self.include.iter().all(|element| element.is_apart(excluded)) {
                idle.push(format!("\"~{}\" excludes nothing, because no element includes it; remove it", excluded.text()));
            }
        }
        idle
    }

    /// Whether every code that matches is generic. `None` if codes of both kinds match, or it is not known.
    pub(crate) fn is_generic(&self) -> Option<bool> {
        let mut kinds = self.include.iter().map(Element::is_generic);
        let first = kinds.next()??;
        kinds.all(|kind| kind == Some(first)).then_some(first)
    }

    /// Whether this code matches.
    #[must_use]
    pub fn matches(&self, code: &str) -> bool {
        let any = |elements: &[Element]| elements.iter().any(|e| e.matches(code));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(lines: &[&str]) -> BnfFilter {
        BnfFilter::parse(lines.iter().copied()).unwrap()
    }

    #[test]
    fn prefixes_include_and_tildes_exclude() {
        let f = filter(&["0501", "~050109", "~050110 # antileprotic"]);
        assert!(f.matches("0501013B0AAABAB"));
        assert!(!f.matches("0501090B0AAABAB"));
        assert!(!f.matches("0501100H0AAAAAA"));
        assert!(!f.matches("0601"));
    }

    #[test]
    fn text_after_a_wildcard_matches_the_end_of_the_code() {
        let f = filter(&["0407010F0%AC", "0407010H0%AQ"]);
        assert!(f.matches("0407010F0AAACAC"));
        assert!(f.matches("0407010H0BBAQAQ"));
        assert!(!f.matches("0407010F0AAACAD"));
        assert!(!f.matches("0407010H0AAACAC"));
    }

    #[test]
    fn a_full_length_element_matches_only_itself() {
        let f = filter(&["0301011R0BEAIAP"]);
        assert!(f.matches("0301011R0BEAIAP"));
        assert!(!f.matches("0301011R0BEAIAPX"));
        assert!(filter(&["21010900"]).matches("21010900100"));
        let appliance = filter(&["21010900100"]);
        assert!(appliance.matches("21010900100"));
        assert!(!appliance.matches("210109001001"));
    }

    #[test]
    fn only_excludes_means_everything_else() {
        let f = filter(&["~0501"]);
        assert!(f.matches("0601"));
        assert!(!f.matches("0501013B0AAABAB"));
    }

    #[test]
    fn sets_overlap_where_one_begins_like_the_other_and_nothing_excludes_it() {
        let overlap = |a: &[&str], b: &[&str]| filter(a).overlap(&filter(b));
        assert_eq!(overlap(&["0703021Q0"], &["0703"]).as_deref(), Some("0703021Q0"));
        assert_eq!(overlap(&["0501"], &["0502", "050112"]).as_deref(), Some("050112"));
        assert_eq!(overlap(&["0703021Q0"], &["0703", "~070302"]), None);
        assert_eq!(overlap(&["0703021Q0%AA"], &["0703021Q0%AB"]).as_deref(), Some("0703021Q0"), "perhaps, so it is reported");
        assert_eq!(overlap(&["0501"], &["0601"]), None);
        assert_eq!(overlap(&["~0501"], &["0601"]).as_deref(), Some("0601"));
        assert_eq!(overlap(&["~0501"], &["0501013B0"]), None);
    }

    #[test]
    fn an_invalid_element_is_an_error_with_its_text() {
        for bad in ["05.01", "%AC", "0501013b0", "0501013B0AAABABX", "~"] {
            assert!(matches!(BnfFilter::parse([bad]), Err(BadFilter::Element(_))), "{bad}");
        }
        assert_eq!(BnfFilter::parse(["# nothing", " "]), Err(BadFilter::Empty));
    }
}
