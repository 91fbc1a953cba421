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
        self.parts.len() == 1 && !self.whole && prefix.starts_with(&self.parts[0])
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
