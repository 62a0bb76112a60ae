//! Words that must not stand somewhere: clocks and tasks in pure packages, promises without an issue, paths of one machine.
use super::source::Source;
use super::{Finding, Tree};

/// A folder whose shipped code must not hold some words.
struct Ban {
    folder: &'static str,
    words: &'static [&'static [&'static str]],
}

const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Zoned::now", "Timestamp::now"];
const CHANCE: &[&str] = &["thread_rng", "rand::rng", "rand::random", "getrandom", "OsRng", "SysRng", "RandomState"];
const TASKS: &[&str] = &["std::thread", "thread::spawn", "tokio", "async fn", "async move", ".await"];
const WORLD: &[&str] = &["std::net", "std::env", "std::process"];
const DISK: &[&str] = &["std::fs", "File::open", "File::create"];
const ORDER: &[&str] = &["HashMap", "HashSet"];

const BANS: [Ban; 5] = [
    Ban { folder: "protocol/src/", words: &[CLOCKS, CHANCE, TASKS, WORLD, DISK, ORDER] },
    Ban { folder: "node/matching/src/", words: &[CLOCKS, CHANCE, TASKS, WORLD, DISK, ORDER] },
    Ban { folder: "node/records/src/", words: &[CLOCKS, CHANCE, TASKS, WORLD, DISK, ORDER] },
    Ban { folder: "sim/src/", words: &[CLOCKS, CHANCE, TASKS, WORLD, ORDER] },
    Ban { folder: "node/store/src/", words: &[&["SystemTime::now"], CHANCE, &["tokio", "async fn"]] },
];

/// The program of the simulator may time a run and read its arguments.
const FREE_FILES: [&str; 1] = ["sim/src/main.rs"];

/// Forbidden words in the shipped code of pure packages; tests, comments and literals may name them.
pub fn check_pure(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !FREE_FILES.contains(path) && !path.ends_with("/tests.rs")) {
        for ban in BANS.iter().filter(|ban| path.starts_with(ban.folder)) {
            for (line, code) in Source::read(text).shipped() {
                for word in ban.words.iter().copied().flatten().filter(|word| has_word(&code, word)) {
                    let problem = format!("`{word}` in a package that must give the same answer to the same input");
                    findings.push(Finding::new(
                        path,
                        line,
                        problem,
                        "take it as an argument; for ordered sets use BTreeMap or BTreeSet",
                    ));
                }
            }
        }
    }
    findings
}

/// Promises without an issue, and tests that are switched off without one.
pub fn check_promises(tree: &Tree) -> Vec<Finding> {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore")];
    let mut findings = Vec::new();
    for (path, line, text) in written_lines(tree) {
        let with_issue = text.split('#').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        for word in words.iter().filter(|word| has_word(text, word) && !with_issue) {
            let problem = format!("`{word}` without an issue");
            findings.push(Finding::new(
                path,
                line,
                problem,
                "do it now, or open an issue and write its number (#12) beside it",
            ));
        }
    }
    findings
}

/// Paths that exist on one machine only.
pub fn check_machine_paths(tree: &Tree) -> Vec<Finding> {
    let paths = [concat!("/wo", "rk/"), concat!("/tmp", "/t-"), concat!("/tmp", "/brief"), concat!("/ro", "ot/")];
    let mut findings = Vec::new();
    for (path, line, text) in written_lines(tree) {
        for machine in paths.iter().filter(|machine| text.contains(**machine)) {
            let problem = format!("`{machine}` exists on one machine only");
            findings.push(Finding::new(
                path,
                line,
                problem,
                "write a path from the workspace's root, or take it from a setting",
            ));
        }
    }
    findings
}

/// All lines that people write, with path and number from 1.
fn written_lines(tree: &Tree) -> impl Iterator<Item = (&str, usize, &str)> {
    let written = |path: &str| {
        let kind = [".rs", ".md", ".toml", ".ftl", ".proto", ".sh", ".css", ".js", ".svg"]
            .iter()
            .any(|end| path.ends_with(end));
        (kind || path.starts_with(".ci/")) && !path.contains("/generated/")
    };
    tree.files()
        .filter(move |(path, _)| written(path))
        .flat_map(|(path, text)| text.lines().enumerate().map(move |(i, line)| (path, i + 1, line)))
}

/// Whether the word stands there as a whole, not as part of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let starts_as_name = word.starts_with(is_name);
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_name);
        let after = text[at + word.len()..].chars().next().is_some_and(is_name);
        !(after || starts_as_name && before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure(path: &str, text: &str) -> Vec<String> {
        check_pure(&Tree::from_iter([(path, text)])).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn clocks_chance_tasks_and_hash_order_are_found_in_pure_code() {
        for word in
            ["std::time::Instant::now()", "rand::thread_rng()", "std::thread::sleep(d)", "HashMap::new()", "x.await"]
        {
            let text = format!("\nfn f() {{ {word}; }}\n");
            for path in ["protocol/src/a.rs", "node/matching/src/a.rs", "node/records/src/a.rs", "sim/src/a.rs"] {
                let found = pure(path, &text);
                assert!(found.len() == 1 && found[0].starts_with(&format!("{path}:2: ")), "{found:?}");
            }
            assert!(pure("node/peer/src/a.rs", &text).is_empty() && pure("sim/src/main.rs", &text).is_empty());
        }
        assert_eq!(pure("protocol/src/a.rs", "async fn f() {}\n").len(), 1);
        assert_eq!(pure("node/store/src/a.rs", "let now = SystemTime::now();\n").len(), 1);
    }
    #[test]
    fn comments_literals_tests_and_longer_names_are_free() {
        let text = "// HashMap\nconst A: &str = \"HashMap\";\nstruct MyHashMapper;\n#[cfg(test)]\nmod tests {\n    use std::collections::HashMap;\n}\n";
        assert!(pure("protocol/src/a.rs", text).is_empty());
        assert!(pure("protocol/src/tests.rs", "use std::collections::HashMap;").is_empty());
    }
    #[test]
    fn promises_need_an_issue() {
        let promise = |text: String| check_promises(&Tree::from_iter([("a.rs", text.as_str())])).len();
        for word in [concat!("// TO", "DO later"), concat!("// FIX", "ME"), concat!("#[ig", "nore]")] {
            assert_eq!(promise(format!("{word}\n")), 1, "{word}");
            assert_eq!(promise(format!("{word} // #12\n")), 0, "{word}");
        }
        assert_eq!(promise("// done\n".into()), 0);
    }
    #[test]
    fn paths_of_one_machine_are_found_in_every_text() {
        for path in ["README.md", "node/src/a.rs", ".ci/run", "Cargo.toml"] {
            let tree = Tree::from_iter([(path, concat!("x\n/wo", "rk/main\n"))]);
            let found = check_machine_paths(&tree);
            assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{path}");
        }
        assert!(check_machine_paths(&Tree::from_iter([("README.md", "network/\n")])).is_empty());
    }
}
