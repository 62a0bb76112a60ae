//! CSV as offices export it (RFC 4180): quotes, line ends of any system, a byte order mark, commas, semicolons or tabs.
use std::borrow::Cow;

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Nothing in it.
    #[error("the file is empty: a header line and one line per record are needed")]
    Empty,
    /// A row does not have the header's columns.
    #[error("line {line}: {found} columns, the header has {expected}")]
    Columns {
        /// Counted from 1, the header included.
        line: usize,
        /// Columns of the row.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A quote is opened and never closed.
    #[error("line {line}: a quote opens here and never closes")]
    Quote {
        /// Where it opens.
        line: usize,
    },
    /// A field is longer than any field of a person.
    #[error("line {line}: a field of {bytes} bytes; the longest that is read has {max}")]
    Long {
        /// Where.
        line: usize,
        /// Its size.
        bytes: usize,
        /// [`FIELD_BYTES_MAX`].
        max: usize,
    },
}

/// Reads rows one after the other; fields without quotes are not copied.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// Names of the columns.
    pub header: Vec<String>,
    rest: &'a str,
    line: usize,
    delimiter: u8,
}

impl<'a> Table<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`TableError::Empty`], [`TableError::Quote`].
    pub fn open(text: &'a str) -> Result<Self, TableError> {
        let rest = text.trim_start_matches('\u{FEFF}');
        let first = rest.lines().next().unwrap_or("");
        let count = |c: char| first.matches(c).count();
        let delimiter = if count('\t') > count(',') {
            b'\t'
        } else if count(';') > count(',') {
            b';'
        } else {
            b','
        };
        let mut table = Self { header: Vec::new(), rest, line: 1, delimiter };
        let mut fields = Vec::new();
        if !table.split(&mut fields)? {
            return Err(TableError::Empty);
        }
        table.header = fields.iter().map(|field| field.trim().to_owned()).collect();
        Ok(table)
    }

    /// The next row into `fields`; `false` at the end. Empty lines are passed over.
    ///
    /// # Errors
    /// [`TableError`] with the line.
    pub fn next(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Result<bool, TableError> {
        let line = self.line;
        if !self.split(fields)? {
            return Ok(false);
        }
        let (found, expected) = (fields.len(), self.header.len());
        if found != expected {
            return Err(TableError::Columns { line, found, expected });
        }
        Ok(true)
    }
    /// Line of the row that comes next, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    fn split(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Result<bool, TableError> {
        fields.clear();
        while let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')) {
            (self.rest, self.line) = (rest, self.line + 1);
        }
        if self.rest.is_empty() {
            return Ok(false);
        }
        loop {
            let (field, ended) = self.field()?;
            if field.len() > FIELD_BYTES_MAX {
                return Err(TableError::Long { line: self.line, bytes: field.len(), max: FIELD_BYTES_MAX });
            }
            fields.push(field);
            if ended {
                self.line += 1;
                return Ok(true);
            }
        }
    }

    /// One field, and whether the row ends behind it.
    fn field(&mut self) -> Result<(Cow<'a, str>, bool), TableError> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted);
        }
        let bytes = self.rest.as_bytes();
        let end = bytes.iter().position(|&b| b == self.delimiter || b == b'\n').unwrap_or(bytes.len());
        let ended = bytes.get(end) != Some(&self.delimiter);
        let field = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or("");
        Ok((Cow::Borrowed(if ended { field.trim_end_matches('\r') } else { field }), ended))
    }

    fn quoted(&mut self, quoted: &'a str) -> Result<(Cow<'a, str>, bool), TableError> {
        let bytes = quoted.as_bytes();
        let (mut at, mut doubled) = (0, false);
        loop {
            match bytes[at..].iter().position(|&b| b == b'"') {
                Some(found) if bytes.get(at + found + 1) == Some(&b'"') => (at, doubled) = (at + found + 2, true),
                Some(found) => {
                    at += found;
                    break;
                }
                None => return Err(TableError::Quote { line: self.line }),
            }
        }
        let inside = &quoted[..at];
        self.line += inside.matches('\n').count();
        let field = if doubled { Cow::Owned(inside.replace("\"\"", "\"")) } else { Cow::Borrowed(inside) };
        let behind = &quoted[at + 1..];
        let end = behind.bytes().position(|b| b == self.delimiter || b == b'\n').unwrap_or(behind.len());
        let ended = behind.as_bytes().get(end) != Some(&self.delimiter);
        self.rest = behind.get(end + 1..).unwrap_or("");
        Ok((field, ended))
    }
}

/// Longest field that is read; a name of 10⁵ characters still fits, and is then found to be no name.
pub const FIELD_BYTES_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Vec<String>>, TableError> {
        let (mut table, mut fields, mut rows) = (Table::open(text)?, Vec::new(), Vec::new());
        while table.next(&mut fields)? {
            rows.push(fields.iter().map(|field| field.to_string()).collect());
        }
        Ok(rows)
    }
    #[test]
    fn quotes_line_ends_and_marks_of_other_systems_are_read() {
        let read = rows("\u{FEFF}a,b\r\n\"x, \"\"y\"\"\",2\r\n\r\n\"two\nlines\",\n").expect("rows");
        assert_eq!(read, [["x, \"y\"", "2"], ["two\nlines", ""]]);
        assert_eq!(rows("a;b\n1;2").expect("rows"), [["1", "2"]]);
        assert_eq!(rows("a\tb\n1\t2").expect("rows"), [["1", "2"]]);
    }
    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(rows(""), Err(TableError::Empty));
        assert_eq!(rows("a,b\n1,2\n1\n"), Err(TableError::Columns { line: 3, found: 1, expected: 2 }));
        assert_eq!(rows("a,b\n\"1,2\n"), Err(TableError::Quote { line: 2 }));
        let long = format!("a\n{}\n", "x".repeat(FIELD_BYTES_MAX + 1));
        assert!(matches!(rows(&long), Err(TableError::Long { line: 2, .. })));
    }
}
