//! What people read in a CDA document (HL7 CDA R2): titles and narrative blocks as plain text.
//!
//! Only the narrative that its author signed is taken; coded entries are for machines. Nothing of the document is run, fetched
//! or expanded: entities other than the five of XML and numbers stay as they are written.

/// Titles and narrative of a CDA document, a line a paragraph; none if it is no CDA document or says nothing in words.
///
/// Reads any text without failing: what is not well formed is read as far as it goes. Cost: O(length).
pub fn narrative(xml: &str) -> Option<String> {
    if !xml.contains("<ClinicalDocument") {
        return None;
    }
    let mut out = Writer::default();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        out.words(&rest[..at]);
        rest = &rest[at..];
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>").unwrap_or(data.len());
            out.plain(&data[..end]);
            rest = data.get(end + 3..).unwrap_or_default();
        } else if rest.starts_with("<!--") {
            rest = rest.find("-->").and_then(|end| rest.get(end + 3..)).unwrap_or_default();
        } else {
            let end = rest.find('>').unwrap_or(rest.len());
            out.tag(&rest[1..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        if out.text.len() > NARRATIVE_BYTES_MAX {
            break;
        }
    }
    let text = out.text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Collects lines while tags come by.
#[derive(Default)]
struct Writer {
    text: String,
    /// How deep in `text` or `title` elements.
    depth: usize,
    cells: usize,
}

impl Writer {
    fn tag(&mut self, tag: &str) {
        let is_end = tag.starts_with('/');
        let is_empty = tag.ends_with('/');
        let name = tag.trim_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        match (name, is_end) {
            ("title", false) if !is_empty => {
                self.line("\n■ ");
                self.depth += 1;
            }
            ("text", false) if !is_empty => {
                self.line("");
                self.depth += 1;
            }
            ("title" | "text", true) => {
                self.depth = self.depth.saturating_sub(1);
                self.line("");
            }
            ("item", false) => self.line("・"),
            ("tr", _) => {
                self.line("");
                self.cells = 0;
            }
            ("td" | "th", false) => {
                if self.cells > 0 && self.depth > 0 {
                    self.text.push_str(" | ");
                }
                self.cells += 1;
            }
            ("paragraph" | "list" | "table" | "br" | "caption" | "item", _) => self.line(""),
            _ => {}
        }
    }
    /// Begins a line; several ends in a row are one.
    fn line(&mut self, mark: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(mark.strip_prefix('\n').filter(|_| self.text.is_empty()).unwrap_or(mark));
    }
    fn words(&mut self, text: &str) {
        if self.depth == 0 {
            return;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut rest = words.join(" ");
        while let Some(at) = rest.find('&') {
            self.text.push_str(&rest[..at]);
            let tail = rest.split_off(at);
            let end = tail.char_indices().take(ENTITY_CHARS_MAX).find(|(_, c)| *c == ';').map(|(end, _)| end);
            let value = end.and_then(|end| entity(&tail[1..end]));
            match (value, end) {
                (Some(value), Some(end)) => {
                    self.text.push(value);
                    rest = tail[end + 1..].to_owned();
                }
                _ => {
                    self.text.push('&');
                    rest = tail[1..].to_owned();
                }
            }
        }
        self.text.push_str(&rest);
    }
    fn plain(&mut self, text: &str) {
        if self.depth > 0 {
            self.text.push_str(text);
        }
    }
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

/// Longest narrative that is taken: some hundred pages.
const NARRATIVE_BYTES_MAX: usize = 1 << 20;
/// `&#x10FFFF;` is the longest that means something.
const ENTITY_CHARS_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(body: &str, expect: &str) {
        let xml =
            format!("<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\">{body}</ClinicalDocument>");
        assert_eq!(narrative(&xml).as_deref(), Some(expect), "{body}");
    }

    #[test]
    fn titles_paragraphs_lists_and_tables_become_lines() {
        check(
            "<title>退院サマリ</title><code code=\"x\"/><section><title>経過</title><text><paragraph>A &amp; B</paragraph>\n  \
             <list><item>一</item><item>二</item></list><table><tr><th>Na</th><td>140</td></tr></table></text></section>",
            "■ 退院サマリ\n\n■ 経過\nA & B\n・一\n・二\nNa | 140",
        );
    }
    #[test]
    fn coded_entries_comments_and_unknown_entities_stay_out_or_as_they_are() {
        check(
            "<recordTarget><name>見本 花子</name></recordTarget><text>値 &#x41;&nbsp;&lt;b&gt;<!-- 秘 --></text>",
            "値 A&nbsp;<b>",
        );
        check("<!DOCTYPE a [<!ENTITY x \"y\">]><text>&x;</text>", "&x;");
        assert_eq!(narrative("<html><title>x</title></html>"), None);
        assert_eq!(narrative("<ClinicalDocument><text></text></ClinicalDocument>"), None);
    }
    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(<|>|/|&|;|text|title|tr|td|#x|ア|!--|\\[CDATA\\[|\\]\\]|.){0,60}") {
            let _ = narrative(&format!("<ClinicalDocument {text}"));
        }
    }
}
