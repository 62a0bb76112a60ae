#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::iso2022(bytes));
