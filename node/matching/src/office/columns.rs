//! Which column of an office's table is which of our fields.
use super::table::{Table, TableError};
use crate::Demographics;
use std::borrow::Cow;

/// A field of ours that a column may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub enum Column {
    /// Name of the record, unique in its table.
    RecordId,
    /// Which facility registered it.
    Facility,
    /// The patient's number there.
    LocalId,
    /// 姓, or the whole name.
    FamilyKanji,
    /// 名.
    GivenKanji,
    /// 姓 in kana.
    FamilyKana,
    /// 名 in kana.
    GivenKana,
    /// Date of birth.
    BirthDate,
    /// Sex.
    Sex,
    /// Postcode.
    Postcode,
    /// Address.
    Address,
    /// Telephone.
    Phone,
    /// 保険者番号.
    InsurerNo,
    /// 記号.
    InsuredSymbol,
    /// 番号.
    InsuredNumber,
    /// 枝番.
    InsuredBranch,
    /// Number of the network's card.
    CommonId,
}

/// Our names of the columns, in the order of [`Column`].
pub const NAMES: [&str; 17] = [
    "record_id",
    "facility",
    "local_id",
    "family_kanji",
    "given_kanji",
    "family_kana",
    "given_kana",
    "birth_date",
    "sex",
    "postcode",
    "address",
    "phone",
    "insurer_no",
    "insured_symbol",
    "insured_number",
    "insured_branch",
    "common_id",
];

/// Why columns cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The table itself cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No column for records' names.
    #[error("no column `{0}`; the table has: {1}")]
    Missing(String, String),
    /// The map names a field that we do not have.
    #[error("line {line} of the map: `{name}` is no field of ours; they are: {known}")]
    Unknown {
        /// Line of the map, from 1.
        line: usize,
        /// What it says.
        name: String,
        /// All names.
        known: String,
    },
    /// A line of the map without `=`.
    #[error("line {line} of the map: `ours = theirs` is expected, or `ours = theirs + theirs`")]
    Line {
        /// Line of the map, from 1.
        line: usize,
    },
    /// Nothing to compare by.
    #[error("no name and no date of birth among the columns ({0}): name them in a map (--map)")]
    Nothing(String),
}

/// For each of our fields, the table's columns that make it, joined by a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    places: [Vec<usize>; NAMES.len()],
}

/// What an office's file says about columns: lines `ours = theirs`, `#` begins a remark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map(Vec<(usize, Vec<String>)>);

impl Map {
    /// Reads a map.
    ///
    /// # Errors
    /// [`ColumnError::Line`], [`ColumnError::Unknown`].
    pub fn parse(text: &str) -> Result<Self, ColumnError> {
        let mut pairs = Vec::new();
        for (raw, line) in text.lines().zip(1..) {
            let plain = raw.split('#').next().unwrap_or("").trim();
            if plain.is_empty() {
                continue;
            }
            let (ours, theirs) = plain.split_once('=').ok_or(ColumnError::Line { line })?;
            let ours = ours.trim();
            let unknown = || ColumnError::Unknown { line, name: ours.into(), known: NAMES.join(", ") };
            let at = NAMES.iter().position(|name| *name == ours).ok_or_else(unknown)?;
            let names = theirs.split('+').map(|name| name.trim().trim_matches('"').to_owned());
            pairs.push((at, names.filter(|name| !name.is_empty()).collect()));
        }
        Ok(Self(pairs))
    }
}

impl Columns {
    /// Finds our fields in a header, by our names unless the map says others.
    ///
    /// # Errors
    /// [`ColumnError::Missing`] if a column that is needed or named is not there; [`ColumnError::Nothing`].
    pub fn find(header: &[String], map: &Map) -> Result<Self, ColumnError> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let mut columns = Self::default();
        for (places, name) in columns.places.iter_mut().zip(NAMES) {
            places.extend(place(name));
        }
        for (ours, theirs) in &map.0 {
            let missing = |name: &String| ColumnError::Missing(name.clone(), header.join(", "));
            let found = theirs.iter().map(|name| place(name).ok_or_else(|| missing(name)));
            columns.places[*ours] = found.collect::<Result<_, _>>()?;
        }
        let has = |column: Column| !columns.places[column as usize].is_empty();
        if !has(Column::RecordId) {
            return Err(ColumnError::Missing(NAMES[0].into(), header.join(", ")));
        }
        if ![Column::FamilyKanji, Column::FamilyKana, Column::BirthDate].into_iter().any(has) {
            return Err(ColumnError::Nothing(header.join(", ")));
        }
        Ok(columns)
    }

    /// One of our fields of a row.
    pub fn get<'a>(&self, row: &'a [Cow<'_, str>], column: Column) -> Cow<'a, str> {
        match self.places[column as usize].as_slice() {
            [] => Cow::Borrowed(""),
            [at] => Cow::Borrowed(row.get(*at).map_or("", |field| field)),
            several => {
                let parts = several.iter().filter_map(|at| row.get(*at)).map(|field| field.trim());
                Cow::Owned(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// A row as what a facility wrote.
    pub fn demographics(&self, row: &[Cow<'_, str>]) -> Demographics {
        let text = |column| self.get(row, column).into_owned();
        Demographics {
            family: text(Column::FamilyKanji),
            given: text(Column::GivenKanji),
            family_kana: text(Column::FamilyKana),
            given_kana: text(Column::GivenKana),
            birth: text(Column::BirthDate),
            sex: text(Column::Sex),
            postcode: text(Column::Postcode),
            address: text(Column::Address),
            phones: vec![text(Column::Phone)],
            insurer: text(Column::InsurerNo),
            insured_symbol: text(Column::InsuredSymbol),
            insured_number: text(Column::InsuredNumber),
            insured_branch: text(Column::InsuredBranch),
            card: text(Column::CommonId),
            ..Demographics::default()
        }
    }
}

/// A table and its columns.
///
/// # Errors
/// [`ColumnError`].
pub fn open<'a>(text: &'a str, map: &Map) -> Result<(Table<'a>, Columns), ColumnError> {
    let table = Table::open(text)?;
    let columns = Columns::find(&table.header, map)?;
    Ok((table, columns))
}

const _: () = assert!(NAMES.len() == Column::CommonId as usize + 1);
