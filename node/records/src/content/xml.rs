//! The one reader of XML: events one after the other, nothing kept, nothing expanded.
use crate::limits::XML_DEPTH_MAX;
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// An element begins; its local name and the raw text of its attributes. An empty element also ends.
    Open(&'a str, &'a str),
    /// An element ends; its local name, as its end says it.
    Close(&'a str),
    /// Text, entities resolved.
    Text(Cow<'a, str>),
}

/// What ends a walk before the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rigor {
    /// Whatever is not well formed, nesting beyond the limit, definitions of its own.
    Strict,
    /// Nothing: people must see what is there, however it is nested.
    Lenient,
}

/// Walks over a text.
pub(crate) struct Scanner<'a> {
    rest: &'a str,
    depth: usize,
    /// An empty element was opened and is to be closed.
    closing: Option<&'a str>,
    rigor: Rigor,
}

impl<'a> Scanner<'a> {
    /// Ends where the text is not well formed.
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, depth: 0, closing: None, rigor: Rigor::Strict }
    }

    /// Reads as far as there are tags: ends that nothing began, missing ends and definitions are passed over.
    pub(crate) fn lenient(text: &'a str) -> Self {
        Self { rigor: Rigor::Lenient, ..Self::new(text) }
    }

    /// The next event; none at the end, or where the text stops being XML that this scanner reads.
    pub(crate) fn next(&mut self) -> Option<Event<'a>> {
        if let Some(name) = self.closing.take() {
            self.depth = self.depth.saturating_sub(1);
            return Some(Event::Close(name));
        }
        loop {
            let Some(body) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<')?;
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Event::Text(resolved(text)));
            };
            if let Some(body) = body.strip_prefix("!--") {
                self.rest = after(body, "-->")?;
            } else if let Some(body) = body.strip_prefix("![CDATA[") {
                let end = body.find("]]>").or_else(|| self.is_lenient().then_some(body.len()))?;
                self.rest = body.get(end + 3..).unwrap_or_default();
                return Some(Event::Text(Cow::Borrowed(&body[..end])));
            } else if let Some(body) = body.strip_prefix('?') {
                self.rest = after(body, "?>")?;
            } else if let Some(body) = body.strip_prefix('!') {
                // A document type; strictly read, one with definitions of its own is not read further.
                let end = body.find(['>', '['])?;
                self.rest = match body[end..].strip_prefix('>') {
                    Some(rest) => rest,
                    None if self.is_lenient() => after(body, "]>")?,
                    None => return None,
                };
            } else if let Some(body) = body.strip_prefix('/') {
                let (name, rest) = body.split_once('>')?;
                self.rest = rest;
                self.depth = self.depth.checked_sub(1).or_else(|| self.is_lenient().then_some(0))?;
                return Some(Event::Close(local(name.trim_end())));
            } else if let Some(end) = self.tag_end(body) {
                return self.open(body, end);
            } else if self.is_lenient() {
                // No tag, only its sign.
                self.rest = body;
            } else {
                return None;
            }
        }
    }

    fn is_lenient(&self) -> bool {
        self.rigor == Rigor::Lenient
    }

    /// Where a tag ends; `>` within quotes does not count.
    ///
    /// Read leniently, a tag has a name and no `<` in it, quoted or not: so no sign that begins no tag costs a walk to the
    /// end of the text.
    fn tag_end(&self, body: &str) -> Option<usize> {
        let mut quote = None;
        for (at, b) in body.bytes().enumerate() {
            match (quote, b) {
                (_, b'<') if self.is_lenient() => return None,
                (None, b'"' | b'\'') => quote = Some(b),
                (Some(open), _) if open == b => quote = None,
                (None, b'>') => return (at > 0 || !self.is_lenient()).then_some(at),
                _ => {}
            }
        }
        None
    }

    fn open(&mut self, body: &'a str, end: usize) -> Option<Event<'a>> {
        let tag = &body[..end];
        self.rest = &body[end + 1..];
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        if !self.is_lenient() && (name.is_empty() || self.depth >= XML_DEPTH_MAX) {
            return None;
        }
        self.depth += 1;
        self.closing = empty.then_some(local(name));
        Some(Event::Open(local(name), attributes))
    }
}

/// The local name of the first element.
pub(super) fn root(text: &str) -> Option<String> {
    let mut scanner = Scanner::new(text.trim_start_matches('\u{FEFF}').trim_start());
    loop {
        if let Event::Open(name, _) = scanner.next()? {
            return Some(name.to_owned());
        }
    }
}

