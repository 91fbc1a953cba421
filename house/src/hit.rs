//! One place that breaks a rule.

use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Path from the workspace's root, with `/`.
    pub path: String,
    /// Line from 1 on; 0 where the whole file or folder is meant.
    pub line: usize,
    /// The rule's name, such as `opening`.
    pub rule: &'static str,
    /// The text that breaks the rule, with the cure where the rule has one.
    pub excerpt: String,
}

impl fmt::Display for Hit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}: {}", self.path, self.line, self.rule, self.excerpt)
    }
}
