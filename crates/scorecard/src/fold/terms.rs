//! The terms of a class of facts: the amounts that its facts add to each measure.
//!
//! A class is the content of a fact without its figures: code and repeat of a prescription, mode and attendance of an encounter, the
//! answers of feedback, the category of an order. The absent fields are part of the class.

use std::sync::Arc;

use crate::event::{Answer, Attendance, Category};
use crate::fold::content::{Content, EncounterContent, Figure, PrescriptionContent};
use crate::fold::fact::Shape;
use crate::fold::row_counters::Field;
use crate::fold::update_plan::{Condition, Multiple, Portion};
use crate::measure::absent::{AbsentField, AbsentRule};
use crate::measure::measure_set::{Amount, Class, CodeMatch, CompiledSide, Measure, MeasureSet};

/// The answers of one feedback, by the words of measure files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Answers {
    pub answer: Option<Answer>,
    pub items: Vec<(String, String)>,
    /// Whether it answers a known question. Another questionnaire counts nowhere.
    pub is_response: bool,
}

/// The portions that facts of a class add to one measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeasureTerm {
    pub measure: usize,
    pub numerator: Option<Portion>,
    pub denominator: Option<Portion>,
    /// Whether the facts lack a field that a side counts. Then they have no portion.
    pub is_unknown: bool,
}

/// One side's view of a class.
#[derive(Clone, Copy, Debug)]
enum SideTerm {
    /// The side does not count the class.
    Outside,
    /// The side counts this portion.
    Counts(Portion),
    /// The side would count the class, but its facts lack a field.
    Lacks(AbsentRule),
}

/// The terms of one class, without the figures of single facts.
#[derive(Debug)]
pub(crate) struct ClassTerms {
    /// Terms of the sums that belong to no measure.
    pub base: Vec<(Field, Figure)>,
    pub measures: Vec<MeasureTerm>,
}

/// The properties of a fact that decide its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactClass<'a> {
    pub content: &'a Content,
    /// The fact's own status.
    pub status: Attendance,
    pub shape: Shape,
    pub answers: Option<&'a Answers>,
}

/// The matches of a code in one measure.
#[derive(Clone, Copy, Debug)]
struct CodeTerm {
    measure: usize,
    numerator: Option<CodeMatch>,
    denominator: Option<CodeMatch>,
}

/// The measures that can count each kind of fact. A code is resolved once for all its events.
#[derive(Debug)]
pub(crate) struct Matches {
    measures: Arc<MeasureSet>,
    encounter: Vec<usize>,
    feedback: Vec<usize>,
    order: Vec<usize>,
    by_code: Vec<Box<[CodeTerm]>>,
}

impl FactClass<'_> {
    /// The number of its class among those of its kind.
    pub(crate) fn number(&self) -> u32 {
        match self.content {
            Content::Encounter(fields) => {
                let (status, shape) = (self.attendance() as u32, self.shape);
                let shaped = fields.mode as u32 | status << 3 | u32::from(shape.activity) << 5 | u32::from(shape.attendance) << 6;
                shaped | u32::from(fields.minutes.is_none()) << 7 | u32::from(fields.lag_days.is_none()) << 8
            }
            Content::Prescription(fields) => {
                let absent = u32::from(fields.cost_pence.is_none()) << 1
                    | u32::from(fields.adq_milli.is_none()) << 2
                    | u32::from(fields.quantity_milli.is_none()) << 3;
                fields.code.saturating_mul(16).saturating_add(absent | u32::from(fields.repeat))
            }
            Content::Feedback { answers } => *answers,
            Content::Order { category } => category.map_or(0, |known| known as u32 + 1),
            Content::Observation => 0,
        }
    }

    fn attendance(&self) -> Attendance {
        if self.shape.came { Attendance::Attended } else { self.status }
    }
}

impl Matches {
    pub(crate) fn new(measures: Arc<MeasureSet>) -> Matches {
        let using = |classes: &[Class]| {
            let uses = |m: &Measure| {
                classes.contains(&m.numerator.definition.event) || classes.contains(&m.denominator.definition.event)
            };
            (0..measures.measures().len()).filter(|&i| uses(&measures.measures()[i])).collect()
        };
        Matches {
            encounter: using(&[Class::Activity, Class::Attendance]),
            feedback: using(&[Class::Feedback]),
            order: using(&[Class::Order]),
            by_code: Vec::new(),
            measures,
        }
    }

