//! Code files: tables that say what the codes of events mean, such as dm+d codes as BNF codes. They are CSV files with a header, plain or
//! compressed with gzip.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use codec::identity::nhs_number::contains_nhs_number;
use csv::StringRecord;
use flate2::bufread::MultiGzDecoder;
use scorecard::measure::code_book::CodeBook;
use scorecard::measure::vocabulary::short_system;
use scorecard::registry::identifier::role_word;
use scorecard::registry::role_words::{ROLES, is_role};
use serde::{Deserialize, Serialize};

/// The first bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Mistakes of one file that are listed. The rest are counted.
const LISTED_MISTAKES: usize = 20;

/// The meaning that a code file states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeTable {
    /// Drugs of other systems as codes of the classification.
    Drugs,
    /// Categories of orders.
    Orders,
    /// Questions of questionnaires by `linkId`.
    Questions,
    /// Answers to questions.
    Answers,
    /// Systems of the numbers of persons, by their URI. The order of the rows is the preference.
    Identifiers,
    /// Roles of persons by the code of a PractitionerRole.
    Roles,
}

impl CodeTable {
    /// All of them.
    pub const ALL: [CodeTable; 6] =
        [CodeTable::Drugs, CodeTable::Orders, CodeTable::Questions, CodeTable::Answers, CodeTable::Identifiers, CodeTable::Roles];

    /// Its word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CodeTable::Drugs => "drugs",
            CodeTable::Orders => "orders",
            CodeTable::Questions => "questions",
            CodeTable::Answers => "answers",
            CodeTable::Identifiers => "identifiers",
            CodeTable::Roles => "roles",
        }
    }

    /// The option that names its file.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            CodeTable::Drugs => "codes.drugs",
            CodeTable::Orders => "codes.orders",
            CodeTable::Questions => "codes.questions",
            CodeTable::Answers => "codes.answers",
            CodeTable::Identifiers => "codes.identifiers",
            CodeTable::Roles => "codes.roles",
        }
    }

    /// The columns that its files must have.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            CodeTable::Drugs | CodeTable::Orders | CodeTable::Roles => &["system", "code", "target"],
            CodeTable::Questions => &["question", "target"],
            CodeTable::Answers => &["question", "code", "target"],
            CodeTable::Identifiers => &["system", "target"],
        }
    }

    fn insert(self, row: &Row<'_>, book: &mut CodeBook) -> Result<(), String> {
        let inserted = match self {
            // The decoder reads them: they decide who a person is, not what a code of an event means.
            CodeTable::Identifiers | CodeTable::Roles => Ok(()),
            CodeTable::Drugs => book.insert_drug(row.get("system"), row.get("code"), row.get("target")),
            CodeTable::Orders => book.insert_order(row.get("system"), row.get("code"), row.get("target")),
            CodeTable::Questions => book.insert_question(row.get("question"), row.get("target")),
            CodeTable::Answers => book.insert_answer(row.get("question"), row.get("code"), row.get("target")),
        };
        let name = row.get("name");
        let named = match self {
            CodeTable::Drugs | CodeTable::Orders if !name.is_empty() => {
                book.insert_name(row.get("system"), row.get("code"), name)
            }
            _ => Ok(()),
        };
        inserted.and(named).map_err(|error| error.to_string())
    }
}

/// A code file and its table: `drugs=dmd.csv.gz` on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFile {
    /// The table.
    pub table: CodeTable,
    /// The file.
    pub path: PathBuf,
}

impl FromStr for CodeFile {
    type Err = String;

    fn from_str(text: &str) -> Result<CodeFile, String> {
        let words = CodeTable::ALL.map(CodeTable::word).join(", ");
        let (word, path) = text.split_once('=').ok_or_else(|| format!("write TABLE=FILE, where TABLE is one of {words}"))?;
        let table = CodeTable::ALL.into_iter().find(|table| table.word() == word);
        let table = table.ok_or_else(|| format!("{word:?} is no table of codes; write one of {words}"))?;
        if path.is_empty() {
            Err("the file is missing; write TABLE=FILE".to_owned())
        } else {
            Ok(CodeFile { table, path: path.into() })
        }
    }
}

