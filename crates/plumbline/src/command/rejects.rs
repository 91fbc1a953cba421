//! `rejects`: lists and shows rejected records, and decodes them again. `list` and `show` read the folder, which no process locks.
//! `retry` goes through the running service, or opens the log if no service is running.

use anyhow::{Context, Result, bail};
use stream::intake::intake_task::Intake;

use crate::cli::{Rejects, RejectsShowArgs, RejectsWhich};
use crate::config::options::Config;
use crate::deployment::configured_files::running_at;
use crate::deployment::data_directory::{self, DataDirectory};
use crate::deployment::read_only_log;
use crate::intake::reject_retrier::{RejectRetrier, RetryOutcome};
use crate::intake::rejects::reject_store::RejectStore;
use crate::intake::rejects::rejected_record::RejectFilter;
use crate::process::clock::Clock;
use crate::process::limits::EVENTS_PER_BATCH;
use crate::process::roles::ProcessRoles;
use crate::process::shutdown_signal::ShutdownSignal;
use crate::service::private_folder::set_private_umask;
use crate::service_client::{ask_running, encoded};
use crate::terminal::paint::Paint;
use crate::view::rejects_view::{PendingRejects, RawBytes, retried};

/// Runs the command. Returns text for standard output.
///
/// # Errors
/// When the store or the keys cannot be read, or a retry fails.
pub fn rejects(command: &Rejects, config: &Config, paint: Paint, clock: Clock) -> Result<String> {
    Ok(match command {
        Rejects::List(args) => pending(config)?.list(&which(args), args.output, paint),
        Rejects::Show(RejectsShowArgs { which: args, limit, raw }) => {
            let raw = if *raw { RawBytes::Shown } else { RawBytes::Hidden };
            pending(config)?.show(&which(args), *limit, raw, args.output)
        }
        Rejects::Retry(args) => retried(&retry(&which(args), config, clock)?, args.output),
    })
}

fn which(args: &RejectsWhich) -> RejectFilter {
    RejectFilter { reason: args.reason.clone(), feed: args.feed.clone(), field: args.field.clone() }
}

fn pending(config: &Config) -> Result<PendingRejects> {
    let store: RejectStore =
        data_directory::refused(config).context("the rejected records are encrypted with the service's keys")?;
    if !store.is_enabled() {
        bail!("option `refused` is 0B, so rejected records are not kept; the source systems must send them again");
    }
    Ok(PendingRejects::read(&store)?)
}

fn retry(which: &RejectFilter, config: &Config, clock: Clock) -> Result<RetryOutcome> {
    if let Some(outcome) = ask_running(running_at(&config.data), "POST", &path(which), |_| None)? {
        return Ok(outcome);
    }
    set_private_umask();
    // Opening a folder without a log would create one.
    drop(read_only_log::read(config)?);
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
