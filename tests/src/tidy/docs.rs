//! Every document is reachable, every link leads somewhere, and generated code says where it comes from.
use super::{Finding, Tree};

const ENTRANCES: [&str; 3] = ["README.md", "README.ja.md", "ARCHITECTURE.md"];

/// Documents that no entrance links, and links of Markdown files to files that do not exist.
pub fn check_links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.files().filter(|(path, _)| path.starts_with("docs/") && path.ends_with(".md")) {
        let linked = ENTRANCES.iter().filter_map(|entrance| tree.get(entrance)).any(|text| text.contains(path));
        if !linked {
            findings.push(Finding::new(path, 0, "nobody finds it", "link it from README.md or ARCHITECTURE.md"));
        }
    }
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        for (i, line) in text.lines().enumerate() {
            for target in targets(line).filter(|target| !exists(tree, path, target)) {
                let problem = format!("the link leads to `{target}`, which does not exist");
                findings.push(Finding::new(path, i + 1, problem, "write the target or take the link out"));
            }
        }
    }
    findings
}

/// Generated files without a header that says so and names the source.
pub fn check_generated(tree: &Tree) -> Vec<Finding> {
    let generated = tree.files().filter(|(path, _)| path.contains("/generated/") && path.ends_with(".rs"));
    let marked = |text: &str| {
        let head: String = text.lines().take(5).filter(|line| line.starts_with("//")).collect();
        head.to_lowercase().contains("generated") && head.contains("proto")
    };
    generated
        .filter(|(path, text)| !marked(text) && !path.ends_with("/mod.rs"))
        .map(|(path, _)| {
            let remedy = "let the generator write `// @generated from FILE.proto` into its first lines";
            Finding::new(path, 1, "generated code without a header that names its source", remedy)
        })
        .collect()
}

/// Link targets inside the workspace on one line: `](path)` and `src="path"`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let markdown = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let html = line.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let inside = |target: &&str| !target.is_empty() && !target.contains(':') && !target.starts_with('#');
    markdown.chain(html).filter(inside).map(|target| target.split('#').next().unwrap_or(target))
}

/// Whether a file or folder stands at `target`, seen from the file at `from`.
fn exists(tree: &Tree, from: &str, target: &str) -> bool {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    tree.files().any(|(file, _)| file == path || file.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_nobody_links_is_found() {
        let tree =
            Tree::from_iter([("README.md", "[wire](docs/wire.md)"), ("docs/wire.md", ""), ("docs/store.md", "")]);
        let found = check_links(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "docs/store.md");
    }
    #[test]
    fn a_link_to_nowhere_is_found_with_its_line() {
        let text = "\n[a](docs/a.md#x) [b](https://example.org/b) [c](#c) ![p](docs/p.svg)\n";
        let tree = Tree::from_iter([("README.md", text), ("docs/a.md", "[back](../README.md) [up](../docs/)")]);
        let found = check_links(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].file.as_str(), found[0].line), ("README.md", 2));
    }
    #[test]
    fn generated_code_names_its_source() {
        let with = |text: &str| check_generated(&Tree::from_iter([("protocol/src/wire/generated/a.rs", text)])).len();
        assert_eq!(with("// @generated from state.proto; do not edit\n"), 0);
        assert_eq!(with("// This file is @generated\n"), 1);
        assert_eq!(with("pub struct A;\n"), 1);
    }
}
