//! No patient's number leaves `replay`: numbers are planted in every text of every input format, and in names of files and folders. They
//! are in no output and in no file that it writes. Only a code field keeps its digits, in the log.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use promises::patient_planter::{Planter, specimens};

/// All files below a folder.
fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder that was written") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The bytes without SNOMED codes. The log keeps a code as it was sent, and some SNOMED codes have ten digits that are a valid number.
fn without_codes(bytes: &[u8]) -> Vec<u8> {
    const SYSTEM: &[u8] = b"snomed|";
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(SYSTEM.len()).position(|found| found == SYSTEM) {
        kept.extend_from_slice(&rest[..at]);
        rest = &rest[at + SYSTEM.len()..];
        rest = &rest[rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    }
    kept.extend_from_slice(rest);
    kept
}

#[test]
fn no_output_of_replay_holds_a_planted_number() {
    let mut planter = Planter::default();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(format!("export-{}", planter.number()));
    fs::create_dir(&folder).unwrap();
    let mut lines: Vec<u8> = Vec::new();
    for (n, specimen) in specimens().iter().enumerate() {
        let mut inputs = vec![specimen.to_string().into_bytes()];
        inputs.extend(planter.each_text(specimen).into_iter().map(String::into_bytes));
        inputs.extend(planter.broken(specimen));
        for input in inputs {
            lines.extend(input);
            lines.push(b'\n');
        }
        if n % 4 == 3 {
            fs::write(folder.join(format!("{n}-{}.ndjson", planter.number())), &lines).unwrap();
            lines.clear();
        }
    }
    fs::write(folder.join("rest.ndjson"), &lines).unwrap();
    let out = home.path().join("out");
    let mut replay = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    let done = replay.arg("replay").arg(&folder).arg("--out").arg(&out).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let mut leaked: BTreeSet<(String, String)> = BTreeSet::new();
    let mut search = |name: &str, bytes: &[u8]| {
        leaked.extend(planter.found(bytes).into_iter().map(|number| (name.to_owned(), number)));
    };
    search("stdout", &done.stdout);
    search("stderr", &done.stderr);
    let written = files(&out);
    for path in &written {
        search(&path.display().to_string(), path.file_name().unwrap().as_encoded_bytes());
        search(&path.display().to_string(), &without_codes(&fs::read(path).unwrap()));
    }
    assert_eq!(leaked, BTreeSet::new(), "of {} planted", planter.planted.len());
    assert!(planter.planted.len() > 800);
    let lines = |name: &str| fs::read_to_string(out.join(name)).unwrap().lines().count();
    assert!(lines("scorecards.ndjson") > 3 && lines("clinician-months.ndjson") > 3 && lines("rejects.ndjson") > 200);
}
