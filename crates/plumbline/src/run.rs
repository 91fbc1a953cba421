//! From a command line to an exit code.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use stream::deployment::GenesisError;
use stream::log::{LogError, with_sources};

use crate::cli::{
    Cli, CodesCommand, Command, ConfigCommand, ConflictsCommand, EraseCommand, EventsCommand, LogCommand, Measures, Output,
    Reference, Registry, Rejects, ReplayArgs, ServiceArgs, SessionsCommand, SimulateArgs,
};
use crate::command::card;
use crate::command::check::{self, CheckError};
use crate::command::config_show;
use crate::command::conflicts;
use crate::command::demo::demo;
use crate::command::erase;
use crate::command::events;
use crate::command::explain;
use crate::command::health;
use crate::command::log_salvage;
use crate::command::manual;
use crate::command::measures;
use crate::command::migrate::migrate;
use crate::command::peek;
use crate::command::published::contract;
use crate::command::published::export;
use crate::command::published::view;
use crate::command::recompute::recompute;
use crate::command::reference;
use crate::command::registry;
use crate::command::rejects;
use crate::command::replay::{TotalRejection, replay};
use crate::command::source_data::codes;
use crate::command::source_data::conform::{self, FailedChecks};
use crate::command::source_data::map::{self, FaultyRows};
use crate::command::source_data::send;
use crate::command::topics;
use crate::config::config_file::{self, ConfigError, ConfigSources};
use crate::config::options::Config;
use crate::deployment::backup::backup_command::{KeysInBackup, backup};
use crate::deployment::backup::restore_command::restore;
use crate::deployment::configured_files::recognised;
use crate::deployment::registry_file_check::{self, RegistryFileError};
use crate::input_files::code_files::CodeFileError;
use crate::input_files::measure_files::MeasuresError;
use crate::logs;
use crate::map::map_error::MapError;
use crate::process::clock::{Clock, LAPSE_VARIABLE};
use crate::process::interrupt::{CleanStop, EXIT_INTERRUPTED, Interrupt};
use crate::process::roles::ProcessRoles;
use crate::send::send_error::{EXIT_SOME_REJECTED, SendError};
use crate::service::broker_clock::BrokerClockCheckError;
use crate::service::clock_check::ClockCheckError;
use crate::service::private_folder::set_private_umask;
use crate::service::run_service;
use crate::service_client::TOKEN_VARIABLE;
use crate::sign_in::{invite_command, sessions_command};
use crate::terminal::layout::{columns, terminal_columns, wrapped};
use crate::terminal::paint::Paint;

/// Exit code of a replay whose every event was rejected, `EX_DATAERR` of `sysexits.h`: the command worked and its input is at fault.
pub const EXIT_ALL_REJECTED: u8 = 65;
/// Exit code of a mistake in a configuration, measure or registry file, of a wrong clock, and of a log in another format: `EX_CONFIG` of
/// `sysexits.h`.
pub const EXIT_CONFIGURATION: u8 = 78;

/// Environment variables that are no options.
const VARIABLES: [&str; 3] = [LAPSE_VARIABLE, TOKEN_VARIABLE, logs::VARIABLE];

/// Runs the command. Reports a failure on standard error.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    if !matches!(cli.command, Command::Run(_)) {
        logs::for_a_command();
    }
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output, such as `head`, has closed it.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plumbline: {}", with_sources(error.as_ref()));
            exit_code(&error)
        }
    }
}

