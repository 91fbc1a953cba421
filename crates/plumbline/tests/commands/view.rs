//! `plumbline view`: the pages of a folder in a browser on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use scraper::{Html, Selector};

use crate::server::{Response, Server, raw_request, request, request_as};
use crate::support::{Place, encounter};

/// Most pages with events that a crawl reads.
const MOST_SEARCHES: usize = 10;
/// Largest page in bytes.
const MOST_BYTES: usize = 60_000;

fn view(folder: &Path) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.arg("view").arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.current_dir(folder.parent().expect("a folder in a temporary one"));
    Server::start(command)
}

fn run(place: &Place, args: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_plumbline")).args(args).current_dir(place.path(".")).output().expect("it runs");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// The folder of a demonstration with twelve clinicians.
fn demo() -> Place {
    let place = Place::new();
    run(&place, &["demo", "--clinicians", "12", "--months", "3", "--until", "2026-10-15", "--out", "demo"]);
    place
}

/// The texts of an attribute of all elements that a selector finds.
fn attributes(page: &str, what: &str, attribute: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let selector = Selector::parse(what).expect("a selector");
    html.select(&selector).filter_map(|one| one.value().attr(attribute).map(str::to_owned)).collect()
}

fn assert_headers(path: &str, response: &Response) {
    for header in [
        "content-security-policy: default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "x-frame-options: deny",
        "cache-control: private",
    ] {
        assert!(response.head.contains(header), "{path} lacks {header}: {}", response.head);
    }
}

/// Every page that links lead to, from the first one on. Pages of measures are read of one clinician, because they are many.
fn crawled(server: &Server) -> BTreeMap<String, Response> {
    let mut pages: BTreeMap<String, Response> = BTreeMap::new();
    let mut to_read = vec!["/".to_owned()];
    let mut clinicians: BTreeSet<String> = BTreeSet::new();
    let mut with_events = 0;
    while let Some(path) = to_read.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let response = server.get(&path);
        if response.head.contains("content-type: text/html") {
            for link in attributes(&response.body, "a[href], link[href]", "href") {
                let link = link.split('#').next().unwrap_or_default().to_owned();
                let clinician = link.strip_prefix("/as/clinician/").and_then(|rest| rest.split('/').next());
                let is_measure = link.contains("/me/2026-") && link.matches('/').count() == 6;
                // Each search folds the log again.
                let is_search = link.contains("&events=");
                if is_search && with_events >= MOST_SEARCHES {
                    continue;
                }
                with_events += usize::from(is_search);
                if is_measure && clinicians.is_empty() {
                    clinicians.extend(clinician.map(str::to_owned));
                }
                let few = !is_measure || clinician.is_none_or(|clinician| clinicians.contains(clinician));
                if !link.is_empty() && few {
                    to_read.push(link);
                }
            }
        }
        pages.insert(path, response);
    }
    pages
}

#[test]
fn every_link_leads_to_a_page_that_is_sound_and_safe() {
    let place = demo();
    let server = view(&place.path("demo"));
    let pages = crawled(&server);
    for (path, response) in &pages {
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        assert_headers(path, response);
        if !response.head.contains("content-type: text/html") {
            continue;
        }
        assert!(response.body.len() < MOST_BYTES, "{path}: {} bytes", response.body.len());
        assert!(response.head.contains("no-store"), "{path} may be kept by a browser");
        let html = Html::parse_document(&response.body);
        assert!(html.errors.is_empty(), "{path}: {:?}", html.errors);
        assert!(attributes(&response.body, "script, style, [style]", "style").is_empty(), "{path}");
        for id in attributes(&response.body, "a[href^='#']", "href") {
            assert!(response.body.contains(&format!("id=\"{}\"", &id[1..])), "{path} leads to {id}");
        }
    }
    let with = |part: &str| pages.keys().filter(|path| path.contains(part)).count();
    for (part, least) in
        [("/me/2026-", 50), ("/lead/", 4), ("/practice/", 4), ("/network", 1), ("&events=", 5), ("format=csv", 20)]
    {
        assert!(with(part) >= least, "{} pages with {part}", with(part));
    }
    // Fragments of other pages lead to an element, too.
    let catalogue = &server.get("/measures").body;
    let entries: BTreeSet<String> = attributes(catalogue, "tr[id]", "id").into_iter().collect();
    for (path, response) in pages.iter().filter(|(path, _)| !path.contains("format=csv")) {
        for link in attributes(&response.body, "a[href*='/measures#']", "href") {
            let entry = link.rsplit('#').next().unwrap_or_default();
            assert!(entries.contains(entry), "{path} leads to {link}");
        }
    }
}

