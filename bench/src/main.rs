//! Measures the cost of Plumbline. `bench/README.md` lists the commands and their inputs, `docs/internals/performance.md` the figures.
//!
//! Timings are CPU time, because machines are noisy. The guard counts instructions, because CPU time is noisy, too.

mod guard;
mod http;
mod kafka;
mod limits;
mod bare;
mod peers;
mod publish;
mod network;
mod service;
mod steps;
mod local;
mod process;
mod sink;
mod traffic;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::kafka::Plan;
use crate::steps::Input;
use crate::traffic::Cost;

const USAGE: &str = "bench guard [--update] | steps [EVENTS] | step NAME EVENTS | step NAME --file FILE | write DIR EVENTS [random-costs] | write DIR --file FILE \
                     | fold DIR [--measures DIR] | http EVENTS | limits | peers [CLINICIANS] | publish [CLINICIANS] | kafka BROKERS EVENTS [--topic NAME] [--measures DIR] [--folder DIR]";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["guard"] => guard::check(),
        ["guard", "--update"] => guard::update(),
        ["steps"] => steps::print_all(1_000_000),
        ["steps", events] => steps::print_all(number(events)?),
        ["step", name, events] => steps::print_one(name, &Input::Made(number(events)?)),
        ["step", name, "--file", file] => steps::print_one(name, &Input::file(Path::new(file))?),
        ["write", dir, events] => local::write(Path::new(dir), number(events)?, Cost::Tariff),
        ["write", dir, events, "random-costs"] => local::write(Path::new(dir), number(events)?, Cost::Random),
        ["write", dir, "--file", file] => local::write_file(Path::new(dir), Path::new(file)),
        ["fold", dir] => local::fold(Path::new(dir), None),
        ["fold", dir, "--measures", measures] => local::fold(Path::new(dir), Some(Path::new(measures))),
        ["kafka", brokers, events, ref options @ ..] => Plan::read(brokers, number(events)?, options)?.measure(),
        ["peers"] => peers::measure(100_000),
        ["peers", clinicians] => peers::measure(u32::try_from(number(clinicians)?)?),
        ["publish"] => publish::measure(100_000),
        ["publish", clinicians] => publish::measure(u32::try_from(number(clinicians)?)?),
        ["limits"] => limits::measure(),
        ["http", events] => http::measure(number(events)?),
        _ => bail!("{USAGE}"),
    }
}

fn number(events: &str) -> Result<u64> {
    events.parse().with_context(|| format!("{events:?} is not a number of events; write a whole number"))
}