fn dispatch(command: &Command) -> Result<()> {
    match command {
        Command::Demo(args) => {
            let interrupt = listen()?;
            let result = demo(args, Paint::for_stdout(), columns(), &interrupt)?;
            print(&result.card)?;
            report(&result.report);
            if args.serve { view::view(&configured(&view::folder(&args.out))?, 0, &interrupt) } else { Ok(()) }
        }
        Command::Replay(args) => replayed(args),
        Command::Migrate(args) => {
            let data = Some(args.old.display().to_string());
            let config = configured(&ServiceArgs { config: args.config.clone(), data, listen: None })?;
            report(&migrate(args, &config, &listen()?)?);
            Ok(())
        }
        Command::Simulate(args) => simulate(args),
        Command::Registry(Registry::Check { file }) => {
            let found = registry_file_check::read(file)?;
            let scope = registry_file_check::scope(&found);
            print(&wrapped(&format!("{}: {}\n{scope}", file.display(), registry_file_check::holds(&found)), columns()))
        }
        Command::Registry(Registry::Load(args)) => {
            let result = registry::load(args, &configured(&args.service)?, service_clock()?)?;
            report(&result.report);
            print(&result.lines)
        }
        Command::Registry(Registry::Show(args)) => print(&registry::show(args.name.as_deref(), &configured(&args.service)?)?),
        Command::Reference(Reference::Export(args)) => {
            let made = reference::export(args, &recognised(configured(&args.service)?)?)?;
            match &args.out {
                Some(file) => std::fs::write(file, &made.text).with_context(|| format!("writing {}", file.display()))?,
                None => print(&made.text)?,
            }
            report(&made.report);
            Ok(())
        }
        Command::Measures(command) => print(&format!("{}\n", wrapped(measures(command)?.trim_end(), columns()))),
        Command::Run(args) => {
            let config = configured(&args.service)?;
            logs::for_a_service(&config);
            warn_of_unknown_variables(&args.service, &config);
            let interrupt = Interrupt::of_a_service().context("the handlers of signals cannot be installed")?;
            let roles = ProcessRoles::of(&args.roles);
            run_service::run((&config, sources(&args.service)), roles, service_clock()?, args.accept_clock, &interrupt)
        }
        Command::Map(args) => map::map(args, &listen()?, &mut BufWriter::new(io::stdout().lock()), &mut |text| report(text)),
        Command::Conform(args) => {
            let service = ServiceArgs { config: args.config.clone(), data: None, listen: None };
            let (text, outcome) = conform::conform(args, &configured(&service)?, Clock::System.now(), &listen()?)?;
            print(&text)?;
            outcome
        }
        Command::Send(args) => {
            let result = send::send(args, &configured(&args.service)?, &listen()?)?;
            report(&result.report);
            result.outcome
        }
        Command::Topics(args) => topics::topics(args, &configured(&args.service)?, &mut io::stdout().lock()),
        Command::Peek(args) => peek::peek(
            args,
            &recognised(configured(&args.service)?)?,
            terminal_columns(),
            &mut BufWriter::new(io::stdout().lock()),
        ),
        Command::Card(args) => {
            let result = card::card(args, &recognised(configured(&args.service)?)?, Paint::for_stdout(), columns())?;
            result.note.iter().for_each(|note| report(&format!("{note}\n")));
            print(&result.text)
        }
        Command::Export(args) => {
            report(&export::export(args, &recognised(configured(&args.service)?)?, &listen()?)?);
            Ok(())
        }
        Command::Explain(args) => {
            let result = explain::explain(args, &recognised(configured(&args.service)?)?, Paint::for_stdout())?;
            result.note.iter().for_each(|note| report(&format!("{note}\n")));
            print_as(&result.text, args.output)
        }
        Command::Conflicts(command) => {
            let ConflictsCommand::List(args) = command;
            print(&conflicts::conflicts(command, configured(&args.service)?)?)
        }
        Command::View(args) => view::view(&configured(&view::folder(&args.folder))?, args.port, &listen()?),
        Command::Invite(args) => {
            let made = invite_command::invite(args, &configured(&args.service)?, Clock::System.now().0)?;
            report(&made.report);
            print(&format!("{}\n", made.link))
        }
        Command::Sessions(command) => {
            let (service, output) = match command {
                SessionsCommand::List(args) => (&args.service, args.output),
                SessionsCommand::Revoke(args) => (&args.service, Output::Table),
            };
            print_as(&sessions_command::sessions(command, &configured(service)?, Clock::System.now().0)?, output)
        }
        Command::Rejects(command) => {
            let service = match command {
                Rejects::List(args) | Rejects::Retry(args) => &args.service,
                Rejects::Show(args) => &args.which.service,
            };
            let output = match command {
                Rejects::List(args) | Rejects::Retry(args) => args.output,
                // Raw records are printed as they were received.
                Rejects::Show(args) if args.raw => Output::Ndjson,
                Rejects::Show(args) => args.which.output,
            };
            print_as(&rejects::rejects(command, &configured(service)?, Paint::for_stdout(), service_clock()?)?, output)
        }
        Command::Erase(EraseCommand::Patient(args)) => {
            let config = configured(&args.service)?;
            print_as(&erase::erase_patient_of(args, &config, service_clock()?, &mut io::stdin().lock())?, args.output)
        }
        Command::Events(EventsCommand::Retract(args)) => {
            print_as(&events::retract(args, &configured(&args.service)?, service_clock()?)?, args.output)
        }
        Command::Log(LogCommand::Verify(args)) => print(&log_salvage::verify(&recognised(configured(args)?)?)?),
        Command::Log(LogCommand::Salvage(args)) => {
            print(&log_salvage::salvage(&recognised(configured(&args.service)?)?, &args.to)?)
        }
        Command::Backup(args) => {
            set_private_umask();
            let keys = if args.with_keys { KeysInBackup::Copied } else { KeysInBackup::Elsewhere };
            print(&backup(&configured(&args.service)?, &args.dir, keys, &service_clock()?, &listen()?)?)
        }
        Command::Restore(args) => {
            set_private_umask();
            print(&restore(&args.dir, &args.to, &listen()?)?)
        }
        Command::Log(LogCommand::Trim(args)) => print(&log_salvage::trim(&recognised(configured(args)?)?, service_clock()?)?),
        Command::Health(args) => print(&wrapped(&health::health(&configured(args)?)?, columns())),
        Command::Check(args) => print(&wrapped(&check::check(&sources(args), &VARIABLES)?, columns())),
        Command::Completions { shell } => Ok(io::stdout().write_all(&manual::completions(*shell))?),
        Command::Man { dir } => manual::pages(dir),
        Command::Contract { dir } => {
            report(&contract::contract(dir)?);
            Ok(())
        }
        Command::Codes(CodesCommand::Coverage(args)) => {
            let result = codes::coverage(args, &configured(&args.service)?, Clock::System.now(), &listen()?)?;
            report(&result.report);
            print_as(&result.text, args.output)
        }
        Command::Config(ConfigCommand::Show(args)) => print(&config_show::shown(&configured(args)?)),
    }
}

