//! A real `plumbline` as a process, and a connection to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::Process;

/// A running service, which ends when this value is dropped.
pub struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        // Its folder is deleted, too. A service that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Path of the binary, in the folder of this program.
pub fn plumbline(folder: &Path, args: &[&str]) -> Result<Command> {
    let own = std::env::current_exe()?;
    let binary = own.parent().context("the folder of this program")?.join("plumbline");
    ensure!(binary.exists(), "{} is missing; build it first: cargo build --release", binary.display());
    let mut command = Command::new(&binary);
    command.args(args).current_dir(folder);
    Ok(command)
}

impl Service {
    /// Starts a service in this folder with a free port. The arguments begin with `run`.
    pub fn start(folder: &Path, args: &[&str]) -> Result<Service> {
        let mut command = plumbline(folder, args)?;
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting plumbline")?;
        let mut lines = BufReader::new(child.stderr.take().context("it is piped")?).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().with_context(|| format!("the service ended before it listened: {said}"))??;
            if let Some(rest) = line.strip_prefix("plumbline: http://") {
                break rest.split(',').next().unwrap_or_default().to_owned();
            }
            said = line;
        };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Service { child, address })
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process::numbered(self.child.id())
    }

    /// Its host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection that stays open.
    pub fn connection(&self) -> Result<Connection> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::new(stream)))
    }
}

/// A connection that stays open.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// The body of the answer.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<String> {
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

    /// Whether a metric is present.
    pub fn tells(&mut self, name: &str) -> Result<bool> {
        let metrics = self.ask("GET", "/metrics", "")?;
        Ok(metrics.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))))
    }

    /// The sum of a metric over its labels; 0 if it is absent.
    pub fn metric(&mut self, name: &str) -> Result<u64> {
        let metrics = self.ask("GET", "/metrics", "")?;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(['{', ' '])?.rsplit(' ').next()?.parse::<u64>().ok();
        Ok(metrics.lines().filter_map(value).sum())
    }
}
