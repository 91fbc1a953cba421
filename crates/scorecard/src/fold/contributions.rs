//! Contributions: the amounts that one fact adds to the sums of its row.

use std::sync::Arc;

use crate::event::Exclusion;
use crate::fold::content::{Content, Figure, Figures, KINDS};
use crate::fold::interner::Interner;
use crate::fold::row_counters::{Addend, Half, Layout};
use crate::fold::terms::{FactClass, Matches, MeasureTerm};
use crate::fold::update_plan::UpdatePlan;
use crate::measure::absent::AbsentField;
use crate::measure::measure_set::{Direction, MeasureSet};
use crate::sums::measure_sums::MeasureSums;

/// Most classes of one kind with a stored plan. A drug code has 16 classes, and this exceeds those of the codes in use; facts of
/// further classes are evaluated one by one.
const MOST_CLASSES: u32 = 1 << 20;
/// Marks a class without a plan yet.
const UNKNOWN: u32 = u32::MAX;

/// Computes contributions. Facts of one class share a plan, and so do classes with the same effect on all measures.
#[derive(Debug)]
pub(crate) struct Contributions {
    measures: Arc<MeasureSet>,
    matches: Matches,
    /// Numbers of the plans by class, for each kind of fact.
    classes: [Vec<u32>; KINDS],
    plans: Interner<Arc<UpdatePlan>>,
}

/// The properties of a fact that decide its contribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contributor<'a> {
    pub classed: FactClass<'a>,
    pub exclude: Option<Exclusion>,
    /// Indexes of the measures for which its patient is adjusted (personalised care adjustment).
    pub pca: &'a [u16],
}

impl Contributions {
    pub(crate) fn new(measures: Arc<MeasureSet>) -> Contributions {
        Contributions {
            matches: Matches::new(measures.clone()),
            measures,
            classes: Default::default(),
            plans: Interner::default(),
        }
    }

    /// Resolves the code with the next number. `None` is an unmapped drug, or one that is no drug of the classification.
    pub(crate) fn add_code(&mut self, code: Option<&str>) {
        self.matches.add_code(code);
    }

    /// Gives the next number to a reference. It represents a code, so it has no terms of its own.
    pub(crate) fn add_reference(&mut self) {
        self.matches.add_reference();
    }

    /// Number of resolved codes and references.
    pub(crate) fn codes(&self) -> usize {
        self.matches.codes()
    }

    /// The plan of this fact's class. `None` if the fact is excluded, its patient is adjusted, or its class is above [`MOST_CLASSES`].
    pub(crate) fn plan(&mut self, one: Contributor<'_>, layout: &Layout) -> Option<&UpdatePlan> {
        let (kind, class) = (one.classed.content.kind() as usize, one.classed.number());
        if one.exclude.is_some() || !one.pca.is_empty() || class >= MOST_CLASSES {
            return None;
        }
        let known = self.classes[kind].get(class as usize).copied().filter(|&number| number != UNKNOWN);
        let number = known.unwrap_or_else(|| self.write(one.classed, layout));
        Some(self.plans.value(number))
    }

    /// Writes the plan of a class.
    #[cold]
    fn write(&mut self, one: FactClass<'_>, layout: &Layout) -> u32 {
        let terms = self.matches.terms(one);
        let mut plan = UpdatePlan::default();
        for (field, figure) in terms.base {
            layout.write_field(field, figure, &mut plan);
        }
        let (is_priced, mut sides) = (is_priced(one.content), Vec::new());
        for term in terms.measures {
            if term.is_unknown {
                layout.write_unknown(term.measure, &mut plan);
            }
            let halves = [(Half::Numerator, term.numerator), (Half::Denominator, term.denominator)];
            for (half, portion) in halves {
                let Some(portion) = portion else { continue };
                layout.write(term.measure, half, &portion, is_priced, &mut plan);
                let cell = layout.signed_cell(term.measure, half);
                if !sides.contains(&cell) {
                    sides.push(cell);
                    plan.steps(portion.condition).push_signed(cell, portion.amount);
                }
            }
        }
        plan.shrink();
        let number = self.plans.number(Arc::new(plan));
        let (classes, class) = (&mut self.classes[one.content.kind() as usize], one.number() as usize);
        if classes.len() <= class {
            classes.resize(class + 1, UNKNOWN);
        }
        classes[class] = number;
        number
    }

    /// The amounts that this fact adds to the cells of its row, without a plan.
    pub(crate) fn addend(&self, one: Contributor<'_>, layout: &Layout) -> Addend {
        let mut addend = Addend::default();
        let terms = self.matches.terms(one.classed);
        if one.exclude.is_none() {
            let figures = Figures::of(one.classed.content);
            terms.base.iter().for_each(|&(field, figure)| addend.put_field(field, figures.get(figure)));
        }
        self.each(one, &terms.measures, &mut |measure, delta| layout.put(measure, &delta, &mut addend));
        addend
    }