    /// Resolves the code with the next number. `None` is an unmapped drug, or one that is no drug of the classification.
    pub(crate) fn add_code(&mut self, code: Option<&str>) {
        let resolve =
            |side: &CompiledSide| if side.definition.event == Class::Prescription { side.match_code(code) } else { None };
        let terms = self.measures.measures().iter().enumerate().filter_map(|(measure, m)| {
            let (numerator, denominator) = (resolve(&m.numerator), resolve(&m.denominator));
            (numerator.is_some() || denominator.is_some()).then_some(CodeTerm { measure, numerator, denominator })
        });
        self.by_code.push(terms.collect());
    }

    /// Gives the next number to a reference.
    pub(crate) fn add_reference(&mut self) {
        self.by_code.push(Box::default());
    }

    /// Number of resolved codes and references.
    pub(crate) fn codes(&self) -> usize {
        self.by_code.len()
    }

    /// The terms of this fact's class.
    pub(crate) fn terms(&self, one: FactClass<'_>) -> ClassTerms {
        let mut base = vec![(Field::Facts, Figure::One)];
        let measures = match one.content {
            Content::Prescription(fields) => {
                base.push((Field::Items, Figure::Items));
                base.extend(prescription_base(one.content, fields));
                self.prescription_terms(one.content, fields)
            }
            Content::Encounter(fields) => {
                base.extend(encounter_base(one));
                self.of_sides(&self.encounter, one.content, |side| encounter_portion(side, fields, one))
            }
            Content::Feedback { .. } => {
                base.push((Field::Responses, Figure::One));
                base.extend(one.answers.and_then(|a| a.answer).map(|answer| (Field::Answer(answer), Figure::One)));
                self.of_sides(&self.feedback, one.content, |side| feedback_portion(side, one.answers))
            }
            Content::Order { category } => self.of_sides(&self.order, one.content, |side| order_portion(side, *category)),
            Content::Observation => Vec::new(),
        };
        ClassTerms { base, measures }
    }

    fn prescription_terms(&self, content: &Content, fields: &PrescriptionContent) -> Vec<MeasureTerm> {
        let terms = self.by_code[fields.code as usize].iter().filter_map(|term| {
            let measure = &self.measures.measures()[term.measure];
            let side = |side: &CompiledSide, code: Option<CodeMatch>| {
                SideTerm::new(side, content, code.and_then(|code| prescription_portion(side, code, fields)))
            };
            MeasureTerm::of(term.measure, side(&measure.numerator, term.numerator), side(&measure.denominator, term.denominator))
        });
        terms.collect()
    }

    fn of_sides(
        &self,
        candidates: &[usize],
        content: &Content,
        portion: impl Fn(&CompiledSide) -> Option<Portion>,
    ) -> Vec<MeasureTerm> {
        let terms = candidates.iter().filter_map(|&index| {
            let measure = &self.measures.measures()[index];
            let side = |side: &CompiledSide| SideTerm::new(side, content, portion(side));
            MeasureTerm::of(index, side(&measure.numerator), side(&measure.denominator))
        });
        terms.collect()
    }
}

impl SideTerm {
    fn new(side: &CompiledSide, content: &Content, portion: Option<Portion>) -> SideTerm {
        let Some(portion) = portion else { return SideTerm::Outside };
        match side.absent(|field| content.lacks(field)) {
            Some(rule) => SideTerm::Lacks(rule),
            None => SideTerm::Counts(portion),
        }
    }

    fn portion(self) -> Option<Portion> {
        match self {
            SideTerm::Counts(portion) => Some(portion),
            SideTerm::Outside | SideTerm::Lacks(_) => None,
        }
    }
}

impl MeasureTerm {
    /// The term of both sides. A fact that lacks what one side counts leaves both. `None` if neither side counts the class.
    fn of(measure: usize, numerator: SideTerm, denominator: SideTerm) -> Option<MeasureTerm> {
        let lacks = |wanted| [numerator, denominator].iter().any(|side| matches!(side, SideTerm::Lacks(rule) if *rule == wanted));
        if lacks(AbsentRule::Unknown) {
            return Some(MeasureTerm { measure, numerator: None, denominator: None, is_unknown: true });
        }
        if lacks(AbsentRule::Out) {
            return None;
        }
        let (numerator, denominator) = (numerator.portion(), denominator.portion());
        let counts = numerator.is_some() || denominator.is_some();
        counts.then_some(MeasureTerm { measure, numerator, denominator, is_unknown: false })
    }
}

