//! `export`: published cards as one table, from the running service, its data folder, or the folder of a demo or a replay.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::cli::ExportArgs;
use crate::command::card_source::running_service;
use crate::config::did_you_mean::unknown;
use crate::config::options::Config;
use crate::deployment::configured_files::files;
use crate::deployment::read_only_log::published;
use crate::process::interrupt::{CleanStop, Interrupt};
use crate::service_client::{TOKEN_VARIABLE, encoded};
use crate::terminal::count::counted;
use crate::view::export::card_export::{CardExport, Disclosure, ExportCounts, TableShape};
use crate::view::export::table_format::TableFormat;

/// The word for roll-ups in place of a practice.
const ROLL_UPS: &str = "all";

/// Writes the table to a file or to standard output. Returns a report for standard error.
///
/// # Errors
/// When an argument is wrong, the cards cannot be read, or the output cannot be written. A file is then left as it was.
pub fn export(args: &ExportArgs, config: &Config, interrupt: &Interrupt) -> Result<String> {
    let format = word(&args.format, "format", TableFormat::ALL, TableFormat::word)?;
    let shape = word(&args.shape, "shape", TableShape::ALL, TableShape::word)?;
    if let (Some(from), Some(to)) = (args.from, args.to) {
        ensure!(from <= to, "--from {from} is after --to {to}; write the older month as --from");
    }
    format.check().map_err(|cure| anyhow!("--format {}: {cure}", format.word()))?;
    if format.is_binary() && args.out.is_none() {
        ensure!(!io::stdout().is_terminal(), "{} is no text; name a file with --out", format.word());
    }
    match running_service(config)? {
        Some(address) => {
            let path = service_path(args, format, shape);
            to_output(args.out.as_deref(), |out| from_service(&address, &path, out))
        }
        None => {
            let request = request(args, format, shape, config)?;
            let mut store = published(config)?;
            let counts = to_output(args.out.as_deref(), |out| {
                let written = request.write(&mut store, out, &|| !interrupt.asked());
                if interrupt.asked() { Err(CleanStop.into()) } else { Ok(written?) }
            })?;
            Ok(report(counts))
        }
    }
}

fn word<T: Copy, const N: usize>(text: &str, option: &str, all: [T; N], name: fn(T) -> &'static str) -> Result<T> {
    all.into_iter().find(|one| name(*one) == text).ok_or_else(|| anyhow!("--{option}: {}", unknown(option, text, &all.map(name))))
}

fn request(args: &ExportArgs, format: TableFormat, shape: TableShape, config: &Config) -> Result<CardExport> {
    let set = files(config)?.measures.set;
    let known: Vec<&str> = set.measures().iter().map(|measure| measure.definition.id.as_str()).collect();
    for id in &args.measure {
        ensure!(known.contains(&id.as_str()), "--measure: {}", unknown("measure", id, &known));
    }
    let practice = |code: &String| if code == ROLL_UPS { String::new() } else { code.clone() };
    Ok(CardExport {
        format,
        shape,
        disclosure: if args.disclosed { Disclosure::Disclosed } else { Disclosure::Named },
        from: args.month.or(args.from),
        to: args.month.or(args.to),
        practices: args.practice.iter().map(practice).collect(),
        measures: args.measure.clone(),
        role: args.role.clone(),
    })
}

fn report(ExportCounts { months, cards, rows }: ExportCounts) -> String {
    if months == 0 {
        return "no card is published in these months; the table has no rows\n".to_owned();
    }
    let counted = |count, one, many| counted(count, one, many);
    format!("{} of {} in {}\n", counted(rows, "row", "rows"), counted(cards, "card", "cards"), counted(months, "month", "months"))
}

/// The request to a service for the same table.
fn service_path(args: &ExportArgs, format: TableFormat, shape: TableShape) -> String {
    let mut path = format!("/v1/export?format={}&shape={}", format.word(), shape.word());
    let month = |month: Option<scorecard::time::calendar::Month>| month.map(|month| month.to_string());
    let list = |texts: &[String]| Some(texts.join(",")).filter(|text| !text.is_empty());
    for (name, value) in [
        ("month", month(args.month)),
        ("from", month(args.from)),
        ("to", month(args.to)),
        ("measure", list(&args.measure)),
        ("practice", list(&args.practice)),
        ("role", args.role.clone()),
        ("disclosed", args.disclosed.then(|| "true".to_owned())),
    ] {
        path += &value.map(|value| format!("&{name}={}", encoded(&value))).unwrap_or_default();
    }
    path
}

/// Copies the answer of a service. An answer that is cut off is an error.
fn from_service(address: &str, path: &str, out: &mut (dyn Write + Send)) -> Result<String> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut request = agent.get(format!("{address}{path}"));
    if let Ok(token) = std::env::var(TOKEN_VARIABLE) {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut response = request.call().with_context(|| format!("asking the service at {address}"))?;
    if response.status() != 200 {
        let body = response.body_mut().read_to_string().unwrap_or_default();
        let detail =
            serde_json::from_str::<serde_json::Value>(&body).ok().and_then(|value| Some(value["detail"].as_str()?.to_owned()));
        bail!("the service at {address} answered: {}", detail.unwrap_or(body));
    }
    let bytes =
        io::copy(&mut response.body_mut().as_reader(), out).with_context(|| format!("reading from the service at {address}"))?;
    Ok(format!("{bytes} bytes from the service at {address}\n"))
}

/// Writes to standard output, or to a new file that replaces the named one when it is whole.
fn to_output<T>(file: Option<&Path>, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>) -> Result<T> {
    let Some(file) = file else {
        let mut out = BufWriter::new(io::stdout());
        let written = write(&mut out)?;
        out.flush()?;
        return Ok(written);
    };
    let name = file.file_name().with_context(|| format!("{} is no file; name a file with --out", file.display()))?;
    let part = file.with_file_name(format!("{}.part", name.to_string_lossy()));
    let named = || format!("writing {}", part.display());
    let mut out = BufWriter::new(File::create(&part).with_context(named)?);
    let written = write(&mut out).and_then(|written| {
        out.flush().with_context(named)?;
        fs::rename(&part, file).with_context(|| format!("writing {}", file.display()))?;
        Ok(written)
    });
    if written.is_err() {
        // The failure is more important than a file that remains.
        let _ = fs::remove_file(&part);
    }
    written
}
