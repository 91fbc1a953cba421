//! `erase patient`: retracts every event of a patient, and ends the epoch of the patients' keys if asked. It says what remains, where, and
//! until when.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::{Context, Result, ensure};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::Pseudonym;
use scorecard::time::calendar::Timestamp;
use serde_json::json;

use crate::cli::{ErasePatientArgs, Output};
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::configured_files::running_at;
use crate::deployment::data_directory::DataDirectory;
use crate::intake::patient_erasure::{ErasureMode, ErasureOutcome, erase_patient};
use crate::process::clock::Clock;
use crate::process::limits::EVENTS_RETENTION_DAYS;
use crate::service::private_folder::set_private_umask;
use crate::service_client::ask_running;
use crate::terminal::count::counted;
use crate::view::pseudonym_text::pseudonym_text;

/// Erases the patient with the identifiers that `input` holds, one a line, and returns the lines for standard output.
///
/// # Errors
/// When there is no identifier, the keys cannot be read, another process has the log open and does not answer, or the log fails.
pub fn erase_patient_of(args: &ErasePatientArgs, config: &Config, clock: Clock, input: &mut impl Read) -> Result<String> {
    let mut text = String::new();
    input.read_to_string(&mut text).context("reading the identifiers from standard input")?;
    let keys = keys_file::read(&config.keys).context("the keys compute the pseudonyms of a patient")?;
    let pseudonyms = pseudonyms_of(&text, &keys)?;
    let mode = if args.dry_run { ErasureMode::DryRun } else { ErasureMode::Erase };
    let outcome = erased(&pseudonyms, mode, config, clock)?;
    let ends_epoch = args.end_epoch && mode == ErasureMode::Erase;
    if ends_epoch {
        keys_file::end_epochs(&config.keys, &keys)?;
    }
    let until = outcome.newest.map(|newest| Timestamp(newest).plus_seconds(EVENTS_RETENTION_DAYS * 86_400));
    Ok(match args.output {
        Output::Table => report(&outcome, mode, config, until, args.end_epoch),
        Output::Json | Output::Ndjson => {
            let until = until.map(|until| until.to_string());
            json!({ "erasure": outcome, "events_until": until, "epoch_ended": ends_epoch }).to_string() + "\n"
        }
    })
}

/// The pseudonyms of these identifiers in every epoch. No identifier is repeated in an error.
fn pseudonyms_of(text: &str, keys: &Keys) -> Result<BTreeSet<Pseudonym>> {
    let identifiers: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    ensure!(!identifiers.is_empty(), "standard input holds no identifier; write one a line, such as the NHS number");
    let epochs = keys.patients().iter().map(|epoch| Pseudonyms::new(&Keys::new(*keys.permanent(), vec![*epoch])));
    let found: BTreeSet<Pseudonym> =
        epochs.flat_map(|epoch| identifiers.iter().filter_map(|one| epoch.patient(one)).collect::<Vec<_>>()).collect();
    ensure!(!found.is_empty(), "the keys have no epoch of patients, so the log names no patient");
    Ok(found)
}

fn erased(pseudonyms: &BTreeSet<Pseudonym>, mode: ErasureMode, config: &Config, clock: Clock) -> Result<ErasureOutcome> {
    let word = if mode == ErasureMode::Erase { "erase" } else { "dry-run" };
    let path = format!("/v1/patients/erase?mode={word}&pseudonyms={}", pseudonym_text(pseudonyms));
    if config.kafka.is_none()
        && let Some(outcome) = ask_running(running_at(&config.data), "POST", &path, |_| None)?
    {
        return Ok(outcome);
    }
    set_private_umask();
    let mut data = DataDirectory::open_existing(config, clock)?;
    Ok(erase_patient(&mut data.log, data.deployment.partitions, pseudonyms, mode)?)
}

/// The lines for a terminal: the change, and the data that remain.
fn report(outcome: &ErasureOutcome, mode: ErasureMode, config: &Config, until: Option<Timestamp>, end_epoch: bool) -> String {
    let ErasureOutcome { retracted, void, records, .. } = *outcome;
    let events = counted(retracted, "event", "events");
    let mut lines = vec![match mode {
        ErasureMode::DryRun => format!("{events} of the patient would be retracted; nothing is changed"),
        ErasureMode::Erase => format!("{events} of the patient retracted; the next cut shows it"),
    }];
    if void > 0 {
        lines.push(format!("{} of the patient counted nowhere before", counted(void, "event", "events")));
    }
    lines.push("These data remain:".to_owned());
    lines.push(format!(
        "* events: {} with a pseudonym of the patient, {}",
        counted(records, "record", "records"),
        kept(config, until)
    ));
    lines.push(match (end_epoch, mode) {
        (true, ErasureMode::Erase) => {
            "* keys: the epochs have ended; restart every process with this keys file, and destroy every copy of the old one"
                .to_owned()
        }
        (true, ErasureMode::DryRun) => {
            "* keys: the epochs would end, and no pseudonym of the log could be linked any more".to_owned()
        }
        (false, _) => {
            "* keys: they can still link the pseudonym to the patient; --end-epoch ends that, for every patient".to_owned()
        }
    });
    lines.push("* folder refused: rejected records of the patient, encrypted, for at most 30 days; do not retry them".to_owned());
    lines.push("* cards: sums of sealed months, which name no patient".to_owned());
    lines.push("* outside: the practice system, input topics, exports and copies of the data folder; a practice that sends an event again \
                makes it count again"
        .to_owned());
    lines.join("\n") + "\n"
}

fn kept(config: &Config, until: Option<Timestamp>) -> String {
    match (&config.kafka, until) {
        (_, None) => "so nothing".to_owned(),
        (Some(_), Some(until)) => format!("until the retention of the topic, by default until {until}"),
        (None, Some(until)) => format!("until the service trims its log after a cut behind {until}; backups keep them"),
    }
}
