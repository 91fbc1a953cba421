//! From a command line to an exit code.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

use crate::cli::{Cli, Command, ConfigCommand, Measures, Registry, Rejects, ServiceArgs, SimulateArgs};
use crate::command::card;
use crate::command::config_show;
use crate::command::demo::demo;
use crate::command::explain;
use crate::command::health;
use crate::command::manual;
use crate::command::measures;
use crate::command::peek;
use crate::command::recompute::recompute;
use crate::command::rejects;
use crate::command::replay::replay;
use crate::command::topics;
use crate::config::config_file::{self, ConfigError, ConfigSources};
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::data_directory;
use crate::deployment::registry_file_check::{self, RegistryFileError};
use crate::logs;
use crate::measure_files::MeasuresError;
use crate::process::clock::{Clock, LAPSE_VARIABLE};
use crate::process::interrupt::{CleanStop, EXIT_INTERRUPTED, Interrupt};
use crate::process::roles::ProcessRoles;
use crate::service::run_service;
use crate::terminal::paint::Paint;

/// Exit code of a mistake in a configuration file, `EX_CONFIG` of `sysexits.h`.
pub const EXIT_CONFIGURATION: u8 = 78;

/// Does what the command line asks for. Says on standard error what went wrong.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    if !matches!(cli.command, Command::Run(_)) {
        logs::for_a_command();
    }
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plumbline: {}", told(&error));
            exit_code(&error)
        }
    }
}

/// The error and its causes. Many a text names its cause already; then it is not said twice.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn dispatch(command: &Command) -> Result<()> {
    match command {
        Command::Demo(args) => {
            let shown = demo(args, Paint::for_stdout(), &listen()?)?;
            io::stdout().write_all(shown.card.as_bytes())?;
            eprint!("{}", shown.talk);
            Ok(())
        }
        Command::Replay(args) => {
            if args.from_kafka {
                let config = configured(&ServiceArgs { config: args.config.clone(), data: None, listen: None })?;
                eprint!("{}", recompute(args, &config, &listen()?, &mut BufWriter::new(io::stdout().lock()))?);
            } else {
                let summary = replay(args, Clock::System.now(), &listen()?)?;
                eprint!("{}", summary.told(&args.out));
            }
            Ok(())
        }
        Command::Simulate(args) => simulate(args),
        Command::Registry(Registry::Check { file }) => {
            let entries = registry_file_check::read(file)?;
            writeln!(io::stdout(), "{}: {}", file.display(), registry_file_check::holds(&entries))?;
            Ok(())
        }
        Command::Measures(command) => Ok(writeln!(io::stdout(), "{}", measures(command)?.trim_end())?),
        Command::Run(args) => {
            let config = configured(&args.service)?;
            logs::for_a_service(&config);
            run_service::run(&config, ProcessRoles::of(&args.roles), service_clock()?, &listen()?)
        }
        Command::Topics(args) => topics::topics(args, &configured(&args.service)?, &mut io::stdout().lock()),
        Command::Peek(args) => peek::peek(args, &configured(&args.service)?, &mut BufWriter::new(io::stdout().lock())),
        Command::Card(args) => {
            let text = card::card(args, &configured(&args.service)?, Paint::for_stdout())?;
            Ok(io::stdout().write_all(text.as_bytes())?)
        }
        Command::Explain(args) => {
            let text = explain::explain(args, &configured(&args.service)?, Paint::for_stdout())?;
            Ok(io::stdout().write_all(text.as_bytes())?)
        }
        Command::Rejects(command) => {
            let service = match command {
                Rejects::List(args) | Rejects::Retry(args) => &args.service,
                Rejects::Show(args) => &args.which.service,
            };
            let text = rejects::rejects(command, &configured(service)?, Paint::for_stdout(), service_clock()?)?;
            Ok(io::stdout().write_all(text.as_bytes())?)
        }
        Command::Health(args) => Ok(io::stdout().write_all(health::health(&configured(args)?)?.as_bytes())?),
        Command::Check(args) => check(&configured(args)?),
        Command::Completions { shell } => Ok(io::stdout().write_all(&manual::completions(*shell))?),
        Command::Man { dir } => manual::pages(dir),
        Command::Config(ConfigCommand::Show(args)) => {
            Ok(io::stdout().write_all(config_show::shown(&configured(args)?).as_bytes())?)
        }
    }
}

fn configured(args: &ServiceArgs) -> Result<Config, ConfigError> {
    let flag = |key, flag, value: &Option<String>| value.clone().map(|value| (key, flag, value));
    let flags = [flag("data", "--data", &args.data), flag("listen", "--listen", &args.listen)];
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let given =
        ConfigSources { file: args.config.clone(), variables: variables.collect(), flags: flags.into_iter().flatten().collect() };
    config_file::read(&given)
}

/// Everything that can be said without starting: files that are named, keys that are there.
fn check(config: &Config) -> Result<()> {
    let files = data_directory::files(config)?;
    data_directory::check_folder(&config.data)?;
    if config.keys.exists() {
        keys_file::read(&config.keys)?;
    }
    let (measures, registry) = (files.measures.measures().len(), registry_file_check::holds(&files.registry));
    writeln!(io::stdout(), "sound: {measures} measures, {} declared feeds, {registry}", config.feeds.len())?;
    Ok(())
}

fn service_clock() -> Result<Clock> {
    let Ok(text) = std::env::var(LAPSE_VARIABLE) else { return Ok(Clock::System) };
    tracing::warn!("{LAPSE_VARIABLE} is set: time is not the machine's; never so for real data");
    Clock::lapse(&text)
        .ok_or_else(|| anyhow!("{LAPSE_VARIABLE}={text:?} is not three whole numbers; unset it for the machine's clock"))
}

fn measures(command: &Measures) -> Result<String> {
    Ok(match command {
        Measures::List { measures } => measures::list(&measures.chosen()?),
        Measures::Show { id, measures } => measures::show(&measures.chosen()?, id)?,
        Measures::Check { folder, built_in } => measures::check(folder, *built_in)?,
        Measures::Test { measures } => measures::test(&measures.chosen()?.set)?,
    })
}

fn listen() -> Result<Interrupt> {
    Interrupt::on_ctrl_c().context("Ctrl-C cannot be listened to")
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

/// The exit code that tells scripts what kind of error it was.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<CleanStop>().is_some() {
        return ExitCode::from(EXIT_INTERRUPTED);
    }
    let registry = matches!(error.downcast_ref(), Some(RegistryFileError::Mistakes { .. }));
    let measures =
        matches!(error.downcast_ref(), Some(MeasuresError::Mistakes(_) | MeasuresError::Empty(_) | MeasuresError::Nothing));
    let configuration = matches!(error.downcast_ref(), Some(ConfigError::Mistakes(_)));
    if registry || measures || configuration { ExitCode::from(EXIT_CONFIGURATION) } else { ExitCode::FAILURE }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_named_already_is_not_said_twice() {
        let cause = || io::Error::from(ErrorKind::StorageFull);
        let error = anyhow!(cause()).context(format!("d/log cannot be written: {}; free some room", cause())).context("starting");
        let text = told(&error);
        assert_eq!(text.matches(&cause().to_string()).count(), 1, "{text}");
        assert!(text.starts_with("starting: d/log cannot be written"), "{text}");
    }
}
