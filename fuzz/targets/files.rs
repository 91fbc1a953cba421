//! Any text in a file that an operator writes: a measure, a registry, a configuration. It is accepted, or its mistakes are named.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plumbline::command::config_show;
use plumbline::config::config_file::{self, ConfigError, ConfigSources};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::registry::registry_file::parse_registry;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match MeasureSet::parse([("a.toml", text)]) {
        Ok(set) => assert_eq!(set.measures().len(), 1),
        Err(bad) => assert!(bad.to_string().contains("a.toml"), "{bad}"),
    }
    if let Err(mistakes) = parse_registry(text) {
        assert!(mistakes.iter().all(|mistake| !mistake.to_string().is_empty()) && !mistakes.is_empty());
    }
    configuration(text);
});

fn configuration(text: &str) {
    let file: PathBuf = FOLDER.path().join("plumbline.toml");
    std::fs::write(&file, text).expect("a file in a temporary folder");
    match config_file::read(&ConfigSources { file: Some(file), ..ConfigSources::default() }) {
        Ok(config) => assert!(config_show::shown(&config).contains("listen")),
        Err(ConfigError::Mistakes(mistakes)) => {
            assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| !mistake.text.is_empty()));
        }
        Err(unreadable) => panic!("{unreadable}"),
    }
}
