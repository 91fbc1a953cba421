//! Measures the cost of Plumbline. `bench/README.md` lists the commands and their inputs, `docs/internals/performance.md` the figures.
//!
//! Timings are CPU time, because machines are noisy. The guard counts instructions, because CPU time is noisy, too.

#![cfg_attr(not(feature = "service"), expect(dead_code, reason = "measurements of whole processes use the rest"))]

mod guard;
#[cfg(feature = "service")]
mod http;
#[cfg(feature = "service")]
mod kafka;
#[cfg(feature = "service")]
mod limits;
#[cfg(feature = "service")]
mod bare;
mod peers;
mod publish;
mod network;
#[cfg(feature = "service")]
mod service;
mod steps;
mod measures;
#[cfg(feature = "service")]
mod local;
mod process;
mod sink;
mod traffic;

use std::path::Path;

use anyhow::{Context, Result, bail};

#[cfg(feature = "service")]
use crate::kafka::Plan;
use crate::steps::Input;
#[cfg(feature = "service")]
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
        #[cfg(feature = "service")]
        ["write", dir, events] => local::write(Path::new(dir), number(events)?, Cost::Tariff),
        #[cfg(feature = "service")]
        ["write", dir, events, "random-costs"] => local::write(Path::new(dir), number(events)?, Cost::Random),
        #[cfg(feature = "service")]
        ["write", dir, "--file", file] => local::write_file(Path::new(dir), Path::new(file)),
        #[cfg(feature = "service")]
        ["fold", dir] => local::fold(Path::new(dir), None),
        #[cfg(feature = "service")]
        ["fold", dir, "--measures", measures] => local::fold(Path::new(dir), Some(Path::new(measures))),
        #[cfg(feature = "service")]
        ["kafka", brokers, events, ref options @ ..] => Plan::read(brokers, number(events)?, options)?.measure(),
        ["peers"] => peers::measure(100_000),
        ["peers", clinicians] => peers::measure(u32::try_from(number(clinicians)?)?),
        ["publish"] => publish::measure(100_000),
        ["publish", clinicians] => publish::measure(u32::try_from(number(clinicians)?)?),
        #[cfg(feature = "service")]
        ["limits"] => limits::measure(),
        #[cfg(feature = "service")]
        ["http", events] => http::measure(number(events)?),
        _ => bail!("{USAGE}"),
    }
}

fn number(events: &str) -> Result<u64> {
    events.parse().with_context(|| format!("{events:?} is not a number of events; write a whole number"))
}
