//! The rules for measure files beyond their grammar. Each mistake has the line to change and the cure.

use crate::measure::absent::AbsentField;
use crate::measure::amount::Amount;
use crate::measure::definition::{Class, Definition, Points, Saving, SideDefinition};

/// Longest id of a measure, in characters.
const LONGEST_ID: usize = 40;

/// A mistake in a measure file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The table of its key; `None` is the top of the file.
    pub table: Option<&'static str>,
    /// The key to change.
    pub key: &'static str,
    /// The problem and the cure. For an element of a list, the element itself.
    pub text: String,
}

/// The line of a file, from 1, with the key of a mistake, or with the text of the mistake inside the key's value. If the file lacks
/// the key: the line of the table, or `None`.
pub(crate) fn line_of(file: &str, mistake: &Mistake) -> Option<usize> {
    let header = mistake.table.map(|table| format!("[{table}]"));
    let mut inside = header.is_none();
    let (mut table_line, mut key_line) = (None, None);
    for (line, number) in file.lines().map(str::trim_start).zip(1..) {
        if line.starts_with('[') && !line.starts_with("[\"") {
            inside = header.as_deref().is_some_and(|header| line.starts_with(header));
            table_line = if inside { Some(number) } else { table_line };
        }
        let keyed = line.strip_prefix(mistake.key).is_some_and(|rest| rest.trim_start().starts_with('='));
        if inside && keyed {
            key_line = Some(number);
        }
        let quoted = format!("\"{}", mistake.text);
        if inside && key_line.is_some() && !mistake.text.is_empty() && line.contains(&quoted) {
            return Some(number);
        }
    }
    key_line.or(table_line)
}

/// Checks a definition.
///
/// # Errors
/// The first [`Mistake`].
pub(crate) fn check(definition: &Definition) -> Result<(), Mistake> {
    check_top(definition)?;
    check_side("numerator", &definition.numerator)?;
    check_side("denominator", &definition.denominator)?;
    check_kind(definition)?;
    check_points(definition.points)?;
    check_saving(definition)
}

fn top(key: &'static str, text: String) -> Result<(), Mistake> {
    Err(Mistake { table: None, key, text })
}

fn check_top(definition: &Definition) -> Result<(), Mistake> {
    let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let id = &definition.id;
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(named) {
        return top("id", format!("id {id:?} is not 1 to {LONGEST_ID} of a-z, 0-9 and _; write it like \"dna_rate\""));
    }
    if !definition.title.ends_with('?') {
        return top("title", format!("title {:?} is not a question; write a question that ends with ?", definition.title));
    }
    if ![3, 12].contains(&definition.window) {
        return top(
            "window",
            format!("window {} is not 3 or 12; write the number of months of the headline, 3 or 12", definition.window),
        );
    }
    if !(definition.scale.is_finite() && definition.scale > 0.0) {
        return top("scale", format!("scale {} is not a number above 0; 100.0 makes percent", definition.scale));
    }
    Ok(())
}

fn check_points(points: Option<Points>) -> Result<(), Mistake> {
    match points {
        Some(Points { available, .. }) if !(available.is_finite() && available > 0.0) => top(
            "points",
            format!("points.available {available} is not a number above 0; remove points for a measure without points"),
        ),
        Some(Points { lower: Some(lower), upper: Some(upper), .. }) if lower == upper => top(
            "points",
            format!(
                "points.lower and points.upper are both {lower}; write two different values, because points are earned between them"
            ),
        ),
        Some(Points { lower: Some(_), upper: None, .. } | Points { lower: None, upper: Some(_), .. }) => top(
            "points",
            "points have only one of lower and upper; write both, or remove both to use the quarter's thresholds".to_owned(),
        ),
        _ => Ok(()),
    }
}

/// The statistics of a kind hold only for the amounts that its rules allow.
fn check_kind(definition: &Definition) -> Result<(), Mistake> {
    let rules = definition.kind.rules();
    rules.check_amounts(definition.numerator.amount, definition.denominator.amount).or_else(|text| top("kind", text.to_owned()))
}

fn check_saving(definition: &Definition) -> Result<(), Mistake> {
    let (n, d) = (&definition.numerator, &definition.denominator);
    let wrong = |text: &str| top("saving", text.to_owned());
    match definition.saving {
        Some(Saving::Ratio) if n.amount != Amount::Quantity || d.amount != Amount::Quantity => {
            wrong("saving = \"ratio\" needs amount = \"quantity\" on both sides")
        }
        Some(Saving::PerExposure | Saving::PricePerUnit) if n.amount != Amount::Cost => {
            wrong("this saving compares costs; write amount = \"cost\" in the numerator")
        }
        _ => Ok(()),
    }
}

