//! Pictures say what the card says.

use page::figure::funnel_shape::FunnelShape;
use scorecard::measure::measure_set::Kind;
use scorecard::verdict::constants::{Z95, Z998};

use crate::html_check::texts;
use crate::network::{large_network, network};

#[test]
fn a_value_is_outside_the_funnel_where_its_z_is() {
    let (mut inside, mut outside) = (0, 0);
    for seed in 1..=40 {
        let network = network(seed);
        for card in &network.cards {
            for measure in card.content.measures.iter().filter(|measure| matches!(measure.kind, Kind::Rate | Kind::Proportion)) {
                let name = format!("{}@{}", measure.id, measure.version);
                let figures = network.random.peers.find(&name, "unknown").map(|group| &group.figures);
                let index = network.random.measures.index_of(&measure.id).expect("a measure of the set");
                let definition = &network.random.measures.measures()[index];
                let (Some(figures), Some(own), Some(z)) = (figures, measure.value, measure.z) else { continue };
                let Some(shape) = FunnelShape::of(measure, definition, figures) else { continue };
                for (limit, (low, high)) in [(Z95, shape.own.inner), (Z998, shape.own.outer)] {
                    // Near the limit the rounding of the published z decides.
                    if (z.abs() - limit).abs() < 1e-6 {
                        continue;
                    }
                    let is_outside =
                        high.is_some_and(|high| own > high + 1e-7 * own) || low.is_some_and(|low| own < low - 1e-7 * own);
                    assert_eq!(is_outside, z.abs() > limit, "seed {seed}, {name}: {own} with z {z} and {:?}", shape.own);
                    *if is_outside { &mut outside } else { &mut inside } += 1;
                }
            }
        }
    }
    assert!(inside > 1_000 && outside > 20, "{inside} inside, {outside} outside");
}

#[test]
fn a_large_group_is_twenty_dots_a_middle_one_a_strip_and_a_small_one_nothing() {
    let dots = |least: usize, most: usize| {
        let mut found = large_network(1, least);
        let mut from = 1;
        while found.cards.len() > most {
            from += 1;
            found = network(from);
        }
        let card = &found.cards[0];
        let compared = card.content.measures.iter().find(|measure| measure.value.is_some())?;
        let group = found.groups.iter().find(|group| group.key.measure.starts_with(&*compared.id))?.clone();
        let page = found.measure_page(card, &compared.id);
        Some((group.quantiles.len(), page.matches("class=\"peer\"").count(), texts(&page, "#among ~ p")))
    };
    if let Some((quantiles, drawn, _)) = dots(130, 200) {
        assert_eq!((quantiles, drawn), (20, 20));
    }
    let (quantiles, drawn, said) = dots(1, 6).expect("a network of six");
    assert_eq!((quantiles, drawn), (0, 0));
    assert!(said[0].contains("nobody is compared"), "{said:?}");
}

#[test]
fn a_signal_splits_the_course_and_is_said_in_the_text_of_the_picture() {
    let mut seen = 0;
    for seed in 1..=30 {
        let network = network(seed);
        for card in &network.cards {
            for measure in &card.content.measures {
                let Some(change) = measure.change.as_ref().filter(|change| change.signal) else { continue };
                let page = network.measure_page(card, &measure.id);
                let text = texts(&page, "#course ~ figure figcaption").join(" ");
                let last = if change.months == 1 {
                    "The last month differs".to_owned()
                } else {
                    format!("The last {} months", change.months)
                };
                assert!(text.contains("differ") || text.contains("found a change") || text.is_empty(), "{text}");
                if text.contains("differ") {
                    assert!(text.contains(&last), "{text}");
                    seen += 1;
                }
                assert!(!text.contains("found no change"), "{text}");
            }
        }
    }
    assert!(seen > 5, "{seen} signals with a picture");
}
