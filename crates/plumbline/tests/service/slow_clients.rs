//! Clients that send slowly, never, or never read: they hold no place that others need.
#![cfg(unix)]

use crate::support;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{Server, command, request, request_as};
use crate::support::Place;

fn encounter(feed: &str, id: &str) -> String {
    let at = "2026-01-15T09:00:00Z";
    support::encounter(id, at, at).replacen('{', &format!("{{\"feed\":\"{feed}\","), 1)
}

/// `plumbline run` with this number of file descriptors.
fn with_descriptors(place: &Place, count: u32) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {count}; exec \"$0\" \"$@\"")]).arg(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["run", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(place.path("."));
    command.env("PLUMBLINE_LOG_FORMAT", "json").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Connections that have sent this and no more.
fn half(address: &str, count: usize, text: &str) -> Vec<TcpStream> {
    let open = |_| {
        let mut stream = TcpStream::connect(address).expect("the port is open");
        // A connection may be replaced before it has sent anything.
        let _ = stream.write_all(text.as_bytes());
        stream
    };
    (0..count).map(open).collect()
}

#[test]
fn livez_answers_under_a_slowloris_with_1024_file_descriptors() {
    let place = Place::new();
    let server = Server::start(with_descriptors(&place, 1_024));
    let head = format!("GET /v1/changes HTTP/1.1\r\nHost: {}\r\nX-Slow: ", server.address);
    let mut slow = half(&server.address, 900, &head);
    for round in 0..5 {
        for path in ["/livez", "/readyz"] {
            let answer = request(&server.address, "GET", path, &[]).expect("a health check is answered");
            assert!(path == "/readyz" || answer.status == 200, "round {round}: {answer:?}");
        }
        slow.iter_mut().for_each(|stream| drop(stream.write_all(b"x")));
        slow.extend(half(&server.address, 20, &head));
    }
    assert_eq!(server.post("/v1/events", encounter("surgery", "e1").as_bytes()).status, 200);
    let metrics = server.get("/metrics").body;
    let open = metrics.lines().find_map(|line| line.strip_prefix("plumbline_http_connections ")).expect("a gauge");
    assert!(open.parse::<u64>().expect("a number") <= 528, "{open}");
}

#[test]
fn busy_connections_leave_places_for_health_checks() {
    let place = Place::new();
    let mut command = command(&place.path("data"));
    command.env("PLUMBLINE_HTTP_MAX_CONNECTIONS", "8");
    let server = Server::start(command);
    let head =
        format!("POST /v1/events HTTP/1.1\r\nHost: {}\r\nContent-Length: 4096\r\nExpect: 100-continue\r\n\r\n", server.address);
    let mut busy = half(&server.address, 8, &head);
    for stream in &mut busy {
        let mut go_on = [0; 12];
        stream.read_exact(&mut go_on).expect("the body is awaited");
    }
    assert_eq!(server.get("/livez").status, 200);
    let other = server.get("/v1/changes");
    assert_eq!((other.status, other.problem().as_str()), (503, "unavailable"));
    drop(busy);
    server.until("/v1/changes", |answer| answer.status == 200);
}

#[test]
fn a_head_that_does_not_end_and_an_idle_connection_are_closed_after_ten_seconds() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let begun = Instant::now();
    let whole = format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    let mut streams = half(&server.address, 1, "GET /livez HTTP/1.1\r\nHost: local");
    streams.extend(half(&server.address, 1, &whole));
    streams.extend(half(&server.address, 1, ""));
    for mut stream in streams {
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        let mut rest = Vec::new();
        // Closed or reset.
        let _ = stream.read_to_end(&mut rest);
    }
    assert!((9..40).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn a_body_that_stops_is_refused_after_its_time() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: {}\r\nContent-Length: 4096\r\n\r\n{{\"feed\":", server.address);
    let mut stream = half(&server.address, 1, &head).remove(0);
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer, and the end of the connection");
    assert!(text.starts_with("HTTP/1.1 408") && text.contains("urn:plumbline:problem:slow-body"), "{text}");
}

/// At the least pace of bodies, 2 MiB would hold their room for 74 s.
#[test]
fn a_large_body_that_stops_half_way_gives_its_room_back_after_twenty_seconds() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: {}\r\nContent-Length: 8388608\r\n\r\n", server.address);
    let begun = Instant::now();
    let mut stream = half(&server.address, 1, &head).remove(0);
    stream.write_all(&vec![b' '; 2 << 20]).expect("the service reads");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
    let mut text = [0; 12];
    stream.read_exact(&mut text).expect("an answer");
    assert_eq!(&text, b"HTTP/1.1 408");
    assert!((19..60).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn nine_half_sent_bodies_of_one_feed_do_not_stop_another() {
    let place = Place::new();
    // `printf north | sha256sum`, `printf names | sha256sum`
    let hashes = [
        ("north", "dc365e79d41cfae1c3c0d969319ae62165b81b1815a86c32bbc6c64cbdf2311b"),
        ("names", "aeb24056810d3d1f1e8afee61a0bc0028556eb0fb49a215ae5eb1b970cad0315"),
    ];
    let tables = hashes.map(|(name, hash)| format!("[tokens.{name}]\nsha256 = \"{hash}\"\nscopes = \"write:{name}\"\n"));
    let file = place.put("guarded.toml", tables.concat());
    let mut command = command(&place.path("data"));
    command.arg("--config").arg(file);
    let server = Server::start(command);
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer north\r\nContent-Length: 8388608\r\n\r\n{{",
        server.address
    );
    let half_sent = half(&server.address, 9, &head);
    let metrics = |server: &Server| server.get("/metrics").body;
    let refused = "plumbline_http_problems_total{problem=\"no-room\"} 7\n";
    server.until("/metrics", |answer| answer.body.contains(refused));
    let other = "Authorization: Bearer names\r\n";
    let answer =
        request_as(&server.address, other, "POST", "/v1/events", encounter("names", "e1").as_bytes()).expect("an answer");
    assert_eq!((answer.status, &answer.json()["logged"]), (200, &1.into()), "{answer:?} {}", metrics(&server));
    drop(half_sent);
}
