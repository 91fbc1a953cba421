//! The check of prose over all files.

use anyhow::Result;

use super::rules::{AIM, breaches};
use super::sentences::{Sentence, sentences};
use super::texts::of_source;
use crate::hit::Hit;
use crate::sources::{Source, Sources};
use crate::waivers::without_waived;

/// The rules of this check.
const RULES: [&str; 3] = ["length", "opening", "word"];

/// The outcome of the check.
#[derive(Debug)]
pub struct ProseReport {
    /// Sentences that break a rule, in order of files and lines.
    pub hits: Vec<Hit>,
    /// Path and line of each sentence of more than 25 words. The rules allow it; it is above the aim.
    pub above_aim: Vec<(String, usize)>,
}

/// Checks every sentence of the repository.
///
/// # Errors
/// A Rust file cannot be read as tokens.
pub fn check(sources: &Sources) -> Result<ProseReport> {
    let mut report = ProseReport { hits: Vec::new(), above_aim: Vec::new() };
    for source in sources.iter() {
        for paragraph in of_source(source)? {
            for sentence in sentences(&paragraph) {
                report.read(source, &sentence);
            }
        }
    }
    report.hits.sort();
    report.hits = without_waived(sources, &RULES, report.hits);
    Ok(report)
}

impl ProseReport {
    fn read(&mut self, source: &Source, sentence: &Sentence) {
        let hits = breaches(sentence).into_iter();
        self.hits.extend(hits.map(|(rule, excerpt)| Hit { path: source.path.clone(), line: sentence.line, rule, excerpt }));
        if sentence.length() > AIM {
            self.above_aim.push((source.path.clone(), sentence.line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::{Source, Sources};

    #[test]
    fn each_hit_names_its_file_line_and_rule() {
        let page = "# Rows\n\nTally writes rows.\nWho reads them starts anew.\n";
        let sources = Sources::of(vec![Source { path: "README.md".to_owned(), text: page.to_owned() }]);
        let report = check(&sources).expect("prose");
        let found: Vec<String> = report.hits.iter().map(|hit| format!("{}:{}: {}", hit.path, hit.line, hit.rule)).collect();
        assert_eq!(found, ["README.md:4: opening", "README.md:4: word"]);
        assert!(report.above_aim.is_empty());
    }
}
