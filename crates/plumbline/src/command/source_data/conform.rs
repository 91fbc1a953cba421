//! `conform`: what the events of files get right, and what not.

use anyhow::{Context as _, Result};
use codec::formats::record_decoder::{Context, RecordDecoder};
use codec::identity::keys::Keys;
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;

use crate::cli::{ConformArgs, Output};
use crate::config::decoder_settings::decoder_config;
use crate::config::options::{Config, feed_named};
use crate::history::conformance::{Conformance, ConformanceCheck, Judgement, table};
use crate::history::lines::{self, RawRecord};
use crate::history::sources;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;

/// Some checks failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source fails {}", counted(*.0, "check", "checks"))]
pub struct FailedChecks(pub u64);

/// Judges the events of files. Returns the checks as text.
///
/// # Errors
/// When a file cannot be read; and [`crate::process::interrupt::CleanStop`].
pub fn conform(args: &ConformArgs, config: &Config, now: Timestamp, interrupt: &Interrupt) -> Result<(String, Result<()>)> {
    let decoder = RecordDecoder::new(decoder_config(config, Keys::fixed(), None)?);
    let mut found = Conformance::new(now);
    for source in sources::find(&args.paths, args.feed.as_deref())?.sources {
        let feed = feed_named(&config.feeds, &config.zone, &source.feed);
        let read = lines::read(&source.path, &mut |line, raw| {
            interrupt.check()?;
            let position = Position { source: source.name.clone(), partition: 0, offset: line, index: None };
            let context = Context { position: &position, feed: Some(feed.clone()), received_at: now, now };
            match raw {
                RawRecord::Bytes(bytes) => {
                    let decoded = decoder.decode(bytes, &context, &mut |item| found.add(&item));
                    found.add_decoded(decoded);
                }
                RawRecord::TooLong(_) | RawRecord::Damaged => found.add_unreadable(),
            }
            anyhow::Ok(())
        });
        read.with_context(|| format!("reading {}", source.path.display()))?;
    }
    let checks = found.checks();
    let text = match args.output {
        Output::Table => table(&checks),
        Output::Json => serde_json::to_string(&checks).expect("texts serialize") + "\n",
        Output::Ndjson => checks.iter().map(line).collect(),
    };
    let failed = checks.iter().filter(|check| check.judgement == Judgement::Failed).count() as u64;
    Ok((text, if failed == 0 { Ok(()) } else { Err(FailedChecks(failed).into()) }))
}

fn line(check: &ConformanceCheck) -> String {
    serde_json::to_string(check).expect("texts serialize") + "\n"
}
