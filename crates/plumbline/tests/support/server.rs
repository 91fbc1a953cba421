//! A real `plumbline run` in a process of its own, and a minimal HTTP client.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Time after which a test fails because nothing happened.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// A running service. It is killed when it is dropped.
pub struct Server {
    pub child: Child,
    pub address: String,
    stderr: Option<BufReader<ChildStderr>>,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    /// The head as it was sent.
    pub raw_head: String,
    pub body: String,
}

impl Response {
    /// The name of the problem that it reports.
    pub fn problem(&self) -> String {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let value = self.json();
        let status = value["status"].as_u64();
        assert_eq!(status, Some(self.status.into()), "{value}");
        assert_eq!(value["detail"], value["error"], "{value}");
        let kind = value["type"].as_str().expect("a type");
        kind.strip_prefix("urn:plumbline:problem:").expect("the service's own types").to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// `plumbline run` on this folder and any free port, not started yet.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    command.args(["run", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    command.env("PLUMBLINE_LOG_FORMAT", "json").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // A working folder without a configuration file.
    command.current_dir(data.parent().expect("a folder in a temporary one"));
    command
}

impl Server {
    /// Kills it with SIGKILL and waits for its end.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was under way");
        self.child.wait().expect("it ends");
    }

    /// Starts it and waits until it prints its address.
    #[expect(clippy::zombie_processes, reason = "a test that fails here ends the process that would have to wait")]
    pub fn start(mut command: Command) -> Server {
        let mut child = command.spawn().expect("the binary runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut said = String::new();
        loop {
            let from = said.len();
            let read = stderr.read_line(&mut said).expect("text");
            assert!(read > 0, "it ended before it answered:\n{said}");
            if let Some(rest) = said[from..].strip_prefix("plumbline: http://") {
                let address = rest.split(',').next().expect("an address").to_owned();
                return Server { child, address, stderr: Some(stderr) };
            }
        }
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.pid()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for its end. Returns everything that it wrote to standard error after it started to listen.
    pub fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.stderr.take().expect("not taken before").read_to_string(&mut said).expect("text");
        (self.child.wait().expect("it ends"), said)
    }

    /// Reads standard error in the background, so that the service never blocks on it.
    pub fn drain(&mut self) {
        let mut stderr = self.stderr.take().expect("not taken before");
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    }

    pub fn get(&self, path: &str) -> Response {
        request(&self.address, "GET", path, &[]).expect("it answers")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Response {
        request(&self.address, "POST", path, body).expect("it answers")
    }

    /// Reads standard error until a line contains these words.
    pub fn until_said(&mut self, words: &str) {
        let stderr = self.stderr.as_mut().expect("not taken before");
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(stderr.read_line(&mut line).expect("text") > 0, "it ended before it said {words:?}");
        }
    }

    /// Repeats the request until the response is as wanted.
    pub fn until(&self, path: &str, wanted: impl Fn(&Response) -> bool) -> Response {
        let begun = Instant::now();
        loop {
            let answered = self.get(path);
            if wanted(&answered) {
                return answered;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} never answers as wanted; last: {answered:?}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own.
pub fn request(address: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<Response> {
    request_as(address, "", method, path, body)
}

/// One request on a connection of its own, with further headers, each with its line end.
pub fn request_as(address: &str, headers: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses the request early may not read the body; its response tells.
    let _ = stream.write_all(body);
    response(stream)
}

/// Bytes as they are on a connection of their own, and the response to them.
pub fn raw_request(address: &str, bytes: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(bytes)?;
    response(stream)
}

/// The response on a connection that the server closes.
fn response(mut stream: TcpStream) -> std::io::Result<Response> {
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    // A server that refuses a body early may reset the connection behind its response.
    if !text.contains("\r\n\r\n") {
        read?;
    }
    let broken = || std::io::Error::other(format!("no answer: {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok(Response { status, head: head.to_lowercase(), raw_head: head.to_owned(), body: body.to_owned() })
}
