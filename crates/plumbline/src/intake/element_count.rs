//! A count of the elements of a body without decoding it, so that a body with millions of them is refused at once.

use codec::formats::record_decoder::RecordFormat;

/// The elements of a text: values one after the other, and members of lists. Exact for JSON without syntax errors, apart from the
/// entries of a Bundle, which count as one. It stops behind `most`. Other formats than text count as 0.
#[must_use]
pub fn at_least(body: &[u8], most: usize) -> usize {
    if matches!(RecordFormat::of(body), RecordFormat::Avro | RecordFormat::Refused) {
        return 0;
    }
    let mut scan = ElementScan::default();
    for byte in body {
        scan.read(*byte);
        if scan.elements > most {
            break;
        }
    }
    scan.elements
}

#[derive(Debug, Default)]
struct ElementScan {
    elements: usize,
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Whether the outermost bracket is that of a list.
    in_list: bool,
    /// Whether the current value is counted.
    counted: bool,
    /// Whether the current value is a word, which is no JSON: its line counts as one element.
    in_word: bool,
}

impl ElementScan {
    fn read(&mut self, byte: u8) {
        if self.in_text {
            // JSON has no line break in a text, so a line break ends an unfinished one.
            self.in_text = byte != b'\n' && (self.escaped || byte != b'"');
            self.escaped = !self.escaped && byte == b'\\';
            if byte == b'\n' {
                self.end_line();
            }
            return;
        }
        let is_outer = self.depth == 0 || self.in_list && self.depth == 1;
        match byte {
            b'[' if self.depth == 0 => (self.in_list, self.depth, self.counted) = (true, 1, false),
            b',' if self.in_list && self.depth == 1 => self.counted = false,
            b'}' | b']' => self.close(),
            b'\n' => self.end_line(),
            b' ' | b'\t' | b'\r' => self.counted = self.counted && (self.depth > 0 || self.in_word),
            _ => {
                if is_outer && !self.counted {
                    self.elements += 1;
                    (self.counted, self.in_word) = (true, byte.is_ascii_alphabetic());
                }
                self.depth += usize::from(matches!(byte, b'{' | b'['));
                self.in_text = byte == b'"';
            }
        }
    }

    fn end_line(&mut self) {
        if self.depth == 0 {
            (self.counted, self.in_word) = (false, false);
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            (self.in_list, self.counted) = (false, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_members_of_lists_are_counted() {
        let cases: [(&str, usize); 14] = [
            ("", 0),
            ("{\"a\":1}", 1),
            ("{\n \"a\": [1, 2,\n 3],\n \"b\": {\"c\": \"}\\\"\"}\n}\n", 1),
            ("{\"a\":1}\n{\"b\":\",{\"}\n", 2),
            ("{\"a\":1}{\"b\":2} {\"c\":3}", 3),
            ("[{\"a\":[1,2]},{\"b\":2},\n3]", 3),
            ("[]", 0),
            ("[\n{\"a\":1},\n{\"b\":2}\n]\n{\"c\":3}", 3),
            ("1\n1\n1\n", 3),
            ("1 2 3", 3),
            ("\"unfinished\nno json\n", 2),
            ("feed,id, version\nnorth,\"1\", 2\n", 0),
            ("<Bundle>\n<entry/>\n</Bundle>", 0),
            ("{\"resourceType\":\"Bundle\",\"entry\":[{},{},{}]}", 1),
        ];
        for (body, elements) in cases {
            assert_eq!(at_least(body.as_bytes(), 100), elements, "{body}");
        }
    }

    #[test]
    fn the_count_stops_behind_the_limit() {
        assert_eq!(at_least(&b"1\n".repeat(1_000), 10), 11);
    }
}
