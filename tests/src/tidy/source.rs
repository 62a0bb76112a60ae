//! Rust text, read just well enough to count lines, functions and arguments, and to search words in code only.

/// One Rust file with comments blanked and the content of literals filled, line by line as long as the original.
#[derive(Clone, Debug)]
pub struct Source {
    chars: Vec<char>,
    /// Whether the line (from 0) belongs to an item under `#[cfg(test)]`.
    test_lines: Vec<bool>,
}

/// One function as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of the `fn`, from 1.
    pub line: usize,
    /// Lines of code from the `fn` to the closing brace.
    pub lines: usize,
    /// Arguments, `self` included.
    pub arguments: usize,
    /// Whether it is a test or belongs to one.
    pub is_test: bool,
}

impl Source {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        let chars = mask(text);
        let lines = chars.iter().filter(|c| **c == '\n').count() + 1;
        let mut source = Self { chars, test_lines: vec![false; lines] };
        source.mark_tests();
        source
    }
    /// Lines of code that ship: not blank, no comment, not under `#[cfg(test)]`. Number from 1, text without comments and
    /// literals.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, String)> {
        let text: String = self.chars.iter().collect();
        let lines: Vec<(usize, String)> = text.split('\n').map(str::to_owned).enumerate().collect();
        let tests = self.test_lines.clone();
        lines.into_iter().filter(move |(i, line)| !tests[*i] && !line.trim().is_empty()).map(|(i, line)| (i + 1, line))
    }
    /// All functions with a body.
    pub fn functions(&self) -> Vec<Function> {
        (0..self.chars.len()).filter(|at| self.is_word(*at, "fn")).filter_map(|at| self.function(at)).collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        let name_at = self.skip(at + 2, |c| c.is_whitespace());
        let name_end = self.skip(name_at, is_name);
        let open = self.find(self.after_generics(name_end), |c| c == '(')?;
        let close = self.closing(open)?;
        let body = self.find_outside(close + 1, |c| matches!(c, '{' | ';'))?;
        if name_end == name_at || self.chars[body] == ';' {
            return None;
        }
        let end = self.closing(body)?;
        let before = self.chars[..at].iter().rposition(|c| matches!(c, ';' | '{' | '}')).map_or(0, |i| i + 1);
        let attributes: String = self.chars[before..at].iter().collect();
        let body: String = self.chars[at..=end].iter().collect();
        Some(Function {
            name: self.chars[name_at..name_end].iter().collect(),
            line: self.line(at) + 1,
            lines: body.lines().filter(|line| !line.trim().is_empty()).count(),
            arguments: self.count_arguments(open, close),
            is_test: self.test_lines[self.line(at)] || attributes.contains("test]") || attributes.contains("test("),
        })
    }

    /// Where the generic parameters that may begin at `at` end; arrows inside are no brackets.
    fn after_generics(&self, at: usize) -> usize {
        let mut depth = 0i32;
        for i in self.skip(at, char::is_whitespace)..self.chars.len() {
            match self.chars[i] {
                '<' => depth += 1,
                '>' if self.chars[i - 1] != '-' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return if self.chars[i] == '>' { i + 1 } else { i };
            }
        }
        self.chars.len()
    }

    /// Arguments between two parentheses: commas outside of any bracket, and a last one that no comma follows.
    fn count_arguments(&self, open: usize, close: usize) -> usize {
        let (mut depth, mut count, mut filled) = (0i32, 0, false);
        for at in open + 1..close {
            let c = self.chars[at];
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '<' => depth += 1,
                '>' if self.chars[at - 1] != '-' => depth -= 1,
                ',' if depth == 0 => {
                    count += 1;
                    filled = false;
                    continue;
                }
                _ => {}
            }
            filled |= !c.is_whitespace();
        }
        count + usize::from(filled)
    }

    /// Marks every item that stands under an attribute with `cfg(test)` or `cfg(all(test, …))`.
    fn mark_tests(&mut self) {
        let starts: Vec<usize> = (0..self.chars.len()).filter(|at| self.is_test_attribute(*at)).collect();
        for start in starts {
            let Some(mut at) = self.closing(start + 1).map(|end| end + 1) else { continue };
            loop {
                at = self.skip(at, char::is_whitespace);
                match (self.chars.get(at), self.chars.get(at + 1)) {
                    (Some('#'), Some('[')) => match self.closing(at + 1) {
                        Some(end) => at = end + 1,
                        None => break,
                    },
                    _ => break,
                }
            }
            let Some(first) = self.find_outside(at, |c| matches!(c, '{' | ';')) else { continue };
            let end = if self.chars[first] == '{' { self.closing(first).unwrap_or(first) } else { first };
            let (from, to) = (self.line(start), self.line(end));
            self.test_lines[from..=to].fill(true);
        }
    }

    fn is_test_attribute(&self, at: usize) -> bool {
        if self.chars[at] != '#' {
            return false;
        }
        let text: String = self.chars[at..].iter().take(18).filter(|c| !c.is_whitespace()).collect();
        text.starts_with("#[cfg(test)]") || text.starts_with("#[cfg(all(test")
    }
    fn is_word(&self, at: usize, word: &str) -> bool {
        let here = word.chars().enumerate().all(|(i, c)| self.chars.get(at + i) == Some(&c));
        let before = at.checked_sub(1).is_some_and(|i| is_name(self.chars[i]));
        here && !before && !self.chars.get(at + word.len()).copied().is_some_and(is_name)
    }
    fn line(&self, at: usize) -> usize {
        self.chars[..at].iter().filter(|c| **c == '\n').count()
    }
    fn skip(&self, from: usize, what: impl Fn(char) -> bool) -> usize {
        from + self.chars[from.min(self.chars.len())..].iter().take_while(|c| what(**c)).count()
    }
    fn find(&self, from: usize, what: impl Fn(char) -> bool) -> Option<usize> {
        self.chars.get(from..)?.iter().position(|c| what(*c)).map(|i| from + i)
    }
    /// The first match outside of round and square brackets.
    fn find_outside(&self, from: usize, what: impl Fn(char) -> bool) -> Option<usize> {
        let mut depth = 0i32;
        for (i, c) in self.chars.iter().enumerate().skip(from) {
            match c {
                c if depth == 0 && what(*c) => return Some(i),
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
        }
        None
    }
    /// The bracket that closes the one at `open`.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0i32;
        for (i, c) in self.chars.iter().enumerate().skip(open) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
        None
    }
}

