//! `map`: tables of a practice system to native events and registry entries.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::{MapArgs, MapCommand};
use crate::map::map_error::MapError;
use crate::map::map_examples::examples;
use crate::map::map_file::TableMap;
use crate::map::map_run::{MapRun, MapSource};
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;

/// Some rows gave no record. The others are written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} of {rows} {} faulty and gave no record; correct the rows or the map", .faulty, if *.faulty == 1 { "is" } else { "are" })]
pub struct FaultyRows {
    /// Rows without a record.
    pub faulty: u64,
    /// All rows.
    pub rows: u64,
}

/// Runs the command. Events go to `out` unless the arguments name a file; the text is for standard error.
///
/// # Errors
/// [`MapError`] for a map or a file that cannot be used, [`FaultyRows`], and [`crate::process::interrupt::CleanStop`].
pub fn map(args: &MapArgs, interrupt: &Interrupt, out: &mut dyn Write, report: &mut dyn FnMut(&str)) -> Result<()> {
    if let Some(MapCommand::Check { file }) = &args.check {
        report(&check(file)?);
        return Ok(());
    }
    let (Some(file), Some(dir)) = (&args.file, &args.dir) else { unreachable!("clap requires both") };
    let map = TableMap::read(file)?;
    let mut run = MapRun::load(&map, dir, args.feed.as_deref())?;
    let [events, registry]: [Vec<MapSource>; 2] =
        [false, true].map(|is| run.sources.iter().filter(|source| source.kind(&map).is_registry() == is).cloned().collect());
    match &args.out {
        Some(path) => write_file(path, &mut |file| write_events(&mut run, &events, interrupt, file))?,
        None => {
            write_events(&mut run, &events, interrupt, out)?;
            out.flush()?;
        }
    }
    if let Some(path) = &args.registry_out {
        write_file(path, &mut |file| write_registry(&mut run, &registry, interrupt, file))?;
    }
    report(&run.report.text());
    if !registry.is_empty() && args.registry_out.is_none() {
        report(
            "the map gives persons, roles or organisations, too: --registry-out FILE writes them for `plumbline registry load`\n",
        );
    }
    faulty_rows(&run)
}

/// An error if a row of a run is faulty.
///
/// # Errors
/// [`FaultyRows`].
pub(crate) fn faulty_rows(run: &MapRun<'_>) -> Result<()> {
    match run.report.faulty() {
        0 => Ok(()),
        faulty => Err(FaultyRows { faulty, rows: run.report.rows() }.into()),
    }
}

/// The registry entries of a map as the text of a registry file, each once.
pub(crate) fn registry_text(run: &mut MapRun<'_>, map: &TableMap, interrupt: &Interrupt) -> Result<String> {
    let sources: Vec<MapSource> = run.sources.iter().filter(|source| source.kind(map).is_registry()).cloned().collect();
    let mut text = Vec::new();
    write_registry(run, &sources, interrupt, &mut text)?;
    Ok(String::from_utf8(text).expect("JSON is text"))
}

fn write_events(run: &mut MapRun<'_>, sources: &[MapSource], interrupt: &Interrupt, out: &mut dyn Write) -> Result<()> {
    for source in sources {
        run.read::<anyhow::Error>(source, &mut |record| {
            interrupt.check()?;
            out.write_all(record.json)?;
            Ok(out.write_all(b"\n")?)
        })?;
    }
    Ok(())
}

/// Extracts repeat a person once a role and an organisation once a day, and a registry file names each once.
fn write_registry(run: &mut MapRun<'_>, sources: &[MapSource], interrupt: &Interrupt, out: &mut dyn Write) -> Result<()> {
    let mut written = BTreeSet::new();
    for source in sources {
        run.read::<anyhow::Error>(source, &mut |record| {
            interrupt.check()?;
            if written.insert(record.json.to_owned()) {
                out.write_all(record.json)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Writes a file under another name, and renames it at the end: a file of this name is whole.
fn write_file(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let named = || format!("writing {}", path.display());
    let result = File::create(&unfinished).with_context(named).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush().with_context(named)
    });
    match result {
        Ok(()) => fs::rename(&unfinished, path).with_context(named),
        Err(error) => {
            // The first error counts.
            let _ = fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

/// Checks a map and runs its examples.
///
/// # Errors
/// [`MapError::Mistakes`] with every mistake or failed example.
fn check(file: &Path) -> Result<String> {
    let map = TableMap::read(file)?;
    let found = examples(&map);
    if !found.failed.is_empty() {
        let lines: Vec<String> = found.failed.iter().map(|failed| format!("{}: {failed}", file.display())).collect();
        return Err(MapError::Mistakes(lines.join("\n")).into());
    }
    let tables = counted(map.table_names().count() as u64, "table", "tables");
    let mut text = format!("{}: {tables}, {} passed\n", map.name, counted(found.passed as u64, "example", "examples"));
    if !found.untested.is_empty() {
        text += &format!("tables without an example: {}\n", found.untested.join(", "));
    }
    Ok(text)
}
