//! The rows of a page as a spreadsheet: cells that no program reads as a formula.

/// A table of texts. The caller writes it as CSV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spreadsheet {
    rows: Vec<Vec<String>>,
}

impl Spreadsheet {
    /// A table with these headings.
    #[must_use]
    pub fn with_headings<const N: usize>(headings: [&str; N]) -> Spreadsheet {
        Spreadsheet { rows: vec![headings.map(text_cell).to_vec()] }
    }

    /// Adds a row.
    pub fn add<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(text_cell).to_vec());
    }

    /// The headings and the rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

/// A text that a spreadsheet shows as a text. Spreadsheets compute cells that begin with one of these letters; a number may begin with
/// a minus.
///
/// Source: OWASP, CSV Injection.
#[must_use]
pub fn text_cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let computes = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if computes && !is_number { format!("'{text}") } else { text.to_owned() }
}

/// A number for a cell: all its digits; empty without one.
#[must_use]
pub fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        let cells = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-12.5", "7", "A81001", "\u{ff1d}1"];
        let mut sheet = Spreadsheet::with_headings(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        sheet.add(cells);
        let shown = ["'=1+1", "'+cmd|' /C calc'!A0", "'-2+3", "'@SUM(A1)", "'\t=1", "-12.5", "7", "A81001", "'\u{ff1d}1"];
        assert_eq!(sheet.rows()[1], shown);
    }

    #[test]
    fn an_unknown_number_is_an_empty_cell_and_not_zero() {
        assert_eq!((number(None), number(Some(0.0)), number(Some(12.25))), (String::new(), "0".to_owned(), "12.25".to_owned()));
    }
}
