//! From a command line to an exit code.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::{Cli, Command, Measures, Registry, Simulate};
use crate::clock::Clock;
use crate::demo::demo;
use crate::interrupt::{EXIT_INTERRUPTED, Interrupt, Interrupted};
use crate::measures::MeasuresError;
use crate::measures_command;
use crate::paint::Paint;
use crate::registry_check::{self, RegistryFileError};
use crate::replay::replay;

/// Exit code of a mistake in a configuration file, `EX_CONFIG` of `sysexits.h`.
pub const EXIT_CONFIGURATION: u8 = 78;

/// Does what the command line asks for. Says on standard error what went wrong.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plumbline: {error:#}");
            exit_code(&error)
        }
    }
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
            let summary = replay(args, Clock::System.now(), &listen()?)?;
            eprint!("{}", summary.told(&args.out));
            Ok(())
        }
        Command::Simulate(args) => simulate(args),
        Command::Registry(Registry::Check { file }) => {
            let entries = registry_check::read(file)?;
            writeln!(io::stdout(), "{}: {}", file.display(), registry_check::holds(&entries))?;
            Ok(())
        }
        Command::Measures(command) => Ok(writeln!(io::stdout(), "{}", measures(command)?.trim_end())?),
    }
}

fn measures(command: &Measures) -> Result<String> {
    Ok(match command {
        Measures::List { measures } => measures_command::list(&measures_command::chosen(measures.as_ref())?),
        Measures::Show { id, measures } => measures_command::show(&measures_command::chosen(measures.as_ref())?, id)?,
        Measures::Check { measures } => measures_command::check(measures)?,
        Measures::Test { measures } => measures_command::test(&measures_command::chosen(measures.as_ref())?)?,
    })
}

fn listen() -> Result<Interrupt> {
    Interrupt::on_ctrl_c().context("Ctrl-C cannot be listened to")
}

fn simulate(args: &Simulate) -> Result<()> {
    let named = || format!("writing {}", args.out.display());
    if args.out == Path::new("-") {
        let mut out = io::stdout().lock();
        sim::simulate::simulate(&mut out, args.events, args.seed).and_then(|()| out.flush()).with_context(named)
    } else {
        let mut out = BufWriter::new(File::create(&args.out).with_context(named)?);
        sim::simulate::simulate(&mut out, args.events, args.seed).and_then(|()| out.flush()).with_context(named)
    }
}

/// The exit code that tells scripts what kind of error it was.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<Interrupted>().is_some() {
        return ExitCode::from(EXIT_INTERRUPTED);
    }
    let registry = matches!(error.downcast_ref(), Some(RegistryFileError::Mistakes { .. }));
    let measures = matches!(error.downcast_ref(), Some(MeasuresError::Mistakes(_) | MeasuresError::Empty(_)));
    if registry || measures { ExitCode::from(EXIT_CONFIGURATION) } else { ExitCode::FAILURE }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
