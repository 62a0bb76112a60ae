//! The committed wire code is what the schema gives: regenerate with `MUSUBI_BLESS=1 cargo test -p protocol --test generated_code_is_fresh`.
use std::{env, fs, path::Path};

const HEADER: &str = "// Generated from protocol/proto/musubi/v1 by protox and prost-build; do not edit.\n\
                      // Renew: MUSUBI_BLESS=1 cargo test -p protocol --test generated_code_is_fresh\n";

#[test]
fn generated_wire_code_is_what_the_schema_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto = root.join("proto");
    let files = protox::compile(["musubi/v1/wire.proto"], [&proto]).expect("the schema compiles");
    let out = tempfile::tempdir().expect("a folder for the new code");
    let mut config = prost_build::Config::new();
    config.out_dir(out.path()).format(true);
    config.compile_fds(files).expect("the schema generates");
    let new = HEADER.to_owned() + &fs::read_to_string(out.path().join("musubi.v1.rs")).expect("generated");
    let committed = root.join("src/wire/generated/musubi_v1.rs");
    if env::var_os("MUSUBI_BLESS").is_some() {
        fs::write(&committed, &new).expect("written");
    }
    let old = fs::read_to_string(&committed).expect("committed code");
    assert!(old == new, "wire code is stale: run MUSUBI_BLESS=1 cargo test -p protocol --test generated_code_is_fresh");
}
