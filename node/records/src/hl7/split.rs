//! Splitting at one delimiter, as [`str::split`] does it, for pieces of some bytes.
//!
//! Delimiters of HL7 are signs of ASCII in all but the oddest files, so a walk over bytes finds them; starting a search of the
//! standard library for each field of two letters took a sixth of the time of taking in.

/// The pieces of a text between delimiters; one, possibly empty, at least.
#[derive(Clone)]
pub(super) struct Pieces<'a> {
    rest: Option<&'a str>,
    delimiter: char,
}

/// Splits.
pub(super) fn pieces(text: &str, delimiter: char) -> Pieces<'_> {
    Pieces { rest: Some(text), delimiter }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        match find(rest, self.delimiter) {
            Some(at) => {
                self.rest = Some(&rest[at + self.delimiter.len_utf8()..]);
                Some(&rest[..at])
            }
            None => self.rest.take(),
        }
    }

    fn nth(&mut self, mut number: usize) -> Option<&'a str> {
        // What is passed over is only counted.
        if self.delimiter.is_ascii()
            && number > 0
            && let Some(rest) = self.rest
        {
            for (at, byte) in rest.bytes().enumerate() {
                if byte == self.delimiter as u8 {
                    number -= 1;
                    if number == 0 {
                        self.rest = Some(&rest[at + 1..]);
                        return self.next();
                    }
                }
            }
            self.rest = None;
            return None;
        }
        for _ in 0..number {
            self.next()?;
        }
        self.next()
    }
}

/// The lines of a text, between CR and LF; between CR and LF together lies an empty one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.bytes().position(|byte| matches!(byte, b'\r' | b'\n')) {
            Some(at) => {
                rest = Some(&text[at + 1..]);
                Some(&text[..at])
            }
            None => rest.take(),
        }
    })
}

fn find(text: &str, delimiter: char) -> Option<usize> {
    if delimiter.is_ascii() {
        // A byte of ASCII is never part of another sign.
        text.bytes().position(|byte| byte == delimiter as u8)
    } else {
        text.find(delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_those_of_the_standard_library(text in "[ab|^¥ア]{0,30}", delimiter in "[|^¥\u{0}]", number in 0usize..12) {
            let delimiter = delimiter.chars().next().expect("one");
            prop_assert_eq!(pieces(&text, delimiter).collect::<Vec<_>>(), text.split(delimiter).collect::<Vec<_>>());
            let (mut ours, mut theirs) = (pieces(&text, delimiter), text.split(delimiter));
            prop_assert_eq!(ours.nth(number), theirs.nth(number));
            prop_assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
        }

        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\r\nア]{0,20}") {
            prop_assert_eq!(lines(&text).collect::<Vec<_>>(), text.split(['\r', '\n']).collect::<Vec<_>>());
        }
    }
}
