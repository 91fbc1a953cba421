//! Prose in the fields of schemas and measure files.

/// Text of the first string of a field, and its line: `"doc": "..."` of an Avro schema.
pub fn of_schema(text: &str) -> Vec<(usize, String)> {
    text.match_indices("\"doc\": \"").map(|(at, name)| (line_of(text, at), string(&text[at + name.len()..]))).collect()
}

/// The fields of a measure file that a clinician reads.
const MEASURE_FIELDS: [&str; 3] = ["rationale", "says", "title"];

/// Text and line of each field of a measure file that a clinician reads. Such a field is one line.
pub fn of_measure(text: &str) -> Vec<(usize, String)> {
    let field = |line: &str| {
        let (name, value) = line.split_once(" = \"")?;
        MEASURE_FIELDS.contains(&name).then(|| string(value))
    };
    text.lines().enumerate().filter_map(|(index, line)| field(line).map(|text| (index + 1, text))).collect()
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// The text up to the quote that closes it.
fn string(text: &str) -> String {
    let mut out = String::new();
    let mut escaped = false;
    for letter in text.chars() {
        match letter {
            '"' if !escaped => break,
            '\\' if !escaped => escaped = true,
            _ => {
                out.push(letter);
                escaped = false;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{of_measure, of_schema};

    #[test]
    fn docs_of_a_schema_are_read_with_their_lines() {
        let schema = "{\"name\": \"Card\", \"doc\": \"A \\\"card\\\".\",\n \"unit\": \"doc\", \"doc\": \"Two.\"}";
        assert_eq!(of_schema(schema), [(1, "A \"card\".".to_owned()), (2, "Two.".to_owned())]);
    }

    #[test]
    fn prose_of_a_measure_is_read_and_its_source_is_not() {
        let measure = "title = \"How many?\"\nsource = \"what\"\n[[examples]]\nsays = \"two count\"\n";
        assert_eq!(of_measure(measure), [(1, "How many?".to_owned()), (4, "two count".to_owned())]);
    }
}
