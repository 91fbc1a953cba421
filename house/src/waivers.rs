//! Exceptions from the rules: lines of `house/waivers.txt`, each with its reason.
//!
//! A line is `path | rule | part of the excerpt | reason`. A line that excuses nothing is a hit itself, so the list cannot grow old.

use crate::hit::Hit;
use crate::sources::Sources;

const LIST: &str = "house/waivers.txt";

/// The hits without those that a line of the list excuses, and a hit for each line that excuses none.
///
/// `rules` are the names of the check's rules: a line with another name belongs to another check.
pub fn without_waived(sources: &Sources, rules: &[&str], mut hits: Vec<Hit>) -> Vec<Hit> {
    let list = sources.find(LIST).map_or("", |file| file.text.as_str());
    for (index, line) in list.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let idle = match fields[..] {
            [_, rule, ..] if !rules.contains(&rule) => false,
            [path, rule, part, reason] if !reason.is_empty() => {
                let before = hits.len();
                hits.retain(|hit| hit.path != path || hit.rule != rule || !hit.excerpt.contains(part));
                hits.len() == before
            }
            _ => true,
        };
        if idle {
            let excerpt = format!("excuses nothing, or has no reason; delete it: {line}");
            hits.push(Hit { path: LIST.to_owned(), line: index + 1, rule: "waiver", excerpt });
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::{LIST, without_waived};
    use crate::hit::Hit;
    use crate::sources::{Source, Sources};

    fn hits(list: &str) -> Vec<&'static str> {
        let sources = Sources::of(vec![Source { path: LIST.to_owned(), text: list.to_owned() }]);
        let hit = Hit { path: "README.md".to_owned(), line: 1, rule: "word", excerpt: "\"upon\" in a title".to_owned() };
        without_waived(&sources, &["length", "word"], vec![hit]).into_iter().map(|hit| hit.rule).collect()
    }

    #[test]
    fn a_line_excuses_its_hit_and_an_idle_line_is_a_hit() {
        assert!(hits("# comment\nREADME.md | word | upon | title of a paper").is_empty());
        assert_eq!(hits("README.md | word | upon |"), ["word", "waiver"]);
        assert_eq!(hits("README.md | length | upon | idle"), ["word", "waiver"]);
        assert_eq!(hits("README.md | order | upon | of another check"), ["word"]);
    }
}
