//! Replays in temporary folders.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use plumbline::cli::{Cli, Command};
use plumbline::command::replay::replay;
use plumbline::history::summary::Summary;
use plumbline::process::interrupt::Interrupt;
use scorecard::time::calendar::{Day, Timestamp};
use serde_json::Value;

/// The present of every test: noon UTC on 1 November 2026.
pub fn now() -> Timestamp {
    let day = Day::from_ymd(2026, 11, 1).expect("a day that exists");
    Timestamp(i64::from(day.0) * 86_400_000 + 12 * 3_600_000)
}

/// A folder with files, and room for what is published.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a name below the place")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub fn put_gzipped(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content.as_ref()).expect("memory takes all");
        self.put(name, encoder.finish().expect("memory takes all"))
    }

    /// Replays with these arguments, paths being names in this place. The files go to `out`.
    pub fn replay(&self, out: &str, paths: &[&str], options: &[&str]) -> Summary {
        self.try_replay(out, paths, options, &Interrupt::default()).expect("nothing in the way of a replay")
    }

    pub fn try_replay(&self, out: &str, paths: &[&str], options: &[&str], interrupt: &Interrupt) -> anyhow::Result<Summary> {
        let paths: Vec<String> = paths.iter().map(|path| self.path(path).display().to_string()).collect();
        let out = self.path(out).display().to_string();
        let fixed = ["plumbline", "replay", "--out", &out].into_iter();
        let cli = Cli::try_parse_from(fixed.chain(options.iter().copied()).chain(paths.iter().map(String::as_str)))?;
        let Command::Replay(args) = cli.command else { unreachable!("it says replay") };
        Ok(replay(&args, now(), interrupt)?.summary)
    }

    pub fn lines(&self, file: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(file)).expect("a file that was published");
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    /// Every file of a folder by name, without the folders in it: the bytes of a log are not the same twice.
    pub fn bytes(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files_of(&self.path(folder))
    }
}

pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder that was published").map(|entry| entry.expect("an entry").path());
    let entries = entries.filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), fs::read(&path).expect("a file that was listed"))).collect()
}

/// `received = logged + registered + rejected + skipped` and `logged = accepted + duplicate + stale + conflict + sealed`.
pub fn assert_accounted_for(summary: &Summary) {
    let rejected: u64 = summary.rejected.values().sum();
    let skipped: u64 = summary.skipped.values().sum();
    assert_eq!(summary.received, summary.logged + summary.registered + rejected + skipped, "{summary:?}");
    let folded = summary.accepted + summary.duplicate + summary.stale + summary.conflict + summary.sealed;
    assert_eq!(summary.logged, folded, "{summary:?}");
}

/// A native encounter of clinician 7012345 at A81001 that was attended.
pub fn encounter(id: &str, occurred_at: &str, recorded_at: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"encounter","occurred_at":"{occurred_at}","recorded_at":"{recorded_at}","clinician":{{"system":"gmc","value":"7012345"}},"practice":"A81001","patient":"9434765919","encounter":{{"mode":"telephone","status":"attended","minutes":9}}}}"#
    )
}
