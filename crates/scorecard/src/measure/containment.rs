//! Whether the numerator of a proportion or a share lies within its denominator. A part that is not in the whole can exceed it.

use std::collections::BTreeSet;

use crate::event::{Attendance, Mode};
use crate::measure::amount::Amount;
use crate::measure::bnf::{BnfFilter, Within};
use crate::measure::definition::{Class, SideDefinition};

/// The relation between a numerator and its denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Containment {
    /// Every event of the numerator counts at least as much in the denominator.
    Proven,
    /// Some event may count in the numerator and not, or less, in the denominator: the key to change, and why.
    Refuted(&'static str, String),
    /// Nothing is proven: why.
    Open(String),
}

/// Compares the two sides of a proportion or a share.
pub(crate) fn containment(numerator: &SideDefinition, denominator: &SideDefinition) -> Containment {
    let (n, d) = (numerator, denominator);
    if n.event != d.event {
        return refuted("event", "counts another event than the denominator");
    }
    let rules = [amounts(n, d), words(n, d), ranges(n, d), feedback(n, d), drugs(n, d)];
    let refuted = rules.iter().find(|rule| matches!(rule, Containment::Refuted(..)));
    let open = || rules.iter().find(|rule| **rule != Containment::Proven);
    refuted.or_else(open).cloned().unwrap_or(Containment::Proven)
}

/// Whether every code filter of a side can be read. Sides with other filters are not compared.
pub(crate) fn is_readable(side: &SideDefinition) -> bool {
    let lists = std::iter::once(&side.codes).chain(side.over.iter().map(|over| &over.codes));
    lists.filter(|codes| !codes.is_empty()).all(|codes| BnfFilter::parse(codes.iter().map(String::as_str)).is_ok())
}

fn refuted(key: &'static str, why: impl Into<String>) -> Containment {
    Containment::Refuted(key, why.into())
}

fn amounts(n: &SideDefinition, d: &SideDefinition) -> Containment {
    match (n.amount, d.amount) {
        (one, other) if one == other => Containment::Proven,
        // A prescription event has at least one item.
        (Amount::Count, Amount::Items) => Containment::Proven,
        (Amount::Count, Amount::Answers) => {
            Containment::Open("it counts responses, and the denominator counts answers".to_owned())
        }
        _ => refuted("amount", "may count several of one event, and the denominator counts the event once"),
    }
}

/// Filters that are lists of words. An empty list is every word.
fn words(n: &SideDefinition, d: &SideDefinition) -> Containment {
    let statuses: &[Attendance] = match n.event {
        Class::Activity => &[Attendance::Attended],
        _ => &[Attendance::Attended, Attendance::Noshow],
    };
    let modes = [Mode::FaceToFace, Mode::Telephone, Mode::Video, Mode::Home, Mode::Other];
    let of = |list: &[Attendance]| -> Vec<Attendance> {
        statuses.iter().filter(|status| list.is_empty() || list.contains(status)).copied().collect()
    };
    let is_part = |outside: bool, key| if outside { Some(key) } else { None };
    let statuses = of(&n.statuses).iter().any(|status| !of(&d.statuses).contains(status));
    let modes = modes.iter().any(|mode| selects(&n.modes, mode) && !selects(&d.modes, mode));
    let answers = !d.answers.is_empty() && (n.answers.is_empty() || n.answers.iter().any(|answer| !d.answers.contains(answer)));
    let categories =
        !d.categories.is_empty() && (n.categories.is_empty() || n.categories.iter().any(|one| !d.categories.contains(one)));
    let keys = [(statuses, "statuses"), (modes, "modes"), (answers, "answers"), (categories, "categories")];
    match keys.into_iter().find_map(|(outside, key)| is_part(outside, key)) {
        Some(key) => refuted(key, format!("counts {key} that the denominator does not count")),
        None => Containment::Proven,
    }
}

fn selects<T: PartialEq>(list: &[T], word: &T) -> bool {
    list.is_empty() || list.contains(word)
}

