//! Where mutants are made and hunted: a copy of the workspace's sources with every edit of `tests/mutants.toml` in it, built once,
//! in which each mutant in turn happens until the verifier sees it in the topics.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Instant;

use promises::simulation::campaign::CI_SEEDS;
use promises::simulation::mutants::{CHOSEN, Mutant, MutantError, edited, parse};

/// A mutant that needs more of the seeds of `cargo test` than this asks for a better mix of faults.
const MOST_SEEDS: u64 = CI_SEEDS / 2;

/// What of the workspace a build of the simulation needs.
const NEEDED: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "bench", "house", "crates", "tests", "measures", "schemas"];

/// Why no mutant can be made.
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
        /// Why not.
        error: std::io::Error,
    },
    /// The edited copy cannot be built.
    #[error("the edited copy in {0} cannot be built: a mutant of tests/mutants.toml does not compile where it stands")]
    Build(String),
    /// A mutant's process ended otherwise than it may.
    #[error("mutant {name}: the simulation ended with {status}")]
    Ended {
        /// The mutant.
        name: String,
        /// How.
        status: String,
    },
}

/// Which seed gave a mutant away, by which promise.
type Detection = Option<(u64, String)>;

/// Makes all mutants and hunts each. Returns whether every one was found.
///
/// # Errors
/// [`WorkshopError`] when they cannot be made.
pub fn run() -> Result<bool, WorkshopError> {
    let begun = Instant::now();
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let list = root.join("tests/mutants.toml");
    let mutants = parse(&fs::read_to_string(&list).map_err(|error| file_error(&list, error))?)?;
    let program = build(&mutants, root)?;
    eprintln!("{} mutants made, {:.0} s", mutants.len(), begun.elapsed().as_secs_f64());
    let caught = hunt_all(&mutants, &program)?;
    println!("{:<30} {:<14} {:>5}  promise that gave it away", "mutant", "rule", "seeds");
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

/// Copies, edits and builds. Returns the simulation that holds all mutants.
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
        // Warnings of edited code say nothing, so the compiler is only heard when it refuses.
        eprint!("{}", String::from_utf8_lossy(&built.stderr));
        return Err(WorkshopError::Build(copy.display().to_string()));
    }
    let built = target.join("debug/examples").join(here.file_name().unwrap_or_default());
    let kept = copy.join("sim-with-mutants");
    fs::copy(&built, &kept).map_err(|error| file_error(&built, error))?;
    Ok(kept)
}

/// The workspace's own file with another version: two workspaces that share a target folder share whatever has the same name and
/// version, which is meant for the dependencies alone.
fn other_version(root: &Path) -> Result<String, WorkshopError> {
    let file = root.join("Cargo.toml");
    let text = fs::read_to_string(&file).map_err(|error| file_error(&file, error))?;
    Ok(text.replacen("\nversion = \"", "\nversion = \"99", 1))
}

/// Copies a file or folder, each file as `edited` says or as it is. One that is there already and the same stays untouched, so that
/// only what changed is built again.
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

/// Hunts all of them, as many at a time as there are cores.
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