/// Blanks comments and fills literals with [`FILLER`], keeping every line break and position.
fn mask(text: &str) -> Vec<char> {
    let mut chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment(&chars, at);
        match end {
            Some((end, fill)) => {
                for c in &mut chars[at..end] {
                    if *c != '\n' {
                        *c = fill;
                    }
                }
                at = end;
            }
            None => at += 1,
        }
    }
    chars
}

/// The end of a comment or literal that begins at `at`, and what to put in its place.
fn literal_or_comment(chars: &[char], at: usize) -> Option<(usize, char)> {
    let next = |i: usize| chars.get(at + i).copied();
    let in_word = at.checked_sub(1).is_some_and(|i| is_name(chars[i]));
    match (chars[at], next(1)) {
        ('/', Some('/')) => Some((end_of_line(chars, at), ' ')),
        ('/', Some('*')) => Some((end_of_block(chars, at), ' ')),
        ('"', _) => Some((end_of_string(chars, at), FILLER)),
        ('r' | 'b' | 'c', _) if !in_word => raw_string(chars, at).map(|end| (end, FILLER)),
        ('\'', Some('\\')) => chars.get(at + 3..)?.iter().position(|c| *c == '\'').map(|i| (at + i + 4, FILLER)),
        ('\'', Some(_)) if next(2) == Some('\'') => Some((at + 3, FILLER)),
        _ => None,
    }
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |i| at + i)
}

fn end_of_block(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') if depth == 1 => return i + 2,
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// The end of `r"…"`, `r#"…"#`, `br"…"`, `b"…"` or `c"…"`, if one begins here.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let prefix = chars[at..].iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = chars[at + prefix..].iter().take_while(|c| **c == '#').count();
    let quote = at + prefix + hashes;
    if prefix > 2 || chars.get(quote) != Some(&'"') {
        return None;
    }
    if !chars[at..at + prefix].contains(&'r') {
        return (hashes == 0).then(|| end_of_string(chars, quote));
    }
    let closes =
        |i: &usize| chars[*i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    Some((quote + 1..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + hashes))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Stands for the content of a literal: counts as code, matches no word.
const FILLER: char = '·';

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(text: &str) -> Vec<String> {
        Source::read(text).shipped().map(|(_, line)| line.trim().to_owned()).collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "let a = \"x // no\"; // yes\n/* one /* two */ three */\nlet b = r#\"a \" b\"#;\nlet c = '\"'; let d: &'static str;\n";
        let lines = shipped(text);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("no") && !line.contains("yes") && !line.contains("two")));
        assert!(lines[2].ends_with("&'static str;"));
    }
    #[test]
    fn items_under_cfg_test_do_not_ship() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn b() { if x { } }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
        assert_eq!(shipped(text), ["fn a() {}", "fn c() {}", "fn d() {}"]);
    }
    #[test]
    fn functions_have_lines_and_arguments() {
        let text = "impl A {\n    pub fn f<T: Fn(u8) -> u8>(&self, a: BTreeMap<u8, u16>, b: (u8, u8),) -> [u8; 2] {\n\n        // why\n        todo()\n    }\n}\ntrait B { fn g(); }\n#[test]\nfn t() {}\ntype F = fn(u8);\n";
        let functions = Source::read(text).functions();
        let names: Vec<&str> = functions.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["f", "t"]);
        assert_eq!((functions[0].line, functions[0].lines, functions[0].arguments), (2, 3, 3));
        assert!(!functions[0].is_test && functions[1].is_test);
    }
    #[test]
    fn unfinished_text_does_not_panic() {
        for text in ["fn f(", "fn", "\"", "/*", "#[cfg(test)]", "'\\", "r#\"", "fn f() {", "'", "b", "'\\n"] {
            let source = Source::read(text);
            let _ = (source.functions(), source.shipped().count());
        }
    }
}
