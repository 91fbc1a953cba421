//! An independent reader of measure files: the filter of each side and its addition of an event.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::oracle::codes::CodeFilter;
use crate::oracle::sendings::Needs;

/// The definition of a measure, without prose and fields that only decide about display.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Measure {
    pub id: String,
    #[serde(deserialize_with = "known_kind")]
    pub kind: String,
    pub scale: f64,
    pub direction: String,
    #[serde(default = "twelve")]
    pub window: i32,
    #[serde(default = "ten")]
    pub minimum: i64,
    pub unknown_limit_percent: Option<i64>,
    pub unknown_status_limit_percent: Option<i64>,
    pub numerator: Side,
    pub denominator: Side,
    pub saving: Option<String>,
    /// The properties of patients for which it adjusts.
    #[serde(default)]
    adjust: Vec<String>,
}

fn twelve() -> i32 {
    12
}

fn ten() -> i64 {
    10
}

/// The filter and the amount of a numerator or a denominator.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Side {
    pub event: String,
    pub amount: Option<String>,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    over: Vec<Over>,
    #[serde(default)]
    weights: BTreeMap<String, f64>,
    generic: Option<bool>,
    pub repeat: Option<bool>,
    #[serde(default)]
    pub modes: Vec<String>,
    #[serde(default)]
    pub statuses: Vec<String>,
    pub minutes: Option<[i64; 2]>,
    pub lag_days: Option<[i64; 2]>,
    #[serde(default)]
    pub answers: Vec<String>,
    pub question: Option<String>,
    pub top_answer: Option<String>,
    #[serde(default)]
    pub questions: Vec<String>,
    #[serde(default)]
    pub top_answers: BTreeMap<String, String>,
    #[serde(default)]
    pub categories: Vec<String>,
    /// The treatment of absent fields by their names: `unknown` or `out`.
    #[serde(default)]
    absent: BTreeMap<String, String>,
    /// The parsed form of `codes`.
    #[serde(skip)]
    filter: Option<CodeFilter>,
    #[serde(skip)]
    thresholds: Vec<(CodeFilter, i128)>,
}

#[derive(Clone, Debug, Deserialize)]
struct Over {
    codes: Vec<String>,
    quantity: f64,
}

/// The kinds that the oracle computes.
const KINDS: [&str; 5] = ["proportion", "rate", "mean", "share", "amount"];

/// Reads the kind of a measure. An unknown kind is an error, so that the oracle never computes it with the formulas of another kind.
fn known_kind<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let kind = String::deserialize(from)?;
    if KINDS.contains(&kind.as_str()) {
        return Ok(kind);
    }
    Err(serde::de::Error::custom(format!("the oracle has no formulas for kind {kind:?}; add them in crates/sim/src/oracle")))
}

/// A text that is not a measure file.
#[derive(Debug, thiserror::Error)]
#[error("measure file {0} cannot be read by the oracle: {1}; it reads what `plumbline measures check` accepts")]
pub struct BadMeasureFile(String, toml::de::Error);

impl Measure {
    /// Reads a file from its name and text.
    pub(crate) fn read(name: &str, text: &str) -> Result<Measure, BadMeasureFile> {
        let mut measure: Measure = toml::from_str(text).map_err(|e| BadMeasureFile(name.to_owned(), e))?;
        for side in [&mut measure.numerator, &mut measure.denominator] {
            side.filter = if side.codes.is_empty() { None } else { Some(CodeFilter::read(&side.codes)) };
            side.thresholds = side.over.iter().map(|over| (CodeFilter::read(&over.codes), thousandths(over.quantity))).collect();
        }
        Ok(measure)
    }

    /// Whether it adjusts for age and sex.
    pub(crate) fn adjusts(&self) -> bool {
        !self.adjust.is_empty()
    }

    /// Whether it adjusts, and a side counts events of this kind.
    pub(crate) fn adjusts_kind(&self, kind: &str) -> bool {
        let of_kind = |side: &Side| match side.event.as_str() {
            "attendance" | "activity" => kind == "encounter",
            event => kind == event,
        };
        self.adjusts() && (of_kind(&self.numerator) || of_kind(&self.denominator))
    }

    /// The kinds of data that both sides need.
    pub(crate) fn kinds(&self) -> Needs {
        let (mut needs, mut denominator) = (Needs::default(), Needs::default());
        self.numerator.add_kinds(&mut needs);
        needs.numerator.clone_from(&needs.each);
        self.denominator.add_kinds(&mut denominator);
        needs.each.extend(denominator.each);
        needs
    }

    /// The value of integer sums, in the measure's unit.
    pub(crate) fn value(&self, n: i128, d: i128) -> f64 {
        self.value_of_ratio(real(n) / real(d))
    }

    /// The value of a ratio, in the measure's unit.
    pub(crate) fn value_of_ratio(&self, ratio: f64) -> f64 {
        ratio * self.denominator.units() / self.numerator.units() * self.scale
    }
}

/// An integer as a real.
pub(crate) fn real(value: i128) -> f64 {
    value as f64
}

/// A decimal with up to three places, times 1000.
#[expect(clippy::cast_possible_truncation, reason = "thresholds, weights and quantities are far below 2^53")]
pub(crate) fn thousandths(value: f64) -> i128 {
    (value * 1000.0).round() as i128
}

impl Side {
    /// Integer units in one unit of the amount.
    pub(crate) fn units(&self) -> f64 {
        match self.amount.as_deref() {
            Some("quantity" | "adq") => 1_000.0,
            Some("weight") => 1_000_000.0,
            _ => 1.0,
        }
    }

