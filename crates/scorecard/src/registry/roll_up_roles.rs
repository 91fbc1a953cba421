//! The practices that count in a person's roll-up, month by month.
//!
//! A practice counts in a month if a role of the person is in force there on a day of the month, and the operator has stated it. While
//! the operator has stated no role at all, the roles of sources with `registry = "trusted"` count as well. The registry as of the last
//! day of the month resolves the names of persons and practices, as it does for rows. Events at other practices reach no roll-up.
//!
//! A practice whose setting is not compared on the last day of the month counts in no roll-up, because a roll-up is compared.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::registry::directory::Directory;
use crate::time::calendar::{Day, Month};

impl Directory {
    /// Whether a practice counts in the roll-up of a person in a month. Both are as the registry resolves them in this month.
    #[must_use]
    pub fn rolls_up(&self, person: &str, practice: &str, month: Month) -> bool {
        self.is_rolled_up(person, practice, month, &self.roll_up_turns(person, practice))
    }

    /// The parts of a span of months in which a practice counts in the roll-up of a person, or does not.
    #[must_use]
    pub fn roll_up_spans(
        &self,
        person: &str,
        practice: &str,
        months: &RangeInclusive<Month>,
    ) -> Vec<(RangeInclusive<Month>, bool)> {
        let turns = self.roll_up_turns(person, practice);
        // A role that ends within a month counts until the end of this month.
        let begins = turns.iter().flat_map(|day| [day.month(), day.month().plus(1)]);
        let begins: BTreeSet<Month> =
            begins.filter(|month| months.contains(month)).chain(std::iter::once(*months.start())).collect();
        let mut spans: Vec<(RangeInclusive<Month>, bool)> = Vec::new();
        for month in begins {
            let counts = self.is_rolled_up(person, practice, month, &turns);
            if spans.last().is_some_and(|(_, last)| *last == counts) {
                continue;
            }
            if let Some((span, _)) = spans.last_mut() {
                *span = *span.start()..=month.plus(-1);
            }
            spans.push((month..=*months.end(), counts));
        }
        spans
    }

    fn is_rolled_up(&self, person: &str, practice: &str, month: Month, turns: &BTreeSet<Day>) -> bool {
        let last = month.last_day();
        if self.persons.root(person, last).is_some() || !self.organisations.has_compared_setting(practice, last) {
            return false;
        }
        let names: Vec<&str> = self.persons.held_under(person, last).collect();
        let within = turns.range(month.first_day()..=last).copied();
        within
            .chain([month.first_day(), last])
            .any(|day| self.named_terms(&self.roles, &names, practice, last, day).any(|term| self.may_roll_up(term)))
    }

    /// The days on which the answer for a person and a practice can change.
    fn roll_up_turns(&self, person: &str, practice: &str) -> BTreeSet<Day> {
        let names: Vec<&str> = self.persons.ever_held_under(person).collect();
        let (mut days, practices) = self.roles.turns(&names);
        days.extend(names.iter().flat_map(|name| self.persons.changes(name)));
        days.extend(practices.into_iter().flat_map(|practice| self.organisations.aliases.changes(practice)));
        days.extend(self.organisations.setting_turns(practice));
        days
    }
}
