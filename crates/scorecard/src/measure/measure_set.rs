//! Measures ready for counting: reads and checks measure files, matches codes, and computes values from sums.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use crate::measure::absent::{AbsentField, AbsentRule};
use crate::measure::bnf::{BadFilter, BnfFilter};
use crate::measure::code_book::CodeBook;
use crate::measure::containment::Containment;
use crate::measure::definition::DEFAULT_CLASSIFICATION;
use crate::measure::measure_check::{containment_of, mistakes};
use crate::measure::measure_mistake::{Mistake, line_of};

pub use crate::measure::amount::Amount;
pub use crate::measure::definition::{
    Class, Definition, Direction, Domain, Example, Giant, Over, Points, Saving, SideDefinition,
};
use crate::measure::integer_units::IntegerUnits;
pub use crate::measure::kind::kinds::Kind;
use crate::measure::reference_network::{BadReference, ReferenceNetwork};

/// A side of a measure with compiled filters.
#[derive(Clone, Debug)]
pub struct CompiledSide {
    /// The side's definition.
    pub definition: SideDefinition,
    codes: Option<BnfFilter>,
    over: Vec<(BnfFilter, u64)>,
    weights: BTreeMap<String, u32>,
}

/// The effect of a code on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeMatch {
    /// If set, a prescription matches only if the quantity of one item, in thousandths, is above this.
    pub over_milli: Option<u64>,
    /// Weight of one unit of quantity, in thousandths.
    pub weight_milli: u32,
}

impl CompiledSide {
    fn new(definition: &SideDefinition) -> Result<CompiledSide, MeasureFault> {
        let filter = |codes: &[String]| BnfFilter::parse(codes.iter().map(String::as_str)).map_err(MeasureFault::Filter);
        let codes = if definition.codes.is_empty() { None } else { Some(filter(&definition.codes)?) };
        let over = definition
            .over
            .iter()
            .map(|o| Ok((filter(&o.codes)?, u64::from(thousandths(o.quantity)?))))
            .collect::<Result<_, MeasureFault>>()?;
        let weights = definition
            .weights
            .iter()
            .map(|(code, weight)| Ok((code.clone(), thousandths(*weight)?)))
            .collect::<Result<_, MeasureFault>>()?;
        Ok(CompiledSide { definition: definition.clone(), codes, over, weights })
    }

    /// The treatment of an event that lacks these fields. `None` if the side needs none of them.
    #[must_use]
    pub fn absent(&self, lacks: impl Fn(AbsentField) -> bool) -> Option<AbsentRule> {
        let lacking = AbsentField::ALL.into_iter().filter(|&field| field != AbsentField::Code && lacks(field));
        let needed = lacking.filter(|&field| self.definition.needs(field));
        // One unknown field makes the event unknown, whatever else it lacks.
        needed.map(|field| self.definition.absent.rule(field)).min_by_key(|rule| *rule as u8)
    }

    /// The effect of this code on the side. `None` if it does not match. The code `None` is an unmapped drug.
    #[must_use]
    pub fn match_code(&self, code: Option<&str>) -> Option<CodeMatch> {
        let free = self.codes.is_none() && self.over.is_empty() && self.weights.is_empty() && self.definition.generic.is_none();
        let Some(code) = code else {
            return free.then_some(CodeMatch { over_milli: None, weight_milli: 0 });
        };
        if self.codes.as_ref().is_some_and(|codes| !codes.matches(code)) {
            return None;
        }
        if self.definition.generic.is_some_and(|generic| generic != is_generic(code)) {
            return None;
        }
        let over_milli = match self.over.iter().find(|(codes, _)| codes.matches(code)) {
            Some((_, quantity)) => Some(*quantity),
            None if self.over.is_empty() => None,
            None => return None,
        };
        let weight_milli = match self.weights.get(code) {
            Some(weight) => *weight,
            None if self.weights.is_empty() => 0,
            None => return None,
        };
        Some(CodeMatch { over_milli, weight_milli })
    }
}

