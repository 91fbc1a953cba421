//! `check` and `measures check`: every mistake at once, each with its place and cure.

use std::process::{Command, Output};

use crate::support::Place;

fn run(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    // Variables of these suites are no options of the service.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PLUMBLINE_")) {
        command.env_remove(name);
    }
    command.args(args).envs(variables.iter().copied()).current_dir(place.path(".")).env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

#[test]
fn check_names_the_mistakes_of_the_configuration_its_files_its_folder_and_its_variables_at_once() {
    let place = Place::new();
    place.put("measures/mine.toml", "id = 7");
    place.put("registry.ndjson", r#"{"type":"role","person":"p1","practice":"A1","role":"nusre"}"#);
    place.put("drugs.csv", "system,code,target\ndmd,1,amoxicillin\n");
    place.put("file", "a file in the way");
    place.put(
        "plumbline.toml",
        "data = \"file/data\"\nmeasures = \"measures\"\nregistry = \"registry.ndjson\"\npartitions = true\nfeeds = 3\n\
         [codes]\ndrugs = \"drugs.csv\"\n[publish]\nevery = \"5h\"\n[kafka]\nbrokers = 3\n[http]\nmax-connections = \"few\"\n",
    );
    let checked = run(&place, &["check"], &[("PLUMBLINE_LISTN", "127.0.0.1:1")]);
    assert_eq!(checked.status.code(), Some(78), "{}", said(&checked));
    let flat = said(&checked).split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "plumbline.toml:4: partitions is true or false; write a whole number, such as partitions = 4",
        "plumbline.toml:5: feeds is not a table; write [feeds]",
        "plumbline.toml:9: publish.every: 18000s does not divide a day",
        "plumbline.toml:11: kafka.brokers is a number; write a text in quotes",
        "plumbline.toml:13: http.max-connections: \"few\" is not a whole number",
        "PLUMBLINE_LISTN: no option has this variable; did you mean PLUMBLINE_LISTEN?",
        "mine.toml",
        "registry.ndjson:1: role.role \"nusre\" of \"p1\" is not a role; did you mean \"nurse\"?",
        "data file/data:",
    ] {
        assert!(flat.contains(expected), "{expected}: {flat}");
    }
    assert!(!place.path("plumbline-data").exists(), "check creates nothing");
}

#[test]
fn check_says_what_librdkafka_says_about_the_properties() {
    let place = Place::new();
    let config =
        "[kafka]\nbrokers = \"127.0.0.1:1\"\n[kafka.properties]\n\"linger.mz\" = \"5\"\n\"session.timeout.ms\" = \"soon\"\n";
    place.put("plumbline.toml", config);
    let checked = run(&place, &["check"], &[]);
    assert_eq!(checked.status.code(), Some(78), "{}", said(&checked));
    assert!(said(&checked).contains("linger.mz") && said(&checked).contains("[kafka.properties]"), "{}", said(&checked));
}

#[test]
fn a_code_file_with_a_mistake_is_named_with_its_line() {
    let place = Place::new();
    place.put("staff.csv", "system,target\nhttps://example.org/staff,Staff Numbers\n");
    place.put("drugs.csv", "system,code,target\ndmd,1,amoxicillin\n");
    place.put("plumbline.toml", "[codes]\ndrugs = \"drugs.csv\"\nidentifiers = \"staff.csv\"\n");
    let checked = run(&place, &["check"], &[]);
    assert_eq!(checked.status.code(), Some(78));
    for expected in ["drugs.csv:2: ", "staff.csv:2: "] {
        assert!(said(&checked).contains(expected), "{expected}: {}", said(&checked));
    }
}

/// A proportion of prescriptions with these code filters.
fn proportion(numerator: &str, denominator: &str) -> String {
    let base = include_str!("../../../../measures/trimethoprim.toml").split("[numerator]").next().expect("a value").to_owned();
    let side = |name: &str, codes: &str| {
        format!("[{name}]\nevent = \"prescription\"\namount = \"items\"\ncodes = [{codes}]\nrepeat = false\n")
    };
    format!("{base}{}{}", side("numerator", numerator), side("denominator", denominator))
}

