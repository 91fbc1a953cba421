//! `schemas/examples/scorecard.json` is a card that the pipeline makes from simulated traffic, and every field of a card is documented.
//!
//! After a change that is meant to change cards, `PLUMBLINE_WRITE_EXAMPLES=1 cargo test -p promises example_card` updates it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use promises::played_network::{Network, play};
use promises::world::deployment;
use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::time::schedule::Grid;
use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/scorecard.json");
const SCHEMA: &str = include_str!("../../schemas/scorecard.avsc");
const DOCUMENT: &str = include_str!("../../docs/subscribe/card.md");

/// The example, read when the test runs: a run that writes it needs no second build.
fn example_text() -> String {
    std::fs::read_to_string(PATH).expect("the example is there")
}

/// Whether no card fills this field: it needs a gap, a standard, a reference network, few answers, an unknown value, or a change beyond
/// chance, which this network does not have.
fn is_rare(path: &str) -> bool {
    let rare = [
        "coverage",
        "unknown",
        "measures.standard",
        "measures.comparator.reference",
        "measures.suppressed",
        "measures.change.sentence",
    ];
    rare.iter().any(|part| path == *part || path.starts_with(&format!("{part}.")))
}

/// All revisions of a small network over 26 months.
static REVISIONS: LazyLock<Vec<Scorecard>> = LazyLock::new(|| {
    let population = sim::traffic::population::PopulationConfig { seed: 11, practices: 4, clinicians: 40, ..Default::default() };
    let traffic = sim::traffic::deliveries::TrafficConfig {
        seed: 11,
        months: 26,
        encounters_per_day: 4.0,
        ages: true,
        ..Default::default()
    };
    let network = Network::draw(&population, &traffic);
    let weekly = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };
    let mut deployment = deployment(1, weekly.at_or_after(network.begins()));
    deployment.schedule.grid = weekly;
    env!("CARGO_PKG_VERSION").clone_into(&mut deployment.engine_version);
    play(&network, deployment, 40, network.ends().plus_seconds(60 * 86_400)).world.revisions()
});

/// The restated card with the most fields that are not rare, and among these with points for the most measures.
fn example() -> Scorecard {
    let points = |card: &Scorecard| {
        let content = &card.content;
        let whole = content.composite.is_some_and(|composite| composite.percent.is_some());
        let offered = content.one_thing.is_some() || !content.check.is_empty();
        (whole, offered, content.measures.iter().filter(|measure| measure.points.is_some()).count())
    };
    let fields = |card: &Scorecard| {
        let mut paths = BTreeSet::new();
        filled(&serde_json::from_str(&codec::json::record_lines::scorecard(card)).expect("a card is JSON"), "", &mut paths);
        paths.iter().filter(|path| !is_rare(path)).count()
    };
    let all = REVISIONS.iter().filter(|card| card.content.status == Status::Restated && card.content.subject.pcn.is_some());
    let mut restated: Vec<Scorecard> = all.cloned().collect();
    restated.sort_by_cached_key(|card| (std::cmp::Reverse(points(card)), card.key(), card.revision));
    // `max_by_key` returns the last of equal cards.
    restated.reverse();
    restated.into_iter().max_by_key(fields).expect("a restated card")
}

/// A card as the example shows it: the JSON of the code, a line for each part and for each measure.
fn shown(card: &Scorecard) -> String {
    let mut text = codec::json::record_lines::scorecard(card);
    let parts = [
        "subject",
        "period",
        "status",
        "exposure",
        "comparisons",
        "one_thing",
        "check",
        "keep",
        "changed",
        "domains",
        "composite",
        "giants",
        "coverage",
        "unknown",
        "quality",
    ];
    for part in parts.map(|part| format!(",\"{part}\":")) {
        text = text.replace(&part, &format!(",\n{}", &part[1..]));
    }
    text = text.replace(",\"measures\":[", ",\n\"measures\":[").replace("{\"id\":\"", "\n  {\"id\":\"");
    text + "\n"
}

#[test]
fn the_example_card_is_what_the_pipeline_makes() {
    let made = shown(&example());
    if std::env::var_os("PLUMBLINE_WRITE_EXAMPLES").is_some() {
        std::fs::write(PATH, &made).expect("the example can be written");
        return;
    }
    let text = example_text();
    let differs = made.lines().zip(text.lines()).find(|(made, example)| made != example);
    assert!(
        made == text,
        "the pipeline makes another card than {PATH} shows; if it should, run \
         PLUMBLINE_WRITE_EXAMPLES=1 cargo test -p promises example_card\n{differs:?}"
    );
}

/// The paths of all fields of a schema's record, such as `measures.comparator.typical`.
fn fields(schema: &Value, path: &str, named: &mut Vec<(String, Value)>, into: &mut BTreeSet<String>) {
    match schema {
        Value::String(name) => {
            if let Some(known) = named.iter().find(|(known, _)| known == name).map(|(_, schema)| schema.clone()) {
                fields(&known, path, named, into);
            }
        }
        Value::Array(union) => union.iter().for_each(|branch| fields(branch, path, named, into)),
        Value::Object(object) if object.contains_key("fields") => {
            if let Some(name) = object["name"].as_str().filter(|name| !named.iter().any(|(known, _)| known == name)) {
                named.push((name.to_owned(), schema.clone()));
            }
            for field in object["fields"].as_array().expect("a list of fields") {
                let name = field["name"].as_str().expect("a field has a name");
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                into.insert(path.clone());
                fields(&field["type"], &path, named, into);
            }
        }
        Value::Object(object) => {
            for inner in ["items", "type"].iter().filter_map(|key| object.get(*key)).filter(|inner| !inner.is_string()) {
                fields(inner, path, named, into);
            }
        }
        _ => {}
    }
}