/// The key of a distinct side: its definition, and the other side of its measure where that one can take a fact out of both.
fn side_key(side: &SideDefinition, other: &SideDefinition) -> String {
    let write = |side: &SideDefinition| toml::to_string(side).expect("every definition can be written");
    let takes_out =
        side.event == other.event && AbsentField::ALL.into_iter().any(|field| field != AbsentField::Code && other.needs(field));
    if takes_out && side != other { format!("{}\0{}", write(side), write(other)) } else { write(side) }
}

/// A code on which both measures would estimate a saving. `None` if their codes do not overlap.
fn shared_cost(a: &Measure, b: &Measure) -> Option<String> {
    let (a, b) = (a.cost_side()?, b.cost_side()?);
    let apart = |x: Option<bool>, y: Option<bool>| x.zip(y).is_some_and(|(x, y)| x != y);
    if apart(a.definition.repeat, b.definition.repeat) || apart(a.definition.generic, b.definition.generic) {
        return None;
    }
    match (&a.codes, &b.codes) {
        (Some(a), Some(b)) => a.overlap(b),
        (Some(one), None) | (None, Some(one)) => one.overlap(one),
        (None, None) => Some("every drug".to_owned()),
    }
}

/// Characters 10 and 11 of a generic presentation are `AA`.
fn is_generic(code: &str) -> bool {
    code.get(9..11) == Some("AA")
}

/// Largest decimal of a measure file in thousandths: 4,000,000, which fits into 32 bits.
const MOST_THOUSANDTHS: f64 = 4_000_000_000.0;

/// A decimal of a measure file in thousandths.
fn thousandths(value: f64) -> Result<u32, MeasureFault> {
    let scaled = value * 1000.0;
    if !(0.0..=MOST_THOUSANDTHS).contains(&scaled) || (scaled - scaled.round()).abs() > 1e-6 {
        return Err(MeasureFault::Decimal(value.to_string()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was just checked")]
    Ok(scaled.round() as u32)
}

/// One measure, ready for counting.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The definition from its file.
    pub definition: Definition,
    /// The numerator.
    pub numerator: CompiledSide,
    /// The denominator.
    pub denominator: CompiledSide,
    /// Integer units of both sides, and the scale of the value.
    pub units: IntegerUnits,
}

impl Measure {
    /// Value, in the measure's unit, of a numerator and a denominator in integer units. `None` if the denominator is 0.
    #[must_use]
    pub fn value(&self, n: i64, d: i64) -> Option<f64> {
        (d != 0).then(|| self.value_of_ratio(n as f64 / d as f64))
    }

    /// Value in the measure's unit of a ratio of integer units.
    #[must_use]
    pub fn value_of_ratio(&self, ratio: f64) -> f64 {
        self.units.value_of_ratio(ratio)
    }

    /// The side whose cost includes the saving: the denominator of a ratio saving, else the numerator.
    fn cost_side(&self) -> Option<&CompiledSide> {
        Some(match self.definition.saving? {
            Saving::Ratio => &self.denominator,
            Saving::PerExposure | Saving::PricePerUnit => &self.numerator,
        })
    }

    /// The side whose cost includes the saving; `None` without a saving. These sides of two measures of a set never overlap.
    #[must_use]
    pub fn costs(&self) -> Option<&SideDefinition> {
        self.cost_side().map(|side| &side.definition)
    }

    /// Why the check of the file could not prove that the numerator lies within the denominator. `None` where it did, and for a kind that
    /// is no part of a whole.
    #[must_use]
    pub fn unproven_containment(&self) -> Option<String> {
        match containment_of(&self.definition)? {
            Containment::Open(why) => Some(why),
            Containment::Proven | Containment::Refuted(..) => None,
        }
    }

    /// Fingerprint of the definition without its prose.
    #[must_use]
    pub fn fingerprint(&self) -> u128 {
        xxh3_128(meaning(&self.definition).as_bytes())
    }

    /// `id@version`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.definition.id, self.definition.version)
    }
}

/// Fingerprint of a measure set: XXH3-128 over its definitions without their prose, the hash of its code book, and that of its reference
/// network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetHash(pub u128);

impl std::fmt::Display for SetHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The measures of a deployment in order of their ids.
#[derive(Clone, Debug)]
pub struct MeasureSet {
    measures: Vec<Arc<Measure>>,
    codes: Arc<CodeBook>,
    sides: Vec<SideDefinition>,
    /// The numbers of each measure's numerator and denominator in `sides`.
    side_numbers: Vec<[usize; 2]>,
    questions: BTreeSet<String>,
    reference: Option<Arc<ReferenceNetwork>>,
    hash: SetHash,
}

/// An invalid measure file. The message names the file, the mistake and the cure.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {fault}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct BadMeasure {
    /// The file's name.
    pub file: String,
    /// The line of the mistake, from 1, unless the fault's own text names it.
    pub line: Option<usize>,
    /// The mistake.
    pub fault: MeasureFault,
}

