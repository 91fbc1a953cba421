//! `explain`: the events behind one number of a card, from the running service, its data folder, or the folder of a demo or a replay.

use anyhow::{Result, bail};

use crate::cli::{ExplainArgs, Output};
use crate::command::card::note;
use crate::command::card_source::{CardSource, running_service};
use crate::config::options::Config;
use crate::deployment::read_only_log::{ReadOnlyLog, read};
use crate::published_cards::card_index::{CardIndex, read_index};
use crate::service_client::{accept, ask, encoded};
use crate::terminal::paint::Paint;
use crate::view::explain_request::ExplainRequest;
use crate::view::explanation_view::{json, ndjson, table};
use crate::view::first_cards::FirstCards;

/// The explanation of one number.
#[derive(Debug)]
pub struct ExplainResult {
    /// The explanation, for standard output.
    pub text: String,
    /// The person to whom an alias led, for standard error.
    pub note: Option<String>,
}

/// The requested explanation.
///
/// # Errors
/// When there is no such number, an alias names several persons, the events are no longer in the log, or they do not add up to the
/// card's number.
pub fn explain(args: &ExplainArgs, config: &Config, paint: Paint) -> Result<ExplainResult> {
    let mut request = request(args);
    if let Some(address) = running_service(config)? {
        let person = person(&mut CardSource::Service(address.clone()), &args.clinician, config)?;
        request.clinician.clone_from(&person);
        let Some(response) = ask(&address, "GET", &path(&request), accept(args.output))? else {
            bail!("the service at {address} has stopped; run the command again to read its data folder")
        };
        return match response.status {
            200 => Ok(ExplainResult { text: response.body, note: note(&args.clinician, &person) }),
            _ => bail!(response.error()),
        };
    }
    let ReadOnlyLog { mut log, shelf, deployment } = read(config)?;
    if read_index(&shelf.index, CardIndex::is_empty) {
        bail!(FirstCards::of_log(&mut log, &deployment.schedule, deployment.partitions)?.to_string());
    }
    request.clinician = person(&mut CardSource::Folder(Box::new(shelf.clone())), &args.clinician, config)?;
    let explanation = request.answer(&deployment, &shelf, &mut log, &|| true)?;
    let text = match args.output {
        Output::Table => table(&explanation, paint),
        Output::Json => json(&explanation),
        Output::Ndjson => ndjson(&explanation),
    };
    Ok(ExplainResult { text, note: note(&args.clinician, &request.clinician) })
}

/// The person behind an alias. A name without any card stays as it was typed, so that the answer can say what is known.
fn person(source: &mut CardSource, alias: &str, config: &Config) -> Result<String> {
    let found = source.find(alias, config, |source, person| Ok(source.knows(person)?.then_some(())))?;
    Ok(found.map_or_else(|| alias.to_owned(), |(person, ())| person))
}

fn request(args: &ExplainArgs) -> ExplainRequest {
    ExplainRequest {
        clinician: args.clinician.clone(),
        month: args.month,
        measure: args.measure.clone(),
        side: args.side.map(Into::into),
        window: args.window.map(|window| window.months()),
        revision: args.revision,
        practice: args.practice.clone(),
    }
}

fn path(request: &ExplainRequest) -> String {
    let ExplainRequest { clinician, month, measure, side, window, revision, practice } = request;
    let mut path = format!("/v1/scorecards/{}/explain?month={month}&measure={}", encoded(clinician), encoded(measure));
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            path += &format!("&{name}={value}");
        }
    };
    add("side", side.map(|side| crate::view::explain_request::side_word(side).to_owned()));
    add("window", window.map(|window| window.to_string()));
    add("revision", revision.map(|revision| revision.to_string()));
    add("practice", practice.as_deref().map(encoded));
    path
}
