//! Thousands of random cards: every sentence agrees with the numbers of its card, word by word.

mod sentences {
    pub mod random_cards;
    pub mod sentence_check;
}
#[path = "simulated/definitions.rs"]
mod definitions;
#[path = "simulated/draw.rs"]
mod draw;

use std::collections::BTreeMap;

use scorecard::card::scorecard::{CardMeasure, Content, Movement, VerdictWord};
use scorecard::measure::measure_set::{Direction, Measure};
use sentences::random_cards::{RandomCards, random_cards};
use sentences::sentence_check::{Facts, adverse, faults, is_quantity, number, tail};

/// Networks of the test, about 3,000 cards with 40,000 sentences.
const NETWORKS: u64 = 60;

/// The facts about the network of a card's measure.
fn facts_of<'a>(cards: &RandomCards, content: &Content, measure: &'a Measure) -> Facts<'a> {
    let roll_up = content.subject.practice.is_empty();
    let network = cards.peers.find(&measure.name(), if roll_up { "rollup:unknown" } else { "unknown" });
    let values = network.map(|group| group.values.clone()).unwrap_or_default();
    let cross = |a: (i64, i64), b: (i64, i64)| i128::from(a.0) * i128::from(b.1) == i128::from(b.0) * i128::from(a.1);
    // Roll-ups are standardised with the typical colleague of single practices, if there is one.
    let practices = cards.peers.find(&measure.name(), "unknown").is_some_and(|group| group.figures.centre.is_some());
    Facts {
        definition: &measure.definition,
        members: values.len(),
        alike: values.windows(2).all(|pair| cross(pair[0], pair[1])),
        flipped: network.is_some_and(|group| group.figures.flipped),
        adjusted: roll_up && practices,
    }
}

/// The measures of a card with their definitions.
fn with_measures<'a>(cards: &'a RandomCards, content: &'a Content) -> impl Iterator<Item = (&'a Measure, &'a CardMeasure)> {
    let of =
        |card: &'a CardMeasure| &*cards.measures.measures()[cards.measures.index_of(&card.id).expect("a measure of the set")];
    content.measures.iter().map(move |card| (of(card), card))
}

