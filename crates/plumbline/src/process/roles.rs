//! The roles of a process.

use std::fmt;

use clap::ValueEnum;

/// A role. `run` without a role has all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessRole {
    /// Append events from HTTP requests and input topics to the log
    Intake,
    /// Count the events of partitions
    Tally,
    /// Publish cards, or be on standby
    Publish,
    /// Serve cards over HTTP
    Serve,
}

/// The roles of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessRoles([bool; 4]);

impl ProcessRoles {
    /// All roles.
    pub const ALL: ProcessRoles = ProcessRoles([true; 4]);

    /// The named roles; all roles if none is named.
    #[must_use]
    pub fn of(named: &[ProcessRole]) -> ProcessRoles {
        if named.is_empty() {
            return ProcessRoles::ALL;
        }
        let mut roles = ProcessRoles([false; 4]);
        named.iter().for_each(|role| roles.0[*role as usize] = true);
        roles
    }

    /// Whether the process has this role.
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
