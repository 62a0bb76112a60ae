#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::extended_path(bytes));