fn of_schema() -> BTreeSet<String> {
    let schema = serde_json::from_str(SCHEMA).expect("a schema is JSON");
    let mut paths = BTreeSet::new();
    fields(&schema, "", &mut Vec::new(), &mut paths);
    assert!(paths.len() > 100 && paths.contains("measures.change.year.upper"), "{paths:?}");
    paths
}

/// The paths of a value that hold something.
fn filled(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Null => return,
        Value::Array(items) => items.iter().for_each(|item| filled(item, path, into)),
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            filled(value, &path, into);
        }),
        _ => {}
    }
    into.insert(path.to_owned());
}

#[test]
fn the_example_names_its_content_hash_and_a_script_of_other_code_computes_it_too() {
    let card: Scorecard = serde_json::from_str(&example_text()).expect("the example is a card");
    assert_eq!(scorecard::card::fingerprint::content_hash(&card.content), card.content_hash);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/subscribe/content_hash.py");
    match std::process::Command::new("python3").args([script, PATH]).output() {
        Ok(output) => {
            let shown = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(shown.trim(), card.content_hash);
        }
        Err(error) => println!("no python3 here ({error}): the script is not run"),
    }
}

#[test]
fn the_example_card_fills_every_field_of_the_schema() {
    let example: Value = serde_json::from_str(&example_text()).expect("the example is JSON");
    let mut shown = BTreeSet::new();
    filled(&example, "", &mut shown);
    let empty: Vec<String> = of_schema().into_iter().filter(|path| !shown.contains(path) && !is_rare(path)).collect();
    assert_eq!(empty, Vec::<String>::new());
}

#[test]
fn every_field_of_a_card_is_in_the_document() {
    let names = of_schema().into_iter().map(|path| path.rsplit('.').next().expect("a name").to_owned());
    let missing: BTreeSet<String> = names.filter(|name| !DOCUMENT.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, BTreeSet::new());
}

/// Bytes of a card as Avro and as JSON.
fn bytes(card: &Scorecard) -> (usize, usize) {
    let mut avro = Vec::new();
    let record = scorecard::record::log_record::Record::Scorecard(Box::new(card.clone()));
    codec::avro::encoding::encode(&record, &mut avro).expect("a card can be written");
    (avro.len(), codec::json::record_lines::scorecard(card).len())
}

/// A line of the table: number of cards, and averages of measures, Avro and JSON. `None` without cards.
fn row(name: &str, cards: &[&Scorecard]) -> Option<String> {
    let count = cards.len();
    let total = cards.iter().map(|card| bytes(card)).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let measures: usize = cards.iter().map(|card| card.content.measures.len()).sum();
    let average = |sum: usize| sum as f64 / count as f64;
    (count > 0).then(|| {
        let (avro, json) = (average(total.0), average(total.1));
        format!("| {name} | {count} | {:.1} | {avro:.0} | {json:.0} |", average(measures))
    })
}

#[test]
fn a_card_of_30_measures_has_at_most_12_kb_of_avro_and_32_kb_of_json_on_average() {
    let all: Vec<&Scorecard> = REVISIONS.iter().collect();
    let of = |holds: &dyn Fn(&Scorecard) -> bool| all.iter().copied().filter(|card| holds(card)).collect::<Vec<_>>();
    let compared = |card: &Scorecard| card.content.comparisons.made > 0;
    let first = all.iter().map(|card| card.content.period.month).min().expect("cards");
    let young = move |card: &Scorecard| card.content.period.month < first.plus(6);
    println!("| kind of card | cards | measures | Avro bytes | JSON bytes |\n|---|---|---|---|---|");
    let kinds: [(&str, Vec<&Scorecard>); 10] = [
        ("provisional", of(&|card| card.content.status == Status::Provisional)),
        ("final", of(&|card| card.content.status == Status::Final)),
        ("restated", of(&|card| card.content.status == Status::Restated)),
        ("withdrawn", of(&|card| card.content.status == Status::Withdrawn)),
        ("roll-up", of(&|card| card.content.subject.practice.is_empty())),
        ("without a network", of(&|card| !card.content.measures.is_empty() && !compared(card))),
        ("compared", of(&compared)),
        ("with a signal", of(&|card| !card.content.changed.is_empty())),
        ("of the first half year", of(&young)),
        (
            "of the last month",
            of(&|card| card.content.period.month == all.iter().map(|one| one.content.period.month).max().expect("cards")),
        ),
    ];
    for (name, cards) in &kinds {
        println!("{}", row(name, cards).unwrap_or_else(|| format!("| {name} | 0 | | | |")));
    }
    let of_30 = |cards: &[&Scorecard]| {
        let measures: usize = cards.iter().map(|card| card.content.measures.len()).sum();
        let total = cards.iter().map(|card| bytes(card)).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        (30 * total.0 / measures, 30 * total.1 / measures)
    };
    let (avro, json) = of_30(&of(&|card| card.content.status != Status::Withdrawn));
    println!("30 measures, average of all cards: {avro} bytes of Avro, {json} bytes of JSON");
    assert!(avro <= 12 * 1024 && json <= 32 * 1024);
    // The fullest cards: compared, with two years of history.
    let (avro, json) = of_30(&of(&|card| compared(card) && card.content.period.month >= first.plus(23)));
    println!("30 measures, compared and with two years: {avro} bytes of Avro, {json} bytes of JSON");
    assert!(avro <= 14 * 1024 && json <= 32 * 1024);
}
