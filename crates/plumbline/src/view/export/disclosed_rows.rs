//! The rows of a month for a reader who may see no names: the view of an analyst, without an order that could name anybody.
//!
//! Rows are sorted by their own figures. The order of cards is that of clinicians, and would link the rows of one person.

use scorecard::card::scorecard::Scorecard;
use scorecard::scoring::disclosure::{Audience, BlindedCard, CardView, Count, DisclosedMeasure, disclose};

use crate::view::export::named_rows::measure_columns;
use crate::view::export::table_row::{Cell, Column, ColumnKind};

use ColumnKind::{Integer, Real, Text};

/// The reason for a figure that the rule of small numbers hides.
const HIDDEN: &str = "hidden";
/// The reason for a value without a denominator.
const NO_DENOMINATOR: &str = "no_denominator";
/// The reason for a value that is not disclosed: it does not count events on both sides, or the card has none.
const NOT_DISCLOSED: &str = "not_disclosed";
/// The reason for no value of a measure that the card does not have.
const NO_EVENTS: &str = "no_events";

const CARD: [(&str, ColumnKind, &str); 3] = [
    ("month", Text, "Calendar month, 2026-10."),
    ("locality", Text, "Locality of the practice."),
    ("role", Text, "Role as of the month's last day."),
];

const MEASURE: [(&str, ColumnKind, &str); 8] = [
    ("measure", Text, "Id of the measure."),
    ("version", Integer, "Version of its definition."),
    ("window", Integer, "Months of the headline window, which ends with the month."),
    ("n", Integer, "Events in the numerator, rounded to five; empty for 1 to 7."),
    ("d", Integer, "Events in the denominator, rounded to five; empty for 1 to 7."),
    ("value", Real, "Value from the rounded counts."),
    ("why_no_value", Text, "Reason for an empty value."),
    ("peers_median", Real, "Median of the group."),
];

/// The columns of one row a measure.
pub(crate) fn long_columns() -> Vec<Column> {
    CARD.iter().chain(&MEASURE).map(|(name, kind, help)| Column::new(*name, *kind, help)).collect()
}

/// The columns of one row a card, with four columns for each of these measures.
pub(crate) fn wide_columns(measures: &[String]) -> Vec<Column> {
    let card = CARD.iter().map(|(name, kind, help)| Column::new(*name, *kind, help));
    card.chain(measures.iter().flat_map(|id| measure_columns(id))).collect()
}

/// The view of a card; `None` where nothing of it is shown.
pub(crate) fn blinded(card: &Scorecard) -> Option<BlindedCard> {
    match disclose(card, Audience::Analyst) {
        CardView::Blinded(blinded) => Some(blinded).filter(|blinded| !blinded.measures.is_empty()),
        CardView::Whole(_) | CardView::Curtailed(_) | CardView::Withheld => None,
    }
}

/// One row for each measure of each card, in order of the measures. The rows of a card are not next to each other.
pub(crate) fn long_rows(cards: &[BlindedCard], measures: &[String]) -> impl Iterator<Item = Vec<Cell>> {
    measures.iter().flat_map(move |id| {
        let of = |card| Some((card, measure_of(card, id)?));
        let mut rows: Vec<Vec<Cell>> = cards.iter().filter_map(of).map(|(card, measure)| long_row(card, measure)).collect();
        rows.sort_by_cached_key(|row| format!("{row:?}"));
        rows
    })
}

/// One row a card.
pub(crate) fn wide_rows(cards: &[BlindedCard], measures: &[String]) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<Cell>> = cards.iter().map(|card| wide_row(card, measures)).collect();
    rows.sort_by_cached_key(|row| format!("{row:?}"));
    rows
}

fn measure_of<'c>(card: &'c BlindedCard, id: &str) -> Option<&'c DisclosedMeasure> {
    card.measures.iter().find(|measure| measure.id == id)
}

fn card_cells(card: &BlindedCard) -> Vec<Cell> {
    vec![Cell::text(&card.month), Cell::text_of(card.locality.as_ref()), Cell::text(&card.role)]
}

fn long_row(card: &BlindedCard, measure: &DisclosedMeasure) -> Vec<Cell> {
    let window = &measure.headline;
    let mut row = card_cells(card);
    row.extend([
        Cell::text(&measure.id),
        Cell::Integer(measure.version.into()),
        Cell::Integer(window.window.into()),
        Cell::integer(window.n.shown()),
        Cell::integer(window.d.shown()),
        Cell::real(window.value),
        Cell::text_of(why_no_value(measure)),
        Cell::real(window.peers_p50),
    ]);
    row
}

fn wide_row(card: &BlindedCard, measures: &[String]) -> Vec<Cell> {
    let mut row = card_cells(card);
    for id in measures {
        row.extend(match measure_of(card, id) {
            Some(measure) => {
                let (window, why) = (&measure.headline, Cell::text_of(why_no_value(measure)));
                [Cell::real(window.value), why, Cell::integer(window.n.shown()), Cell::integer(window.d.shown())]
            }
            None => [Cell::Empty, Cell::text(NO_EVENTS), Cell::Empty, Cell::Empty],
        });
    }
    row
}

/// The reason, from shown figures only.
fn why_no_value(measure: &DisclosedMeasure) -> Option<&'static str> {
    let window = &measure.headline;
    match (window.value, window.n, window.d) {
        (Some(_), ..) => None,
        (None, Count::Hidden, _) | (None, _, Count::Hidden) => Some(HIDDEN),
        (None, _, Count::Rounded(0)) => Some(NO_DENOMINATOR),
        (None, ..) => Some(NOT_DISCLOSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_nobody_and_do_not_follow_the_order_of_clinicians() {
        let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/scorecard.json"));
        let card: Scorecard = serde_json::from_str(example).unwrap();
        let mut other = card.clone();
        other.content.subject.clinician = "gmc|0000001".to_owned();
        for measure in &mut other.content.measures {
            (measure.facts_n, measure.facts_d) = (measure.facts_n + 100, measure.facts_d + 100);
        }
        let views = |cards: [&Scorecard; 2]| cards.map(|card| blinded(card).expect("a card of a practice")).to_vec();
        let ids: Vec<String> = card.content.measures.iter().map(|measure| measure.id.to_string()).collect();
        let rows = |cards| long_rows(&views(cards), &ids).collect::<Vec<_>>();
        assert_eq!(rows([&card, &other]), rows([&other, &card]));
        assert_eq!(wide_rows(&views([&card, &other]), &ids), wide_rows(&views([&other, &card]), &ids));
        let text = format!("{:?}", rows([&card, &other]));
        for name in [&card.content.subject.clinician, &card.content.subject.practice, "0000001"] {
            assert!(!text.contains(name), "{name}");
        }
        for row in rows([&card, &other]) {
            assert_eq!((row.len(), row[8] == Cell::Empty), (long_columns().len(), row[9] != Cell::Empty));
        }
    }
}
