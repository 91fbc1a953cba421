//! A real `plumbline run`, and as many events as asked for through its HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::local::CLINICIANS;
use crate::process::Process;
use crate::traffic::Traffic;

/// Events in one request.
const EVENTS_A_REQUEST: u64 = 1_000;
/// Single events whose way to their row is timed.
const SINGLE: usize = 50;

struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        // It is thrown away with its folder; one that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints CPU time an accepted event, and how long one takes from its `POST` to its row.
pub fn measure(events: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let service = start(folder.path())?;
    let process = Process::numbered(service.child.id());
    let mut traffic = Traffic::new(2, CLINICIANS);
    let mut connection = Connection::to(&service.address)?;
    send(&mut connection, &mut traffic, EVENTS_A_REQUEST)?;
    wait_until_folded(&mut connection, EVENTS_A_REQUEST)?;
    let begun = process.cpu_seconds()?;
    let mut sent = 0;
    while sent < events {
        send(&mut connection, &mut traffic, EVENTS_A_REQUEST)?;
        sent += EVENTS_A_REQUEST;
    }
    wait_until_folded(&mut connection, EVENTS_A_REQUEST + sent)?;
    let seconds = process.cpu_seconds()? - begun;
    println!("{:.2} us of CPU an accepted event, {EVENTS_A_REQUEST} in a request, folding included", seconds * 1e6 / sent as f64);
    let mut times = Vec::new();
    for single in 1..=SINGLE {
        let sent_at = Instant::now();
        send(&mut connection, &mut traffic, 1)?;
        wait_until_folded(&mut connection, EVENTS_A_REQUEST + sent + single as u64)?;
        times.push(sent_at.elapsed());
    }
    times.sort();
    let [median, worst] = [times[SINGLE / 2], times[SINGLE - 1]].map(|time: Duration| time.as_secs_f64() * 1e3);
    println!(
        "{median:.1} ms (median of {SINGLE}; worst {worst:.1} ms) from a POST to its row in memory, disk and asking included"
    );
    Ok(())
}

/// The binary stands where cargo put it: beside this one.
fn start(folder: &std::path::Path) -> Result<Service> {
    let own = std::env::current_exe()?;
    let binary = own.parent().context("the folder of this program")?.join("plumbline");
    let mut command = Command::new(&binary);
    command.args(["run", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data")).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{}; build it first", binary.display()))?;
    let mut lines = BufReader::new(child.stderr.take().context("it is piped")?).lines();
    let address = loop {
        let line = lines.next().context("it ended before it answered")??;
        if let Some(rest) = line.strip_prefix("plumbline: http://") {
            break rest.split(',').next().unwrap_or_default().to_owned();
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    Ok(Service { child, address })
}

/// One that stays open.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: &str) -> Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::new(stream)))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<String> {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
        self.0.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        let mut length = 0;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        ensure!(line.contains(" 200 "), "{path}: {line}");
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut text = vec![0; length];
        self.0.read_exact(&mut text)?;
        Ok(String::from_utf8(text)?)
    }
}

fn send(connection: &mut Connection, traffic: &mut Traffic, events: u64) -> Result<()> {
    let mut text = String::new();
    (0..events).for_each(|_| traffic.event(&mut text));
    let answer: serde_json::Value = serde_json::from_str(&connection.ask("POST", "/v1/events", &text)?)?;
    ensure!(answer["logged"] == events, "not all were logged: {}", answer["events"][0]);
    Ok(())
}

fn wait_until_folded(connection: &mut Connection, events: u64) -> Result<()> {
    loop {
        let metrics = connection.ask("GET", "/metrics", "")?;
        let counts = metrics.lines().filter_map(|line| line.strip_prefix("plumbline_tally_events_total{")?.split(' ').nth(1));
        if counts.filter_map(|count| count.parse::<u64>().ok()).sum::<u64>() >= events {
            return Ok(());
        }
    }
}