/// The value of an attribute.
pub(super) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut rest = attributes.trim_start();
    while let Some((name, tail)) = rest.split_once('=') {
        let tail = tail.trim_start();
        let quote = tail.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, tail) = tail[1..].split_once(quote)?;
        if name.trim() == wanted {
            return Some(resolved(value));
        }
        rest = tail.trim_start();
    }
    None
}

/// The text of a file: by its mark, by the encoding it declares, else UTF-8. Broken characters are replaced.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.or_else(|| declared(bytes)).unwrap_or(UTF_8);
    encoding.decode(bytes).0
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let end = head.iter().take(200).position(|b| *b == b'>')?;
    let head = std::str::from_utf8(&head[..end]).ok()?;
    let label = attribute(head.trim_end_matches('?'), "encoding")?;
    Encoding::for_label(label.as_bytes())
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
fn after<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    text.find(end).map(|at| &text[at + end.len()..])
}

/// The five entities of XML and numbers; others stand as they came, so nothing can be made to grow.
fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let end = inner.bytes().take(10).position(|b| b == b';');
        match end.and_then(|end| Some((entity(&inner[..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &inner[end + 1..];
            }
            None => {
                out.push('&');
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn elements_attributes_and_text_are_told() {
        let mut scanner = Scanner::new("<!-- x --><a:b c='1>2' d=\"&lt;\"><![CDATA[<z>]]>é&amp;&#x41;<e/></a:b>");
        assert_eq!(scanner.next(), Some(Event::Open("b", "c='1>2' d=\"&lt;\"")));
        assert_eq!(attribute("c='1>2' d=\"&lt;\"", "d").as_deref(), Some("<"));
        assert_eq!(scanner.next(), Some(Event::Text("<z>".into())));
        assert_eq!(scanner.next(), Some(Event::Text("é&A".into())));
        assert_eq!(scanner.next(), Some(Event::Open("e", "")));
        assert_eq!(
            (scanner.next(), scanner.next(), scanner.next()),
            (Some(Event::Close("e")), Some(Event::Close("b")), None)
        );
    }
    #[test]
    fn a_lenient_scan_passes_over_what_ends_a_strict_one() {
        let text = "</x><!DOCTYPE a [<!ENTITY b \"c\">]><a><b>d</a>&b;<";
        let read = |mut scanner: Scanner<'_>| {
            std::iter::from_fn(|| scanner.next()).map(|event| format!("{event:?}")).collect::<Vec<_>>()
        };
        assert_eq!(read(Scanner::new(text)), [""; 0]);
        let expect =
            ["Close(\"x\")", "Open(\"a\", \"\")", "Open(\"b\", \"\")", "Text(\"d\")", "Close(\"a\")", "Text(\"&b;\")"];
        assert_eq!(read(Scanner::lenient(text)), expect);
        assert_eq!(read(Scanner::lenient("<a b='<c>'>d<")), ["Text(\"a b='\")", "Open(\"c\", \"\")", "Text(\"'>d\")"]);
        let deep = "<a>".repeat(XML_DEPTH_MAX * 9);
        assert_eq!(read(Scanner::lenient(&deep)).len(), XML_DEPTH_MAX * 9);
    }
    #[test]
    fn signs_that_begin_no_tag_cost_no_walk_to_the_end_each() {
        // Quadratic, this took hours: four million million steps.
        let hostile = format!("<a>{}\">", "<\"\"".repeat(2 << 20));
        let mut scanner = Scanner::lenient(&hostile);
        assert_eq!(std::iter::from_fn(|| scanner.next()).count(), 2 << 20, "an element and the text between signs");
    }
    #[test]
    fn nesting_and_definitions_end_the_scan() {
        let deep = "<a>".repeat(XML_DEPTH_MAX + 5);
        let mut scanner = Scanner::new(&deep);
        assert_eq!(std::iter::from_fn(|| scanner.next()).count(), XML_DEPTH_MAX);
        assert_eq!(root("<!DOCTYPE x [<!ENTITY a \"aa\">]><x/>"), None);
        assert_eq!(root("<!DOCTYPE html><html>").as_deref(), Some("html"));
    }
    proptest! {
        #[test]
        fn any_text_comes_to_an_end(text in "([<>/!?&;='\" a-c\\[\\]-]|CDATA|.){0,120}") {
            for mut scanner in [Scanner::new(&text), Scanner::lenient(&text)] {
                prop_assert!(std::iter::from_fn(|| scanner.next()).count() <= text.len() * 2 + 2);
            }
            let _ = (root(&text), attribute(&text, "a"));
        }
    }
}
