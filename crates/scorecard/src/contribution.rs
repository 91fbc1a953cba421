//! What one fact adds to the sums of the row in which it stands.

use std::sync::Arc;

use crate::cells::{Addend, Layout};
use crate::contents::Content;
use crate::event::{Action, Answer, Attendance};
use crate::fact::{FactKind, Shape, Traits};
use crate::measure::{Amount, Class, CodeMatch, Direction, Measure, MeasureSet, Side};
use crate::sums::{Base, MeasureSums};

/// The answers of one feedback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Answers {
    pub answer: Option<Answer>,
    pub items: Vec<(String, String)>,
}

/// What a code means for one measure.
#[derive(Clone, Copy, Debug)]
struct CodeTerm {
    measure: usize,
    numerator: Option<CodeMatch>,
    denominator: Option<CodeMatch>,
}

/// For every kind of fact the measures that may count it. A code is resolved once, however many events carry it.
#[derive(Debug)]
pub(crate) struct Contributions {
    measures: Arc<MeasureSet>,
    encounter: Vec<usize>,
    feedback: Vec<usize>,
    order: Vec<usize>,
    by_code: Vec<Vec<CodeTerm>>,
}

/// Everything about a fact that decides what it adds.
#[derive(Clone, Copy)]
pub(crate) struct Contributor<'a> {
    pub content: &'a Content,
    pub shape: Shape,
    pub answers: Option<&'a Answers>,
    /// Indexes of the measures for which its patient is adjusted.
    pub pca: &'a [u16],
}

impl Contributions {
    pub(crate) fn new(measures: Arc<MeasureSet>) -> Contributions {
        let using = |classes: &[Class]| {
            let uses = |m: &Measure| {
                classes.contains(&m.numerator.definition.event) || classes.contains(&m.denominator.definition.event)
            };
            (0..measures.measures().len()).filter(|&i| uses(&measures.measures()[i])).collect()
        };
        Contributions {
            encounter: using(&[Class::Activity, Class::Attendance]),
            feedback: using(&[Class::Feedback]),
            order: using(&[Class::Order]),
            by_code: Vec::new(),
            measures,
        }
    }

    /// Resolves the code that was just interned under the next number; `None` is an unmapped drug.
    pub(crate) fn add_code(&mut self, code: Option<&str>) {
        let resolve = |side: &Side| if side.definition.event == Class::Prescription { side.match_code(code) } else { None };
        let terms = self.measures.measures().iter().enumerate().filter_map(|(measure, m)| {
            let (numerator, denominator) = (resolve(&m.numerator), resolve(&m.denominator));
            (numerator.is_some() || denominator.is_some()).then_some(CodeTerm { measure, numerator, denominator })
        });
        self.by_code.push(terms.collect());
    }

    /// How many codes are resolved.
    pub(crate) fn codes(&self) -> usize {
        self.by_code.len()
    }

    /// What the fact adds to the cells of the row in which it stands.
    pub(crate) fn addend(&self, one: Contributor<'_>, layout: &Layout) -> Addend {
        let mut addend = Addend::default();
        let traits = one.content.traits();
        debug_assert_eq!(traits.action, Action::Record, "only what counts stands in a row");
        if traits.exclude.is_none() {
            Layout::put_base(&base(one, traits), &mut addend);
        }
        self.each(one, traits, &mut |measure, delta| layout.put(measure, &delta, &mut addend));
        addend
    }

    /// What the fact contributes to each measure to which it contributes anything, by index.
    pub(crate) fn shares(&self, one: Contributor<'_>) -> Vec<(usize, MeasureSums)> {
        let mut shares = Vec::new();
        self.each(one, one.content.traits(), &mut |measure, delta| shares.push((measure, delta)));
        shares.retain(|(_, sums)| !sums.is_zero());
        shares
    }

    fn each(&self, one: Contributor<'_>, traits: Traits, each: &mut dyn FnMut(usize, MeasureSums)) {
        let mut add = |measure: usize, n: Option<i64>, d: Option<i64>| each(measure, self.delta(measure, one, traits, n, d));
        match traits.kind {
            FactKind::Prescription => {
                for term in &self.by_code[one.content.words[0] as usize] {
                    let measure = &self.measures.measures()[term.measure];
                    let n = term.numerator.and_then(|code| prescribed(&measure.numerator, code, one.content, traits));
                    let d = term.denominator.and_then(|code| prescribed(&measure.denominator, code, one.content, traits));
                    if n.is_some() || d.is_some() {
                        add(term.measure, n, d);
                    }
                }
            }
            FactKind::Encounter => self.each_side(&self.encounter, |side| encountered(side, one, traits), &mut add),
            FactKind::Feedback => self.each_side(&self.feedback, |side| answered(side, one.answers), &mut add),
            FactKind::Order => self.each_side(&self.order, |side| ordered(side, one.content), &mut add),
        }
    }

    fn each_side(
        &self,
        candidates: &[usize],
        matches: impl Fn(&Side) -> Option<i64>,
        add: &mut impl FnMut(usize, Option<i64>, Option<i64>),
    ) {
        for &index in candidates {
            let measure = &self.measures.measures()[index];
            let (n, d) = (matches(&measure.numerator), matches(&measure.denominator));
            if n.is_some() || d.is_some() {
                add(index, n, d);
            }
        }
    }

