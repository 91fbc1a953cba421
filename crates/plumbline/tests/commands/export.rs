//! `plumbline export`: tables that independent readers read back, from a folder and from a running service.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value;

use crate::published::published;
use crate::server::{Server, command, request_as};
use crate::support::Place;

/// Names that break a careless writer of CSV, or that a spreadsheet computes.
const NAMES: [&str; 6] = ["=1+1", "7,\"QUOTED\"", "@SUM(A1)", "PLAIN", "\u{fc}BER", "A;B"];
const PRACTICES: [&str; 3] = ["A81001", "=cmd|' /C calc'!A0", "-P,\"x\""];

/// Twelve encounters of each name; those of `PLAIN` are missed.
fn events() -> String {
    let event = |(name, number): (&str, usize)| {
        let practice = PRACTICES[NAMES.iter().position(|one| *one == name).unwrap_or(0) % PRACTICES.len()];
        let status = if name == "PLAIN" { "noshow" } else { "attended" };
        let event = serde_json::json!({
            "id": format!("{name}-{number}"), "type": "encounter", "occurred_at": format!("2026-01-{:02}T09:00:00Z", number + 1),
            "recorded_at": "2026-01-31T09:00:00Z", "clinician": { "system": "gmc", "value": name }, "practice": practice,
            "encounter": { "mode": "telephone", "status": status },
        });
        format!("{event}\n")
    };
    NAMES.iter().flat_map(|name| (0..12).map(move |number| event((name, number)))).collect()
}

fn replayed() -> Place {
    let place = Place::new();
    place.put("in/events.ndjson", events());
    let summary = place.replay("out", &["in"], &[]);
    assert_eq!(summary.rejected.len(), 0, "{summary:?}");
    place
}

fn export(place: &Place, data: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["export", "--data", data]).args(args).current_dir(place.path(".")).output().expect("the binary runs")
}

