//! The guard: instructions per unit of each step, counted by callgrind and compared with `bench/baseline.toml`. Counts do not depend on
//! the load of the machine, so the guard finds a step whose cost changed by a tenth.
//!
//! The guard runs a plain program under `valgrind`, without a framework. The step marks where counting begins and ends
//! ([`steps::measured`]), so nothing is linked, and the same steps are timed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::steps::{self, STEPS};

/// Events of a counted step.
const EVENTS: u64 = 40_000;
/// Allowed difference in percent. Counts of one build differ by less than 0.1 %. A change elsewhere can change what the compiler inlines:
/// differences of up to 9 % were seen in an unchanged step.
const TOLERANCE: f64 = 10.0;

const HEAD: &str =
    "# Instructions a unit of each step, counted by callgrind on x86-64: `cargo run --release -p bench -- guard` compares, and
# `cargo run --release -p bench -- guard --update` writes this file. Commit it with the change that made the difference.

";

/// Instructions by step.
#[derive(Deserialize, Serialize)]
struct Baseline {
    instructions: BTreeMap<String, u64>,
}

/// Counts and compares. Without valgrind it prints a message and passes.
pub fn check() -> Result<()> {
    let Some(counted) = count_all()? else {
        eprintln!("bench guard: did NOT run: valgrind is missing; install the package valgrind");
        return Ok(());
    };
    let path = path();
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}; `guard --update` writes it", path.display()))?;
    let baseline: Baseline = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let mut apart = Vec::new();
    for step in STEPS {
        let now = counted.instructions[step.name];
        let Some(&was) = baseline.instructions.get(step.name) else {
            apart.push(format!("{} is not in the baseline", step.name));
            continue;
        };
        let change = (now as f64 / was as f64 - 1.0) * 100.0;
        println!("{:<14} {now:>9} instructions per {}, baseline {was} ({change:+.1} %)", step.name, step.unit);
        if change.abs() > TOLERANCE {
            apart.push(format!("{} changed by {change:+.1} %, more than {TOLERANCE}", step.name));
        }
    }
    if !apart.is_empty() {
        bail!(
            "{}; find out why, then write the new baseline with `cargo run --release -p bench -- guard --update`",
            apart.join("; ")
        );
    }
    Ok(())
}

/// Counts and writes the baseline.
pub fn update() -> Result<()> {
    let counted = count_all()?.context("valgrind is missing; install the package valgrind")?;
    let text = format!("{HEAD}{}", toml::to_string(&counted)?);
    print!("{text}");
    std::fs::write(path(), text).with_context(|| path().display().to_string())
}

fn path() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.toml").into()
}

/// Instructions of all steps; `None` without valgrind.
fn count_all() -> Result<Option<Baseline>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let instructions = STEPS.iter().map(|step| Ok((step.name.to_owned(), count(step)?))).collect::<Result<_>>()?;
    Ok(Some(Baseline { instructions }))
}

/// Runs one step in a process of its own under callgrind.
fn count(step: &steps::Step) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"]);
    command.arg("--toggle-collect=bench::steps::measured*");
    command.arg(std::env::current_exe()?).args(["step", step.name, &EVENTS.to_string()]);
    let output = command.output().context("valgrind")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} under valgrind: {told}", step.name);
    let collected = told
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .context("the output of callgrind has a line \"Collected\"")?
        .1;
    let instructions: u64 = collected.trim().parse().with_context(|| format!("callgrind collected {collected:?}"))?;
    let said = String::from_utf8(output.stdout)?;
    let units: u64 =
        said.split_whitespace().next().and_then(|units| units.parse().ok()).context("a step prints its units first")?;
    ensure!(instructions > 0 && units > 0, "{}: {instructions} instructions of {units} units", step.name);
    Ok(instructions / units)
}