/// The text of a code file, without compression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeText {
    /// The table.
    pub table: CodeTable,
    /// The file's path as it was given.
    pub path: String,
    /// Its CSV.
    pub text: String,
}

impl CodeFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`CodeFileError::Unreadable`] when the file cannot be read or is not UTF-8.
    pub fn read(&self) -> Result<CodeText, CodeFileError> {
        let mut text = String::new();
        let read = opened(&self.path).and_then(|mut file| file.read_to_string(&mut text));
        read.map_err(|source| CodeFileError::Unreadable { path: self.path.clone(), source })?;
        Ok(CodeText { table: self.table, path: self.path.display().to_string(), text })
    }
}

/// A code file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CodeFileError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}; name a CSV file in UTF-8, plain or compressed with gzip", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Mistakes in its rows.
    #[error("{}", .0.join("\n"))]
    Mistakes(Vec<String>),
}

/// A row and the columns of its file.
struct Row<'r> {
    header: &'r StringRecord,
    record: &'r StringRecord,
}

impl Row<'_> {
    /// The text in the column of this name; empty without one.
    fn get(&self, column: &str) -> &str {
        let place = self.header.iter().position(|name| name.eq_ignore_ascii_case(column));
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }
}

/// The built-in vocabulary with the rows of these files. `classification` is the system of drug targets, such as `bnf`.
///
/// # Errors
/// [`CodeFileError::Mistakes`] for the first file that has mistakes. It names the line of each mistake.
pub fn code_book(classification: &str, files: &[CodeText]) -> Result<CodeBook, CodeFileError> {
    let mut book = CodeBook::new(classification);
    for file in files {
        insert(file, &mut book)?;
    }
    Ok(book)
}

fn insert(file: &CodeText, book: &mut CodeBook) -> Result<(), CodeFileError> {
    each_row(file, &mut |row| file.table.insert(row, book))
}

/// URIs of identifier systems with their short names, and the short names in the order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentifierTable {
    /// Short names by URI.
    pub systems: BTreeMap<String, String>,
    /// Short names, the preferred one first, each once.
    pub preference: Vec<String>,
}

/// The identifier systems of these files. Files of other tables are left out.
///
/// # Errors
/// [`CodeFileError::Mistakes`] for the first file that has mistakes.
pub fn identifier_table(files: &[CodeText]) -> Result<IdentifierTable, CodeFileError> {
    let mut found = IdentifierTable::default();
    for file in files.iter().filter(|file| file.table == CodeTable::Identifiers) {
        each_row(file, &mut |row| found.add(row.get("system"), row.get("target")))?;
    }
    Ok(found)
}

impl IdentifierTable {
    fn add(&mut self, system: &str, target: &str) -> Result<(), String> {
        let is_name =
            !target.is_empty() && target.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
        if system.is_empty() || !is_name {
            return Err(format!("{system:?} has the target {target:?}; write a URI and a short name of a-z, 0-9, -, _ and ."));
        }
        match self.systems.insert(system.to_owned(), target.to_owned()) {
            Some(first) if first != target => {
                return Err(format!("{system} has the targets {first:?} and {target:?}; remove one of the rows"));
            }
            _ => {}
        }
        if !self.preference.iter().any(|known| known == target) {
            self.preference.push(target.to_owned());
        }
        Ok(())
    }
}

/// The roles of these files by `system|code`, or by a code alone. Files of other tables are left out.
///
/// # Errors
/// [`CodeFileError::Mistakes`] for the first file that has mistakes.
pub fn role_table(files: &[CodeText]) -> Result<BTreeMap<String, String>, CodeFileError> {
    let mut found = BTreeMap::new();
    for file in files.iter().filter(|file| file.table == CodeTable::Roles) {
        each_row(file, &mut |row| add_role(&mut found, row.get("system"), row.get("code"), row.get("target")))?;
    }
    Ok(found)
}