/// A mistake in a measure file.
#[derive(Debug, thiserror::Error)]
pub enum MeasureFault {
    /// Not TOML, or a field is missing, unknown or of the wrong type. The text has line and column.
    #[error("{0}")]
    Toml(Box<toml::de::Error>),
    /// An invalid filter element.
    #[error("{0}")]
    Filter(#[from] BadFilter),
    /// A decimal that is negative, too large, or has more than three decimals.
    #[error("{0} is out of range; write a number from 0 to 4000000 with at most three decimals")]
    Decimal(String),
    /// Two files define one measure.
    #[error("measure {0:?} is defined twice; change the id of one of them")]
    Twice(String),
    /// A combination of fields that has no meaning.
    #[error("{0}")]
    Meaning(String),
    /// Two measures name different classifications of drugs.
    #[error(
        "the measure reads codes of {needed:?}, and {other} reads codes of {named:?}; use one classification in a set: keep one, or \
         drop the built-in measures"
    )]
    Classifications {
        /// The measure before it.
        other: String,
        /// Its classification.
        named: String,
        /// The classification of this measure.
        needed: String,
    },
    /// Two measures would count the same cost twice in the sum of savings.
    #[error("{id} and {other} both estimate a saving on {code}; remove `saving` from one of them, or exclude the code from one")]
    Overlap {
        /// This measure.
        id: String,
        /// The measure before it.
        other: String,
        /// The code that both count.
        code: String,
    },
}

impl From<toml::de::Error> for MeasureFault {
    fn from(error: toml::de::Error) -> MeasureFault {
        MeasureFault::Toml(Box::new(error))
    }
}

impl MeasureFault {
    /// The key of the mistake in the table of a side.
    fn key(&self) -> &'static str {
        match self {
            MeasureFault::Decimal(_) => "over",
            _ => "codes",
        }
    }

    /// The invalid element of a filter.
    fn element(&self) -> Option<String> {
        match self {
            MeasureFault::Filter(BadFilter::Element(element)) => Some(element.clone()),
            _ => None,
        }
    }
}

