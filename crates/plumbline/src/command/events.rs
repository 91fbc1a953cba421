//! `events retract`: fences an event, so that a forged version of it is not final. It goes through the running service, or opens the
//! log if no service is running.

use std::borrow::Cow;

use anyhow::{Context, Result, bail};
use codec::identity::pseudonym::Pseudonyms;

use crate::cli::{EventsRetractArgs, Output};
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::configured_files::running_at;
use crate::deployment::data_directory::DataDirectory;
use crate::intake::operator_fence::{FenceOutcome, fence};
use crate::process::clock::Clock;
use crate::service::private_folder::set_private_umask;
use crate::service_client::{ServiceResponse, ask_running, encoded};
use crate::terminal::count::counted;

/// Fences the event, and returns the lines for standard output.
///
/// # Errors
/// When the log holds no event of this id, another process has the log open and does not answer, or the log fails.
pub fn retract(args: &EventsRetractArgs, config: &Config, clock: Clock) -> Result<String> {
    let keys = keys_file::read(&config.keys).context("the log may hold a hash instead of the id, and the keys compute it")?;
    let id = Pseudonyms::new(&keys).protect(Cow::Borrowed(args.id.as_str())).into_owned();
    let fenced = fenced(&args.feed, &id, config, clock)?;
    if fenced.voided == 0 {
        bail!("the log holds no event of this id in feed {:?}; send both as `explain` shows them", args.feed);
    }
    Ok(match args.output {
        Output::Table => text(&fenced),
        Output::Json | Output::Ndjson => serde_json::to_string(&fenced)? + "\n",
    })
}

fn text(fenced: &FenceOutcome) -> String {
    let records = counted(fenced.voided, "record of the event is void", "records of the event are void");
    let newest = fenced.newest.map(|newest| format!(", the highest version is {newest}")).unwrap_or_default();
    format!("{records}{newest}; the next cut shows it, and the next version that the feed sends counts\n")
}

fn fenced(feed: &str, id: &str, config: &Config, clock: Clock) -> Result<FenceOutcome> {
    let path = format!("/v1/events/retract?feed={}&id={}", encoded(feed), encoded(id));
    let absent = || FenceOutcome { feed: feed.to_owned(), id: id.to_owned(), voided: 0, newest: None };
    let not_found = |response: &ServiceResponse| response.status == 404 && response.body.contains(":not-found");
    if config.kafka.is_none()
        && let Some(outcome) = ask_running(running_at(&config.data), "POST", &path, |refused| not_found(refused).then(absent))?
    {
        return Ok(outcome);
    }
    set_private_umask();
    let mut data = DataDirectory::open_existing(config, clock)?;
    Ok(fence(&mut data.log, data.deployment.partitions, feed, id)?)
}
