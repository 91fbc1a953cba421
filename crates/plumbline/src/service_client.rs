//! Asks a service that runs on this machine: one request on a connection of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, anyhow};

use crate::cli::Output;

/// What the service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceResponse {
    /// Status code of HTTP.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl ServiceResponse {
    /// What is wrong, for a command's last line: the text of an `error`, else the whole body.
    #[must_use]
    pub fn error(&self) -> String {
        let value: Option<serde_json::Value> = serde_json::from_str(&self.body).ok();
        let text = value.as_ref().and_then(|value| value.get("error")?.as_str());
        text.unwrap_or(self.body.trim()).to_owned()
    }
}

/// The token that is shown to a service that wants one of its readers.
pub const TOKEN_VARIABLE: &str = "PLUMBLINE_TOKEN";

/// The kind of body in which a service answers in this form.
#[must_use]
pub fn accept(output: Output) -> &'static str {
    match output {
        Output::Table => "text/plain",
        Output::Json => "application/json",
        Output::Ndjson => "application/x-ndjson",
    }
}

/// Asks the service at `http://HOST:PORT`. `None` when nobody answers there: whoever wrote the address down was killed.
///
/// # Errors
/// When there is somebody who does not answer as a service does.
pub fn ask(address: &str, method: &str, path: &str, accept: &str) -> Result<Option<ServiceResponse>> {
    let address = address.trim_start_matches("http://");
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the service at {address} cannot be asked")),
    };
    let token = std::env::var(TOKEN_VARIABLE).map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n{token}Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let mut text = String::new();
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.read_to_string(&mut text))
        .with_context(|| format!("asking {address}"))?;
    let strange = || anyhow!("{address} does not answer as a service does");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(strange)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(strange)?;
    Ok(Some(ServiceResponse { status, body: body.to_owned() }))
}

/// Every byte as `%XX`, for a part of a path or a parameter.
#[must_use]
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
