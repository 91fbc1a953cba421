//! Unknown values of events: in the summary, in the last lines, and in `codes coverage`.

use clap::Parser;
use plumbline::cli::{Cli, CodesCommand, Command};
use plumbline::command::source_data::codes::coverage;
use plumbline::config::config_file;
use plumbline::process::interrupt::Interrupt;

use crate::support::{Place, encounter, now};

/// A native prescription of clinician 7012345 with these further fields.
fn prescription(id: &str, fields: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"prescription","occurred_at":"2026-01-15T09:00:00Z","recorded_at":"2026-01-15T09:10:00Z","clinician":{{"system":"gmc","value":"7012345"}},"practice":"A81001","prescription":{{{fields}}}}}"#
    )
}

/// Four prescriptions and three encounters.
fn events() -> String {
    let unknown = encounter("e2", "2026-01-16T09:00:00Z", "2026-01-16T09:10:00Z").replace("attended", "unknown");
    [
        prescription("p1", r#""code":"1","code_system":"dmd","quantity":21,"items":3"#),
        prescription("p2", r#""code":"1","code_system":"https://dmd.nhs.uk/","quantity":21,"cost_pence":100"#),
        prescription("p3", r#""code":"b","code_system":"https://example.org/drugs","quantity":"two""#),
        prescription("p4", r#""code":"0501013B0AAABAB","code_system":"bnf","quantity":21.00049,"cost_pence":143"#),
        encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z"),
        unknown,
        encounter("e3", "2026-01-17T09:00:00Z", "2026-01-17T09:10:00Z"),
    ]
    .join("\n")
}

#[test]
fn the_summary_and_the_last_lines_say_what_is_unknown() {
    let place = Place::new();
    place.put("surgery/events.ndjson", events());
    let summary = place.replay("out", &["surgery"], &[]);
    // By hand: 3 + 1 items of dm+d, one of another system and one of the BNF.
    let said = &summary.prescriptions;
    let by_system = [("example.org/drugs", 1), ("snomed", 4)].map(|(system, n)| (system.to_owned(), n));
    assert_eq!((said.items, said.unmapped, &said.unmapped_by_system), (6, 5, &by_system.into()));
    // Costs are named twice (p2, p4); the quantity of p3 is no number and dropped, that of p4 is rounded.
    assert_eq!((said.without_cost, said.without_quantity, said.without_adq), (4, 1, 6));
    assert_eq!(summary.dropped_details, [("prescription.quantity".to_owned(), 1)].into());
    assert_eq!(summary.rounded_details, [("prescription.quantity".to_owned(), 1)].into());
    assert_eq!((summary.encounters.encounters, summary.encounters.unknown_status), (3, 1));
    let lines = summary.unknowns();
    for line in [
        "codes: 5 of 6 items are unmapped (4 snomed, 1 example.org/drugs)\n",
        "missing of 6 items: cost of 4 items, quantity of 1 item, ADQ of 6 items\n",
        "statuses: 1 status of 3 encounters unknown\n",
        "details: 1 dropped (1 prescription.quantity), 1 rounded (1 prescription.quantity)\n",
    ] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    let written = std::fs::read_to_string(place.path("out/summary.json")).expect("a readable folder");
    assert!(written.contains("\"unmapped\": 5") && written.contains("\"example.org/drugs\": 1"), "{written}");
}

#[test]
fn orders_and_questionnaires_of_unknown_codes_are_said_to_count_nowhere() {
    let place = Place::new();
    let order = |id: &str, category: &str| {
        format!(
            r#"{{"resourceType":"ServiceRequest","id":"{id}","status":"active","intent":"order","category":[{{"text":"{category}"}}],"subject":{{"identifier":{{"value":"p1"}}}},"authoredOn":"2026-01-15T09:00:00Z","requester":{{"identifier":{{"system":"gmc","value":"7012345"}}}}}}"#
        )
    };
    let response = r#"{"resourceType":"QuestionnaireResponse","id":"q1","status":"completed","authored":"2026-01-15T09:00:00Z","author":{"identifier":{"system":"gmc","value":"7012345"}},"item":[{"linkId":"parking","answer":[{"valueCoding":{"code":"good"}}]}]}"#;
    place.put(
        "surgery/a.ndjson",
        [order("o1", "Transport"), order("o2", "Gastrointestinal"), order("o3", "Referral"), response.to_owned()].join("\n"),
    );
    let summary = place.replay("out", &["surgery"], &[]);
    assert_eq!((summary.accepted, summary.uncategorised_orders, summary.unknown_feedback), (4, 2, 1), "{summary:?}");
    let report = summary.report(&place.path("out"));
    assert!(report.contains("\n2 orders count nowhere, because no code tells the category; "), "{report}");
    assert!(report.contains("\n1 questionnaire counts nowhere, because no question is known; "), "{report}");
}

#[test]
fn numbers_that_hold_an_nhs_number_by_chance_are_found_in_registry_and_code_files() {
    let place = Place::new();
    // 9434765919 has the check digit of an NHS number.
    let event = prescription("p1", r#""code":"9434765919","code_system":"urn:local:drugs","items":3"#);
    let local = event.replace("gmc", "local").replace("7012345", "129434765919").replace("A81001", "9434765919");
    let sds = prescription("p2", r#""code":"0501013B0AAABAB","code_system":"bnf","items":1"#);
    let sds = sds.replace("gmc", "https://fhir.nhs.uk/Id/sds-user-id").replace("7012345", "555254239107");
    place.put("surgery/events.ndjson", [local, sds].join("\n"));
    let codes = place.put("drugs.csv", "system,code,target\nurn:local:drugs,9434765919,0501013B0AAABAB\n").display().to_string();
    let registry = place.put(
        "registry.toml",
        "[[person]]\nid = \"dr-lee\"\naliases = [\"local|129434765919\", \"sds|555254239107\"]\n[[organisation]]\ncode = \"9434765919\"\nkind = \"practice\"\n[[role]]\nperson = \"dr-lee\"\npractice = \"9434765919\"\nrole = \"gp\"\n",
    );
    let drugs = format!("drugs={codes}");
    let options = ["--codes", &drugs, "--registry", &registry.display().to_string()];
    let summary = place.replay("out", &["surgery"], &options);
    assert_eq!((summary.prescriptions.items, summary.prescriptions.unmapped), (4, 0));
    let cards = place.lines("out/scorecards.ndjson");
    let subjects: Vec<_> =
        cards.iter().map(|card| (card["subject"]["clinician"].clone(), card["subject"]["role"].clone())).collect();
    assert!(subjects.contains(&("dr-lee".into(), "gp".into())), "{subjects:?}");
    assert!(subjects.iter().all(|(clinician, _)| clinician == "dr-lee"), "{subjects:?}");
    for file in ["out/scorecards.ndjson", "out/clinician-months.ndjson"] {
        let text = std::fs::read_to_string(place.path(file)).unwrap_or_default();
        assert!(!text.contains("9434765919"), "{file} shows the number");
    }
}

fn covered(place: &Place, args: &[&str]) -> String {
    let cli = Cli::try_parse_from([&["plumbline", "codes", "coverage"], args].concat()).expect("a readable folder");
    let Command::Codes(CodesCommand::Coverage(args)) = cli.command else { unreachable!("it says coverage") };
    let data = place.path("out");
    let config = plumbline::config::options::Config { data, ..config_file::defaults() };
    coverage(&args, &config, now(), &Interrupt::default()).expect("a readable folder").text
}

#[test]
fn coverage_lists_the_commonest_codes_of_files_and_of_a_log_and_a_map_takes_them_away() {
    let place = Place::new();
    place.put("surgery/events.ndjson", events());
    place.put("drugs.csv", "system,code,target\nsnomed,1,0501013B0AAABAB\nhttps://example.org/drugs,b,none\n");
    place.replay("out", &["surgery"], &[]);
    let folder = place.path("surgery").display().to_string();
    let expected = "5 of 6 items are unmapped (4 snomed, 1 example.org/drugs)\n";
    for source in [folder.as_str(), "--log"] {
        let text = covered(&place, &[source]);
        assert!(text.starts_with(expected), "{source}: {text}");
        assert_eq!(text.lines().nth(1), Some("  4  dmd|1"), "{source}: {text}");
    }
    let map = format!("drugs={}", place.path("drugs.csv").display());
    assert_eq!(covered(&place, &[&folder, "--codes", &map]), "0 of 6 items are unmapped\n");
}

#[test]
fn a_number_that_its_register_cannot_have_is_counted_and_said() {
    let place = Place::new();
    let event = |id: &str, gmc: &str| encounter(id, "2026-01-15T09:00:00Z", "2026-01-15T09:10:00Z").replace("7012345", gmc);
    place.put("surgery/events.ndjson", [event("e1", "7012345"), event("e2", "701234"), event("e3", "70123")].join("\n"));
    let summary = place.replay("out", &["surgery"], &[]);
    assert_eq!(summary.impossible_numbers, [("gmc".to_owned(), 2)].into());
    assert!(summary.unknowns().contains("numbers of persons: 2 impossible (2 gmc)\n"), "{}", summary.unknowns());
}