    fn add_kinds(&self, needs: &mut Needs) {
        let orders = [("imaging", "imaging"), ("referral", "referrals"), ("test", "tests")];
        match self.event.as_str() {
            "attendance" | "activity" => drop(needs.each.insert("attendance")),
            "prescription" => drop(needs.each.insert("prescriptions")),
            "feedback" => drop(needs.each.insert("feedback")),
            _ if self.categories.is_empty() => needs.any.extend(orders.map(|(_, kind)| kind)),
            _ => {
                let counted = orders.into_iter().filter(|(category, _)| self.categories.iter().any(|one| one == category));
                needs.each.extend(counted.map(|(_, kind)| kind));
            }
        }
        let fields = [("cost", "costs"), ("quantity", "quantities"), ("minutes", "minutes"), ("lag_days", "booking")];
        let needed = self.needs();
        needs.each.extend(fields.into_iter().filter(|(field, _)| needed.contains(field)).map(|(_, kind)| kind));
    }

    /// Whether an event without this field, other than a code, is unknown to this side.
    pub(crate) fn knows_no(&self) -> bool {
        self.needs().into_iter().any(|field| self.is_unknown_without(field))
    }

    /// Whether items of unmapped drugs are unknown to this side: it has a filter of codes.
    pub(crate) fn filters_codes(&self) -> bool {
        let filters = !self.codes.is_empty() || !self.over.is_empty() || !self.weights.is_empty() || self.generic.is_some();
        filters && self.is_unknown_without("code")
    }

    /// The fields that an event must have for this side.
    pub(crate) fn needs(&self) -> Vec<&'static str> {
        let mut needs = Vec::new();
        match self.amount.as_deref() {
            Some("cost") => needs.push("cost"),
            Some("adq") => needs.push("adq"),
            Some("quantity" | "weight") => needs.push("quantity"),
            Some("minutes") => needs.push("minutes"),
            _ => {}
        }
        needs.extend((!self.over.is_empty()).then_some("quantity"));
        needs.extend(self.minutes.map(|_| "minutes"));
        needs.extend(self.lag_days.map(|_| "lag_days"));
        needs
    }

    /// Whether an event without this field is unknown. Otherwise it is out of both sides.
    pub(crate) fn is_unknown_without(&self, field: &str) -> bool {
        match self.absent.get(field).map(String::as_str) {
            Some(word) => word == "unknown",
            None => !matches!(field, "minutes" | "lag_days"),
        }
    }

    /// Whether the filter matches a drug with this code (`None`: no known code) and this quantity in thousandths of this number
    /// of items. An absent quantity is above every threshold: the caller treats it.
    pub(crate) fn takes_drug(&self, code: Option<&str>, quantity: Option<i128>, items: i128) -> bool {
        let Some(code) = code else {
            return self.codes.is_empty() && self.over.is_empty() && self.weights.is_empty() && self.generic.is_none();
        };
        let generic = code.get(9..11) == Some("AA");
        let over = match self.thresholds.iter().find(|(codes, _)| codes.takes(code)) {
            Some((_, least)) => quantity.is_none_or(|quantity| quantity > least * items),
            None => self.thresholds.is_empty(),
        };
        over && self.filter.as_ref().is_none_or(|codes| codes.takes(code))
            && self.generic.is_none_or(|wanted| wanted == generic)
            && (self.weights.is_empty() || self.weights.contains_key(code))
    }

    /// The weight of one unit of quantity of this code, in thousandths.
    pub(crate) fn weight(&self, code: Option<&str>) -> i128 {
        code.and_then(|code| self.weights.get(code)).map_or(0, |weight| thousandths(*weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_COURSE: &str = r#"
        id = "uti_long_course"
        kind = "proportion"
        scale = 100.0
        direction = "low"
        [numerator]
        event = "prescription"
        amount = "items"
        over = [{ codes = ["0501080W0%AE"], quantity = 6 }, { codes = ["0501130R0%AG"], quantity = 6.5 }]
        [denominator]
        event = "prescription"
        amount = "quantity"
        codes = ["0501080W0%AE", "0501130R0%AG"]
    "#;

    #[test]
    fn over_counts_codes_with_a_greater_quantity_an_item() {
        let m = Measure::read("x", LONG_COURSE).expect("a measure");
        let takes = |code, quantity, items| m.numerator.takes_drug(Some(code), Some(quantity), items);
        assert!(!takes("0501080W0AAAEAE", 6_000, 1));
        assert!(takes("0501080W0AAAEAE", 6_001, 1));
        assert!(!takes("0501080W0AAAEAE", 12_000, 2));
        assert!(!takes("0501130R0AAAGAG", 6_500, 1));
        assert!(takes("0501130R0AAAGAG", 7_000, 1));
        assert!(!takes("0501013B0AAABAB", 90_000, 1));
        assert!(!m.numerator.takes_drug(None, Some(90_000), 1));
    }

    #[test]
    fn values_are_in_the_measures_unit() {
        let m = Measure::read("x", LONG_COURSE).expect("a measure");
        // One item over 4,000 thousandths: one over four, in percent.
        assert!((m.value(1, 4_000) - 25.0).abs() < 1e-12);
    }

    #[test]
    fn the_oracle_reads_every_measure_of_the_repository() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures");
        let mut read = 0;
        for file in std::fs::read_dir(folder).expect("the folder of measures") {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert_eq!(Measure::read(&name, &text).expect("a measure").id, name);
            read += 1;
        }
        assert!(read >= 11);
    }
}