#[test]
fn the_events_of_a_page_add_up_to_its_number_and_are_those_of_explain() {
    let place = demo();
    let server = view(&place.path("demo"));
    let first = attributes(&server.get("/").body, "#clinicians ~ ul a", "href").remove(0);
    let person = first.split('/').nth(3).expect("a person").replace("%7C", "|");
    let month = server.get(&first).body;
    let measures = attributes(&month, "table.ledger tbody a", "href");
    let address = measures.iter().find(|link| link.contains("/dna_rate?")).expect("the card has the measure");
    let csv = server.get(&format!("{address}&events=all&format=csv")).body;
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(csv.as_bytes()).into_records().map(|row| row.expect("a row")).collect();
    let sum = |column: usize| rows.iter().filter_map(|row| row[column].parse::<i64>().ok()).sum::<i64>();
    let page = server.get(&format!("{address}&events=all")).body;
    assert!(page.contains(&format!("exactly {} of {}", sum(8), sum(9))), "{} of {}", sum(8), sum(9));
    assert!(sum(9) > 0 && page.contains(&format!("All {} events", rows.len())), "{}", rows.len());
    server.signal("-INT");
    let (status, _) = server.end();
    assert!(status.success(), "Ctrl-C is no failure");
    let practice = address.split("practice=").nth(1).expect("a practice");
    let month = address.split("/me/").nth(1).and_then(|rest| rest.split('/').next()).expect("a month");
    let args = ["explain", &person, month, "dna_rate", "--practice", practice, "--data", "demo", "-o", "json"];
    let explained: serde_json::Value = serde_json::from_str(&run(&place, &args)).expect("JSON");
    assert_eq!((explained["numerator"].as_i64(), explained["denominator"].as_i64()), (Some(sum(8)), Some(sum(9))));
}

#[test]
fn only_this_machine_and_no_page_of_another_site_is_answered() {
    let place = Place::new();
    place.put("events.ndjson", encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z"));
    run(&place, &["replay", "events.ndjson", "--out", "out"]);
    let server = view(&place.path("out"));
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    for host in ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "10.0.0.7"] {
        let text = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let response = raw_request(&server.address, text.as_bytes()).expect("it answers");
        assert_eq!(response.status, 421, "{host}");
        assert_headers(host, &response);
    }
    for own in ["localhost", "127.0.0.1", "[::1]"] {
        let text = format!("GET / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n");
        assert_eq!(raw_request(&server.address, text.as_bytes()).expect("it answers").status, 200, "{own}");
    }
    for headers in ["Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(request_as(&server.address, headers, "GET", "/", &[]).expect("it answers").status, 403, "{headers}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(request(&server.address, method, "/", &[]).expect("it answers").status, 405, "{method}");
    }
}

