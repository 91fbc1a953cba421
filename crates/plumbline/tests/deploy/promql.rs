//! The part of PromQL that names the series of Plumbline in an expression.

/// A metric and the values that its labels must have.
#[derive(Debug)]
pub struct Selector {
    pub metric: String,
    /// Label, and its values; none for a variable of a dashboard, which matches any.
    pub labels: Vec<(String, Vec<String>)>,
}

/// Every metric of Plumbline that an expression names.
pub fn selectors(expression: &str) -> Vec<Selector> {
    let starts = |prefix| expression.match_indices(prefix).map(|(at, _)| at);
    starts("plumbline_").chain(starts("process_")).map(|at| selector(&expression[at..])).collect()
}

fn selector(text: &str) -> Selector {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (metric, rest) = text.split_at(end);
    let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
    let labels = inside.split(',').filter(|one| !one.trim().is_empty()).map(label).collect();
    Selector { metric: metric.to_owned(), labels }
}

/// `outcome="skipped"`, `band=~"far_below|far_above"`, `system!="other"`, `role=~"$role"`. Values with a comma or a brace are not used here.
fn label(matcher: &str) -> (String, Vec<String>) {
    let (name, value) = matcher.split_once('=').unwrap_or_else(|| panic!("{matcher} is no label = value"));
    let (name, value) = (name.trim_end_matches('!'), value.trim_start_matches('~').trim_matches('"'));
    let any = value.starts_with('$');
    let values = if any { Vec::new() } else { value.split('|').map(str::to_owned).collect() };
    (name.trim().to_owned(), values)
}

#[test]
fn selectors_are_read_with_their_labels() {
    let found = selectors(r#"max(plumbline_a_total{job=~"$job", x="1"}[1h]) / plumbline_b > bool plumbline_c{y=~"p|q",z!="r"}"#);
    let names: Vec<&str> = found.iter().map(|selector| selector.metric.as_str()).collect();
    assert_eq!(names, ["plumbline_a_total", "plumbline_b", "plumbline_c"]);
    assert_eq!(found[0].labels, [("job".to_owned(), vec![]), ("x".to_owned(), vec!["1".to_owned()])]);
    let [y, z] = [("y".to_owned(), vec!["p".to_owned(), "q".to_owned()]), ("z".to_owned(), vec!["r".to_owned()])];
    assert_eq!(found[2].labels, [y, z]);
}
