//! Puts patients' numbers into every text of every input format, and searches the output for them.

use std::collections::BTreeSet;

use serde_json::Value;

/// A source of distinct valid NHS numbers that remembers them.
#[derive(Debug, Default)]
pub struct Planter {
    next: u64,
    /// All numbers so far.
    pub planted: BTreeSet<String>,
}

/// The check digit of nine digits; `None` where none exists (NHS Data Dictionary: modulus 11, 10 is never used).
fn check_digit(nine: &str) -> Option<u32> {
    let sum: u32 = nine.bytes().zip((2..=10).rev()).map(|(digit, weight): (u8, u32)| u32::from(digit - b'0') * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

impl Planter {
    /// The next number.
    pub fn number(&mut self) -> String {
        loop {
            self.next += 1;
            // The numbers are scattered, so that no ten digits across two numbers form a third.
            let nine = format!("{:09}", 400_000_000 + (self.next * 7_919_933) % 399_999_989);
            if let Some(digit) = check_digit(&nine) {
                let number = format!("{nine}{digit}");
                if self.planted.insert(number.clone()) {
                    return number;
                }
            }
        }
    }

    /// Copies of the record: for each text one with a number in its place and one with a number inside it; and one for each key
    /// with a number in its place.
    pub fn each_text(&mut self, record: &Value) -> Vec<String> {
        let mut planted = Vec::new();
        for path in text_paths(record) {
            for style in 0..3 {
                let number = self.number();
                let mut copy = record.clone();
                if let Some(Value::String(text)) = copy.pointer_mut(&path) {
                    *text = match style {
                        0 => number,
                        1 => format!("{text} {} {} {}", &number[..3], &number[3..6], &number[6..]),
                        _ => format!("{}-{}-{}{text}", &number[..3], &number[3..6], &number[6..]),
                    };
                }
                planted.push(copy.to_string());
            }
        }
        planted.extend(self.each_key(record));
        planted.push(self.everywhere(record.clone()).to_string());
        planted
    }

    fn each_key(&mut self, record: &Value) -> Vec<String> {
        let Value::Object(fields) = record else { return Vec::new() };
        let mut planted = Vec::new();
        for (key, value) in fields {
            let mut copy = fields.clone();
            copy.remove(key);
            copy.insert(self.number(), value.clone());
            planted.push(Value::Object(copy).to_string());
        }
        planted
    }

    fn everywhere(&mut self, mut record: Value) -> Value {
        for path in text_paths(&record) {
            if let Some(Value::String(text)) = record.pointer_mut(&path) {
                *text = self.number();
            }
        }
        record
    }

    /// Malformed records of kinds that occur in practice, each with a number.
    pub fn broken(&mut self, record: &Value) -> Vec<Vec<u8>> {
        let whole = self.everywhere(record.clone()).to_string();
        let mut broken: Vec<Vec<u8>> = (1..8).map(|eighths| whole.as_bytes()[..whole.len() * eighths / 8].to_vec()).collect();
        broken.push(format!("{{\"{}\": nothing}}", self.number()).into_bytes());
        broken.push(format!("patient {} could not be exported", self.number()).into_bytes());
        broken.push(format!("\"{}\"", self.number()).into_bytes());
        broken.push(self.number().into_bytes());
        broken.push(format!("[{}, {{\"id\": {}}}]", self.number(), self.number()).into_bytes());
        broken.push([whole.as_bytes(), b"\xff\xfe", self.number().as_bytes()].concat());
        broken.push(format!("{whole} {}", self.number()).into_bytes());
        broken
    }

    /// The planted numbers in these bytes, with blanks and hyphens between digits ignored.
    #[must_use]
    pub fn found(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut digits: Vec<u8> = Vec::new();
        for &byte in bytes {
            match byte {
                b'0'..=b'9' => digits.push(byte),
                b' ' | b'-' => continue,
                _ => digits.clear(),
            }
            if let Some(last) = digits.len().checked_sub(10).map(|from| &digits[from..]) {
                let number = String::from_utf8_lossy(last);
                if self.planted.contains(number.as_ref()) {
                    found.insert(number.into_owned());
                }
            }
        }
        found
    }
}

fn text_paths(value: &Value) -> Vec<String> {
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::String(_) => vec![String::new()],
        Value::Array(items) => {
            let inner = |(n, item): (usize, &Value)| {
                text_paths(item).into_iter().map(move |path| format!("/{n}{path}")).collect::<Vec<_>>()
            };
            items.iter().enumerate().flat_map(inner).collect()
        }
        Value::Object(fields) => {
            let inner = |(key, item): (&String, &Value)| {
                let key = escape(key);
                text_paths(item).into_iter().map(move |path| format!("/{key}{path}")).collect::<Vec<_>>()
            };
            fields.iter().flat_map(inner).collect()
        }
        _ => Vec::new(),
    }
}

/// One record of every input format and kind, with a text in every field that may have one.
#[must_use]
pub fn specimens() -> Vec<Value> {
    let text = include_str!("specimens.ndjson");
    text.lines().map(|line| serde_json::from_str(line).expect("specimens.ndjson holds JSON")).collect()
}
