//! `completions` and `man`: shell completions and manual pages, generated from the type of the command line.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

/// The completions of a shell.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plumbline", &mut text);
    text
}

/// Writes a manual page for each command: `plumbline.1`, `plumbline-run.1`, `plumbline-measures-check.1`...
///
/// # Errors
/// When the folder does not exist or cannot be written.
pub fn pages(dir: &Path) -> Result<()> {
    let failed = || format!("the manual pages cannot be written to {}; name an existing folder", dir.display());
    clap_mangen::generate_to(Cli::command(), dir).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let text = String::from_utf8(completions(shell)).expect("text");
            for command in Cli::command().get_subcommands() {
                assert!(text.contains(command.get_name()), "{shell} does not know {}", command.get_name());
            }
        }
    }

    #[test]
    fn every_command_has_a_manual_page_that_describes_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        pages(dir.path()).expect("an existing folder");
        let page = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page("plumbline.1").contains("replayable log of events"));
        assert!(page("plumbline-run.1").contains("Run the service"));
        assert!(page("plumbline-measures-check.1").contains("list every mistake"));
        let nowhere = pages(&dir.path().join("nowhere")).expect_err("there is no such folder");
        assert!(format!("{nowhere:#}").contains("name an existing folder"), "{nowhere:#}");
    }
}
