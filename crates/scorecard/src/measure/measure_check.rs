//! The rules for measure files beyond their grammar. Each mistake has the line to change and the cure.

use crate::measure::absent::AbsentField;
use crate::measure::amount::Amount;
use crate::measure::bnf::Classification;
use crate::measure::case_mix_adjustment::check_adjust;
use crate::measure::containment::{Containment, containment, is_readable};
use crate::measure::definition::{Class, Definition, Points, Saving, SideDefinition};
use crate::measure::kind::kinds::Kind;
use crate::measure::measure_mistake::Mistake;
use crate::measure::side_filters::idle_filters;

/// Longest id of a measure, in characters.
const LONGEST_ID: usize = 40;

/// Every mistake of a definition.
pub(crate) fn mistakes(definition: &Definition) -> Vec<Mistake> {
    let Definition { numerator, denominator, .. } = definition;
    let sides = [("numerator", numerator), ("denominator", denominator)];
    let mut found: Vec<Mistake> = [
        check_id(&definition.id),
        check_title(&definition.title),
        check_window(definition.window),
        check_scale(definition.scale),
        check_side("numerator", numerator),
        check_side("denominator", denominator),
        check_kind(definition),
        check_points(definition.points),
        check_saving(definition),
        check_adjust(&definition.adjust),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    let classification = Classification::of(definition.drug_classification());
    found.extend(sides.into_iter().flat_map(|(table, side)| idle_filters(table, side, classification)));
    // A side with mistakes of its own is not compared.
    if found.is_empty() {
        found.extend(check_containment(definition).err());
    }
    found
}

/// A proportion and a share are parts of a whole.
fn check_containment(definition: &Definition) -> Result<(), Mistake> {
    let Some(Containment::Refuted(key, why)) = containment_of(definition) else { return Ok(()) };
    let kind = if definition.kind == Kind::Share { "share" } else { "proportion" };
    let text = format!(
        "numerator: it {why}, so the {kind} may exceed 100 %; narrow the numerator, widen the denominator, or use another kind"
    );
    Err(Mistake { table: Some("numerator"), key, text })
}

/// The relation between the sides of a proportion or a share; `None` for another kind.
pub(crate) fn containment_of(definition: &Definition) -> Option<Containment> {
    let is_part = matches!(definition.kind, Kind::Proportion | Kind::Share);
    let is_readable = is_readable(&definition.numerator) && is_readable(&definition.denominator);
    (is_part && is_readable).then(|| containment(&definition.numerator, &definition.denominator))
}

fn top(key: &'static str, text: String) -> Result<(), Mistake> {
    Err(Mistake { table: None, key, text })
}

fn check_id(id: &str) -> Result<(), Mistake> {
    let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(named) {
        return top("id", format!("id {id:?} is not 1 to {LONGEST_ID} of a-z, 0-9 and _; write it like \"dna_rate\""));
    }
    Ok(())
}

fn check_title(title: &str) -> Result<(), Mistake> {
    if title.ends_with('?') {
        return Ok(());
    }
    top("title", format!("title {title:?} is not a question; write a question that ends with ?"))
}

fn check_window(window: u8) -> Result<(), Mistake> {
    if [3, 12].contains(&window) {
        return Ok(());
    }
    top("window", format!("window {window} is not 3 or 12; write the number of months of the headline, 3 or 12"))
}

fn check_scale(scale: f64) -> Result<(), Mistake> {
    if scale.is_finite() && scale > 0.0 {
        return Ok(());
    }
    top("scale", format!("scale {scale} is not a number above 0; 100.0 makes percent"))
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
            ("scale = 100.0", "adjust = [\"mode\"]\nscale = 100.0", "scale =", "write adjust = [\"age\", \"sex\"]"),
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
        let apart = brand.replace("\"0703021Q0\"", "\"0703\", \"~0703021Q0\"").replace("\"0703021Q0B\"", "\"07030210\"");
        assert!(MeasureSet::parse([("a.toml", GOOD), ("b.toml", apart.as_str())]).is_ok());
    }
}
