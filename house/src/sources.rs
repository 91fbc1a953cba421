//! The files of the repository, as `git` lists them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// One file of the repository.
#[derive(Debug)]
pub struct Source {
    /// Path from the workspace's root, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// The files of the repository that hold text, in order of their paths.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Reads every file of the repository that git tracks, or would track if it were added.
    ///
    /// # Errors
    /// `git` cannot be started, or a file cannot be read.
    pub fn read() -> Result<Self> {
        let root = workspace();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .context("git could not be started; install git and run the check inside a clone")?;
        ensure!(listed.status.success(), "git ls-files failed in {}; run the check inside a clone", root.display());
        let listed = String::from_utf8(listed.stdout).context("git listed a path that is not UTF-8; rename the file")?;
        let mut files = Vec::new();
        for path in listed.split('\0').filter(|path| kind_is_read(path)) {
            let file = root.join(path);
            // Git still lists a file that was deleted and not yet committed.
            if !file.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&file).with_context(|| format!("{path} could not be read; save it as UTF-8"))?;
            files.push(Source { path: path.to_owned(), text });
        }
        Ok(Self::of(files))
    }

    /// These files, for tests of a rule.
    #[must_use]
    pub fn of(mut files: Vec<Source>) -> Self {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        files.dedup_by(|one, other| one.path == other.path);
        Self { files }
    }

    /// All files, in order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &Source> {
        self.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The file with this path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Source> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|index| &self.files[index])
    }
}

/// The kinds of file that some check reads; everything else is data.
fn kind_is_read(path: &str) -> bool {
    let data = path.contains("/fixtures/") || (path.ends_with(".json") && !path.starts_with("deploy/"));
    !data && [".rs", ".md", ".toml", ".avsc", ".txt", ".yml", ".json"].iter().any(|end| path.ends_with(end))
}

/// The workspace's root: the folder above this crate.
fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}
