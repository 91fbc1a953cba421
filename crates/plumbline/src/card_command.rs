//! `card`: the published cards of one clinician, asked of the running service, else read from its folder.

use anyhow::{Result, bail, ensure};

use crate::card_index::{CardIndex, card_at};
use crate::cli::{Card, Output};
use crate::clock::Clock;
use crate::config::Config;
use crate::local_log::{Durability, LocalLog};
use crate::paint::Paint;
use crate::service_client::{accept, ask, encoded};
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

/// `None` when nobody answers at the address.
fn asked(args: &Card, address: &str) -> Result<Option<String>> {
    let month = args.month.map(|month| format!("month={month}&")).unwrap_or_default();
    let revision = args.revision.map(|revision| format!("revision={revision}")).unwrap_or_default();
    let path = format!("/v1/scorecards/{}?{month}{revision}", encoded(&args.clinician));
    let Some(told) = ask(address, "GET", &path, accept(args.output))? else { return Ok(None) };
    match told.status {
        200 => Ok(Some(told.body)),
        404 => bail!(NO_CARD),
        _ => bail!("the service at {address} answered: {}", told.error()),
    }
}
