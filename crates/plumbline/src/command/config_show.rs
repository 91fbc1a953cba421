//! `config show`: a configuration as TOML, each value with its description and its source, and the limits that are no options.

use std::fmt::Write;

use crate::config::options::{Config, OPTIONS, OptionView, ValueOrigin};
use crate::process::limits::fixed_limits;
use crate::terminal::layout::{DEFAULT_COLUMNS, wrapped};

/// Every option as `key = "value"  # source`, after its description. An option without a value is a comment.
#[must_use]
pub fn shown(config: &Config) -> String {
    let mut text = String::new();
    for one in &config.shown {
        let help = OPTIONS.iter().find(|option| option.key == one.key).map(|option| option.help);
        if let Some(help) = help {
            writeln!(text, "{}", hanging_comment(help)).expect("a String takes all");
        }
        let absent = if one.value.is_empty() && one.origin == ValueOrigin::Default { "# " } else { "" };
        let value = serde_json::Value::from(one.value.as_str());
        let open = if is_open_versioning(one) { ": the first event of the feed decides; see GET /v1/feeds" } else { "" };
        writeln!(text, "{absent}{} = {value}  # {}{open}", one.key, one.origin).expect("a String takes all");
    }
    text.push_str("\n# Limits of requests, which are no options:\n");
    for (name, value, beyond) in fixed_limits() {
        writeln!(text, "{}", hanging_comment(&format!("{name}: {value}; beyond it: {beyond}"))).expect("a String takes all");
    }
    text
}

/// Whether this is the versioning of a feed that the configuration leaves open.
fn is_open_versioning(one: &OptionView) -> bool {
    one.value.is_empty() && one.key.starts_with("feeds.") && one.key.ends_with(".versioning")
}

/// A description as lines of comment.
fn hanging_comment(help: &str) -> String {
    wrapped(help, DEFAULT_COLUMNS - 2).lines().map(|line| format!("# {}", line.trim_start())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::config_file::{ConfigSources, read};

    #[test]
    fn the_limits_of_requests_are_shown() {
        let text = shown(&read(&ConfigSources::default()).unwrap());
        for line in
            ["http.max-elements = \"10000\"  # default", "# pace of a body: 32 KiB a second, after 10 s; beyond it: status 408"]
        {
            assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
        }
    }

    #[test]
    fn the_output_can_be_read_back_as_the_same_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("one.toml");
        std::fs::write(&file, "zone = \"UTC\"\n[publish]\nevery = \"1h\"\n[feeds.\"the.surgery\"]\npractice = \"A81001\"\n")
            .unwrap();
        let given = |file| ConfigSources { file: Some(file), ..ConfigSources::default() };
        let first = read(&given(file)).unwrap();
        let again = dir.path().join("two.toml");
        std::fs::write(&again, shown(&first)).unwrap();
        let second = read(&given(again)).unwrap();
        let values = |config: &Config| config.shown.iter().map(|one| (one.key.clone(), one.value.clone())).collect::<Vec<_>>();
        assert_eq!(values(&first), values(&second));
    }
}
