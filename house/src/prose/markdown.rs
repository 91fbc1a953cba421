//! Markdown as paragraphs of plain words. Fenced code, rules of tables and targets of links are left out.

/// A run of text that ends sentences at its own end: a paragraph, a heading, an item of a list, a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// Line of the first word.
    pub line: usize,
    /// The words; a line break where the source has one. Inline code stays in its backticks, its spaces are no ASCII spaces.
    pub text: String,
}

/// The space that inline code has instead of an ASCII one, so that a code counts as one word.
const CODE_SPACE: char = '\u{a0}';

/// The paragraphs of numbered lines.
pub fn paragraphs<'a>(lines: impl IntoIterator<Item = (usize, &'a str)>) -> Vec<Paragraph> {
    let mut page = Page::default();
    for (number, line) in lines {
        page.read(number, line);
    }
    page.close();
    page.done.into_iter().map(|Paragraph { line, text }| Paragraph { line, text: plain(&text) }).collect()
}

#[derive(Default)]
struct Page {
    done: Vec<Paragraph>,
    open: Option<Paragraph>,
    fence: Option<&'static str>,
    in_list: bool,
    in_html_comment: bool,
    after_blank: bool,
}

impl Page {
    fn read(&mut self, number: usize, line: &str) {
        let text = line.trim_start_matches(['>', ' ']).trim_end();
        if self.skips(text) {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let blank = text.is_empty();
        let code = indent >= 4 && !self.in_list && self.open.is_none() && self.after_blank;
        self.after_blank = blank || (code && self.after_blank);
        if blank {
            self.close();
        } else if !code {
            self.in_list = self.in_list && (indent > 0 || !self.after_blank) || item_of_list(text).is_some();
            self.words(number, text);
        }
    }

    /// Whether the line is in a fence or a comment, opens one or closes one.
    fn skips(&mut self, text: &str) -> bool {
        if let Some(fence) = self.fence {
            if text.starts_with(fence) {
                self.fence = None;
            }
            return true;
        }
        if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence)) {
            self.close();
            self.fence = Some(fence);
            return true;
        }
        if self.in_html_comment || text.starts_with("<!--") {
            self.in_html_comment = !text.contains("-->");
            return true;
        }
        false
    }

    fn words(&mut self, number: usize, text: &str) {
        if text.starts_with('|') {
            self.close();
            self.done.extend(cells(text).map(|text| Paragraph { line: number, text }));
        } else if text.starts_with('#') {
            self.close();
            self.open(number, text.trim_start_matches('#'));
            self.close();
        } else if let Some(item) = item_of_list(text) {
            self.close();
            self.open(number, item);
        } else if !is_link_target(text) && !is_rule(text) {
            self.open(number, text);
        }
    }

    fn open(&mut self, number: usize, text: &str) {
        match &mut self.open {
            Some(paragraph) => {
                paragraph.text.push('\n');
                paragraph.text.push_str(text);
            }
            None => self.open = Some(Paragraph { line: number, text: text.to_owned() }),
        }
    }

    fn close(&mut self) {
        self.done.extend(self.open.take());
    }
}

/// The text of an item of a list, without its mark.
fn item_of_list(text: &str) -> Option<&str> {
    if let Some(item) = ["* ", "- ", "+ "].iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some(item);
    }
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let rest = &text[digits..];
    (1..=3).contains(&digits).then(|| rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))).flatten()
}

/// `[name]: target`.
fn is_link_target(text: &str) -> bool {
    text.starts_with('[') && text.split_once("]: ").is_some_and(|(_, target)| !target.trim().contains(' '))
}

fn is_rule(text: &str) -> bool {
    text.chars().all(|letter| matches!(letter, '-' | '=' | '*' | '_'))
}

/// The cells of a row of a table; the rule under its head has none.
fn cells(row: &str) -> impl Iterator<Item = String> {
    let mut cells = vec![String::new()];
    let mut in_code = false;
    let mut escaped = false;
    for letter in row.chars() {
        in_code ^= letter == '`';
        if letter == '|' && !in_code && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(letter);
        }
        escaped = letter == '\\';
    }
    cells.into_iter().filter(|cell| cell.chars().any(char::is_alphanumeric))
}

/// The words of a paragraph. Line breaks stay, so that a word's line can be counted.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = match letter {
            '`' => code(rest, &mut out),
            '[' => link(rest, &mut out),
            '<' => tag(rest, &mut out),
            '*' | '\\' => &rest[1..],
            '!' if rest.starts_with("![") => &rest[1..],
            _ => {
                out.push(letter);
                &rest[letter.len_utf8()..]
            }
        };
    }
    out
}

/// Inline code: kept as one word.
fn code<'a>(text: &'a str, out: &mut String) -> &'a str {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let (fence, rest) = text.split_at(ticks);
    let Some(end) = rest.find(fence) else { return rest };
    out.push('`');
    out.extend(rest[..end].chars().map(|letter| if matches!(letter, ' ' | '\n') { CODE_SPACE } else { letter }));
    out.push('`');
    // A break inside the code goes behind it: the lines that follow keep their numbers.
    out.extend(rest[..end].chars().filter(|letter| *letter == '\n'));
    &rest[end + ticks..]
}

/// A link: its text, without its target.
fn link<'a>(text: &'a str, out: &mut String) -> &'a str {
    let Some(end) = closing(text, '[', ']') else { return &text[1..] };
    out.push_str(&plain(&text[1..end]));
    let rest = &text[end + 1..];
    let target = match rest.chars().next() {
        Some('(') => closing(rest, '(', ')'),
        Some('[') => closing(rest, '[', ']'),
        _ => None,
    };
    let skipped = target.map_or("", |end| &rest[..=end]);
    out.extend(skipped.chars().filter(|letter| *letter == '\n'));
    &rest[skipped.len()..]
}

/// A tag of HTML or an address in angle brackets is left out; any other `<` stays.
fn tag<'a>(text: &'a str, out: &mut String) -> &'a str {
    let opens = text[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
    match text.find('>') {
        Some(end) if opens && !text[..end].contains('\n') => &text[end + 1..],
        _ => {
            out.push('<');
            &text[1..]
        }
    }
}

/// Where the bracket that the text begins with is closed.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    fn texts(page: &str) -> Vec<(usize, String)> {
        paragraphs(page.lines().enumerate().map(|(at, line)| (at + 1, line)))
            .into_iter()
            .map(|found| (found.line, found.text))
            .collect()
    }

    #[test]
    fn headings_items_and_cells_are_paragraphs_of_their_own() {
        let page = "# Title\ntext\nmore\n\n* one\n  and on\n* two\n\n| a b | `c|d` |\n|---|---|\n";
        let expected = [(1, " Title"), (2, "text\nmore"), (5, "one\nand on"), (7, "two"), (9, " a b "), (9, " `c|d` ")];
        assert_eq!(texts(page), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn code_blocks_and_targets_of_links_are_left_out() {
        let page = "See [the page](what/who.md) and [`Card`].\n\n```sh\nwhat who\n```\n\n    what who\n\n[name]: https://example.org\nend";
        assert_eq!(texts(page), [(1, "See the page and `Card`.".to_owned()), (9 + 1, "end".to_owned())]);
    }

    #[test]
    fn inline_code_is_one_word_and_keeps_the_lines() {
        assert_eq!(texts("a `b\nc d` e"), [(1, "a `b\u{a0}c\u{a0}d`\n e".to_owned())]);
    }
}
