//! Tables of one or two offices as entries of a [`Linker`], in the order of their records' names.
use super::columns::{self, Column, ColumnError, Map};
use super::table::TableError;
use crate::link::blocks::Sides;
use crate::link::entry::{Entry, Vocabulary};
use crate::link::linker::Linker;
use crate::normalise;
use std::ops::Range;

/// Why tables cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Its columns or rows cannot be read.
    #[error("{file}: {source}")]
    Columns {
        /// As the caller names the table.
        file: String,
        /// What is wrong.
        source: ColumnError,
    },
    /// A record without a name.
    #[error("{file}: line {line}: no record id")]
    NoId {
        /// The table.
        file: String,
        /// Where.
        line: usize,
    },
    /// Two records with one name.
    #[error("{file}: two records are called `{id}`; every record needs its own id, over both tables")]
    Twice {
        /// The table.
        file: String,
        /// The name.
        id: String,
    },
    /// More records than fit.
    #[error("{file}: more than {max} records")]
    Many {
        /// The table.
        file: String,
        /// [`RECORDS_MAX`].
        max: usize,
    },
}

/// A table as the caller read it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What the caller calls it in messages.
    pub file: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// Records ready to be linked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Everything that linking reads.
    pub linker: Linker,
    /// All records' names, one after the other.
    names: String,
    /// Where each entry's name lies in `names`.
    spans: Vec<Range<u32>>,
}

impl Loaded {
    /// Two tables that are linked with each other.
    ///
    /// # Errors
    /// [`LoadError`] with file and line.
    pub fn two(left: Source<'_>, right: Source<'_>, map: &Map) -> Result<Self, LoadError> {
        let mut reading = Reading::default();
        reading.read(left, map)?;
        let border = reading.sort(0, left.file)?;
        reading.read(right, map)?;
        reading.sort(border, right.file)?;
        let sides = Sides::Two(border as u32);
        let loaded = reading.finish(sides);
        Ok(loaded)
    }

    /// One table whose records are linked with each other.
    ///
    /// # Errors
    /// [`LoadError`] with file and line.
    pub fn one(table: Source<'_>, map: &Map) -> Result<Self, LoadError> {
        let mut reading = Reading::default();
        reading.read(table, map)?;
        reading.sort(0, table.file)?;
        Ok(reading.finish(Sides::One))
    }

    /// A record's name.
    pub fn id(&self, at: u32) -> &str {
        self.spans.get(at as usize).map_or("", |span| &self.names[span.start as usize..span.end as usize])
    }
    /// The entry of a record's name on one side (`true` is the first, or the only one).
    pub fn find(&self, id: &str, first: bool) -> Option<u32> {
        let end = self.spans.len() as u32;
        let range = match (self.linker.sides, first) {
            (Sides::One, _) => 0..end,
            (Sides::Two(border), true) => 0..border,
            (Sides::Two(border), false) => border..end,
        };
        let side = &self.spans[range.start as usize..range.end as usize];
        let at = side.binary_search_by(|span| self.names[span.start as usize..span.end as usize].cmp(id)).ok()?;
        Some(range.start + at as u32)
    }
    /// How many records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

#[derive(Default)]
struct Reading {
    words: Vocabulary,
    entries: Vec<Entry>,
    names: String,
    spans: Vec<Range<u32>>,
}

impl Reading {
    fn read(&mut self, source: Source<'_>, map: &Map) -> Result<(), LoadError> {
        let file = || source.file.to_owned();
        let wrong = |source| LoadError::Columns { file: file(), source };
        let (mut table, columns) = columns::open(source.text, map).map_err(wrong)?;
        let mut row = Vec::new();
        loop {
            let line = table.line();
            if !table.next(&mut row).map_err(|error: TableError| wrong(error.into()))? {
                return Ok(());
            }
            let id = columns.get(&row, Column::RecordId);
            let id = id.trim();
            if id.is_empty() {
                return Err(LoadError::NoId { file: file(), line });
            }
            if self.entries.len() >= RECORDS_MAX || self.names.len() + id.len() > u32::MAX as usize {
                return Err(LoadError::Many { file: file(), max: RECORDS_MAX });
            }
            let raw = columns.demographics(&row);
            let facility = match columns.get(&row, Column::LocalId) {
                local if local.trim().is_empty() => String::new(),
                _ => columns.get(&row, Column::Facility).trim().to_owned(),
            };
            self.entries.push(self.words.entry(&normalise(&raw), &raw.address, &facility));
            let start = self.names.len() as u32;
            self.names.push_str(id);
            self.spans.push(start..self.names.len() as u32);
        }
    }

    /// Sorts the entries from `from` on by their names, so that the order of rows decides nothing; gives how many there are.
    fn sort(&mut self, from: usize, file: &str) -> Result<usize, LoadError> {
        let name = |span: &Range<u32>| &self.names[span.start as usize..span.end as usize];
        let mut order: Vec<usize> = (from..self.spans.len()).collect();
        order.sort_unstable_by(|a, b| name(&self.spans[*a]).cmp(name(&self.spans[*b])));
        if let Some(twice) = order.windows(2).find(|pair| name(&self.spans[pair[0]]) == name(&self.spans[pair[1]])) {
            return Err(LoadError::Twice { file: file.to_owned(), id: name(&self.spans[twice[0]]).to_owned() });
        }
        let spans: Vec<_> = order.iter().map(|at| self.spans[*at].clone()).collect();
        let entries: Vec<_> = order.iter().map(|at| self.entries[*at]).collect();
        self.spans.splice(from.., spans);
        self.entries.splice(from.., entries);
        Ok(self.spans.len())
    }

    fn finish(self, sides: Sides) -> Loaded {
        Loaded { linker: Linker::new(self.words, self.entries, sides), names: self.names, spans: self.spans }
    }
}

/// Most records of both tables together; places of records are 32 bits.
pub const RECORDS_MAX: usize = 50_000_000;