fn ranges(n: &SideDefinition, d: &SideDefinition) -> Containment {
    fn outside<T: PartialOrd>(n: Option<[T; 2]>, d: Option<[T; 2]>) -> bool {
        match (n, d) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some([first, last]), Some([from, to])) => first < from || last > to,
        }
    }
    if outside(n.minutes, d.minutes) {
        return refuted("minutes", "counts minutes outside of the denominator's range");
    }
    if outside(n.lag_days, d.lag_days) {
        return refuted("lag_days", "counts lag_days outside of the denominator's range");
    }
    match (d.repeat, n.repeat) {
        (Some(one), other) if other != Some(one) => {
            refuted("repeat", format!("counts others than repeat = {one}, as the denominator does"))
        }
        _ => Containment::Proven,
    }
}

fn feedback(n: &SideDefinition, d: &SideDefinition) -> Containment {
    let other_question = d.question.is_some() && n.question != d.question;
    let other_answer = d.top_answer.is_some() && n.top_answer != d.top_answer;
    if other_question || other_answer {
        return refuted("question", "counts other questions or answers than the denominator");
    }
    if n.amount != Amount::Answers || d.amount != Amount::Answers {
        return Containment::Proven;
    }
    let asked = n.questions.iter().filter(|question| !d.questions.contains(question));
    let is_counted =
        |question: &String, answer: &String| d.questions.contains(question) || d.top_answers.get(question) == Some(answer);
    let top = n.top_answers.iter().filter(|(question, answer)| !is_counted(question, answer)).map(|(question, _)| question);
    match asked.chain(top).next() {
        Some(question) => refuted("questions", format!("counts answers to {question:?}, and the denominator does not")),
        None => Containment::Proven,
    }
}

fn drugs(n: &SideDefinition, d: &SideDefinition) -> Containment {
    if n.event != Class::Prescription {
        return Containment::Proven;
    }
    let rules = [codes(n, d), thresholds(n, d), weights(n, d), generic(n, d)];
    let refuted = rules.iter().find(|rule| matches!(rule, Containment::Refuted(..)));
    refuted.or_else(|| rules.iter().find(|rule| **rule != Containment::Proven)).cloned().unwrap_or(Containment::Proven)
}

/// The filters that all have to match on a side, each a list of alternatives.
fn filters(side: &SideDefinition) -> Vec<Vec<BnfFilter>> {
    let read = |codes: &[String]| BnfFilter::parse(codes.iter().map(String::as_str)).ok();
    let codes: Vec<BnfFilter> = read(&side.codes).into_iter().collect();
    let over: Vec<BnfFilter> = side.over.iter().filter_map(|over| read(&over.codes)).collect();
    let keys: BTreeSet<&str> = side.weights.keys().map(String::as_str).collect();
    let weights: Vec<BnfFilter> = BnfFilter::parse(keys).into_iter().collect();
    [codes, over, weights].into_iter().filter(|alternatives| !alternatives.is_empty()).collect()
}

/// Each filter of the denominator must let every code of the numerator through.
fn codes(n: &SideDefinition, d: &SideDefinition) -> Containment {
    let own = filters(n);
    for wider in filters(d) {
        // One filter of the numerator that lies within is enough, because all of them must match.
        let found: Vec<Within> = own.iter().map(|narrower| alternatives_within(narrower, &wider)).collect();
        if found.iter().any(Within::is_proven) {
            continue;
        }
        return match found.as_slice() {
            [] => refuted("codes", "has no codes, and the denominator counts only some codes"),
            [Within::No(code)] => refuted("codes", format!("counts {code:?}, which the denominator does not count")),
            _ => Containment::Open("the codes of its filters could not be compared with those of the denominator".to_owned()),
        };
    }
    Containment::Proven
}

