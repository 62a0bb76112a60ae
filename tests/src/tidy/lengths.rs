//! Files, functions and argument lists stay short.
use super::limits::{ARGUMENTS_MAX, FILE_LINES_MAX, FUNCTION_LINES_MAX};
use super::source::Source;
use super::{Finding, Tree};

/// Files, functions and argument lists that are too long. Tests may be long in lines, not in arguments.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let source = Source::read(text);
        let is_tests = path.ends_with("/tests.rs");
        let lines = source.shipped().count();
        if !is_tests && lines > FILE_LINES_MAX {
            let problem = format!("{lines} lines of code, at most {FILE_LINES_MAX}");
            findings.push(Finding::new(path, 0, problem, "split it by subject or by phase, never into a second part"));
        }
        for function in source.functions() {
            let name = &function.name;
            if !is_tests && !function.is_test && function.lines > FUNCTION_LINES_MAX {
                let problem = format!("`{name}` has {} lines of code, at most {FUNCTION_LINES_MAX}", function.lines);
                findings.push(Finding::new(path, function.line, problem, "move its steps into functions with names"));
            }
            if function.arguments > ARGUMENTS_MAX {
                let problem = format!("`{name}` has {} arguments, at most {ARGUMENTS_MAX}", function.arguments);
                findings.push(Finding::new(path, function.line, problem, "make a struct with named fields of them"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        check(&Tree::from_iter([(path, text)])).len()
    }

    #[test]
    fn a_file_may_have_500_lines_of_code_and_any_number_of_comments_and_tests() {
        let line = "const A: u8 = 1;\n";
        assert_eq!(problems("a.rs", &line.repeat(500)), 0);
        assert_eq!(problems("a.rs", &line.repeat(501)), 1);
        assert_eq!(problems("a.rs", &format!("{}\n// x\n\n", line.repeat(500))), 0);
        assert_eq!(problems("a.rs", &format!("{}#[cfg(test)]\nmod tests {{\n{line}}}\n", line.repeat(500))), 0);
        assert_eq!(problems("a/tests.rs", &line.repeat(501)), 0);
        assert_eq!(problems("a/generated/b.rs", &line.repeat(501)), 0);
    }
    #[test]
    fn a_function_may_have_70_lines_and_a_test_more() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        assert_eq!(problems("a.rs", &function(70)), 0);
        assert_eq!(problems("a.rs", &function(71)), 1);
        assert_eq!(problems("a.rs", &format!("#[test]\n{}", function(71))), 0);
        let finding = &check(&Tree::from_iter([("a.rs", format!("\n{}", function(71)).as_str())]))[0];
        assert!(finding.to_string().starts_with("a.rs:2: `f` has 71 lines"), "{finding}");
    }
    #[test]
    fn a_function_may_have_6_arguments() {
        let function = |count: usize| format!("fn f({}) {{}}", "a: Vec<(u8, u8)>, ".repeat(count));
        assert_eq!(problems("a.rs", &function(6)), 0);
        assert_eq!(problems("a.rs", &function(7)), 1);
    }
}