/// Replays files or the log of a deployment.
fn replayed(args: &ReplayArgs) -> Result<()> {
    if args.from_kafka {
        let config = configured(&ServiceArgs { config: args.config.clone(), data: None, listen: None })?;
        report(&recompute(args, &config, &listen()?, &mut BufWriter::new(io::stdout().lock()))?);
        return Ok(());
    }
    let result = replay(args, Clock::System.now(), &listen()?)?;
    print(&result.card_text(Paint::for_stdout(), columns()))?;
    report(&result.report());
    Ok(result.check_rejects()?)
}

/// Writes text to standard output.
fn print(text: &str) -> Result<()> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Writes text to standard output. Lines for people are wrapped, JSON is not.
fn print_as(text: &str, output: Output) -> Result<()> {
    if output == Output::Table { print(&wrapped(text, columns())) } else { print(text) }
}

/// Writes lines for people to standard error.
fn report(text: &str) {
    eprint!("{}", wrapped(text, columns()));
}

fn configured(args: &ServiceArgs) -> Result<Config, ConfigError> {
    config_file::read(&sources(args))
}

fn sources(args: &ServiceArgs) -> ConfigSources {
    let flag = |key, flag, value: &Option<String>| value.clone().map(|value| (key, flag, value));
    let flags = [flag("data", "--data", &args.data), flag("listen", "--listen", &args.listen)];
    ConfigSources::of_process(args.config.clone(), flags.into_iter().flatten().collect())
}

/// Warns about variables that look like options. Another program may need them, so the service starts.
fn warn_of_unknown_variables(args: &ServiceArgs, config: &Config) {
    for mistake in config_file::unknown_variables_of(&sources(args), config, &VARIABLES) {
        tracing::warn!("{}: {}", mistake.origin, mistake.text);
    }
}

