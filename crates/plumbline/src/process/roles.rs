//! What a process is there for.

use std::fmt;

use clap::ValueEnum;

/// One of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessRole {
    /// Takes events from topics and requests.
    Intake,
    /// Folds partitions of the events.
    Tally,
    /// Publishes runs, or stands by to.
    Publish,
    /// Answers whoever asks for cards.
    Serve,
}

/// Those that a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessRoles([bool; 4]);

impl ProcessRoles {
    /// All of them.
    pub const ALL: ProcessRoles = ProcessRoles([true; 4]);

    /// These; all where none is named.
    #[must_use]
    pub fn of(named: &[ProcessRole]) -> ProcessRoles {
        if named.is_empty() {
            return ProcessRoles::ALL;
        }
        let mut roles = ProcessRoles([false; 4]);
        named.iter().for_each(|role| roles.0[*role as usize] = true);
        roles
    }

    /// Whether this is among them.
    #[must_use]
    pub fn has(self, role: ProcessRole) -> bool {
        self.0[role as usize]
    }
}

impl fmt::Display for ProcessRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = ProcessRole::value_variants().iter().filter(|role| self.has(**role));
        let names: Vec<String> = named.filter_map(|role| Some(role.to_possible_value()?.get_name().to_owned())).collect();
        f.write_str(&names.join(", "))
    }
}
