//! Bounds of what is read. Longer input is cut or taken as absent; it never costs more.

/// Characters read of one field. The longest real one, an address with building and care-of, has about 120.
pub const TEXT_CHARS_MAX: usize = 512;
/// Characters of a name (family and given together). What is longer is no name and matches nothing.
pub const NAME_CHARS_MAX: usize = 120;
/// Telephone numbers read of one patient: own, home, work, and one of a relative.
pub const PHONES_MAX: usize = 4;
/// Telephone numbers that get tags of their own: usually one mobile and one landline.
pub const PHONES_TAGGED_MAX: usize = 2;
/// Digits of a postcode.
pub const POSTCODE_DIGITS: usize = 7;
/// Longest number printed on an insurance or network card; 20 is what the claim formats can carry.
pub const CARD_CHARS_MAX: usize = 32;
/// Shortest network card number that can tell people apart.
pub const CARD_CHARS_MIN: usize = 4;
/// Shortest kana that may match as the beginning of a longer one (fields cut at 20 bytes).
pub const KANA_PREFIX_MIN: usize = 6;
/// First year of birth that is taken: 明治元年, the first that the field's formats can write.
pub const BIRTH_YEAR_MIN: u16 = 1868;
/// Last year of birth that is taken; later ones are "open end" marks (9999) or typing errors.
pub const BIRTH_YEAR_MAX: u16 = 2100;
/// Oldest age that is believed.
pub const AGE_YEARS_MAX: u16 = 120;
/// Rounds in which a normal form must settle; the slowest known text needs three.
pub const ROUNDS_MAX: usize = 8;

const _: () = assert!(NAME_CHARS_MAX < TEXT_CHARS_MAX && PHONES_TAGGED_MAX <= PHONES_MAX);