/// The codes of drugs, orders, questions and answers in these files that look as if they contained an NHS number: `system|code` with the
/// system's short name, and the codes of questionnaires alone.
///
/// # Errors
/// [`CodeFileError::Mistakes`] for the first file that has mistakes.
pub fn listed_codes(files: &[CodeText]) -> Result<BTreeSet<String>, CodeFileError> {
    let mut found = BTreeSet::new();
    for file in files {
        each_row(file, &mut |row| {
            let code = match file.table {
                CodeTable::Drugs | CodeTable::Orders => {
                    format!("{}|{}", short_system(row.get("system").trim()), row.get("code").trim())
                }
                CodeTable::Questions => row.get("question").trim().to_owned(),
                CodeTable::Answers => row.get("code").trim().to_owned(),
                CodeTable::Identifiers | CodeTable::Roles => return Ok(()),
            };
            found.extend(Some(code).filter(|code| contains_nhs_number(code)));
            Ok(())
        })?;
    }
    Ok(found)
}

fn add_role(roles: &mut BTreeMap<String, String>, system: &str, code: &str, role: &str) -> Result<(), String> {
    if code.is_empty() {
        return Err("the code is missing; write the code of a role".to_owned());
    }
    if !is_role(role) {
        return Err(format!("{role:?} is no role; write one of {}", ROLES.join(", ")));
    }
    let key = if system.is_empty() { code.to_owned() } else { format!("{}|{code}", short_system(system)) };
    let role = role_word(role).into_owned();
    match roles.insert(key, role.clone()) {
        Some(first) if first != role => {
            Err(format!("{system}|{code} has the targets {first:?} and {role:?}; remove one of the rows"))
        }
        _ => Ok(()),
    }
}

/// Calls `add` with every row of a file, and lists the mistakes.
fn each_row(file: &CodeText, add: &mut dyn FnMut(&Row<'_>) -> Result<(), String>) -> Result<(), CodeFileError> {
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.text.as_bytes());
    let shown = &file.path;
    let mut mistakes = Vec::new();
    let header = match rows.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Err(CodeFileError::Mistakes(vec![format!("{shown}: {error}; write a header")])),
    };
    let missing = |column: &&&str| !header.iter().any(|name| name.eq_ignore_ascii_case(column));
    if let Some(column) = file.table.columns().iter().find(missing) {
        let columns = file.table.columns().join(",");
        return Err(CodeFileError::Mistakes(vec![format!("{shown}: line 1 has no column {column}; write the header {columns}")]));
    }
    for record in rows.records() {
        let added = match &record {
            Ok(record) => add(&Row { header: &header, record }),
            Err(error) => Err(format!("{error}; write CSV with the same number of fields in each line")),
        };
        if let Err(why) = added {
            let line = record.as_ref().ok().and_then(StringRecord::position).map_or(0, csv::Position::line);
            mistakes.push(if line > 0 { format!("{shown}:{line}: {why}") } else { format!("{shown}: {why}") });
        }
    }
    let more = mistakes.len().saturating_sub(LISTED_MISTAKES);
    mistakes.truncate(LISTED_MISTAKES);
    mistakes.extend((more > 0).then(|| format!("{shown}: {more} more mistakes")));
    if mistakes.is_empty() { Ok(()) } else { Err(CodeFileError::Mistakes(mistakes)) }
}

