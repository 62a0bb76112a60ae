use std::path::PathBuf;

/// The program under test: `musubi` of the target folder and profile that the tests are built into.
///
/// # Panics
/// If it is not there, with the command that builds it.
pub fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a running test knows its program");
    let name = format!("musubi{}", std::env::consts::EXE_SUFFIX);
    // target/PROFILE/deps/TEST
    let profile = tests.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let path = profile.join(name);
    let release = if profile.ends_with("release") { " --release" } else { "" };
    assert!(path.is_file(), "{} is not built yet: run `cargo build{release} -p musubi` first", path.display());
    path
}
