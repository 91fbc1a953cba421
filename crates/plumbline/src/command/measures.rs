//! `measures list|show|check|test`: the reviewed files as people read them, and what they do to their own example events.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Batch, Versioning};
use scorecard::fold::tally::Tally;
use scorecard::measure::measure_set::{Definition, Example, Measure, MeasureSet, SideDefinition};
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use scorecard::sums::measure_sums::MeasureSums;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};
use serde_json::{Value, json};

use crate::measure_files::{BuiltIn, MeasureOrigin, MeasureSelection, MeasuresError, chosen};

/// When and where an example happens that does not say so.
const EXAMPLE_TIME: &str = "2026-10-05T09:00:00+01:00";
/// The present of the examples, 2026-10-31T00:00Z.
const EXAMPLE_NOW: Timestamp = Timestamp(1_793_404_800_000);

/// Why a command about measures failed.
#[derive(Debug, thiserror::Error)]
pub enum MeasuresCommandError {
    /// No measure has this id.
    #[error("there is no measure {id:?}; `plumbline measures list` names {known}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// How many there are.
        known: usize,
    },
    /// Examples that do not add what they say.
    #[error("{}", .0.join("\n"))]
    Examples(Vec<String>),
    /// The files.
    #[error(transparent)]
    Files(#[from] MeasuresError),
}

/// One line a measure: id, version, kind, domain, direction, points, title; and where it comes from, unless it is built in.
#[must_use]
pub fn list(MeasureSelection { set, origins }: &MeasureSelection) -> String {
    let mut out = String::new();
    let from = |id: &str| match origins.get(id) {
        None | Some(MeasureOrigin::BuiltIn) => String::new(),
        Some(origin) => format!("  [{origin}]"),
    };
    let definitions = || set.measures().iter().map(|m| &m.definition);
    let width = definitions().map(|d| d.id.len()).max().unwrap_or_default() + 3;
    for definition in definitions() {
        let points = definition.points.map_or("-".to_owned(), |points| points.available.to_string());
        let [kind, domain, direction] = [word(&definition.kind), word(&definition.domain), word(&definition.direction)];
        let name = format!("{}@{}", definition.id, definition.version);
        writeln!(
            out,
            "{name:width$}{kind:<12}{domain:<12}{direction:<6}{points:>4}  {}{}",
            definition.title,
            from(&definition.id)
        )
        .expect("a String takes all");
    }
    out
}

/// Everything that one measure's file says, for people.
///
/// # Errors
/// [`MeasuresCommandError::Unknown`].
pub fn show(MeasureSelection { set, origins }: &MeasureSelection, id: &str) -> Result<String, MeasuresCommandError> {
    let unknown = || MeasuresCommandError::Unknown { id: id.to_owned(), known: set.measures().len() };
    let definition = &set.measures()[set.index_of(id).ok_or_else(unknown)?].definition;
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a String takes all");
    line(format!("{}@{}: {}", definition.id, definition.version, definition.title));
    line(format!("  {}", described(definition)));
    for (name, side) in [("numerator", &definition.numerator), ("denominator", &definition.denominator)] {
        line(format!("  {name}: {}", filters(side)));
    }
    line(format!("  at least {} events in the denominator; headline over {} months", definition.minimum, definition.window));
    line(format!("  why: {}", definition.rationale));
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

/// What a side asks, as its file has it.
fn filters(side: &SideDefinition) -> String {
    let value = serde_json::to_value(side).expect("a definition that was read can be written");
    let Value::Object(fields) = value else { return String::new() };
    let asked = fields.iter().map(|(key, value)| format!("{key} = {value}"));
    asked.collect::<Vec<_>>().join(", ")
}

/// A name of one word of the measure files.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("these enums are words").to_owned()
}

/// What would be counted with a sound folder: how many measures and points, and which costs the waste total is made of.
///
/// # Errors
/// [`MeasuresError`] names every file that cannot be taken, with its line, and every two whose savings meet.
pub fn check(folder: &Path, built_in: BuiltIn) -> Result<String, MeasuresError> {
    let MeasureSelection { set, origins } = chosen(Some(folder), built_in)?;
    let points: f64 = set.measures().iter().filter_map(|m| m.definition.points).map(|p| p.available).sum();
    let of = |wanted: fn(&MeasureOrigin) -> bool| origins.values().filter(|origin| wanted(origin)).count();
    let (added, replaced) = (of(|o| matches!(o, MeasureOrigin::Added(_))), of(|o| matches!(o, MeasureOrigin::Replaced(_))));
    let mut out = format!(
        "{} measures ({added} added, {replaced} replaced, {} built in), {points} points; set {}",
        set.measures().len(),
        of(|o| *o == MeasureOrigin::BuiltIn),
        set.hash()
    );
    out.push_str("\nno pound is counted twice in the waste total, which adds up");
    for measure in set.measures() {
        if let Some(costs) = measure.costs() {
            let codes = if costs.codes.is_empty() { "every drug".to_owned() } else { costs.codes.join(", ") };
            write!(out, "\n  {}: {codes}", measure.definition.id).expect("a String takes all");
        }
    }
    Ok(out)
}

