//! `send`: to a real service, and to services that answer badly.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::server::{Server, command};
use crate::support::{Place, encounter};

fn event(n: u32) -> String {
    let at = "2026-01-15T09:00:00Z";
    encounter(&format!("e{n}"), at, at).replacen('{', "{\"feed\":\"surgery\",", 1)
}

fn sender(place: &Place, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.arg("send").args(args).current_dir(place.path("")).env("NO_COLOR", "1").env("COLUMNS", "200").stdin(Stdio::null());
    command
}

fn send(place: &Place, args: &[&str]) -> Output {
    sender(place, args).output().expect("the binary runs")
}

fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn states(place: &Place) -> usize {
    let names = std::fs::read_dir(place.path("")).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    names.filter(|name| name.to_string_lossy().starts_with(".plumbline-send-")).count()
}

/// The lines of `peek events`, after the service has ended.
fn logged(place: &Place) -> usize {
    let peek = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["peek", "events", "-o", "ndjson", "--data", "data"])
        .current_dir(place.path(""))
        .output()
        .expect("the binary runs");
    String::from_utf8_lossy(&peek.stdout).matches("\"id\":").count()
}

#[test]
fn a_folder_of_events_bundles_and_archives_reaches_the_log_and_rejects_name_file_and_line() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let to = format!("http://{}", server.address);
    place.put("export/a.ndjson", format!("{}\n\n{}\n{{\"id\":\"x\"}}\n", event(1), event(2)));
    place.put_gzipped("export/b.json.gz", format!("[\n{},\n{}\n]\n", event(3), event(4)));
    let visit = r#"{"resourceType":"Encounter","id":"v","status":"finished","class":{"code":"AMB"},"period":{"start":"2026-01-15T09:00:00Z"},"participant":[{"individual":{"identifier":{"system":"https://fhir.hl7.org.uk/Id/gmc-number","value":"7012345"}}}]}"#;
    place.put(
        "export/c.json",
        format!("{{\n\"resourceType\":\"Bundle\",\n\"type\":\"collection\",\n\"entry\":[{{\"resource\":{visit}}}]}}"),
    );
    let sent = send(&place, &["export", "--to", &to, "--feed", "surgery", "--rejects", "rejects.ndjson"]);
    assert_eq!(sent.status.code(), Some(65), "{}", talk(&sent));
    let text = talk(&sent);
    assert!(text.contains("6 elements: 5 logged, 0 registered, 0 skipped, 1 rejected"), "{text}");
    assert!(text.contains("export/a.ndjson:4: missing_field:"), "{text}");
    let reject = &place.lines("rejects.ndjson")[0];
    assert_eq!(
        (&reject["line"], &reject["id"], &reject["reason"]),
        (&4.into(), &"x".into(), &"missing_field".into()),
        "{reject}"
    );
    assert_eq!(states(&place), 0);
    // The list of rejects is no file of events, also where it is in the folder.
    for _ in 0..2 {
        let again = send(&place, &["export", "--to", &to, "--feed", "surgery", "--rejects", "export/rejects.ndjson"]);
        assert!(talk(&again).contains("6 elements: 5 logged"), "{}", talk(&again));
    }
    // Standard input, and a dry run, which stores nothing.
    let mut piped = sender(&place, &["-", "--to", &to]);
    let mut child = piped.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    child.stdin.take().expect("it is piped").write_all(event(5).as_bytes()).expect("it reads");
    let piped = child.wait_with_output().expect("it ends");
    assert_eq!(piped.status.code(), Some(0), "{}", talk(&piped));
    let dry = send(&place, &["export/a.ndjson", "--to", &to, "--dry-run"]);
    assert_eq!(dry.status.code(), Some(65), "{}", talk(&dry));
    assert!(talk(&dry).contains("2 would be logged") && talk(&dry).contains("clinician_without_role"), "{}", talk(&dry));
    server.signal("-TERM");
    server.end();
    // Three times five, and the event of standard input.
    assert_eq!(logged(&place), 16);
}

#[test]
fn a_chunk_that_is_too_large_for_the_service_is_halved() {
    let place = Place::new();
    let mut service = command(&place.path("data"));
    service.env("PLUMBLINE_HTTP_MAX_ELEMENTS", "2");
    let server = Server::start(service);
    let to = format!("http://{}", server.address);
    place.put("five.ndjson", (1..=5).map(|n| event(n) + "\n").collect::<String>());
    let sent = send(&place, &["five.ndjson", "--to", &to]);
    assert!(sent.status.code() == Some(0) && talk(&sent).contains("5 elements: 5 logged"), "{}", talk(&sent));
}

/// One answer of a scripted service.
#[derive(Clone, Copy)]
enum Script {
    /// Every element is logged.
    Takes,
    /// A status with these headers.
    Status(u16, &'static str),
    /// The connection breaks off in the middle of the answer.
    Half,
    /// The connection closes without an answer.
    Closes,
    /// A page of something else.
    Foreign,
}

/// A service that answers request after request as its script says. It returns its address and receives the bodies.
fn scripted(script: &'static [Script]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (bodies, received) = channel();
    std::thread::spawn(move || {
        for step in script {
            let (mut stream, _) = listener.accept().expect("a connection");
            let body = request(&mut stream);
            answer(&mut stream, *step, &body);
            // A test that failed receives nothing more.
            let _ = bodies.send(body);
        }
    });
    (address, received)
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1 << 14];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
            if body.len() >= length.trim().parse::<usize>().expect("a number") {
                return body.to_owned();
            }
        }
        let read = stream.read(&mut buffer).expect("it sends");
        assert!(read > 0, "the request broke off");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn answer(stream: &mut TcpStream, step: Script, body: &str) {
    let count = body.lines().count();
    let taken =
        format!("{{\"received\":{count},\"logged\":{count},\"registered\":0,\"skipped\":0,\"rejected\":0,\"events\":[]}}");
    let (head, text) = match step {
        Script::Takes => ("200 OK\r\nContent-Type: application/json\r\n".to_owned(), taken),
        Script::Status(status, headers) => (format!("{status} X\r\n{headers}"), "{\"detail\":\"as the script says\"}".to_owned()),
        Script::Half => {
            let length = taken.len();
            let half = &taken[..length / 2];
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{half}");
            stream.write_all(text.as_bytes()).expect("it reads");
            return;
        }
        Script::Closes => return,
        Script::Foreign => ("200 OK\r\nContent-Type: text/html\r\n".to_owned(), "<html>Welcome</html>".to_owned()),
    };
    let length = text.len();
    let text = format!("HTTP/1.1 {head}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}");
    stream.write_all(text.as_bytes()).expect("it reads");
}

