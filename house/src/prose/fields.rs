//! Prose in fields of files that are not prose: schemas, measures, manifests, alerts and dashboards.

/// Line and text of each field of this name in JSON: `"doc": "..."` of an Avro schema.
pub fn of_json(text: &str, name: &str) -> Vec<(usize, String)> {
    let opening = format!("\"{name}\": \"");
    text.match_indices(&opening).map(|(at, found)| (line_of(text, at), string(&text[at + found.len()..]))).collect()
}

/// Line and text of each field of these names in TOML. Such a field is one line.
pub fn of_toml(text: &str, names: &[&str]) -> Vec<(usize, String)> {
    let field = |line: &str| {
        let (name, value) = line.split_once(" = \"")?;
        names.contains(&name).then(|| string(value))
    };
    text.lines().enumerate().filter_map(|(index, line)| field(line).map(|text| (index + 1, text))).collect()
}

/// Line and text of each annotation of an alert, in YAML. A text of several lines is indented below its name.
pub fn of_alerts(text: &str) -> Vec<(usize, String)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let annotation = |(index, line): (usize, &&str)| {
        let named = line.trim_start();
        let value = named.strip_prefix("summary: ").or_else(|| named.strip_prefix("description: "))?;
        let below = lines[index + 1..].iter().take_while(|below| indent(below) > indent(line));
        let words = std::iter::once(value.trim_matches(['"', '>', '|', '-'])).chain(below.map(|below| below.trim()));
        Some((index + 1, words.collect::<Vec<_>>().join(" ").trim().to_owned()))
    };
    lines.iter().enumerate().filter_map(annotation).collect()
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
    use super::{of_alerts, of_json, of_toml};

    #[test]
    fn docs_of_a_schema_are_read_with_their_lines() {
        let schema = "{\"name\": \"Card\", \"doc\": \"A \\\"card\\\".\",\n \"unit\": \"doc\", \"doc\": \"Two.\"}";
        assert_eq!(of_json(schema, "doc"), [(1, "A \"card\".".to_owned()), (2, "Two.".to_owned())]);
    }

    #[test]
    fn annotations_of_alerts_are_read_over_several_lines() {
        let rules = "      - alert: Down\n        annotations:\n          summary: \"It is down\"\n          description: >-\n            No answer\n            came.\n      - alert: Up\n";
        assert_eq!(of_alerts(rules), [(3, "It is down".to_owned()), (4, "No answer came.".to_owned())]);
    }

    #[test]
    fn prose_of_a_measure_is_read_and_its_source_is_not() {
        let measure = "title = \"How many?\"\nsource = \"what\"\n[[examples]]\nsays = \"two count\"\n";
        assert_eq!(of_toml(measure, &["title", "says"]), [(1, "How many?".to_owned()), (4, "two count".to_owned())]);
    }
}
