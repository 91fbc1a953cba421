//! HTTP client for a service on this machine: one request on one connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, anyhow};
use serde::de::DeserializeOwned;

use crate::cli::Output;

/// A response of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceResponse {
    /// Status code of HTTP.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl ServiceResponse {
    /// The fault, for a command's last line: the field `error`, else the whole body.
    #[must_use]
    pub fn error(&self) -> String {
        let value: Option<serde_json::Value> = serde_json::from_str(&self.body).ok();
        let text = value.as_ref().and_then(|value| value.get("error")?.as_str());
        text.unwrap_or(self.body.trim()).to_owned()
    }
}

/// The answer of the service at this address, read from JSON. `None` if no service runs there.
///
/// # Errors
/// Those of [`ask`], a refusal that `refused` turns into no answer, and an answer of another form.
pub fn ask_running<T: DeserializeOwned>(
    address: Option<String>,
    method: &str,
    path: &str,
    refused: impl FnOnce(&ServiceResponse) -> Option<T>,
) -> Result<Option<T>> {
    let Some(address) = address else { return Ok(None) };
    let Some(response) = ask(&address, method, path, "application/json")? else { return Ok(None) };
    if response.status != 200 {
        return refused(&response).map(Some).ok_or_else(|| anyhow!(response.error()));
    }
    let answer = serde_json::from_str(&response.body)
        .with_context(|| format!("the process at {address} does not answer like a Plumbline service; check --data"))?;
    Ok(Some(answer))
}

/// Environment variable with the token for a service that requires one from readers.
pub const TOKEN_VARIABLE: &str = "PLUMBLINE_TOKEN";

/// The content type that a service returns for this form.
#[must_use]
pub fn accept(output: Output) -> &'static str {
    match output {
        Output::Table => "text/plain",
        Output::Json => "application/json",
        Output::Ndjson => "application/x-ndjson",
    }
}

/// Sends a request to the service at `http://HOST:PORT`. `None` if the connection is refused: the service was killed and left its
/// address in the folder.
///
/// # Errors
/// When the connection fails, or the response is not HTTP.
pub fn ask(address: &str, method: &str, path: &str, accept: &str) -> Result<Option<ServiceResponse>> {
    let address = address.trim_start_matches("http://");
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the service at {address} cannot be reached")),
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
    let malformed = || anyhow!("the process at {address} does not answer like a Plumbline service; check --data");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(malformed)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
    Ok(Some(ServiceResponse { status, body: body.to_owned() }))
}

/// Every byte as `%XX`, for a segment of a path or a parameter.
#[must_use]
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
