//! The losses of a log: it no longer holds a record that an earlier result needs.
//!
//! A publisher that went on would overwrite right cards with cards of fewer events. Every task stops instead, and the text says
//! which offsets are gone and which section of the runbook has the cure.

use scorecard::time::calendar::{Month, Timestamp};

/// The page with the cures.
pub const RUNBOOK: &str = "docs/operate/runbook.md";

/// The result that needs a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reliance {
    /// The run of a cut.
    #[error("the run of {0}")]
    Run(Timestamp),
    /// The mark of a partition for a cut.
    #[error("the mark of {0}")]
    Mark(Timestamp),
    /// A task of this process.
    #[error("this process")]
    Task,
    /// The file next to an embedded log that notes its ends.
    #[error("LOG_ENDS of the data folder")]
    Folder,
}

/// One loss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogLoss {
    /// A partition ends below a position that was read.
    #[error(
        "{topic} lost its end: partition {partition} ends at offset {end}, and {reliance} has read offset {position}. \
         Offsets {end} to {position} are gone: the topic was truncated, or deleted and created again. \
         Nothing is published; {RUNBOOK}#{} has the cure",
        self.section()
    )]
    End {
        /// The topic without its prefix.
        topic: &'static str,
        /// The partition.
        partition: u32,
        /// One past its last offset.
        end: u64,
        /// The last offset that was read.
        position: u64,
        /// The result that needs the offset.
        reliance: Reliance,
    },
    /// A partition holds another record where a tick was read.
    #[error(
        "{topic} holds other records: offset {position} of partition {partition} was the tick of {at}, by {reliance}, and is not. \
         Offsets 0 to {position} are not those that were read: the topic was deleted, created again and filled. \
         Nothing is published; {RUNBOOK}#{} has the cure",
        self.section()
    )]
    Replaced {
        /// The topic without its prefix.
        topic: &'static str,
        /// The partition.
        partition: u32,
        /// The offset of the tick.
        position: u64,
        /// The instant of the tick.
        at: Timestamp,
        /// The result that needs the tick.
        reliance: Reliance,
    },
    /// The registry is empty although the deployment holds records.
    #[error(
        "registry is empty, and partition {partition} of {topic} ends at offset {end}. \
         The registry from offset 0 on is gone, and with it the first record of the log. \
         Nothing is written; {RUNBOOK}#{} has the cure",
        self.section()
    )]
    Genesis {
        /// A topic with records, without its prefix.
        topic: &'static str,
        /// Its partition.
        partition: u32,
        /// One past its last offset.
        end: u64,
    },
    /// The newest run record is older than a card.
    #[error(
        "runs lost its end: a card of the cut {card} is published, and the last run record is {}. \
         Run records up to {card} are gone, so the next cut is unknown. Nothing is published; {RUNBOOK}#{} has the cure",
        shown(*last),
        self.section()
    )]
    Runs {
        /// The newest cut of a card.
        card: Timestamp,
        /// The last cut that has a run record.
        last: Option<Timestamp>,
    },
    /// A month has fewer cards than its runs counted.
    #[error(
        "scorecards lost records: {month} has {found} cards, and the run records count {counted}. \
         New cards would begin with revision 1 again. Nothing is published; {RUNBOOK}#{} has the cure",
        self.section()
    )]
    Cards {
        /// The month.
        month: Month,
        /// Its cards in the topic, without withdrawn ones.
        found: u64,
        /// Its cards after the last run that changed the month.
        counted: u64,
    },
}

impl LogLoss {
    /// The section of the runbook with the cure.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            LogLoss::End { reliance: Reliance::Folder, .. } => "the-folder-holds-an-older-log",
            LogLoss::End { topic: "clinician-months", .. } => "rows-and-marks-are-gone",
            LogLoss::End { topic: "registry", .. } | LogLoss::Replaced { topic: "registry", .. } | LogLoss::Genesis { .. } => {
                "the-registry-is-gone"
            }
            LogLoss::End { topic: "runs" | "scorecard-revisions" | "peer-groups", .. } => "published-topics-are-gone",
            LogLoss::End { .. } => "the-log-lost-its-end",
            LogLoss::Replaced { .. } => "a-topic-was-created-again",
            LogLoss::Runs { .. } | LogLoss::Cards { .. } => "published-topics-are-gone",
        }
    }

    /// The word for the loss in metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            LogLoss::End { .. } => "end",
            LogLoss::Replaced { .. } => "replaced",
            LogLoss::Genesis { .. } => "genesis",
            LogLoss::Runs { .. } => "runs",
            LogLoss::Cards { .. } => "cards",
        }
    }

    /// The words of all losses.
    pub const WORDS: [&'static str; 5] = ["end", "replaced", "genesis", "runs", "cards"];
}

fn shown(last: Option<Timestamp>) -> String {
    last.map_or_else(|| "absent".to_owned(), |last| format!("that of {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses() -> Vec<LogLoss> {
        let at = Timestamp(1_796_094_000_000);
        let end = |topic| LogLoss::End { topic, partition: 2, end: 40, position: 119, reliance: Reliance::Run(at) };
        let replaced = |topic| LogLoss::Replaced { topic, partition: 2, position: 119, at, reliance: Reliance::Mark(at) };
        vec![
            end("events"),
            end("registry"),
            end("clinician-months"),
            end("scorecard-revisions"),
            LogLoss::End { topic: "events", partition: 2, end: 40, position: 119, reliance: Reliance::Folder },
            replaced("events"),
            replaced("registry"),
            LogLoss::Genesis { topic: "events", partition: 0, end: 7 },
            LogLoss::Runs { card: at, last: None },
            LogLoss::Cards { month: Month(24_321), found: 3, counted: 240 },
        ]
    }

    #[test]
    fn every_loss_names_topic_and_offsets_and_a_section_of_the_runbook_that_exists() {
        let runbook = include_str!("../../../docs/operate/runbook.md");
        let anchor = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let anchors: Vec<String> = runbook.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
        for loss in losses() {
            let text = loss.to_string();
            assert!(anchors.iter().any(|anchor| anchor == loss.section()), "no section {} in the runbook", loss.section());
            assert!(text.contains(&format!("{RUNBOOK}#{}", loss.section())), "{text}");
            assert!(LogLoss::WORDS.contains(&loss.word()), "{loss:?}");
        }
        let text = losses()[0].to_string();
        assert!(text.contains("events") && text.contains("partition 2") && text.contains("Offsets 40 to 119"), "{text}");
    }
}
