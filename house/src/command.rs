//! The commands: `house check` runs the checks and prints their hits, `house phrases` prints the list of phrases.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, bail};

use crate::hit::Hit;
use crate::sources::Sources;
use crate::{names, prose, rooms};

const USAGE: &str = "usage: house check [prose] [rooms] [names] [--summary] [PATH...]
       house phrases

`check` checks the sources of the repository: all three checks unless some are named, all files unless paths are given.

  --summary  print the number of hits of each file instead of the hits [default: hits]
  PATH       report hits of this file or folder only, such as crates/codec

`phrases` prints the phrases that prose does not have, with the words to use instead.

Exit codes: 0 no hits, 1 hits, 2 the command line or a file cannot be read.";

/// Which checks run, over which files, and how they are printed.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckOrder {
    checks: Vec<&'static str>,
    paths: Vec<String>,
    summary: bool,
}

const CHECKS: [&str; 3] = ["prose", "rooms", "names"];

impl CheckOrder {
    /// Reads the arguments of the command line.
    ///
    /// # Errors
    /// An argument has no meaning; the text says how the command is used.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let Some((command, rest)) = arguments.split_first().filter(|(command, _)| *command == "check") else { bail!("{USAGE}") };
        let mut order = Self { checks: Vec::new(), paths: Vec::new(), summary: false };
        for argument in rest {
            match CHECKS.into_iter().find(|check| check == argument) {
                Some(check) => order.checks.push(check),
                None if argument == "--summary" => order.summary = true,
                None if argument.starts_with('-') => bail!("house {command} has no option {argument}\n{USAGE}"),
                None => order.paths.push(argument.trim_end_matches('/').trim_start_matches("./").to_owned()),
            }
        }
        if order.checks.is_empty() {
            order.checks = CHECKS.to_vec();
        }
        Ok(order)
    }

    /// Runs the checks. The text for the terminal, and whether there is no hit.
    ///
    /// # Errors
    /// A file cannot be read or does not parse.
    pub fn run(&self, sources: &Sources) -> Result<(String, bool)> {
        let mut out = String::new();
        let mut counts = Vec::new();
        for check in &self.checks {
            let hits = self.hits(check, sources, &mut out)?;
            if self.summary {
                files(&hits, &mut out)?
            } else {
                hits.iter().try_for_each(|hit| writeln!(out, "{hit}"))?
            }
            rules(check, &hits, &mut out)?;
            counts.push((hits.len(), check));
        }
        let listed: Vec<String> = counts.iter().map(|(count, check)| format!("{count} {check}")).collect();
        writeln!(out, "house: {} hits", listed.join(", "))?;
        Ok((out, counts.iter().all(|(count, _)| *count == 0)))
    }

    fn hits(&self, check: &str, sources: &Sources, out: &mut String) -> Result<Vec<Hit>> {
        let mut hits = match check {
            "rooms" => rooms::check::check(sources)?,
            "names" => names::check::check(sources)?,
            _ => {
                let report = prose::check::check(sources)?;
                let above = report.above_aim.iter().filter(|(path, _)| self.wants(path)).count();
                writeln!(out, "prose: {above} sentences of more than 25 words, for information")?;
                report.hits
            }
        };
        hits.retain(|hit| self.wants(&hit.path) || self.paths.iter().any(|path| names_place(&hit.excerpt, path)));
        Ok(hits)
    }

    fn wants(&self, path: &str) -> bool {
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|wanted| path == wanted || path.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// Whether the excerpt of a duplicate or a circle names a file under the path.
fn names_place(excerpt: &str, path: &str) -> bool {
    excerpt
        .split([' ', ',', ':'])
        .any(|word| word.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The listed phrases, each with the words to use instead and the reason.
#[must_use]
pub fn phrases() -> String {
    prose::phrases::PHRASES
        .iter()
        .map(|phrase| format!("{}\n    use: {}; {}\n", phrase.pattern, phrase.instead, phrase.why))
        .collect()
}

/// Hits of each file, the most first.
fn files(hits: &[Hit], out: &mut String) -> Result<()> {
    let mut counts: Vec<(usize, &str)> = count(hits, |hit| &hit.path).into_iter().map(|(path, count)| (count, path)).collect();
    counts.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    counts.iter().try_for_each(|(count, path)| writeln!(out, "{count:5}  {path}"))?;
    Ok(())
}

/// Hits of each rule.
fn rules(check: &str, hits: &[Hit], out: &mut String) -> Result<()> {
    for (rule, count) in count(hits, |hit| hit.rule) {
        writeln!(out, "{check}: {rule}: {count} hits")?;
    }
    Ok(())
}

fn count<'a>(hits: &'a [Hit], key: impl Fn(&'a Hit) -> &'a str) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for hit in hits {
        *counts.entry(key(hit)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::CheckOrder;
    use crate::sources::{Source, Sources};

    fn order(words: &[&str]) -> CheckOrder {
        CheckOrder::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).expect("an order")
    }

    #[test]
    fn checks_and_paths_are_read_in_any_order() {
        let read = order(&["check", "crates/codec/", "prose", "--summary"]);
        assert_eq!(read, CheckOrder { checks: vec!["prose"], paths: vec!["crates/codec".to_owned()], summary: true });
        assert_eq!(order(&["check"]).checks, ["prose", "rooms", "names"]);
        assert!(CheckOrder::read(&["check".to_owned(), "--all".to_owned()]).is_err());
        assert!(CheckOrder::read(&[]).is_err());
    }

    #[test]
    fn hits_of_other_paths_are_left_out_and_counted_nowhere() {
        let page = |path: &str| Source { path: path.to_owned(), text: "What is it.\n".to_owned() };
        let sources = Sources::of(vec![page("docs/a.md"), page("docs2/b.md")]);
        let (text, clean) = order(&["check", "prose", "docs"]).run(&sources).expect("a report");
        assert!(
            text.contains("docs/a.md:1: opening: ") && !text.contains("docs2") && text.ends_with("house: 1 prose hits\n"),
            "{text}"
        );
        assert!(!clean);
        assert!(order(&["check", "prose", "bench"]).run(&sources).expect("a report").1);
    }
}
