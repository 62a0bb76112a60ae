/// The delimiters of one message, from MSH-1 and MSH-2. Characters, because a yen sign may stand for the backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separators {
    /// Between fields, normally `|`.
    pub field: char,
    /// Between components, normally `^`.
    pub component: char,
    /// Between repetitions, normally `~`; an overline in data written through JIS X 0201.
    pub repeat: char,
    /// Around escape sequences, normally `\`; a yen sign in data written through JIS X 0201.
    pub escape: char,
    /// Between subcomponents, normally `&`.
    pub sub: char,
}

impl Separators {
    /// What SS-MIX2 prescribes.
    pub const STANDARD: Self = Self { field: '|', component: '^', repeat: '~', escape: '\\', sub: '&' };

    /// Reads them from the start of a message (`MSH|^~\&|`). Delimiters that are missing at the end are the standard's.
    ///
    /// None if it does not begin with `MSH` and a mark, or if two delimiters are the same.
    pub fn parse(segment: &str) -> Option<Self> {
        let mut chars = segment.strip_prefix("MSH")?.chars();
        let field = chars.next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control())?;
        let given: Vec<char> = chars.take_while(|c| *c != field).take(5).collect();
        let or = |at: usize, standard: char| given.get(at).copied().unwrap_or(standard);
        let found = Self { field, component: or(0, '^'), repeat: or(1, '~'), escape: or(2, '\\'), sub: or(3, '&') };
        let mut all = [found.field, found.component, found.repeat, found.escape, found.sub];
        let plain = all.iter().all(|c| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control());
        all.sort_unstable();
        (plain && all.windows(2).all(|pair| pair[0] != pair[1])).then_some(found)
    }
    /// Whether a yen sign or an overline stands where the standard has `\` or `~`.
    pub fn is_yen(&self) -> bool {
        matches!(self.escape, '\u{A5}' | '\u{FFE5}') || matches!(self.repeat, '\u{203E}' | '\u{FFE3}')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_its_delimiters() {
        assert_eq!(Separators::parse("MSH|^~\\&|HIS"), Some(Separators::STANDARD));
        assert_eq!(Separators::parse("MSH|^~|HIS"), Some(Separators::STANDARD));
        let yen = Separators::parse("MSH|^~¥&|HIS").expect("a header");
        assert!(yen.is_yen() && yen.escape == '¥');
        assert_eq!(Separators::parse("MSH|^^\\&|"), None);
        assert_eq!(Separators::parse("MSHA^~\\&|"), None);
        assert_eq!(Separators::parse("PID|1"), None);
    }
}