#[test]
fn every_sentence_agrees_with_the_numbers_of_its_card() {
    let (mut wrong, mut said, mut people): (Vec<String>, BTreeMap<String, u32>, usize) = (Vec::new(), BTreeMap::new(), 0);
    for seed in 1..=NETWORKS {
        let cards = random_cards(seed);
        for content in &cards.cards {
            people += 1;
            for (measure, card) in with_measures(&cards, content) {
                wrong.extend(faults(card, &facts_of(&cards, content, measure)));
                *said.entry(situation(card)).or_default() += 1;
            }
        }
    }
    println!("{people} cards: {said:#?}");
    assert!(wrong.is_empty(), "{} mistakes, such as\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(people >= 2_000, "only {people} cards");
    // Each situation occurs. One that does not is not tested.
    assert_eq!(said.len(), SITUATIONS, "{:?}", said.keys());
}

/// Ten verdicts, suppressed, and three without a comparison.
const SITUATIONS: usize = 14;

/// The situation of a sentence, by its last words.
fn situation(card: &CardMeasure) -> String {
    match card.verdict {
        Some(verdict) => format!("{verdict:?}"),
        None if card.value.is_none() => card.suppressed.clone().map_or_else(|| "nothing".to_owned(), |_| "suppressed".to_owned()),
        None => card.sentence.rsplit(". ").next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn findings_are_those_of_the_false_discovery_rate_over_the_card() {
    let (mut findings, mut looks) = (0, 0);
    for seed in 1..=NETWORKS {
        let cards = random_cards(seed);
        for content in &cards.cards {
            let candidates: Vec<(&CardMeasure, f64)> = content
                .measures
                .iter()
                .filter(|card| card.direction != Direction::None)
                .filter_map(|card| Some((card, adverse(card.direction, card.z?))))
                .collect();
            let m = candidates.len();
            assert_eq!(usize::try_from(content.comparisons.made), Ok(m));
            for (side, word) in [(1.0, VerdictWord::PleaseCheck), (-1.0, VerdictWord::BetterThanMost)] {
                let p: Vec<f64> = candidates.iter().map(|(_, z)| tail(side * z)).collect();
                let (threshold, doubtful) = threshold(&p);
                for ((card, _), p) in candidates.iter().zip(&p).filter(|_| !doubtful) {
                    let found = card.verdict == Some(word);
                    findings += u32::from(found);
                    assert_eq!(found, *p <= threshold, "{p} at {threshold}: {card:?}");
                }
            }
            let looked = candidates.iter().filter(|(card, _)| card.verdict == Some(VerdictWord::WorthALook)).count();
            looks += looked;
            assert_eq!(usize::try_from(content.comparisons.looks), Ok(looked));
            let enough = looked >= [1, 1, 1, 2][m.min(3)];
            for id in &content.check {
                let card = content.measures.iter().find(|card| *card.id == **id).expect("a measure of the card");
                let look = card.verdict == Some(VerdictWord::WorthALook);
                assert!(card.verdict == Some(VerdictWord::PleaseCheck) || (look && enough), "{id} of {content:?}");
            }
        }
    }
    assert!(findings > 100 && looks > 100, "{findings} findings, {looks} looks");
}

/// The largest p of a finding at 1 % and at most 0.0025, and whether a p is so near to a bound that the digits of z decide.
fn threshold(p: &[f64]) -> (f64, bool) {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let bound = |rank: usize| 0.01 * rank as f64 / p.len() as f64;
    let rank = (1..=p.len()).rev().find(|rank| sorted[rank - 1] <= bound(*rank)).unwrap_or(0);
    let near = |p: f64, bound: f64| (p / bound - 1.0).abs() < 1e-3;
    let doubtful = sorted.iter().zip(1..).any(|(p, rank)| near(*p, bound(rank)) || near(*p, 0.0025));
    (if rank == 0 { -1.0 } else { bound(rank).min(0.0025) }, doubtful)
}

#[test]
fn a_sentence_of_change_says_the_months_that_it_compares() {
    let (mut signals, mut short, mut alone) = (0, 0, 0);
    for seed in 1..=NETWORKS {
        let cards = random_cards(seed);
        for content in &cards.cards {
            for (measure, card) in with_measures(&cards, content) {
                let Some(change) = &card.change else { continue };
                assert_eq!(change.signal, change.sentence.is_some(), "{card:?}");
                let Some(sentence) = &change.sentence else { continue };
                signals += 1;
                alone += u32::from(card.verdict.is_none());
                let (now, before) = windows(card, usize::from(change.months));
                short += u32::from(before.2 != "in the 12 months up to a year ago");
                let value = |(n, d): (i64, i64)| measure.value(n, d).expect("a denominator");
                let (start, more) = if change.direction == Movement::Up { ("More", true) } else { ("Less", false) };
                let (first, last) = sentence
                    .strip_prefix(&format!("{start} than before: "))
                    .and_then(|rest| rest.strip_suffix('.'))
                    .and_then(|rest| rest.split_once("; "))
                    .unwrap_or_else(|| panic!("{sentence}"));
                let spoken = |text: &str, span: &str| text.strip_suffix(span).map(|text| text.trim_end().to_owned());
                let (first, last) = (spoken(first, &now.2).expect(sentence), spoken(last, &before.2).expect(sentence));
                assert!(is_quantity(&first, &card.unit, Some(value((now.0, now.1)))), "{sentence} {card:?}");
                assert!(is_quantity(&last, &card.unit, Some(value((before.0, before.1)))), "{sentence} {card:?}");
                let pair = number(first.split(' ').next().expect("a number")).zip(number(&last));
                assert!(pair.is_some_and(|(now, before)| if more { now > before } else { now < before }), "{sentence}");
                assert!(sentence.chars().count() <= 140 && card.window > 0, "{sentence}");
            }
        }
    }
    assert!(
        signals > 100 && short > 10 && alone > 10,
        "{signals} signals, {short} of short histories, {alone} without colleagues"
    );
}

/// Numerator, denominator and words of the last months, and of the baseline.
fn windows(card: &CardMeasure, months: usize) -> ((i64, i64, String), (i64, i64, String)) {
    let sum = |range: std::ops::Range<usize>| (card.months_n[range.clone()].iter().sum(), card.months_d[range].iter().sum());
    let held = |range: std::ops::Range<usize>| card.months_d[range].iter().filter(|d| **d > 0).count();
    let (n, d) = sum(24 - months..24);
    let last = match (months, held(24 - months..24)) {
        (1, _) => "in the last month".to_owned(),
        (months, held) if months == held => format!("in the last {months} months"),
        (months, held) => format!("in {held} of the last {months} months"),
    };
    let (baseline, before) = match held(0..12) {
        12 => (12, "in the 12 months up to a year ago".to_owned()),
        held @ 6.. => (12, format!("in {held} of the 12 months up to a year ago")),
        _ => (18, format!("in {} months up to half a year ago", held(0..18))),
    };
    let (earlier_n, earlier_d) = sum(0..baseline);
    ((n, d, last), (earlier_n, earlier_d, before))
}

#[test]
fn the_one_thing_to_try_is_sure_and_in_ones_own_hands() {
    let (mut offers, mut standardised) = (0, 0);
    for seed in 1..=NETWORKS {
        let cards = random_cards(seed);
        for content in &cards.cards {
            let Some(one) = &content.one_thing else { continue };
            offers += 1;
            let (measure, card) = with_measures(&cards, content).find(|(_, card)| *card.id == *one.measure).expect("on the card");
            assert!(measure.definition.controllable && card.direction != Direction::None);
            assert!(card.reliability >= Some(0.5) && adverse(card.direction, card.z.expect("compared")) > 0.0, "{card:?}");
            let better = if card.direction == Direction::Low { Movement::Down } else { Movement::Up };
            assert!(card.change.as_ref().is_none_or(|change| !change.signal || change.direction != better), "{card:?}");
            assert!(
                one.reason.chars().count() <= 140 && one.reason.starts_with("Most room of what you control: "),
                "{}",
                one.reason
            );
            let mix = card.case_mix;
            let unadjusted = mix.is_some_and(|mix| mix.unknown.is_some() && !mix.is_adjusted_for_patients());
            assert_eq!(one.reason.contains(", not adjusted for whom you see; "), unadjusted, "{}", one.reason);
            let adjusted = mix.is_some_and(|mix| mix.standardised.is_some()) && !unadjusted;
            assert_eq!(one.reason.contains(", adjusted; "), adjusted, "{}", one.reason);
            standardised += u32::from(adjusted);
        }
    }
    assert!(offers > 50 && standardised > 0, "{offers} offers, {standardised} of standardised values");
}
