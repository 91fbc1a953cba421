//! Answers questions to the verdict layer: one JSON object a line on standard input, `{"question": "z", "in": {...}}`, and one answer a
//! line on standard output, `{"out": {...}}` or `{"error": "..."}`.
//!
//! `crates/scorecard/reference/verdicts.py` asks it hundreds of random questions and compares the answers with its own.

#[path = "../tests/verdicts/answers.rs"]
mod answers;

use std::error::Error;
use std::io::{BufRead, stdin};

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Question {
    question: String,
    #[serde(rename = "in")]
    input: Map<String, Value>,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let Question { question, input } = serde_json::from_str(&line?)?;
        let answer = match answers::answer(&question, &input) {
            Ok(out) => json!({"out": out}),
            Err(error) => json!({"error": error.to_string()}),
        };
        println!("{answer}");
    }
    Ok(())
}
