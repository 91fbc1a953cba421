//! A mistake in a measure file, and its line.

/// A mistake in a measure file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The table of its key; `None` is the top of the file.
    pub table: Option<&'static str>,
    /// The key to change.
    pub key: &'static str,
    /// The problem and the cure. For an element of a list, the element itself.
    pub text: String,
}

/// The line of a file, from 1, with the key of a mistake, or with the text of the mistake inside the key's value. If the file lacks
/// the key: the line of the table, or `None`.
pub(crate) fn line_of(file: &str, mistake: &Mistake) -> Option<usize> {
    let header = mistake.table.map(|table| format!("[{table}]"));
    let mut inside = header.is_none();
    let (mut table_line, mut key_line) = (None, None);
    for (line, number) in file.lines().map(str::trim_start).zip(1..) {
        if line.starts_with('[') && !line.starts_with("[\"") {
            inside = header.as_deref().is_some_and(|header| line.starts_with(header));
            table_line = if inside { Some(number) } else { table_line };
        }
        let keyed = line.strip_prefix(mistake.key).is_some_and(|rest| rest.trim_start().starts_with('='));
        if inside && keyed {
            key_line = Some(number);
        }
        let quoted = format!("\"{}", mistake.text);
        if inside && key_line.is_some() && !mistake.text.is_empty() && line.contains(&quoted) {
            return Some(number);
        }
    }
    key_line.or(table_line)
}