#[test]
fn a_wrong_address_gets_a_page_with_a_hint_and_repeats_nothing_that_may_name_a_patient() {
    let place = Place::new();
    let events: Vec<String> = (1..=28)
        .map(|day| encounter(&format!("e{day}"), &format!("2026-01-{day:02}T09:00:00Z"), &format!("2026-01-{day:02}T09:00:00Z")))
        .collect();
    place.put("events.ndjson", events.join("\n"));
    run(&place, &["replay", "events.ndjson", "--out", "out"]);
    let server = view(&place.path("out"));
    let me = "/as/clinician/gmc%7C7012345";
    for (path, status, hint) in [
        ("/messures".to_owned(), 404, "/measures"),
        ("/9434765919".to_owned(), 404, "The first page lists every reader"),
        ("/as/clinician/gmc%7C7012346/me".to_owned(), 404, "The nearest name is gmc|7012345"),
        ("/as/clinician/9434765919/me".to_owned(), 404, "No card of this person is here."),
        (format!("{me}/me/2026-01/dna_rates?practice=A81001"), 404, "dna_rate"),
        (format!("{me}/me/2025-01"), 404, "You have no events in January 2025"),
        (format!("{me}/me/2026-01?practise=A81001"), 400, "practice"),
        (format!("{me}/me/2026-13"), 400, "2026-10"),
        (format!("{me}/me/2026-01?of=gmc%7C1"), 403, "You may not see this"),
        (format!("{me}/lead/A81001"), 403, "You may not see this"),
        (format!("{me}/network"), 403, "You may not see this"),
        (format!("{me}/practice/B99999"), 403, "You may not see this"),
        ("/as/lead/B99999/me/2026-01?of=gmc%7C7012345&practice=A81001".to_owned(), 404, "No card of this practice is here."),
        ("/as/lead/9434765919/measures".to_owned(), 404, "No card of this practice is here."),
        ("/as/clinician/9434765919/measures".to_owned(), 404, "No card of this person is here."),
        ("/as/lead/A81001/lead/B99999".to_owned(), 403, "You may not see this"),
        ("/me".to_owned(), 403, "You may not see this"),
    ] {
        let response = server.get(&path);
        assert_eq!(response.status, status, "{path}: {}", response.body);
        assert!(response.body.contains(hint), "{path}: {}", response.body);
        assert!(!response.body.contains("9434765919"), "{path}");
        assert_headers(&path, &response);
        assert!(Html::parse_document(&response.body).errors.is_empty(), "{path}");
    }
    for (path, response) in crawled(&server) {
        assert!(response.status == 200 && !response.body.contains("9434765919"), "{path} shows a patient's number");
    }
    assert!(server.get(&format!("{me}/me")).body.contains("nobody: too few"), "nobody is compared");
}

#[test]
fn a_folder_without_cards_says_why_and_one_that_cannot_be_read_is_an_error() {
    let place = Place::new();
    let nobody = encounter("e1", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z")
        .replace(r#""clinician":{"system":"gmc","value":"7012345"},"#, "");
    place.put("events.ndjson", nobody);
    let replay = ["replay", "events.ndjson", "--out", "out"];
    let done = Command::new(env!("CARGO_BIN_EXE_plumbline")).args(replay).current_dir(place.path(".")).output().expect("it runs");
    assert_eq!(done.status.code(), Some(65), "every event is rejected");
    let server = view(&place.path("out"));
    for path in ["/", "/as/analyst/network"] {
        let response = server.get(path);
        assert!(response.body.contains("No cards yet") && response.body.contains("holds no published card"), "{path}");
    }
    assert_eq!(server.get("/measures").status, 200);
    let refused = |folder: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_plumbline"))
            .args(["view", folder])
            .current_dir(place.path("."))
            .output()
            .expect("it runs");
        assert_eq!(done.status.code(), Some(1), "{folder}");
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    assert!(refused("nowhere").contains("there is no folder nowhere; name the folder"));
    std::fs::create_dir(place.path("empty")).expect("a folder");
    assert!(refused("empty").contains("has no log"));
}

#[test]
fn a_lead_opens_final_cards_only() {
    let place = Place::new();
    // A replay ends when its last month is final, so the cards of a running demonstration come from two practices' months.
    let events: Vec<String> = (1..=12)
        .map(|n| encounter(&format!("e{n}"), &format!("2026-0{}-10T09:00:00Z", 1 + n % 3), "2026-03-31T09:00:00Z"))
        .collect();
    place.put("events.ndjson", events.join("\n"));
    run(&place, &["replay", "events.ndjson", "--out", "out"]);
    let server = view(&place.path("out"));
    let talks = server.get("/as/lead/A81001/lead/A81001");
    assert_eq!(talks.status, 200, "{}", talks.body);
    let cards = attributes(&talks.body, "main a[href*='of=gmc']", "href");
    assert!(!cards.is_empty());
    for link in cards {
        let card = server.get(&link);
        assert!(card.status == 200 && card.body.contains("This is the card of gmc|7012345"), "{link}");
        // Its own links stay with the same person.
        let measures = attributes(&card.body, "table.ledger tbody a", "href");
        assert!(
            measures.iter().all(|link| link.starts_with("/as/lead/A81001/me/") && link.ends_with("of=gmc%7C7012345")),
            "{measures:?}"
        );
    }
    assert_eq!(server.get("/as/lead/A81001/lead/A81001/2026-04").status, 404, "a month without final cards");
}