/// Runs the examples of every measure through decoder and tally. Returns how many there were.
///
/// # Errors
/// [`MeasuresCommandError::Examples`] names every example that does not add what it says.
pub fn test(set: &MeasureSet) -> Result<String, MeasuresCommandError> {
    let set = Arc::new(set.clone());
    let examples = || set.measures().iter().flat_map(|m| m.definition.examples.iter().map(move |example| (m, example)));
    let failures: Vec<String> = examples().filter_map(|(measure, example)| failure(&set, measure, example)).collect();
    if !failures.is_empty() {
        return Err(MeasuresCommandError::Examples(failures));
    }
    Ok(format!("{} examples of {} measures add what they say", examples().count(), set.measures().len()))
}

fn failure(set: &Arc<MeasureSet>, measure: &Measure, example: &Example) -> Option<String> {
    let id = &measure.definition.id;
    let said = [example.numerator, example.denominator, example.pca, example.excluded];
    match contribution(set, id, &example.event) {
        Ok(sums) => {
            let found = [sums.n, sums.d, sums.pca, sums.excluded];
            let names = "numerator, denominator, pca, excluded";
            (found != said).then(|| format!("{id}: {}: {names} are {found:?}, not {said:?}", example.says))
        }
        Err(why) => Some(format!("{id}: {}: the event is refused: {why}", example.says)),
    }
}

/// What one event adds to a measure, by way of decoder and tally; or why it is refused.
fn contribution(set: &Arc<MeasureSet>, id: &str, event: &Value) -> Result<MeasureSums, String> {
    let bytes = serde_json::to_vec(&completed(event)?).expect("JSON values can be written");
    let position = Position { source: "examples".to_owned(), partition: 0, offset: 0, index: None };
    let context = Context { position: &position, feed: None, received_at: EXAMPLE_NOW, now: EXAMPLE_NOW };
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: EXAMPLE_NOW };
    let mut tally = Tally::new(set, &schedule, 0, Month::EARLIEST);
    let mut refused = None;
    RecordDecoder::new(DecoderConfig::default()).decode(&bytes, &context, &mut |item| match item {
        Item::Event(feed, event) => {
            let batch =
                Batch { feed: feed.name.as_ref().into(), practice: None, versioning: Versioning::Id, events: vec![event] };
            tally.apply(&batch, EXAMPLE_NOW);
        }
        Item::Reject(reject) => refused = Some(format!("{}: {}", reject.field, reject.detail)),
        _ => refused = Some("it is no native event".to_owned()),
    });
    if let Some(why) = refused {
        return Err(why);
    }
    let index = set.index_of(id).expect("the measure is of this set");
    let state = tally.cut();
    Ok(tally.all_rows(&state).map(|(_, sums)| sums.measures[index]).next().unwrap_or_default())
}

/// The event with what an example may leave out.
fn completed(event: &Value) -> Result<Value, String> {
    let Value::Object(given) = event else { return Err("it is no table".to_owned()) };
    let defaults = json!({
        "feed": "examples", "id": "example", "occurred_at": EXAMPLE_TIME, "practice": "A81001",
        "clinician": { "system": "gmc", "value": "7000000" },
    });
    let Value::Object(mut whole) = defaults else { return Err("it is no table".to_owned()) };
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
    fn the_examples_of_every_measure_add_what_they_say() {
        let set = crate::measure_files::built_in();
        for measure in set.measures() {
            let count = measure.definition.examples.len();
            assert!(count >= 2, "{} has {count} examples", measure.definition.id);
        }
        let done = test(&set).unwrap_or_else(|e| panic!("{e}"));
        assert!(done.ends_with("measures add what they say"), "{done}");
    }

    #[test]
    fn an_example_that_adds_something_else_is_named_with_both() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures/dna_rate.toml")).unwrap();
        let wrong = text.replacen("numerator = 1\n", "numerator = 2\n", 1);
        let set = MeasureSet::parse([("dna_rate.toml", wrong.as_str())]).unwrap();
        let said = test(&set).unwrap_err().to_string();
        assert!(said.contains("dna_rate: nobody came") && said.contains("[1, 1, 0, 0], not [2, 1, 0, 0]"), "{said}");
        let refused = text.replacen("status = \"noshow\" }", "status = \"late\" }", 1);
        let set = MeasureSet::parse([("dna_rate.toml", refused.as_str())]).unwrap();
        assert!(test(&set).unwrap_err().to_string().contains("is refused"));
    }

    #[test]
    fn a_measure_is_shown_with_its_codes_its_reason_and_its_source() {
        let built_in = chosen(None, BuiltIn::Keep).unwrap();
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
        let built_in = chosen(None, BuiltIn::Keep).unwrap();
        assert_eq!(list(&built_in).lines().count(), built_in.set.measures().len());
        assert!(!list(&built_in).contains('['));
    }
}
