//! The clinicians of a practice as its lead sees them: in order of their names, each with two letters.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{CardMeasure, Scorecard};
use scorecard::scoring::disclosure::{Audience, CardView, disclose};

/// One clinician of the practice with their final card.
#[derive(Clone, Copy, Debug)]
pub struct NamedCard<'a> {
    /// Their name, else their id.
    pub name: &'a str,
    /// The card.
    pub card: &'a Scorecard,
}

/// A clinician as the page shows them.
pub(crate) struct Colleague<'a> {
    pub(crate) name: &'a str,
    pub(crate) letters: String,
    pub(crate) card: Scorecard,
}

impl Colleague<'_> {
    pub(crate) fn measure(&self, id: &str) -> Option<&CardMeasure> {
        self.card.content.measures.iter().find(|measure| *measure.id == *id)
    }
}

/// The clinicians in order of their surnames, each with the card that a lead may see.
pub(crate) fn team<'a>(named: &[NamedCard<'a>]) -> Vec<Colleague<'a>> {
    let mut cards: Vec<&NamedCard<'a>> = named.iter().collect();
    cards.sort_by(|a, b| surname(a.name).cmp(surname(b.name)).then(a.name.cmp(b.name)));
    let mut team: Vec<Colleague<'a>> = Vec::new();
    for named in cards {
        let card = match disclose(named.card, Audience::ClinicalLead) {
            CardView::Whole(card) => card.clone(),
            CardView::Curtailed(card) => *card,
            CardView::Blinded(_) | CardView::Withheld => continue,
        };
        let base = letters(named.name);
        let taken = |letters: &str| team.iter().any(|other| other.letters == letters);
        let free = (2..).map(|number| format!("{base}{number}")).find(|letters| !taken(letters));
        let letters = if taken(&base) { free.unwrap_or_default() } else { base };
        team.push(Colleague { name: named.name, letters, card });
    }
    team
}

fn surname(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or(name)
}

/// The first letters of the first and the last name; of an id its last two characters.
fn letters(name: &str) -> String {
    let words: Vec<&str> =
        name.split_whitespace().filter(|word| !matches!(*word, "Dr" | "Dr." | "Nurse" | "Mr" | "Ms" | "Mrs")).collect();
    match words.as_slice() {
        [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect::<String>().to_uppercase(),
        _ => {
            let all: Vec<char> = name.chars().collect();
            all[all.len().saturating_sub(2)..].iter().collect()
        }
    }
}

/// The role of most clinicians of the practice; of several the first by name.
pub(crate) fn main_role(team: &[Colleague<'_>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    team.iter().for_each(|one| *counts.entry(&one.card.content.subject.role).or_default() += 1);
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or_else(String::new, |(role, _)| role.to_owned())
}