#[test]
fn a_proportion_above_100_percent_and_filters_without_effect_are_refused() {
    let place = Place::new();
    let refused = |name: &str, text: String, expected: &str| {
        place.put(&format!("{name}/trimethoprim.toml"), text);
        let checked = run(&place, &["measures", "check", name], &[]);
        let flat = said(&checked).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(checked.status.code(), Some(78), "{name}: {flat}");
        assert!(flat.contains(expected), "{name}: {expected}: {flat}");
    };
    refused("wider", proportion("\"0501\"", "\"0501080W0\""), "counts \"0501\", which the denominator does not count");
    refused(
        "dead",
        proportion("\"0501080W0\", \"~0501\"", "\"0501080W0\""),
        "\"0501080W0\" never matches, because \"~0501\" excludes it",
    );
    refused("foreign", proportion("\"J01EA01\"", "\"J01\""), "\"J01EA01\" is no code or prefix of the BNF");
    let two = proportion("\"0501\"", "\"0501080W0\"")
        .replace("scale = 100.0", "scale = 0.0")
        .replace("points =", "window = 5\npoints =");
    refused("several", two.clone(), "scale 0 is not a number above 0");
    refused("several", two, "window 5 is not 3 or 12");
    place.put("open/trimethoprim.toml", proportion("\"0407010F0%AA%AC\"", "\"0407010F0%A%C\""));
    let checked = run(&place, &["measures", "check", "open"], &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let text = String::from_utf8(checked.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("not proven that the numerator of trimethoprim lies within its denominator"), "{text}");
}

#[test]
fn the_atc_set_is_accepted_and_serves_a_site_with_a_map_from_rxnorm() {
    let place = Place::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures-atc");
    let checked = run(&place, &["measures", "check", folder], &[]);
    let text = String::from_utf8(checked.stdout.clone()).unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("the drug classification is atc, so these built-in measures are left out:"), "{flat}");
    let tested = run(&place, &["measures", "test", "--measures", folder], &[]);
    assert_eq!(tested.status.code(), Some(0), "{}", said(&tested));
    let prescription = |id: &str, code: &str| {
        format!(
            r#"{{"id":"{id}","type":"prescription","occurred_at":"2026-01-15T09:00:00Z","clinician":{{"system":"npi","value":"1234567893"}},"practice":"CLINIC1","prescription":{{"code":"{code}","code_system":"http://www.nlm.nih.gov/research/umls/rxnorm","quantity":20}}}}"#
        )
    };
    // Invented RxNorm numbers: amoxicillin with clavulanate, amoxicillin, and a dressing.
    let events = [prescription("p1", "800002"), prescription("p2", "800001"), prescription("p3", "800009")].join("\n");
    place.put("clinic/events.ndjson", events);
    place.put("drugs.csv", "system,code,target\nrxnorm,800002,J01CR02\nrxnorm,800001,J01CA04\nrxnorm,800009,none\n");
    let replayed = run(&place, &["replay", "clinic", "--out", "out", "--measures", folder, "--codes", "drugs=drugs.csv"], &[]);
    assert_eq!(replayed.status.code(), Some(0), "{}", said(&replayed));
    assert!(said(&replayed).contains("0 of 3 items are unmapped"), "{}", said(&replayed));
    let row = &place.lines("out/clinician-months.ndjson")[0]["sums"];
    let of = |measure: &str| (row[measure]["numerator"].as_i64(), row[measure]["denominator"].as_i64());
    assert_eq!(of("broad_spectrum"), (Some(1), Some(2)), "{row}");
    assert_eq!(row["antibiotics_per_1000"]["numerator"], 2, "{row}");
}