/// The text of a file without its byte order mark, decompressed if it is compressed.
fn opened(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    let is_compressed = file.fill_buf()?.starts_with(&GZIP);
    let mut text: BufReader<Box<dyn Read>> =
        BufReader::new(if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) });
    if text.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        text.consume("\u{feff}".len());
    }
    Ok(Box::new(text))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use scorecard::event::Codes;
    use scorecard::measure::code_book::DrugMeaning;

    use super::*;

    fn book(table: CodeTable, bytes: &[u8]) -> Result<CodeBook, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("codes.csv");
        std::fs::write(&path, bytes).unwrap();
        let text = CodeFile { table, path }.read();
        text.and_then(|text| code_book("bnf", &[text]))
            .map_err(|error| error.to_string().replace(&*dir.path().to_string_lossy(), ""))
    }

    const DRUGS: &str = "name,Code,system,target\nAmoxicillin,1,dmd,0501013B0AAABAB\n\"Gauze, \"\"large\"\"\",2,dmd,none\n";

    #[test]
    fn columns_are_found_by_name_in_plain_compressed_and_marked_files() {
        let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        compressed.write_all(DRUGS.as_bytes()).unwrap();
        let marked = format!("\u{feff}{}", DRUGS.replace('\n', "\r\n"));
        for bytes in [DRUGS.as_bytes().to_vec(), compressed.finish().unwrap(), marked.into_bytes()] {
            let book = book(CodeTable::Drugs, &bytes).unwrap();
            assert_eq!(book.drug(&Codes::one("snomed|1")), DrugMeaning::Code("0501013B0AAABAB"));
            assert_eq!(book.drug(&Codes::one("dmd|2")), DrugMeaning::NoDrug);
            assert_eq!(book.name("dmd|2"), Some("Gauze, \"large\""));
        }
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let text = "system,code,target\ndmd,1,0501\ndmd,1,0502\ndmd,,0501\ndmd,3,amoxicillin\n";
        let said = book(CodeTable::Drugs, text.as_bytes()).unwrap_err();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        for (line, start) in lines.iter().zip(["/codes.csv:3: ", "/codes.csv:4: ", "/codes.csv:5: "]) {
            assert!(line.starts_with(start), "{line}");
        }
        let said = book(CodeTable::Answers, b"question,target\na,b\n").unwrap_err();
        assert!(said.contains("no column code") && said.contains("question,code,target"), "{said}");
        let many: String = (0..100).map(|row| format!("dmd,{row},x\n")).collect();
        let said = book(CodeTable::Drugs, format!("system,code,target\n{many}").as_bytes()).unwrap_err();
        assert!(said.lines().count() == 21 && said.ends_with("80 more mistakes"), "{said}");
        assert!(book(CodeTable::Drugs, b"system,code,target\ndmd,\xff,0501\n").unwrap_err().contains("UTF-8"));
        let missing = CodeFile { table: CodeTable::Drugs, path: "/nowhere.csv".into() };
        assert!(missing.read().unwrap_err().to_string().contains("name a CSV file"));
    }

    #[test]
    fn roles_are_read_by_system_and_code_and_an_unknown_one_is_named_with_its_line() {
        let file = |text: &str| {
            let text = format!("system,code,target\n{text}");
            role_table(&[CodeText { table: CodeTable::Roles, path: "roles.csv".to_owned(), text }])
        };
        let roles = file("https://Example.org/jobs/,17,Pharmacist\n,18,gp\n").unwrap();
        let expect = [("18", "gp"), ("example.org/jobs|17", "pharmacist")];
        assert_eq!(roles, expect.map(|(code, role)| (code.to_owned(), role.to_owned())).into());
        let said = file("a,1,gp\na,1,nurse\na,2,pharmasist\na,,gp\n").unwrap_err().to_string();
        for (line, cure) in
            said.lines().zip(["roles.csv:3: a|1 has the targets", "roles.csv:4: \"pharmasist\"", "roles.csv:5: the code"])
        {
            assert!(line.starts_with(cure), "{line}");
        }
        assert_eq!(said.lines().count(), 3, "{said}");
    }

    #[test]
    fn a_table_and_a_file_are_read_from_the_command_line() {
        let parsed: CodeFile = "drugs=a=b.csv".parse().unwrap();
        assert_eq!(parsed, CodeFile { table: CodeTable::Drugs, path: "a=b.csv".into() });
        for (text, cure) in [("drugs", "TABLE=FILE"), ("drugs=", "TABLE=FILE"), ("medicines=a.csv", "drugs, orders")] {
            assert!(text.parse::<CodeFile>().unwrap_err().contains(cure), "{text}");
        }
    }
}
