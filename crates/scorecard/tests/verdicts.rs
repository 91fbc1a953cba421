//! Cases of the verdict layer that an independent implementation computed in 40 digits.
//!
//! `crates/scorecard/reference/verdict_cases.py` wrote tests/verdicts/cases.txt from that implementation's files. Each line is a question,
//! a name, inputs and outputs. Outputs agree to 1e-9 of their value, and z to 1e-9.

mod verdicts {
    pub mod answers;
}

use serde_json::{Map, Value};
use verdicts::answers::answer;

const CASES: &str = include_str!("verdicts/cases.txt");

/// Number of cases in the file.
const COUNT: usize = 341;

/// Largest difference of outputs, of their value or of 1 for those that may be 0.
const TOLERANCE: f64 = 1e-9;

/// Outputs on the scale of z, whose difference counts and not its share of the value.
const ON_SCALE_OF_Z: [&str; 4] = ["z", "z_scale", "improvement", "place"];

struct Case<'a> {
    question: &'a str,
    id: &'a str,
    input: Map<String, Value>,
    output: Map<String, Value>,
}

fn case(line: &str) -> Case<'_> {
    let (asked, expected) = line.split_once("-> ").expect("an arrow");
    let mut words = asked.split_whitespace();
    let (question, id) = (words.next().expect("a question"), words.next().expect("a name"));
    Case { question, id, input: words.map(field).collect(), output: expected.split_whitespace().map(field).collect() }
}

fn field(word: &str) -> (String, Value) {
    let (name, value) = word.split_once('=').expect("name=value");
    (name.to_owned(), serde_json::from_str(value).expect("JSON"))
}

/// Points below this are none. Their formula cancels all digits there, also in the 40 of the cases.
const LEAST_POINTS: f64 = 1e-100;

/// Whether an output is near enough to the expected one.
fn near(name: &str, found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| near(name, found, expected))
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().expect("a number"), expected.as_f64().expect("a number"));
            let size = match name {
                _ if ON_SCALE_OF_Z.contains(&name) => 1.0,
                "points" => expected.abs().max(LEAST_POINTS),
                _ => expected.abs(),
            };
            (found - expected).abs() <= TOLERANCE * size
        }
        _ => found == expected,
    }
}

/// Outputs of a case that are wrong.
fn mistakes(case: &Case<'_>) -> Vec<String> {
    let found = match answer(case.question, &case.input) {
        Ok(found) => found,
        Err(error) => return vec![format!("{} {}: {error}", case.question, case.id)],
    };
    let wrong = case.output.iter().filter(|(name, expected)| !near(name, &found[name.as_str()], expected));
    let said = |(name, expected): (&String, &Value)| {
        format!("{} {}: {name} is {}, not {expected}", case.question, case.id, found[name.as_str()])
    };
    wrong.map(said).collect()
}

#[test]
fn every_case_of_the_independent_implementation_comes_out() {
    let cases: Vec<Case<'_>> = CASES.lines().map(case).collect();
    assert_eq!(cases.len(), COUNT);
    assert!(cases.iter().all(|case| !case.output.is_empty()));
    let mistakes: Vec<String> = cases.iter().flat_map(mistakes).collect();
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

#[test]
fn a_changed_output_is_a_mistake() {
    let line = CASES.lines().find(|line| line.starts_with("z ")).expect("a case of z");
    let mut changed = case(line);
    assert_eq!(mistakes(&changed), Vec::<String>::new());
    let z = changed.output["z"].as_f64().expect("z");
    changed.output.insert("z".to_owned(), Value::from(z + 2e-9));
    assert_eq!(mistakes(&changed).len(), 1);
}