fn ids(body: &str) -> Vec<String> {
    let id =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["id"].as_str().expect("an id").to_owned();
    body.lines().map(id).collect()
}

#[test]
fn a_service_that_fails_closes_breaks_off_or_asks_for_a_pause_gets_the_same_chunk_again() {
    let place = Place::new();
    place.put("two.ndjson", format!("{}\n{}\n", event(1), event(2)));
    let (to, bodies) = scripted(&[
        Script::Status(500, ""),
        Script::Half,
        Script::Closes,
        Script::Status(429, "Retry-After: 0\r\n"),
        Script::Status(503, "Retry-After: 0\r\n"),
        Script::Takes,
    ]);
    let sent = send(&place, &["two.ndjson", "--to", &to]);
    assert_eq!(sent.status.code(), Some(0), "{}", talk(&sent));
    let bodies: Vec<String> = bodies.iter().collect();
    assert_eq!(bodies.len(), 6);
    assert!(bodies.iter().all(|body| ids(body) == ["e1", "e2"]), "{bodies:?}");
    assert!(talk(&sent).contains("429 as the script says; next attempt in 0.0 s"), "{}", talk(&sent));
}

#[test]
fn a_refused_sender_ends_with_75_and_the_same_command_goes_on_behind_the_last_answer() {
    let place = Place::new();
    place.put("many.ndjson", (1..=2_500).map(|n| event(n) + "\n").collect::<String>());
    let (to, bodies) = scripted(&[Script::Takes, Script::Status(401, ""), Script::Takes, Script::Takes]);
    let refused = send(&place, &["many.ndjson", "--to", &to]);
    assert_eq!(refused.status.code(), Some(75), "{}", talk(&refused));
    assert!(talk(&refused).contains("401 as the script says"), "{}", talk(&refused));
    assert_eq!(states(&place), 1);
    let resumed = send(&place, &["many.ndjson", "--to", &to]);
    assert_eq!(resumed.status.code(), Some(0), "{}", talk(&resumed));
    assert!(
        talk(&resumed).contains("an earlier run") && talk(&resumed).contains("2,500 elements: 2,500 logged"),
        "{}",
        talk(&resumed)
    );
    assert_eq!(states(&place), 0);
    let bodies: Vec<(String, usize)> = bodies.iter().map(|body| (ids(&body)[0].clone(), body.lines().count())).collect();
    let expected = [("e1", 1_000), ("e1001", 1_000), ("e1001", 1_000), ("e2001", 500)];
    assert_eq!(bodies, expected.map(|(id, count)| (id.to_owned(), count)));
}

#[test]
fn a_foreign_answer_and_an_absent_service_end_with_75() {
    let place = Place::new();
    place.put("one.ndjson", event(1));
    let (to, _bodies) = scripted(&[Script::Foreign, Script::Foreign, Script::Foreign, Script::Foreign]);
    let foreign = send(&place, &["one.ndjson", "--to", &to]);
    assert!(foreign.status.code() == Some(75) && talk(&foreign).contains("like a Plumbline service"), "{}", talk(&foreign));
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let absent = send(&place, &["one.ndjson", "--to", &format!("http://{free}"), "--give-up-after", "1s"]);
    assert!(absent.status.code() == Some(75) && talk(&absent).contains("no service answers there"), "{}", talk(&absent));
    let redirected = scripted(&[Script::Status(302, "Location: http://127.0.0.1:1/\r\n")]);
    let redirected = send(&place, &["one.ndjson", "--to", &redirected.0]);
    assert!(redirected.status.code() == Some(75) && talk(&redirected).contains("redirection"), "{}", talk(&redirected));
    for wrong in ["127.0.0.1:8080", "ftp://x", "http://user:secret@x", "http://x?y"] {
        let refused = send(&place, &["one.ndjson", "--to", wrong]);
        assert!(refused.status.code() == Some(1) && !talk(&refused).contains("secret"), "{wrong}: {}", talk(&refused));
    }
}

#[test]
fn tables_are_sent_through_a_map() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let to = format!("http://{}", server.address);
    let maps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps");
    let (map, folder) = (maps.join("friends-and-family.toml"), maps.join("examples/friends-and-family"));
    let (map, folder) = (map.display().to_string(), folder.display().to_string());
    let sent = send(&place, &[&folder, "--map", &map, "--to", &to, "--feed", "fft"]);
    assert!(sent.status.code() == Some(0) && talk(&sent).contains("1 element: 1 logged"), "{}", talk(&sent));
    assert!(talk(&sent).contains("responses: 2 rows, 1 record, 1 skipped, 0 faulty"), "{}", talk(&sent));
}
