//! The commands of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::cli::card_args::{CardArgs, ExplainArgs, ViewArgs};
use crate::cli::export_args::ExportArgs;
use crate::cli::history_args::REPLAY_EXIT_CODES;
use crate::cli::history_args::{DemoArgs, MigrateArgs, ReplayArgs, SimulateArgs};
use crate::cli::map_args::{MAP_EXIT_CODES, MapArgs};
use crate::cli::measure_args::{CodesCommand, Measures};
use crate::cli::operation_args::{
    BackupArgs, ConfigCommand, ConflictsCommand, EraseCommand, EventsCommand, LogCommand, PeekArgs, Registry, Rejects,
    RestoreArgs, RunArgs, TopicsArgs,
};
use crate::cli::page_args::{InviteArgs, SessionsCommand};
use crate::cli::reference_args::Reference;
use crate::cli::send_args::{ConformArgs, SEND_EXIT_CODES, SendArgs};
use crate::cli::service_args::ServiceArgs;

/// The end of `plumbline --help`.
const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    failure; standard error says why
  2    the command line is wrong
  65   `replay` rejected every event, or `send` or `map` some (EX_DATAERR of sysexits.h)
  75   `send` did not finish; the same command goes on (EX_TEMPFAIL of sysexits.h)
  78   a configuration, measure or registry file has mistakes, or the log has another format (EX_CONFIG of sysexits.h)
  130  interrupted by Ctrl-C or SIGTERM";

