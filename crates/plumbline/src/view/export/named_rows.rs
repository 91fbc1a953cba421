//! The rows of a card for a reader who may see names: one row a measure, or one row a card.

use scorecard::card::scorecard::{CardMeasure, Scorecard, Status, VerdictWord};
use scorecard::measure::measure_set::{Direction, Domain};

use crate::published_cards::newest_month::VERDICTS;
use crate::view::export::table_row::{Cell, Column, ColumnKind};

use ColumnKind::{Integer, Real, Text};

/// The reason for no value on a card without content.
const WITHDRAWN: &str = "withdrawn";
/// The reason for no value where nothing is in the denominator.
const NO_DENOMINATOR: &str = "no_denominator";
/// The reason for no value of a measure that the card does not have.
const NO_EVENTS: &str = "no_events";
/// The reason on a card for a measure whose events are not sent.
const NOT_SENT: &str = "not_sent";

const CARD: [(&str, ColumnKind, &str); 10] = [
    ("month", Text, "Calendar month, 2026-10."),
    ("practice", Text, "Practice code; empty for the roll-up over all practices."),
    ("clinician", Text, "Id of the person."),
    ("role", Text, "Role as of the month's last day."),
    ("locum", Text, "true or false."),
    ("pcn", Text, "Primary care network of the practice."),
    ("locality", Text, "Locality of the practice."),
    ("status", Text, "provisional, final, restated or withdrawn."),
    ("revision", Integer, "Number of the card's newest revision."),
    ("published_at", Text, "Cut that published the revision, RFC 3339 in UTC."),
];

const MEASURE: [(&str, ColumnKind, &str); 19] = [
    ("measure", Text, "Id of the measure."),
    ("version", Integer, "Version of its definition."),
    ("name", Text, "Its short name."),
    ("domain", Text, "clinical, perception or resource."),
    ("direction", Text, "Good values: low, high or none."),
    ("unit", Text, "Unit of value, interval and median."),
    ("window", Integer, "Months of the headline window, which ends with the month."),
    ("n", Integer, "Numerator in n_unit."),
    ("d", Integer, "Denominator in d_unit."),
    ("n_unit", Text, "Integer unit of n."),
    ("d_unit", Text, "Integer unit of d."),
    ("unknown", Integer, "Events left out because a value that the measure needs is unknown."),
    ("value", Real, "Value of the window."),
    ("lower", Real, "Lower end of its 95 % interval."),
    ("upper", Real, "Upper end of its 95 % interval."),
    ("why_no_value", Text, "Reason for an empty value."),
    ("verdict", Text, "Result of the comparison with colleagues; empty without one."),
    ("points", Real, "Points of the personal QOF; empty for a measure without points."),
    ("points_available", Real, "Available points."),
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

/// The columns of a measure in a table of one row a card.
pub(crate) fn measure_columns(id: &str) -> [Column; 4] {
    [
        Column::new(id, Real, "Value of the measure."),
        Column::new(format!("{id}__why"), Text, "Reason for an empty value."),
        Column::new(format!("{id}__n"), Integer, "Numerator of the measure."),
        Column::new(format!("{id}__d"), Integer, "Denominator of the measure."),
    ]
}

/// One row for each of the card's measures that is wanted. A withdrawn card has one row without a measure.
pub(crate) fn long_rows(card: &Scorecard, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<Cell>> {
    let wanted = card.content.measures.iter().filter(|measure| is_wanted(&measure.id));
    let mut rows: Vec<Vec<Cell>> = wanted.map(|measure| [card_cells(card), measure_cells(measure)].concat()).collect();
    if card.content.status == Status::Withdrawn && rows.is_empty() {
        let empty = MEASURE.map(|(name, ..)| if name == "why_no_value" { Cell::text(WITHDRAWN) } else { Cell::Empty });
        rows.push([card_cells(card), empty.to_vec()].concat());
    }
    rows
}

/// The row of a card.
pub(crate) fn wide_row(card: &Scorecard, measures: &[String]) -> Vec<Cell> {
    let mut row = card_cells(card);
    for id in measures {
        match card.content.measures.iter().find(|measure| *measure.id == **id) {
            Some(measure) => {
                let [n, d] = counts(measure);
                row.extend([Cell::real(measure.value), Cell::text_of(why_no_value(measure)), n, d]);
            }
            None => {
                let why = if card.content.status == Status::Withdrawn { WITHDRAWN } else { NO_EVENTS };
                row.extend([Cell::Empty, Cell::text(why), Cell::Empty, Cell::Empty]);
            }
        }
    }
    row
}

fn card_cells(card: &Scorecard) -> Vec<Cell> {
    let subject = &card.content.subject;
    vec![
        Cell::text(card.content.period.month.to_string()),
        Cell::text(&subject.practice),
        Cell::text(&subject.clinician),
        Cell::text(&subject.role),
        Cell::text(subject.locum.to_string()),
        Cell::text_of(subject.pcn.as_ref()),
        Cell::text_of(subject.locality.as_ref()),
        Cell::text(status_word(card.content.status)),
        Cell::Integer(card.revision.into()),
        Cell::text(card.cut.to_string()),
    ]
}

fn measure_cells(measure: &CardMeasure) -> Vec<Cell> {
    let [n, d] = counts(measure);
    let points = measure.points.as_ref();
    vec![
        Cell::text(&*measure.id),
        Cell::Integer(measure.version.into()),
        Cell::text(&*measure.name),
        Cell::text(domain_word(measure.domain)),
        Cell::text(direction_word(measure.direction)),
        Cell::text(&*measure.unit),
        Cell::Integer(measure.window.into()),
        n,
        d,
        Cell::text(&*measure.n_unit),
        Cell::text(&*measure.d_unit),
        Cell::Integer(measure.unknown),
        Cell::real(measure.value),
        Cell::real(measure.ci95.map(|interval| interval.lower)),
        Cell::real(measure.ci95.map(|interval| interval.upper)),
        Cell::text_of(why_no_value(measure)),
        Cell::text_of(measure.verdict.map(verdict_word)),
        Cell::real(points.map(|points| points.points)),
        Cell::real(points.map(|points| points.available)),
    ]
}

/// Numerator and denominator. Events that are not sent are unknown, and the sums of a card without them are no counts.
fn counts(measure: &CardMeasure) -> [Cell; 2] {
    let known = measure.suppressed.as_deref() != Some(NOT_SENT);
    [measure.n, measure.d].map(|count| Cell::integer(known.then_some(count)))
}

fn why_no_value(measure: &CardMeasure) -> Option<&str> {
    match measure.value {
        Some(_) => None,
        None => Some(measure.suppressed.as_deref().unwrap_or(NO_DENOMINATOR)),
    }
}

fn verdict_word(verdict: VerdictWord) -> &'static str {
    VERDICTS.iter().find(|(one, _)| *one == verdict).map(|(_, word)| *word).expect("all verdicts are listed")
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Provisional => "provisional",
        Status::Final => "final",
        Status::Restated => "restated",
        Status::Withdrawn => WITHDRAWN,
    }
}

