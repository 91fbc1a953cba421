//! The contracts say what the code does: every route, parameter, status and problem, and the JSON of every record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plumbline::contract::contract_files::contract_files;
use plumbline::http::contract::openapi::document;
use plumbline::http::problem::ProblemType;
use plumbline::http::routes::ROUTES;
use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples");

/// A value against a schema, by the words of JSON Schema that the contracts use. An unknown word fails.
fn faults(schema: &Value, value: &Value, at: &str, faults_so_far: &mut Vec<String>) {
    let mut fault = |text: String| faults_so_far.push(format!("{at}: {text}"));
    let schema = schema.as_object().expect("a schema is an object");
    for (word, rule) in schema {
        match word.as_str() {
            "$schema" | "$id" | "description" | "x-unit" | "format" | "minimum" | "pattern" => {}
            "type" => {
                let fits = |word: &str| match word {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("{at}: unknown type {other}"),
                };
                let words = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !words.iter().filter_map(Value::as_str).any(fits) {
                    fault(format!("{value} is no {rule}"));
                }
            }
            "const" if rule != value => fault(format!("{value} is not {rule}")),
            "const" => {}
            "enum" if !rule.as_array().expect("a list").contains(value) => fault(format!("{value} is none of {rule}")),
            "enum" => {}
            "required" => {
                for name in rule.as_array().expect("a list").iter().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        fault(format!("{name} is missing"));
                    }
                }
            }
            "properties" | "items" | "additionalProperties" => {}
            other => panic!("{at}: unknown word {other}"),
        }
    }
    if let Some(text) = value.as_str() {
        if schema.get("format") == Some(&json!("date-time")) && !(text.len() >= 20 && text.as_bytes()[10] == b'T') {
            faults_so_far.push(format!("{at}: {text} is no instant"));
        }
        let hexadecimal = schema.get("pattern") == Some(&json!("^[0-9a-f]{32}$"));
        if hexadecimal && (text.len() != 32 || !text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))) {
            faults_so_far.push(format!("{at}: {text} has no 32 digits"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(items) = schema.get("items") {
            faults(items, item, &format!("{at}[{index}]"), faults_so_far);
        }
    }
    for (name, part) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").and_then(|properties| properties.get(name));
        match known.or(schema.get("additionalProperties")) {
            Some(schema) => faults(schema, part, &format!("{at}.{name}"), faults_so_far),
            None if schema.contains_key("properties") => faults_so_far.push(format!("{at}: {name} is not in the schema")),
            None => {}
        }
    }
}

fn file(files: &BTreeMap<String, String>, path: &str) -> Value {
    serde_json::from_str(files.get(path).unwrap_or_else(|| panic!("{path} is no contract"))).expect("JSON")
}

fn contracts() -> BTreeMap<String, String> {
    contract_files().into_iter().collect()
}

#[test]
fn every_example_is_valid_by_its_schema_and_a_wrong_one_is_not() {
    let files = contracts();
    for (example, schema) in [
        ("scorecard", "scorecard"),
        ("peer-group", "peer-group"),
        ("run", "run"),
        ("encounter", "encounter-event"),
        ("prescription", "prescription-event"),
        ("feedback", "feedback-event"),
        ("order", "order-event"),
        ("observation", "observation-event"),
        ("retraction", "prescription-event"),
    ] {
        let schema = file(&files, &format!("json-schema/{schema}.schema.json"));
        let text = fs::read_to_string(format!("{EXAMPLES}/{example}.json")).expect("an example");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let mut found = Vec::new();
        faults(&schema, &value, example, &mut found);
        assert_eq!(found, Vec::<String>::new());
        let mut wrong = value;
        wrong["practice"] = json!(7);
        wrong["revision"] = json!("one");
        faults(&schema, &wrong, example, &mut found);
        assert!(!found.is_empty(), "{example}");
    }
}

#[test]
fn the_openapi_document_has_every_route_parameter_status_and_problem_and_no_other() {
    let document = document(&ROUTES);
    let operations = document["paths"].as_object().expect("paths").iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").iter().map(move |(method, operation)| (method.to_uppercase(), path, operation))
    });
    let mut seen = BTreeSet::new();
    let mut types = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations {
        let route = ROUTES.iter().find(|route| route.method == method && route.path == *path);
        let route = route.unwrap_or_else(|| panic!("{method} {path} is no route"));
        seen.insert((method.clone(), path.clone()));
        assert!(ids.insert(operation["operationId"].to_string()), "{path}");
        let names = |place: &str| {
            let of = operation["parameters"].as_array().expect("a list").iter().filter(|parameter| parameter["in"] == place);
            of.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect::<BTreeSet<_>>()
        };
        assert_eq!(names("query"), route.parameters.iter().map(|name| (*name).to_owned()).collect(), "{path}");
        assert_eq!(names("path"), route.path_parameters().map(str::to_owned).collect(), "{path}");
        for (status, answer) in operation["responses"].as_object().expect("answers") {
            let problems = &answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["type"]["enum"];
            for name in problems.as_array().into_iter().flatten().filter_map(Value::as_str) {
                let name = name.strip_prefix("urn:plumbline:problem:").expect("the prefix");
                let problem = ProblemType::ALL.into_iter().find(|one| one.words().0 == name).expect("a problem type");
                assert_eq!(problem.status().as_str(), status, "{path} {name}");
                types.insert(problem);
            }
        }
    }
    assert_eq!(seen.len(), ROUTES.len());
    // A path or a method that no route has belongs to no operation.
    let missing: Vec<_> = ProblemType::ALL.into_iter().filter(|problem| !types.contains(problem)).collect();
    assert_eq!(missing, [ProblemType::UnknownPath, ProblemType::MethodNotAllowed]);
    let all = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].as_array().map(Vec::len);
    assert_eq!(all, Some(ProblemType::ALL.len()));
}

#[test]
fn every_reference_leads_somewhere_and_two_runs_write_the_same_bytes() {
    let files = contracts();
    assert_eq!(files, contracts());
    for (path, text) in &files {
        assert!(text.ends_with("}\n") && !text.contains("/home"), "{path}");
        let value: Value = serde_json::from_str(text).expect("JSON");
        for reference in text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(value.pointer(reference).is_some(), "{path} refers to {reference}");
        }
    }
    let topics = file(&files, "asyncapi.json");
    for (topic, cleanup) in
        [("scorecards", "compact"), ("scorecard-revisions", "delete"), ("peer-groups", "compact"), ("runs", "delete")]
    {
        let kafka = &topics["channels"][topic]["bindings"]["kafka"];
        assert_eq!(kafka["topic"], format!("plumbline.{topic}"));
        assert_eq!(kafka["topicConfiguration"]["cleanup.policy"], json!([cleanup]));
        assert!(files.contains_key(&format!("odcs/{topic}.odcs.json")));
    }
}
