//! Lists the measure files of the repository for `src/measure_files.rs`, so that an added file is compiled in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let measures = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../measures");
    println!("cargo::rerun-if-changed={}", measures.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&measures)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", measures.display()))
        .map(|entry| entry.expect("the folder was just opened").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.canonicalize().expect("the file was just listed"))
        .collect();
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.file_name().expect("a file that was listed has a name").to_string_lossy();
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.display().to_string()).expect("a String takes all");
    }
    list.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("measure_files.rs");
    fs::write(&out, list).unwrap_or_else(|error| panic!("{} cannot be written: {error}", out.display()));
}
