//! What people read in a CDA document (HL7 CDA R2): titles and narrative blocks as plain text.
//!
//! Only the narrative that its author signed is taken; coded entries are for machines. Nothing of the document is run, fetched
//! or expanded: entities other than the five of XML and numbers stay as they are written.
use crate::content::xml::{Event, Scanner};

/// Titles and narrative of a CDA document, a line a paragraph; none if it is no CDA document or says nothing in words.
///
/// Reads any text without failing: what is not well formed is read as far as it goes. Cost: O(length).
pub fn narrative(xml: &str) -> Option<String> {
    if !xml.contains("<ClinicalDocument") {
        return None;
    }
    let (mut out, mut scanner) = (Writer::default(), Scanner::lenient(xml));
    while out.text.len() <= NARRATIVE_BYTES_MAX
        && let Some(event) = scanner.next()
    {
        match event {
            Event::Open(name, _) => out.begin(name),
            Event::Close(name) => out.end(name),
            Event::Text(text) => out.words(&text),
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
    fn begin(&mut self, name: &str) {
        match name {
            "title" => {
                self.line("\n■ ");
                self.depth += 1;
            }
            "text" => {
                self.line("");
                self.depth += 1;
            }
            "item" => self.line("・"),
            "tr" => {
                self.line("");
                self.cells = 0;
            }
            "td" | "th" => {
                if self.cells > 0 && self.depth > 0 {
                    self.text.push_str(" | ");
                }
                self.cells += 1;
            }
            "paragraph" | "list" | "table" | "br" | "caption" => self.line(""),
            _ => {}
        }
    }
    fn end(&mut self, name: &str) {
        match name {
            "title" | "text" => {
                self.depth = self.depth.saturating_sub(1);
                self.line("");
            }
            "tr" => {
                self.line("");
                self.cells = 0;
            }
            "paragraph" | "list" | "table" | "br" | "caption" | "item" => self.line(""),
            _ => {}
        }
    }
    /// Begins a line; several ends in a row are one.
    fn line(&mut self, mark: &str) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(mark.strip_prefix('\n').filter(|_| self.text.is_empty()).unwrap_or(mark));
    }
    /// Words with one space between them: the text is laid out by its elements.
    fn words(&mut self, text: &str) {
        if self.depth == 0 {
            return;
        }
        let mut is_apart = text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            if is_apart {
                self.space();
            }
            self.text.push_str(word);
            is_apart = true;
        }
        // Words on both sides of an inline element stay apart if they were.
        if text.ends_with(char::is_whitespace) {
            self.space();
        }
    }
    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['\n', ' ']) {
            self.text.push(' ');
        }
    }
}

/// Longest narrative that is taken: some hundred pages.
const NARRATIVE_BYTES_MAX: usize = 1 << 20;

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
        check("<text>Na <content styleCode=\"Bold\">140</content> mEq<sub>2</sub> </text>", "Na 140 mEq2");
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