    /// The fact's contribution to each measure, by index. Measures without a contribution are left out.
    pub(crate) fn shares(&self, one: Contributor<'_>) -> Vec<(usize, MeasureSums)> {
        let mut shares = Vec::new();
        self.each(one, &self.matches.terms(one.classed).measures, &mut |measure, delta| shares.push((measure, delta)));
        shares.retain(|(_, sums)| !sums.is_zero());
        shares
    }

    fn each(&self, one: Contributor<'_>, terms: &[MeasureTerm], each: &mut dyn FnMut(usize, MeasureSums)) {
        let content = one.classed.content;
        let figures = Figures::of(content);
        for term in terms {
            let n = term.numerator.and_then(|portion| portion.of(content, &figures));
            let d = term.denominator.and_then(|portion| portion.of(content, &figures));
            if term.is_unknown || n.is_some() || d.is_some() {
                each(term.measure, self.delta(term, one, &figures, n, d));
            }
        }
    }

    fn delta(&self, term: &MeasureTerm, one: Contributor<'_>, figures: &Figures, n: Option<i64>, d: Option<i64>) -> MeasureSums {
        let mut delta = MeasureSums::default();
        if one.exclude.is_some() {
            delta.excluded = 1;
            return delta;
        }
        if term.is_unknown {
            delta.unknown = 1;
            return delta;
        }
        let definition = &self.measures.measures()[term.measure].definition;
        let adjusted = u16::try_from(term.measure).is_ok_and(|i| one.pca.contains(&i));
        let success = if definition.direction == Direction::Low { n.is_none() } else { n.is_some() };
        if adjusted && !success {
            delta.pca = 1;
            return delta;
        }
        let money = definition.saving.is_some() && is_priced(one.classed.content);
        if let Some(x) = n {
            delta.facts_n = 1;
            delta.n = x;
            delta.n_squares = i128::from(x) * i128::from(x);
            if money {
                delta.n_quantity_milli = figures.get(Figure::QuantityMilli);
                delta.n_cost_pence = figures.get(Figure::CostPence);
            }
        }
        if let Some(x) = d {
            delta.facts_d = 1;
            delta.d = x;
            delta.d_squares = i128::from(x) * i128::from(x);
            if money {
                delta.d_quantity_milli = figures.get(Figure::QuantityMilli);
                delta.d_cost_pence = figures.get(Figure::CostPence);
            }
        }
        delta
    }
}