/// Whether each alternative lies within one of the wider ones.
fn alternatives_within(narrower: &[BnfFilter], wider: &[BnfFilter]) -> Within {
    let each = narrower.iter().map(|one| {
        let found: Vec<Within> = wider.iter().map(|other| one.within(other)).collect();
        if found.iter().any(Within::is_proven) {
            return Within::Yes;
        }
        match found.as_slice() {
            [only] => only.clone(),
            all => all.iter().find(|found| **found == Within::Perhaps).or(all.first()).cloned().unwrap_or(Within::Yes),
        }
    });
    let each: Vec<Within> = each.collect();
    let worst = |wanted: fn(&Within) -> bool| each.iter().find(|found| wanted(found)).cloned();
    worst(|found| matches!(found, Within::No(_))).or_else(|| worst(|found| *found == Within::Perhaps)).unwrap_or(Within::Yes)
}

fn thresholds(n: &SideDefinition, d: &SideDefinition) -> Containment {
    if d.over.is_empty() {
        return Containment::Proven;
    }
    if n.over.is_empty() {
        return refuted("over", "counts any quantity, and the denominator only larger ones");
    }
    let same = n.over.len() == d.over.len() && n.over.iter().zip(&d.over).all(|(one, other)| one.codes == other.codes);
    if !same {
        return Containment::Open("its thresholds have other codes than those of the denominator".to_owned());
    }
    match n.over.iter().zip(&d.over).find(|(one, other)| one.quantity < other.quantity) {
        Some((one, _)) => {
            refuted("over", format!("counts smaller quantities of {:?} than the denominator", one.codes.join(", ")))
        }
        None => Containment::Proven,
    }
}

fn weights(n: &SideDefinition, d: &SideDefinition) -> Containment {
    let heavier = |(code, weight): &(&String, &f64)| d.weights.get(*code).is_some_and(|other| other < weight);
    match n.weights.iter().find(heavier) {
        Some((code, _)) => refuted("weights", format!("weighs {code:?} more than the denominator")),
        None => Containment::Proven,
    }
}

