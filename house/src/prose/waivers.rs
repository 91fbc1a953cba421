//! Exceptions from the prose rules: lines of `house/waivers.txt`, each with its reason.
//!
//! A line is `path | rule | part of the excerpt | reason`. A line that excuses nothing is a hit itself, so the list cannot grow old.

use crate::hit::Hit;
use crate::sources::Sources;

const LIST: &str = "house/waivers.txt";

/// The hits without those that a line of the list excuses, and a hit for each line that excuses none.
pub fn without_waived(sources: &Sources, mut hits: Vec<Hit>) -> Vec<Hit> {
    let list = sources.find(LIST).map_or("", |file| file.text.as_str());
    for (index, line) in list.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let before = hits.len();
        if let [path, rule, part, reason] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] {
            hits.retain(|hit| reason.is_empty() || hit.path != path || hit.rule != rule || !hit.excerpt.contains(part));
        }
        if hits.len() == before {
            hits.push(Hit {
                path: LIST.to_owned(),
                line: index + 1,
                rule: "waiver",
                excerpt: format!("excuses nothing, or lacks its reason; delete it: {line}"),
            });
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
        without_waived(&sources, vec![hit]).into_iter().map(|hit| hit.rule).collect()
    }

    #[test]
    fn a_line_excuses_its_hit_and_an_idle_line_is_a_hit() {
        assert!(hits("# comment\nREADME.md | word | upon | title of a paper").is_empty());
        assert_eq!(hits("README.md | word | upon |"), ["word", "waiver"]);
        assert_eq!(hits("README.md | length | upon | idle"), ["word", "waiver"]);
    }
}