/// Monthly scorecards for clinicians from a replayable log of events.
///
/// Cards and data go to standard output and to files. Messages go to standard error.
#[derive(Debug, Parser)]
#[command(name = "plumbline", version, max_term_width = 100, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline on a simulated network of practices, and show one clinician's card.
    ///
    /// Practices, clinicians and patients are invented. Patient numbers come from a range that the NHS never issues. Pseudonyms are
    /// made with a fixed, public key: never use `demo` for real data.
    ///
    /// The folder keeps the log. `plumbline card CLINICIAN --data DIR` shows other cards, and `plumbline explain` the events behind
    /// each number.
    Demo(DemoArgs),
    /// Compute the cards of your own data, month by month, as the service would have published them.
    ///
    /// A PATH is a file or folder of FHIR R4 NDJSON (bulk export), FHIR JSON Bundles or native NDJSON events. Each file may be
    /// gzipped. The format is detected from the content.
    ///
    /// All files under one PATH are one feed, so references between them resolve. A native event that names a feed keeps it.
    ///
    /// Rejected records are listed in rejects.ndjson with file, line and reason. Correct the file or the configuration, and run the
    /// replay again.
    ///
    /// Events enter the log in virtual time. Cards are published at every publication time until the last month with events is
    /// final. All events are read into memory first: about 180 MB for a million events.
    ///
    /// The folder keeps the log and its keys. `plumbline card CLINICIAN --data DIR` shows other cards, and `plumbline explain` the
    /// events behind each number.
    ///
    /// --from-kafka reads the log of a deployment instead of files. It recomputes every cut from the same events in the same order,
    /// so the cards must be identical to the byte. --compare lists the differences.
    ///
    /// Example: plumbline replay export/ --out cards --registry registry.toml
    #[command(after_help = REPLAY_EXIT_CODES)]
    Replay(ReplayArgs),
    /// Fold the log of an older version into a new folder, and compute its rows and cards again.
    ///
    /// OLD is the data folder of a stopped service, or the folder of `demo` or `replay`. The command reads its events and its registry
    /// and never changes it. A log on Kafka cannot be migrated.
    ///
    /// NEW gets the same events with the same append times, zone, publication times, partitions and keys. Every cut of the past is
    /// computed again with the measures of this version and of the configuration.
    ///
    /// Example: plumbline migrate ./plumbline-data ./plumbline-data-2
    Migrate(MigrateArgs),
    /// Write simulated events as NDJSON, one event a line.
    ///
    /// Example: plumbline simulate --out - --events 3
    Simulate(SimulateArgs),
    /// Check, load or show the registry: persons, their roles and organisations.
    #[command(subcommand)]
    Registry(Registry),
    /// List, show, check and test the measures. Each measure is one TOML file.
    #[command(subcommand)]
    Measures(Measures),
    /// Write the figures of a network as a reference for smaller ones.
    #[command(subcommand)]
    Reference(Reference),
    /// Run the service: accept events over HTTP or Kafka, and publish cards on a schedule.
    ///
    /// Without a configuration the log and its keys are created in ./plumbline-data, and HTTP listens on 127.0.0.1:8080:
    ///
    /// POST /v1/events accepts one native event, a JSON array or NDJSON.
    ///
    /// GET /v1/scorecards/{clinician}, /v1/scorecards?month= and /v1/changes?after= return published cards.
    ///
    /// GET /v1/scorecards/{clinician}/explain?month=&measure= returns the events behind a number.
    ///
    /// GET /v1/rejects lists rejected records, POST /v1/rejects/retry decodes them again.
    ///
    /// GET /livez, /readyz and /version report the state of the service.
    ///
    /// Ctrl-C or SIGTERM stops it cleanly. A second signal stops it at once.
    ///
    /// Example: plumbline run --config plumbline.toml
    Run(RunArgs),
    /// Turn the tables of a practice system into native events, as a map describes them.
    ///
    /// A map is a TOML file: for each table the column, look-up, date or constant behind each field. DIR holds the tables, separated
    /// by commas, tabs or the like, plain or gzipped. Rows stream; look-up files are held in memory.
    ///
    /// Faulty rows and keys that no look-up holds are counted and listed on standard error.
    ///
    /// Example: plumbline map maps/emis.toml ./extract --feed a81001-emis --out events.ndjson --registry-out registry.ndjson
    #[command(after_help = MAP_EXIT_CODES)]
    Map(MapArgs),
    /// Judge the events of a source before it goes live: about 25 things, each passed, failed or not seen, with what was seen.
    ///
    /// Let the export hold amendments and retractions, because nothing can be said about what is not seen. Exits with 65 if a check
    /// fails.
    ///
    /// Example: plumbline conform ./export --feed a81001-emis
    Conform(ConformArgs),
    /// Send files of any size to a service or a topic, in chunks, with retries.
    ///
    /// A PATH is a file or folder of native events, FHIR R4 NDJSON or FHIR Bundles, plain or gzipped, or - for standard input.
    ///
    /// Each chunk is sent until the service has answered it: the events are then on disk. A pause that the service asks for with
    /// Retry-After is kept. Ctrl-C or a crash lose nothing: the same command goes on.
    ///
    /// Example: plumbline send ./export --to http://127.0.0.1:8080 --feed a81001-emis
    #[command(after_help = SEND_EXIT_CODES)]
    Send(SendArgs),
    /// Check the configuration and the files that it names, and list every mistake. Exits with 78 if there are any.
    Check(ServiceArgs),
    /// Ask the running service whether it is ready. Exits with 1 if it is not ready or does not answer.
    Health(ServiceArgs),
    /// Check the Kafka topics of a deployment, or create them with --apply. Exits with 1 if a topic is wrong.
    ///
    /// The command compares partitions, cleanup, retention, compaction, timestamps and replicas of each topic under `kafka.prefix`
    /// with the values that Plumbline needs.
    ///
    /// --apply creates missing topics and corrects their settings. It never changes a number of partitions. If a topic has a fault
    /// that --apply cannot correct, it changes nothing. Input topics belong to the systems that write them: it never changes those.
    Topics(TopicsArgs),
    /// Show the records of one topic, one record a line, from the brokers or from the data folder.
    ///
    /// A record that cannot be decoded is shown with the reason. Without --from or -n every record in the log is shown. On a
    /// terminal long rows are cut; `-o ndjson` shows whole records.
    ///
    /// Example: plumbline peek scorecards -n 5
    Peek(PeekArgs),
    /// Show the published cards of one clinician.
    ///
    /// The cards come from the running service, or from its data folder if no service is running. --data may also name a folder that
    /// `demo`, `replay` or `migrate` wrote.
    ///
    /// CLINICIAN may be an alias: the registry leads from `gmp|G7012345`, or from a number alone, to the person. Aliases come from
    /// the registry file of the configuration and, if no service has it open, from the log.
    ///
    /// Example: plumbline card 'gmc|7012345' --month 2026-10 --data ./plumbline-demo
    Card(CardArgs),
    /// Write published cards as one table, for a spreadsheet or a database.
    ///
    /// The table has the newest revision of each card. An unknown number is an empty cell, and a column says why. A withdrawn card has
    /// a row without figures.
    ///
    /// CSV is UTF-8 with a byte order mark, CRLF and a decimal point. A text that a spreadsheet would compute begins with an apostrophe.
    ///
    /// The cards come from the running service, or from its data folder if no service is running. --data may also name a folder that
    /// `demo`, `replay` or `migrate` wrote. A service needs a token in PLUMBLINE_TOKEN: with `cards:named` the table has names, with
    /// `cards:disclosed` only what may be disclosed.
    ///
    /// Example: plumbline export --data ./plumbline-demo --from 2026-01 --measure dna_rate --out cards.csv
    Export(ExportArgs),
    /// List the events behind one number of a card, and check that they add up to it.
    ///
    /// The log is folded up to the cut that published the revision. Later events do not change the explanation.
    ///
    /// Events are sorted by day and id. Each is listed with the amounts that it adds to numerator and denominator. If the sums differ
    /// from the card, the command fails and reports both. It asks the running service, or reads its data folder. --data may also name a
    /// folder that `demo`, `replay` or `migrate` wrote.
    ///
    /// CLINICIAN may be an alias, as for `plumbline card`.
    ///
    /// Example: plumbline explain 'gmc|7012345' 2026-10 dna_rate
    Explain(ExplainArgs),
    /// Serve the pages of a folder that `demo` or `replay` wrote, for a browser on this machine.
    ///
    /// The pages show the month of each clinician, each measure with the events behind it, the talks of a clinical lead, the practice
    /// meeting, the network and the measures. The first page lists the readers to open the pages as.
    ///
    /// Nobody signs in: the server listens on 127.0.0.1 only, and answers only requests for localhost. It prints its address, opens
    /// no browser, writes nothing, and ends with Ctrl-C.
    ///
    /// Example: plumbline view ./plumbline-demo
    View(ViewArgs),
    /// Make a link that signs a person in to the pages, once.
    ///
    /// The link goes to standard output. The data folder keeps only a hash of it. The service need not stop. Opening the link uses nothing
    /// up; its button does.
    ///
    /// The session has the role of the link alone. A lead needs an entry `lead` in the registry, too.
    ///
    /// Example: plumbline invite 'gmc|7012345' --config plumbline.toml
    Invite(InviteArgs),
    /// List or end the sessions of people who are signed in to the pages. The service need not stop.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// List and show rejected records, and decode them again after a repair.
    ///
    /// `run` keeps rejected records encrypted in the folder `refused` of its data, for at most 30 days. The option `refused` limits
    /// their total size [default: 64MiB].
    ///
    /// `replay` keeps no records: rejects.ndjson names file and line. Correct the file and run the replay again.
    #[command(subcommand)]
    Rejects(Rejects),
    /// List versions of events that are left out because their number has another content.
    #[command(subcommand)]
    Conflicts(ConflictsCommand),
    /// Erase a patient.
    #[command(subcommand)]
    Erase(EraseCommand),
    /// Void an event that a sender forged.
    #[command(subcommand)]
    Events(EventsCommand),
    /// Show what the codes of events mean.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Back up the log of a running or a stopped service, with the rejected records.
    ///
    /// A backup is consistent, and adds only what is new. The token in PLUMBLINE_TOKEN needs the scope admin, if the service has tokens.
    /// Keep keys.toml elsewhere: without it no event of a restored log can be amended.
    ///
    /// Example: plumbline backup /mnt/backup/plumbline --data ./plumbline-data
    Backup(BackupArgs),
    /// Make a new data folder of a backup. A damaged, unfinished or foreign backup is refused.
    ///
    /// Example: plumbline restore /mnt/backup/plumbline --to ./plumbline-data-2
    Restore(RestoreArgs),
    /// Check the records of an embedded log, or keep those that are whole.
    ///
    /// The service must be stopped.
    #[command(subcommand)]
    Log(LogCommand),
    /// Show the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write shell completions to standard output.
    ///
    /// Example for bash: plumbline completions bash > ~/.local/share/bash-completion/completions/plumbline
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write the contracts of routes, topics and records into a folder.
    ///
    /// OpenAPI 3.1 of the routes, AsyncAPI 3 and ODCS data contracts of the public topics, JSON Schema and Avro of cards, groups, runs,
    /// changes, native events and problems. Two builds of one version write the same bytes.
    ///
    /// Example: plumbline contract ./contract
    Contract {
        /// The folder; it is created if it does not exist.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Write the manual pages, one for each command, into an existing folder.
    ///
    /// Example: plumbline man ~/.local/share/man/man1 && man plumbline-run
    Man {
        /// The existing folder.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_zone_is_refused_with_an_example() {
        let refused = Cli::try_parse_from(["plumbline", "replay", "x", "--out", "y", "--zone", "Europe/Londres"]).unwrap_err();
        assert!(refused.to_string().contains("Europe/London"), "{refused}");
    }
}
