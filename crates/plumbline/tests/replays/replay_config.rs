//! `replay --config`: feeds, codes, identifier systems and first day of the configuration, as `run` uses them.

use crate::support::{Place, encounter};

fn event(id: &str, version: u64, at: &str, minutes: u32) -> String {
    format!(
        r#"{{"id":"{id}","version":{version},"type":"encounter","occurred_at":"{at}","recorded_at":"{at}","clinician":{{"system":"https://example.org/staff","value":"77"}},"encounter":{{"mode":"telephone","status":"attended","minutes":{minutes}}}}}"#
    )
}

#[test]
fn feeds_codes_and_identifier_systems_of_the_configuration_are_used() {
    let place = Place::new();
    let events = [event("e1", 1, "2026-01-15T09:00:00Z", 9), event("e2", 1, "2025-12-15T09:00:00Z", 9)].join("\n");
    place.put("surgery/events.ndjson", events);
    let drug = r#"{"id":"p1","type":"prescription","occurred_at":"2026-01-15T09:00:00Z","clinician":{"system":"https://example.org/staff","value":"77"},"prescription":{"code":"1","code_system":"dmd","quantity":21}}"#;
    place.put("surgery/drugs.ndjson", drug);
    place.put("drugs.csv", "system,code,target\ndmd,1,0501013B0AAABAB\n");
    place.put("staff.csv", "system,target\nhttps://example.org/staff,staff\n");
    place.put("registry.ndjson", r#"{"type":"person","id":"dr-who","aliases":["staff|77"]}"#);
    let path = |name: &str| place.path(name).display().to_string();
    let config = format!(
        "first-day = \"2026-01-01\"\nregistry = \"{}\"\n[codes]\ndrugs = \"{}\"\nidentifiers = \"{}\"\n[feeds.surgery]\npractice = \"B82001\"\n",
        path("registry.ndjson"),
        path("drugs.csv"),
        path("staff.csv")
    );
    place.put("plumbline.toml", config);
    let plain = place.replay("plain", &["surgery"], &[]);
    assert_eq!((plain.rejected.len(), plain.prescriptions.unmapped), (0, 1), "{plain:?}");
    let summary = place.replay("out", &["surgery"], &["--config", &path("plumbline.toml")]);
    assert_eq!((summary.rejected.get("too_old"), summary.prescriptions.unmapped), (Some(&1), 0), "{summary:?}");
    let rows = place.lines("out/clinician-months.ndjson");
    assert_eq!((rows.len(), &rows[0]["clinician"], &rows[0]["practice"]), (1, &"staff|77".into(), &"B82001".into()), "{rows:?}");
    assert_eq!(place.lines("out/scorecards.ndjson")[0]["subject"]["clinician"], "dr-who");
    // The command line wins.
    let open = place.replay("open", &["surgery"], &["--config", &path("plumbline.toml"), "--first-day", "2025-12-01"]);
    assert_eq!(open.rejected.len(), 0, "{open:?}");
    let reject = &place.lines("out/rejects.ndjson")[0];
    assert_eq!((&reject["reason"], &reject["field"]), (&"too_old".into(), &"occurred_at".into()));
    assert!(reject["detail"].as_str().unwrap().contains("2026-01-01"), "{reject}");
}

#[test]
fn a_feed_that_declares_referrals_and_sends_none_has_a_true_zero() {
    let place = Place::new();
    // 150 visits in five months, 30 a month.
    let visits =
        (0..150).map(|at| event(&format!("e{at}"), 1, &format!("2026-{:02}-{:02}T09:00:00Z", 1 + at / 30, 1 + at % 28), 9));
    place.put("surgery/events.ndjson", visits.collect::<Vec<_>>().join("\n"));
    let declared = |sends: &str| format!("[feeds.surgery]\npractice = \"B82001\"\n{sends}");
    place.put("observed.toml", declared(""));
    place.put("declared.toml", declared("sends = [\"attendance\", \"referrals\"]\n"));
    let referrals = |name: &str| {
        let config = place.path(&format!("{name}.toml")).display().to_string();
        place.replay(name, &["surgery"], &["--config", &config]);
        let cards = place.lines(&format!("{name}/scorecards.ndjson"));
        let card = cards.iter().rfind(|card| card["period"]["month"] == "2026-05").unwrap();
        let measures = card["measures"].as_array().unwrap();
        let found = measures.iter().find(|measure| measure["id"] == "referral_rate").unwrap();
        [&found["d"], &found["value"], &found["suppressed"]].map(ToString::to_string)
    };
    assert_eq!(referrals("observed"), ["0", "null", "\"not_sent\""]);
    assert_eq!(referrals("declared"), ["150", "0.0", "null"]);
    // The entry of the operator's registry file wins over the configuration.
    place.put("registry.ndjson", r#"{"type":"sends","feed":"surgery","sends":["attendance"]}"#);
    let file = place.path("registry.ndjson").display().to_string();
    place.put("both.toml", format!("registry = \"{file}\"\n{}", declared("sends = \"attendance referrals\"\n")));
    assert_eq!(referrals("both")[2], "\"not_sent\"");
}

#[test]
fn a_declaration_of_one_feed_holds_for_its_people_and_not_for_those_of_another_feed() {
    let place = Place::new();
    let number = ["7012345", "7099999"];
    for (feed, gmc) in [("emis", number[0]), ("ooh", number[1])] {
        // 100 visits in five months, 20 a month. Only one feed sends a prescription a month.
        let day = |at: usize| format!("2026-{:02}-{:02}T09:00:00Z", 1 + at / 20, 1 + at % 20);
        let visits = (0..100).map(|at| encounter(&format!("e{at}"), &day(at), &day(at)).replace(number[0], gmc));
        let drug = r#""type":"prescription","clinician":{"system":"gmc","value":"7012345"},"practice":"A81001","prescription":{"code":"0501013B0AAABAB","code_system":"bnf","quantity":21}"#;
        let drugs = (0..5).map(|month| format!(r#"{{"id":"p{month}","occurred_at":"{}",{drug}}}"#, day(20 * month)));
        let lines: Vec<String> = visits.chain(drugs.filter(|_| feed == "emis")).collect();
        place.put(&format!("{feed}/events.ndjson"), lines.join("\n"));
    }
    let antibiotics = |name: &str, config: &str| {
        place.put(&format!("{name}.toml"), config);
        place.replay(name, &["emis", "ooh"], &["--config", &place.path(&format!("{name}.toml")).display().to_string()]);
        let cards = place.lines(&format!("{name}/scorecards.ndjson"));
        number.map(|gmc| {
            let is_newest = |card: &&serde_json::Value| {
                card["period"]["month"] == "2026-05" && card["subject"]["clinician"] == format!("gmc|{gmc}")
            };
            let measures = cards.iter().rfind(is_newest).unwrap()["measures"].as_array().unwrap();
            let found = measures.iter().find(|measure| measure["id"] == "antibiotics_per_1000").unwrap();
            [&found["n"], &found["d"], &found["suppressed"]].map(ToString::to_string)
        })
    };
    let emis = "[feeds.emis]\nsends = \"attendance prescriptions quantities\"\n";
    let known = ["5", "100", "null"].map(str::to_owned);
    let unknown = ["0", "0", "\"not_sent\""].map(str::to_owned);
    assert_eq!(antibiotics("observed", ""), [known.clone(), unknown.clone()]);
    assert_eq!(antibiotics("declared", &format!("{emis}[feeds.ooh]\nsends = \"attendance\"\n")), [known.clone(), unknown]);
    // A system that declares prescriptions has none.
    let zero = ["0", "100", "null"].map(str::to_owned);
    let both = format!("{emis}[feeds.ooh]\nsends = \"attendance prescriptions\"\n");
    assert_eq!(antibiotics("both", &both), [known, zero]);
}

#[test]
fn a_code_file_says_the_role_of_a_local_code() {
    let place = Place::new();
    let bundle = serde_json::json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Practitioner", "id": "p", "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}]}},
        {"resource": {"resourceType": "Organization", "id": "o", "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "B82001"}]}},
        {"resource": {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"},
            "organization": {"reference": "Organization/o"}, "code": [{"coding": [{"system": "https://example.org/jobs", "code": "17"}]}]}},
        {"resource": {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"},
            "period": {"start": "2026-01-15T09:00:00Z"}, "participant": [{"individual": {"reference": "PractitionerRole/r"}}]}}
    ]});
    place.put("surgery/bundle.json", bundle.to_string());
    let role = |name: &str, config: &str| {
        place.put(&format!("{name}.toml"), config);
        place.replay(name, &["surgery"], &["--config", &place.path(&format!("{name}.toml")).display().to_string()]);
        place.lines(&format!("{name}/scorecards.ndjson"))[0]["subject"]["role"].as_str().unwrap().to_owned()
    };
    assert_eq!(role("plain", ""), "other");
    place.put("roles.csv", "system,code,target\nhttp://example.org/jobs/,17,Pharmacist\n");
    let file = place.path("roles.csv").display().to_string();
    assert_eq!(role("with", &format!("[codes]\nroles = \"{file}\"\n")), "pharmacist");
}
