//! The width of lines, and text that is wrapped or cut to it.

use std::io;

use terminal_size::{Width, terminal_size_of};

/// Columns of a line without a terminal and without `COLUMNS`. Cards are laid out for this width.
pub const DEFAULT_COLUMNS: usize = 100;
/// A narrower terminal gets lines of this width, which it wraps itself: tables need some room.
const LEAST_COLUMNS: usize = 40;
/// Lines that continue a wrapped line are indented this much further.
const HANGING_INDENT: usize = 4;

/// Columns of a line on standard output: the terminal's width, else the variable `COLUMNS`, else [`DEFAULT_COLUMNS`].
#[must_use]
pub fn columns() -> usize {
    terminal_columns().unwrap_or(DEFAULT_COLUMNS).max(LEAST_COLUMNS)
}

/// The terminal's width, else the variable `COLUMNS`; `None` if standard output goes to a file or a program.
#[must_use]
pub fn terminal_columns() -> Option<usize> {
    let of_terminal = terminal_size_of(io::stdout()).map(|(Width(columns), _)| usize::from(columns));
    let of_variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    of_terminal.or_else(of_variable).filter(|columns| *columns > 0)
}

/// A last column that would have less room than this continues at the left.
const LEAST_TEXT_COLUMNS: usize = 20;

/// The text with every line wrapped at spaces to at most this many columns. Lines that continue another are indented. A word that
/// is longer than a line, such as a path, stays whole.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> String {
    let mut wrapped = String::new();
    for line in text.split_inclusive('\n') {
        let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
        let indent = content.chars().take_while(|character| *character == ' ').count();
        let first = " ".repeat(indent);
        wrapped += &hanging(&first, content.trim_start_matches(' '), indent + HANGING_INDENT, columns);
        wrapped += end;
    }
    wrapped
}

/// `text` after `first`, wrapped to at most this many columns. Lines that continue the first are indented by `indent` columns, or by
/// [`HANGING_INDENT`] if that leaves too little room for text.
#[must_use]
pub fn hanging(first: &str, text: &str, indent: usize, columns: usize) -> String {
    let indent = if indent + LEAST_TEXT_COLUMNS > columns { HANGING_INDENT.min(indent) } else { indent };
    let mut out = first.to_owned();
    let (mut used, mut gap, mut begun) = (width(first), 0, !first.trim().is_empty());
    for word in text.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let length = width(word);
        if begun && used + gap + length > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out += "\n";
            out += &" ".repeat(indent);
            used = indent;
        } else {
            out += &" ".repeat(gap);
            used += gap;
        }
        out += word;
        (used, gap, begun) = (used + length, 1, true);
    }
    out
}

/// The text in at most this many columns, its end replaced by `…` if it is longer. It must hold no colours.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Columns that a text takes. ANSI escapes take none.
fn width(text: &str) -> usize {
    let mut columns = 0;
    let mut escape = false;
    for character in text.chars() {
        match (escape, character) {
            (false, '\u{1b}') => escape = true,
            (false, _) => columns += 1,
            (true, 'm') => escape = false,
            (true, _) => {}
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_wrapped_at_spaces_and_indented_and_short_ones_are_left_alone() {
        let text = "  one two three four five six seven\neight\n";
        assert_eq!(wrapped(text, 28), "  one two three four five\n      six seven\neight\n");
        assert_eq!(wrapped("a    b\n\n", 40), "a    b\n\n", "gaps of a table stay");
    }

    #[test]
    fn a_word_longer_than_a_line_stays_whole() {
        assert_eq!(wrapped("in /a/long/path now", 8), "in\n    /a/long/path\n    now");
    }

    #[test]
    fn colours_take_no_columns() {
        let bold = "\u{1b}[1mone two\u{1b}[0m three";
        assert_eq!(wrapped(bold, 13), bold);
        assert_eq!(wrapped(bold, 12), "\u{1b}[1mone two\u{1b}[0m\n    three");
    }

    #[test]
    fn a_last_column_continues_under_itself() {
        assert_eq!(hanging("id  ", "how often do I test", 4, 24), "id  how often do I test");
        assert_eq!(hanging("identity  ", "how often do I do that", 10, 30), "identity  how often do I do\n          that");
    }

    #[test]
    fn a_last_column_without_room_continues_at_the_left() {
        assert_eq!(hanging("identity  ", "how often do I", 10, 12), "identity\n    how\n    often do\n    I");
    }

    #[test]
    fn a_cut_text_ends_in_an_ellipsis() {
        assert_eq!([cut("abcdef", 6), cut("abc def", 5)], ["abcdef", "abc…"]);
    }
}