fn domain_word(domain: Domain) -> &'static str {
    match domain {
        Domain::Clinical => "clinical",
        Domain::Perception => "perception",
        Domain::Resource => "resource",
    }
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Low => "low",
        Direction::High => "high",
        Direction::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Scorecard {
        let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/scorecard.json"));
        serde_json::from_str(example).unwrap()
    }

    fn cell<'r>(columns: &[Column], row: &'r [Cell], name: &str) -> &'r Cell {
        assert_eq!(columns.len(), row.len());
        &row[columns.iter().position(|column| column.name == name).unwrap()]
    }

    #[test]
    fn every_row_has_a_value_or_the_reason_for_none_and_unknown_is_not_zero() {
        let mut card = card();
        card.content.measures[0].value = None;
        card.content.measures[0].suppressed = Some(NOT_SENT.to_owned());
        (card.content.measures[0].n, card.content.measures[0].d) = (0, 0);
        let (columns, rows) = (long_columns(), long_rows(&card, |_| true));
        assert_eq!(rows.len(), card.content.measures.len());
        for row in &rows {
            let has_value = *cell(&columns, row, "value") != Cell::Empty;
            assert_eq!(*cell(&columns, row, "why_no_value") == Cell::Empty, has_value);
        }
        assert_eq!(cell(&columns, &rows[0], "why_no_value"), &Cell::text(NOT_SENT));
        assert_eq!((cell(&columns, &rows[0], "n"), cell(&columns, &rows[0], "d")), (&Cell::Empty, &Cell::Empty));
        let ids = [card.content.measures[0].id.to_string(), "no_such".to_owned()];
        let (columns, row) = (wide_columns(&ids), wide_row(&card, &ids));
        assert_eq!(cell(&columns, &row, &format!("{}__why", ids[0])), &Cell::text(NOT_SENT));
        assert_eq!(
            (cell(&columns, &row, "no_such__why"), cell(&columns, &row, "no_such__n")),
            (&Cell::text(NO_EVENTS), &Cell::Empty)
        );
    }

    #[test]
    fn a_withdrawn_card_has_a_row_that_reports_it() {
        let mut card = card();
        card.content.status = Status::Withdrawn;
        card.content.measures.clear();
        let (columns, rows) = (long_columns(), long_rows(&card, |_| true));
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (cell(&columns, &rows[0], "status"), cell(&columns, &rows[0], "value")),
            (&Cell::text(WITHDRAWN), &Cell::Empty)
        );
        assert_eq!(cell(&columns, &rows[0], "why_no_value"), &Cell::text(WITHDRAWN));
        let ids = ["dna_rate".to_owned()];
        assert_eq!(cell(&wide_columns(&ids), &wide_row(&card, &ids), "dna_rate__why"), &Cell::text(WITHDRAWN));
    }
}
