//! Reads files of the repository; YAML as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::support::Place;

/// The file or folder of this name from the repository's root.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

pub fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a YAML file.
pub fn documents(name: &str) -> Vec<Value> {
    let text = text(name);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    documents.iter().map(json).collect()
}

/// The one document of a YAML file.
pub fn document(name: &str) -> Value {
    let mut documents = documents(name);
    assert_eq!(documents.len(), 1, "{name} holds one document");
    documents.remove(0)
}

/// Files below a folder with this ending, by their names from the root.
pub fn below(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(below(&name, ending));
        } else if name.ends_with(ending) {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// The texts of a list; none where there is no list.
pub fn strings(list: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is not text")).to_owned();
    list.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
}

/// `plumbline check` accepts this configuration with these variables.
pub fn sound(config: &str, variables: &[(String, String)]) {
    let place = Place::new();
    let file = place.put("plumbline.toml", config);
    let mut check = Command::new(env!("CARGO_BIN_EXE_plumbline"));
    for of_the_suite in ["PLUMBLINE_TEST_DATA", "PLUMBLINE_KAFKA", "PLUMBLINE_PYTHON", "PLUMBLINE_PROMTOOL"] {
        check.env_remove(of_the_suite);
    }
    let output = check.args(["check", "--config"]).arg(file).envs(variables.iter().cloned()).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => Value::from(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => Value::from(value.as_ref()),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key_of(key), json(value))).collect::<Map<_, _>>())
        }
        other => panic!("aliases and tags are not used here: {other:?}"),
    }
}

fn key_of(key: &Yaml<'_>) -> String {
    key.as_str().unwrap_or_else(|| panic!("a key is text: {key:?}")).to_owned()
}

#[test]
fn every_yaml_file_of_the_deployment_opens() {
    let files = below("deploy", ".yml").into_iter().chain(below("deploy", ".yaml"));
    for name in files {
        assert!(!documents(&name).is_empty(), "{name} is empty");
    }
}