/// Whether a fact has a quantity and a cost, so that it adds to the sums of a saving.
fn is_priced(content: &Content) -> bool {
    !content.lacks(AbsentField::Cost) && !content.lacks(AbsentField::Quantity)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::event::{Answer, Attendance, Category, Mode};
    use crate::fold::case_mix_cell::CaseMixCell;
    use crate::fold::content::{EncounterContent, PrescriptionContent};
    use crate::fold::counted_patient::CountedPatient;
    use crate::fold::fact::Shape;
    use crate::fold::row_counters::{RowCounters, Sign};
    use crate::fold::signs::Signs;
    use crate::fold::terms::Answers;

    /// The repository's measures. They use weights, average daily quantities, minutes, lags, quantity thresholds and questions.
    fn measures() -> Arc<MeasureSet> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../measures");
        let texts = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let texts: Vec<String> = texts.collect();
        Arc::new(MeasureSet::parse(texts.iter().map(|text| ("", text.as_str()))).unwrap())
    }

    /// Contents of every kind; the codes are those of the measures' examples.
    fn contents(contributions: &mut Contributions) -> Vec<Content> {
        let examples = contributions.measures.measures().iter().flat_map(|measure| &measure.definition.examples);
        let codes: Vec<String> =
            examples.filter_map(|example| Some(example.event["prescription"]["code"].as_str()?.to_owned())).collect();
        contributions.add_code(None);
        codes.iter().for_each(|code| contributions.add_code(Some(code)));
        let mut contents = Vec::new();
        for (code, repeat, items) in (0..contributions.codes()).flat_map(|code| [(code, true, 1), (code, false, 3)]) {
            for quantity_milli in [None, Some(0), Some(999), Some(28_000), Some(100_500), Some(900_000)] {
                let code = u32::try_from(code).unwrap();
                for (cost_pence, adq_milli) in [(quantity_milli.map(|milli| milli / 7), Some(1_500)), (None, None)] {
                    let given = PrescriptionContent { code, quantity_milli, cost_pence, adq_milli, items, repeat };
                    contents.push(Content::Prescription(given));
                }
            }
        }
        for mode in [Mode::FaceToFace, Mode::Telephone, Mode::Video, Mode::Home, Mode::Other] {
            for minutes in [None, Some(0), Some(4), Some(9), Some(10), Some(25), Some(90)] {
                for lag_days in [None, Some(-1), Some(0), Some(1), Some(7), Some(14), Some(15), Some(400)] {
                    contents.push(Content::Encounter(EncounterContent { mode, minutes, planned_minutes: minutes, lag_days }));
                }
            }
        }
        let categories = [Some(Category::Referral), Some(Category::Test), Some(Category::Imaging), None];
        contents.extend(categories.map(|category| Content::Order { category }));
        contents.push(Content::Observation);
        contents.extend((0..answers().len()).map(|answers| Content::Feedback { answers: u32::try_from(answers).unwrap() }));
        contents
    }

    fn answers() -> Vec<Answers> {
        let given = |items: &[(&str, &str)]| items.iter().map(|(q, a)| ((*q).to_owned(), (*a).to_owned())).collect();
        let items: [&[(&str, &str)]; 3] =
            [&[], &[("listened", "no")], &[("listened", "yes_definitely"), ("explained", "yes_definitely")]];
        let answer = [None, Some(Answer::VeryGood), Some(Answer::Neither), Some(Answer::DontKnow)];
        answer
            .into_iter()
            .flat_map(|answer| items.map(|items| Answers { answer, items: given(items), is_response: true }))
            .collect()
    }

    fn shapes(content: &Content) -> Vec<Shape> {
        let any = [false, true];
        if content.kind() != crate::fold::content::FactKind::Encounter {
            return vec![Shape::default()];
        }
        let shape = |activity| any.into_iter().flat_map(move |attendance| any.map(|came| Shape { activity, attendance, came }));
        any.into_iter().flat_map(shape).collect()
    }

    #[test]
    fn a_plan_adds_the_same_as_an_evaluation_without_one() {
        let measures = measures();
        let layout = Layout::new(&measures);
        let mut contributions = Contributions::new(measures);
        let (answers, mut conditional, mut added) = (answers(), 0, 0);
        for content in contents(&mut contributions) {
            let given = if let Content::Feedback { answers: number } = content { Some(&answers[number as usize]) } else { None };
            for shape in shapes(&content) {
                for status in [Attendance::Attended, Attendance::Noshow, Attendance::Unknown] {
                    let classed = FactClass { content: &content, status, shape, answers: given };
                    let one = Contributor { classed, exclude: None, pca: &[] };
                    let (mut alone, mut followed): (RowCounters, RowCounters) = (layout.zero(), layout.zero());
                    let addend = contributions.addend(one, &layout);
                    let patient = CountedPatient { signs: Signs::of_byte(0b0110), cell: CaseMixCell::of_number(9) };
                    alone.add(&addend, patient, Sign::Plus);
                    let plan = contributions.plan(one, &layout).unwrap();
                    conditional += plan.conditional.len();
                    followed.apply(plan, &content, patient, Sign::Plus);
                    assert_eq!(layout.sums(&followed), layout.sums(&alone), "{one:?}");
                    added += usize::from(!layout.sums(&alone).is_zero());
                    followed.apply(plan, &content, patient, Sign::Minus);
                    assert!(layout.sums(&followed).is_zero());
                }
            }
        }
        assert!(conditional > 100 && added > 1_000, "{conditional} conditions held, {added} facts added something");
    }

    #[test]
    fn codes_with_the_same_effect_share_a_plan() {
        let measures = measures();
        let layout = Layout::new(&measures);
        let mut contributions = Contributions::new(measures);
        contributions.add_code(None);
        // Two antacids that no measure names.
        contributions.add_code(Some("0101010A0AAAAAA"));
        contributions.add_code(Some("0101010B0AAAAAA"));
        let mut plan = |code| {
            let content = Content::Prescription(PrescriptionContent { code, ..PrescriptionContent::default() });
            let (status, shape) = (Attendance::Unknown, Shape::default());
            let classed = FactClass { content: &content, status, shape, answers: None };
            std::ptr::from_ref(contributions.plan(Contributor { classed, exclude: None, pca: &[] }, &layout).unwrap())
        };
        assert_eq!(plan(1), plan(2));
        assert_ne!(plan(0), plan(1));
    }

    #[test]
    fn an_excluded_or_adjusted_fact_has_no_plan() {
        let measures = measures();
        let layout = Layout::new(&measures);
        let mut contributions = Contributions::new(measures);
        let content = Content::Order { category: Some(Category::Referral) };
        let classed = FactClass { content: &content, status: Attendance::Unknown, shape: Shape::default(), answers: None };
        let mut has = |exclude, pca| contributions.plan(Contributor { classed, exclude, pca }, &layout).is_some();
        assert!(has(None, &[]) && !has(Some(Exclusion::Test), &[]) && !has(None, &[0]));
    }
}
