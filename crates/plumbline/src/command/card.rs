//! `card`: the published cards of one clinician, asked of the running service, else read from its folder.

use anyhow::{Result, bail, ensure};

use crate::cli::{CardArgs, Output};
use crate::config::options::Config;
use crate::deployment::data_directory::{self, running_at};
use crate::published_cards::card_index::{card_at, read_index};
use crate::service_client::{accept, ask, encoded};
use crate::terminal::paint::Paint;
use crate::view::terminal_card::render;

/// The cards that the arguments name, as text to print.
///
/// # Errors
/// When no such card is published, or neither the service nor its folder can be asked.
pub fn card(args: &CardArgs, config: &Config, paint: Paint) -> Result<String> {
    if let Some(address) = running_at(&config.data)
        && let Some(answer) = asked(args, &address)?
    {
        return Ok(answer);
    }
    let mut shelf = data_directory::published(config)?;
    let places = read_index(&shelf.index, |index| index.of_clinician(&args.clinician, args.month, args.revision));
    ensure!(!places.is_empty(), "{}", NO_CARD);
    let measures = data_directory::files(config)?.measures;
    let cards = places.into_iter().map(|place| card_at(&mut shelf.cards, place)).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> = cards.iter().map(|card| codec::json::record_lines::scorecard(card)).collect();
    Ok(match args.output {
        Output::Table => cards.iter().map(|card| render(card, &measures, paint)).collect::<Vec<_>>().join("\n"),
        Output::Json => format!("[{}]\n", lines.join(",\n")),
        Output::Ndjson => lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect(),
    })
}

const NO_CARD: &str = "no such card is published; months, revisions and clinicians are told by GET /v1/changes of the service";

/// `None` when nobody answers at the address.
fn asked(args: &CardArgs, address: &str) -> Result<Option<String>> {
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
