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