fn generic(n: &SideDefinition, d: &SideDefinition) -> Containment {
    let Some(wanted) = d.generic else { return Containment::Proven };
    let known = filters(n).into_iter().flatten().map(|filter| filter.is_generic()).collect::<Vec<_>>();
    let implied = !known.is_empty() && known.iter().all(|one| *one == Some(wanted));
    if n.generic == Some(wanted) || implied {
        Containment::Proven
    } else {
        refuted("generic", format!("counts others than generic = {wanted}, as the denominator does"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(text: &str) -> SideDefinition {
        toml::from_str(text).unwrap()
    }

    fn drug(filter: &str) -> SideDefinition {
        side(&format!("event = \"prescription\"\namount = \"items\"\n{filter}"))
    }

    fn of(n: &str, d: &str) -> Containment {
        containment(&drug(n), &drug(d))
    }

    #[test]
    fn a_narrower_code_filter_lies_within_and_a_wider_one_does_not() {
        let (wide, narrow) = ("codes = [\"0501\", \"~050109\"]", "codes = [\"050101\"]");
        assert_eq!(of(narrow, wide), Containment::Proven);
        assert_eq!(of("codes = [\"0501\", \"~050109\", \"~0501013\"]", wide), Containment::Proven);
        for (n, code) in [(wide, "0501"), ("codes = [\"0602\"]", "0602"), ("codes = [\"050101\", \"0502\"]", "0502")] {
            assert!(matches!(of(n, narrow), Containment::Refuted("codes", why) if why.contains(code)), "{n}");
        }
        // 05010901 counts in the numerator, and the denominator excludes it.
        assert!(matches!(of("codes = [\"0501\"]", wide), Containment::Refuted("codes", why) if why.contains("050109")));
        assert!(matches!(of("", wide), Containment::Refuted("codes", _)));
        assert_eq!(of("codes = [\"0501\"]", ""), Containment::Proven);
    }

    #[test]
    fn wildcards_are_proven_where_their_ends_agree_and_open_elsewhere() {
        let d = "codes = [\"0407010F0%AC\", \"0407010H0%AQ\"]";
        assert_eq!(of("codes = [\"0407010F0%AC\"]", d), Containment::Proven);
        assert_eq!(of("codes = [\"0407010F0A%AC\"]", d), Containment::Proven);
        assert_eq!(of("codes = [\"0407010F0AAACAC\"]", d), Containment::Proven);
        assert!(matches!(of("codes = [\"0407010F0AAADAD\"]", d), Containment::Refuted("codes", _)));
        assert!(matches!(of("codes = [\"0407010F0\"]", d), Containment::Refuted("codes", _)));
        assert!(matches!(of("codes = [\"0407010F0%AA%AC\"]", "codes = [\"0407010F0%A%C\"]"), Containment::Open(_)));
    }

    #[test]
    fn thresholds_repeats_and_generics_are_compared() {
        let over = |quantity| format!("over = [{{ codes = [\"0501013B0%AB\"], quantity = {quantity} }}]");
        assert_eq!(of(&over(15), "codes = [\"0501013B0%AB\"]"), Containment::Proven);
        assert_eq!(of(&over(15), &over(10)), Containment::Proven);
        assert!(matches!(of(&over(10), &over(15)), Containment::Refuted("over", _)));
        assert!(matches!(of("codes = [\"0501013B0%AB\"]", &over(15)), Containment::Refuted("over", _)));
        assert!(matches!(of("", "repeat = false"), Containment::Refuted("repeat", _)));
        assert!(matches!(of("codes = [\"0501\"]", "codes = [\"0501\"]\ngeneric = true"), Containment::Refuted("generic", _)));
        assert_eq!(of("codes = [\"0501013B0AA\"]", "codes = [\"0501\"]\ngeneric = true"), Containment::Proven);
    }

    #[test]
    fn encounters_and_feedback_are_compared_word_by_word() {
        let encounter = |rest: &str| side(&format!("event = \"attendance\"\n{rest}"));
        let of = |n: &str, d: &str| containment(&encounter(n), &encounter(d));
        let both = "statuses = [\"attended\", \"noshow\"]";
        assert_eq!(of("statuses = [\"noshow\"]", both), Containment::Proven);
        assert_eq!(of("", both), Containment::Proven, "attendance counts no other status");
        assert!(matches!(of("", "statuses = [\"attended\"]"), Containment::Refuted("statuses", _)));
        assert!(matches!(of("", "modes = [\"video\"]"), Containment::Refuted("modes", _)));
        assert_eq!(of("lag_days = [0, 14]", "lag_days = [0, 90]"), Containment::Proven);
        assert!(matches!(of("lag_days = [-1, 14]", "lag_days = [0, 90]"), Containment::Refuted("lag_days", _)));
        assert!(matches!(of("", "lag_days = [0, 90]"), Containment::Refuted("lag_days", _)));
        assert!(matches!(containment(&encounter(""), &side("event = \"activity\"")), Containment::Refuted("event", _)));
        let feedback = |rest: &str| side(&format!("event = \"feedback\"\n{rest}"));
        let of = |n: &str, d: &str| containment(&feedback(n), &feedback(d));
        let top = "amount = \"answers\"\ntop_answers = { listened = \"yes\", explained = \"yes\" }";
        assert_eq!(of(top, "amount = \"answers\"\nquestions = [\"listened\", \"explained\"]"), Containment::Proven);
        assert!(matches!(of(top, "amount = \"answers\"\nquestions = [\"listened\"]"), Containment::Refuted("questions", _)));
        assert!(matches!(of("answers = [\"good\", \"poor\"]", "answers = [\"good\"]"), Containment::Refuted("answers", _)));
        assert!(matches!(of("", "question = \"listened\""), Containment::Refuted("question", _)));
        assert_eq!(of("question = \"listened\"\ntop_answer = \"yes\"", "question = \"listened\""), Containment::Proven);
        assert!(matches!(of("amount = \"answers\"\nquestions = [\"a\"]", ""), Containment::Refuted("amount", _)));
    }
}
