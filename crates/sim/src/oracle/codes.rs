//! An independent reader of filters over BNF codes: a list of patterns in which `*` matches any text.
//!
//! The rules are OpenPrescribing's (ebmdatalab/openprescribing, MIT): `#` starts a comment, `~` excludes, `%` matches any text, a
//! code of full length matches itself, and a shorter one matches every code with that prefix.

/// A filter: its included and its excluded patterns.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodeFilter {
    take: Vec<String>,
    leave: Vec<String>,
}

impl CodeFilter {
    /// The filter of these lines.
    pub(crate) fn read(lines: &[String]) -> CodeFilter {
        let mut codes = CodeFilter::default();
        for line in lines {
            let bare = line.split('#').next().unwrap_or_default().trim();
            match bare.strip_prefix('~') {
                _ if bare.is_empty() => {}
                Some(excluded) => codes.leave.push(pattern(excluded.trim())),
                None => codes.take.push(pattern(bare)),
            }
        }
        codes
    }

    /// Whether the filter matches this code.
    pub(crate) fn takes(&self, code: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|p| fits(p.as_bytes(), code.as_bytes()));
        (self.take.is_empty() || any(&self.take)) && !any(&self.leave)
    }
}

/// The pattern of an element.
fn pattern(element: &str) -> String {
    let drug = element.get(..2).is_some_and(|chapter| chapter <= "19");
    let full = if drug { 15 } else { 11 };
    if element.contains('%') || element.len() == full { element.replace('%', "*") } else { format!("{element}*") }
}

fn fits(pattern: &[u8], code: &[u8]) -> bool {
    match (pattern, code) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=code.len()).any(|skipped| fits(rest, &code[skipped..])),
        ([p, pattern @ ..], [c, code @ ..]) => p == c && fits(pattern, code),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(lines: &[&str]) -> CodeFilter {
        CodeFilter::read(&lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_filter_may_exclude_sections_of_a_chapter() {
        let antibiotics = codes(&["0501 # antibacterials", "~050109", "~050110"]);
        assert!(antibiotics.takes("0501013B0AAABAB"));
        assert!(!antibiotics.takes("0501090B0AAABAB"));
        assert!(!antibiotics.takes("0601022B0AAABAB"));
    }

    #[test]
    fn an_element_with_a_suffix_matches_only_codes_with_that_suffix() {
        let plasters = codes(&["1502010J0%EL"]);
        assert!(plasters.takes("1502010J0AAELEL"));
        assert!(!plasters.takes("1502010J0AAELEM"));
    }

    #[test]
    fn a_full_code_matches_only_itself() {
        assert!(codes(&["0301011R0BEAIAP"]).takes("0301011R0BEAIAP"));
        assert!(!codes(&["0301011R0BEAIAP"]).takes("0301011R0BEAIAPX"));
        assert!(!codes(&["21010900100"]).takes("210109001009"));
        assert!(codes(&["~0501"]).takes("0601022B0AAABAB"));
    }
}
