//! `registry check`, `load` and `show`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::server::{Server, command};
use crate::support::Place;

fn run(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).current_dir(place.path(".")).env("NO_COLOR", "1").output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Standard output of a command that succeeds, and standard error.
fn done(place: &Place, args: &[&str]) -> (String, String) {
    let output = run(place, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// A folder with the data of a service that ran and has stopped.
fn stopped_service() -> Place {
    let place = Place::new();
    let mut server = Server::start(command(&place.path("data")));
    server.drain();
    server.kill();
    place
}

#[test]
fn mistakes_of_every_kind_are_named_with_line_and_cure() {
    let place = Place::new();
    let lines = [
        r#"{"type":"organisation","code":"A81001","name":"One","kind":"practice","parent":"U10001"}"#,
        r#"{"type":"organisation","code":"A81001","name":"One again","kind":"practice"}"#,
        r#"{"type":"organisation","code":"a81001","name":"One lower","kind":"practice"}"#,
        r#"{"type":"organisation","code":"U10001","name":"PCN","kind":"pcn","parent":"A81001"}"#,
        r#"{"type":"person","id":"P1","aliases":["gmc|7000001","gmp|G7000001"]}"#,
        r#"{"type":"person","id":"P3","aliases":["GMC|","gmc | 7","7000002","https://fhir.hl7.org.uk/Id/gmc-number|7000003"]}"#,
        r#"{"type":"role","person":"P1","practice":"A81001","role":"gp","from":"2026-01-01","until":"2026-06-30"}"#,
        r#"{"type":"role","person":"P1","practice":"A81001","role":"nurse","from":"2026-03-01"}"#,
    ];
    place.put("registry.ndjson", lines.join("\n"));
    let checked = run(&place, &["registry", "check", "registry.ndjson"]);
    assert_eq!((checked.status.code(), text(&checked.stdout)), (Some(78), ""));
    let found = text(&checked.stderr);
    for expected in [
        ":2: organisation \"A81001\" is already on line 1",
        ":3: code \"a81001\" is another spelling of \"A81001\" (line 1)",
        ":4: parent \"A81001\" of \"U10001\" is a practice; a PCN belongs to a locality",
        ":6: alias \"GMC|\" of person \"P3\" has no number",
        ":6: alias \"gmc | 7\" of person \"P3\" is another spelling of \"gmc|7\"",
        ":6: alias \"7000002\" of person \"P3\" is a number without a system",
        ":6: alias \"https://fhir.hl7.org.uk/Id/gmc-number|7000003\" of person \"P3\" is another spelling of \"gmc|7000003\"",
        ":8: role \"nurse\" of \"P1\" at \"A81001\" overlaps the role \"gp\" (line 7)",
    ] {
        assert!(found.contains(&format!("registry.ndjson{expected}")), "{expected} is not in:\n{found}");
    }
}

#[test]
fn a_file_is_shown_first_loaded_once_and_its_details_go_to_people_only() {
    let place = stopped_service();
    place.put("registry.toml", "[[person]]\nid = 'dr-lee'\naliases = ['gmc|7012345']\nname = 'Robin Lee'\n");
    let load = |more: &[&'static str]| done(&place, &[&["registry", "load", "registry.toml", "--data", "data"], more].concat());
    let show = |args: &[&'static str]| {
        let (out, _) = done(&place, &[&["registry", "show", "--data", "data"], args].concat());
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    let (planned, said) = load(&["--dry-run"]);
    assert!(said.contains("1 entry and 1 person's details would be added"), "{said}");
    assert_eq!(show(&[]).len(), 0, "a dry run adds nothing");
    assert_eq!(load(&[]).0, planned);
    assert!(load(&[]).1.contains("the log lacks no entry of the file"));

    let shown = show(&[]);
    assert_eq!(shown[0]["entry"]["source"], "operator");
    assert_eq!((shown.len(), &shown[1]["people"]["name"]), (2, &Value::from("Robin Lee")));
    let (registry, _) = done(&place, &["peek", "registry", "--data", "data"]);
    assert!(registry.contains("dr-lee") && !registry.contains("Robin"), "{registry}");
    let (people, _) = done(&place, &["peek", "people", "--data", "data"]);
    assert!(people.contains("Robin Lee"), "{people}");
}

#[test]
fn an_alias_in_any_spelling_shows_the_entries_of_its_person_and_no_others() {
    let place = stopped_service();
    let first = "[[person]]\nid = 'dr-lee'\naliases = ['gmc|7012345']\n[[person]]\nid = 'dr-kim'\naliases = ['gmc|7000001']\n";
    place.put("registry.toml", first);
    done(&place, &["registry", "load", "registry.toml", "--data", "data"]);
    let of = |name: &str| done(&place, &["registry", "show", name, "--data", "data"]).0;
    let shown = of("GMC|C7012345");
    assert!(shown.contains("dr-lee") && !shown.contains("dr-kim"), "{shown}");

    // The alias moves away and back. Each move is an entry, and the last one counts.
    let moved = "[[person]]\nid = 'dr-lee'\n[[person]]\nid = 'dr-kim'\naliases = ['gmc|7000001', 'gmc|7012345']\n";
    for (file, owner) in [(moved, "dr-kim"), (first, "dr-lee")] {
        place.put("registry.toml", file);
        done(&place, &["registry", "load", "registry.toml", "--data", "data"]);
        let last = of("gmc|7012345").lines().rfind(|line| line.contains("gmc|7012345")).map(str::to_owned);
        assert!(last.as_ref().is_some_and(|last| last.contains(owner)), "{last:?}");
    }
}

#[test]
fn a_folder_without_a_log_is_refused_and_stays_empty() {
    let place = Place::new();
    place.put("registry.toml", "[[person]]\nid = 'dr-lee'\n");
    let refused = run(&place, &["registry", "load", "registry.toml", "--data", "nowhere"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("has no log"), "{}", text(&refused.stderr));
    assert!(!place.path("nowhere").exists());
}
