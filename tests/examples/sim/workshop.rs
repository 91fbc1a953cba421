//! The mutants: a copy of the workspace's sources with every edit of `tests/mutants.toml`, built once. Each mutant in turn is
//! switched on until the verifier sees it in the topics.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Instant;

use promises::simulation::campaign::CI_SEEDS;
use promises::simulation::mutants::{CHOSEN, Mutant, MutantError, edited, parse};

/// Seeds of `cargo test` after which a mutant counts as survived. A mutant that needs more needs a better mix of faults.
const MOST_SEEDS: u64 = CI_SEEDS / 2;

/// The parts of the workspace that a build of the simulation needs.
const NEEDED: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "bench", "house", "crates", "tests", "measures", "schemas"];

/// Why the mutants cannot be built or run.
#[derive(Debug, thiserror::Error)]
pub enum WorkshopError {
    /// The list does not fit the code.
    #[error(transparent)]
    List(#[from] MutantError),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// The error of the system.
        error: std::io::Error,
    },
    /// The edited copy cannot be built.
    #[error("the edited copy in {0} does not build: a mutant of tests/mutants.toml does not compile in its place")]
    Build(String),
    /// A mutant's process ended with an unexpected status.
    #[error("mutant {name}: the simulation ended with {status}")]
    Ended {
        /// The mutant.
        name: String,
        /// The status.
        status: String,
    },
}

/// The seed that showed a mutant, and the promise that it broke.
type Detection = Option<(u64, String)>;

/// Builds all mutants and runs each. Returns whether the verifier found every one.
///
/// # Errors
/// [`WorkshopError`] when they cannot be built or run.
pub fn run() -> Result<bool, WorkshopError> {
    let begun = Instant::now();
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let list = root.join("tests/mutants.toml");
    let mutants = parse(&fs::read_to_string(&list).map_err(|error| file_error(&list, error))?)?;
    let program = build(&mutants, root)?;
    eprintln!("{} mutants built, {:.0} s", mutants.len(), begun.elapsed().as_secs_f64());
    let caught = hunt_all(&mutants, &program)?;
    println!("{:<30} {:<14} {:>5}  broken promise", "mutant", "rule", "seeds");
    let mut survivors = 0;
    for (mutant, caught) in mutants.iter().zip(&caught) {
        let (seeds, promise) = match caught {
            Some((seed, promise)) => ((seed + 1).to_string(), promise.as_str()),
            None => ("-".to_owned(), "SURVIVES"),
        };
        survivors += usize::from(caught.is_none());
        println!("{:<30} {:<14} {seeds:>5}  {promise}", mutant.name, mutant.rule);
    }
    println!("\n{survivors} of {} mutants survive {MOST_SEEDS} seeds, {:.0} s", mutants.len(), begun.elapsed().as_secs_f64());
    Ok(survivors == 0)
}

fn file_error(path: &Path, error: std::io::Error) -> WorkshopError {
    WorkshopError::File { path: path.display().to_string(), error }
}

/// Copies, edits and builds. Returns the path of the simulation with all mutants.
fn build(mutants: &[Mutant], root: &Path) -> Result<PathBuf, WorkshopError> {
    let here = std::env::current_exe().map_err(|error| file_error(Path::new("the simulation itself"), error))?;
    // target/PROFILE/examples/sim
    let target = here.ancestors().nth(3).unwrap_or(root).to_owned();
    let copy = target.join("mutants");
    let mut edits = edited(mutants, root)?;
    edits.insert("Cargo.toml".to_owned(), other_version(root)?);
    fs::create_dir_all(&copy).map_err(|error| file_error(&copy, error))?;
    for name in NEEDED {
        copy_into(root, &copy, Path::new(name), &|path| edits.get(&*path.to_string_lossy()).cloned())?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The whole workspace selects the features of `cargo test --workspace`, so that the builds share the dependencies.
    let arguments = ["build", "--quiet", "--workspace", "--example", "sim"];
    let built = Command::new(cargo).args(arguments).env("CARGO_TARGET_DIR", &target).current_dir(&copy).output();
    let built = built.map_err(|error| file_error(Path::new("cargo"), error))?;
    if !built.status.success() {
        // Warnings of edited code mean nothing, so the compiler's output is shown only when it fails.
        eprint!("{}", String::from_utf8_lossy(&built.stderr));
        return Err(WorkshopError::Build(copy.display().to_string()));
    }
    let built = target.join("debug/examples").join(here.file_name().unwrap_or_default());
    let kept = copy.join("sim-with-mutants");
    fs::copy(&built, &kept).map_err(|error| file_error(&built, error))?;
    Ok(kept)
}

/// The workspace's own file with another version. Two workspaces that share a target folder share every package of the same name
/// and version, and only the dependencies may be shared.
fn other_version(root: &Path) -> Result<String, WorkshopError> {
    let file = root.join("Cargo.toml");
    let text = fs::read_to_string(&file).map_err(|error| file_error(&file, error))?;
    Ok(text.replacen("\nversion = \"", "\nversion = \"99", 1))
}

/// Copies a file or folder, with the edits of `edited`. A file with the same content stays untouched, so that cargo rebuilds only
/// changed files.
fn copy_into(from: &Path, to: &Path, path: &Path, edited: &dyn Fn(&Path) -> Option<String>) -> Result<(), WorkshopError> {
    let (source, target) = (from.join(path), to.join(path));
    if !source.exists() {
        return Ok(());
    }
    if source.is_dir() {
        fs::create_dir_all(&target).map_err(|error| file_error(&target, error))?;
        for entry in fs::read_dir(&source).map_err(|error| file_error(&source, error))? {
            let entry = entry.map_err(|error| file_error(&source, error))?;
            copy_into(from, to, &path.join(entry.file_name()), edited)?;
        }
        return Ok(());
    }
    let bytes = match edited(path) {
        Some(text) => text.into_bytes(),
        None => fs::read(&source).map_err(|error| file_error(&source, error))?,
    };
    if fs::read(&target).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(&target, bytes).map_err(|error| file_error(&target, error))
}

/// Runs all mutants, as many at a time as there are cores.
fn hunt_all(mutants: &[Mutant], program: &Path) -> Result<Vec<Detection>, WorkshopError> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (sender, ended) = channel();
    let mut caught: Vec<Detection> = vec![None; mutants.len()];
    std::thread::scope(|scope| {
        for _ in 0..cores {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = mutants.get(at) else { return };
                    if sender.send((at, hunt(mutant, at + 1, program))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (at, outcome) in ended {
            caught[at] = outcome?;
            let mutant = &mutants[at].name;
            eprintln!("{mutant}: {}", caught[at].as_ref().map_or("survives".to_owned(), |(seed, _)| format!("seed {seed}")));
        }
        Ok(caught)
    })
}

fn hunt(mutant: &Mutant, number: usize, program: &Path) -> Result<Detection, WorkshopError> {
    let hunted = Command::new(program)
        .args(["hunt", &MOST_SEEDS.to_string()])
        .env(CHOSEN, number.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| file_error(program, error))?;
    let text = String::from_utf8_lossy(&hunted.stdout);
    let caught = text.trim_end().split_once('\t').and_then(|(seed, promise)| Some((seed.parse().ok()?, promise.to_owned())));
    match (hunted.status.code(), caught) {
        (Some(0), Some(caught)) => Ok(Some(caught)),
        (Some(1), None) => Ok(None),
        _ => Err(WorkshopError::Ended { name: mutant.name.clone(), status: hunted.status.to_string() }),
    }
}
