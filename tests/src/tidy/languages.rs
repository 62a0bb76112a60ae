//! Both languages say the same: the two READMEs, and the texts of the pages.
use super::{Finding, Tree};
use std::collections::BTreeMap;

const READMES: [&str; 2] = ["README.md", "README.ja.md"];
const TEXTS: [&str; 2] = ["node/portal/src/i18n/ja.ftl", "node/portal/src/i18n/en.ftl"];

/// READMEs whose headings differ in number or depth, and texts of pages that one language lacks.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = check_readmes(tree);
    if let (Some(one), Some(other)) = (tree.get(TEXTS[0]), tree.get(TEXTS[1])) {
        findings.extend(missing(TEXTS[0], one, TEXTS[1], other));
        findings.extend(missing(TEXTS[1], other, TEXTS[0], one));
    }
    findings
}

fn check_readmes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in READMES.iter().filter(|path| tree.get(path).is_none()) {
        findings.push(Finding::new(path, 0, "missing", "write it; the other language must say the same"));
    }
    let [one, other] = READMES.map(|path| headings(tree.get(path).unwrap_or("")));
    if findings.is_empty() && one.len() != other.len() {
        let problem = format!("{} headings, but {} has {}", other.len(), READMES[0], one.len());
        findings.push(Finding::new(READMES[1], 0, problem, "bring both into step, section by section"));
    } else if let Some(((_, line), _)) = one.iter().zip(&other).map(|(a, b)| (b, a)).find(|(b, a)| b.0 != a.0) {
        findings.push(Finding::new(
            READMES[1],
            *line,
            "a heading of another depth",
            "bring both into step, section by section",
        ));
    }
    findings
}

/// Depth and line of every heading outside of code.
fn headings(text: &str) -> Vec<(usize, usize)> {
    let mut in_code = false;
    let mut out = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        let depth = line.chars().take_while(|c| *c == '#').count();
        if !in_code && depth > 0 && line[depth..].starts_with(' ') {
            out.push((depth, i + 1));
        }
    }
    out
}

/// Keys of `has` that `lacks` does not have.
fn missing(has_path: &str, has: &str, lacks_path: &str, lacks: &str) -> Vec<Finding> {
    let known = keys(lacks);
    let absent = keys(has).into_iter().filter(|(key, _)| !known.contains_key(key));
    absent
        .map(|(key, line)| {
            Finding::new(lacks_path, 0, format!("no text `{key}`"), format!("translate it from {has_path}:{line}"))
        })
        .collect()
}

/// The message keys of a Fluent file with their line.
fn keys(text: &str) -> BTreeMap<String, usize> {
    let key = |line: &str| {
        let (key, _) = line.split_once('=')?;
        let key = key.trim_end();
        let named = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
        let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        (named && plain).then(|| key.to_owned())
    };
    text.lines().enumerate().filter_map(|(i, line)| Some((key(line)?, i + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readmes(english: &str, japanese: &str) -> usize {
        check(&Tree::from_iter([("README.md", english), ("README.ja.md", japanese)])).len()
    }

    #[test]
    fn readmes_have_the_same_headings() {
        assert_eq!(readmes("# A\n## B\n```\n# no heading\n```\n", "# あ\n## い\n"), 0);
        assert_eq!(readmes("# A\n## B\n", "# あ\n"), 1);
        assert_eq!(readmes("# A\n## B\n", "# あ\n### い\n"), 1);
        assert_eq!(check(&Tree::from_iter([("README.md", "# A\n")])).len(), 1);
    }
    #[test]
    fn a_text_that_one_language_lacks_is_named_with_its_line() {
        let tree = Tree::from_iter([
            ("README.md", ""),
            ("README.ja.md", ""),
            (TEXTS[0], "# comment = x\nhello = こんにちは\n    more = text\nonly-here = ここ\n"),
            (TEXTS[1], "hello = Hello\nelsewhere = There\n"),
        ]);
        let found: Vec<String> = check(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("en.ftl:0: no text `only-here`") && found[0].contains("ja.ftl:4"), "{found:?}");
        assert!(found[1].contains("ja.ftl:0: no text `elsewhere`"), "{found:?}");
    }
}