impl MeasureSet {
    /// Reads measure files, each as (file name, text).
    ///
    /// # Errors
    /// [`BadMeasure`] for the first invalid file.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<MeasureSet, BadMeasure> {
        let mut by_id: BTreeMap<String, Arc<Measure>> = BTreeMap::new();
        for (file, text) in files {
            let bad = |(line, fault)| BadMeasure { file: file.to_owned(), line, fault };
            let first = |mut faults: Vec<_>| bad(faults.remove(0));
            let measure = parse_one(text).map_err(first)?;
            let needed = measure.definition.needed_classification();
            let other = by_id.values().find_map(|other| Some((other, other.definition.needed_classification()?)));
            if let Some((other, (named, needed))) = other.zip(needed).map(|((other, named), needed)| (other, (named, needed)))
                && named != needed
            {
                let (other, named, needed) = (other.definition.id.clone(), named.to_owned(), needed.to_owned());
                return Err(bad((None, MeasureFault::Classifications { other, named, needed })));
            }
            if let Some((other, code)) = by_id.values().find_map(|other| Some((other, shared_cost(other, &measure)?))) {
                let overlap =
                    MeasureFault::Overlap { id: measure.definition.id.clone(), other: other.definition.id.clone(), code };
                return Err(bad((None, overlap)));
            }
            let id = measure.definition.id.clone();
            if by_id.insert(id.clone(), Arc::new(measure)).is_some() {
                return Err(bad((None, MeasureFault::Twice(id))));
            }
        }
        let measures: Vec<Arc<Measure>> = by_id.into_values().collect();
        let classification = measures.iter().find_map(|measure| measure.definition.needed_classification());
        let codes = Arc::new(CodeBook::new(classification.unwrap_or(DEFAULT_CLASSIFICATION)));
        let hash = fingerprint(&measures, &codes, None);
        let (sides, side_numbers) = distinct_sides(&measures);
        let questions = asked_questions(&measures);
        Ok(MeasureSet { measures, codes, sides, side_numbers, questions, reference: None, hash })
    }

    /// Every mistake of one file that is no conflict with another file.
    #[must_use]
    pub fn mistakes(file: &str, text: &str) -> Vec<BadMeasure> {
        let bad = |(line, fault)| BadMeasure { file: file.to_owned(), line, fault };
        parse_one(text).err().unwrap_or_default().into_iter().map(bad).collect()
    }

    /// The classification of the drug codes of the set's filters; `None` if no filter reads one.
    #[must_use]
    pub fn classification(&self) -> Option<&str> {
        self.measures.iter().find_map(|measure| measure.definition.needed_classification())
    }

    /// The same measures with another code book. The hash changes with the book's meanings.
    #[must_use]
    pub fn with_codes(mut self, codes: CodeBook) -> MeasureSet {
        self.codes = Arc::new(codes);
        self.hash = fingerprint(&self.measures, &self.codes, self.reference.as_deref());
        self
    }

    /// The same measures with a reference network for small roles. The hash changes with its figures. Groups of measures that are not in
    /// use stay unused.
    ///
    /// # Errors
    /// [`BadReference`] for a measure of another version or definition.
    pub fn with_reference(mut self, reference: ReferenceNetwork) -> Result<MeasureSet, BadReference> {
        for group in &reference.groups {
            let id = group.measure.split_once('@').map_or(&*group.measure, |(id, _)| id);
            let Some(index) = self.index_of(id) else { continue };
            let used = &self.measures[index];
            if used.name() != *group.measure {
                return Err(BadReference::Version { found: group.measure.clone(), used: used.name() });
            }
            if format!("{:032x}", used.fingerprint()) != group.definition {
                return Err(BadReference::Definition(group.measure.clone()));
            }
        }
        self.reference = Some(Arc::new(reference));
        self.hash = fingerprint(&self.measures, &self.codes, self.reference.as_deref());
        Ok(self)
    }

    /// The network that roles with fewer than 20 members are compared with.
    #[must_use]
    pub fn reference(&self) -> Option<&ReferenceNetwork> {
        self.reference.as_deref()
    }

    /// The book that decides what the codes of events mean.
    #[must_use]
    pub fn codes(&self) -> &CodeBook {
        &self.codes
    }

    /// The distinct sides: sides of one definition have one number, so that a row holds their signed sums once. The number of a side
    /// is its index here and in [`crate::sums::measure_sums::Sums::signed_of`].
    #[must_use]
    pub fn sides(&self) -> &[SideDefinition] {
        &self.sides
    }

    /// Whether a measure that counts contributions of this class adjusts for its patients.
    #[must_use]
    pub fn adjusts(&self, class: Class) -> bool {
        let adjusted = self.measures.iter().map(|measure| &measure.definition).filter(|definition| definition.is_adjusted());
        adjusted
            .into_iter()
            .any(|definition| [&definition.numerator, &definition.denominator].iter().any(|side| side.event == class))
    }

    /// The numbers of the numerator and the denominator of the measure at this index.
    #[must_use]
    pub fn sides_of(&self, measure: usize) -> [usize; 2] {
        self.side_numbers[measure]
    }

    /// Whether a measure counts answers to this question.
    #[must_use]
    pub fn asks(&self, question: &str) -> bool {
        self.questions.contains(question)
    }

    /// A set of definitions that no file holds. They pass the same checks as measure files.
    ///
    /// # Errors
    /// [`BadMeasure`] for the first definition that breaks a rule; it names the definition `<id>.toml`.
    pub fn of(definitions: &[Definition]) -> Result<MeasureSet, BadMeasure> {
        let write = |definition: &Definition| toml::to_string(definition).expect("every definition can be written");
        let files: Vec<(String, String)> = definitions.iter().map(|d| (format!("{}.toml", d.id), write(d))).collect();
        MeasureSet::parse(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))
    }

    /// The measures in order of their ids. The index is also the index in [`crate::sums::measure_sums::Sums`].
    #[must_use]
    pub fn measures(&self) -> &[Arc<Measure>] {
        &self.measures
    }

    /// The set's fingerprint.
    #[must_use]
    pub fn hash(&self) -> SetHash {
        self.hash
    }

    /// The index of the measure with this id.
    #[must_use]
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.measures.binary_search_by(|m| m.definition.id.as_str().cmp(id)).ok()
    }
}

