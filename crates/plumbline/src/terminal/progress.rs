//! A progress bar on standard error, shown only on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar from 0 to a total.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar with this heading, from 0 to `total` in any unit.
    #[must_use]
    pub fn new(heading: &'static str, total: u64) -> Progress {
        let bar = ProgressBar::new(total);
        let style = ProgressStyle::with_template("{prefix:>12} [{bar:32}] {percent:>3} %  {msg}");
        bar.set_style(style.expect("the template is a constant that a test draws").progress_chars("━╸ "));
        bar.set_prefix(heading);
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar)
    }

    /// Moves the bar to `done`, and shows `place` next to it.
    pub fn at(&self, done: u64, place: impl Into<std::borrow::Cow<'static, str>>) {
        self.0.set_position(done);
        self.0.set_message(place);
    }
}

impl Progress {
    /// A line above the bar, or on standard error where no bar is shown.
    pub fn note(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.println(line);
        }
    }
}

impl Drop for Progress {
    /// Removes the bar, so that the next output replaces it.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_can_be_drawn_without_a_terminal() {
        let bar = Progress::new("replay", 3);
        bar.at(3, "2026-10-01");
    }
}
