//! Attacks on a real `plumbline run` over HTTP: the time until the answer, and the peak of the service's memory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::service::Service;

/// Bytes of the largest body that the service reads by default.
const BODY: usize = 8 << 20;
/// Decoded bytes of the compressed body.
const BOMB: usize = 1 << 30;
/// Half-sent requests of the slow clients.
const SLOW_CLIENTS: usize = 900;
/// Requests for the list of rejects.
const LISTS: usize = 100;
/// Time after which an answer counts as missing.
const PATIENCE: Duration = Duration::from_secs(300);

/// Prints one line for each attack.
pub fn measure() -> Result<()> {
    attack("8 MiB of single digits, one a line", |service| post(service, "", &b"1\n".repeat(BODY / 2)))?;
    let hidden = [b" {\"a\":1\n".as_slice(), &b"x\n".repeat(4_000_000), b"}"].concat();
    attack("4 million elements in a JSON text that nothing closes", |service| post(service, "", &hidden))?;
    let bomb = bomb()?;
    attack("1 GiB of spaces, gzipped", |service| post(service, "Content-Encoding: gzip\r\n", &bomb))?;
    attack("10,000 events that are all rejected", |service| post(service, "", broken(10_000).as_bytes()))?;
    attack("100 lists of 64 MiB of rejects", lists)?;
    attack("/livez with 900 heads that do not end", slow_heads)
}

fn attack(name: &str, run: impl FnOnce(&Service) -> Result<(u16, Duration)>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let service = Service::start(folder.path(), &["run"])?;
    let (status, time) = run(&service).context(name.to_owned())?;
    let peak = service.process().peak_rss()? >> 20;
    println!("{name}: status {status} after {:.2} s, peak memory {peak} MiB", time.as_secs_f64());
    Ok(())
}

fn post(service: &Service, headers: &str, body: &[u8]) -> Result<(u16, Duration)> {
    let begun = Instant::now();
    let status = status_of(service, "POST", "/v1/events", headers, body)?;
    Ok((status, begun.elapsed()))
}

/// The status of a request on a connection of its own.
fn status_of(service: &Service, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<u16> {
    let mut stream = TcpStream::connect(service.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses the request early may not read the body.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    // It may also reset the connection behind its answer.
    let read = stream.read_to_end(&mut answer);
    let status = std::str::from_utf8(answer.get(9..12).unwrap_or_default()).ok().and_then(|text| text.parse().ok());
    status.map_or_else(|| read.map(|_| 0).context("no answer"), Ok)
}

fn bomb() -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..BOMB >> 20 {
        encoder.write_all(&spaces)?;
    }
    Ok(encoder.finish()?)
}

fn broken(count: usize) -> String {
    (0..count).map(|n| format!("{{\"feed\":\"surgery\",\"id\":\"b{n}\",\"version\":1,\"type\":\"robot\"}}\n")).collect()
}

/// Fills the store of rejects, and lists it again and again.
fn lists(service: &Service) -> Result<(u16, Duration)> {
    let filler = "x".repeat(2_000);
    let member = |n: usize| format!("{{\"feed\":\"surgery\",\"id\":\"b{n}\",\"version\":1,\"type\":\"{filler}\"}}");
    let list = format!("[{}]", (0..3_900).map(member).collect::<Vec<_>>().join(","));
    for _ in 0..8 {
        status_of(service, "POST", "/v1/events", "", list.as_bytes())?;
    }
    let begun = Instant::now();
    let mut status = 0;
    for _ in 0..LISTS {
        status = status_of(service, "GET", "/v1/rejects", "", &[])?;
    }
    Ok((status, begun.elapsed()))
}

/// Opens connections whose heads do not end, and asks for `/livez`.
fn slow_heads(service: &Service) -> Result<(u16, Duration)> {
    let mut slow = Vec::new();
    for _ in 0..SLOW_CLIENTS {
        let mut stream = TcpStream::connect(service.address())?;
        let _ = stream.write_all(b"GET /v1/changes HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        slow.push(stream);
    }
    let begun = Instant::now();
    let status = status_of(service, "GET", "/livez", "", &[])?;
    Ok((status, begun.elapsed()))
}
