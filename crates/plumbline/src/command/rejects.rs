//! `rejects`: what was refused and waits, and putting it in again. Listing and showing read the folder, which no process locks;
//! a retry goes through the running service, else opens the log itself.

use anyhow::{Context, Result, bail};
use stream::intake::intake_task::Intake;

use crate::cli::{Rejects, RejectsShowArgs, RejectsWhich};
use crate::config::options::Config;
use crate::deployment::data_directory::{self, DataDirectory, running_at};
use crate::intake::reject_retrier::{RejectRetrier, RetryOutcome};
use crate::process::clock::Clock;
use crate::process::limits::EVENTS_PER_BATCH;
use crate::process::roles::ProcessRoles;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::rejects::reject_store::RejectStore;
use crate::rejects::rejected_record::RejectFilter;
use crate::service_client::{ask, encoded};
use crate::terminal::paint::Paint;
use crate::view::rejects_view::{PendingRejects, RawBytes, retried};

/// What the command says.
///
/// # Errors
/// When the store or the keys cannot be read, or a retry breaks off.
pub fn rejects(command: &Rejects, config: &Config, paint: Paint, clock: Clock) -> Result<String> {
    Ok(match command {
        Rejects::List(args) => waiting(config)?.list(&which(args), args.output, paint),
        Rejects::Show(RejectsShowArgs { which: args, limit, raw }) => {
            let raw = if *raw { RawBytes::Shown } else { RawBytes::Hidden };
            waiting(config)?.show(&which(args), *limit, raw, args.output)
        }
        Rejects::Retry(args) => retried(&retry(&which(args), config, clock)?, args.output),
    })
}

fn which(args: &RejectsWhich) -> RejectFilter {
    RejectFilter { reason: args.reason.clone(), feed: args.feed.clone(), field: args.field.clone() }
}

fn waiting(config: &Config) -> Result<PendingRejects> {
    let store: RejectStore = data_directory::refused(config).context("what was refused is sealed with the service's keys")?;
    if !store.is_enabled() {
        bail!("option `refused` is 0B: raw records are not kept; the sources have to send them again");
    }
    Ok(PendingRejects::read(&store)?)
}

fn retry(which: &RejectFilter, config: &Config, clock: Clock) -> Result<RetryOutcome> {
    if let Some(address) = running_at(&config.data)
        && let Some(told) = ask(&address, "POST", &path(which), "application/json")?
    {
        return match told.status {
            200 => serde_json::from_str(&told.body).with_context(|| format!("{address} does not answer as a service does")),
            _ => bail!(told.error()),
        };
    }
    // Opening would make a log where none is.
    drop(data_directory::read(config)?);
    let site = DataDirectory::open(config, clock, ProcessRoles::ALL, &ShutdownSignal::default())?;
    let mut intake = Intake::new(site.deployment.partitions, EVENTS_PER_BATCH);
    let retrier = RejectRetrier::new(&site.decoder, &site.refused);
    Ok(retrier.run(which, &mut intake, &mut site.log.clone(), site.clock.now())?)
}

fn path(which: &RejectFilter) -> String {
    let RejectFilter { reason, feed, field } = which;
    let given = [("reason", reason), ("feed", feed), ("field", field)];
    let parameters = given.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_deref()?))));
    format!("/v1/rejects/retry?{}", parameters.collect::<Vec<_>>().join("&"))
}
