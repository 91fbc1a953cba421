//! `explain`: the events behind one number of a card, from the running service or from its data folder.

use anyhow::{Result, bail};

use crate::cli::{ExplainArgs, Output};
use crate::config::options::Config;
use crate::deployment::data_directory::{self, ReadOnlyLog, running_at};
use crate::service_client::{accept, ask, encoded};
use crate::terminal::paint::Paint;
use crate::view::explain_request::ExplainRequest;
use crate::view::explanation_view::{json, ndjson, table};

/// The requested explanation, as text for standard output.
///
/// # Errors
/// When there is no such number, its events are no longer in the log, or they do not add up to the card's number.
pub fn explain(args: &ExplainArgs, config: &Config, paint: Paint) -> Result<String> {
    let request = request(args);
    if let Some(address) = running_at(&config.data)
        && let Some(response) = ask(&address, "GET", &path(&request), accept(args.output))?
    {
        return if response.status == 200 { Ok(response.body) } else { bail!(response.error()) };
    }
    let ReadOnlyLog { mut log, shelf, deployment } = data_directory::read(config)?;
    let explanation = request.answer(&deployment, &shelf, &mut log, &|| true)?;
    Ok(match args.output {
        Output::Table => table(&explanation, paint),
        Output::Json => json(&explanation),
        Output::Ndjson => ndjson(&explanation),
    })
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
