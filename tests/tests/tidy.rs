//! The workspace keeps its own rules. Each failure names file and line, and what to do.
use e2e::tidy::{Finding, Tree, docs, languages, layers, lengths, report, security, words};
use std::path::Path;

#[track_caller]
fn check(rule: fn(&Tree) -> Vec<Finding>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = Tree::load(&root).expect("the workspace is readable");
    assert!(tree.get("Cargo.toml").is_some(), "the workspace is above the package of the tests");
    let findings = rule(&tree);
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), report(&findings));
}

#[test]
fn packages_use_only_what_is_below_them() {
    check(layers::check);
}
#[test]
fn files_functions_and_argument_lists_are_short() {
    check(lengths::check);
}
#[test]
fn pure_packages_know_no_clock_no_chance_and_no_task() {
    check(words::check_pure);
}
#[test]
fn promises_have_an_issue() {
    check(words::check_promises);
}
#[test]
fn no_path_of_one_machine_is_in_the_tree() {
    check(words::check_machine_paths);
}
#[test]
fn both_languages_are_complete() {
    check(languages::check);
}
#[test]
fn every_document_is_linked_and_every_link_leads_somewhere() {
    check(docs::check_links);
}
#[test]
fn generated_code_names_its_source() {
    check(docs::check_generated);
}
#[test]
fn bad_inputs_have_their_tests_and_the_page_says_which() {
    if std::env::var_os("MUSUBI_BLESS").is_some() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let tree = Tree::load(&root).expect("the workspace is readable");
        std::fs::write(root.join("docs/security.md"), security::render(&tree)).expect("written");
    }
    check(security::check);
}
