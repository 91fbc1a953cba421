//! `reference export`, and a replay of a small practice that names the file.

use std::process::{Command, Output};

use crate::support::Place;
use serde_json::Value;

fn run(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(args).current_dir(place.path("")).env_remove("PLUMBLINE_REFERENCE").output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Slots of clinicians in January 2026, and their roles. Patients of a clinician miss that many of 100.
fn practice(place: &Place, name: &str, missed: &[usize]) {
    let mut registry = "{\"type\":\"organisation\",\"code\":\"A81001\",\"kind\":\"practice\"}\n".to_owned();
    let mut events = String::new();
    for (clinician, missed) in missed.iter().enumerate() {
        let number = 7_000_000 + clinician;
        let person = format!("gmc|{number}");
        registry += &format!("{{\"type\":\"person\",\"id\":\"{person}\"}}\n");
        registry += &format!("{{\"type\":\"role\",\"person\":\"{person}\",\"practice\":\"A81001\",\"role\":\"gp\"}}\n");
        for slot in 0..100 {
            let status = if slot < *missed { "noshow" } else { "attended" };
            events += &format!(
                r#"{{"feed":"{name}","id":"{clinician}-{slot}","type":"encounter","occurred_at":"2026-01-{:02}T09:00:00Z","recorded_at":"2026-01-31T09:00:00Z","clinician":{{"system":"gmc","value":"{number}"}},"practice":"A81001","patient":"p{clinician}-{slot}","encounter":{{"mode":"telephone","status":"{status}"}}}}"#,
                1 + slot % 28,
            );
            events += "\n";
        }
    }
    place.put(&format!("{name}/events.ndjson"), events);
    place.put(&format!("{name}.ndjson"), registry);
}

fn replayed(place: &Place, name: &str, out: &str, options: &[&str]) -> Output {
    let registry = format!("{name}.ndjson");
    let args = [&["replay", name, "--registry", &registry, "--out", out], options].concat();
    run(place, &args)
}

/// The newest value of the measure on the card of each clinician.
fn measures(place: &Place, out: &str) -> Vec<Value> {
    let cards = std::fs::read_to_string(place.path(out).join("scorecards.ndjson")).expect("it was written");
    let cards = cards.lines().map(|line| serde_json::from_str::<Value>(line).expect("a card"));
    let january = cards.filter(|card| card["content"]["period"]["month"] == "2026-01" || card["period"]["month"] == "2026-01");
    let of = |card: Value| {
        let measures = card.get("measures").or_else(|| card["content"].get("measures")).cloned().unwrap_or_default();
        measures.as_array().into_iter().flatten().find(|one| one["id"] == "dna_rate").cloned()
    };
    january.filter_map(of).collect()
}

#[test]
fn a_small_practice_is_compared_with_the_exported_network_and_the_card_names_it() {
    let place = Place::new();
    // 24 clinicians at 4 to 8 of 100, the typical one at 6. Three here, one of them at 40.
    practice(&place, "large", &[4, 5, 6, 7, 8, 6, 5, 7, 6, 6, 5, 7, 4, 8, 6, 6, 5, 7, 6, 6, 7, 5, 6, 6]);
    practice(&place, "small", &[6, 5, 40]);
    let large = replayed(&place, "large", "big", &[]);
    assert!(large.status.success(), "{}", text(&large.stderr));
    let made = run(&place, &["reference", "export", "North", "--data", "big", "--out", "north.toml"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let file = std::fs::read_to_string(place.path("north.toml")).expect("it was written");
    assert!(file.contains("name = \"North\"") && file.contains("role = \"gp\"") && file.contains("members = 20"), "{file}");
    for private in ["70000", "A81001", "large", "\nn =", "\nd ="] {
        assert!(!file.contains(private), "{private} is in the file:\n{file}");
    }

    let alone = replayed(&place, "small", "alone", &[]);
    assert!(alone.status.success(), "{}", text(&alone.stderr));
    assert!(measures(&place, "alone").iter().all(|one| one.get("verdict").is_none() && one.get("comparator").is_none()));
    let compared = replayed(&place, "small", "compared", &["--reference", "north.toml"]);
    assert!(compared.status.success(), "{}", text(&compared.stderr));
    let found = measures(&place, "compared");
    let high = found.iter().find(|one| one["n"] == 40).expect("a card");
    assert_eq!((&high["verdict"], &high["comparator"]["reference"]), (&"please_check".into(), &"North".into()), "{high}");
    let sentence = high["sentence"].as_str().expect("text");
    assert!(sentence.contains("a typical colleague 6% in North") || sentence.contains("% in North."), "{sentence}");
    assert!(high.get("place").is_none() && high["comparator"].get("median").is_none() && high["comparator"].get("p25").is_none());
    let card = run(&place, &["card", "gmc|7000002", "--month", "2026-01", "--data", "compared"]);
    assert!(text(&card.stdout).contains("network North"), "{}", text(&card.stdout));

    // The file is part of the hash of the measures, and a changed measure refuses it.
    let hash = |out: &str| {
        let runs = std::fs::read_to_string(place.path(out).join("runs.ndjson")).expect("it was written");
        serde_json::from_str::<Value>(runs.lines().last().expect("a run")).expect("a run")["measure_set"].clone()
    };
    assert_ne!(hash("alone"), hash("compared"));
    place.put("old.toml", file.replace("dna_rate@1", "dna_rate@9"));
    let refused = replayed(&place, "small", "refused", &["--reference", "old.toml"]);
    let said = text(&refused.stderr);
    assert!(refused.status.code() == Some(78) && said.contains("old.toml") && said.contains("dna_rate@1 is in use"), "{said}");
    place.put("plumbline.toml", "reference = \"old.toml\"\n");
    let checked = run(&place, &["check"]);
    assert!(text(&checked.stderr).contains("dna_rate@1 is in use"), "{}", text(&checked.stderr));
    let shown = run(&place, &["config", "show"]);
    assert!(text(&shown.stdout).contains("reference = \"old.toml\"  # "), "{}", text(&shown.stdout));
}

#[test]
fn a_small_network_cannot_be_exported() {
    let place = Place::new();
    practice(&place, "small", &[6, 5, 40]);
    assert!(replayed(&place, "small", "out", &[]).status.success());
    let refused = run(&place, &["reference", "export", "South", "--data", "out"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("20 members"), "{}", text(&refused.stderr));
    let named = run(&place, &["reference", "export", "a name that is too long", "--data", "out"]);
    assert!(text(&named.stderr).contains("1 to 16 characters"), "{}", text(&named.stderr));
}
