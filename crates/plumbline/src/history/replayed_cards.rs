//! The cards that `replay` or `demo` wrote into a folder, found by clinician.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use scorecard::time::calendar::Month;
use serde::Deserialize;

/// The file of all revisions, one a line, in order of publication.
const FILE: &str = "scorecards.ndjson";

/// The part of a card that selects it.
#[derive(Deserialize)]
struct CardHead {
    revision: u32,
    subject: SubjectHead,
    period: PeriodHead,
}

#[derive(Deserialize)]
struct SubjectHead {
    clinician: String,
    practice: String,
}

#[derive(Deserialize)]
struct PeriodHead {
    month: Month,
}

/// The cards of a clinician as JSON lines, by month and practice: the newest revision of each, or the one that is named.
///
/// # Errors
/// When the folder holds no cards.
pub fn of_clinician(dir: &Path, clinician: &str, month: Option<Month>, revision: Option<u32>) -> Result<Vec<String>> {
    let mut cards: BTreeMap<(Month, String), String> = BTreeMap::new();
    each(dir, |head, line| {
        let wanted = head.subject.clinician == clinician
            && month.is_none_or(|month| month == head.period.month)
            && revision.is_none_or(|revision| revision == head.revision);
        if wanted {
            cards.insert((head.period.month, head.subject.practice), line);
        }
    })?;
    Ok(cards.into_values().collect())
}

/// Everybody who has a card.
///
/// # Errors
/// When the folder holds no cards.
pub fn clinicians(dir: &Path) -> Result<BTreeSet<String>> {
    let mut clinicians = BTreeSet::new();
    each(dir, |head, _| {
        clinicians.insert(head.subject.clinician);
    })?;
    Ok(clinicians)
}

fn each(dir: &Path, mut card: impl FnMut(CardHead, String)) -> Result<()> {
    let path = dir.join(FILE);
    let cure = || format!("{} cannot be read; name a folder that `plumbline replay --out` wrote", path.display());
    for (number, line) in (1..).zip(BufReader::new(File::open(&path).with_context(cure)?).lines()) {
        let line = line.with_context(cure)?;
        let head = serde_json::from_str(&line).with_context(|| format!("{}:{number} is no scorecard", path.display()))?;
        card(head, line);
    }
    Ok(())
}
