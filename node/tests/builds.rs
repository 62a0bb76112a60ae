//! Makes cargo build the program, which the end-to-end tests take from the target folder.
use std::process::Command;

#[test]
fn the_program_builds_and_says_its_version() {
    let ran = Command::new(env!("CARGO_BIN_EXE_musubi")).args(["version", "--json"]).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one JSON object");
    assert_eq!(json["musubi"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_wrong_command_is_exit_code_2_and_a_folder_without_a_node_says_what_to_type() {
    let musubi = |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_musubi")).args(args).output().expect("runs");
    let wrong = musubi(&["no-such-verb", "--json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(serde_json::from_slice::<serde_json::Value>(&wrong.stdout).is_ok_and(|json| json["error"]["exit"] == 2));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node");
    let ran = musubi(&["status", "--json", "--folder", path.to_str().expect("UTF-8")]);
    assert_eq!(ran.status.code(), Some(2));
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one JSON object");
    assert!(json["error"]["next"].as_str().is_some_and(|next| next.contains("musubi setup")), "{json}");
}