/// The terms of a prescription that say how many of its items lack something.
fn prescription_base(content: &Content, fields: &PrescriptionContent) -> Vec<(Field, Figure)> {
    let missing = [
        (fields.code == 0, Field::UnmappedItems),
        (content.lacks(AbsentField::Cost), Field::ItemsWithoutCost),
        (content.lacks(AbsentField::Adq), Field::ItemsWithoutAdq),
        (content.lacks(AbsentField::Quantity), Field::ItemsWithoutQuantity),
    ];
    missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, field)| (field, Figure::Items)).collect()
}

/// The terms of an encounter in sums that belong to no measure.
fn encounter_base(one: FactClass<'_>) -> Vec<(Field, Figure)> {
    match one.attendance() {
        Attendance::Unknown => vec![(Field::UnknownStatus, Figure::One)],
        Attendance::Noshow if one.shape.attendance => vec![(Field::NoshowPlannedMinutes, Figure::PlannedMinutes)],
        Attendance::Attended if one.shape.activity => vec![(Field::Encounters, Figure::One), (Field::Minutes, Figure::Minutes)],
        Attendance::Noshow | Attendance::Attended => Vec::new(),
    }
}

fn prescription_portion(side: &CompiledSide, code: CodeMatch, fields: &PrescriptionContent) -> Option<Portion> {
    let definition = &side.definition;
    if definition.repeat.is_some_and(|repeat| repeat != fields.repeat) {
        return None;
    }
    let amount = match definition.amount {
        Amount::Items => Multiple::of(Figure::Items),
        Amount::Quantity => Multiple::of(Figure::QuantityMilli),
        Amount::Cost => Multiple::of(Figure::CostPence),
        Amount::Adq => Multiple::of(Figure::AdqMilli),
        Amount::Weight => Multiple { figure: Figure::QuantityMilli, times: i64::from(code.weight_milli) },
        Amount::Count | Amount::Minutes | Amount::Answers => Multiple::ONE,
    };
    Some(Portion { amount, condition: code.over_milli.map(Condition::Over) })
}

fn encounter_portion(side: &CompiledSide, fields: &EncounterContent, one: FactClass<'_>) -> Option<Portion> {
    let definition = &side.definition;
    let status = one.attendance();
    let there = match definition.event {
        Class::Activity => one.shape.activity && status == Attendance::Attended,
        Class::Attendance => one.shape.attendance && status != Attendance::Unknown,
        Class::Prescription | Class::Feedback | Class::Order => false,
    };
    let fits = there
        && (definition.statuses.is_empty() || definition.statuses.contains(&status))
        && (definition.modes.is_empty() || definition.modes.contains(&fields.mode));
    let bounded = definition.minutes.is_some() || definition.lag_days.is_some();
    fits.then(|| Portion {
        amount: if definition.amount == Amount::Minutes { Multiple::of(Figure::Minutes) } else { Multiple::ONE },
        condition: bounded.then_some(Condition::Within { minutes: definition.minutes, lag_days: definition.lag_days }),
    })
}

fn feedback_portion(side: &CompiledSide, answers: Option<&Answers>) -> Option<Portion> {
    let definition = &side.definition;
    let answers = answers.filter(|_| definition.event == Class::Feedback)?;
    let counted = |times| Portion { amount: Multiple { figure: Figure::One, times }, condition: None };
    if definition.amount == Amount::Answers {
        let counts = |(asked, given): &&(String, String)| {
            definition.questions.contains(asked) || definition.top_answers.get(asked).is_some_and(|top| top == given)
        };
        let found = answers.items.iter().filter(counts).count();
        return i64::try_from(found).ok().filter(|found| *found > 0).map(counted);
    }
    if !definition.answers.is_empty() && !answers.answer.is_some_and(|a| definition.answers.contains(&a)) {
        return None;
    }
    if let Some(question) = &definition.question {
        let (_, answer) = answers.items.iter().find(|(asked, _)| asked == question)?;
        if definition.top_answer.as_ref().is_some_and(|top| top != answer) {
            return None;
        }
    }
    Some(counted(1))
}

fn order_portion(side: &CompiledSide, category: Option<Category>) -> Option<Portion> {
    let (definition, category) = (&side.definition, category?);
    let fits =
        definition.event == Class::Order && (definition.categories.is_empty() || definition.categories.contains(&category));
    fits.then_some(Portion { amount: Multiple::ONE, condition: None })
}