/// The measure of a file, or every mistake in it.
fn parse_one(text: &str) -> Result<Measure, Vec<(Option<usize>, MeasureFault)>> {
    let definition: Definition = toml::from_str(text).map_err(|e| vec![(None, MeasureFault::from(e))])?;
    let meaning = |mistake: Mistake| (line_of(text, &mistake), MeasureFault::Meaning(mistake.text));
    let mut found: Vec<_> = mistakes(&definition).into_iter().map(meaning).collect();
    let mut side = |table: &'static str, side: &SideDefinition| {
        let compiled = CompiledSide::new(side).map_err(|fault| {
            let at = Mistake { table: Some(table), key: fault.key(), text: fault.element().unwrap_or_default() };
            (line_of(text, &at), fault)
        });
        compiled.map_err(|fault| found.push(fault)).ok()
    };
    let sides = side("numerator", &definition.numerator).zip(side("denominator", &definition.denominator));
    match sides {
        Some((numerator, denominator)) if found.is_empty() => {
            let units = IntegerUnits::new(definition.numerator.amount, definition.denominator.amount, definition.scale);
            Ok(Measure { definition, numerator, denominator, units })
        }
        _ => Err(found),
    }
}

fn distinct_sides(measures: &[Arc<Measure>]) -> (Vec<SideDefinition>, Vec<[usize; 2]>) {
    let mut sides = Vec::new();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |side: &SideDefinition, other: &SideDefinition| {
        *numbers.entry(side_key(side, other)).or_insert_with(|| {
            sides.push(side.clone());
            sides.len() - 1
        })
    };
    let of = |measure: &Arc<Measure>| {
        let (n, d) = (&measure.definition.numerator, &measure.definition.denominator);
        [number(n, d), number(d, n)]
    };
    let side_numbers = measures.iter().map(of).collect();
    (sides, side_numbers)
}

fn asked_questions(measures: &[Arc<Measure>]) -> BTreeSet<String> {
    let sides = measures.iter().flat_map(|measure| [&measure.definition.numerator, &measure.definition.denominator]);
    let asked = |side: &SideDefinition| {
        let several = side.questions.iter().chain(side.top_answers.keys()).cloned();
        side.question.iter().cloned().chain(several).collect::<Vec<String>>()
    };
    sides.flat_map(asked).collect()
}

/// A definition without its prose. Only the first action of a measure in the clinician's own control is on a card.
fn meaning(definition: &Definition) -> String {
    let shown = usize::from(definition.controllable);
    let bare = Definition {
        actions: definition.actions.iter().take(shown).cloned().collect(),
        balancing: None,
        title: String::new(),
        rationale: String::new(),
        source: String::new(),
        changes: Vec::new(),
        examples: Vec::new(),
        ..definition.clone()
    };
    toml::to_string(&bare).expect("every parsed definition can be written")
}

fn fingerprint(measures: &[Arc<Measure>], codes: &CodeBook, reference: Option<&ReferenceNetwork>) -> SetHash {
    let mut text = String::new();
    for measure in measures {
        text.push_str(&meaning(&measure.definition));
        text.push('\0');
    }
    text.push_str(&format!("codes {:032x}", codes.hash()));
    if let Some(reference) = reference {
        text.push_str(&format!("\0reference {:032x}", reference.fingerprint()));
    }
    SetHash(xxh3_128(text.as_bytes()))
}
