//! `card`: the published cards of one clinician, asked of the running service, else read from its folder.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::card_index::{CardIndex, card_at};
use crate::cli::{Card, Output};
use crate::clock::Clock;
use crate::config::Config;
use crate::local_log::{Durability, LocalLog};
use crate::paint::Paint;
use crate::site::{self, LOG_FOLDER, running_at};
use crate::terminal_card::render;

/// The cards that the arguments name, as text to print.
///
/// # Errors
/// When no such card is published, or neither the service nor its folder can be asked.
pub fn card(args: &Card, config: &Config, paint: Paint) -> Result<String> {
    if let Some(address) = running_at(&config.data)
        && let Some(answer) = asked(args, &address)?
    {
        return Ok(answer);
    }
    let dir = config.data.join(LOG_FOLDER);
    // Opening would make a log where none is.
    ensure!(dir.is_dir(), "{} holds no log; name the folder of `plumbline run` with --data", config.data.display());
    let mut log = LocalLog::open(&dir, Clock::System, Durability::Synced)?;
    let mut index = CardIndex::default();
    index.follow(&mut log)?;
    let places = index.of_clinician(&args.clinician, args.month, args.revision);
    ensure!(!places.is_empty(), "{}", NO_CARD);
    let measures = site::files(config)?.measures;
    let cards = places.into_iter().map(|place| card_at(&mut log, place)).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> = cards.iter().map(|card| codec::json::scorecard(card)).collect();
    Ok(match args.output {
        Output::Table => cards.iter().map(|card| render(card, &measures, paint)).collect::<Vec<_>>().join("\n"),
        Output::Json => format!("[{}]\n", lines.join(",\n")),
        Output::Ndjson => lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect(),
    })
}

const NO_CARD: &str = "no such card is published; months, revisions and clinicians are told by GET /v1/changes of the service";

/// `None` when nobody answers at the address: whoever wrote it down was killed.
fn asked(args: &Card, address: &str) -> Result<Option<String>> {
    let address = address.trim_start_matches("http://");
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the service at {address} cannot be asked")),
    };
    let accept = match args.output {
        Output::Table => "text/plain",
        Output::Json => "application/json",
        Output::Ndjson => "application/x-ndjson",
    };
    let month = args.month.map(|month| format!("month={month}&")).unwrap_or_default();
    let revision = args.revision.map(|revision| format!("revision={revision}")).unwrap_or_default();
    let clinician: String = args.clinician.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let head = format!(
        "GET /v1/scorecards/{clinician}?{month}{revision} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    let mut text = String::new();
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.read_to_string(&mut text))
        .with_context(|| format!("asking {address}"))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| anyhow!("{address} does not answer as a service does"))?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(Some(body.to_owned())),
        Some("404") => bail!(NO_CARD),
        _ => bail!("the service at {address} answered: {}", body.trim()),
    }
}
