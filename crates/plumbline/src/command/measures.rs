//! `measures list|show|check|test`: the measure files as text, their mistakes, and the result of their example events.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::Batch;
use scorecard::fold::tally::Tally;
use scorecard::measure::measure_set::{Definition, Example, Measure, MeasureSet, SideDefinition};
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use scorecard::sums::measure_sums::MeasureSums;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use serde_json::{Value, json};

use crate::input_files::measure_files::{BuiltIn, MeasureOrigin, MeasureSelection, MeasuresError, chosen};
use crate::terminal::count::counted;
use crate::terminal::layout::hanging;

/// Time of an example event that names none.
const EXAMPLE_TIME: &str = "2026-10-05T09:00:00+01:00";
/// The current time of the examples, 2026-10-31T00:00Z.
const EXAMPLE_NOW: Timestamp = Timestamp(1_793_404_800_000);

/// A failure of a command about measures.
#[derive(Debug, thiserror::Error)]
pub enum MeasuresCommandError {
    /// No measure has this id.
    #[error("there is no measure {id:?}; `plumbline measures list` lists the {known} that exist")]
    Unknown {
        /// The id of the command line.
        id: String,
        /// Number of measures.
        known: usize,
    },
    /// Examples whose result differs from their expected amounts.
    #[error("{}", .0.join("\n"))]
    Examples(Vec<String>),
    /// The measure files are invalid.
    #[error(transparent)]
    Files(#[from] MeasuresError),
}

/// One entry a measure, of lines of at most `columns` columns: id, version, kind, domain, direction, points and title. A measure that is
/// not built in has its file on a line below.
#[must_use]
pub fn list(MeasureSelection { set, origins, .. }: &MeasureSelection, columns: usize) -> String {
    let mut out = String::new();
    let from = |id: &str| match origins.get(id) {
        None | Some(MeasureOrigin::BuiltIn) => String::new(),
        Some(origin) => format!("\n    file: {origin}"),
    };
    let definitions = || set.measures().iter().map(|m| &m.definition);
    let width = definitions().map(|d| d.id.len()).max().unwrap_or_default() + 3;
    for definition in definitions() {
        let points = definition.points.map_or("-".to_owned(), |points| points.available.to_string());
        let [kind, domain, direction] = [word(&definition.kind), word(&definition.domain), word(&definition.direction)];
        let name = format!("{}@{}", definition.id, definition.version);
        let first = format!("{name:width$}{kind:<12}{domain:<12}{direction:<6}{points:>4}  ");
        let title = hanging(&first, &definition.title, first.len(), columns);
        writeln!(out, "{title}{}", from(&definition.id)).expect("a String takes all");
    }
    out
}

/// The definition of one measure, for people.
///
/// # Errors
/// [`MeasuresCommandError::Unknown`].
pub fn show(MeasureSelection { set, origins, .. }: &MeasureSelection, id: &str) -> Result<String, MeasuresCommandError> {
    let unknown = || MeasuresCommandError::Unknown { id: id.to_owned(), known: set.measures().len() };
    let definition = &set.measures()[set.index_of(id).ok_or_else(unknown)?].definition;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a String takes all");
    line(format!("{}@{}: {}", definition.id, definition.version, definition.title));
    line(format!("  {}", described(definition)));
    for (name, side) in [("numerator", &definition.numerator), ("denominator", &definition.denominator)] {
        line(format!("  {name}: {}", filters(side)));
    }
    line(format!(
        "  at least {} in the denominator; headline over {}",
        counted(u64::from(definition.minimum), "event", "events"),
        counted(u64::from(definition.window), "month", "months")
    ));
    line(format!("  why: {}", definition.rationale));
    definition.actions.iter().for_each(|action| line(format!("  to try: {action}")));
    definition.balancing.iter().for_each(|other| line(format!("  watch with it: {other}")));
    line(format!("  source: {}", definition.source));
    line(format!("  file: {}", origins.get(id).map_or("built in".to_owned(), ToString::to_string)));
    definition.changes.iter().for_each(|change| line(format!("  version {change}")));
    for example in &definition.examples {
        let counts = format!("{} / {}", example.numerator, example.denominator);
        line(format!("  example: {} -> {counts}", example.says));
    }
    Ok(out)
}

fn described(definition: &Definition) -> String {
    let [kind, domain, direction] = [word(&definition.kind), word(&definition.domain), word(&definition.direction)];
    let giant = definition.giant.map_or(String::new(), |giant| format!(", against {}", word(&giant)));
    let good = if direction == "none" { "neither high nor low is good".to_owned() } else { format!("{direction} is good") };
    let points = match definition.points {
        None => "no points".to_owned(),
        Some(points) => match points.lower.zip(points.upper) {
            Some((lower, upper)) => format!("{} points from {lower} to {upper}", points.available),
            None => format!("{} points between the quartiles of the quarter before", points.available),
        },
    };
    format!("{kind} in {}, {domain}{giant}; {good}; {points}", definition.unit)
}

/// The conditions of a side, as in its file.
fn filters(side: &SideDefinition) -> String {
    let value = serde_json::to_value(side).expect("a definition that was read can be written");
    let Value::Object(fields) = value else { return String::new() };
    let conditions = fields.iter().map(|(key, value)| format!("{key} = {value}"));
    conditions.collect::<Vec<_>>().join(", ")
}

/// A value of the measure files as its word.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("these enums are words").to_owned()
}