fn written(place: &Place, data: &str, args: &[&str]) -> Vec<u8> {
    let output = export(place, data, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Rows of CSV, read by the grammar of RFC 4180 alone.
fn rows(csv: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(csv).expect("UTF-8").strip_prefix('\u{feff}').expect("a byte order mark");
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quoted, letter) {
            (true, '"') if letters.peek() == Some(&'"') => cell.push(letters.next().expect("it was seen")),
            (_, '"') => quoted = !quoted,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {
                assert_eq!(letters.next(), Some('\n'), "rows end with CRLF");
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (false, '\n') => panic!("a line feed alone ends a row"),
            (_, letter) => cell.push(letter),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted, "the last row has an end");
    rows
}

/// Rows as maps from column to cell.
fn table(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut rows = rows(csv).into_iter();
    let head = rows.next().expect("a header");
    let row = |row: Vec<String>| {
        assert_eq!(row.len(), head.len(), "{row:?}");
        head.iter().cloned().zip(row).collect()
    };
    rows.map(row).collect()
}

#[test]
fn odd_names_are_read_back_and_no_cell_is_a_formula() {
    let place = replayed();
    let table = table(&written(&place, "out", &["--month", "2026-01", "--measure", "dna_rate"]));
    let read = |name: &str| table.iter().map(|row| row[name].clone()).collect::<BTreeSet<_>>();
    assert_eq!(read("clinician"), NAMES.map(|name| format!("gmc|{name}")).into());
    let practices = ["A81001", "'=cmd|' /C calc'!A0", "'-P,\"x\""].map(str::to_owned);
    assert_eq!(read("practice"), practices.into());
    for row in &table {
        for cell in row.values() {
            assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']), "{cell:?}");
        }
        // 12 of 12 slots are missed, or none.
        let missed = if row["clinician"] == "gmc|PLAIN" { ("12", "100") } else { ("0", "0") };
        assert_eq!((row["n"].as_str(), row["value"].as_str(), row["d"].as_str()), (missed.0, missed.1, "12"), "{row:?}");
        assert_eq!(
            (row["status"].as_str(), row["why_no_value"].as_str(), row["published_at"].ends_with('Z')),
            ("final", "", true)
        );
    }
}

#[test]
fn every_format_and_shape_has_the_same_numbers() {
    let place = replayed();
    let long = table(&written(&place, "out", &[]));
    let lines = String::from_utf8(written(&place, "out", &["--format", "ndjson"])).expect("UTF-8");
    let objects: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let avro = written(&place, "out", &["--format", "avro"]);
    let avro: Vec<apache_avro::types::Value> =
        apache_avro::Reader::new(&avro[..]).expect("a file").map(|row| row.expect("a row")).collect();
    assert!(long.len() == objects.len() && long.len() == avro.len() && long.len() > NAMES.len(), "{}", long.len());
    let mut unknown = 0;
    for ((row, object), record) in long.iter().zip(&objects).zip(&avro) {
        let record = Value::try_from(record.clone()).expect("a record");
        assert_eq!(object, &record);
        for (name, cell) in row {
            match &object[name] {
                Value::Null => {
                    assert_eq!(cell, "", "{name}");
                    unknown += usize::from(name == "value");
                }
                Value::String(text) => assert_eq!(cell.trim_start_matches('\''), text.trim_start_matches('\'')),
                number => assert_eq!(cell.parse::<f64>().expect("a number"), number.as_f64().expect("a number"), "{name}"),
            }
        }
        assert_eq!(object["value"].is_null(), object["why_no_value"].is_string(), "{object}");
    }
    assert!(unknown > 0, "few encounters leave measures without a value");
    // One row a card, with the same values.
    let wide = table(&written(&place, "out", &["--shape", "wide"]));
    assert_eq!(wide.len(), NAMES.len());
    for row in &long {
        let card =
            wide.iter().find(|card| card["clinician"] == row["clinician"] && card["month"] == row["month"]).expect("a card");
        let id = &row["measure"];
        let cells = [&card[id], &card[&format!("{id}__why")], &card[&format!("{id}__n")], &card[&format!("{id}__d")]];
        assert_eq!(cells, [&row["value"], &row["why_no_value"], &row["n"], &row["d"]], "{id}");
    }
}

#[test]
fn a_disclosed_table_names_nobody_and_hides_small_numbers() {
    let place = replayed();
    for shape in ["long", "wide"] {
        let csv = written(&place, "out", &["--disclosed", "--shape", shape]);
        let text = String::from_utf8(csv.clone()).expect("UTF-8");
        for name in NAMES.iter().chain(&PRACTICES).filter(|name| name.len() > 3) {
            assert!(!text.contains(name), "{name} in {text}");
        }
        assert_eq!(table(&csv).iter().filter(|row| row.get("measure").is_none_or(|id| id == "dna_rate")).count(), NAMES.len());
    }
    let long = table(&written(&place, "out", &["--disclosed", "--measure", "dna_rate"]));
    // 12 slots are shown as 10; 12 and 0 missed ones as 10 and 0.
    let mut expected = vec![["0", "10", "0", ""]; 5];
    expected.push(["10", "10", "100", ""]);
    let shown: Vec<[&str; 4]> =
        long.iter().map(|row| ["n", "d", "value", "why_no_value"].map(|name| row[name].as_str())).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_wrong_choice_names_its_cure_and_leaves_the_file_as_it_was() {
    let place = replayed();
    place.put("cards.csv", "mine");
    let elsewhere = export(&place, "nowhere", &["--out", "cards.csv"]);
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("nowhere has no log"), "{elsewhere:?}");
    for (args, cure) in [
        (["--measure", "dna_rat"], "did you mean \"dna_rate\"?"),
        (["--format", "xlsx"], "known: csv, ndjson, avro, parquet"),
        (["--shape", "tall"], "known: long, wide"),
        (["--month", "2026-13"], "2026-13"),
    ] {
        let output = export(&place, "out", &[&["--out", "cards.csv"], &args[..]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(cure), "{args:?}: {said}");
    }
    assert_eq!(std::fs::read(place.path("cards.csv")).expect("it is there"), b"mine");
    let none = export(&place, "out", &["--month", "2020-01", "--out", "cards.csv"]);
    assert!(none.status.success() && String::from_utf8_lossy(&none.stderr).contains("no card is published"), "{none:?}");
    assert_eq!(rows(&std::fs::read(place.path("cards.csv")).expect("it is written")).len(), 1, "only the header");
    assert!(!place.path("cards.csv.part").exists());
}

#[test]
fn a_service_exports_the_table_of_its_folder_and_a_token_decides_on_names() {
    let (place, mut server) = published();
    server.until("/v1/scorecards?month=2026-01&status=final", |answer| answer.json().as_array().is_some_and(|c| c.len() == 21));
    let args = ["--month", "2026-01", "--format", "ndjson"];
    let running = written(&place, "data", &args);
    let disclosed = written(&place, "data", &["--disclosed"]);
    let body = server.get("/v1/export?month=2026-01&format=csv");
    assert!(body.head.contains("text/csv") && body.head.contains("private, no-store"), "{}", body.head);
    assert_eq!(server.get("/v1/export?disclosed=true&practice=A81001").problem(), "malformed-parameter");
    assert_eq!(server.get("/v1/export?from=2026-02&to=2026-01").problem(), "malformed-parameter");
    server.signal("-TERM");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    assert_eq!(written(&place, "data", &args), running);
    assert_eq!(written(&place, "data", &["--disclosed"]), disclosed);
    // `printf analyst | sha256sum`
    let hash = "f44ceb062e35dfeea6ed7f8524d53bb0bff19f553e25cae7ef4850e4185ccbba";
    let file = place.put("tokens.toml", format!("[tokens.analyst]\nsha256 = \"{hash}\"\nscopes = \"cards:disclosed\"\n"));
    let mut command = command(&place.path("data"));
    command.arg("--accept-clock").arg("--config").arg(file);
    let server = Server::start(command);
    let analyst =
        |path: &str| request_as(&server.address, "Authorization: Bearer analyst\r\nAccept: text/csv\r\n", "GET", path, b"");
    let answer = analyst("/v1/export").expect("it answers");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("why_no_value") && !answer.body.contains("70000"), "{}", answer.body);
    let named = analyst("/v1/export?disclosed=false").expect("it answers");
    assert_eq!((named.status, named.problem().as_str()), (403, "scope-missing"));
    assert_eq!(analyst("/v1/export?practice=A81001").expect("it answers").status, 400);
}

#[test]
fn parquet_is_written_by_a_build_with_the_feature_and_refused_with_the_cure_by_another() {
    let place = replayed();
    let output = export(&place, "out", &["--format", "parquet", "--out", "cards.parquet"]);
    if cfg!(feature = "parquet") {
        assert!(output.status.success(), "{output:?}");
        let bytes = std::fs::read(place.path("cards.parquet")).expect("it is written");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("--features parquet"), "{said}");
        assert!(!place.path("cards.parquet").exists());
    }
}

/// Reads the CSV with Python's own reader, and every format with pandas, fastavro and duckdb where they are installed.
#[test]
fn other_programs_read_the_same_table() {
    let place = replayed();
    for format in ["csv", "ndjson", "avro"] {
        let output = export(&place, "out", &["--format", format, "--out", &format!("cards.{format}")]);
        assert!(output.status.success(), "{output:?}");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands/read_exports.py");
    let python = std::env::var("PLUMBLINE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    match Command::new(&python).arg(script).current_dir(place.path(".")).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            println!("{}", String::from_utf8_lossy(&output.stdout));
        }
        Err(error) => println!("no {python} here ({error}): other programs do not read the exports"),
    }
}