fn check_side(table: &'static str, side: &SideDefinition) -> Result<(), Mistake> {
    let wrong = |key, text: &str| Err(Mistake { table: Some(table), key, text: format!("{table}: {text}") });
    let encounter = matches!(side.event, Class::Activity | Class::Attendance);
    if uses_drug(side) && side.event != Class::Prescription {
        return wrong("event", "codes, over, weights, generic, repeat and amounts of drugs need event = \"prescription\"");
    }
    let uses_encounter = !side.modes.is_empty() || !side.statuses.is_empty() || side.lag_days.is_some();
    if (uses_encounter || side.minutes.is_some() || side.amount == Amount::Minutes) && !encounter {
        return wrong("event", "modes, statuses, minutes and lag_days need event = \"attendance\" or \"activity\"");
    }
    let asks = !side.questions.is_empty() || !side.top_answers.is_empty();
    if (!side.answers.is_empty() || side.question.is_some() || asks) && side.event != Class::Feedback {
        return wrong("event", "answers and questions need event = \"feedback\"");
    }
    if side.top_answer.is_some() && side.question.is_none() {
        return wrong("top_answer", "top_answer needs a question; add the key question");
    }
    if !side.categories.is_empty() && side.event != Class::Order {
        return wrong("event", "categories need event = \"order\"");
    }
    if (side.amount == Amount::Weight) == side.weights.is_empty() {
        return wrong("amount", "amount = \"weight\" needs weights, and weights need it; write both or neither");
    }
    if (side.amount == Amount::Answers) != asks || !(side.questions.is_empty() || side.top_answers.is_empty()) {
        return wrong(
            "amount",
            "amount = \"answers\" needs one of questions and top_answers, and they need it; write both or neither",
        );
    }
    check_absent(table, side)
}

/// A treatment is for a field that the side needs.
fn check_absent(table: &'static str, side: &SideDefinition) -> Result<(), Mistake> {
    let mut idle = AbsentField::ALL.into_iter().filter(|&field| side.absent.named(field).is_some() && !side.needs(field));
    let Some(field) = idle.next() else { return Ok(()) };
    let name = field.name();
    let text = format!("{table}: absent names {name}, but neither the amount nor a filter of the side uses it; remove it");
    Err(Mistake { table: Some(table), key: "absent", text })
}

fn uses_drug(side: &SideDefinition) -> bool {
    let amount = matches!(side.amount, Amount::Items | Amount::Quantity | Amount::Cost | Amount::Adq | Amount::Weight);
    let filter = !side.codes.is_empty() || !side.over.is_empty() || !side.weights.is_empty();
    filter || amount || side.generic.is_some() || side.repeat.is_some()
}

#[cfg(test)]
mod tests {
    use crate::measure::measure_set::MeasureSet;

    const GOOD: &str = include_str!("../../../../measures/desogestrel_branded.toml");

    /// The error for the file after replacing one text with another.
    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "the file has no {from:?}");
        let text = GOOD.replacen(from, to, 1);
        MeasureSet::parse([("x.toml", text.as_str())]).expect_err("a mistake").to_string()
    }

    /// The file and line of a text.
    fn line(text: &str) -> String {
        let number = GOOD.lines().position(|line| line.contains(text)).expect("the text") + 1;
        format!("x.toml:{number}: ")
    }

    #[test]
    fn mistakes_are_named_with_their_line_and_a_cure() {
        let cases = [
            ("id = \"desogestrel_branded\"", "id = \"Brand!\"", "id =", "a-z"),
            ("kind = \"share\"", "kind = \"proportion\"", "kind =", "use kind = \"share\""),
            ("scale = 100.0", "scale = 0.0", "scale =", "above 0"),
            ("points = { available = 5.0 }", "points = { available = 5.0, lower = 1.0 }", "points =", "write both"),
        ];
        for (from, to, key, cure) in cases {
            let text = error_of(from, to);
            assert!(text.starts_with(&line(key)) && text.contains(cure), "{text}");
        }
    }

    #[test]
    fn a_filter_element_is_named_on_its_own_line() {
        let text = error_of("codes = [\"0703021Q0B\"]", "codes = [\n  \"0703021Q0B\",\n  \"07.03\",\n]");
        let number: usize = GOOD.lines().position(|line| line.starts_with("codes")).expect("codes") + 3;
        assert!(text.starts_with(&format!("x.toml:{number}: ")) && text.contains("07.03"), "{text}");
    }

    #[test]
    fn a_field_that_is_unknown_or_missing_is_named_with_line_and_column() {
        assert!(error_of("scale = 100.0", "scales = 100.0").contains("scales"));
        assert!(error_of("direction = \"low\"\n", "").contains("direction"));
    }

    #[test]
    fn two_measures_with_a_saving_on_the_same_code_are_an_error() {
        let brand = GOOD.replacen("id = \"desogestrel_branded\"", "id = \"contraceptives\"", 1);
        let wider = brand.replace("\"0703021Q0\"", "\"0703\", \"~0703021Q0A\"");
        for other in [&brand, &wider] {
            let both = [("a.toml", GOOD), ("b.toml", other.as_str())];
            let text = MeasureSet::parse(both).expect_err("an overlap").to_string();
            assert!(text.contains("contraceptives and desogestrel_branded both estimate a saving on 0703021Q0"), "{text}");
        }
        let apart = brand.replace("\"0703021Q0\"", "\"0703\", \"~0703021Q0\"");
        assert!(MeasureSet::parse([("a.toml", GOOD), ("b.toml", apart.as_str())]).is_ok());
    }
}