fn service_clock() -> Result<Clock> {
    let Ok(text) = std::env::var(LAPSE_VARIABLE) else { return Ok(Clock::System) };
    tracing::warn!("{LAPSE_VARIABLE} is set, so the service does not use the machine's clock; never set it for real data");
    Clock::lapse(&text)
        .ok_or_else(|| anyhow!("{LAPSE_VARIABLE}={text:?} is not three whole numbers; unset it to use the machine's clock"))
}

fn measures(command: &Measures) -> Result<String> {
    Ok(match command {
        Measures::List { measures } => measures::list(&measures.chosen()?, columns()),
        Measures::Show { id, measures } => measures::show(&measures.chosen()?, id)?,
        Measures::Check { folder, built_in } => measures::check(folder, *built_in)?,
        Measures::Test { measures } => measures::test(&measures.chosen()?.set)?,
    })
}

fn listen() -> Result<Interrupt> {
    Interrupt::on_ctrl_c().context("the handler for Ctrl-C cannot be installed")
}

fn simulate(args: &SimulateArgs) -> Result<()> {
    let named = || format!("writing {}", args.out.display());
    if args.out == Path::new("-") {
        let mut out = io::stdout().lock();
        sim::traffic::bulk::simulate(&mut out, args.events, args.seed).and_then(|()| out.flush()).with_context(named)
    } else {
        let mut out = BufWriter::new(File::create(&args.out).with_context(named)?);
        sim::traffic::bulk::simulate(&mut out, args.events, args.seed).and_then(|()| out.flush()).with_context(named)
    }
}

/// The exit code of an error, for scripts.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<CleanStop>().is_some() {
        return ExitCode::from(EXIT_INTERRUPTED);
    }
    if let Some(stopped) = error.downcast_ref::<SendError>() {
        return ExitCode::from(stopped.exit_code());
    }
    if error.downcast_ref::<FaultyRows>().is_some() || error.downcast_ref::<FailedChecks>().is_some() {
        return ExitCode::from(EXIT_SOME_REJECTED);
    }
    if error.downcast_ref::<TotalRejection>().is_some() {
        return ExitCode::from(EXIT_ALL_REJECTED);
    }
    let registry = matches!(error.downcast_ref(), Some(RegistryFileError::Mistakes { .. }));
    let measures = matches!(
        error.downcast_ref(),
        Some(
            MeasuresError::Mistakes(_)
                | MeasuresError::Empty(_)
                | MeasuresError::Nothing
                | MeasuresError::Codes(_)
                | MeasuresError::Reference { .. }
        )
    );
    let feeds = matches!(error.downcast_ref(), Some(LogError::FeedRule { .. }));
    let configuration = matches!(error.downcast_ref(), Some(ConfigError::Mistakes(_)))
        || error.downcast_ref::<CheckError>().is_some()
        || matches!(error.downcast_ref(), Some(CodeFileError::Mistakes(_)));
    let map = matches!(error.downcast_ref(), Some(MapError::Mistakes(_)));
    let clock = matches!(error.downcast_ref(), Some(ClockCheckError::Jump(_)))
        || matches!(error.downcast_ref(), Some(BrokerClockCheckError::Differs(_)));
    let format = matches!(error.downcast_ref(), Some(GenesisError::Older { .. } | GenesisError::Newer { .. }));
    let is_loss = |error: Option<&LogError>| matches!(error, Some(LogError::Loss(_)));
    let of_genesis = matches!(error.downcast_ref(), Some(GenesisError::Log(LogError::Loss(_))));
    let loss = of_genesis || is_loss(error.downcast_ref());
    if registry || map || measures || configuration || feeds || clock || format || loss {
        ExitCode::from(EXIT_CONFIGURATION)
    } else {
        ExitCode::FAILURE
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_text_contains_is_not_repeated() {
        let cause = || io::Error::from(ErrorKind::StorageFull);
        let error = anyhow!(cause()).context(format!("d/log cannot be written: {}; free some room", cause())).context("starting");
        let text = with_sources(error.as_ref());
        assert_eq!(text.matches(&cause().to_string()).count(), 1, "{text}");
        assert!(text.starts_with("starting: d/log cannot be written"), "{text}");
    }
}