/// The measures that a valid folder leads to: their number, their points, and the costs in the waste total.
///
/// # Errors
/// [`MeasuresError`] names every invalid file with its line, and every two measures that save on the same drug.
pub fn check(folder: &Path, built_in: BuiltIn) -> Result<String, MeasuresError> {
    let MeasureSelection { set, origins, left_out, .. } = chosen(Some(folder), built_in, &[])?;
    let points: f64 = set.measures().iter().filter_map(|m| m.definition.points).map(|p| p.available).sum();
    let of = |wanted: fn(&MeasureOrigin) -> bool| origins.values().filter(|origin| wanted(origin)).count();
    let (added, replaced) = (of(|o| matches!(o, MeasureOrigin::Added(_))), of(|o| matches!(o, MeasureOrigin::Replaced(_))));
    let mut out = format!(
        "{} ({added} added, {replaced} replaced, {} built in), {points} points; fingerprint {}",
        counted(set.measures().len() as u64, "measure", "measures"),
        of(|o| *o == MeasureOrigin::BuiltIn),
        set.hash()
    );
    out.push_str("\nthe waste total counts no cost twice; it is the sum of");
    for measure in set.measures() {
        if let Some(costs) = measure.costs() {
            let codes = if costs.codes.is_empty() { "every drug".to_owned() } else { costs.codes.join(", ") };
            write!(out, "\n  {}: {codes}", measure.definition.id).expect("a String takes all");
        }
    }
    if !left_out.is_empty() {
        let classification = set.codes().classification();
        let names = left_out.join(", ");
        write!(out, "\nthe drug classification is {classification}, so these built-in measures are left out: {names}")
            .expect("a String takes all");
    }
    out.push_str(&unproven(&set));
    Ok(out)
}

/// The measures of which no check proves that the numerator lies within the denominator, one a line.
fn unproven(set: &MeasureSet) -> String {
    let line = |measure: &Arc<Measure>| {
        let why = measure.unproven_containment()?;
        let id = &measure.definition.id;
        Some(format!(
            "\nnot proven that the numerator of {id} lies within its denominator: {why}; a value above 100 % is possible"
        ))
    };
    set.measures().iter().filter_map(line).collect()
}

/// Runs the examples of every measure through decoder and tally. Returns a line with their number.
///
/// # Errors
/// [`MeasuresCommandError::Examples`] names every example whose result differs from its expected amounts.
pub fn test(set: &MeasureSet) -> Result<String, MeasuresCommandError> {
    let set = Arc::new(set.clone());
    let examples = || set.measures().iter().flat_map(|m| m.definition.examples.iter().map(move |example| (m, example)));
    let failures: Vec<String> = examples().filter_map(|(measure, example)| failure(&set, measure, example)).collect();
    if !failures.is_empty() {
        return Err(MeasuresCommandError::Examples(failures));
    }
    let of = |count: usize, one, many| counted(count as u64, one, many);
    let (examples, measures) = (of(examples().count(), "example", "examples"), of(set.measures().len(), "measure", "measures"));
    Ok(format!("{examples} of {measures}: all results are as expected"))
}

fn failure(set: &Arc<MeasureSet>, measure: &Measure, example: &Example) -> Option<String> {
    let id = &measure.definition.id;
    let expected = [example.numerator, example.denominator, example.pca, example.excluded, example.unknown];
    match contribution(set, id, &example.event) {
        Ok(sums) => {
            let found = [sums.n, sums.d, sums.pca, sums.excluded, sums.unknown];
            let names = "numerator, denominator, pca, excluded, unknown";
            (found != expected).then(|| format!("{id}: {}: {names} are {found:?}, expected {expected:?}", example.says))
        }
        Err(why) => Some(format!("{id}: {}: the event is rejected: {why}", example.says)),
    }
}