    fn delta(&self, index: usize, one: Contributor<'_>, traits: Traits, n: Option<i64>, d: Option<i64>) -> MeasureSums {
        let mut delta = MeasureSums::default();
        if traits.exclude.is_some() {
            delta.excluded = 1;
            return delta;
        }
        let definition = &self.measures.measures()[index].definition;
        let adjusted = u16::try_from(index).is_ok_and(|i| one.pca.contains(&i));
        let success = if definition.direction == Direction::Low { n.is_none() } else { n.is_some() };
        if adjusted && !success {
            delta.pca = 1;
            return delta;
        }
        let money = definition.saving.is_some() && traits.kind == FactKind::Prescription;
        if let Some(x) = n {
            delta.facts_n = 1;
            delta.n = x;
            delta.n_squares = i128::from(x) * i128::from(x);
            if money {
                delta.n_quantity_milli = one.content.quantity_milli();
                delta.n_cost_pence = one.content.cost_pence();
            }
        }
        if let Some(x) = d {
            delta.facts_d = 1;
            delta.d = x;
            delta.d_squares = i128::from(x) * i128::from(x);
            if money {
                delta.d_quantity_milli = one.content.quantity_milli();
                delta.d_cost_pence = one.content.cost_pence();
            }
        }
        delta
    }
}

/// What a fact adds to the sums that belong to no measure.
fn base(one: Contributor<'_>, traits: Traits) -> Base {
    let mut base = Base { facts: 1, ..Base::default() };
    match traits.kind {
        FactKind::Prescription => {
            base.items = i64::from(one.content.items);
            if one.content.words[0] == 0 {
                base.unmapped_items = i64::from(one.content.items);
            }
        }
        FactKind::Encounter => match status_of(traits, one.shape) {
            Attendance::Unknown => base.unknown_status = 1,
            Attendance::Noshow if one.shape.attendance => {
                base.noshow_planned_minutes = i64::from(one.content.planned_minutes().unwrap_or(0));
            }
            Attendance::Attended if one.shape.activity => {
                base.encounters = 1;
                base.minutes = i64::from(one.content.minutes().unwrap_or(0));
            }
            _ => {}
        },
        FactKind::Feedback => {
            base.responses = 1;
            if let Some(answer) = one.answers.and_then(|a| a.answer) {
                base.answers[answer as usize] = 1;
            }
        }
        FactKind::Order => {}
    }
    base
}

fn status_of(traits: Traits, shape: Shape) -> Attendance {
    if shape.came { Attendance::Attended } else { traits.status }
}

fn prescribed(side: &Side, code: CodeMatch, content: &Content, traits: Traits) -> Option<i64> {
    let definition = &side.definition;
    if definition.repeat.is_some_and(|repeat| repeat != traits.repeat) {
        return None;
    }
    let quantity = content.quantity_milli();
    if let Some(over) = code.over_milli {
        let limit = i128::from(over) * i128::from(content.items);
        if i128::from(quantity) <= limit {
            return None;
        }
    }
    Some(match definition.amount {
        Amount::Items => i64::from(content.items),
        Amount::Quantity => quantity,
        Amount::Cost => content.cost_pence(),
        Amount::Adq => content.adq_milli(),
        // Both are below 2^32; a product above 2^63 would be a drug of four million units and weight four million.
        Amount::Weight => quantity.saturating_mul(i64::from(code.weight_milli)),
        Amount::Count | Amount::Minutes | Amount::Answers => 1,
    })
}

fn encountered(side: &Side, one: Contributor<'_>, traits: Traits) -> Option<i64> {
    let definition = &side.definition;
    let status = status_of(traits, one.shape);
    let there = match definition.event {
        Class::Activity => one.shape.activity && status == Attendance::Attended,
        Class::Attendance => one.shape.attendance && status != Attendance::Unknown,
        Class::Prescription | Class::Feedback | Class::Order => false,
    };
    let fits = there
        && (definition.statuses.is_empty() || definition.statuses.contains(&status))
        && (definition.modes.is_empty() || definition.modes.contains(&traits.mode))
        && within(definition.minutes, one.content.minutes())
        && within(definition.lag_days, one.content.lag_days());
    fits.then(|| match definition.amount {
        Amount::Minutes => i64::from(one.content.minutes().unwrap_or(0)),
        _ => 1,
    })
}

/// Whether a value lies within bounds, both included. No bounds take everything, bounds take nothing that is absent.
fn within<B: Copy, T: PartialOrd + From<B>>(bounds: Option<[B; 2]>, value: Option<T>) -> bool {
    match (bounds, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some([low, high]), Some(value)) => T::from(low) <= value && value <= T::from(high),
    }
}

fn answered(side: &Side, answers: Option<&Answers>) -> Option<i64> {
    let definition = &side.definition;
    let answers = answers.filter(|_| definition.event == Class::Feedback)?;
    if definition.amount == Amount::Answers {
        let counts = |(asked, given): &&(String, String)| {
            definition.questions.contains(asked) || definition.top_answers.get(asked).is_some_and(|top| top == given)
        };
        let counted = answers.items.iter().filter(counts).count();
        return i64::try_from(counted).ok().filter(|counted| *counted > 0);
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
    Some(1)
}

fn ordered(side: &Side, content: &Content) -> Option<i64> {
    let definition = &side.definition;
    let category = content.words[0];
    let fits = definition.event == Class::Order
        && (definition.categories.is_empty() || definition.categories.iter().any(|c| *c as u32 == category));
    fits.then_some(1)
}