/// The sums that one event adds to a measure, by decoder and tally; or the reason why it is rejected.
fn contribution(set: &Arc<MeasureSet>, id: &str, event: &Value) -> Result<MeasureSums, String> {
    let bytes = serde_json::to_vec(&completed(event)?).expect("JSON values can be written");
    let position = Position { source: "examples".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: EXAMPLE_NOW, now: EXAMPLE_NOW };
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: EXAMPLE_NOW };
    let mut tally = Tally::new(set, &schedule, 0, Month::EARLIEST);
    let mut refused = None;
    RecordDecoder::new(DecoderConfig::default()).decode(&bytes, &context, &mut |item| match item {
        Item::Event(feed, event) => {
            let batch = Batch::new(feed.name.to_string(), vec![event]);
            tally.apply(&batch, EXAMPLE_NOW);
        }
        Item::Reject(reject) => refused = Some(format!("{}: {}", reject.field, reject.detail)),
        _ => refused = Some("it is not a native event".to_owned()),
    });
    if let Some(why) = refused {
        return Err(why);
    }
    let index = set.index_of(id).expect("the measure is of this set");
    let state = tally.cut();
    Ok(tally.all_rows(&state).map(|(_, sums)| sums.measures[index]).next().unwrap_or_default())
}

/// The event, with defaults for the fields that an example may omit.
fn completed(event: &Value) -> Result<Value, String> {
    let Value::Object(given) = event else { return Err("it is not a table".to_owned()) };
    let defaults = json!({
        "feed": "examples", "id": "example", "occurred_at": EXAMPLE_TIME, "practice": "A81001",
        "clinician": { "system": "gmc", "value": "7000000" },
    });
    let Value::Object(mut whole) = defaults else { return Err("it is not a table".to_owned()) };
    whole.extend(given.clone());
    if let Some(Value::Object(drug)) = whole.get_mut("prescription")
        && drug.contains_key("code")
    {
        drug.entry("code_system").or_insert_with(|| json!("bnf"));
    }
    Ok(Value::Object(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_every_measure_have_the_expected_result() {
        let set = crate::input_files::measure_files::built_in();
        for measure in set.measures() {
            let count = measure.definition.examples.len();
            assert!(count >= 2, "{} has {count} examples", measure.definition.id);
        }
        let done = test(&set).unwrap_or_else(|e| panic!("{e}"));
        assert!(done.ends_with("measures: all results are as expected"), "{done}");
    }

    #[test]
    fn an_example_that_adds_something_else_is_named_with_both() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures/dna_rate.toml")).unwrap();
        let wrong = text.replacen("numerator = 1\n", "numerator = 2\n", 1);
        let set = MeasureSet::parse([("dna_rate.toml", wrong.as_str())]).unwrap();
        let said = test(&set).unwrap_err().to_string();
        assert!(said.contains("dna_rate: nobody came") && said.contains("[1, 1, 0, 0, 0], expected [2, 1, 0, 0, 0]"), "{said}");
        let refused = text.replacen("status = \"noshow\" }", "status = \"late\" }", 1);
        let set = MeasureSet::parse([("dna_rate.toml", refused.as_str())]).unwrap();
        assert!(test(&set).unwrap_err().to_string().contains("is rejected"));
    }

    #[test]
    fn a_measure_is_shown_with_its_codes_its_reason_and_its_source() {
        let built_in = chosen(None, BuiltIn::Keep, &[]).unwrap();
        let shown = show(&built_in, "broad_spectrum").unwrap();
        for part in ["file: built in", "broad_spectrum@1", "0501021", "why: ", "source: OpenPrescribing", "low is good"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(show(&built_in, "nothing").unwrap_err().to_string().contains("measures list"));
    }

    #[test]
    fn a_check_names_the_costs_that_the_waste_total_is_made_of() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures");
        let said = check(Path::new(folder), BuiltIn::Drop).unwrap();
        let mut lines = said.lines().skip(2).map(str::trim);
        assert!(lines.next().is_some_and(|line| line.starts_with("desogestrel_branded: 0703021Q0")), "{said}");
        assert!(
            lines.next().is_some_and(|line| line.starts_with("low_priority_spend: ") && line.contains("0407020AF")),
            "{said}"
        );
    }

    #[test]
    fn every_measure_has_a_line() {
        let built_in = chosen(None, BuiltIn::Keep, &[]).unwrap();
        let listed = list(&built_in, 200);
        assert_eq!(listed.lines().count(), built_in.set.measures().len());
        assert!(!listed.contains("file: "), "a built-in measure has no file");
        let narrow = list(&built_in, 80);
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        assert_eq!(narrow.lines().filter(|line| !line.starts_with(' ')).count(), built_in.set.measures().len());
    }
}
